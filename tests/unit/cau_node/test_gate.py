# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate and the storage behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import gate
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import GateRefusedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import DrainStatus, NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import WmiError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import (
    Health,
    JobState,
    PhysicalDisk,
    StorageJob,
    SubSystem,
    VirtualDisk,
)

from ..fakes.world import FakeWorld
from .helpers import Bench

GOOD = VirtualDisk("Volume1", Health.HEALTHY, (2,))


def check(
    bench: Bench,
    node: str | None = "node1",
    *,
    storage_wait_seconds: float = 0,
    for_restart: bool = False,
    accept_down: tuple[str, ...] = (),
) -> None:
    gate.check(
        bench.work.fleet,
        node,
        clock=bench.clock,
        progress=bench.progress,
        storage_wait_seconds=storage_wait_seconds,
        for_restart=for_restart,
        accept_down=accept_down,
    )


def refusal(bench: Bench, node: str | None = "node1", *, for_restart: bool = False) -> str:
    with pytest.raises(GateRefusedError) as caught:
        check(bench, node, for_restart=for_restart)
    assert caught.value.findings
    return caught.value.message


@pytest.fixture
def s2d(world: FakeWorld) -> FakeWorld:
    world.info = replace(world.info, s2d_enabled=True)
    world.virtual_disks = [GOOD]
    world.physical_disks = [PhysicalDisk("Disk 1", "S1", Health.HEALTHY, (2,), "node1 : Bay 1")]
    world.subsystems = [SubSystem("Clustered", Health.HEALTHY)]
    return world


@pytest.mark.parametrize("node", ["node1", None])
def test_a_cluster_in_order_is_looked_at_twice_across_the_settling_time(bench: Bench, node: str | None) -> None:
    check(bench, node)

    looks = bench.world.calls("nodes")
    assert len(looks) == 2
    assert looks[1].at - looks[0].at == 15


@pytest.mark.parametrize("state", [NodeState.DOWN, NodeState.PAUSED, NodeState.JOINING, NodeState.UNKNOWN])
def test_another_node_that_is_not_up_refuses_at_once(bench: Bench, state: NodeState) -> None:
    bench.world.machine("node2").state = state

    assert f"node2 is {state.name.lower()}" in refusal(bench)
    assert len(bench.world.calls("nodes")) == 1


@pytest.mark.parametrize("status", [1, 2, 0x40])
def test_an_isolated_quarantined_or_strange_node_refuses(bench: Bench, status: int) -> None:
    bench.world.machine("node3").status_information = status

    assert "node3 is up and" in refusal(bench)


def test_a_node_that_only_avoids_placement_is_normal(bench: Bench) -> None:
    bench.world.machine("node3").status_information = 0x20

    check(bench)


def test_a_node_that_is_being_drained_by_somebody_refuses(bench: Bench) -> None:
    bench.world.machine("node3").drain_status = DrainStatus.IN_PROGRESS

    assert "node3 is being drained" in refusal(bench)


def test_trouble_that_appears_in_the_settling_time_refuses(bench: Bench) -> None:
    def fail() -> None:
        bench.world.machine("node2").state = NodeState.DOWN

    bench.world.fault("node1", "nodes", when="act", skip=1, then=fail)

    assert "node2 is down" in refusal(bench)


def test_an_accepted_node_may_be_down(bench: Bench) -> None:
    bench.world.machine("node2").state = NodeState.PAUSED

    check(bench, accept_down=("NODE2",))


def test_the_clusters_own_no_to_quorum_refuses_and_names_both_figures(bench: Bench) -> None:
    bench.world.loses_quorum = True

    message = refusal(bench)

    assert "says that it would lose quorum" in message
    assert "3 of 4 votes would remain and 3 are needed" in message


def test_the_votes_no_to_quorum_refuses_and_names_both_figures(bench: Bench) -> None:
    bench.world.info = replace(bench.world.info, witness_dynamic_weight=0)
    bench.world.machine("node3").dynamic_weight = 0

    message = refusal(bench)

    assert "says that it would keep quorum" in message
    assert "1 of 2 votes would remain and 2 are needed" in message


@pytest.mark.parametrize("operation", ["info", "nodes", "would_lose_quorum"])
def test_what_cannot_be_read_refuses(bench: Bench, operation: str) -> None:
    bench.world.fault("node1", operation, count=9)

    assert "could not be read" in refusal(bench)


def test_a_cluster_node_that_the_run_does_not_know_refuses(bench: Bench) -> None:
    world = FakeWorld("HV01", ["node1", "node2", "node3", "node4"])
    bench.world.machines["node4"] = world.machine("node4")

    assert "node4 is in the cluster and not in this run" in refusal(bench)


def test_the_target_of_a_drain_has_to_be_up_and_that_of_a_restart_paused(bench: Bench) -> None:
    assert "node1 is up, not paused" in refusal(bench, for_restart=True)
    bench.world.machine("node1").state = NodeState.PAUSED
    check(bench, for_restart=True)
    assert "node1 is paused" in refusal(bench)


@pytest.mark.usefixtures("s2d")
def test_healthy_storage_is_read_in_both_looks(bench: Bench) -> None:
    check(bench)

    assert len(bench.world.calls("virtual_disks")) == 2


def test_storage_is_not_looked_at_without_storage_spaces_direct(bench: Bench) -> None:
    bench.world.fault(None, "virtual_disks", count=9)

    check(bench)


@pytest.mark.parametrize(
    "disk",
    [
        VirtualDisk("Volume1", Health.WARNING, (2,)),
        VirtualDisk("Volume1", Health.UNKNOWN, (0xD002,)),
        VirtualDisk("Volume1", Health.HEALTHY, (11,)),
        VirtualDisk("Volume1", Health.HEALTHY, ()),
    ],
)
def test_a_virtual_disk_that_is_not_healthy_refuses(bench: Bench, s2d: FakeWorld, disk: VirtualDisk) -> None:
    s2d.virtual_disks = [GOOD, disk]

    assert "virtual disk Volume1" in refusal(bench)


def test_no_virtual_disk_at_all_refuses(bench: Bench, s2d: FakeWorld) -> None:
    s2d.virtual_disks = []

    assert "no virtual disk" in refusal(bench)


@pytest.mark.parametrize("state", [JobState.NEW, JobState.RUNNING, JobState.SUSPENDED, None])
def test_a_repair_that_has_not_ended_refuses(bench: Bench, s2d: FakeWorld, state: JobState | None) -> None:
    s2d.storage_jobs = [StorageJob("Repair", state, 40)]

    assert "storage job Repair" in refusal(bench)


@pytest.mark.parametrize("job", [StorageJob("Repair", JobState.COMPLETED), StorageJob("StoragePool-Optimize", JobState.RUNNING)])
def test_an_ended_repair_and_a_rebalance_are_no_reason(bench: Bench, s2d: FakeWorld, job: StorageJob) -> None:
    s2d.storage_jobs = [job]

    check(bench)


def test_a_disk_in_maintenance_refuses_unless_it_is_in_the_node_that_is_away(bench: Bench, s2d: FakeWorld) -> None:
    s2d.physical_disks = [PhysicalDisk("Disk 1", "S1", Health.HEALTHY, (0xD016,), "node1 : Bay 1")]

    assert "in maintenance mode" in refusal(bench)
    s2d.machine("node1").state = NodeState.PAUSED
    check(bench, for_restart=True)
    s2d.physical_disks = [PhysicalDisk("Disk 2", "S2", Health.HEALTHY, (0xD016,), "node10 : Bay 1")]
    assert "in maintenance mode" in refusal(bench, for_restart=True)


@pytest.mark.usefixtures("s2d")
@pytest.mark.parametrize("operation", ["virtual_disks", "jobs", "physical_disks", "subsystems"])
def test_storage_that_cannot_be_read_refuses(bench: Bench, operation: str) -> None:
    bench.world.fault("node1", operation, when="refuse", error=WmiError("denied"), count=9)

    assert "the storage could not be read" in refusal(bench)


def test_a_repair_may_be_waited_for_and_two_clean_looks_follow(bench: Bench, s2d: FakeWorld) -> None:
    s2d.storage_jobs = [StorageJob("Repair", JobState.RUNNING, 40)]

    def mend() -> None:
        s2d.storage_jobs = []

    s2d.fault("node1", "virtual_disks", when="act", skip=4, then=mend)

    check(bench, storage_wait_seconds=600)

    assert len(bench.world.calls("virtual_disks")) == 6
    assert any("Repair is running, 40 %" in text for text in bench.progress.texts)
    assert any("still waiting for the storage" in text for text in bench.progress.texts)


def test_a_repair_that_outlasts_its_time_refuses(bench: Bench, s2d: FakeWorld) -> None:
    s2d.storage_jobs = [StorageJob("Repair", JobState.RUNNING)]

    with pytest.raises(GateRefusedError):
        check(bench, storage_wait_seconds=120)
    assert bench.clock.now() >= 120
