# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storage health and the node that holds it all: nothing unreadable counts as healthy."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import ProviderMissingError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.node_client import NodeClient
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import (
    Health,
    JobState,
    OperationalStatus,
    PhysicalDisk,
    Storage,
    StorageJob,
    SubSystem,
    VirtualDisk,
)

from .scripted import ScriptedClient, fault, instance


@pytest.fixture
def client() -> ScriptedClient:
    return ScriptedClient()


@pytest.fixture
def storage(client: ScriptedClient) -> Storage:
    return Storage(client)


def test_virtual_disks_are_read(client: ScriptedClient, storage: Storage) -> None:
    disks = [
        instance("MSFT_VirtualDisk", FriendlyName="CSV2", HealthStatus=1, OperationalStatus=[11, 0xD003], DetachedReason=1),
        instance("MSFT_VirtualDisk", FriendlyName="CSV1", HealthStatus=0, OperationalStatus=[2]),
    ]
    client.on("enumerate", "MSFT_VirtualDisk", disks)
    assert storage.virtual_disks() == [
        VirtualDisk("CSV1", Health.HEALTHY, (OperationalStatus.OK,)),
        VirtualDisk("CSV2", Health.WARNING, (OperationalStatus.IN_SERVICE, OperationalStatus.INCOMPLETE), 1),
    ]


@pytest.mark.parametrize("health", [None, 5, 99])
def test_health_that_nobody_knows_is_unknown(client: ScriptedClient, storage: Storage, health: int | None) -> None:
    client.on("enumerate", "MSFT_StorageSubSystem", [instance("MSFT_StorageSubSystem", FriendlyName="S", HealthStatus=health)])
    assert storage.subsystems() == [SubSystem("S", Health.UNKNOWN)]


def test_a_disk_in_maintenance_is_seen(client: ScriptedClient, storage: Storage) -> None:
    disk = instance("MSFT_PhysicalDisk", FriendlyName="D", SerialNumber=" X1 ", HealthStatus=0, OperationalStatus=[0xD016])
    client.on("enumerate", "MSFT_PhysicalDisk", [disk])
    assert storage.physical_disks() == [PhysicalDisk("D", "X1", Health.HEALTHY, (OperationalStatus.IN_MAINTENANCE_MODE,))]


def test_jobs_are_read_and_a_strange_state_stays_open(client: ScriptedClient, storage: Storage) -> None:
    jobs = [
        instance("MSFT_StorageJob", Name="Repair", JobState=4, PercentComplete=30, IsBackgroundTask=True),
        instance("MSFT_StorageJob", Name="Odd", JobState=99),
    ]
    client.on("enumerate", "MSFT_StorageJob", jobs)
    assert storage.jobs() == [StorageJob("Odd", None), StorageJob("Repair", JobState.RUNNING, 30, True)]


def test_only_open_jobs_are_asked_for_and_one_without_a_state_is_open(client: ScriptedClient, storage: Storage) -> None:
    wql = (
        "SELECT * FROM MSFT_StorageJob WHERE JobState IS NULL"
        " OR (JobState <> 7 AND JobState <> 8 AND JobState <> 9 AND JobState <> 10)"
    )
    client.on("query", wql, [instance("MSFT_StorageJob", Name="Repair", JobState=4)])
    assert storage.open_jobs() == [StorageJob("Repair", JobState.RUNNING)]


def test_only_what_is_not_healthy_is_asked_for_and_silence_is_not_healthy(client: ScriptedClient, storage: Storage) -> None:
    for name in ("MSFT_PhysicalDisk", "MSFT_StorageSubSystem"):
        wql = f"SELECT * FROM {name} WHERE HealthStatus <> 0 OR HealthStatus IS NULL"  # noqa: S608 - WQL of a test
        client.on("query", wql, [instance(name, FriendlyName="D", HealthStatus=2)])
    assert storage.unhealthy_physical_disks() == [PhysicalDisk("D", "", Health.UNHEALTHY)]
    assert storage.unhealthy_subsystems() == [SubSystem("D", Health.UNHEALTHY)]


def test_a_node_without_the_storage_provider_says_so(client: ScriptedClient, storage: Storage) -> None:
    client.on("enumerate", "MSFT_VirtualDisk", fault(cim_status=5))
    with pytest.raises(ProviderMissingError, match="MSFT_VirtualDisk"):
        storage.virtual_disks()


def test_closing_a_node_closes_its_connection(client: ScriptedClient) -> None:
    with NodeClient(client, "node1") as node:
        assert (node.name, node.client) == ("node1", client)
    assert client.is_closed
