# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers of root/mscluster and the records that its classes are read into (cau.md 2.1, 2.2; wmi-classes.yml).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .._wsman.client import Client

import enum
from dataclasses import dataclass

GROUP_TYPE_CLUSTER_UPDATE_AGENT = 117
"""GroupType of the CAU clustered role (cau.md 2.2)."""


class NodeState(enum.IntEnum):
    """MSCluster_Node.State; unknown is -1 seen as unsigned."""

    UP = 0
    DOWN = 1
    PAUSED = 2
    JOINING = 3
    UNKNOWN = 4294967295


class DrainStatus(enum.IntEnum):
    """MSCluster_Node.NodeDrainStatus."""

    NOT_INITIATED = 0
    IN_PROGRESS = 1
    COMPLETED = 2
    FAILED = 3


class NodeStatus(enum.IntFlag):
    """The bits of MSCluster_Node.StatusInformation; 0 is normal."""

    ISOLATED = 0x01
    QUARANTINED = 0x02
    DRAIN_IN_PROGRESS = 0x04
    DRAIN_COMPLETED = 0x08
    DRAIN_FAILED = 0x10
    AVOID_PLACEMENT = 0x20


class DrainType(enum.IntEnum):
    """The DrainType argument of MSCluster_Node.Pause."""

    NONE = 0
    DRAIN = 1
    FORCE_DRAIN = 2


class FailbackType(enum.IntEnum):
    """The FailbackType argument of MSCluster_Node.Resume."""

    NONE = 0
    IMMEDIATE = 1
    POLICY = 2


class GroupState(enum.IntEnum):
    """MSCluster_ResourceGroup.State; unknown is -1 seen as unsigned."""

    ONLINE = 0
    OFFLINE = 1
    FAILED = 2
    PARTIAL_ONLINE = 3
    PENDING = 4
    UNKNOWN = 4294967295


@dataclass(frozen=True)
class ClusterNode:
    """One member of the cluster, as the cluster sees it.

    Attributes:
        drain_status: None when the node did not say, or said a number that is not documented.
        status_information: bits of NodeStatus, None before Windows Server 2016.
        node_weight: configured vote, None when not reported.
        dynamic_weight: current vote, None when not reported.
        drain_error_code: Win32 code of the last failed drain, newest systems only.
    """

    name: str
    state: NodeState
    drain_status: DrainStatus | None = None
    status_information: int | None = None
    node_weight: int | None = None
    dynamic_weight: int | None = None
    drain_error_code: int | None = None
    build_number: int | None = None


@dataclass(frozen=True)
class ResourceGroup:
    """One clustered role or core group.

    Attributes:
        owner_node: name of the node that owns it now, empty when the cluster names none.
        status_information: bits of GroupStatusInformation (wmi-classes.yml), 0 when not reported.
        locked_from_moving: None before the newest systems, which alone report it.
    """

    name: str
    state: GroupState
    owner_node: str
    is_core: bool = False
    group_type: int = 9999
    status_information: int = 0
    priority: int | None = None
    locked_from_moving: bool | None = None


@dataclass(frozen=True)
class ClusterInfo:
    """What the cluster says about itself.

    Attributes:
        s2d_enabled: whether it uses Storage Spaces Direct; also True when the node has the property but did not fill it in,
            so that storage is looked at rather than believed.
        witness_dynamic_weight: current vote of the witness, None when not reported.
        functional_level: ClusterFunctionalLevel, None when not reported.
    """

    name: str
    fqdn: str | None = None
    quorum_type: str | None = None
    dynamic_quorum_enabled: bool | None = None
    witness_dynamic_weight: int | None = None
    s2d_enabled: bool = False
    drain_on_shutdown: bool | None = None
    functional_level: int | None = None
    backup_in_progress: bool | None = None


class Cluster:
    """The cluster as one of its nodes sees it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def info(self) -> ClusterInfo:
        """Return what the cluster says about itself."""
        raise NotImplementedError

    def nodes(self) -> list[ClusterNode]:
        """Return all members, by name."""
        raise NotImplementedError

    def node(self, name: str) -> ClusterNode:
        """Return one member; one message."""
        raise NotImplementedError

    def groups(self) -> list[ResourceGroup]:
        """Return all groups."""
        raise NotImplementedError

    def groups_on(self, name: str) -> list[ResourceGroup]:
        """Return the groups that the node owns now."""
        raise NotImplementedError

    def would_lose_quorum(self, name: str) -> bool:
        """Ask the cluster whether it would lose quorum without this node."""
        raise NotImplementedError

    def pause(self, name: str, drain_type: DrainType = DrainType.DRAIN, target: str | None = None) -> None:
        """Pause the node and begin to drain it; raises MethodFailedError with code 5987 and so on."""
        raise NotImplementedError

    def resume(self, name: str, failback: FailbackType) -> None:
        """Resume the node; raises MethodFailedError with code 5058 when it is not paused."""
        raise NotImplementedError
