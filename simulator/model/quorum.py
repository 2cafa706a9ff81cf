# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Votes and quorum: dynamic weights, the witness, and what happens without a majority."""

from __future__ import annotations

import typing as t

from .engine import Model
from .state import Cluster, GroupState, Node, NodeState, Power


def votes(cluster: Cluster) -> dict[str, int]:
    """Return the current vote of each member and of the witness."""
    found = {node.name: node.dynamic_weight for node in cluster.members()}
    if cluster.witness != "none":
        found["witness"] = cluster.witness_weight
    return found


def would_lose(cluster: Cluster, node: Node) -> bool:
    """Return the answer of WillOfflineLoseQuorum: no majority of all current votes is left without this node.

    Whether Windows counts on moving the vote of a node that leaves cleanly is not documented; this is the strict reading.
    """
    total = sum(votes(cluster).values())
    active = sum(member.dynamic_weight for member in cluster.members() if member.has_voted)
    left = active + cluster.witness_weight - (node.dynamic_weight if node.has_voted else 0)
    return node.has_voted and 2 * left <= total


def rebalance(model: Model, cluster: Cluster) -> None:
    """Give votes anew after a change of membership."""
    before = votes(cluster)
    assign_votes(cluster)
    after = votes(cluster)
    if after != before:
        model.emit("vote_changed", cluster.name, votes=after)


def assign_votes(cluster: Cluster) -> None:
    """Give each node and the witness its vote, as dynamic quorum with a dynamic witness does."""
    for node in cluster.members():
        if cluster.dynamic_quorum:
            node.dynamic_weight = node.weight if node.has_voted else 0
        else:
            node.dynamic_weight = node.weight
    voters = [node for node in cluster.members() if node.dynamic_weight]
    is_even = len(voters) % 2 == 0
    if cluster.witness != "none":
        cluster.witness_weight = int(is_even) if cluster.dynamic_quorum else 1
    elif cluster.dynamic_quorum and is_even and voters:
        # Without a witness one of an even number of nodes gives up its vote; which one is not documented beyond a settable preference.
        voters[-1].dynamic_weight = 0


def set_node_state(model: Model, cluster: Cluster, node: Node, to: NodeState, reason: str) -> None:
    """Change a node's state in the cluster."""
    if node.state is to:
        return
    was, node.state = node.state, to
    model.emit("node_state_changed", cluster.name, node.name, **{"from": was.name.lower(), "to": to.name.lower(), "reason": reason})


def node_left(model: Model, cluster: Cluster, node: Node, reason: str) -> bool:
    """Take a node out of the active membership; returns whether the cluster goes on."""
    is_fatal = cluster.has_quorum and would_lose(cluster, node)
    set_node_state(model, cluster, node, NodeState.DOWN, reason)
    if not cluster.has_quorum:
        return False
    if is_fatal:
        _lose(model, cluster)
        return False
    rebalance(model, cluster)
    return True


def _lose(model: Model, cluster: Cluster) -> None:
    cluster.has_quorum = False
    model.emit("quorum_lost", cluster.name, votes=votes(cluster))
    for node in cluster.members():
        set_node_state(model, cluster, node, NodeState.DOWN, "quorum lost")
    for group in cluster.groups.values():
        change_group(model, cluster, group.name, GroupState.OFFLINE, "quorum lost")


def change_group(model: Model, cluster: Cluster, name: str, to: GroupState, reason: str) -> None:
    """Change a group's state."""
    group = cluster.groups[name]
    if group.state is to:
        return
    was, group.state = group.state, to
    fields: dict[str, t.Any] = {"group": name, "from": was.name.lower(), "to": to.name.lower(), "reason": reason}
    model.emit("group_state_changed", cluster.name, group.owner, **fields)
    if group.group_type == CLUSTER_UPDATE_AGENT:
        model.emit("cau_role_state_changed", cluster.name, group.owner, **fields)


CLUSTER_UPDATE_AGENT = 117
"""GroupType of the clustered role of Cluster-Aware Updating (cau.md 2.2)."""


def node_entered(model: Model, cluster: Cluster, node: Node) -> None:
    """Let a node join; a cluster without quorum forms again when the running nodes and the witness are a majority."""
    if cluster.has_quorum:
        set_node_state(model, cluster, node, NodeState.PAUSED if node.paused_by else NodeState.UP, "joined")
        rebalance(model, cluster)
        return
    waiting = [member for member in cluster.members() if member.power is Power.RUNNING or member is node]
    present = sum(member.weight for member in waiting) + int(cluster.witness != "none")
    total = sum(member.weight for member in cluster.members()) + int(cluster.witness != "none")
    if 2 * present <= total:
        return
    cluster.has_quorum = True
    for member in waiting:
        set_node_state(model, cluster, member, NodeState.PAUSED if member.paused_by else NodeState.UP, "cluster formed")
    rebalance(model, cluster)
    for group in cluster.groups.values():
        if cluster.nodes[group.owner] not in waiting:
            was, group.owner = group.owner, node.name
            model.emit(
                "group_moved", cluster.name, node.name, **{"group": group.name, "from": was, "to": node.name, "reason": "cluster formed"}
            )
        if group.was_online:
            change_group(model, cluster, group.name, GroupState.ONLINE, "cluster formed")
