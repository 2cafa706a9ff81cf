# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resuming."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    NotOurPauseError,
    OutcomeUnknownError,
    ResumeFailedError,
    RunLockLostError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.resume import ResumeOptions, bring_back, plan_resume, resume
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import DrainStatus, FailbackType, GroupState, NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError

from ..fakes.world import FakeMachine
from .helpers import Bench


@pytest.fixture
def drained(bench: Bench) -> Bench:
    bench.drained()
    bench.world.log.clear()
    return bench


def up_again(machine: FakeMachine) -> None:
    machine.state, machine.drain_status = NodeState.UP, DrainStatus.NOT_INITIATED


def test_a_node_that_we_paused_serves_again(drained: Bench, node1: FakeMachine) -> None:
    result = resume(drained.work)

    assert result.is_changed
    assert node1.state is NodeState.UP
    assert drained.entry().phase is Phase.RESUMED
    assert not drained.entry().paused_by_us
    assert node1.node_session is None
    assert drained.world.calls("resume")[0].arguments == ("node1", FailbackType.IMMEDIATE)


def test_the_roles_that_come_back_are_named(drained: Bench) -> None:
    drained.world.fault("node1", "resume", when="act", then=lambda: drained.world.move_groups("node2", "node1"))

    assert resume(drained.work).groups_back == ("VM web01", "VM web02")


def test_planning_changes_nothing(drained: Bench) -> None:
    assert plan_resume(drained.work).is_needed
    assert {call.operation for call in drained.world.log} <= {"node", "text"}


def test_without_the_lock_nothing_is_done(drained: Bench, node1: FakeMachine) -> None:
    drained.world.machine("node2").run_lock = None

    with pytest.raises(RunLockLostError):
        resume(drained.work)
    assert drained.count("resume") == 0
    assert node1.state is NodeState.PAUSED
    assert drained.entry().phase is Phase.DRAINED


def test_a_lock_that_is_lost_at_the_last_moment_stops_it(drained: Bench, node1: FakeMachine) -> None:
    drained.world.fault("node1", "node", when="act", then=lambda: setattr(drained.world.machine("node2"), "run_lock", None))

    with pytest.raises(RunLockLostError):
        resume(drained.work)
    assert drained.count("resume") == 0
    assert node1.state is NodeState.PAUSED
    assert drained.entry().paused_by_us


def test_a_node_that_somebody_else_paused_stays_theirs(bench: Bench, node1: FakeMachine) -> None:
    node1.state = NodeState.PAUSED

    with pytest.raises(NotOurPauseError):
        resume(bench.work)
    assert bench.count("resume") == 0


def test_an_active_node_needs_nothing(bench: Bench) -> None:
    assert not resume(bench.work).is_changed
    assert bench.count("resume") == 0


def test_a_node_that_somebody_else_resumed_is_reported(drained: Bench, node1: FakeMachine) -> None:
    up_again(node1)

    result = resume(drained.work)

    assert not result.is_changed
    assert result.is_resumed_by_others
    assert drained.count("resume") == 0
    assert drained.entry().phase is Phase.RESUMED
    assert node1.node_session is None


def test_somebody_who_is_faster_by_a_moment_is_no_error(drained: Bench, node1: FakeMachine) -> None:
    drained.world.fault("node1", "resume", when="act", then=lambda: up_again(node1))

    result = resume(drained.work)

    assert result.is_resumed_by_others
    assert node1.state is NodeState.UP


def test_an_answer_that_is_lost_after_the_effect_is_found_by_looking(drained: Bench) -> None:
    drained.world.fault("node1", "resume", when="after")

    assert resume(drained.work).is_changed
    assert drained.count("resume") == 1


def test_an_answer_that_is_lost_before_the_effect_is_asked_again_once(drained: Bench) -> None:
    drained.world.fault("node1", "resume", when="before")

    assert resume(drained.work).is_changed
    first, second = drained.world.calls("resume")
    assert second.at - first.at >= 30


def test_a_resume_that_never_has_an_effect_ends_after_the_second_try(drained: Bench) -> None:
    drained.world.fault("node1", "resume", when="before", count=9)

    with pytest.raises(ResumeFailedError):
        resume(drained.work)
    assert drained.count("resume") == 2
    assert drained.entry().paused_by_us
    assert "not resumed" in (drained.entry().reason or "")


def test_a_refusal_is_final(drained: Bench) -> None:
    drained.world.fault("node1", "resume", when="refuse", error=MethodFailedError("no", return_value=5))

    with pytest.raises(ResumeFailedError):
        resume(drained.work)
    assert drained.count("resume") == 1


def test_a_node_with_an_open_installation_is_not_resumed(drained: Bench, node1: FakeMachine) -> None:
    drained.journal.write("node1", phase=Phase.INSTALLING, batch=("x",))

    with pytest.raises(OutcomeUnknownError):
        resume(drained.work)
    assert node1.state is NodeState.PAUSED


def test_a_node_that_may_still_restart_is_not_resumed(drained: Bench, node1: FakeMachine) -> None:
    booted = drained.work.client.system.info().boot_time
    drained.journal.write("node1", phase=Phase.RESTARTING, boot_time=booted)

    with pytest.raises(OutcomeUnknownError, match="not restarted yet"):
        resume(drained.work)
    assert node1.state is NodeState.PAUSED
    node1.booted_at = drained.clock.now()
    assert resume(drained.work).is_changed


def test_a_node_that_goes_down_between_plan_and_request_is_not_resumed(drained: Bench, node1: FakeMachine) -> None:
    drained.world.fault("node1", "touch_run_lock", when="act", then=lambda: setattr(node1, "state", NodeState.DOWN))

    with pytest.raises(NotOurPauseError, match="down"):
        bring_back(drained.work, ResumeOptions())
    assert drained.count("resume") == 0


def test_a_node_that_somebody_pauses_again_between_plan_and_request_is_theirs(drained: Bench, node1: FakeMachine) -> None:
    def pause_again() -> None:
        node1.drain_status = DrainStatus.NOT_INITIATED

    drained.world.fault("node1", "touch_run_lock", when="act", then=pause_again)

    with pytest.raises(NotOurPauseError, match="without drain"):
        bring_back(drained.work, ResumeOptions())
    assert drained.count("resume") == 0


def test_a_node_whose_drain_windows_forgot_over_our_restart_is_resumed(drained: Bench, node1: FakeMachine) -> None:
    booted = drained.work.client.system.info().boot_time
    drained.journal.write("node1", phase=Phase.RESTARTED, boot_time=booted)
    node1.drain_status = DrainStatus.NOT_INITIATED

    assert resume(drained.work).is_changed


def test_a_node_that_is_down_is_named(drained: Bench, node1: FakeMachine) -> None:
    node1.state = NodeState.DOWN

    with pytest.raises(ResumeFailedError, match="down"):
        resume(drained.work)


def test_a_role_that_is_not_online_afterwards_fails_although_the_node_serves(drained: Bench, node1: FakeMachine) -> None:
    drained.set_group("VM web01", "node1", GroupState.FAILED)

    with pytest.raises(ResumeFailedError, match="VM web01"):
        resume(drained.work, ResumeOptions(resume_seconds=120))
    assert node1.state is NodeState.UP
    assert drained.entry().phase is Phase.RESUMED
    assert node1.node_session is None


def test_a_role_that_was_removed_meanwhile_is_no_loss(drained: Bench) -> None:
    del drained.world.groups["VM web01"]

    assert resume(drained.work).is_changed


def test_the_failback_is_the_users_choice(drained: Bench) -> None:
    resume(drained.work, ResumeOptions(failback=FailbackType.NONE))

    assert drained.world.calls("resume")[0].arguments == ("node1", FailbackType.NONE)
