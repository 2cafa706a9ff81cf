# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storage health from root/microsoft/windows/storage (cau.md 2.5).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from .._wsman.client import Client
from .._wsman.instance import CimInstance
from .remote_class import RemoteClass

NAMESPACE = "root/microsoft/windows/storage"


class Health(enum.IntEnum):
    """HealthStatus of disks, virtual disks and subsystems; UNKNOWN also when the node did not say, or said an undocumented number."""

    HEALTHY = 0
    WARNING = 1
    UNHEALTHY = 2
    UNKNOWN = 5


class JobState(enum.IntEnum):
    """MSFT_StorageJob.JobState."""

    NEW = 2
    STARTING = 3
    RUNNING = 4
    SUSPENDED = 5
    SHUTTING_DOWN = 6
    COMPLETED = 7
    TERMINATED = 8
    KILLED = 9
    EXCEPTION = 10
    SERVICE = 11
    QUERY_PENDING = 12


class OperationalStatus(enum.IntEnum):
    """The values of OperationalStatus that decide anything here."""

    UNKNOWN = 0
    OK = 2
    DEGRADED = 3
    IN_SERVICE = 11
    DETACHED = 0xD002
    INCOMPLETE = 0xD003
    IN_MAINTENANCE_MODE = 0xD016


ENDED_JOB_STATES = frozenset({JobState.COMPLETED, JobState.TERMINATED, JobState.KILLED, JobState.EXCEPTION})
"""A job in one of these does nothing any more."""

# A comparison with a missing value holds in no direction (WQL), so that it is named.
_NOT_HEALTHY = f"HealthStatus <> {Health.HEALTHY:d} OR HealthStatus IS NULL"
_NOT_ENDED = " AND ".join(f"JobState <> {state:d}" for state in sorted(ENDED_JOB_STATES))
_OPEN = f"JobState IS NULL OR ({_NOT_ENDED})"

_HEALTHS = frozenset(Health)
_JOB_STATES = frozenset(JobState)


@dataclass(frozen=True)
class VirtualDisk:
    """One virtual disk (storage space).

    Attributes:
        operational_status: numbers of OperationalStatus and others (wmi-classes.yml), empty when the node did not say.
        detached_reason: VirtualDiskDetachedReason of wmi-classes.yml, None when not reported.
    """

    name: str
    health: Health
    operational_status: tuple[int, ...] = ()
    detached_reason: int | None = None


@dataclass(frozen=True)
class StorageJob:
    """One repair, rebalance or other job.

    Attributes:
        state: None when the node did not say, or said an undocumented number.
        percent: how far it is, 0 to 100.
        is_background: IsBackgroundTask; False when the node did not say.
    """

    name: str
    state: JobState | None
    percent: int | None = None
    is_background: bool = False
    description: str = ""


@dataclass(frozen=True)
class PhysicalDisk:
    """One disk; operational_status as for VirtualDisk."""

    name: str
    serial: str
    health: Health
    operational_status: tuple[int, ...] = ()
    physical_location: str = ""


@dataclass(frozen=True)
class SubSystem:
    """One storage subsystem."""

    name: str
    health: Health


class Storage:
    """Storage as one node sees it; on Storage Spaces Direct every node sees all of the cluster's.

    Args:
        client: the connection to the node.
    """

    def __init__(self, client: Client) -> None:
        self._virtual_disk = self._class(client, "MSFT_VirtualDisk")
        self._job = self._class(client, "MSFT_StorageJob")
        self._physical_disk = self._class(client, "MSFT_PhysicalDisk")
        self._subsystem = self._class(client, "MSFT_StorageSubSystem")

    def virtual_disks(self) -> list[VirtualDisk]:
        """Return the virtual disks, by name."""
        found = (
            VirtualDisk(
                name=_label(each),
                health=_health(each),
                operational_status=tuple(each.integers("OperationalStatus")),
                detached_reason=each.integer("DetachedReason"),
            )
            for each in self._virtual_disk.enumerate()
        )
        return sorted(found, key=lambda disk: disk.name)

    def jobs(self) -> list[StorageJob]:
        """Return the storage jobs that the node still lists, finished ones included, by name."""
        return _jobs(self._job.enumerate())

    def open_jobs(self) -> list[StorageJob]:
        """Return the storage jobs that have not ended, by name; a single message when there is one at most."""
        return _jobs(self._job.query(_OPEN))

    def physical_disks(self) -> list[PhysicalDisk]:
        """Return the disks, by name and serial number."""
        return _physical_disks(self._physical_disk.enumerate())

    def unhealthy_physical_disks(self) -> list[PhysicalDisk]:
        """Return the disks that are not healthy, as physical_disks(); a single message when there is one at most.

        A disk in maintenance mode is one of them: its health is Warning (Microsoft's page "Storage Spaces and Storage Spaces Direct health
        and operational states").
        """
        return _physical_disks(self._physical_disk.query(_NOT_HEALTHY))

    def subsystems(self) -> list[SubSystem]:
        """Return the storage subsystems, by name."""
        return _subsystems(self._subsystem.enumerate())

    def unhealthy_subsystems(self) -> list[SubSystem]:
        """Return the storage subsystems that are not healthy, by name; a single message when there is one at most."""
        return _subsystems(self._subsystem.query(_NOT_HEALTHY))

    @staticmethod
    def _class(client: Client, name: str) -> RemoteClass:
        return RemoteClass(
            client,
            NAMESPACE,
            name,
            missing_text=f"the storage provider of the node does not know {name}",
            missing_remedy="Check that the Windows storage management provider of the node works (Get-StorageSubSystem)",
        )


def _label(found: CimInstance) -> str:
    return found.text("FriendlyName") or found.text("UniqueId") or found.text("ObjectId") or ""


def _health(found: CimInstance) -> Health:
    number = found.integer("HealthStatus")
    return Health(number) if number in _HEALTHS else Health.UNKNOWN


def _subsystems(found: Iterable[CimInstance]) -> list[SubSystem]:
    return sorted((SubSystem(name=_label(each), health=_health(each)) for each in found), key=lambda subsystem: subsystem.name)


def _physical_disks(found: Iterable[CimInstance]) -> list[PhysicalDisk]:
    disks = (
        PhysicalDisk(
            name=_label(each),
            serial=(each.text("SerialNumber") or "").strip(),
            health=_health(each),
            operational_status=tuple(each.integers("OperationalStatus")),
            physical_location=each.text("PhysicalLocation") or "",
        )
        for each in found
    )
    return sorted(disks, key=lambda disk: (disk.name, disk.serial))


def _jobs(found: Iterable[CimInstance]) -> list[StorageJob]:
    return sorted((_job(each) for each in found), key=lambda job: job.name)


def _job(found: CimInstance) -> StorageJob:
    number = found.integer("JobState")
    return StorageJob(
        name=found.text("Name") or found.text("UniqueId") or "",
        state=JobState(number) if number in _JOB_STATES else None,
        percent=found.integer("PercentComplete"),
        is_background=found.boolean("IsBackgroundTask") or False,
        description=found.text("Description") or "",
    )
