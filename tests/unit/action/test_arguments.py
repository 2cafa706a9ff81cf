# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification is the documentation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._arguments import argument_specification, documented_options

ROOT = Path(__file__).parents[3]
TASKS = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")


@pytest.fixture(scope="session")
def shown() -> dict[str, dict[str, dict[str, object]]]:
    """The options of every task as ansible-doc shows them."""
    command = [sys.executable, "-m", "ansible", "doc", "--json", "--type", "module", *(f"cluster_aware.updating.{task}" for task in TASKS)]
    environment = os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/collections")}
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)
    return {name.rpartition(".")[2]: entry["doc"].get("options", {}) for name, entry in answer.items()}


@pytest.mark.parametrize("task", TASKS)
def test_options_are_those_that_ansible_doc_shows(task: str, shown: dict[str, dict[str, dict[str, object]]]) -> None:
    own = {name: option.get("default") for name, option in documented_options(task).items()}
    assert own == {name: option.get("default") for name, option in shown[task].items()}


@pytest.mark.parametrize("task", TASKS)
def test_every_option_has_a_type(task: str) -> None:
    assert all("type" in argument for argument in argument_specification(task).values())


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_an_action(task: str) -> None:
    assert (ROOT / "plugins/action" / f"{task}.py").is_file()


def test_action_group_holds_every_task() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"]["all"] == TASKS


def test_choices_and_elements_are_taken_over() -> None:
    specification = argument_specification("cluster_node")
    assert specification["state"] == {"type": "str", "required": True, "choices": ["drained", "active", "in_turn"]}
    assert argument_specification("wua_scan")["accept"]["elements"] == "str"


def test_role_defaults_are_the_documented_ones() -> None:
    role = ROOT / "roles/rolling_update"
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text(encoding="utf-8"))
    assert defaults == {name: option["default"] for name, option in specs.items() if "default" in option}


def test_every_variable_of_the_role_follows_a_node_whose_turn_another_host_takes() -> None:
    tasks = ROOT / "roles/rolling_update/tasks"
    work = yaml.safe_load((tasks / "cluster.yml").read_text(encoding="utf-8"))
    turn = next(task for task in work if "loop" in task)["vars"]
    kept = yaml.safe_load((tasks / "own.yml").read_text(encoding="utf-8"))[1]["vars"]
    options = yaml.safe_load((ROOT / "roles/rolling_update/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]
    # The members are those of the play, and what was found is a matter of the turn.
    expected = set(options["options"]) - {"rolling_update_members", "rolling_update_found"}
    assert set(turn) - {"rolling_update_own", "rolling_update_turns"} == expected, "add the variable to tasks/cluster.yml"
    assert {*kept["names"], *kept["without_default"]} == expected, "add the variable to tasks/own.yml"
    staging = yaml.safe_load((tasks / "stage.yml").read_text(encoding="utf-8"))
    download = "cluster_aware.updating.wua_download"
    assert kept["stage"] == next(task[download] for task in staging if download in task)


@pytest.mark.parametrize("task", TASKS)
def test_role_defaults_are_those_of_the_task(task: str) -> None:
    defaults = yaml.safe_load((ROOT / "roles/rolling_update/defaults/main.yml").read_text(encoding="utf-8"))
    for name, option in documented_options(task).items():
        value = defaults.get(f"rolling_update_{name}")
        if "default" in option and value is not None and name != "members":
            assert value == option["default"], name
