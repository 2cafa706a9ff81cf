# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification of a task, read from the documentation of its module, which is the one source of it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import importlib
import typing as t

import yaml

COLLECTION = "cluster_aware.updating"
PACKAGE = f"ansible_collections.{COLLECTION}.plugins"

# Keys of a documented option that mean the same in an argument specification.
SAME_KEYS = ("type", "elements", "required", "default", "choices", "aliases", "no_log")

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
