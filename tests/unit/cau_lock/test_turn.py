# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The turn: one node at a time, whatever else happens."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import turn
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    NodeSessionHeldError,
    NotOurPauseError,
    RunLockLostError,
    TurnLostError,
    TurnTakenError,
    TurnUnreadableError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.ownership import Ownership
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld, Held
from .helpers import RUN_A, RUN_B, Coordinator


def session(world: FakeWorld, name: str) -> str | None:
    held = world.machine(name).node_session
    return held.guid if held else None


def ownership_of(coordinator: Coordinator, node: str = "node1") -> Ownership:
    return Ownership(coordinator.fleet, node, coordinator.run_id, coordinator.journal, coordinator.world.clock)


def test_turn_is_the_only_session(world: FakeWorld, ours: Coordinator) -> None:
    assert turn.take(ours.fleet, "node1", RUN_A, world.clock)
    assert [session(world, name) for name in world.machines] == [RUN_A, None, None]


def test_own_session_is_opened_before_others_are_looked_at(world: FakeWorld, ours: Coordinator) -> None:
    turn.take(ours.fleet, "node2", RUN_A, world.clock)
    operations = [(call.operation, call.node) for call in world.log]
    assert operations.index(("create_node_session", "node2")) < operations.index(("node_session", "node1"))
    assert ("node_session", "node3") in operations


def test_turn_is_taken_again_by_the_node_that_holds_it(world: FakeWorld, ours: Coordinator) -> None:
    turn.take(ours.fleet, "node1", RUN_A, world.clock)
    assert not turn.take(ours.fleet, "node1", RUN_A, world.clock)


@pytest.mark.parametrize("other", [RUN_A, RUN_B])
def test_any_other_session_makes_one_give_up_ones_own(world: FakeWorld, ours: Coordinator, other: str) -> None:
    world.machine("node3").node_session = Held(other, 0)
    with pytest.raises(TurnTakenError) as caught:
        turn.take(ours.fleet, "node1", RUN_A, world.clock)
    assert caught.value.holder == "node3"
    assert session(world, "node1") is None
    assert session(world, "node3") == other


def test_node_out_of_service_keeps_its_session(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED, paused_by_us=True)
    world.machine("node1").node_session = Held(RUN_A, 0)
    world.machine("node3").node_session = Held(RUN_A, 0)
    with pytest.raises(TurnTakenError):
        ownership_of(ours).take_turn()
    assert session(world, "node1") == RUN_A


def test_silent_node_counts_as_having_a_session(world: FakeWorld, ours: Coordinator) -> None:
    world.machine("node2").is_reachable = False
    with pytest.raises(TurnUnreadableError, match="node2"):
        turn.take(ours.fleet, "node1", RUN_A, world.clock)
    assert session(world, "node1") is None


def test_own_session_that_cannot_be_given_up_is_named(world: FakeWorld, ours: Coordinator) -> None:
    world.machine("node3").node_session = Held(RUN_A, 0)
    world.fault("node1", "delete_node_session", when="silent", count=9)
    with pytest.raises(TurnTakenError, match="our own session on node1 may be left"):
        turn.take(ours.fleet, "node1", RUN_A, world.clock)


def test_session_of_another_on_the_own_node_refuses(world: FakeWorld, ours: Coordinator) -> None:
    world.machine("node1").node_session = Held(RUN_B, 0)
    with pytest.raises(NodeSessionHeldError):
        turn.take(ours.fleet, "node1", RUN_A, world.clock)
    assert session(world, "node1") == RUN_B


def test_interrupted_taking_leaves_no_session(world: FakeWorld, ours: Coordinator) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    world.fault("node2", "node_session", when="act", then=interrupt)
    with pytest.raises(KeyboardInterrupt):
        turn.take(ours.fleet, "node1", RUN_A, world.clock)
    assert session(world, "node1") is None


def test_verify_passes_with_the_only_session(world: FakeWorld, ours: Coordinator) -> None:
    turn.take(ours.fleet, "node1", RUN_A, world.clock)
    turn.verify(ours.fleet, "node1", RUN_A, world.clock)


def test_verify_refuses_without_own_session(world: FakeWorld, ours: Coordinator) -> None:
    with pytest.raises(TurnLostError):
        turn.verify(ours.fleet, "node1", RUN_A, world.clock)


def test_verify_outlasts_a_node_that_tries_and_gives_up(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    turn.take(ours.fleet, "node1", RUN_A, clock)
    world.machine("node2").node_session = Held(RUN_A, 0)
    # The rival has given up by the time of the second look.
    world.fault("node2", "node_session", when="act", skip=1, then=lambda: setattr(world.machine("node2"), "node_session", None))
    turn.verify(ours.fleet, "node1", RUN_A, clock)


def test_verify_refuses_a_rival_that_stays(world: FakeWorld, ours: Coordinator) -> None:
    turn.take(ours.fleet, "node1", RUN_A, world.clock)
    world.machine("node2").node_session = Held(RUN_B, 0)
    with pytest.raises(TurnTakenError):
        turn.verify(ours.fleet, "node1", RUN_A, world.clock)
    assert session(world, "node1") == RUN_A


def test_turn_is_given_back_once(world: FakeWorld, ours: Coordinator) -> None:
    turn.take(ours.fleet, "node1", RUN_A, world.clock)
    assert turn.give_back(ours.fleet, "node1", RUN_A, world.clock)
    assert not turn.give_back(ours.fleet, "node1", RUN_A, world.clock)


def test_ownership_of_lock_and_turn_is_proved_by_the_nodes(ours: Coordinator) -> None:
    ours.acquire()
    ownership = ownership_of(ours)
    assert ownership.take_turn()
    ownership.verify_lock()
    ownership.verify_turn()
    assert ownership.give_back_turn()


def test_ownership_ends_with_the_lock(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").run_lock = Held(RUN_B, 0)
    with pytest.raises(RunLockLostError):
        ownership_of(ours).verify_lock()


def test_pause_is_ours_when_state_and_journal_say_so(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED, paused_by_us=True)
    world.machine("node1").state = NodeState.PAUSED
    ownership_of(ours).verify_paused_by_us()


@pytest.mark.parametrize(
    ("state", "by_us", "words"),
    [
        (NodeState.PAUSED, False, "not by this run"),
        (NodeState.UP, True, "somebody else resumed it"),
        (NodeState.UP, False, "not drained by this run"),
    ],
)
def test_any_other_pause_is_not_ours(world: FakeWorld, ours: Coordinator, state: NodeState, by_us: bool, words: str) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED, paused_by_us=by_us)
    world.machine("node1").state = state
    with pytest.raises(NotOurPauseError, match=words):
        ownership_of(ours).verify_paused_by_us()
