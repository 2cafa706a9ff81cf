# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role of self-updating, kept offline during a run: what is written down, asked and undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import cau_role
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import CauError, RunLockLostError, TimeLimitError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import GroupState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld
from .helpers import RUN_B, Coordinator, journals
from .test_takeover import KilledError, killer, take_over

ROLE = "CAUHV01"


def with_role(world: FakeWorld, state: GroupState = GroupState.ONLINE) -> None:
    world.add_group(ROLE, "node1", state, group_type=117)


def take(run: Coordinator, adopted: str | None = None) -> str | None:
    return cau_role.take_offline(run.fleet, run.journal, run.world.clock, run.progress, adopted)


def bring_back(run: Coordinator) -> None:
    cau_role.bring_back(run.fleet, run.journal, run.world.clock, run.progress, ROLE)


def test_role_goes_offline_after_every_journal_says_so(world: FakeWorld, ours: Coordinator) -> None:
    with_role(world)
    ours.acquire()
    world.log.clear()
    assert take(ours) == ROLE
    calls = [(call.operation, call.node) for call in world.calls("set_text", "take_group_offline")]
    assert calls == [("set_text", "node1"), ("set_text", "node2"), ("set_text", "node3"), ("take_group_offline", "node1")]
    assert world.groups[ROLE].state is GroupState.OFFLINE
    assert ours.journal.read_cluster().cau_role_offline == ROLE


def test_role_that_is_back_leaves_nothing_in_the_journal(world: FakeWorld, ours: Coordinator) -> None:
    with_role(world)
    ours.acquire()
    take(ours)
    bring_back(ours)
    assert world.groups[ROLE].state is GroupState.ONLINE
    assert ours.journal.read_cluster().cau_role_offline is None


@pytest.mark.parametrize("state", [GroupState.OFFLINE, GroupState.FAILED])
def test_role_at_rest_is_left_as_it_is(state: GroupState, world: FakeWorld, ours: Coordinator) -> None:
    with_role(world, state)
    ours.acquire()
    assert take(ours) is None
    assert not world.calls("take_group_offline")
    assert ours.journal.read_cluster().cau_role_offline is None


def test_role_that_a_dead_run_left_offline_is_still_to_be_brought_back(world: FakeWorld, ours: Coordinator) -> None:
    with_role(world, GroupState.OFFLINE)
    ours.acquire()
    assert take(ours, ROLE) == ROLE


def test_cluster_without_role_is_told(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    assert take(ours) is None
    assert "no CAU role" in ours.progress.texts[-1]


def test_two_roles_are_refused_before_any_change(world: FakeWorld, ours: Coordinator) -> None:
    with_role(world)
    world.add_group("CAU2", "node1", group_type=117)
    ours.acquire()
    with pytest.raises(CauError, match="2 CAU roles"):
        take(ours)
    assert not world.calls("take_group_offline")


@pytest.mark.parametrize("work", [take, bring_back])
def test_role_is_not_touched_without_every_lock(work: Callable[[Coordinator], object], world: FakeWorld, ours: Coordinator) -> None:
    with_role(world, GroupState.ONLINE if work is take else GroupState.OFFLINE)
    ours.acquire()
    world.machine("node3").run_lock = None
    with pytest.raises(RunLockLostError):
        work(ours)
    assert not world.calls("take_group_offline", "bring_group_online")


@pytest.mark.parametrize(("when", "asked"), [("before", 2), ("after", 1)])
def test_lost_answer_is_decided_by_the_state_of_the_role(when: str, asked: int, world: FakeWorld, ours: Coordinator) -> None:
    with_role(world)
    ours.acquire()
    world.fault("node1", "take_group_offline", when=when)  # type: ignore[arg-type]
    assert take(ours) == ROLE
    assert len(world.calls("take_group_offline")) == asked


def test_refusal_ends_at_once_and_stays_in_the_journal(world: FakeWorld, ours: Coordinator) -> None:
    with_role(world)
    ours.acquire()
    refusal = MethodFailedError("refused", return_value=5, node="node1")
    world.fault("node1", "take_group_offline", when="refuse", error=refusal)
    with pytest.raises(MethodFailedError):
        take(ours)
    assert ours.journal.read_cluster().cau_role_offline == ROLE


def test_role_that_the_cluster_service_is_still_stopping_is_waited_for(world: FakeWorld, ours: Coordinator) -> None:
    with_role(world)
    ours.acquire()
    pending = MethodFailedError("pending", return_value=997, node="node1")
    world.fault("node1", "take_group_offline", when="refuse", error=pending)
    with pytest.raises(TimeLimitError, match="is online, and not offline"):
        take(ours)
    assert len(world.calls("take_group_offline")) == 1


def test_role_that_somebody_removed_is_not_looked_for_for_ever(world: FakeWorld, ours: Coordinator) -> None:
    with_role(world)
    ours.acquire()
    take(ours)
    del world.groups[ROLE]
    bring_back(ours)
    assert ours.journal.read_cluster().cau_role_offline is None


def test_role_comes_back_wherever_the_run_was_killed() -> None:
    offline = 0
    for number in range(1, 400):
        world = FakeWorld("HV01", ["node1", "node2"])
        with_role(world)
        killed = Coordinator(world)
        killed.acquire()
        world.before_call = killer(number)
        try:
            take(killed)
            bring_back(killed)
            killed.release()
        except KilledError:
            pass
        else:
            break
        world.before_call = None
        offline += world.groups[ROLE].state is GroupState.OFFLINE
        assert isinstance(world.clock, FakeClock)
        world.clock.advance(1000)
        heir = Coordinator(world, RUN_B, "control2")
        if take_over(heir).cau_role is not None:
            bring_back(heir)
        heir.release()
        assert world.groups[ROLE].state is GroupState.ONLINE, number
        assert journals(world) == set(), number
    assert offline > 3
