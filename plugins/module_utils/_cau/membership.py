# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which inventory host is which node of the cluster, as the nodes themselves say it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from .._errors import OperationError
from .._wmi.cluster import ClusterInfo, GroupState, ResourceGroup
from .._wmi.errors import NotAClusterNodeError, ProviderMissingError
from .errors import MembershipError

if t.TYPE_CHECKING:
    from .._wmi.node_client import NodeClient


@dataclass(frozen=True)
class Membership:
    """The cluster and who is who in it.

    Args:
        cluster: the cluster's name.
        me: the node that was asked.
        nodes: per cluster node, the inventory host that it is.
        order: the nodes, fewest online groups first, then by name (cau.md 5.1).
    """

    cluster: str
    me: str
    nodes: dict[str, str]
    order: list[str]


def resolve(me: NodeClient, me_host: str, candidates: Mapping[str, Callable[[], NodeClient]]) -> Membership:
    """Find the inventory host of every node of the cluster that `me` is in.

    A host is a node when its own computer name is the node's name and it is in the same cluster; inventory names decide nothing.

    Args:
        me: a node of the cluster.
        me_host: its inventory host.
        candidates: per inventory host, what opens a client to it; those of other clusters or of none are ignored.

    Raises:
        MembershipError: a member has no inventory host, or this host is no member.
        NotAClusterNodeError: this host is in no cluster.
        OperationError: this host gave no answer.
    """
    info = me.cluster.info()
    members = [node.name for node in me.cluster.nodes()]
    spelled = {name.casefold(): name for name in members}
    own = own_node(me, me_host, info.name, members)
    asked = {host: open_client for host, open_client in candidates.items() if host != me_host}
    nodes = _seek(asked, info, spelled, {own: me_host})
    ordered = sorted(nodes, key=lambda name: (name.casefold(), name))
    return Membership(info.name, own, {name: nodes[name] for name in ordered}, update_order(ordered, me.cluster.groups()))


def _seek(
    candidates: Mapping[str, Callable[[], NodeClient]], info: ClusterInfo, spelled: Mapping[str, str], known: Mapping[str, str]
) -> dict[str, str]:
    """Return the inventory host of every node in `spelled`, or raise MembershipError; asks no more hosts than it must."""
    nodes = dict(known)
    unreachable: dict[str, str] = {}
    missing = set(spelled.values()) - set(nodes)
    for host in _likely_first(candidates, missing):
        if not missing:
            break
        try:
            node = _node_of(candidates[host], info, spelled)
        except (NotAClusterNodeError, ProviderMissingError):
            continue
        except OperationError as error:
            unreachable[host] = error.message
            continue
        if node in missing:
            nodes[node] = host
            missing.discard(node)
    if missing:
        raise _lacking(info.name, sorted(missing, key=str.casefold), unreachable, nodes)
    return nodes


def update_order(nodes: Sequence[str], groups: Sequence[ResourceGroup]) -> list[str]:
    """Return the nodes in the order of their update: fewest online groups first, then by name; core groups do not count."""
    load = Counter(group.owner_node.casefold() for group in groups if group.state is GroupState.ONLINE and not group.is_core)
    return sorted(nodes, key=lambda name: (load[name.casefold()], name.casefold()))


def _likely_first(hosts: Mapping[str, object], nodes: set[str]) -> list[str]:
    """Return all hosts, those first whose inventory name begins like a node's: it saves questions and decides nothing."""
    wanted = {name.casefold() for name in nodes}
    return sorted(hosts, key=lambda host: (host.partition(".")[0].casefold() not in wanted, host))


def own_node(me: NodeClient, me_host: str, cluster: str, members: Collection[str]) -> str:
    """Return which node of its cluster a host is.

    Args:
        me: the host.
        me_host: its name in the inventory.
        cluster: name of the cluster.
        members: its nodes.

    Raises:
        MembershipError: it is none of them.
    """
    computer = me.system.computer_name()
    own = next((name for name in members if name.casefold() == computer.casefold()), None)
    if own is None:
        raise MembershipError(
            f"the host calls itself {computer}, which is no node of cluster {cluster} ({', '.join(members)})",
            node=me_host,
            operation="members",
            remedy="Check the host's address in the inventory, and whether the node was evicted or renamed",
        )
    return own


def _node_of(open_client: Callable[[], NodeClient], info: ClusterInfo, spelled: Mapping[str, str]) -> str | None:
    """Return which node of the cluster a host is, None when it is none of them."""
    client = open_client()
    try:
        name = spelled.get(client.system.computer_name().casefold())
        if name is None:
            return None
        return name if _is_same_cluster(info, client.cluster.info()) else None
    finally:
        client.close()


def _is_same_cluster(one: ClusterInfo, other: ClusterInfo) -> bool:
    if one.name.casefold() != other.name.casefold():
        return False
    return not (one.fqdn and other.fqdn) or one.fqdn.casefold() == other.fqdn.casefold()


def _lacking(cluster: str, missing: Sequence[str], unreachable: Mapping[str, str], found: Mapping[str, str]) -> MembershipError:
    message = f"no inventory host is {_list(missing)} of cluster {cluster}"
    remedy = "Add every node of the cluster to the hosts of the play, or name the group of its nodes in the members option"
    if unreachable:
        message += "; no answer from " + "; ".join(f"{host} ({reason})" for host, reason in sorted(unreachable.items()))
        remedy = "Bring the named hosts within reach, or add the lacking nodes to the inventory"
    return MembershipError(
        message, missing=missing, no_answer=unreachable, cluster=cluster, hosts=found, operation="members", remedy=remedy
    )


def _list(names: Sequence[str]) -> str:
    return f"node {names[0]}" if len(names) == 1 else f"any of the nodes {', '.join(names)}"
