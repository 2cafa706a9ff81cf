# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classes of root/mscluster: what any member of a cluster says of the whole (cau.md 2)."""

from __future__ import annotations

import typing as t
import uuid
from collections.abc import Mapping

from ..cim import ClassSchema, Reference, Reply
from ..model import drain, groups, quorum
from ..model.faults_win32 import GROUP_NOT_FOUND, NO_ENDPOINT, NODE_SHUTTING_DOWN, RPC_UNAVAILABLE, win32_fault
from ..model.state import Cluster, Group, GroupState, Node, NodeState, Power
from .base import Arguments, ClassProvider, Context, Keys, Method, Values, has_keys, text_of

NAMESPACE = "root/mscluster"

_QUORUM_TYPES = {
    "none": ("Majority", 2),
    "file_share": ("Node and File Share Majority", 4),
    "disk": ("Node and Disk Majority", 3),
    "cloud": ("Node and Cloud Majority", 5),
}

_RESOURCE_STATES = {
    GroupState.ONLINE: 2,
    GroupState.OFFLINE: 3,
    GroupState.FAILED: 4,
    GroupState.PENDING: 128,
    GroupState.PARTIAL_ONLINE: 2,
}


def _identity(cluster: Cluster, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{cluster.name}.{cluster.domain}"))


class _ClusterClass(ClassProvider):
    """A class that the cluster service answers; without it on this very node there is no answer."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        if not context.node.is_member and context.cluster.behaviour.no_cluster == "empty":
            # What a machine with the feature but without a cluster answers is not documented: nothing, or an error.
            return []
        require_cluster(context)
        return self.cluster_rows(context)

    def cluster_rows(self, context: Context) -> list[Values]:
        """Return the rows; the cluster service runs."""
        raise NotImplementedError


def require_cluster(context: Context) -> None:
    """Raise the fault of a node whose cluster service does not run, or not yet (cau.md 7, 15)."""
    node = context.node
    if node.power is Power.SHUTTING_DOWN:
        raise win32_fault(NODE_SHUTTING_DOWN)
    if not node.is_member:
        raise win32_fault(NO_ENDPOINT)
    if node.state in {NodeState.DOWN, NodeState.JOINING}:
        raise win32_fault(RPC_UNAVAILABLE)


def _target(context: Context, keys: Keys) -> Node:
    for node in context.cluster.members():
        if has_keys({"Name": node.name}, keys):
            return node
    raise context.not_found("MSCluster_Node")


def _group(context: Context, keys: Keys) -> Group:
    for group in context.cluster.groups.values():
        if has_keys({"Name": group.name}, keys):
            return group
    raise win32_fault(GROUP_NOT_FOUND)


def _pause(context: Context, keys: Keys, arguments: Arguments) -> Reply:
    drain_type = arguments.get("DrainType")
    if not isinstance(drain_type, int) or drain_type not in {0, 1, 2}:
        raise context.bad_parameters()
    target, reason = text_of(arguments, "TargetNode") or None, text_of(arguments, "Reason") or None
    drain.pause(context.model, context.cluster, _target(context, keys), drain_type, target, reason)
    return Reply({})


def _resume(context: Context, keys: Keys, arguments: Arguments) -> Reply:
    failback = arguments.get("FailbackType")
    if not isinstance(failback, int) or failback not in {0, 1, 2}:
        raise context.bad_parameters()
    drain.resume(context.model, context.cluster, _target(context, keys), failback)
    return Reply({})


def _would_lose_quorum(context: Context, keys: Keys, _arguments: Arguments) -> Reply:
    return Reply({}, quorum.would_lose(context.cluster, _target(context, keys)))


class Nodes(_ClusterClass):
    """MSCluster_Node."""

    methods: t.ClassVar[Mapping[str, Method]] = {
        "Pause": _pause,
        "Resume": _resume,
        "WillOfflineLoseQuorum": _would_lose_quorum,
        "WillEvictLoseQuorum": _would_lose_quorum,
    }

    def cluster_rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        members = context.cluster.members()
        return [_node_row(context.cluster, node, number) for number, node in enumerate(members, start=1)]


def _node_row(cluster: Cluster, node: Node, number: int) -> Values:
    major, minor = (int(part) for part in node.version.split(".")[:2])
    identity = _identity(cluster, node.name)
    return {
        "Name": node.name,
        "BuildNumber": int(node.build),
        "Characteristics": 0,
        "CSDVersion": "",
        "DetectedCloudPlatform": 0,
        "DynamicWeight": node.dynamic_weight,
        "FaultDomain": [f"Site:{node.site}", "Rack:", "Chassis:"],
        "FaultDomainId": identity,
        "Flags": 0,
        "Id": str(number),
        "MajorVersion": major,
        "MinorVersion": minor,
        "NeedsPreventQuorum": 0,
        "NodeDrainStatus": int(node.drain_status),
        "NodeDrainTarget": node.drain_target,
        "NodeHighestVersion": 728_064,
        "NodeInstanceID": identity,
        "NodeLowestVersion": 728_064,
        "NodeWeight": node.weight,
        "State": int(node.state),
        "StatusInformation": node.status_flags,
        "DrainErrorCode": node.drain_error,
        "NodeFailbackStatus": 0,
        "UniqueID": identity,
    }


def _move(context: Context, keys: Keys, arguments: Arguments) -> Reply:
    name = text_of(arguments, "NodeName") or None
    groups.move_group(context.model, context.cluster, _group(context, keys), name, "client")
    return Reply({})


def _bring_online(context: Context, keys: Keys, _arguments: Arguments) -> Reply:
    groups.start_group(context.model, context.cluster.name, _group(context, keys).name, "client")
    return Reply({})


def _take_offline(context: Context, keys: Keys, _arguments: Arguments) -> Reply:
    groups.stop_group(context.model, context.cluster, _group(context, keys), "client")
    return Reply({})


def _preferred_owners(context: Context, keys: Keys, _arguments: Arguments) -> Reply:
    return Reply({"NodeNames": list(_group(context, keys).preferred_owners)})


def _group_type(context: Context, keys: Keys, _arguments: Arguments) -> Reply:
    return Reply({}, _group(context, keys).group_type)


class Groups(_ClusterClass):
    """MSCluster_ResourceGroup."""

    methods: t.ClassVar[Mapping[str, Method]] = {
        "MoveToNewNode": _move,
        "MoveToNewNodeEx": _move,
        "BringOnline": _bring_online,
        "TakeOffline": _take_offline,
        "GetPreferredOwners": _preferred_owners,
        "GetGroupType": _group_type,
    }

    def cluster_rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        return [_group_row(context.cluster, group) for group in context.cluster.groups.values()]


def _group_row(cluster: Cluster, group: Group) -> Values:
    return {
        "Name": group.name,
        "Characteristics": 0,
        "Flags": 0,
        "AutoFailbackType": int(group.auto_failback),
        "CCFEpoch": 0,
        "CCFEpochHigh": 0,
        "ColdStartSetting": 0,
        "DefaultOwner": 4_294_967_295,
        "FailbackWindowEnd": -1,
        "FailbackWindowStart": -1,
        "FailoverPeriod": 6,
        "FailoverThreshold": 4_294_967_295,
        "FaultDomain": 0,
        "GroupType": group.group_type,
        "Id": _identity(cluster, group.name),
        "IsCore": group.is_core,
        "OwnerNode": group.owner,
        "PersistentState": group.was_online,
        "PlacementOptions": 0,
        "Priority": group.priority,
        "ResiliencyPeriod": 240,
        "State": int(group.state),
        "StatusInformation": 1 if group.is_locked else 0,
        "UpdateDomain": 0,
        "LockedFromMoving": int(group.is_locked),
    }


class Resources(_ClusterClass):
    """MSCluster_Resource: one or more per group, and the witness."""

    def cluster_rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        cluster = context.cluster
        return [
            {
                "Name": name,
                "Type": kind,
                "OwnerGroup": group.name,
                "OwnerNode": group.owner,
                "State": _RESOURCE_STATES[group.state],
                "CoreResource": group.is_core,
                "QuorumCapable": kind in {"File Share Witness", "Physical Disk", "Cloud Witness"},
                "Id": _identity(cluster, name),
                "PersistentState": group.was_online,
            }
            for group in cluster.groups.values()
            for name, kind in group.resources
        ]


class Clusters(_ClusterClass):
    """MSCluster_Cluster."""

    def cluster_rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        cluster = context.cluster
        quorum_type, quorum_number = _QUORUM_TYPES[cluster.witness]
        return [
            {
                "Name": cluster.name,
                "Fqdn": f"{cluster.name}.{cluster.domain}",
                "AdminAccessPoint": 1,
                "AutoBalancerLevel": 1,
                "AutoBalancerMode": 2,
                "BackupInProgress": 0,
                "ClusterFunctionalLevel": cluster.functional_level,
                "ClusterUpgradeVersion": 8,
                "DrainOnShutdown": int(cluster.behaviour.drain_on_shutdown),
                "DynamicQuorumEnabled": int(cluster.dynamic_quorum),
                "EnableSharedVolumes": 1,
                "FixQuorum": 0,
                "QuarantineDuration": 7200,
                "QuarantineThreshold": 3,
                "QuorumPath": r"\\witness\share" if cluster.witness == "file_share" else "",
                "QuorumType": quorum_type,
                "QuorumTypeValue": quorum_number,
                "ResiliencyDefaultPeriod": 240,
                "ResiliencyLevel": 2,
                "S2DEnabled": int(cluster.storage.s2d),
                "SharedVolumesRoot": r"C:\ClusterStorage",
                "ShutdownTimeoutInMinutes": 20,
                "WitnessDynamicWeight": cluster.witness_weight,
                "MaximumParallelMigrations": 1,
            }
        ]


def _reference(class_name: str, name: str) -> Reference:
    return Reference(NAMESPACE, class_name, {"Name": name})


class NodeToActiveGroup(_ClusterClass):
    """MSCluster_NodeToActiveGroup."""

    def cluster_rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        return [
            {
                "GroupComponent": _reference("MSCluster_Node", group.owner),
                "PartComponent": _reference("MSCluster_ResourceGroup", group.name),
            }
            for group in context.cluster.groups.values()
        ]


class ClusterServices(ClassProvider):
    """MSCluster_Service: the cluster service of this node."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        is_running = context.node.is_member and context.node.services["ClusSvc"].is_running
        state = "Running" if is_running else "Stopped"
        values: Values = {"Name": "Cluster Service", "SystemName": context.node.name, "Started": is_running, "State": state}
        return [values | {"StartMode": "Automatic", "Status": "OK"}] if context.node.is_member else []


class Utilities(ClassProvider):
    """MSCluster_ClusterUtilities."""

    methods: t.ClassVar[Mapping[str, Method]] = {
        "IsClusterSupported": lambda _context, _keys, _arguments: Reply({}, True),
        "IsStorageSpacesDirectSupported": lambda context, _keys, _arguments: Reply({}, context.cluster.storage.s2d),
    }

    def check_instance(self, context: Context, schema: ClassSchema, keys: Keys) -> None:
        """Raise a fault unless the method may be called so."""
        del context, schema, keys


PROVIDERS: dict[str, ClassProvider] = {
    "MSCluster_Node": Nodes(),
    "MSCluster_ResourceGroup": Groups(),
    "MSCluster_Resource": Resources(),
    "MSCluster_Cluster": Clusters(),
    "MSCluster_NodeToActiveGroup": NodeToActiveGroup(),
    "MSCluster_Service": ClusterServices(),
    "MSCluster_ClusterUtilities": Utilities(),
}
