# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mistake in the variables of a run comes out in one sentence before anything is taken."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count, role_play

Open = Callable[..., Stage]

MISTAKES = [
    ("failback", "nonsense", "failback"),
    ("max_failed_nodes", -1, "max_failed_nodes must be 0 or more"),
    ("poll_interval", -5, "poll_interval must be 1 or more"),
    ("batch_size", 0, "batch_size must be 1 or more"),
    ("settle_time", -3, "settle_time must be 1 or more"),
    ("query_string", "IsInstalled=0 and", "position"),
    ("reject", ["("], "regular expression"),
    ("select", "[?", "JMESPath"),
]


def nothing_was_done(stage: Stage) -> None:
    events = stage.twin.events()
    assert [count(events, event) for event in ("run_lock_taken", "registry_written", "node_session_opened")] == [0, 0, 0]
    assert stage.verdict() == []


@pytest.mark.parametrize(("name", "value", "says"), MISTAKES)
def test_mistake_in_a_variable_ends_the_playbook_before_the_lock(name: str, value: object, says: str, opened: Open) -> None:
    stage = opened()
    run = stage.playbook(PLAYBOOK, "-e", json.dumps({f"rolling_update_{name}": value}))
    assert run.exit_code == 2, run.screen
    assert says in run.screen
    assert "Traceback" not in run.screen
    nothing_was_done(stage)


@pytest.mark.parametrize(("name", "value"), [("failback", "nonsense"), ("max_failed_nodes", -1), ("max_failed_nodes", "many")])
def test_mistake_in_a_variable_ends_the_role_before_the_lock(name: str, value: object, opened: Open) -> None:
    stage = opened()
    run = stage.playbook(stage.write_playbook(role_play()), "-e", json.dumps({f"rolling_update_{name}": value}))
    assert run.exit_code == 2, run.screen
    assert name in run.screen
    nothing_was_done(stage)


def test_mistake_in_a_variable_of_a_later_host_ends_the_role_before_the_lock(opened: Open) -> None:
    stage = opened()
    inventory = stage.write_playbook(
        "all:\n  hosts:\n    min01-n1:\n    min01-n2:\n      rolling_update_failback: nonsense\n", name="more.yml"
    )
    run = stage.playbook("-i", inventory, stage.write_playbook(role_play()))
    assert run.exit_code == 2, run.screen
    assert "min01-n2: arguments: value of failback must be one of" in run.screen
    nothing_was_done(stage)


def test_outcome_that_cannot_be_recorded_gives_the_lock_back(opened: Open) -> None:
    failing = clusters.UPDATE | {"failure": {"hresult": "0x80240016"}}
    stage = opened(clusters.cluster(updates=[failing]))
    # Right when the lock is taken, and wrong from then on.
    number = "{{ 1 if rolling_update_staged is not defined else -1 }}"
    run = stage.playbook(stage.write_playbook(role_play(vars={"rolling_update_max_failed_nodes": number})))
    assert run.exit_code == 2, run.screen
    assert "The failure could not be recorded: arguments: max_failed_nodes must be 0 or more, not -1" in run.screen
    events = stage.twin.events()
    assert count(events, "run_lock_taken") == count(events, "run_lock_released") == 2
    assert count(events, "pause_requested") == count(events, "resumed") == 1
    assert stage.verdict() == []


@pytest.mark.parametrize(
    ("hosts", "limit"), [("no_such_group", None), ("min01-n1", "min01-n2"), ("no_such_group", "min01-n1"), ("all", "min01-n1:!min01-n1")]
)
def test_hosts_that_match_nothing_fail(hosts: str, limit: str | None, opened: Open) -> None:
    stage = opened()
    run = stage.playbook(PLAYBOOK, "-e", f"rolling_update_hosts={hosts}", *(["--limit", limit] if limit else []))
    assert run.exit_code not in {0, 4}, run.screen
    assert limit == "min01-n1:!min01-n1" or f"No host of the inventory matches rolling_update_hosts ({hosts})" in run.screen
    nothing_was_done(stage)


def test_empty_inventory_fails(opened: Open) -> None:
    stage = opened()
    inventory = stage.write_playbook("all:\n  hosts: {}\n", name="empty.yml")
    run = stage.controller.playbook("-i", inventory, PLAYBOOK)
    assert run.exit_code == 2, run.screen
    assert "No host of the inventory matches rolling_update_hosts (all)" in run.screen
    nothing_was_done(stage)


def test_screen_has_no_line_for_a_file_of_tasks_but_those_of_turns_and_rounds(opened: Open) -> None:
    stage = opened()
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    included = [line for line in run.screen.splitlines() if line.startswith("included: ")]
    assert {line.split(" for ")[0].rpartition("/")[2] for line in included} == {"turn.yml", "round.yml", "round_end.yml"}, run.screen


def test_failure_that_all_hosts_have_in_common_is_told_once_by_each(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    run = stage.playbook(stage.write_playbook(role_play(serial=None)))
    assert run.exit_code == 2, run.screen
    message = '"msg": "run: min01-n1, min01-n2, min01-n3 failed: lock: the play works on 3 nodes'
    assert run.screen.count(message) == 3, run.screen
    nothing_was_done(stage)
