# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failover cluster as one of its nodes sees it: root/mscluster (cau.md 2.1, 2.2; wmi-classes.yml).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .._wsman.client import Client
from .._wsman.errors import AnswerError, FaultError
from .._wsman.instance import CimInstance, Presence
from .._wsman.kinds import Kind
from .._wsman.values import Argument
from .errors import NotAClusterNodeError, WmiError
from .remote_class import RemoteClass
from .wql import quoted

NAMESPACE = "root/mscluster"

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


class ResourceState(enum.IntEnum):
    """MSCluster_Resource.State (cau.md 2.2); unknown is -1 seen as unsigned."""

    INHERITED = 0
    INITIALIZING = 1
    ONLINE = 2
    OFFLINE = 3
    FAILED = 4
    PENDING = 128
    ONLINE_PENDING = 129
    OFFLINE_PENDING = 130
    UNKNOWN = 4294967295


_NODE_STATES = frozenset(NodeState)
_RESOURCE_STATES = frozenset(ResourceState)
_DRAIN_STATUSES = frozenset(DrainStatus)
_GROUP_STATES = frozenset(GroupState)

_NO_CLUSTER = "the machine is no node of a failover cluster, or its cluster service does not answer"
_NO_CLUSTER_REMEDY = "Check that the host is a member of the cluster and that its cluster service (ClusSvc) runs"


@dataclass(frozen=True)
class ClusterNode:
    """One member of the cluster, as the cluster sees it.

    Attributes:
        drain_status: None when the node did not say, or said a number that is not documented.
        status_information: bits of NodeStatus, None before Windows Server 2016.
        node_weight: configured vote, None when not reported.
        dynamic_weight: current vote, None when not reported.
        drain_error_code: Win32 code of the last failed drain, newest systems only.
        site: the site of the node's fault domain, None when it has none or the system knows none.
    """

    name: str
    state: NodeState
    drain_status: DrainStatus | None = None
    status_information: int | None = None
    node_weight: int | None = None
    dynamic_weight: int | None = None
    drain_error_code: int | None = None
    build_number: int | None = None
    site: str | None = None


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
class ClusterResource:
    """One resource of a clustered group, such as an address, a disk or a virtual machine.

    Attributes:
        owner_group: name of the group that it belongs to, empty when the cluster names none.
        owner_node: name of the node that owns it now, empty when the cluster names none.
        type: the name of its resource type, empty when not reported.
    """

    name: str
    state: ResourceState
    owner_group: str
    owner_node: str = ""
    type: str = ""


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
    """The cluster as one of its nodes sees it.

    Args:
        client: the connection to the node.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._cluster = self._class("MSCluster_Cluster")
        self._node = self._class("MSCluster_Node")
        self._group = self._class("MSCluster_ResourceGroup")
        self._resource = self._class("MSCluster_Resource")

    def info(self) -> ClusterInfo:
        """Return what the cluster says about itself.

        Raises:
            NotAClusterNodeError: the machine is no member of a cluster.
        """
        found = self._cluster.enumerate()
        if len(found) != 1:
            raise NotAClusterNodeError(_NO_CLUSTER, node=self._client.name, remedy=_NO_CLUSTER_REMEDY)
        return _info(found[0])

    def nodes(self) -> list[ClusterNode]:
        """Return all members of the cluster, by name."""
        return sorted((_cluster_node(found) for found in self._node.enumerate()), key=lambda node: node.name.casefold())

    def node(self, name: str) -> ClusterNode:
        """Return one member; a single short message, made for polling.

        Raises:
            WmiError: the cluster has no member of that name.
        """
        try:
            return _cluster_node(self._node.get({"Name": name}))
        except FaultError as fault:
            if not fault.is_not_found:
                raise
            # "Not found" also stands for a missing namespace: the list of nodes tells the two apart.
            names = ", ".join(node.name for node in self.nodes()) or "none at all"
            raise WmiError(f"the cluster has no node {name}, its nodes are {names}", node=self._client.name, code=fault.code) from fault

    def groups(self) -> list[ResourceGroup]:
        """Return all groups of the cluster, by name."""
        return _groups(self._group.enumerate())

    def groups_on(self, name: str) -> list[ResourceGroup]:
        """Return the groups that the node owns now, whatever their state, by name."""
        found = _groups(self._group.query(f"OwnerNode = {quoted(name)}"))
        return [group for group in found if group.owner_node.casefold() == name.casefold()]

    def groups_of_type(self, group_type: int) -> list[ResourceGroup]:
        """Return the groups of one type, by name; one short message when there are none or one."""
        return _groups(self._group.query(f"GroupType = {group_type:d}"))

    def resources(self) -> list[ClusterResource]:
        """Return all resources of the cluster, by name; they tell why a group is partly online or has failed."""
        return sorted((_cluster_resource(found) for found in self._resource.enumerate()), key=lambda one: one.name.casefold())

    def would_lose_quorum(self, name: str) -> bool:
        """Ask the cluster whether it would lose quorum if this node went down (cau.md 2.3)."""
        return self._node.call("WillOfflineLoseQuorum", {}, keys={"Name": name}, kind=Kind.READ).require_boolean("ReturnValue")

    def pause(self, name: str, drain_type: DrainType = DrainType.DRAIN, target: str | None = None) -> None:
        """Pause the node and begin to drain it, once; returns while the drain goes on.

        Args:
            name: the node as the cluster spells it.
            drain_type: with DRAIN the roles leave.
            target: node that takes the roles; None lets the cluster decide.

        Raises:
            MethodFailedError: refused; `code` is the Win32 code, such as 5987 for degraded storage (cau.md 2.4).
        """
        arguments: dict[str, Argument] = {"DrainType": int(drain_type)}
        if target is not None:
            arguments["TargetNode"] = target
        output = self._node.call("Pause", arguments, keys={"Name": name}, kind=Kind.ONCE_ONLY)
        self._node.check("Pause", output, kind=Kind.ONCE_ONLY, is_void=True)

    def resume(self, name: str, failback: FailbackType) -> None:
        """Resume the node, once.

        Args:
            name: the node as the cluster spells it.
            failback: whether and when the roles that left come back.

        Raises:
            MethodFailedError: refused; `code` 5058 says that it was not paused.
        """
        output = self._node.call("Resume", {"FailbackType": int(failback)}, keys={"Name": name}, kind=Kind.ONCE_ONLY)
        self._node.check("Resume", output, kind=Kind.ONCE_ONLY, is_void=True)

    def bring_group_online(self, name: str) -> None:
        """Ask for a group to be brought online; returns without waiting for it.

        Args:
            name: the group as the cluster spells it.

        Raises:
            MethodFailedError: refused.
        """
        self._change_group("BringOnline", name)

    def take_group_offline(self, name: str) -> None:
        """Ask for a group to be taken offline; returns without waiting for it.

        Args:
            name: the group as the cluster spells it.

        Raises:
            MethodFailedError: refused.
        """
        self._change_group("TakeOffline", name)

    def _change_group(self, method: str, name: str) -> None:
        # Seconds to wait for the new state; a longer method would need the robust form (wmi-classes.yml).
        arguments: dict[str, Argument] = {"TimeOut": 0}
        # Systems before Windows Server 2016 do not know it and refuse it (wmi-classes.yml, wsman-cim.md 4).
        if self._client.get_class(NAMESPACE, self._group.name).has_parameter(method, "Flags"):
            arguments["Flags"] = 0
        output = self._group.call(method, arguments, keys={"Name": name}, kind=Kind.IDEMPOTENT)
        self._group.check(method, output, kind=Kind.IDEMPOTENT, is_void=True)

    def _class(self, name: str) -> RemoteClass:
        return RemoteClass(
            self._client,
            NAMESPACE,
            name,
            missing_error=NotAClusterNodeError,
            missing_text=_NO_CLUSTER,
            missing_remedy=_NO_CLUSTER_REMEDY,
        )


def _info(found: CimInstance) -> ClusterInfo:
    return ClusterInfo(
        name=found.require_text("Name"),
        fqdn=found.text("Fqdn"),
        quorum_type=found.text("QuorumType"),
        dynamic_quorum_enabled=_flag(found, "DynamicQuorumEnabled"),
        witness_dynamic_weight=found.integer("WitnessDynamicWeight"),
        # Absent: a generation without Storage Spaces Direct. Nil: the node has it and does not say.
        s2d_enabled=found.presence("S2DEnabled") is not Presence.ABSENT and _flag(found, "S2DEnabled") is not False,
        drain_on_shutdown=_flag(found, "DrainOnShutdown"),
        functional_level=found.integer("ClusterFunctionalLevel"),
        backup_in_progress=_flag(found, "BackupInProgress"),
    )


def _flag(found: CimInstance, name: str) -> bool | None:
    number = found.integer(name)
    return None if number is None else number != 0


def _cluster_node(found: CimInstance) -> ClusterNode:
    drain = found.integer("NodeDrainStatus")
    state = found.integer("State")
    return ClusterNode(
        name=found.require_text("Name"),
        state=NodeState(state) if state in _NODE_STATES else NodeState.UNKNOWN,
        drain_status=DrainStatus(drain) if drain in _DRAIN_STATUSES else None,
        status_information=found.integer("StatusInformation"),
        node_weight=found.integer("NodeWeight"),
        dynamic_weight=found.integer("DynamicWeight"),
        drain_error_code=found.integer("DrainErrorCode"),
        build_number=found.integer("BuildNumber"),
        site=_site(found.texts("FaultDomain")),
    )


def _site(fault_domain: list[str]) -> str | None:
    """Return the site of a node; that the texts read "Site:Berlin", "Rack:" and "Chassis:" is inferred (wmi-classes.yml has the type)."""
    for part in fault_domain:
        kind, sign, name = part.partition(":")
        if sign and kind.strip().casefold() == "site":
            return name.strip() or None
    return None


def _cluster_resource(found: CimInstance) -> ClusterResource:
    state = found.integer("State")
    return ClusterResource(
        name=found.require_text("Name"),
        state=ResourceState(state) if state in _RESOURCE_STATES else ResourceState.UNKNOWN,
        owner_group=found.text("OwnerGroup") or "",
        owner_node=found.text("OwnerNode") or "",
        type=found.text("Type") or "",
    )


def _groups(found: list[CimInstance]) -> list[ResourceGroup]:
    return sorted((_group(each) for each in found), key=lambda group: group.name.casefold())


def _group(found: CimInstance) -> ResourceGroup:
    state = found.integer("State")
    is_core = found.boolean("IsCore")
    if is_core is None:
        raise AnswerError(f"the group {found.require_text('Name')} does not say whether it is a core group")
    return ResourceGroup(
        name=found.require_text("Name"),
        state=GroupState(state) if state in _GROUP_STATES else GroupState.UNKNOWN,
        owner_node=found.text("OwnerNode") or "",
        is_core=is_core,
        group_type=found.integer("GroupType") or 9999,
        status_information=found.integer("StatusInformation") or 0,
        priority=found.integer("Priority"),
        locked_from_moving=_flag(found, "LockedFromMoving"),
    )
