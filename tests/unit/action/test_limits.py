# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments are checked before anything is sent, also those of later tasks."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._arguments import (
    MINIMUMS,
    NOT_IN_ADVANCE,
    TASKS_OF_A_RUN,
    ArgumentError,
    argument_specification,
    check_in_advance,
)

from ..fakes.world import FakeWorld
from .playbook import Playbook
from .test_arguments import ROOT, TASKS

ROLE = ROOT / "roles/rolling_update"

NUMBERS = [
    (task, name) for task in TASKS for name, argument in argument_specification(task).items() if argument["type"] in {"int", "float"}
]

FOLDER = {"hotfix_root_folder_path": r"\\files\hotfixes"}
REQUIRED: dict[str, dict[str, t.Any]] = {
    "cluster_node": {"state": "drained"},
    "hotfix_apply": FOLDER,
    "hotfix_info": FOLDER,
    "node_hook": {"hook": "pre", "state": "begun"},
    "node_outcome": {"state": "finished"},
    "plugin_step": {"plugin": "contoso.hardware.firmware", "state": "begun"},
    "wmi_method": {"namespace": "root/contoso/hardware", "class_name": "Contoso_Firmware", "method": "Install"},
    "verify_endpoint": {"dest": "answers.json"},
}


@pytest.mark.parametrize(("task", "name"), NUMBERS)
def test_number_below_its_minimum_is_refused_and_nothing_is_sent(task: str, name: str, playbook: Playbook, world: FakeWorld) -> None:
    message, fields = playbook.failure(task, "hv-a", **REQUIRED.get(task, {}), **{name: MINIMUMS[name] - 1})
    assert f"{name} must be {MINIMUMS[name]} or more, not {MINIMUMS[name] - 1}" in message
    assert fields["outcome"] == "not_done"
    assert not world.log


@pytest.mark.parametrize("task", ["hotfix_apply", "hotfix_info"])
def test_port_beyond_the_last_one_is_refused_and_nothing_is_sent(task: str, playbook: Playbook, world: FakeWorld) -> None:
    message, _fields = playbook.failure(task, "hv-a", share_port=65536, **FOLDER)
    assert "share_port must be 65535 or less, not 65536" in message
    assert not world.log


@pytest.mark.parametrize("task", TASKS)
def test_every_default_is_at_least_the_minimum(task: str) -> None:
    for name, argument in argument_specification(task).items():
        assert argument.get("default") is None or name not in MINIMUMS or argument["default"] >= MINIMUMS[name]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"failback": "nonsense"}, "failback"),
        ({"max_failed_nodes": -1}, "max_failed_nodes must be 0 or more"),
        ({"poll_interval": "-5"}, "poll_interval must be 1 or more"),
        ({"batch_size": "many"}, "batch_size"),
        ({"query_string": "IsInstalled=2"}, "position 13"),
        ({"accept": ["("]}, "regular expression"),
        ({"select": "[?"}, "JMESPath"),
        ({"colour": "red"}, "colour"),
        ({"state": "drained"}, "state"),
    ],
)
def test_wrong_later_option_is_refused_and_nothing_is_sent(
    options: dict[str, t.Any], says: str, playbook: Playbook, world: FakeWorld
) -> None:
    message, _fields = playbook.failure("run_lock", "hv-a", later_options=options)
    assert says in message
    assert not world.log


def test_right_later_options_are_taken(playbook: Playbook) -> None:
    options = {"failback": "policy", "max_failed_nodes": 0, "select": "", "accept": [], "scan_timeout": "60"}
    assert playbook.run("run_lock", "hv-a", later_options=options)["changed"] is True


def test_wrong_option_of_another_host_is_refused_before_the_lock(playbook: Playbook, world: FakeWorld) -> None:
    playbook.hostvars["hv-c"]["rolling_update_failback"] = "nonsense"
    message, _fields = playbook.failure("run_lock", "hv-a", later_options={"failback": "immediate"})
    assert message.startswith("hv-c: ")
    assert not world.log


def test_option_of_another_host_that_the_run_does_not_use_is_passed_over(playbook: Playbook) -> None:
    playbook.hostvars["hv-c"]["rolling_update_failback"] = "nonsense"
    assert playbook.run("run_lock", "hv-a")["changed"] is True


def test_no_message_has_a_line_break(playbook: Playbook) -> None:
    message, fields = playbook.failure("run_lock", "hv-a", state="non\nsense", later_options="none\nof it")
    assert "\n" not in message + fields["reason"]


def test_message_of_an_unexpected_error_has_no_line_break(playbook: Playbook, world: FakeWorld) -> None:
    world.fault("node1", "info", when="refuse", error=ValueError("one\r\nand another"))
    message, _fields = playbook.failure("run_lock", "hv-a")
    assert message.isprintable()


def _role_tasks(name: str) -> list[dict[str, t.Any]]:
    found: list[dict[str, t.Any]] = yaml.safe_load((ROLE / "tasks" / name).read_text(encoding="utf-8"))
    return found


def _arguments(task: str, file: str) -> dict[str, t.Any]:
    """Return the arguments of a task in a file of the role."""
    name = f"cluster_aware.updating.{task}"
    found: dict[str, t.Any] = next(entry[name] for entry in _walk(_role_tasks(file)) if name in entry)
    return found


def test_role_has_every_option_of_its_tasks_checked_in_advance() -> None:
    lock = _arguments("run_lock", "lock.yml")
    # The folder of hotfixes is read before the lock, with the same options.
    checked = set(lock["later_options"]) | set(lock) | set(_arguments("hotfix_info", "hotfixes.yml"))
    used: set[str] = set()
    for path in Path(ROLE / "tasks").glob("*.yml"):
        for task in _walk(_role_tasks(path.name)):
            for name, arguments in task.items():
                if name.removeprefix("cluster_aware.updating.") in TASKS_OF_A_RUN and isinstance(arguments, dict):
                    used |= set(arguments)
    assert used - NOT_IN_ADVANCE <= checked


def test_role_defaults_pass_the_check() -> None:
    lock = _arguments("run_lock", "lock.yml")
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
    names = {name: text.split()[1] for name, text in lock["later_options"].items()}
    check_in_advance({name: defaults[variable] for name, variable in names.items() if variable in defaults})
    with pytest.raises(ArgumentError):
        check_in_advance({"batch_size": 0})


def _walk(tasks: list[dict[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from _walk(task.get(part, []))
