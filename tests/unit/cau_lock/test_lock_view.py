# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is made of a lock: ours, dead, alive or foreign."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import RunLockHeldError, RunLockUnreadableError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal import run_key
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.lock_view import LockKind, inspect, require_free

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld, Held
from .helpers import RUN_A, RUN_B, Coordinator


def kinds(coordinator: Coordinator, run_id: str | None = None) -> list[LockKind]:
    return [view.kind for view in inspect(coordinator.fleet, run_id)]


def test_free_nodes_have_no_lock(ours: Coordinator) -> None:
    assert kinds(ours) == [LockKind.NONE] * 3


def test_own_lock_is_ours(ours: Coordinator) -> None:
    ours.acquire()
    assert kinds(ours, RUN_A) == [LockKind.OURS] * 3


def test_other_run_with_a_fresh_heartbeat_is_alive(ours: Coordinator, theirs: Coordinator) -> None:
    theirs.acquire()
    assert kinds(ours, RUN_A) == [LockKind.ALIVE] * 3


@pytest.mark.parametrize(("seconds", "kind"), [(900, LockKind.ALIVE), (901, LockKind.DEAD)])
def test_heartbeat_decides_after_a_quarter_of_an_hour(
    ours: Coordinator, theirs: Coordinator, clock: FakeClock, seconds: int, kind: LockKind
) -> None:
    theirs.acquire()
    clock.advance(seconds)
    assert kinds(ours) == [kind] * 3


def test_one_fresh_heartbeat_keeps_the_whole_run_alive(ours: Coordinator, theirs: Coordinator, clock: FakeClock) -> None:
    theirs.acquire()
    clock.advance(2000)
    theirs.journal.beat("node2")
    assert kinds(ours) == [LockKind.ALIVE] * 3


def test_lock_without_journal_is_foreign(world: FakeWorld, ours: Coordinator) -> None:
    world.machine("node1").run_lock = Held(RUN_B, 0)
    assert kinds(ours) == [LockKind.FOREIGN, LockKind.NONE, LockKind.NONE]


def test_journal_without_lock_hinders_nobody(world: FakeWorld, ours: Coordinator, theirs: Coordinator) -> None:
    for name in world.machines:
        theirs.journal.open_on(name)
    assert kinds(ours) == [LockKind.NONE] * 3
    assert ours.acquire().is_changed


def test_clock_set_forward_on_one_node_kills_no_run(world: FakeWorld, ours: Coordinator, theirs: Coordinator) -> None:
    theirs.acquire()
    world.machine("node1").clock_offset = 7200
    assert kinds(ours) == [LockKind.ALIVE] * 3


def test_clock_set_back_counts_as_alive_and_is_said(world: FakeWorld, ours: Coordinator, theirs: Coordinator) -> None:
    theirs.acquire()
    for machine in world.machines.values():
        machine.clock_offset = -7200
    views = inspect(ours.fleet)
    assert [view.kind for view in views] == [LockKind.ALIVE] * 3
    assert "set back" in views[0].description


def test_heartbeat_is_judged_by_the_clock_of_its_node_alone(world: FakeWorld, ours: Coordinator, theirs: Coordinator) -> None:
    for offset, machine in zip((-86400, 0, 86400), world.machines.values(), strict=True):
        machine.clock_offset = offset
    theirs.acquire()
    assert kinds(ours) == [LockKind.ALIVE] * 3


@pytest.mark.parametrize(("name", "value"), [("Format", 2), ("Run", "{"), ("Run", "[]"), ("Heartbeat", "soon"), ("Heartbeat", "2026")])
def test_journal_that_is_not_understood_counts_as_alive(
    world: FakeWorld, ours: Coordinator, theirs: Coordinator, clock: FakeClock, name: str, value: object
) -> None:
    theirs.acquire()
    clock.advance(2000)
    for machine in world.machines.values():
        machine.registry[run_key(RUN_B)][name] = value
    with pytest.raises(RunLockHeldError) as caught:
        require_free(ours.fleet)
    assert not caught.value.is_ours_dead
    assert "not understood" in caught.value.message


def test_somebody_who_may_live_is_named_before_a_dead_run(
    world: FakeWorld, ours: Coordinator, theirs: Coordinator, clock: FakeClock
) -> None:
    theirs.acquire()
    clock.advance(2000)
    world.machine("node3").run_lock = Held("cccccccc-0000-4000-8000-00000000000c", clock.now())
    with pytest.raises(RunLockHeldError) as caught:
        require_free(ours.fleet)
    assert not caught.value.is_ours_dead
    assert caught.value.holder == "cccccccc-0000-4000-8000-00000000000c"
    assert RUN_B in caught.value.message


def test_holder_in_braces_and_capitals_is_spelled_plainly(world: FakeWorld, ours: Coordinator) -> None:
    world.machine("node1").run_lock = Held("{" + RUN_B.upper() + "}", 0)
    with pytest.raises(RunLockHeldError) as caught:
        require_free(ours.fleet)
    assert caught.value.holder == RUN_B


def test_every_silent_node_is_named(world: FakeWorld, ours: Coordinator) -> None:
    world.machine("node1").is_reachable = world.machine("node3").is_reachable = False
    with pytest.raises(RunLockUnreadableError) as caught:
        inspect(ours.fleet)
    assert caught.value.nodes == ("node1", "node3")


def test_own_session_does_not_hinder_its_run(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node1").node_session = Held(RUN_A, 0)
    require_free(ours.fleet, RUN_A)
