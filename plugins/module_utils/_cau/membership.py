# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which inventory host is which node of the cluster, as the nodes themselves say it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from .._wmi.node_client import NodeClient


@dataclass(frozen=True)
class Membership:
    """The cluster and who is who in it.

    Args:
        cluster: the cluster's name.
        me: the node that was asked.
        nodes: per cluster node, the inventory host that it is.
        order: the nodes, fewest online groups first, then by name.
    """

    cluster: str
    me: str
    nodes: dict[str, str]
    order: list[str]


def resolve(me: NodeClient, me_host: str, candidates: Mapping[str, Callable[[], NodeClient]]) -> Membership:
    """Find the inventory host of every node of the cluster that `me` is in.

    Args:
        me: a node of the cluster.
        me_host: its inventory host.
        candidates: per inventory host, what opens a client to it; those of other clusters or of none are ignored.

    Raises:
        MembershipError: a member has no inventory host; it names the member, and the hosts that gave no answer.
    """
    raise NotImplementedError
