# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The full state of a cluster as the event log and the control socket show it."""

from __future__ import annotations

import typing as t

from . import catalogue, criteria, registry
from .engine import Model
from .quorum import votes
from .state import Cause, Cluster, Lock, Node

_ALL_MISSING = criteria.parse("IsInstalled=0 and DeploymentAction='Installation'")


def _cause(cause: Cause | None) -> dict[str, t.Any] | None:
    return None if cause is None else {"actor": cause.actor, "user": cause.user, "request": cause.request}


def _lock(lock: Lock | None) -> dict[str, t.Any] | None:
    return None if lock is None else {"guid": lock.guid, "last_access": lock.last_access}


def _node(cluster: Cluster, node: Node) -> dict[str, t.Any]:
    return {
        "state": node.state.name.lower(),
        "drain_status": node.drain_status.name.lower(),
        "is_member": node.is_member,
        "power": str(node.power),
        "weight": node.weight,
        "vote": node.dynamic_weight,
        "boot_time": node.boot_time,
        "paused_by": _cause(node.paused_by),
        "pending_restart": node.pending_signals,
        "clock_offset": node.clock_offset,
        "services_running": sorted(service.name for service in node.services.values() if service.is_running),
        "run_lock": _lock(node.run_lock),
        "node_session": _lock(node.node_session),
        "updates_installed": _installed(cluster, node, is_pending=False),
        "updates_pending_restart": _installed(cluster, node, is_pending=True),
        "updates_pending": _missing(cluster, node),
        "reports": sorted(node.reports),
        "registry": registry.flat(node.registry),
    }


def _installed(cluster: Cluster, node: Node, *, is_pending: bool) -> list[str]:
    entries = node.updates.items()
    return sorted(cluster.updates[key].update_id for key, entry in entries if entry.is_installed and entry.is_pending_restart == is_pending)


def _missing(cluster: Cluster, node: Node) -> list[str]:
    return sorted(update.update_id for update in catalogue.offered(cluster, node, _ALL_MISSING, include_recommended=True))


def _storage(cluster: Cluster) -> dict[str, t.Any]:
    return {
        "s2d": cluster.storage.s2d,
        "virtual_disks": {disk.name: disk.health for disk in cluster.storage.virtual_disks.values()},
        "jobs": [{"job": job.job_id, "disk": job.disk, "node": job.node} for job in cluster.storage.jobs.values()],
        "in_maintenance": [disk.name for disk in cluster.storage.physical_disks if disk.in_maintenance],
    }


def full_state(cluster: Cluster) -> dict[str, t.Any]:
    """Return everything about a cluster that a checker may want."""
    return {
        "nodes": {node.name: _node(cluster, node) for node in cluster.nodes.values()},
        "groups": {
            group.name: {
                "owner": group.owner,
                "state": group.state.name.lower(),
                "type": group.group_type,
                "is_core": group.is_core,
                "is_locked": group.is_locked,
            }
            for group in cluster.groups.values()
        },
        "storage": _storage(cluster),
        "votes": votes(cluster),
        "has_quorum": cluster.has_quorum,
        "catalogue": {
            update.update_id: {"title": update.title, "revision": update.revision, "restart": update.restart, "nodes": update.nodes}
            for update in cluster.updates.values()
        },
    }


def emit_full_state(model: Model, event: str) -> None:
    """Write the full state of every cluster as one event each."""
    for cluster in model.world.clusters.values():
        model.emit(event, cluster.name, **full_state(cluster))
