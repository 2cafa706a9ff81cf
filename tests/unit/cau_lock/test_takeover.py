# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking over a dead run: waiting, the order of the steps, and being killed in the middle of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    PersonNeededError,
    RunLockHeldError,
    RunLockLostError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal import run_key
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import ClusterEntry, NodeEntry, Phase, RunOwner
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.recovery import Decision
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.takeover import (
    TakeoverOptions,
    find_way,
    require_own_journal,
    take,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import DrainStatus, NodeState

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld, Held
from .helpers import RUN_A, RUN_B, SEPARATOR, Coordinator, journals, locks, open_gate

RUN_C = "cccccccc-0000-4000-8000-00000000000c"
WRITES = ("create_key", "set_number", "set_text", "create_run_lock", "delete_run_lock", "delete_tree", "delete_node_session")


class KilledError(BaseException):
    """What ends a controller in the middle: nothing that it does afterwards has an effect."""


def take_over(run: Coordinator, options: TakeoverOptions | None = None) -> Decision:
    """What a new run does."""
    options = options or TakeoverOptions()
    clock = run.world.clock
    decision = find_way(run.fleet, run.run_id, clock, run.progress, options)
    forced_by = "bob on control9" if options.is_forced else None
    run.journal.owner = replace(run.owner, took_over=tuple(one.run_id for one in decision.over), forced_by=forced_by)
    return take(run.fleet, run.journal, clock, run.progress, open_gate, decision, options)[1]


def leave(world: FakeWorld, age: float = 1000) -> Coordinator:
    """A run that died while it installed on node2."""
    dead = Coordinator(world, RUN_A)
    dead.acquire()
    dead.journal.write("node1", phase=Phase.DONE, installed=("u1",))
    dead.journal.write("node2", phase=Phase.INSTALLING, paused_by_us=True, batch=("u1",))
    machine = world.machine("node2")
    machine.state, machine.drain_status = NodeState.PAUSED, DrainStatus.COMPLETED
    machine.node_session = Held(RUN_A, world.clock.now())
    assert isinstance(world.clock, FakeClock)
    world.clock.advance(age)
    return dead


def test_dead_run_is_taken_over_with_its_half_way_node(world: FakeWorld, theirs: Coordinator) -> None:
    leave(world)
    taken = take_over(theirs)
    assert set(locks(world).values()) == {RUN_B}
    assert journals(world) == {f"{name}/{RUN_B}" for name in world.machines}
    assert world.machine("node2").node_session is None
    assert [entry.node for entry in taken.unfinished] == ["node2"]
    entry = theirs.journal.read("node2")
    assert entry is not None
    assert (entry.phase, entry.paused_by_us, entry.batch) == (Phase.INSTALLING, True, ("u1",))
    assert "is dead, its last sign of life was 16 min 40 s ago; it is taken over" in theirs.progress.texts[0]


def test_new_entries_stand_on_both_places_before_an_old_one_goes(world: FakeWorld, theirs: Coordinator) -> None:
    leave(world)
    world.log.clear()
    take_over(theirs)
    writes = [call for call in world.log if call.operation in WRITES]
    first_gone = next(index for index, call in enumerate(writes) if call.operation == "delete_tree")
    entry_key = f"{run_key(RUN_B)}{SEPARATOR}nodes{SEPARATOR}node2"
    assert {call.node for call in writes[:first_gone] if call.arguments[:2] == (entry_key, "Entry")} == {"node2", "node3"}


def test_lock_of_the_dead_goes_under_its_own_id_before_ours_is_created(world: FakeWorld, theirs: Coordinator) -> None:
    leave(world)
    world.log.clear()
    take_over(theirs)
    for name in world.machines:
        calls = [(call.operation, call.arguments) for call in world.calls("create_run_lock", "delete_run_lock", node=name)]
        assert calls == [("delete_run_lock", (RUN_A,)), ("create_run_lock", (RUN_B,))]


def test_takeover_may_be_killed_at_any_request() -> None:
    kept = 0
    for number in range(1, 400):
        world = FakeWorld("HV01", ["node1", "node2", "node3"])
        leave(world)
        killed = Coordinator(world, RUN_B, "control2")
        world.before_call = killer(number)
        try:
            take_over(killed)
        except KilledError:
            pass
        else:
            break
        world.before_call = None
        assert isinstance(world.clock, FakeClock)
        world.clock.advance(1000)
        last = Coordinator(world, RUN_C, "control3")
        take_over(last)
        assert set(locks(world).values()) == {RUN_C}, number
        assert journals(world) == {f"{name}/{RUN_C}" for name in world.machines}, number
        entry = Coordinator(world, RUN_C).journal.read("node2")
        assert entry is not None
        assert entry.paused_by_us, number
        assert entry.batch == ("u1",), number
        kept += 1
    assert kept > 60


def killer(number: int) -> Callable[[], None]:
    """What lets a controller end at its n-th request, and every request after that."""
    left = [number]

    def count() -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise KilledError

    return count


def test_failure_in_the_middle_gives_the_lock_back_and_keeps_every_journal(world: FakeWorld, theirs: Coordinator) -> None:
    leave(world)
    world.fault("node1", "delete_tree", when="before", count=2)
    with pytest.raises(Exception, match="the connection was lost"):
        take_over(theirs)
    assert set(locks(world).values()) == {None}
    assert f"node2/{RUN_A}" in journals(world)
    assert f"node2/{RUN_B}" in journals(world)


def test_young_run_is_waited_for_by_name_and_then_taken_over(world: FakeWorld, theirs: Coordinator) -> None:
    leave(world, age=200)
    take_over(theirs)
    assert set(locks(world).values()) == {RUN_B}
    waited = theirs.progress.texts[0]
    assert waited == "run aaaaaaaa of alice on control1 may be at work, its last sign of life was 3 min 20 s ago; waiting up to 11 min 41 s"


def test_run_that_shows_a_sign_of_life_meanwhile_is_left_alone(world: FakeWorld, theirs: Coordinator) -> None:
    living = leave(world, age=200)
    world.fault("node2", "run_lock", when="act", skip=3, then=lambda: living.journal.beat("node3"))
    world.log.clear()
    with pytest.raises(RunLockHeldError, match="alice on control1"):
        take_over(theirs)
    assert not [call for call in world.calls(*WRITES) if RUN_B in str(call.arguments)]


def test_run_that_ends_meanwhile_was_at_work(world: FakeWorld, theirs: Coordinator) -> None:
    living = Coordinator(world)
    living.acquire()

    def end() -> None:
        living.release()

    world.fault("node1", "run_lock", when="act", skip=1, then=end)
    with pytest.raises(RunLockHeldError, match="has ended just now"):
        take_over(theirs)
    assert set(locks(world).values()) == {None}


def test_process_that_is_known_to_run_is_alive(world: FakeWorld, theirs: Coordinator) -> None:
    leave(world)
    seen: list[RunOwner] = []
    options = TakeoverOptions(is_running=lambda owner: not seen.append(owner))  # type: ignore[func-returns-value]
    with pytest.raises(RunLockHeldError):
        take_over(theirs, options)
    assert seen[0].user == "alice"


def test_wait_that_the_user_does_not_want_is_refused_with_its_length(world: FakeWorld, theirs: Coordinator) -> None:
    leave(world, age=200)
    with pytest.raises(RunLockHeldError, match="in 11 min 41 s without a sign of life it counts as dead"):
        take_over(theirs, TakeoverOptions(wait_seconds=60))


def test_clock_of_a_node_that_was_set_back_does_not_keep_a_run_alive(world: FakeWorld, theirs: Coordinator, clock: FakeClock) -> None:
    leave(world)
    world.machine("node1").clock_offset = -7200
    take_over(theirs)
    assert clock.now() > 1900
    assert set(locks(world).values()) == {RUN_B}


def test_journal_without_lock_is_taken_over_when_it_is_old_enough(world: FakeWorld, theirs: Coordinator, clock: FakeClock) -> None:
    leave(world, age=4000)
    world.settle()
    assert set(locks(world).values()) == {None}
    taken = take_over(theirs)
    assert taken.away == "node2"
    assert journals(world) == {f"{name}/{RUN_B}" for name in world.machines}


def test_foreign_lock_refuses_and_nothing_is_written(world: FakeWorld, theirs: Coordinator) -> None:
    world.machine("node2").run_lock = Held(RUN_C, 0)
    with pytest.raises(RunLockHeldError, match="another coordinator"):
        take_over(theirs)
    assert not world.calls(*WRITES)


def test_word_of_an_administrator_takes_a_foreign_lock_and_is_recorded(world: FakeWorld, theirs: Coordinator) -> None:
    world.machine("node2").run_lock = Held(RUN_C, 0)
    world.machine("node3").node_session = Held(RUN_C, 0)
    take_over(theirs, TakeoverOptions(is_forced=True))
    assert set(locks(world).values()) == {RUN_B}
    entry = theirs.journal.read_run("node1")
    assert entry is not None
    assert (entry.owner.forced_by, entry.owner.took_over) == ("bob on control9", (RUN_C,))


def test_node_that_the_dead_run_left_down_is_waited_for(world: FakeWorld, theirs: Coordinator, clock: FakeClock) -> None:
    dead = leave(world)
    dead.journal.write("node2", phase=Phase.RESTARTING, batch=())
    machine = world.machine("node2")
    machine.state = NodeState.DOWN

    def come_back() -> None:
        machine.state = NodeState.PAUSED

    world.fault("node1", "nodes", when="act", skip=3, then=come_back)
    assert take_over(theirs).away == "node2"
    assert "left node2 down, and it has to come back first" in theirs.progress.texts[0]


def test_node_that_stays_down_is_a_case_for_a_person(world: FakeWorld, theirs: Coordinator) -> None:
    leave(world)
    world.machine("node2").state = NodeState.DOWN
    with pytest.raises(PersonNeededError, match="left node2 down"):
        take_over(theirs, TakeoverOptions(wait_seconds=60))
    assert set(locks(world).values()) == {RUN_A}


def test_what_the_dead_run_did_to_the_cluster_is_taken_over(world: FakeWorld, theirs: Coordinator) -> None:
    dead = leave(world)
    dead.journal.write_cluster(ClusterEntry("CAUHV01"))
    take_over(theirs)
    assert theirs.journal.read_cluster() == ClusterEntry("CAUHV01")


def test_ended_run_keeps_what_it_wrote_about_a_node_that_stays_out(world: FakeWorld, theirs: Coordinator) -> None:
    dead = leave(world)
    dead.journal.write("node2", phase=Phase.LEFT_OUT, batch=())
    dead.release(keep_nodes=("node2",))
    assert take_over(theirs, TakeoverOptions(accept_down=frozenset({"node2"}))).unfinished == ()
    assert f"node2/{RUN_A}" in journals(world)


def test_run_whose_journal_is_gone_everywhere_was_taken_over(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    require_own_journal(ours.fleet, ours.journal)
    for machine in world.machines.values():
        machine.registry.clear()
    with pytest.raises(RunLockLostError, match="another run has removed its journal"):
        require_own_journal(ours.fleet, ours.journal)


def test_adopted_entry_counts_as_newer(ours: Coordinator) -> None:
    ours.acquire()
    written = ours.journal.adopt(NodeEntry("node1", Phase.DRAINED, sequence=7))
    assert written.sequence == 8
    assert Coordinator(ours.world).journal.read("node1") == written


def test_late_write_of_the_dead_run_does_not_bring_its_journal_back(world: FakeWorld, theirs: Coordinator) -> None:
    leave(world)
    take_over(theirs)
    orphan = Coordinator(world, RUN_A)
    assert orphan.journal.write_where_possible("node1", phase=Phase.LEFT_OUT, reason="late") == ["node1", "node2"]
    assert journals(world) == {f"{name}/{RUN_B}" for name in world.machines}
    assert not [key for machine in world.machines.values() for key in machine.registry if RUN_A in key]
