# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draining."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.drain import drain
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.drain_plan import DrainOptions, plan_drain
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    DrainFailedError,
    GateRefusedError,
    JournalError,
    NotOurPauseError,
    OutcomeUnknownError,
    RunLockLostError,
    TurnLostError,
    TurnTakenError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.resume import resume
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import DrainStatus, GroupState, NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError

from ..fakes.world import FakeMachine, Held
from .helpers import RUN_ID, Bench


def refused(code: int) -> MethodFailedError:
    return MethodFailedError(f"refused with {code}", return_value=code)


def test_every_role_leaves_and_is_online_elsewhere(bench: Bench, node1: FakeMachine) -> None:
    result = drain(bench.work)

    assert result.is_changed
    assert result.groups == ("VM web01", "VM web02")
    assert node1.state is NodeState.PAUSED
    assert {group.owner_node for group in bench.world.groups.values()} == {"node2"}
    assert bench.count("pause") == 1


def test_the_journal_knows_what_has_to_come_back(bench: Bench) -> None:
    drain(bench.work)

    entry = bench.entry()
    assert entry.phase is Phase.DRAINED
    assert entry.paused_by_us
    assert entry.was_paused_before is False
    assert entry.online_groups_before == ("VM web01", "VM web02")
    assert entry.services_before == ("ClusSvc", "WinRM")
    assert entry.attempts == 1


def test_lock_and_turn_are_read_right_before_the_pause(bench: Bench) -> None:
    drain(bench.work)

    order = [call.operation for call in bench.world.log]
    before = order[: order.index("pause")][-16:]
    assert "set_text" in before[: before.index("touch_run_lock")]
    assert before[-1] == "node"
    assert {
        call.node for call in bench.world.log[order.index("pause") - 16 : order.index("pause")] if call.operation == "touch_run_lock"
    } == {
        "node1",
        "node2",
        "node3",
    }


def test_planning_changes_nothing(bench: Bench) -> None:
    bench.world.log.clear()

    plan = plan_drain(bench.work)

    assert plan.is_needed
    assert plan.groups == ("VM web01", "VM web02")
    assert {call.operation for call in bench.world.log} <= {"node", "nodes", "info", "groups", "would_lose_quorum", "text", "subkeys"}


def test_without_the_lock_nothing_is_done(bench: Bench) -> None:
    bench.world.machine("node3").run_lock = None

    with pytest.raises(RunLockLostError):
        drain(bench.work)
    assert bench.count("pause") == 0


def test_a_lock_that_is_lost_while_the_gate_settles_stops_the_pause(bench: Bench) -> None:
    def lose() -> None:
        bench.world.machine("node3").run_lock = None

    bench.world.fault("node1", "groups", when="act", then=lose)

    with pytest.raises(RunLockLostError):
        drain(bench.work)
    assert bench.count("pause") == 0
    assert not bench.entry().paused_by_us


def test_a_turn_that_is_lost_while_the_gate_settles_stops_the_pause(bench: Bench) -> None:
    def lose() -> None:
        bench.world.machine("node1").node_session = None

    bench.world.fault("node1", "services", when="act", then=lose)

    with pytest.raises(TurnLostError):
        drain(bench.work)
    assert bench.count("pause") == 0
    assert not bench.entry().paused_by_us


def test_a_drain_that_cannot_be_announced_is_not_begun_and_leaves_no_trace(bench: Bench, node1: FakeMachine) -> None:
    bench.world.fault("node2", "set_text", when="silent", count=9)

    with pytest.raises(JournalError):
        drain(bench.work)
    assert bench.count("pause") == 0
    entry = bench.entry()
    assert (entry.phase, entry.paused_by_us) == (Phase.LOCKED, False)
    assert node1.node_session is None
    assert not resume(bench.work).is_resumed_by_others


def test_another_node_with_a_session_keeps_its_turn(bench: Bench, node1: FakeMachine) -> None:
    bench.world.machine("node3").node_session = Held(RUN_ID, 0)

    with pytest.raises(TurnTakenError):
        drain(bench.work)
    assert bench.count("pause") == 0
    assert node1.node_session is None


def test_a_closed_gate_gives_the_turn_back(bench: Bench, node1: FakeMachine) -> None:
    bench.world.machine("node2").state = NodeState.DOWN

    with pytest.raises(GateRefusedError):
        drain(bench.work)
    assert bench.count("pause") == 0
    assert node1.node_session is None


def test_a_node_that_somebody_else_paused_is_theirs(bench: Bench, node1: FakeMachine) -> None:
    node1.state = NodeState.PAUSED

    with pytest.raises(NotOurPauseError):
        drain(bench.work)
    assert bench.count("pause") == bench.count("resume") == 0


def test_a_node_that_is_paused_by_somebody_during_the_gate_is_theirs(bench: Bench, node1: FakeMachine) -> None:
    def pause() -> None:
        node1.state = NodeState.PAUSED

    bench.world.fault("node1", "services", when="act", then=pause)

    with pytest.raises(NotOurPauseError):
        drain(bench.work)
    assert bench.count("pause") == 0
    assert not bench.entry().paused_by_us
    assert node1.node_session is None


def test_an_answer_that_is_lost_after_the_effect_is_found_by_looking(bench: Bench) -> None:
    bench.world.fault("node1", "pause", when="after")

    assert drain(bench.work).is_changed
    assert bench.count("pause") == 1


def test_an_answer_that_is_lost_before_the_effect_is_asked_again_once(bench: Bench) -> None:
    bench.world.fault("node1", "pause", when="before")

    drain(bench.work)

    first, second = bench.world.calls("pause")
    assert second.at - first.at >= 30


def test_a_second_pause_waits_for_the_gate(bench: Bench, node1: FakeMachine) -> None:
    bench.world.fault("node1", "pause", when="before", then=lambda: setattr(bench.world, "loses_quorum", True))

    with pytest.raises(GateRefusedError):
        drain(bench.work)
    assert bench.count("pause") == 1
    assert not bench.entry().paused_by_us
    assert node1.node_session is None


def test_a_pause_that_never_has_an_effect_ends_after_the_second_try(bench: Bench, node1: FakeMachine) -> None:
    bench.world.fault("node1", "pause", when="before", count=9)

    with pytest.raises(DrainFailedError, match="twice"):
        drain(bench.work)
    assert bench.count("pause") == 2
    assert not bench.entry().paused_by_us
    assert node1.node_session is None


def test_a_lost_pause_that_nobody_can_look_for_stays_unknown(bench: Bench) -> None:
    bench.world.fault("node1", "pause", when="after", then=lambda: bench.world.fault(None, "node", count=999))

    with pytest.raises(OutcomeUnknownError):
        drain(bench.work)
    assert bench.count("pause") == 1
    assert bench.entry().paused_by_us
    assert bench.world.machine("node1").node_session is not None


def test_an_unknown_pause_is_finished_by_the_next_task(bench: Bench) -> None:
    bench.world.fault("node1", "pause", when="after", then=lambda: bench.world.fault(None, "node", count=999))
    with pytest.raises(OutcomeUnknownError):
        drain(bench.work)
    bench.world.clear_faults()

    result = drain(bench.work)

    assert not result.is_changed
    assert bench.count("pause") == 1
    assert bench.entry().phase is Phase.DRAINED


def test_degraded_storage_is_waited_for(bench: Bench) -> None:
    bench.world.fault("node1", "pause", when="refuse", error=refused(5987), count=3)

    drain(bench.work)

    assert bench.count("pause") == 4
    assert any("refuses the pause for now" in text for text in bench.progress.texts)


def test_degraded_storage_that_outlasts_its_time_ends_the_drain(bench: Bench, node1: FakeMachine) -> None:
    bench.world.fault("node1", "pause", when="refuse", error=refused(5987), count=999)

    with pytest.raises(DrainFailedError, match="5987"):
        drain(bench.work, DrainOptions(suspend_seconds=120))
    assert node1.state is NodeState.UP
    assert not bench.entry().paused_by_us


def test_a_refusal_is_final(bench: Bench) -> None:
    bench.world.fault("node1", "pause", when="refuse", error=refused(5925))

    with pytest.raises(DrainFailedError, match="refused"):
        drain(bench.work)
    assert bench.count("pause") == 1
    assert not bench.entry().paused_by_us


def test_a_drain_that_fails_is_undone(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True

    with pytest.raises(DrainFailedError) as caught:
        drain(bench.work)

    assert caught.value.groups_left == ("VM web01", "VM web02")
    assert "brought back" in caught.value.message
    assert node1.state is NodeState.UP
    assert bench.entry().phase is Phase.RESUMED
    assert not bench.entry().paused_by_us
    assert node1.node_session is None


def test_a_drain_that_lasts_too_long_is_undone(bench: Bench, node1: FakeMachine) -> None:
    bench.world.drain_seconds = 5000

    with pytest.raises(DrainFailedError, match="did not end within 10 min"):
        drain(bench.work, DrainOptions(drain_seconds=600))
    assert node1.state is NodeState.UP


def test_a_role_that_is_left_although_the_cluster_says_done_fails_the_drain(bench: Bench, node1: FakeMachine) -> None:
    bench.world.fault(
        "node1", "groups", when="act", skip=2, count=99, then=lambda: bench.set_group("VM web02", "node1", GroupState.PENDING)
    )

    with pytest.raises(DrainFailedError) as caught:
        drain(bench.work)
    assert caught.value.groups_left == ("VM web02",)
    assert node1.state is NodeState.UP


@pytest.mark.parametrize("name", ["VM web01", "VM db01"])
def test_a_role_that_does_not_come_online_elsewhere_fails_the_drain(bench: Bench, node1: FakeMachine, name: str) -> None:
    bench.world.fault("node1", "groups", when="act", skip=2, count=99, then=lambda: bench.set_group(name, "node2", GroupState.FAILED))

    with pytest.raises(DrainFailedError) as caught:
        drain(bench.work)
    assert caught.value.groups_left == (name,)
    assert node1.state is NodeState.UP


def test_an_offline_role_may_stay(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.set_group("VM off", "node1", GroupState.OFFLINE)

    def move(source: str, target: str) -> None:
        assert source == "node1"
        for name in ("VM web01", "VM web02"):
            bench.set_group(name, target, GroupState.ONLINE)

    monkeypatch.setattr(bench.world, "move_groups", move)

    assert drain(bench.work).groups == ("VM web01", "VM web02")


def test_a_failed_drain_that_cannot_be_undone_leaves_the_node_named(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    bench.world.fault("node1", "resume", when="refuse", error=refused(5))

    with pytest.raises(DrainFailedError, match="could not be brought back"):
        drain(bench.work)
    entry = bench.entry()
    assert entry.phase is Phase.LEFT_OUT
    assert entry.paused_by_us
    assert "could not be brought back" in (entry.reason or "")


def test_a_failed_drain_is_not_undone_without_the_lock(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    bench.world.fault("node1", "pause", when="act", then=lambda: setattr(bench.world.machine("node2"), "run_lock", None))

    with pytest.raises(DrainFailedError, match="could not be brought back"):
        drain(bench.work)
    assert bench.count("resume") == 0
    assert bench.entry().phase is Phase.LEFT_OUT


def test_somebody_who_resumes_the_node_meanwhile_keeps_it(bench: Bench, node1: FakeMachine) -> None:
    def resume() -> None:
        node1.state, node1.drain_status, node1.drain_ends_at = NodeState.UP, DrainStatus.NOT_INITIATED, None

    bench.world.drain_seconds = 300
    bench.world.fault("node1", "node", when="act", skip=9, then=resume)

    with pytest.raises(NotOurPauseError, match="resumed"):
        drain(bench.work)
    assert bench.count("resume") == 0
    assert bench.count("pause") == 1
    assert not bench.entry().paused_by_us
    assert node1.node_session is None


def test_somebody_who_pauses_it_without_drain_meanwhile_keeps_it(bench: Bench, node1: FakeMachine) -> None:
    def pause_again() -> None:
        node1.drain_status, node1.drain_ends_at = DrainStatus.NOT_INITIATED, None

    bench.world.drain_seconds = 300
    bench.world.fault("node1", "node", when="act", skip=5, then=pause_again)

    with pytest.raises(NotOurPauseError, match="without drain"):
        drain(bench.work)
    assert bench.count("resume") == 0


def test_a_read_that_fails_in_the_middle_is_answered_by_another_node(bench: Bench) -> None:
    bench.world.fault("node1", "pause", when="act", then=lambda: bench.world.fault("node1", "node", count=5))

    assert drain(bench.work).is_changed


def test_a_lock_that_is_lost_in_the_middle_leaves_everything_as_it_is(bench: Bench, node1: FakeMachine) -> None:
    calls = []

    def check() -> None:
        calls.append(1)
        if node1.state is NodeState.PAUSED:
            raise RunLockLostError("lost", nodes=["node2"])

    bench.work.check = check

    with pytest.raises(RunLockLostError):
        drain(bench.work)
    assert bench.count("resume") == 0
    assert bench.entry().paused_by_us


def test_a_drained_node_is_not_drained_again(bench: Bench) -> None:
    drain(bench.work)
    bench.journal.write("node1", phase=Phase.RESTARTED)

    assert not drain(bench.work).is_changed
    assert bench.entry().phase is Phase.RESTARTED
    assert bench.count("pause") == 1


def test_a_role_on_a_drained_node_is_named_and_nothing_undone(bench: Bench, node1: FakeMachine) -> None:
    drain(bench.work)
    bench.set_group("VM web01", "node1", GroupState.ONLINE)

    with pytest.raises(DrainFailedError) as caught:
        drain(bench.work)
    assert caught.value.groups_left == ("VM web01",)
    assert node1.state is NodeState.PAUSED


def test_a_long_drain_shows_signs_of_life(bench: Bench) -> None:
    bench.world.drain_seconds = 400

    drain(bench.work)

    lines = [text for _node, step, text in bench.progress.lines if step == "drain"]
    assert lines[0] == "2 roles leaving"
    assert sum("still waiting for the roles to leave" in text for text in lines) >= 5
    assert lines[-1].startswith("done in")
