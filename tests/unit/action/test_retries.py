# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole-node retries: which failures have them, how they are counted, and what survives a crash."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import errors
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import NodeEntry, Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.recovery import continued, is_worth_writing
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.retry import NEVER_RETRIED, may_retry
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import GroupState

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld
from .playbook import Playbook

ERROR = {"msg": "node1: install: KB1 failed.", "error": "UpdatesFailedError", "installed_update_count": 2}


def fail(playbook: Playbook, most: int = 2) -> dict[str, t.Any]:
    return playbook.run("node_outcome", "hv-a", state="failed", error=ERROR, max_retries_per_node=most)


def change_entry(world: FakeWorld, **changes: object) -> None:
    """Change what the journal says about node1, in both places."""
    for name in ("node1", "node2"):
        for key, values in world.machine(name).registry.items():
            if key.lower().endswith("\\nodes\\node1"):
                values["Entry"] = json.dumps(json.loads(str(values["Entry"])) | changes)


def test_node_has_its_retries_and_fails_once(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    results = []
    for _attempt in range(3):
        playbook.run("cluster_node", "hv-a", state="drained")
        playbook.run("cluster_node", "hv-a", state="active")
        results.append(fail(playbook))
    assert [result["retry"] for result in results] == [True, True, False]
    assert [result["run_ends"] for result in results] == [False, False, False]
    last = results[-1]
    assert [[outcome["state"] for outcome in result["outcomes"]] for result in results] == [[], [], ["failed"]]
    assert (last["outcome"]["attempts"], last["outcome"]["updates"]) == (3, 6)
    assert sum("attempt 1 failed (node1: install: KB1 failed); attempt 2 of 3 begins" in line for line in playbook.shown) == 1


def test_node_that_succeeds_at_its_second_attempt_is_no_failure(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    assert fail(playbook)["retry"] is True
    result = playbook.run("node_outcome", "hv-a", state="finished")
    assert (result["outcome"]["state"], result["outcome"]["attempts"], result["succeeded"]) == ("ok", 2, True)


def test_attempt_that_drains_twice_counts_once(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    for _attempt in range(3):
        playbook.run("cluster_node", "hv-a", state="drained")
        playbook.run("cluster_node", "hv-a", state="active")
    assert fail(playbook, 1)["retry"] is True
    assert fail(playbook, 1)["retry"] is False


def test_node_that_stays_out_of_service_is_not_tried_again(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    result = fail(playbook)
    assert (result["retry"], result["outcome"]["state"]) == (False, "left_out")


def test_restart_that_is_due_is_told_to_the_next_attempt(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    change_entry(world, restart_due=True, rounds=4, failed_hotfixes=["a.msu"])
    playbook.run("cluster_node", "hv-a", state="active")
    assert fail(playbook)["unfinished"] == "locked"
    assert '"rounds":0' in repr(world.machine("node1").registry)
    assert '"failed_hotfixes":[]' in repr(world.machine("node1").registry)


def test_node_whose_role_is_not_online_any_more_is_not_tried_again(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    playbook.run("cluster_node", "hv-a", state="active")
    world.groups["web01"] = replace(world.groups["web01"], state=GroupState.OFFLINE)
    assert fail(playbook)["retry"] is False
    assert any("not tried again: web01 was online before and is not now" in line for line in playbook.shown)


def test_run_that_is_to_stop_tries_nothing_again(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", stop_after=60)
    assert isinstance(world.clock, FakeClock)
    world.clock.advance(60)
    result = fail(playbook)
    assert (result["retry"], result["outcome"]["reason"]) == (False, "node1: install: KB1 failed")


def test_attempt_that_cannot_be_written_down_does_not_begin(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    world.fault("node2", "set_text", when="silent", count=9)
    assert fail(playbook)["retry"] is False


def test_nothing_is_tried_again_unless_that_is_asked_for(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    assert playbook.run("node_outcome", "hv-a", state="failed", error=ERROR)["retry"] is False


def test_more_retries_than_cau_has_are_refused(playbook: Playbook, world: FakeWorld) -> None:
    message, _fields = playbook.failure("run_lock", "hv-a", later_options={"max_retries_per_node": 65})
    assert "max_retries_per_node must be 64 or less, not 65" in message
    assert not world.log


@pytest.mark.parametrize("error", ["OutcomeUnknownError", "NotOurPauseError", "RunLockLostError", "RunStoppedError", "ArgumentError"])
def test_failure_that_another_attempt_cannot_mend_has_none(error: str) -> None:
    assert not may_retry(NodeEntry("node1"), {error}, 3)
    assert may_retry(NodeEntry("node1"), {"UpdatesFailedError"}, 3)


@pytest.mark.parametrize("changes", [{"batch": ("1",)}, {"installer": "a.msu"}, {"unknown_hotfixes": ("a.msu",)}, {"paused_by_us": True}])
def test_node_with_an_open_outcome_is_not_tried_again(changes: dict[str, t.Any]) -> None:
    assert not may_retry(NodeEntry("node1", **changes), {"UpdatesFailedError"}, 3)


def test_attempts_survive_a_crash_and_are_counted_anew_by_the_next_run() -> None:
    entry = NodeEntry("node1", phase=Phase.LOCKED, attempts=3)
    assert is_worth_writing(entry)
    assert continued(entry, is_paused=False).attempts == 3
    assert continued(entry, is_paused=False, has_ended=True).attempts == 0


def test_errors_that_are_never_retried_exist() -> None:
    elsewhere = {"ArgumentError", "BatchError", "ConnectionOptionError", "ConnectionTypeError", "NoRunError", "StoppedError"}
    assert all(hasattr(errors, name) for name in NEVER_RETRIED - elsewhere)
