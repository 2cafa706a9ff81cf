# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the state of the cluster that the host belongs to, and who holds its run lock."""

from __future__ import annotations

import contextlib
import typing as t

from ..module_utils._cau import quorum, run_lock, storage_gate
from ..module_utils._cau.fleet import Fleet
from ..module_utils._cau.journal_view import left_behind, read_all
from ..module_utils._errors import OperationError
from ..module_utils._wmi.cluster import (
    GROUP_TYPE_CLUSTER_UPDATE_AGENT,
    ClusterInfo,
    ClusterNode,
    ClusterResource,
    ResourceGroup,
    ResourceState,
)
from ..module_utils._wmi.node_client import NodeClient
from ..module_utils._wsman.client import ServerConfiguration
from ..plugin_utils._absent import find_hosts
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task cluster_info."""

    TASK = "cluster_info"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Read everything; hosts that cannot be asked are named, not an error."""
        with contextlib.closing(task.peers.opener(task.host)()) as me:
            info = me.cluster.info()
            nodes = me.cluster.nodes()
            groups = me.cluster.groups()
            failed = [resource for resource in me.cluster.resources() if resource.state is ResourceState.FAILED]
            storage = storage_gate.findings(me, info) if info.s2d_enabled else None
            safe = [_quorum(me, info, nodes, node) for node in nodes]
            limits = me.winrm_limits()
        task.progress.cluster = info.name
        hosts, unreachable = find_hosts(task, info, nodes)
        fleet = task.fleet(info.name, hosts)
        role = next((group for group in groups if group.group_type == GROUP_TYPE_CLUSTER_UPDATE_AGENT), None)
        return {
            "cluster": _cluster(info),
            "nodes": [_node(node, hosts.get(node.name)) for node in nodes],
            "groups": [_group(group) | {"failed_resources": _failed(group, failed)} for group in groups],
            "quorum": safe,
            "locks": _locks(task, fleet),
            "journals": _journals(fleet),
            "left_behind": left_behind(fleet),
            "cau_role": _group(role) if role else None,
            "storage": storage,
            "winrm": _winrm(limits),
            "no_answer": unreachable,
        }


def _locks(task: TaskRun, fleet: Fleet) -> list[dict[str, t.Any]]:
    run = task.run_fact()
    return [dict(vars(view)) for view in run_lock.inspect(fleet, run.run_id if run else None)]


def _journals(fleet: Fleet) -> list[dict[str, t.Any]]:
    """Return every run that has left something in the journal of a node, whether its lock still stands or not."""
    found = []
    for name in fleet.names:
        # A node that has just given no answer is among those that are named.
        with contextlib.suppress(OperationError):
            found += [{"node": name} | vars(recorded) for recorded in read_all(fleet.node(name))]
    return found


def _quorum(me: NodeClient, info: ClusterInfo, nodes: list[ClusterNode], node: ClusterNode) -> dict[str, t.Any]:
    view = quorum.votes(nodes, info.witness_dynamic_weight, node.name)
    would_lose = me.cluster.would_lose_quorum(node.name)
    return {
        "node": node.name,
        "safe": view.is_safe and not would_lose,
        "would_lose_quorum": would_lose,
        "current": view.current,
        "remaining": view.remaining,
        "needed": view.needed,
    }


def _cluster(info: ClusterInfo) -> dict[str, t.Any]:
    return {
        "name": info.name,
        "fqdn": info.fqdn,
        "quorum_type": info.quorum_type,
        "dynamic_quorum": info.dynamic_quorum_enabled,
        "storage_spaces_direct": info.s2d_enabled,
        "drain_on_shutdown": info.drain_on_shutdown,
        "functional_level": info.functional_level,
    }


def _winrm(limits: ServerConfiguration | None) -> dict[str, int | None]:
    return {
        "max_timeout_ms": limits.max_timeout_ms if limits else None,
        "max_envelope_kb": limits.max_envelope_kb if limits else None,
    }


def _node(node: ClusterNode, host: str | None) -> dict[str, t.Any]:
    return {
        "name": node.name,
        "host": host,
        "state": node.state,
        "drain_status": node.drain_status,
        "vote": node.dynamic_weight,
        "build": node.build_number,
    }


def _failed(group: ResourceGroup, failed: list[ClusterResource]) -> list[dict[str, t.Any]]:
    return [{"name": one.name, "type": one.type} for one in failed if one.owner_group.casefold() == group.name.casefold()]


def _group(group: ResourceGroup) -> dict[str, t.Any]:
    return {"name": group.name, "state": group.state, "owner": group.owner_node, "core": group.is_core}
