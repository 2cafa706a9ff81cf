# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keeper: what it keeps fresh, what it reports and when, and how it ends."""

from __future__ import annotations

import threading
import time

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    CauError,
    NodeSessionHeldError,
    RunLockLostError,
    RunLockUnreadableError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.keeper import Keeper
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld, Held
from .helpers import RUN_A, RUN_B, Coordinator, journals

WRITES = ("create_key", "set_number", "set_text", "create_run_lock", "delete_run_lock", "delete_tree", "create_node_session")


@pytest.fixture
def keeper(ours: Coordinator, world: FakeWorld) -> Keeper:
    ours.acquire()
    world.log.clear()
    return Keeper(ours.fleet.sibling(), ours.owner, world.clock, node="node1")


def pass_time(keeper: Keeper, clock: FakeClock, seconds: float, step: float = 15) -> None:
    """Let time pass with the keeper at work."""
    end = clock.now() + seconds
    while clock.now() < end:
        clock.advance(step)
        keeper.tick()


def test_short_task_costs_no_message(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    pass_time(keeper, clock, 10, step=5)
    assert world.log == []


def test_heartbeat_and_lock_stay_fresh_for_hours(world: FakeWorld, keeper: Keeper, ours: Coordinator, clock: FakeClock) -> None:
    pass_time(keeper, clock, 3 * 3600)
    keeper.check()
    for name, machine in world.machines.items():
        assert machine.run_lock is not None
        entry = ours.journal.read_run(name)
        assert entry is not None
        assert entry.age_seconds <= 300


def test_orphan_keeps_the_lock_and_shows_no_sign_of_life(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    ours.acquire()
    gone: list[bool] = []
    keeper = Keeper(ours.fleet.sibling(), ours.owner, clock, node="node1", is_orphan=lambda: bool(gone))
    pass_time(keeper, clock, 600)
    gone.append(True)
    world.log.clear()
    pass_time(keeper, clock, 2 * 3600)
    keeper.check()
    assert world.calls("set_text") == []
    assert all(machine.run_lock is not None for machine in world.machines.values())


def test_beats_and_touches_are_as_rare_as_they_may_be(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    pass_time(keeper, clock, 3600)
    assert len(world.calls("set_text", node="node2")) == 12
    assert len(world.calls("touch_run_lock", node="node2")) == 4


def test_short_tasks_in_a_row_beat_as_often_as_a_long_one(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    ours.acquire()
    world.log.clear()
    beaten_at: float | None = clock.now()
    for _task in range(60):
        short = Keeper(ours.fleet.sibling(), ours.owner, clock, node="node1", beaten_at=beaten_at)
        pass_time(short, clock, 60, step=20)
        beaten_at = short.beaten_at
    assert len(world.calls("set_text", node="node2")) == 12
    assert not world.calls("touch_run_lock")


def test_touch_comes_in_a_long_task_although_the_heartbeat_is_known(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    ours.acquire()
    world.log.clear()
    known = Keeper(ours.fleet.sibling(), ours.owner, clock, node="node1", beaten_at=clock.now() - 290)
    pass_time(known, clock, 300)
    assert len(world.calls("touch_run_lock", node="node2")) == 1


def test_heartbeat_that_a_node_missed_is_not_told_to_the_next_task(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    ours.acquire()
    began = clock.now()
    world.machine("node2").is_reachable = False
    keeper = Keeper(ours.fleet.sibling(), ours.owner, clock, node="node2", beaten_at=began)
    pass_time(keeper, clock, 400)
    assert keeper.beaten_at == began


def test_heartbeat_is_not_known_before_the_first_one(keeper: Keeper, clock: FakeClock) -> None:
    assert keeper.beaten_at is None
    pass_time(keeper, clock, 15)
    assert keeper.beaten_at == clock.now()


def test_session_of_the_node_in_work_is_touched_alone(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    for machine in world.machines.values():
        machine.node_session = Held(RUN_A, clock.now())
    pass_time(keeper, clock, 2 * 3600)
    assert [machine.node_session is not None for machine in world.machines.values()] == [True, False, False]


def test_missing_session_is_no_loss(keeper: Keeper, clock: FakeClock) -> None:
    pass_time(keeper, clock, 1000)
    keeper.check()


def test_session_of_another_on_the_node_in_work_is_reported(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.machine("node1").node_session = Held(RUN_B, clock.now())
    pass_time(keeper, clock, 30)
    with pytest.raises(NodeSessionHeldError):
        keeper.check()


def test_lock_of_another_is_reported_at_the_first_touch(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.machine("node2").run_lock = Held(RUN_B, clock.now())
    pass_time(keeper, clock, 15)
    with pytest.raises(RunLockLostError, match=RUN_B):
        keeper.check()


def test_loss_ends_all_writing(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.machine("node1").run_lock = Held(RUN_B, clock.now())
    pass_time(keeper, clock, 15)
    pass_time(keeper, clock, 3600)
    assert not world.calls(*WRITES)


def test_missing_lock_is_lost_when_it_is_missing_again(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.machine("node2").run_lock = None
    pass_time(keeper, clock, 15)
    keeper.check()
    pass_time(keeper, clock, 30)
    with pytest.raises(RunLockLostError, match="node2 has none"):
        keeper.check()


def test_lock_that_came_back_is_looked_at_twice_again(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    held, world.machine("node2").run_lock = world.machine("node2").run_lock, None
    pass_time(keeper, clock, 15)
    world.machine("node2").run_lock = held
    pass_time(keeper, clock, 30)
    world.machine("node2").run_lock = None
    pass_time(keeper, clock, 900)
    keeper.check()
    pass_time(keeper, clock, 30)
    with pytest.raises(RunLockLostError):
        keeper.check()


def test_heartbeat_is_not_set_while_the_lock_is_missing(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.machine("node2").run_lock = None
    pass_time(keeper, clock, 15)
    assert not world.calls("set_text", node="node2")


def test_restarting_node_in_work_never_stops_the_run(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.machine("node1").is_reachable = False
    pass_time(keeper, clock, 3000)
    keeper.check()
    assert world.calls("set_text", node="node2")


def test_other_node_may_be_silent_for_a_while(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.machine("node2").is_reachable = False
    pass_time(keeper, clock, 500)
    world.machine("node2").is_reachable = True
    pass_time(keeper, clock, 100)
    world.machine("node2").is_reachable = False
    pass_time(keeper, clock, 500)
    keeper.check()


def test_other_node_that_stays_silent_stops_the_run(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.machine("node2").is_reachable = False
    pass_time(keeper, clock, 900)
    with pytest.raises(RunLockUnreadableError, match="node2 has given no answer for 10 min"):
        keeper.check()


def test_silent_node_is_tried_on_a_new_connection(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.fault("node2", "utc_now", when="before")
    opened = world.opened
    pass_time(keeper, clock, 60)
    assert world.opened == opened + len(world.machines) + 1
    assert world.calls("set_text", node="node2")


def test_removed_entry_is_written_again_while_the_lock_is_ours(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.machine("node3").registry.clear()
    pass_time(keeper, clock, 30)
    keeper.check()
    assert f"node3/{RUN_A}" in journals(world)


def test_removed_entry_is_not_written_again_for_a_lock_of_another(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    pass_time(keeper, clock, 30)
    world.machine("node3").registry.clear()
    world.machine("node3").run_lock = Held(RUN_B, clock.now())
    pass_time(keeper, clock, 300)
    with pytest.raises(RunLockLostError):
        keeper.check()
    assert world.machine("node3").registry == {}


def test_mistake_in_the_keeper_stops_the_run(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    world.fault("node2", "touch_run_lock", when="act", then=fail)
    pass_time(keeper, clock, 30)
    with pytest.raises(CauError, match="ZeroDivisionError"):
        keeper.check()


def test_closed_keeper_does_nothing_more(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    keeper.close()
    keeper.close()
    pass_time(keeper, clock, 3600)
    assert world.log == []


def test_heartbeat_whose_clock_was_read_before_the_close_is_not_written(world: FakeWorld, keeper: Keeper, clock: FakeClock) -> None:
    world.fault("node1", "utc_now", when="act", then=keeper.close)
    pass_time(keeper, clock, 30)
    assert not world.calls(*WRITES)


class TestThread:
    """With a real thread; clock seconds are short enough that nobody waits."""

    @pytest.fixture
    def fast(self) -> Coordinator:
        coordinator = Coordinator(FakeWorld("HV01", ["node1", "node2"], clock=Clock(rate=1000)))
        coordinator.acquire()
        coordinator.world.log.clear()
        return coordinator

    def wait_for(self, world: FakeWorld, *operations: str) -> None:
        end = time.monotonic() + 5
        while not world.calls(*operations) and time.monotonic() < end:
            threading.Event().wait(0.002)
        assert world.calls(*operations)

    def test_thread_beats_on_connections_of_its_own(self, fast: Coordinator) -> None:
        opened = fast.world.opened
        with Keeper(fast.fleet.sibling(), fast.owner, fast.world.clock):
            self.wait_for(fast.world, "set_text")
        assert fast.world.opened > opened

    def test_nothing_is_written_after_the_exit(self, fast: Coordinator) -> None:
        with Keeper(fast.fleet.sibling(), fast.owner, fast.world.clock, beat_seconds=1):
            self.wait_for(fast.world, "set_text")
        written = len(fast.world.calls(*WRITES))
        threading.Event().wait(0.05)
        assert len(fast.world.calls(*WRITES)) == written

    def test_exit_is_prompt_in_the_middle_of_a_pause(self, fast: Coordinator) -> None:
        begin = time.monotonic()
        with Keeper(fast.fleet.sibling(), fast.owner, Clock(), beat_seconds=3600):
            pass
        assert time.monotonic() - begin < 1

    def test_exit_does_not_wait_for_a_read_that_hangs(self, fast: Coordinator, monkeypatch: pytest.MonkeyPatch) -> None:
        hanging, release = threading.Event(), threading.Event()

        def hang() -> None:
            if threading.current_thread() is not threading.main_thread():
                hanging.set()
                release.wait(10)

        fast.world.before_call = hang
        monkeypatch.setattr("ansible_collections.cluster_aware.updating.plugins.module_utils._cau.keeper._JOIN_REAL_SECONDS", 0.05)
        begin = time.monotonic()
        with Keeper(fast.fleet.sibling(), fast.owner, fast.world.clock):
            assert hanging.wait(5)
        assert time.monotonic() - begin < 3
        release.set()
        threading.Event().wait(0.05)
        assert not fast.world.calls(*WRITES)

    def test_connections_are_closed_with_the_thread(self, fast: Coordinator) -> None:
        with Keeper(fast.fleet.sibling(), fast.owner, fast.world.clock):
            self.wait_for(fast.world, "set_text")
        assert fast.world.closed > 0

    def test_loss_found_by_the_thread_is_raised_by_check(self, fast: Coordinator) -> None:
        fast.world.machine("node2").run_lock = Held(RUN_B, fast.world.clock.now())
        with Keeper(fast.fleet.sibling(), fast.owner, fast.world.clock) as keeper:
            self.wait_for(fast.world, "run_lock")
            threading.Event().wait(0.02)
            with pytest.raises(RunLockLostError):
                keeper.check()
