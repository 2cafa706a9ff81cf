# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an administrator, another coordinator or Microsoft's own CAU does meanwhile: the `act` command of the control socket."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ..model import agent, catalogue, drain, groups, locks, power, quorum, registry, self_updating, storage
from ..model.engine import Model
from ..model.faults_win32 import NODE_NOT_AVAILABLE, win32_fault
from ..model.state import Cause, Cluster, Node, NodeState
from .model_faults import FOREIGN_GUID

Spec = dict[str, t.Any]


class ActError(Exception):
    """An act that names something that is not there."""


def _cluster(model: Model, spec: Spec) -> Cluster:
    clusters = model.world.clusters
    if "cluster" in spec:
        if spec["cluster"] not in clusters:
            raise ActError(f"there is no cluster {spec['cluster']}; clusters: {', '.join(clusters)}")
        return clusters[spec["cluster"]]
    for cluster in clusters.values():
        if spec.get("node") in cluster.nodes or spec.get("group") in cluster.groups:
            return cluster
    return next(iter(clusters.values()))


def _node(model: Model, spec: Spec) -> tuple[Cluster, Node]:
    cluster = _cluster(model, spec)
    if spec.get("node") not in cluster.nodes:
        raise ActError(f"there is no node {spec.get('node')}; nodes: {', '.join(cluster.nodes)}")
    return cluster, cluster.nodes[spec["node"]]


def _nodes(model: Model, spec: Spec) -> list[tuple[Cluster, Node]]:
    if "node" in spec:
        return [_node(model, spec)]
    cluster = _cluster(model, spec)
    return [(cluster, node) for node in cluster.members()]


def _pause(model: Model, spec: Spec) -> None:
    cluster, node = _node(model, spec)
    drain.pause(model, cluster, node, int(spec.get("drain_type", 1)), spec.get("target"), spec.get("reason"))


def _resume(model: Model, spec: Spec) -> None:
    cluster, node = _node(model, spec)
    drain.resume(model, cluster, node, int(spec.get("failback", 1)))


def _take_lock(model: Model, spec: Spec) -> None:
    for cluster, node in _nodes(model, spec):
        locks.take(model, cluster, node, spec.get("lock", "run_lock"), spec.get("guid", FOREIGN_GUID))


def _drop_lock(model: Model, spec: Spec) -> None:
    for cluster, node in _nodes(model, spec):
        locks.release(model, cluster, node, spec.get("lock", "run_lock"))


def _expire_lock(model: Model, spec: Spec) -> None:
    for cluster, node in _nodes(model, spec):
        locks.expire(model, cluster, node, spec.get("lock", "run_lock"))


def _group(model: Model, spec: Spec) -> tuple[Cluster, t.Any]:
    cluster = _cluster(model, spec)
    if spec.get("group") not in cluster.groups:
        raise ActError(f"there is no group {spec.get('group')}; groups: {', '.join(cluster.groups)}")
    return cluster, cluster.groups[spec["group"]]


def _move_group(model: Model, spec: Spec) -> None:
    cluster, group = _group(model, spec)
    groups.move_group(model, cluster, group, spec.get("to"))


def _start_group(model: Model, spec: Spec) -> None:
    cluster, group = _group(model, spec)
    groups.start_group(model, cluster.name, group.name, "administrator")


def _stop_group(model: Model, spec: Spec) -> None:
    cluster, group = _group(model, spec)
    groups.stop_group(model, cluster, group, "administrator")


def _self_update(model: Model, spec: Spec) -> None:
    cluster, group = _group(model, spec)
    self_updating.come(model, cluster, group)


def _lock_group(model: Model, spec: Spec) -> None:
    _cluster_found, group = _group(model, spec)
    group.is_locked = bool(spec.get("locked", True))


def _evict(model: Model, spec: Spec) -> None:
    cluster, node = _node(model, spec)
    if groups.owned_by(cluster, node.name) and groups.best_owner(cluster, groups.owned_by(cluster, node.name)[0]) is None:
        raise win32_fault(NODE_NOT_AVAILABLE)
    power.leave_cluster(model, cluster, node, "evicted")
    node.is_member = False
    _enable_service(node, is_enabled=False)
    node.paused_by = None
    node.drain_status = type(node.drain_status)(0)
    quorum.rebalance(model, cluster)
    model.emit("node_evicted", cluster.name, node.name, name=node.name)


def _enable_service(node: Node, *, is_enabled: bool) -> None:
    """Set how the cluster service starts: where a machine is no member it is there and disabled."""
    service = node.services[power.CLUSTER_SERVICE]
    service.is_running, service.start_mode = is_enabled, "Auto" if is_enabled else "Disabled"


def _add(model: Model, spec: Spec) -> None:
    """Let a machine that is in the scenario, as no member, join its cluster."""
    cluster, node = _node(model, spec)
    if node.is_member:
        raise ActError(f"node {node.name} is a member already")
    node.is_member = True
    _enable_service(node, is_enabled=True)
    model.emit("node_added", cluster.name, node.name, name=node.name)
    power.join(model, cluster.name, node.name, node.boot_number)


def _install(model: Model, spec: Spec) -> None:
    """Install an update, or all that are offered, as Automatic Updates or a person would."""
    cluster, node = _node(model, spec)
    wanted = spec.get("update")
    found = [update for update in cluster.updates.values() if wanted in {update.key, update.kb, update.update_id}]
    if wanted and not found:
        raise ActError(f"there is no update {wanted}; updates: {', '.join(cluster.updates)}")
    query = f"UpdateID='{found[0].update_id}'" if found else "IsInstalled=0"
    agent.start(model, cluster, node, "install", "", query, recommended=True, feature_only=False)


def _service(*, is_started: bool) -> Callable[[Model, Spec], None]:
    def act(model: Model, spec: Spec) -> None:
        cluster, node = _node(model, spec)
        service = node.services.get(spec.get("service", ""))
        if service is None:
            raise ActError(f"there is no service {spec.get('service')}; services: {', '.join(node.services)}")
        if service.is_running == is_started:
            return
        if is_started:
            power.service_started(model, cluster.name, node.name, service.name, node.boot_number)
            return
        service.is_running = False
        if service.name == power.CLUSTER_SERVICE and node.is_member and node.state is not NodeState.DOWN:
            power.leave_cluster(model, cluster, node, "cluster service stopped")

    return act


def _restart(model: Model, spec: Spec) -> None:
    cluster, node = _node(model, spec)
    power.request_restart(model, cluster, node, power.FLAG_REBOOT, float(spec.get("delay", 0)), spec.get("comment", ""), 0x80000000)


def _power_off(model: Model, spec: Spec) -> None:
    cluster, node = _node(model, spec)
    node.next_restarts.insert(0, {"name": "power off", "seconds": spec.get("seconds")})
    power.power_off(model, cluster.name, node.name, node.boot_number, reason="power loss")


def _power_on(model: Model, spec: Spec) -> None:
    cluster, node = _node(model, spec)
    power.power_on(model, cluster.name, node.name)


def _step_clock(model: Model, spec: Spec) -> None:
    cluster, node = _node(model, spec)
    node.clock_offset += float(spec["seconds"])
    model.emit("clock_stepped", cluster.name, node.name, seconds=spec["seconds"], offset=node.clock_offset)


def _status_information(model: Model, spec: Spec) -> None:
    """Set the flags of a node, such as 1 isolated or 2 quarantined."""
    _cluster_found, node = _node(model, spec)
    node.status_flags = int(spec.get("flags", 0))


def _signal(model: Model, spec: Spec) -> None:
    cluster, node = _node(model, spec)
    registry.signal_pending(model, cluster.name, node, *spec.get("signals", ["cbs"]))


def _repair(model: Model, spec: Spec) -> None:
    cluster = _cluster(model, spec)
    for disk in cluster.storage.virtual_disks.values():
        if spec.get("disk") in {None, disk.name}:
            node = spec.get("node") or next(iter(cluster.nodes))
            disk.stale.add(node)
            storage.set_disk_health(model, cluster, disk.name, 1)
            storage.start_repair(model, cluster, disk.name, node, spec.get("seconds"))


def _disk_health(model: Model, spec: Spec) -> None:
    cluster = _cluster(model, spec)
    if spec.get("disk") not in cluster.storage.virtual_disks:
        raise ActError(f"there is no disk {spec.get('disk')}; disks: {', '.join(cluster.storage.virtual_disks)}")
    storage.set_disk_health(model, cluster, spec["disk"], int(spec.get("health", 1)))


def _installed_on(model: Model, spec: Spec) -> None:
    """Count an update as installed or missing from one moment to the next."""
    cluster, node = _node(model, spec)
    for update in cluster.updates.values():
        if spec.get("update") in {update.key, update.kb, update.update_id}:
            catalogue.status(node, update).is_installed = bool(spec.get("installed", True))


ACTS: dict[str, Callable[[Model, Spec], None]] = {
    "pause_node": _pause,
    "resume_node": _resume,
    "take_lock": _take_lock,
    "drop_lock": _drop_lock,
    "expire_lock": _expire_lock,
    "move_group": _move_group,
    "start_group": _start_group,
    "stop_group": _stop_group,
    "lock_group": _lock_group,
    "self_update": _self_update,
    "evict_node": _evict,
    "add_node": _add,
    "install_update": _install,
    "mark_update": _installed_on,
    "start_service": _service(is_started=True),
    "stop_service": _service(is_started=False),
    "restart_node": _restart,
    "power_off": _power_off,
    "power_on": _power_on,
    "step_clock": _step_clock,
    "set_status_information": _status_information,
    "signal_restart": _signal,
    "repair_storage": _repair,
    "set_disk_health": _disk_health,
}


def play(model: Model, spec: Spec) -> None:
    """Do one act now.

    Raises:
        ActError: it names something unknown.
        CimFault: the cluster refuses it.
    """
    act = ACTS.get(spec.get("act", ""))
    if act is None:
        raise ActError(f"there is no act {spec.get('act')!r}; acts: {', '.join(sorted(ACTS))}")
    with model.acting(Cause("scenario")):
        act(model, spec)
