# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verifying, renewing and releasing the run lock."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import run_lock
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    RunLockFailedError,
    RunLockLostError,
    RunLockUnreadableError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_view import read_all

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld, Held
from .helpers import RUN_A, RUN_B, Coordinator, journals, locks


def test_verify_passes_with_the_lock_on_every_node(ours: Coordinator) -> None:
    ours.acquire()
    run_lock.verify(ours.fleet, RUN_A)


def test_verify_costs_one_message_per_node(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    before = len(world.log)
    run_lock.verify(ours.fleet, RUN_A)
    assert len(world.log) - before == len(world.machines)


def test_verify_keeps_the_lock_from_ageing_out(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    ours.acquire()
    for _unused in range(3):
        clock.advance(3000)
        run_lock.verify(ours.fleet, RUN_A)
    assert set(locks(world).values()) == {RUN_A}


def test_verify_names_the_node_without_lock(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").run_lock = None
    with pytest.raises(RunLockLostError, match="node2 has none") as caught:
        run_lock.verify(ours.fleet, RUN_A)
    assert caught.value.nodes == ("node2",)


def test_verify_names_the_new_holder(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node3").run_lock = Held(RUN_B, 0)
    with pytest.raises(RunLockLostError) as caught:
        run_lock.verify(ours.fleet, RUN_A)
    assert caught.value.holders == {"node3": RUN_B}


def test_verify_counts_a_silent_node_as_no_lock(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").is_reachable = False
    with pytest.raises(RunLockUnreadableError) as caught:
        run_lock.verify(ours.fleet, RUN_A)
    assert caught.value.nodes == ("node2",)


def test_certain_loss_is_reported_before_silence(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node1").is_reachable = False
    world.machine("node2").run_lock = None
    with pytest.raises(RunLockLostError):
        run_lock.verify(ours.fleet, RUN_A)


def test_renew_sets_the_heartbeat_on_every_node(ours: Coordinator, clock: FakeClock) -> None:
    ours.acquire()
    clock.advance(800)
    run_lock.renew(ours.fleet, RUN_A, ours.journal)
    for name in ours.fleet.names:
        entry = ours.journal.read_run(name)
        assert entry is not None
        assert entry.age_seconds == 0


def test_renew_writes_a_removed_entry_again(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").registry.clear()
    run_lock.renew(ours.fleet, RUN_A, ours.journal)
    assert f"node2/{RUN_A}" in journals(world)


def test_release_removes_lock_session_and_journal(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").node_session = Held(RUN_A, 0)
    assert ours.release()
    assert set(locks(world).values()) == {None}
    assert journals(world) == set()
    assert world.machine("node2").node_session is None


def test_journal_goes_after_the_lock(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.release()
    for name in world.machines:
        operations = [call.operation for call in world.calls("delete_run_lock", "delete_tree", node=name)]
        assert operations == ["delete_run_lock", "delete_tree"]


def test_second_release_changes_nothing(ours: Coordinator) -> None:
    ours.acquire()
    assert ours.release()
    assert not ours.release()


def test_release_without_a_run_changes_nothing(world: FakeWorld, ours: Coordinator) -> None:
    assert not ours.release()
    assert set(locks(world).values()) == {None}


def test_second_release_is_content_with_the_next_run(world: FakeWorld, ours: Coordinator, theirs: Coordinator) -> None:
    ours.acquire()
    ours.release()
    theirs.acquire()
    assert not ours.release()
    assert set(locks(world).values()) == {RUN_B}
    assert journals(world) == {f"{name}/{RUN_B}" for name in world.machines}


def test_release_never_removes_what_another_holds(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").run_lock = Held(RUN_B, 0)
    world.machine("node3").node_session = Held(RUN_B, 0)
    with pytest.raises(RunLockLostError, match="node2"):
        ours.release()
    assert locks(world) == {"node1": None, "node2": RUN_B, "node3": None}
    assert world.machine("node3").node_session is not None


def test_release_goes_on_after_a_silent_node(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node2").is_reachable = False
    with pytest.raises(RunLockFailedError) as caught:
        ours.release()
    assert caught.value.may_be_left == ("node2",)
    assert locks(world) == {"node1": None, "node2": RUN_A, "node3": None}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("operation", ["delete_run_lock", "delete_node_session", "delete_tree"])
def test_lost_answer_does_not_stop_the_release(world: FakeWorld, ours: Coordinator, operation: str, when: str) -> None:
    ours.acquire()
    world.machine("node2").node_session = Held(RUN_A, 0)
    world.fault("node2", operation, when="before" if when == "before" else "after")
    assert ours.release()
    assert set(locks(world).values()) == {None}
    assert journals(world) == set()


def test_entries_of_a_node_left_out_of_service_stay(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DONE)
    ours.journal.write("node2", phase=Phase.LEFT_OUT, paused_by_us=True, reason="did not come back")
    ours.release(keep_nodes=("node2",))
    found = {name: read_all(ours.fleet.node(name)) for name in world.machines}
    assert found["node1"] == []
    for name in ("node2", "node3"):
        (run,) = found[name]
        assert [(entry.node, entry.reason) for entry in run.nodes] == [("node2", "did not come back")]
        assert run.run is not None
        assert run.run.is_released


def test_kept_entry_is_no_claim_on_the_lock_of_the_next_run(world: FakeWorld, ours: Coordinator, theirs: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node2", phase=Phase.LEFT_OUT, paused_by_us=True)
    ours.release(keep_nodes=("node2",))
    theirs.acquire()
    assert not ours.release(keep_nodes=("node2",))
    assert set(locks(world).values()) == {RUN_B}
