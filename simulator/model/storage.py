# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storage Spaces Direct: what a node's absence does to the virtual disks, and the repair afterwards (cau.md 2.5)."""

from __future__ import annotations

from .engine import Model, handler
from .state import HEALTHY, UNHEALTHY, WARNING, Cluster, Node, StorageJob, VirtualDisk


def is_degraded(cluster: Cluster) -> bool:
    """Return whether the cluster refuses to pause a node for the sake of its storage (5987)."""
    return cluster.storage.s2d and bool(
        cluster.storage.jobs or any(disk.health != HEALTHY for disk in cluster.storage.virtual_disks.values())
    )


def _set_health(model: Model, cluster: Cluster, disk: VirtualDisk) -> None:
    away = disk.missing | disk.stale
    health = HEALTHY if not away else WARNING if len(away) == 1 else UNHEALTHY
    if health != disk.health:
        disk.health = health
        model.emit("virtual_disk_health_changed", cluster.name, disk=disk.name, health=health)


def set_disk_health(model: Model, cluster: Cluster, name: str, health: int) -> None:
    """Make a virtual disk healthy or not, as a scenario or an administrator wants."""
    disk = cluster.storage.virtual_disks[name]
    if health == HEALTHY:
        # Whatever was on a node that is gone for good stands elsewhere now.
        disk.missing.clear()
        disk.stale.clear()
    if disk.health != health:
        disk.health = health
        model.emit("virtual_disk_health_changed", cluster.name, disk=name, health=health)


def node_paused(model: Model, cluster: Cluster, node: Node) -> None:
    """Put the node's disks in maintenance where the release does that by itself (cau.md 2.5, field)."""
    if cluster.storage.s2d and cluster.storage.auto_maintenance:
        for disk in cluster.storage.physical_disks:
            disk.in_maintenance = disk.in_maintenance or disk.node == node.name


def node_resumed(model: Model, cluster: Cluster, node: Node) -> None:
    """Take them out again, and let the repair begin that waited for it."""
    if cluster.storage.s2d and cluster.storage.auto_maintenance:
        for disk in cluster.storage.physical_disks:
            if disk.node == node.name:
                disk.in_maintenance = False
        _begin_repairs(model, cluster, node)


def node_left(model: Model, cluster: Cluster, node: Node) -> None:
    """Degrade the virtual disks: a part of each is on the node that went down."""
    if not cluster.storage.s2d:
        return
    for physical in cluster.storage.physical_disks:
        physical.is_lost = physical.is_lost or physical.node == node.name
    for job in [job for job in cluster.storage.jobs.values() if job.node == node.name]:
        _end_job(model, cluster, job)
    for disk in cluster.storage.virtual_disks.values():
        disk.stale.discard(node.name)
        disk.missing.add(node.name)
        _set_health(model, cluster, disk)


def node_entered(model: Model, cluster: Cluster, node: Node) -> None:
    """Bring the node's disks back; what was written meanwhile has to be repaired."""
    if not cluster.storage.s2d:
        return
    for physical in cluster.storage.physical_disks:
        if physical.node == node.name:
            physical.is_lost = False
    for disk in cluster.storage.virtual_disks.values():
        if node.name in disk.missing:
            disk.missing.discard(node.name)
            disk.stale.add(node.name)
    if not any(disk.in_maintenance for disk in cluster.storage.physical_disks if disk.node == node.name):
        _begin_repairs(model, cluster, node)


def _begin_repairs(model: Model, cluster: Cluster, node: Node) -> None:
    for disk in cluster.storage.virtual_disks.values():
        if node.name in disk.stale and not any(job.disk == disk.name and job.node == node.name for job in cluster.storage.jobs.values()):
            start_repair(model, cluster, disk.name, node.name)


def start_repair(model: Model, cluster: Cluster, disk: str, node: str, seconds: float | None = None) -> None:
    """Start a repair job of a virtual disk."""
    lasts = model.jittered(cluster.storage.repair_seconds if seconds is None else seconds, cluster.timings.jitter)
    job = StorageJob(f"job-{model.world.number('storage job')}", disk, node, model.now, lasts)
    cluster.storage.jobs[job.job_id] = job
    model.emit("storage_job_started", cluster.name, disk=disk, health=cluster.storage.virtual_disks[disk].health)
    model.schedule(lasts, finish_repair, cluster=cluster.name, job=job.job_id)


def _end_job(model: Model, cluster: Cluster, job: StorageJob) -> None:
    del cluster.storage.jobs[job.job_id]
    model.emit("storage_job_ended", cluster.name, disk=job.disk, health=cluster.storage.virtual_disks[job.disk].health)


@handler
def finish_repair(model: Model, cluster: str, job: str) -> None:
    """End a repair job that was not cut short."""
    found = model.world.clusters[cluster]
    entry = found.storage.jobs.get(job)
    if entry is None:
        return
    disk = found.storage.virtual_disks[entry.disk]
    disk.stale.discard(entry.node)
    _set_health(model, found, disk)
    _end_job(model, found, entry)
