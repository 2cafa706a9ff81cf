# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clustered groups: who owns them, and moves."""

from __future__ import annotations

from .engine import Model, handler
from .faults_win32 import GROUP_MOVING, NODE_NOT_AVAILABLE, RESOURCE_LOCKED, win32_fault
from .quorum import change_group
from .state import Cluster, Group, GroupState, Node, NodeState

VIRTUAL_MACHINE = 111


def owned_by(cluster: Cluster, node: str) -> list[Group]:
    """Return a node's groups, the ones with the highest priority first, as a drain takes them."""
    return sorted((group for group in cluster.groups.values() if group.owner == node), key=lambda group: (-group.priority, group.name))


def best_owner(cluster: Cluster, group: Group, wanted: str | None = None) -> Node | None:
    """Return the node that should take a group: the wanted one, else the Up node with the fewest groups; None when there is none."""
    allowed = [
        node
        for node in cluster.members()
        if node.state is NodeState.UP and node.name != group.owner and (not group.possible_owners or node.name in group.possible_owners)
    ]
    if wanted:
        return next((node for node in allowed if node.name.casefold() == wanted.casefold()), None)
    return min(allowed, key=lambda node: (len(owned_by(cluster, node.name)), node.name), default=None)


def move_seconds(model: Model, cluster: Cluster, group: Group) -> float:
    """Return how long this move lasts."""
    seconds = cluster.timings.group_move if group.move_seconds is None else group.move_seconds
    if group.state is not GroupState.ONLINE:
        seconds = min(seconds, 1.0)
    return model.jittered(seconds, cluster.timings.jitter)


def begin_move(model: Model, cluster: Cluster, group: Group, to: str) -> None:
    """Note that a group is on its way; a virtual machine stays online while it migrates, other roles go through pending."""
    group.moving_to = to
    if group.group_type != VIRTUAL_MACHINE and group.state is GroupState.ONLINE:
        change_group(model, cluster, group.name, GroupState.PENDING, "move")


def end_move(model: Model, cluster: Cluster, group: Group, reason: str) -> bool:
    """Let a group arrive; False when its target is gone meanwhile and the group stays where it was."""
    to, group.moving_to = group.moving_to, None
    target = cluster.nodes.get(to or "")
    arrives = target is not None and target.is_member and target.state is NodeState.UP
    if arrives and target is not None:
        was, group.owner = group.owner, target.name
        model.emit("group_moved", cluster.name, target.name, **{"group": group.name, "from": was, "to": target.name, "reason": reason})
    if group.state is GroupState.PENDING:
        change_group(model, cluster, group.name, GroupState.ONLINE, reason)
    return arrives


def move_group(model: Model, cluster: Cluster, group: Group, to: str | None, reason: str = "administrator") -> None:
    """Move a group on its own, as MoveToNewNode or an administrator does.

    Raises:
        CimFault: it is moving, locked, or the target cannot take it.
    """
    if group.moving_to is not None:
        raise win32_fault(GROUP_MOVING)
    if group.is_locked:
        raise win32_fault(RESOURCE_LOCKED)
    target = best_owner(cluster, group, to)
    if target is None:
        raise win32_fault(NODE_NOT_AVAILABLE)
    begin_move(model, cluster, group, target.name)
    group.drained_from = None
    model.schedule(move_seconds(model, cluster, group), finish_single_move, cluster=cluster.name, group=group.name, reason=reason)


@handler
def finish_single_move(model: Model, cluster: str, group: str, reason: str) -> None:
    """End a move that belongs to no drain."""
    found = model.world.clusters[cluster]
    if group in found.groups:
        end_move(model, found, found.groups[group], reason)


def fail_over(model: Model, cluster: Cluster, node: Node) -> None:
    """Move the groups of a node that went down with them on it: they were offline until they start elsewhere."""
    for group in owned_by(cluster, node.name):
        group.moving_to = None
        was_online = group.state in {GroupState.ONLINE, GroupState.PENDING, GroupState.PARTIAL_ONLINE}
        if was_online:
            change_group(model, cluster, group.name, GroupState.FAILED, "owner node went down")
        target = best_owner(cluster, group)
        if target is None:
            continue
        group.owner = target.name
        fields = {"group": group.name, "from": node.name, "to": target.name, "reason": "failover"}
        model.emit("group_moved", cluster.name, target.name, **fields)
        if was_online:
            model.schedule(cluster.timings.failover, start_group, cluster=cluster.name, group=group.name, reason="failover")


@handler
def start_group(model: Model, cluster: str, group: str, reason: str) -> None:
    """Bring a group online where it is."""
    found = model.world.clusters[cluster]
    entry = found.groups.get(group)
    if entry is not None and found.has_quorum and found.nodes[entry.owner].state in {NodeState.UP, NodeState.PAUSED}:
        change_group(model, found, group, GroupState.ONLINE, reason)
        entry.was_online = True


def stop_group(model: Model, cluster: Cluster, group: Group, reason: str) -> None:
    """Take a group offline."""
    change_group(model, cluster, group.name, GroupState.OFFLINE, reason)
    group.was_online = False
