# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification of a task, read from the documentation of its module, which is the one source of it, and its check.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import importlib
import typing as t
from collections.abc import Mapping

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils._cau.query import validate
from ..module_utils._cau.selection import Selection
from ..module_utils._errors import OperationError, Outcome
from ._combinations import ROLE_OPTIONS, contradictions
from ._plugins import plugin_plan
from ._values import AnyValue, plain

COLLECTION = "cluster_aware.updating"
PACKAGE = f"ansible_collections.{COLLECTION}.plugins"

# Keys of a documented option that mean the same in an argument specification.
SAME_KEYS = ("type", "elements", "required", "default", "choices", "aliases", "no_log")

# What an argument specification cannot say: the least value of every option that is a number, whatever the task.
MINIMUMS: Mapping[str, int] = {
    "batch_size": 1,
    "blocker_interval": 1,
    "blocker_timeout": 0,
    # Less than that, and a long task of a living run would look dead between two of its heartbeats.
    "dead_after": 900,
    "download_timeout": 1,
    "drain_timeout": 1,
    "hotfix_installer_timeout_minutes": 1,
    "installer_settle_timeout": 0,
    "install_timeout": 1,
    "left_hotfix_count": 0,
    "max_failed_nodes": 0,
    "max_retries_per_node": 0,
    "max_rounds": 1,
    "min_free_gb": 0,
    "poll_interval": 1,
    "reboot_timeout": 1,
    "resume_timeout": 1,
    "scan_timeout": 1,
    "service_timeout": 0,
    # With less, the two looks at the cluster would be one.
    "settle_time": 1,
    "share_port": 1,
    "since": 0,
    "stop_after": 1,
    "suspend_timeout": 0,
    "takeover_wait": 0,
    "timeout": 1,
    "wait_for_storage_repair": 0,
    "wait_timeout": 0,
    "warn_after": 1,
}
MAXIMUMS: Mapping[str, int] = {
    # As in CAU (cau.md 5.3).
    "max_retries_per_node": 64,
    # A port beyond this would be cut down to another one in silence.
    "share_port": 65535,
}

# The tasks that a run consists of; an option means the same in all of them.
TASKS_OF_A_RUN = ("run_plan", "run_lock", "wua_download", "wua_install", "hotfix_apply", "cluster_node", "node_reboot", "node_outcome")

# Not told in advance: they say what a task is to do, or to which hosts.
NOT_IN_ADVANCE = frozenset({"state", "error", "hosts", "members", "later_options", "stand_alone", "in_service", "turns"})

Loader: t.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _load(text: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", yaml.load(text, Loader=Loader))  # noqa: S506


def _fragment(name: str) -> dict[str, t.Any]:
    """Return the documentation fragment of that name, "cluster_aware.updating._gate.members" for instance."""
    file_name, _dot, part = name.removeprefix(f"{COLLECTION}.").partition(".")
    fragment = importlib.import_module(f"{PACKAGE}.doc_fragments.{file_name}").ModuleDocFragment
    return _load(getattr(fragment, part.upper() or "DOCUMENTATION"))


def _specification(options: dict[str, t.Any]) -> dict[str, t.Any]:
    specification: dict[str, t.Any] = {}
    for name, documented in options.items():
        argument = {key: documented[key] for key in SAME_KEYS if key in documented}
        if isinstance(argument.get("choices"), dict):
            argument["choices"] = list(argument["choices"])
        if "password" in name:
            # A module's documentation has no key for it.
            argument["no_log"] = True
        if "suboptions" in documented:
            argument["options"] = _specification(documented["suboptions"])
        specification[name] = argument
    return specification


def documented_options(task: str) -> dict[str, t.Any]:
    """Return the options of a task as they are documented, fragments included.

    Args:
        task: short name of the task.
    """
    documentation = _load(importlib.import_module(f"{PACKAGE}.modules.{task}").DOCUMENTATION)
    options: dict[str, t.Any] = {}
    for name in documentation.get("extends_documentation_fragment", []):
        options |= _fragment(name).get("options") or {}
    return options | (documentation.get("options") or {})


def argument_specification(task: str) -> dict[str, t.Any]:
    """Return the argument specification of a task.

    Args:
        task: short name of the task.
    """
    return _specification(documented_options(task))


def defaults_of(task: str) -> dict[str, t.Any]:
    """Return the default of every option of a task, None where it has none.

    Args:
        task: short name of the task.
    """
    return {name: argument.get("default") for name, argument in argument_specification(task).items()}


class ArgumentError(OperationError):
    """An argument of the task, or of a later one, cannot work; nothing was sent to any node."""


def validated(task: str, arguments: Mapping[str, AnyValue]) -> tuple[dict[str, t.Any], set[str]]:
    """Return the arguments of a task with types and defaults, plain, and what in them is secret.

    Args:
        task: short name of the task.
        arguments: as the user gave them.

    Raises:
        ArgumentError: one of them cannot work.
    """
    return _checked(argument_specification(task), arguments)


def secret_options() -> frozenset[str]:
    """Return the names of the options of a run that nobody may read."""
    return frozenset(
        name for task in TASKS_OF_A_RUN for name, option in argument_specification(task).items() if option.get("no_log")
    )


def check_in_advance(options: Mapping[str, AnyValue]) -> None:
    """Check options that later tasks of the run will be given.

    Args:
        options: by their names, as the user gave them.

    Raises:
        ArgumentError: one of them cannot work, or no task of a run has it.
        QueryError: the query is not in the language.
        SelectionError: the lists or the expression cannot be applied.
        PluginError: the list of plug-ins cannot be used, or something else contradicts it.
    """
    known: dict[str, t.Any] = dict(ROLE_OPTIONS)
    for task in TASKS_OF_A_RUN:
        known |= {name: argument for name, argument in argument_specification(task).items() if name not in NOT_IN_ADVANCE}
    strange = sorted(str(name) for name in options if name not in known)
    if strange:
        raise _wrong(f"no task of a run has the option {', '.join(strange)}")
    specification = {name: {key: value for key, value in known[name].items() if key not in {"default", "required"}} for name in options}
    given, _secrets = _checked(specification, options)
    check_updates(given)
    if given.get("plugins"):
        plugin_plan(given, defaults_of("run_plan"))


def check_updates(options: Mapping[str, t.Any]) -> None:
    """Check those of the options that say which updates are meant.

    Args:
        options: validated and plain; the ones that are missing are passed over.

    Raises:
        QueryError: the query is not in the language.
        SelectionError: the lists or the expression cannot be applied.
    """
    Selection(options.get("accept") or (), options.get("reject") or (), options.get("select"))
    if options.get("query_string") is not None:
        validate(options["query_string"])


def _checked(specification: dict[str, t.Any], arguments: Mapping[str, AnyValue]) -> tuple[dict[str, t.Any], set[str]]:
    result = ArgumentSpecValidator(specification).validate(dict(arguments))
    if result.error_messages:
        raise _wrong("; ".join(message.rstrip(".") for message in result.error_messages))
    values = plain(result.validated_parameters)
    numbers = {
        name: values[name]
        for name in MINIMUMS
        if specification.get(name, {}).get("type") == "int" and values.get(name) is not None
    }
    wrong = [f"{name} must be {MINIMUMS[name]} or more, not {value}" for name, value in numbers.items() if value < MINIMUMS[name]]
    wrong += [f"{name} must be {most} or less, not {numbers[name]}" for name, most in MAXIMUMS.items() if numbers.get(name, most) > most]
    wrong += contradictions(values)
    if wrong:
        raise _wrong("; ".join(wrong))
    return values, set(result._no_log_values)  # noqa: SLF001 - Ansible keeps them nowhere else


def _wrong(message: str) -> ArgumentError:
    return ArgumentError(message, operation="arguments", outcome=Outcome.NOT_DONE)
