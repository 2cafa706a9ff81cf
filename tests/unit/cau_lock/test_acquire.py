# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking the run lock: order, roll-back, lost answers, and what is said about the holder."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import run_lock
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    GateRefusedError,
    RunLockFailedError,
    RunLockHeldError,
    RunLockUnreadableError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld, Held
from .helpers import RUN_A, RUN_B, Coordinator, journals, locks

WRITES = ("create_key", "set_number", "set_text", "create_run_lock", "delete_run_lock", "delete_tree", "create_node_session")


def test_free_cluster_is_locked_on_every_node(world: FakeWorld, ours: Coordinator) -> None:
    state = ours.acquire()
    assert state.taken == ("node1", "node2", "node3")
    assert set(locks(world).values()) == {RUN_A}
    assert ours.progress.lines == [(None, "lock", "taken on 3 of 3 nodes, run aaaaaaaa")]


def test_locks_are_created_in_name_order_after_the_journal_entry(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    assert [call.node for call in world.calls("create_run_lock")] == ["node1", "node2", "node3"]
    for name in world.machines:
        operations = [call.operation for call in world.calls(node=name)]
        assert operations.index("set_text") < operations.index("create_run_lock")


def test_names_are_ordered_without_regard_to_case() -> None:
    world = FakeWorld("HV01", ["b2", "A1", "C3"])
    assert Coordinator(world).acquire().taken == ("A1", "b2", "C3")


def test_everything_is_read_before_anything_is_written(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    operations = [call.operation for call in world.log]
    first_write = next(index for index, name in enumerate(operations) if name in WRITES)
    assert {call.node for call in world.log[:first_write] if call.operation == "run_lock"} == set(world.machines)


def test_refusing_gate_leaves_nothing_written(world: FakeWorld, ours: Coordinator) -> None:
    def refuse() -> None:
        raise GateRefusedError("a node is down", findings=["node2 is down"])

    with pytest.raises(GateRefusedError) as caught:
        run_lock.acquire(ours.fleet, ours.owner, ours.journal, world.clock, ours.progress, refuse)
    assert caught.value.__cause__ is None
    assert not world.calls(*WRITES)


def test_lock_that_appears_while_the_gate_looks_is_respected(world: FakeWorld, ours: Coordinator) -> None:
    def slow_gate() -> None:
        world.machine("node3").run_lock = Held(RUN_B, 0)

    with pytest.raises(RunLockHeldError, match=RUN_B):
        run_lock.acquire(ours.fleet, ours.owner, ours.journal, world.clock, ours.progress, slow_gate)
    assert not world.calls(*WRITES)


def test_foreign_lock_is_named_and_nothing_is_written(world: FakeWorld, ours: Coordinator) -> None:
    world.machine("node2").run_lock = Held(RUN_B, 0)
    with pytest.raises(RunLockHeldError) as caught:
        ours.acquire()
    assert caught.value.holder == RUN_B
    assert not caught.value.is_ours_dead
    assert "node2" in caught.value.message
    # 20:00 by the node's clock, and an hour after its last use.
    assert "21:00 UTC" in caught.value.message
    assert not world.calls(*WRITES)


def test_living_run_of_another_controller_is_described(theirs: Coordinator, ours: Coordinator, clock: FakeClock) -> None:
    theirs.acquire()
    clock.advance(300)
    with pytest.raises(RunLockHeldError) as caught:
        ours.acquire()
    assert "alice on control2" in caught.value.message
    assert "5 min ago" in caught.value.message
    assert not caught.value.is_ours_dead


def test_dead_run_of_ours_is_reported_and_not_taken(world: FakeWorld, theirs: Coordinator, ours: Coordinator, clock: FakeClock) -> None:
    theirs.acquire()
    clock.advance(901)
    with pytest.raises(RunLockHeldError) as caught:
        ours.acquire()
    assert caught.value.is_ours_dead
    assert caught.value.holder == RUN_B
    assert set(locks(world).values()) == {RUN_B}


def test_dead_run_is_reported_with_the_nodes_that_it_left_paused(theirs: Coordinator, ours: Coordinator, clock: FakeClock) -> None:
    theirs.acquire()
    theirs.journal.write("node2", phase=Phase.RESTARTING, paused_by_us=True)
    theirs.journal.write("node1", phase=Phase.DONE)
    clock.advance(2000)
    with pytest.raises(RunLockHeldError) as caught:
        ours.acquire()
    assert "node2 was paused by run bbbbbbbb of alice on control2 and left restarting" in caught.value.message
    assert "node1 was paused" not in caught.value.message


def test_refused_gate_tells_which_run_left_a_node_paused(world: FakeWorld, theirs: Coordinator, ours: Coordinator) -> None:
    theirs.acquire()
    theirs.journal.write("node2", phase=Phase.DRAINED, paused_by_us=True)
    # The copy is the newer one: the node itself gave no answer at the end.
    world.machine("node2").is_reachable = False
    theirs.journal.write_where_possible("node2", phase=Phase.LEFT_OUT, reason="did not come back")
    world.machine("node2").is_reachable = True
    theirs.release(keep_nodes=("node2",))

    def refuse() -> None:
        raise GateRefusedError("the cluster is not in order: node2 is paused", findings=["node2 is paused"])

    with pytest.raises(GateRefusedError) as caught:
        run_lock.acquire(ours.fleet, ours.owner, ours.journal, world.clock, ours.progress, refuse)
    assert caught.value.findings[0] == "node2 is paused"
    assert "node2 was paused by run bbbbbbbb" in caught.value.findings[1]
    assert "left left out" not in caught.value.findings[1]
    assert caught.value.findings[1].endswith("did not come back")


def test_foreign_session_without_a_lock_refuses(world: FakeWorld, ours: Coordinator) -> None:
    world.machine("node3").node_session = Held(RUN_B, 0)
    with pytest.raises(RunLockHeldError, match="node3 has a node session"):
        ours.acquire()
    assert not world.calls(*WRITES)


def test_silent_node_refuses_before_anything_is_written(world: FakeWorld, ours: Coordinator) -> None:
    world.machine("node2").is_reachable = False
    with pytest.raises(RunLockUnreadableError) as caught:
        ours.acquire()
    assert caught.value.nodes == ("node2",)
    assert not world.calls(*WRITES)


def test_refusal_on_a_later_node_rolls_back_in_reverse_order(world: FakeWorld, ours: Coordinator) -> None:
    world.fault("node3", "create_run_lock", when="act", then=lambda: setattr(world.machine("node3"), "run_lock", Held(RUN_B, 0)))
    with pytest.raises(RunLockHeldError) as caught:
        ours.acquire()
    assert caught.value.holder == RUN_B
    assert caught.value.node == "node3"
    assert caught.value.may_be_left == ()
    assert locks(world) == {"node1": None, "node2": None, "node3": RUN_B}
    assert journals(world) == set()
    assert [call.node for call in world.calls("delete_run_lock")] == ["node3", "node2", "node1"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("node", ["node1", "node2", "node3"])
@pytest.mark.parametrize("operation", ["create_run_lock", "set_text", "create_key", "set_number"])
def test_one_lost_answer_does_not_stop_the_taking(world: FakeWorld, ours: Coordinator, operation: str, node: str, when: str) -> None:
    world.fault(node, operation, when="before" if when == "before" else "after")
    assert ours.acquire().is_changed
    assert set(locks(world).values()) == {RUN_A}
    assert journals(world) == {f"{name}/{RUN_A}" for name in world.machines}


def test_node_that_goes_silent_at_create_is_named_as_possibly_locked(world: FakeWorld, ours: Coordinator) -> None:
    node2 = world.machine("node2")

    def vanish() -> None:
        node2.run_lock = Held(RUN_A, 0)
        node2.is_reachable = False

    world.fault("node2", "create_run_lock", when="act", then=vanish)
    with pytest.raises(RunLockFailedError) as caught:
        ours.acquire()
    assert caught.value.may_be_left == ("node2",)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert "may be left on node2" in caught.value.message
    assert locks(world) == {"node1": None, "node2": RUN_A, "node3": None}
    # Its entry stays, so that others see a dead run of ours there.
    assert journals(world) == {f"node2/{RUN_A}"}


def test_node_that_goes_silent_during_roll_back_is_named(world: FakeWorld, ours: Coordinator) -> None:
    world.fault("node3", "create_run_lock", when="refuse", error=MethodFailedError("not now", return_value=5, node="node3"))
    world.fault("node1", "delete_run_lock", when="silent", count=9)
    with pytest.raises(RunLockFailedError) as caught:
        ours.acquire()
    assert caught.value.may_be_left == ("node1",)
    assert locks(world) == {"node1": RUN_A, "node2": None, "node3": None}
    assert journals(world) == {f"node1/{RUN_A}"}


def test_refused_journal_entry_leaves_no_lock(world: FakeWorld, ours: Coordinator) -> None:
    world.fault("node2", "set_text", when="refuse", error=MethodFailedError("access denied", return_value=5, node="node2"), count=9)
    with pytest.raises(RunLockFailedError, match="no lock of this run is left"):
        ours.acquire()
    assert set(locks(world).values()) == {None}


def test_interrupted_taking_leaves_nothing(world: FakeWorld, ours: Coordinator) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    world.fault("node2", "create_run_lock", when="act", then=interrupt)
    with pytest.raises(KeyboardInterrupt):
        ours.acquire()
    assert set(locks(world).values()) == {None}
    assert journals(world) == set()


def test_second_acquire_of_the_same_run_changes_nothing(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    ours.acquire()
    clock.advance(60)
    state = ours.acquire()
    assert not state.is_changed
    assert len(world.calls("create_run_lock")) == 3


def test_second_acquire_does_not_ask_the_gate(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    asked: list[bool] = []
    run_lock.acquire(ours.fleet, ours.owner, ours.journal, world.clock, ours.progress, lambda: asked.append(True))
    assert asked == []


def test_aged_out_lock_is_taken_again_after_the_gate(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").run_lock = None
    asked: list[bool] = []
    state = run_lock.acquire(ours.fleet, ours.owner, ours.journal, world.clock, ours.progress, lambda: asked.append(True))
    assert asked == [True]
    assert state.taken == ("node2",)


def test_aged_out_lock_that_another_claimed_is_not_taken(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").run_lock = Held(RUN_B, 0)
    with pytest.raises(RunLockHeldError):
        ours.acquire()
    assert locks(world) == {"node1": RUN_A, "node2": RUN_B, "node3": RUN_A}


def test_failed_second_taking_keeps_what_stood_before(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node2", phase=Phase.DRAINED, paused_by_us=True)
    world.machine("node2").run_lock = None
    world.fault("node2", "create_run_lock", when="refuse", error=MethodFailedError("not now", return_value=5, node="node2"))
    with pytest.raises(RunLockFailedError, match="stays on node1, node3"):
        ours.acquire()
    assert locks(world) == {"node1": RUN_A, "node2": None, "node3": RUN_A}
    assert f"node2/{RUN_A}" in journals(world)
    world.machine("node3").is_reachable = False
    entry = Coordinator(world).journal.read("node2")
    assert entry is not None
    assert entry.paused_by_us


def test_two_clusters_are_locked_apart() -> None:
    first, second = Coordinator(FakeWorld("HV01", ["a1"])), Coordinator(FakeWorld("HV02", ["b1"]), RUN_B)
    first.acquire()
    second.acquire()
    assert locks(first.world) == {"a1": RUN_A}
    assert locks(second.world) == {"b1": RUN_B}


def test_own_lock_in_capitals_and_braces_is_recognised(world: FakeWorld, ours: Coordinator) -> None:
    view = run_lock.inspect(ours.fleet, "{" + RUN_A.upper() + "}")
    assert [one.kind for one in view] == [run_lock.LockKind.NONE] * 3
    for machine in world.machines.values():
        machine.run_lock = Held("{" + RUN_A.upper() + "}", 0)
    kinds = {one.kind for one in run_lock.inspect(ours.fleet, RUN_A)}
    assert kinds == {run_lock.LockKind.OURS}


def test_check_before_a_scan_reads_only(world: FakeWorld, ours: Coordinator) -> None:
    run_lock.require_free(ours.fleet)
    assert not world.calls(*WRITES)
