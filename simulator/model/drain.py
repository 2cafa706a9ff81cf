# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pause with drain and resume with failback of a cluster node (cau.md 2.1)."""

from __future__ import annotations

from . import storage
from .engine import Model, handler
from .faults_win32 import (
    DRAIN_IN_PROGRESS,
    NODE_DOWN,
    NODE_NOT_AVAILABLE,
    NODE_NOT_PAUSED,
    NODE_PAUSED,
    RESOURCE_LOCKED,
    STORAGE_DEGRADED,
    win32_fault,
    win32_text,
)
from .groups import begin_move, best_owner, end_move, move_seconds, owned_by
from .quorum import change_group, set_node_state
from .state import Cause, Cluster, DrainStatus, Group, GroupState, Node, NodeState

NO_DRAIN, DRAIN, FORCED_DRAIN = 0, 1, 2
NO_FAILBACK, IMMEDIATE, POLICY = 0, 1, 2

FLAG_DRAINING, FLAG_DRAINED, FLAG_DRAIN_FAILED = 4, 8, 16
"""Bits of StatusInformation."""


def _pause_refusal(cluster: Cluster, node: Node, drain_type: int, target: str | None) -> int | None:
    """Return the Win32 code with which a pause is refused, None when it is not."""
    if node.state not in {NodeState.UP, NodeState.PAUSED}:
        return NODE_DOWN
    if node.drain_status is DrainStatus.IN_PROGRESS:
        return DRAIN_IN_PROGRESS
    if node.state is NodeState.PAUSED and drain_type == NO_DRAIN:
        return NODE_PAUSED
    if target:
        wanted = next((other for other in cluster.members() if other.name.casefold() == target.casefold()), None)
        if wanted is None or wanted.state is not NodeState.UP:
            return NODE_NOT_AVAILABLE
    if node.state is NodeState.UP and storage.is_degraded(cluster):
        return STORAGE_DEGRADED
    return None


def pause(model: Model, cluster: Cluster, node: Node, drain_type: int, target: str | None, reason: str | None) -> None:
    """Pause a node; a drain goes on after the call has returned.

    Pausing a paused node again with a drain is a retry of the drain.

    Raises:
        CimFault: the cluster refuses.
    """
    model.emit("pause_requested", cluster.name, node.name, drain_type=drain_type, target=target, reason=reason)
    code = _pause_refusal(cluster, node, drain_type, target)
    if code is not None:
        model.emit("pause_refused", cluster.name, node.name, drain_type=drain_type, target=target, reason=f"{code}: {win32_text(code)}")
        raise win32_fault(code)
    if node.paused_by is None:
        node.paused_by = Cause(model.cause.actor, model.cause.user, model.cause.request)
    set_node_state(model, cluster, node, NodeState.PAUSED, "paused")
    storage.node_paused(model, cluster, node)
    if drain_type == NO_DRAIN:
        return
    node.drain_status, node.drain_error, node.status_flags = DrainStatus.IN_PROGRESS, 0, FLAG_DRAINING
    node.drain_target, node.drain_type = target or "", drain_type
    node.drain_number += 1
    model.emit("drain_started", cluster.name, node.name, drain_type=drain_type, target=target, reason=reason)
    model.schedule(0.5, drain_step, cluster=cluster.name, node=node.name, number=node.drain_number, is_forced=drain_type == FORCED_DRAIN)


def _must_stay(node: Node, group: Group) -> bool:
    """Return whether a scripted fault keeps this group on its node."""
    for fault in node.drain_faults:
        if fault["left"] > 0 and fault.get("group") in {None, group.name}:
            return True
    return group.is_locked


@handler
def drain_step(model: Model, cluster: str, node: str, number: int, is_forced: bool, failed: list[str] | None = None) -> None:
    """Move the next group off a draining node; the last step settles the drain."""
    found, source = model.node(cluster, node)
    if source.drain_status is not DrainStatus.IN_PROGRESS or source.drain_number != number:
        return
    stuck = list(failed or ())
    if any(group.moving_to is not None for group in owned_by(found, node)):
        # A group is leaving anyway, by a failback or an administrator: the drain is not over before it has gone.
        model.schedule(1.0, drain_step, cluster=cluster, node=node, number=number, is_forced=is_forced, failed=stuck)
        return
    for group in owned_by(found, node):
        if group.name in stuck:
            continue
        target = None if _must_stay(source, group) else best_owner(found, group, source.drain_target or None) or best_owner(found, group)
        if target is not None:
            begin_move(model, found, group, target.name)
            seconds = move_seconds(model, found, group)
            arguments = {"cluster": cluster, "node": node, "number": number, "is_forced": is_forced, "failed": stuck, "group": group.name}
            model.schedule(seconds, drain_arrival, **arguments)
            return
        if is_forced and not group.is_core:
            change_group(model, found, group.name, GroupState.OFFLINE, "forced drain")
        elif group.state is not GroupState.OFFLINE:
            stuck.append(group.name)
    _settle(model, found, source, stuck)


@handler
def drain_arrival(model: Model, cluster: str, node: str, number: int, is_forced: bool, failed: list[str], group: str) -> None:
    """Let a drained group arrive and go on with the next one."""
    found = model.world.clusters[cluster]
    entry = found.groups.get(group)
    # A node that went down in the middle of its drain has its groups failed over; there is no move to end then.
    if entry is not None and entry.moving_to is not None and entry.owner == node and end_move(model, found, entry, "drain"):
        entry.drained_from = node
    drain_step(model, cluster, node, number, is_forced, failed)


def _settle(model: Model, cluster: Cluster, node: Node, stuck: list[str]) -> None:
    for fault in node.drain_faults:
        if fault["left"] > 0:
            fault["left"] -= 1
            model.emit("fault_played", cluster.name, node.name, fault=fault["name"], operation="drain")
    if stuck:
        node.drain_status, node.drain_error, node.status_flags = DrainStatus.FAILED, RESOURCE_LOCKED, FLAG_DRAIN_FAILED
        reason = f"{RESOURCE_LOCKED}: {win32_text(RESOURCE_LOCKED)}"
        model.emit("drain_failed", cluster.name, node.name, drain_type=node.drain_type, groups_left=stuck, reason=reason)
        return
    node.drain_status, node.status_flags = DrainStatus.COMPLETED, FLAG_DRAINED
    left = [group.name for group in owned_by(cluster, node.name)]
    model.emit("drain_completed", cluster.name, node.name, drain_type=node.drain_type, groups_left=left)


def resume(model: Model, cluster: Cluster, node: Node, failback: int) -> None:
    """Resume a node and send the groups back that its drain took away.

    Raises:
        CimFault: the node is not paused.
    """
    model.emit("resume_requested", cluster.name, node.name, failback=failback)
    code = NODE_DOWN if node.state in {NodeState.DOWN, NodeState.JOINING} else NODE_NOT_PAUSED if node.state is NodeState.UP else None
    if code is not None:
        model.emit("resume_refused", cluster.name, node.name, failback=failback, reason=f"{code}: {win32_text(code)}")
        raise win32_fault(code)
    node.paused_by = None
    node.drain_status, node.drain_error, node.status_flags, node.drain_target = DrainStatus.NOT_INITIATED, 0, 0, ""
    away = [group for group in cluster.groups.values() if group.drained_from == node.name]
    back = [group for group in away if failback == IMMEDIATE or (failback == POLICY and group.auto_failback)]
    for group in away:
        group.drained_from = None
    set_node_state(model, cluster, node, NodeState.UP, "resumed")
    storage.node_resumed(model, cluster, node)
    names = [group.name for group in back]
    model.emit("resumed", cluster.name, node.name, failback=failback, groups_moved=names)
    if names:
        model.schedule(0.5, failback_step, cluster=cluster.name, node=node.name, groups=names)


@handler
def failback_step(model: Model, cluster: str, node: str, groups: list[str]) -> None:
    """Move the next group back."""
    found, target = model.node(cluster, node)
    for index, name in enumerate(groups):
        group = found.groups.get(name)
        if group is None or group.owner == node or group.moving_to is not None or group.is_locked or target.state is not NodeState.UP:
            continue
        begin_move(model, found, group, node)
        seconds = move_seconds(model, found, group)
        model.schedule(seconds, failback_arrival, cluster=cluster, node=node, group=name, rest=groups[index + 1 :])
        return


@handler
def failback_arrival(model: Model, cluster: str, node: str, group: str, rest: list[str]) -> None:
    """Let a group arrive at home and go on with the next one."""
    found = model.world.clusters[cluster]
    entry = found.groups.get(group)
    if entry is not None and entry.moving_to == node:
        end_move(model, found, entry, "failback")
    failback_step(model, cluster, node, rest)
