# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storage health from root/microsoft/windows/storage (cau.md 2.5).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from .._wsman.client import Client


class Health(enum.IntEnum):
    """HealthStatus of disks, virtual disks and subsystems."""

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


@dataclass(frozen=True)
class VirtualDisk:
    """One storage space."""

    name: str
    health: Health
    operational_status: tuple[int, ...] = ()
    detached_reason: int | None = None


@dataclass(frozen=True)
class StorageJob:
    """One repair, rebalance or other job; state None when the node did not say."""

    name: str
    state: JobState | None
    percent: int | None = None
    is_background: bool = False
    description: str = ""


@dataclass(frozen=True)
class PhysicalDisk:
    """One disk."""

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
    """Storage as one node sees it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def virtual_disks(self) -> list[VirtualDisk]:
        """Return the storage spaces."""
        raise NotImplementedError

    def jobs(self) -> list[StorageJob]:
        """Return the storage jobs."""
        raise NotImplementedError

    def physical_disks(self) -> list[PhysicalDisk]:
        """Return the disks."""
        raise NotImplementedError

    def subsystems(self) -> list[SubSystem]:
        """Return the subsystems."""
        raise NotImplementedError
