# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking a run to stop, and how the run hears of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import RunStoppedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal import run_key
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.keeper import Keeper
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.stop_request import ask_to_stop, heed

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld
from .helpers import RUN_A, Coordinator


def ask(run: Coordinator) -> dict[str, str]:
    return ask_to_stop(run.fleet, RUN_A, run.fleet.names, "control2", "bob", run.world.clock)


@pytest.fixture
def keeper(world: FakeWorld, ours: Coordinator) -> Iterator[Keeper]:
    ours.acquire()
    keeper = Keeper(world.fleet(), ours.owner, world.clock, node="node1")
    yield keeper
    keeper.close()


def test_run_that_nobody_asked_goes_on(ours: Coordinator) -> None:
    ours.acquire()
    heed(ours.fleet, RUN_A, "node1")


def test_run_that_was_asked_is_told_by_whom(ours: Coordinator) -> None:
    ours.acquire()
    assert ask(ours) == {}
    with pytest.raises(RunStoppedError, match="bob on control2 asked the run to stop at 20:00 UTC"):
        heed(ours.fleet, RUN_A, "node1")


def test_request_is_read_on_another_node_than_the_one_in_work(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ask(ours)
    world.machine("node1").is_reachable = world.machine("node2").is_reachable = False
    with pytest.raises(RunStoppedError):
        heed(ours.fleet, RUN_A, "node1")


def test_request_that_one_node_has_missed_is_heard_all_the_same(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node1").is_reachable = False
    ask(ours)
    world.machine("node1").is_reachable = True
    with pytest.raises(RunStoppedError):
        heed(ours.fleet, RUN_A, "node3")


def test_nodes_that_do_not_take_the_request_are_named(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").is_reachable = False
    assert list(ask(ours)) == ["node2"]


def test_request_that_cannot_be_read_is_one_all_the_same(ours: Coordinator) -> None:
    ours.acquire()
    ours.fleet.node("node1").registry.set_text(run_key(RUN_A), "Stop", "soon")
    with pytest.raises(RunStoppedError, match="somebody asked the run to stop"):
        heed(ours.fleet, RUN_A)


def test_request_for_another_run_stops_nobody(ours: Coordinator, theirs: Coordinator) -> None:
    ours.acquire()
    ask(ours)
    heed(ours.fleet, theirs.run_id)


def test_keeper_hears_of_it_within_a_minute_and_goes_on_keeping(ours: Coordinator, keeper: Keeper, clock: FakeClock) -> None:
    ask(ours)
    keeper.tick()
    keeper.heed()
    clock.advance(61)
    keeper.tick()
    keeper.check()
    with pytest.raises(RunStoppedError):
        keeper.heed()


def test_request_goes_with_the_journal_of_its_run(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ask(ours)
    ours.release()
    assert not [values for machine in world.machines.values() for values in machine.registry.values() if values]
