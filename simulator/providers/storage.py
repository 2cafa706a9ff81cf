# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classes of root/microsoft/windows/storage (cau.md 2.5)."""

from __future__ import annotations

from ..model.state import HEALTHY, Cluster, PhysicalDisk, StorageJob, VirtualDisk
from .base import ClassProvider, Context, Values

OK, DEGRADED, IN_SERVICE, LOST_COMMUNICATION, IN_MAINTENANCE, INCOMPLETE = 2, 3, 11, 13, 0xD016, 0xD003
JOB_RUNNING = 4


def _object_id(cluster: Cluster, kind: str, name: str) -> str:
    return rf'{{1}}\\{cluster.name}\root/Microsoft/Windows/Storage/Providers_v2\SPACES_{kind}.ObjectId="{{{name}}}"'


def _status(cluster: Cluster, disk: VirtualDisk) -> list[int]:
    if any(job.disk == disk.name for job in cluster.storage.jobs.values()):
        return [IN_SERVICE]
    if disk.missing or disk.stale:
        return [DEGRADED, INCOMPLETE]
    return [OK] if disk.health == HEALTHY else [DEGRADED]


class VirtualDisks(ClassProvider):
    """MSFT_VirtualDisk."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        cluster = context.cluster
        return [
            {
                "ObjectId": _object_id(cluster, "VirtualDisk", disk.name),
                "UniqueId": f"vd-{disk.name}",
                "FriendlyName": disk.name,
                "HealthStatus": disk.health,
                "OperationalStatus": _status(cluster, disk),
                "DetachedReason": 1,
                "Access": 3,
                "FootprintOnPool": 3 * disk.size,
                "IsManualAttach": True,
                "PhysicalDiskRedundancy": 2,
                "ResiliencySettingName": "Mirror",
                "Size": disk.size,
                "Usage": 1,
            }
            for disk in cluster.storage.virtual_disks.values()
        ]


class StorageJobs(ClassProvider):
    """MSFT_StorageJob."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        return [self._row(context, job) for job in context.cluster.storage.jobs.values()]

    @staticmethod
    def _row(context: Context, job: StorageJob) -> Values:
        share = min((context.model.now - job.started).total_seconds() / max(job.seconds, 0.001), 1.0)
        total = context.cluster.storage.virtual_disks[job.disk].size // 50
        return {
            "ObjectId": _object_id(context.cluster, "StorageJob", job.job_id),
            "UniqueId": job.job_id,
            "Name": "Repair",
            "Description": f"Repair of virtual disk {job.disk}",
            "JobState": JOB_RUNNING,
            "JobStatus": "OK",
            "PercentComplete": int(100 * share),
            "BytesProcessed": int(total * share),
            "BytesTotal": total,
            "IsBackgroundTask": True,
            "OperationalStatus": [OK],
            "ErrorCode": 0,
        }


class PhysicalDisks(ClassProvider):
    """MSFT_PhysicalDisk: all disks of the pool, or the local ones without a pool."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        storage = context.cluster.storage
        disks = [disk for disk in storage.physical_disks if storage.s2d or disk.node == context.node.name]
        return [self._row(context.cluster, number, disk) for number, disk in enumerate(disks)]

    @staticmethod
    def _row(cluster: Cluster, number: int, disk: PhysicalDisk) -> Values:
        status = [LOST_COMMUNICATION] if disk.is_lost else [IN_MAINTENANCE, OK] if disk.in_maintenance else [OK]
        return {
            "ObjectId": _object_id(cluster, "PhysicalDisk", disk.serial),
            "UniqueId": disk.serial,
            "FriendlyName": disk.name,
            "HealthStatus": 1 if disk.is_lost or disk.in_maintenance else disk.health,
            "OperationalStatus": status,
            "PhysicalLocation": f"Node {disk.node} : Slot {number}",
            "SerialNumber": disk.serial,
            "BusType": 17,
            "CanPool": False,
            "DeviceId": str(1000 + number),
            "MediaType": disk.media,
            "Size": disk.size,
            "Usage": 1,
        }


class SubSystems(ClassProvider):
    """MSFT_StorageSubSystem: the machine's own one, and the clustered one with Storage Spaces Direct."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        cluster = context.cluster
        names = [(f"Windows Storage on {context.node.name}", HEALTHY)]
        if cluster.storage.s2d:
            worst = max((disk.health for disk in cluster.storage.virtual_disks.values()), default=HEALTHY)
            names.append((f"Clustered Windows Storage on {cluster.name}", worst))
        return [
            {
                "ObjectId": _object_id(cluster, "StorageSubSystem", name),
                "UniqueId": name,
                "FriendlyName": name,
                "HealthStatus": health,
                "OperationalStatus": [OK if health == HEALTHY else DEGRADED],
                "AutomaticClusteringEnabled": True,
            }
            for name, health in names
        ]


class Pools(ClassProvider):
    """MSFT_StoragePool."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        cluster = context.cluster
        if not cluster.storage.s2d:
            return []
        lost = any(disk.is_lost for disk in cluster.storage.physical_disks)
        return [
            {
                "ObjectId": _object_id(cluster, "StoragePool", "S2D"),
                "UniqueId": f"pool-{cluster.name}",
                "FriendlyName": f"S2D on {cluster.name}",
                "HealthStatus": int(lost),
                "OperationalStatus": [DEGRADED if lost else OK],
                "IsClustered": True,
                "IsPrimordial": False,
                "IsReadOnly": False,
                "Size": sum(disk.size for disk in cluster.storage.physical_disks),
            }
        ]


PROVIDERS: dict[str, ClassProvider] = {
    "MSFT_VirtualDisk": VirtualDisks(),
    "MSFT_StorageJob": StorageJobs(),
    "MSFT_PhysicalDisk": PhysicalDisks(),
    "MSFT_StorageSubSystem": SubSystems(),
    "MSFT_StoragePool": Pools(),
}
