# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two coordinators, and two nodes of one run, in every order of their steps that a random search finds."""

from __future__ import annotations

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import turn
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import RunLockHeldError, TurnTakenError
from hypothesis import given, settings
from hypothesis import strategies as st

from ..fakes.interleave import interleave
from ..fakes.world import FakeWorld
from .helpers import RUN_A, RUN_B, Coordinator, journals, locks

PICKS = st.lists(st.booleans(), max_size=60)


@settings(max_examples=60, deadline=None)
@given(picks=PICKS)
def test_two_coordinators_never_both_hold_the_lock(picks: list[bool]) -> None:
    world = FakeWorld("HV01", ["node1", "node2"])
    one, other = Coordinator(world, RUN_A), Coordinator(world, RUN_B, "control2")
    endings = interleave(world, one.acquire, other.acquire, picks)
    winners = {run_id for ending, run_id in zip(endings, (RUN_A, RUN_B), strict=True) if ending.has_succeeded}
    assert len(winners) <= 1
    assert all(isinstance(ending.error, RunLockHeldError) for ending in endings if not ending.has_succeeded)
    assert {holder for holder in locks(world).values() if holder} == winners
    assert len(set(locks(world).values())) == 1
    assert journals(world) == {f"{name}/{winner}" for name in world.machines for winner in winners}


@settings(max_examples=60, deadline=None)
@given(picks=PICKS)
def test_two_nodes_never_both_have_the_turn(picks: list[bool]) -> None:
    world = FakeWorld("HV01", ["node1", "node2", "node3"])
    one, other = world.fleet(), world.fleet()
    endings = interleave(
        world,
        lambda: turn.take(one, "node1", RUN_A, world.clock),
        lambda: turn.take(other, "node2", RUN_A, world.clock),
        picks,
    )
    winners = [name for ending, name in zip(endings, ("node1", "node2"), strict=True) if ending.has_succeeded]
    assert len(winners) <= 1
    assert all(isinstance(ending.error, TurnTakenError) for ending in endings if not ending.has_succeeded)
    assert [name for name, machine in world.machines.items() if machine.node_session] == winners


def test_coordinators_that_take_steps_in_turn_leave_at_most_one_lock() -> None:
    world = FakeWorld("HV01", ["node1", "node2", "node3"])
    one, other = Coordinator(world, RUN_A), Coordinator(world, RUN_B, "control2")
    endings = interleave(world, one.acquire, other.acquire, [index % 2 == 0 for index in range(200)])
    assert sum(ending.has_succeeded for ending in endings) == 1
    assert len(set(locks(world).values())) == 1
