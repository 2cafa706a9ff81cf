# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the storage of a Storage Spaces Direct cluster can do without a node (cau.md 2.5).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .._errors import OperationError
from .._wmi.cluster import ClusterInfo
from .._wmi.node_client import NodeClient
from .._wmi.storage import ENDED_JOB_STATES, Health, OperationalStatus, PhysicalDisk, StorageJob, SubSystem, VirtualDisk

# These jobs move healthy copies about; every other one, known or not, may be rebuilding a copy.
_HARMLESS_JOB = re.compile(r"optimi[sz]e|rebalance", re.IGNORECASE)


def findings(client: NodeClient, info: ClusterInfo, *, away: str | None = None) -> list[str]:
    """Return every reason why the storage cannot do without a node, one sentence each; empty without Storage Spaces Direct.

    Args:
        client: the node through which to look.
        info: what the cluster says about itself.
        away: a node that is paused already, whose own disks may be in maintenance mode.
    """
    if not info.s2d_enabled:
        return []
    try:
        disks = client.storage.virtual_disks()
        jobs = client.storage.jobs()
        physical = client.storage.physical_disks()
        subsystems = client.storage.subsystems()
    except OperationError as error:
        return [f"the storage could not be read: {error.message}"]
    return judge(disks, jobs, physical, subsystems, away=away)


def judge(
    disks: Sequence[VirtualDisk],
    jobs: Sequence[StorageJob],
    physical: Sequence[PhysicalDisk],
    subsystems: Sequence[SubSystem],
    *,
    away: str | None = None,
) -> list[str]:
    """Return every reason why the storage cannot do without a node, from what was read of it; see findings()."""
    found = [] if disks else ["the cluster uses Storage Spaces Direct and shows no virtual disk"]
    found += [text for disk in disks if (text := _virtual_disk(disk))]
    found += [text for job in jobs if (text := _job(job))]
    found += [text for disk in physical if (text := _physical_disk(disk, away))]
    found += [text for system in subsystems if (text := _subsystem(system))]
    return found


def waits_for_resume(client: NodeClient, info: ClusterInfo, node: str) -> list[str]:
    """Return what is wrong with the virtual disks as long as a paused node does not serve; empty when that is not what they wait for.

    Newer systems put the node's disks into maintenance mode with the pause and take them out with the resume (cau.md 2.5), so what was
    written while the node restarted is repaired only afterwards.

    Args:
        client: the node through which to look.
        info: what the cluster says about itself.
        node: the paused node.

    Raises:
        OperationError: the storage could not be read.
    """
    if not info.s2d_enabled:
        return []
    if not any(_is_in_maintenance(disk) and _is_of(disk, node) for disk in client.storage.physical_disks()):
        return []
    return [text for disk in client.storage.virtual_disks() if (text := _virtual_disk(disk))]


def _virtual_disk(disk: VirtualDisk) -> str | None:
    if disk.health is not Health.HEALTHY:
        return f"virtual disk {disk.name} is {disk.health.name.lower()}{_statuses(disk.operational_status)}"
    if not disk.operational_status:
        return f"virtual disk {disk.name} does not say how it is"
    if set(disk.operational_status) != {OperationalStatus.OK}:
        return f"virtual disk {disk.name} is not in order{_statuses(disk.operational_status)}"
    return None


def _job(job: StorageJob) -> str | None:
    if job.state in ENDED_JOB_STATES or _HARMLESS_JOB.search(job.name):
        return None
    percent = f", {job.percent} % done" if job.percent is not None else ""
    state = "in an unknown state" if job.state is None else job.state.name.lower().replace("_", " ")
    return f"storage job {job.name} is {state}{percent}"


def _physical_disk(disk: PhysicalDisk, away: str | None) -> str | None:
    # The disks of the node that is being worked on are put into maintenance mode by the pause itself on newer systems.
    if not _is_in_maintenance(disk) or (away and _is_of(disk, away)):
        return None
    return f"disk {disk.name} ({disk.serial}) is in maintenance mode"


def _is_in_maintenance(disk: PhysicalDisk) -> bool:
    return OperationalStatus.IN_MAINTENANCE_MODE in disk.operational_status


def _is_of(disk: PhysicalDisk, node: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(node)}(?![\w-])", disk.physical_location, re.IGNORECASE) is not None


def _subsystem(system: SubSystem) -> str | None:
    # A subsystem shows a warning for matters that have nothing to do with redundancy, such as an alert about a fan.
    return (
        f"storage subsystem {system.name} is {system.health.name.lower()}" if system.health in {Health.UNHEALTHY, Health.UNKNOWN} else None
    )


def _statuses(values: tuple[int, ...]) -> str:
    known = {status.value: status.name.lower().replace("_", " ") for status in OperationalStatus}
    return f" ({', '.join(known.get(value, f'status {value}') for value in values)})" if values else ""
