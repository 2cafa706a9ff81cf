# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A canary password that must appear nowhere: no screen, result, log, file, argument list or environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.invariants import check
from tests.harness.inventory import write_inventory
from tests.harness.stage import Stage

from .clusters import USER
from .plays import role_play, task_play

Open = Callable[..., Stage]

CANARY = "0wn c4nary&Pass'word"
"""No other test has it: all processes of the machine are watched, and other tests may give theirs in the environment."""


def hide_password(stage: Stage) -> str:
    """Let the inventory be without the password, and return the file that Ansible reads it from."""
    stage.inventory = write_inventory(stage.directory / "hosts.yml", stage.twin.nodes, user=stage.user, password=None)
    (stage.directory / "inventory.yml").unlink()
    path = stage.directory / "password"
    path.write_text(CANARY, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("shown", [{"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}, {"ANSIBLE_DEBUG": "1"}])
def test_canary_of_a_good_run_is_seen_nowhere(shown: dict[str, str], opened: Open) -> None:
    stage = opened(users={USER: CANARY})
    password = hide_password(stage)
    path = stage.write_playbook(role_play())
    extra = shown | {"ANSIBLE_LOG_PATH": "ansible.log"}
    run = stage.playbook(path, "-vvvvv", "--connection-password-file", password, extra=extra, watched=True)
    assert run.exit_code == 0, run.screen[-4000:]
    assert stage.verdict() == []
    assert stage.controller.argument_lists


def test_canary_of_a_refused_login_is_seen_nowhere(opened: Open) -> None:
    stage = opened(users={"svc-update": "something else"})
    password = hide_password(stage)
    run = stage.playbook(stage.write_playbook(role_play()), "-vvvvv", "--connection-password-file", password, watched=True)
    assert run.exit_code == 2, run.screen[-4000:]
    assert [violation for violation in check_with(stage, CANARY) if violation.startswith("invariant 8")] == []


def test_canary_of_garbled_answers_is_seen_nowhere(opened: Open) -> None:
    faults = [{"action": "garble", "operation": "*", "after": 6, "times": 1}, {"action": "late_fault", "operation": "Create *"}]
    stage = opened(users={USER: CANARY}, faults=faults)
    password = hide_password(stage)
    stage.playbook(stage.write_playbook(role_play()), "-vvvvv", "--connection-password-file", password, watched=True)
    assert [violation for violation in check_with(stage, CANARY) if violation.startswith("invariant 8")] == []


def check_with(stage: Stage, secret: str) -> list[str]:
    return [str(violation) for violation in check(stage.record(secrets=(secret,)))]


def test_results_in_facts_and_registered_variables_hold_no_canary(opened: Open) -> None:
    stage = opened()
    target = stage.controller.directory / "seen.json"
    dump = {
        "ansible.builtin.copy": {"content": "{{ {'facts': ansible_facts, 'info': info} | to_json }}", "dest": str(target)},
        "delegate_to": "localhost",
        "vars": {"ansible_connection": "local"},
    }
    play = task_play({"cluster_aware.updating.cluster_info": {}, "register": "info"}, dump, hosts="min01-n1")
    run = stage.playbook(stage.write_playbook([play]), "-vvvvv")
    assert run.exit_code == 0, run.screen[-4000:]
    assert json.loads(Path(target).read_text(encoding="utf-8"))["info"]
    assert stage.verdict(may_not_finish=True) == []
