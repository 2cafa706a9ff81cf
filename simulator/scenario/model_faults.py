# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripted faults of the model: what goes wrong inside Windows rather than on the wire."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable

from ..cim import CimFault
from ..model import locks, power, storage
from ..model.catalogue import FOREVER
from ..model.engine import Model, handler
from ..model.state import Cause, Cluster, Node, Power
from .catalogue import number

Fault = dict[str, t.Any]

FOREIGN_GUID = "0f0e0d0c-0b0a-4909-8807-060504030201"


def name_of(fault: Fault) -> str:
    """Return what the event log calls a fault."""
    return str(fault.get("name") or fault.get("model") or fault.get("action"))


def _clusters(model: Model, fault: Fault) -> list[Cluster]:
    return [cluster for cluster in model.world.clusters.values() if fault.get("cluster") in {None, cluster.name}]


def _nodes(model: Model, fault: Fault) -> list[tuple[Cluster, Node]]:
    """Return the nodes a fault is for: the named one, else all members."""
    wanted = fault.get("node")
    return [
        (cluster, node)
        for cluster in _clusters(model, fault)
        for node in cluster.nodes.values()
        if (node.name == wanted if wanted else node.is_member)
    ]


def _next_restart(model: Model, fault: Fault, seconds: float | None) -> None:
    for _cluster, node in _nodes(model, fault):
        node.next_restarts += [{"name": name_of(fault), "seconds": seconds}] * max(fault.get("times", 1), 1)


def _no_return(model: Model, fault: Fault) -> None:
    _next_restart(model, fault, None)


def _restart_takes(model: Model, fault: Fault) -> None:
    _next_restart(model, fault, fault.get("seconds") or 1200.0)


def _drain_fails(model: Model, fault: Fault) -> None:
    for _cluster, node in _nodes(model, fault):
        node.drain_faults.append({"name": name_of(fault), "group": fault.get("group"), "left": fault.get("times", 1) or FOREVER})


def _updates(model: Model, fault: Fault) -> list[tuple[Cluster, t.Any]]:
    wanted = fault.get("update")
    return [
        (cluster, update)
        for cluster in _clusters(model, fault)
        for update in cluster.updates.values()
        if wanted in {None, update.key, update.kb, update.update_id}
    ]


def _update_fails(model: Model, fault: Fault) -> None:
    for _cluster, update in _updates(model, fault):
        update.failure = number(fault.get("hresult", 0x80070643))
        update.failure_times = fault.get("times") or None
        update.failure_nodes = (fault["node"],) if fault.get("node") else ()


def _offered_again(model: Model, fault: Fault) -> None:
    for _cluster, update in _updates(model, fault):
        update.offered_again = fault.get("times") or FOREVER
        update.offered_again_after = fault.get("when", "restart")


def _lock_aged_out(model: Model, fault: Fault) -> None:
    for cluster, node in _nodes(model, fault):
        locks.expire(model, cluster, node, fault.get("lock", "run_lock"))


def _foreign_lock(model: Model, fault: Fault) -> None:
    for cluster, node in _nodes(model, fault):
        # Whoever holds it already keeps it: a refused coordinator goes away.
        with contextlib.suppress(CimFault):
            locks.take(model, cluster, node, fault.get("lock", "run_lock"), fault.get("guid", FOREIGN_GUID))


def _clock_step(model: Model, fault: Fault) -> None:
    for cluster, node in _nodes(model, fault):
        node.clock_offset += fault.get("seconds") or 0.0
        model.emit("clock_stepped", cluster.name, node.name, seconds=fault.get("seconds"), offset=node.clock_offset)


def _service_fails(model: Model, fault: Fault) -> None:
    for _cluster, node in _nodes(model, fault):
        if fault.get("service") in node.services:
            node.services[fault["service"]].comes_back = False


def _power_loss(model: Model, fault: Fault) -> None:
    for cluster, node in _nodes(model, fault):
        if node.power is not Power.OFF:
            node.next_restarts.insert(0, {"name": name_of(fault), "seconds": fault.get("seconds")})
            power.power_off(model, cluster.name, node.name, node.boot_number, reason="power loss")


def _storage_degraded(model: Model, fault: Fault) -> None:
    for cluster in _clusters(model, fault):
        for disk in cluster.storage.virtual_disks.values():
            if fault.get("disk") in {None, disk.name}:
                node = fault.get("node") or next(iter(cluster.nodes))
                disk.stale.add(node)
                storage.set_disk_health(model, cluster, disk.name, 1)
                storage.start_repair(model, cluster, disk.name, node, fault.get("seconds"))


_KINDS: dict[str, Callable[[Model, Fault], None]] = {
    "no_return": _no_return,
    "restart_takes": _restart_takes,
    "drain_fails": _drain_fails,
    "update_fails": _update_fails,
    "offered_again": _offered_again,
    "lock_aged_out": _lock_aged_out,
    "foreign_lock": _foreign_lock,
    "clock_step": _clock_step,
    "service_fails": _service_fails,
    "power_loss": _power_loss,
    "storage_degraded": _storage_degraded,
}

_LATER = {"no_return", "restart_takes", "drain_fails"}
"""Kinds whose effect, and with it the event, comes later."""


@handler
def play_fault(model: Model, fault: Fault) -> None:
    """Let a fault of the model happen now."""
    before, model.cause = model.cause, Cause("scenario")
    try:
        if fault["model"] not in _LATER:
            for cluster in _clusters(model, fault):
                model.emit("fault_played", cluster.name, fault.get("node"), fault=name_of(fault), operation=fault["model"])
        _KINDS[fault["model"]](model, fault)
    finally:
        model.cause = before


def install(model: Model) -> None:
    """Start the model faults of a scenario: at once, at their time, or when their event has happened."""
    with model.acting(Cause("scenario")):
        for fault in model.world.faults:
            if "model" in fault and "trigger" not in fault:
                model.schedule(fault.get("at", 0.0), play_fault, fault=fault)

    def watch(entry: dict[str, t.Any]) -> None:
        for index, fault in enumerate(model.world.faults):
            trigger = fault.get("trigger")
            if not trigger or "model" not in fault or entry["event"] != trigger["event"]:
                continue
            if trigger.get("node") not in {None, entry["node"]} or fault.get("cluster") not in {None, entry["cluster"]}:
                continue
            hits = model.world.fault_hits[index] = model.world.fault_hits.get(index, 0) + 1
            if hits == trigger.get("nth", 1):
                model.schedule(fault.get("at", 0.0), play_fault, fault=fault)

    model.events.listeners.append(watch)
