# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restart of a machine: asked for, shutting down, off, up, services, joined."""

from __future__ import annotations

from . import agent, firmware, groups, jobs, quorum, registry, storage
from .engine import Model, handler
from .state import Cause, Cluster, DrainStatus, Node, NodeState, Power, Restart

SHUTDOWN_IN_PROGRESS, SHUTDOWN_IS_SCHEDULED, INVALID_PARAMETER = 1115, 1190, 87
FLAG_SHUTDOWN, FLAG_REBOOT, FLAG_POWER_OFF = 1, 2, 8
CLUSTER_SERVICE = "ClusSvc"


def running_services(node: Node) -> list[str]:
    """Return the names of the services that run."""
    return sorted(service.name for service in node.services.values() if service.is_running)


def request_restart(model: Model, cluster: Cluster, node: Node, flags: int, delay: float, comment: str, reason_code: int) -> int:
    """Ask a machine to shut down or restart; returns what the method of Win32_OperatingSystem returns."""
    if node.power is Power.SHUTTING_DOWN:
        return SHUTDOWN_IN_PROGRESS
    if node.restart is not None and node.restart.is_scheduled:
        return SHUTDOWN_IS_SCHEDULED
    if not flags & (FLAG_SHUTDOWN | FLAG_REBOOT | FLAG_POWER_OFF):
        return 0 if flags in {0, 4} else INVALID_PARAMETER
    cause = Cause(model.cause.actor, model.cause.user, model.cause.request)
    node.restart = Restart(reason_code, comment, returns=bool(flags & FLAG_REBOOT), cause=cause, is_scheduled=True)
    fields = {"reason_code": reason_code, "comment": comment, "flags": flags, "delay": delay, "boot_time": node.boot_time}
    model.emit("restart_requested", cluster.name, node.name, **fields, services_running=running_services(node))
    if delay > 0:
        model.schedule(delay, begin_shutdown, cluster=cluster.name, node=node.name)
    else:
        begin_shutdown(model, cluster.name, node.name)
    return 0


@handler
def begin_shutdown(model: Model, cluster: str, node: str) -> None:
    """Start to shut down."""
    found, machine = model.node(cluster, node)
    if machine.restart is None:
        return
    machine.restart.is_scheduled = False
    machine.power = Power.SHUTTING_DOWN
    timings = machine.timings or found.timings
    model.schedule(model.jittered(timings.shutdown, timings.jitter), power_off, cluster=cluster, node=node, boot_number=machine.boot_number)


@handler
def power_off(model: Model, cluster: str, node: str, boot_number: int, reason: str = "restart") -> None:
    """Switch a machine off: its cluster service, its connections and whatever it was doing end."""
    found, machine = model.node(cluster, node)
    if machine.power is Power.OFF or machine.boot_number != boot_number:
        return
    restart = machine.restart
    machine.power = Power.OFF
    machine.processes = []
    machine.servicing_until = None
    was_running = running_services(machine)
    for service in machine.services.values():
        service.is_running = False
    jobs.interrupt(model, found, machine)
    if machine.is_member:
        leave_cluster(model, found, machine, reason)
    fields = {"reason_code": restart.reason_code if restart else 0, "boot_time": machine.boot_time, "services_running": was_running}
    model.emit("node_down", cluster, node, reason=reason, **fields)
    model.set_reachable(node, False)
    seconds = _seconds_down(model, found, machine, restart)
    if seconds is not None:
        model.schedule(seconds, power_on, cluster=cluster, node=node)


def leave_cluster(model: Model, cluster: Cluster, node: Node, reason: str) -> None:
    """Take a node out of the active membership: votes, groups, storage."""
    if node.drain_status is DrainStatus.IN_PROGRESS or cluster.behaviour.drain_status_after_restart == "cleared":
        node.drain_status, node.status_flags = DrainStatus.NOT_INITIATED, 0
    if quorum.node_left(model, cluster, node, reason):
        groups.fail_over(model, cluster, node)
    storage.node_left(model, cluster, node)


def _seconds_down(model: Model, cluster: Cluster, node: Node, restart: Restart | None) -> float | None:
    """Return how long a machine is off, None for ever, with the scripted faults of its next restarts."""
    timings = node.timings or cluster.timings
    fault = node.next_restarts.pop(0) if node.next_restarts else None
    if fault is not None:
        model.emit("fault_played", cluster.name, node.name, fault=fault["name"], operation="restart")
        return None if fault["seconds"] is None else float(fault["seconds"])
    if restart is None or not restart.returns:
        return None
    return model.jittered(timings.down, timings.jitter)


@handler
def power_on(model: Model, cluster: str, node: str) -> None:
    """Start a machine: it answers at once, its services come one after the other."""
    found, machine = model.node(cluster, node)
    if machine.power is not Power.OFF:
        return
    restart, machine.restart = machine.restart, None
    machine.power = Power.STARTING
    machine.boot_number += 1
    machine.boot_time = model.now
    machine.processes = []
    agent.finish_updates(model, found, machine)
    firmware.finish(found, machine)
    registry.clear_pending(model, cluster, machine)
    reason_code = restart.reason_code if restart else 0
    model.emit("node_up", cluster, node, reason_code=reason_code, boot_time=machine.boot_time, services_running=[])
    model.set_reachable(node, True)
    timings = machine.timings or found.timings
    for service in machine.services.values():
        if service.start_mode == "Auto" and service.comes_back and not service.is_trigger_started:
            arguments = {"cluster": cluster, "node": node, "service": service.name, "boot_number": machine.boot_number}
            model.schedule(model.jittered(service.start_seconds, timings.jitter), service_started, **arguments)
    model.schedule(timings.services, machine_started, cluster=cluster, node=node, boot_number=machine.boot_number)


@handler
def service_started(model: Model, cluster: str, node: str, service: str, boot_number: int) -> None:
    """Let a service run; the cluster service begins to join."""
    found, machine = model.node(cluster, node)
    if machine.boot_number != boot_number or not machine.is_reachable or service not in machine.services:
        return
    machine.services[service].is_running = True
    if service == CLUSTER_SERVICE and machine.is_member and machine.state is NodeState.DOWN:
        if found.has_quorum:
            quorum.set_node_state(model, found, machine, NodeState.JOINING, "cluster service started")
        model.schedule((machine.timings or found.timings).join, join, cluster=cluster, node=node, boot_number=boot_number)


@handler
def machine_started(model: Model, cluster: str, node: str, boot_number: int) -> None:
    """Call a machine up whose start is over."""
    _found, machine = model.node(cluster, node)
    if machine.boot_number == boot_number and machine.power is Power.STARTING:
        machine.power = Power.RUNNING


@handler
def join(model: Model, cluster: str, node: str, boot_number: int) -> None:
    """Let a node join its cluster, paused if it was paused when it left."""
    found, machine = model.node(cluster, node)
    if machine.boot_number != boot_number or not machine.is_member or not machine.is_reachable:
        return
    if not machine.services[CLUSTER_SERVICE].is_running:
        return
    quorum.node_entered(model, found, machine)
    storage.node_entered(model, found, machine)
    if machine.state in {NodeState.UP, NodeState.PAUSED}:
        model.emit("node_joined", cluster, node, reason_code=0, boot_time=machine.boot_time, services_running=running_services(machine))
