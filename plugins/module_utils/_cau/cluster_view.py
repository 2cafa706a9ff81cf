# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster as it is seen through the node in work or, while that gives no answer, through another node.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Collection

from .._errors import OperationError
from .._wmi.cluster import Cluster, ClusterNode, DrainStatus, GroupState, NodeState, NodeStatus, ResourceGroup
from .fleet import NodeWork

T = t.TypeVar("T")

# A group in one of these states still does something, or may do so, on the node that owns it.
ALIVE_STATES = frozenset({GroupState.ONLINE, GroupState.PARTIAL_ONLINE, GroupState.PENDING, GroupState.UNKNOWN})


def node_view(work: NodeWork) -> ClusterNode:
    """Return the node in work as the cluster sees it.

    Raises:
        OperationError: no node of the cluster could tell.
    """
    return _ask(work, lambda cluster: cluster.node(work.node))


def all_groups(work: NodeWork) -> list[ResourceGroup]:
    """Return all groups of the cluster.

    Raises:
        OperationError: no node of the cluster could tell.
    """
    return _ask(work, lambda cluster: cluster.groups())


def outside_view(work: NodeWork) -> ClusterNode:
    """Return the node in work as another node sees it, as its own view counts little while it joins; its own when there is no other.

    Raises:
        OperationError: no node of the cluster could tell.
    """
    return _ask(work, lambda cluster: cluster.node(work.node), order=(*work.fleet.others(work.node), work.node))


def _ask(work: NodeWork, question: Callable[[Cluster], T], order: Collection[str] = ()) -> T:
    first: OperationError | None = None
    for name in order or (work.node, *work.fleet.others(work.node)):
        try:
            return question(work.fleet.node(name).cluster)
        except OperationError as error:
            first = first or error
    if first is None:
        raise LookupError("the fleet has no node")
    raise first


def is_drained(node: ClusterNode) -> bool:
    """Return whether the node is paused and its drain has ended well; a node that was paused without drain is not drained."""
    if node.state is not NodeState.PAUSED:
        return False
    if node.drain_status is None:
        return bool((node.status_information or 0) & NodeStatus.DRAIN_COMPLETED)
    return node.drain_status is DrainStatus.COMPLETED


def alive_on(groups: Collection[ResourceGroup], node: str) -> list[str]:
    """Return the names of the groups that still do something on a node."""
    return sorted(group.name for group in groups if group.owner_node.casefold() == node.casefold() and group.state in ALIVE_STATES)


def serving(groups: Collection[ResourceGroup]) -> set[str]:
    """Return the names of the groups that are online."""
    return {group.name for group in groups if group.state is GroupState.ONLINE}


def not_serving(groups: Collection[ResourceGroup], before: Collection[str]) -> list[str]:
    """Return which of the groups that were online are not now; one that does not exist any more was removed by somebody and is no loss."""
    existing = {group.name for group in groups}
    return sorted((set(before) & existing) - serving(groups))
