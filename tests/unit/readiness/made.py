# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A snapshot of a cluster in order, for the rules."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import UTC, datetime

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness.records import (
    Clock,
    NodeSnapshot,
    Snapshot,
    UpdateMethods,
    UpdatePolicy,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import ClusterInfo, ClusterNode, NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.operating_system import (
    LogicalDisk,
    OperatingSystemInfo,
    Service,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import ServerConfiguration

GIB = 1024**3
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("node1", "node2", "node3")
SERVICES = {
    name: Service(name, name, "Running" if mode == "Auto" else "Stopped", mode, delayed_auto_start=False, start_name="LocalSystem")
    for name, mode in (("clussvc", "Auto"), ("winrm", "Auto"), ("wuauserv", "Manual"))
}


def node(name: str, **changes: t.Any) -> NodeSnapshot:  # noqa: ANN401 - fields of any type
    """Return a node in order, with the given fields changed."""
    made = NodeSnapshot(
        name=name,
        host=f"host-{name}",
        system=OperatingSystemInfo(name.upper(), NOW, NOW, "10.0.20348", 20348, "Windows Server 2022", "C:"),
        clock=Clock(low=99.0, high=101.0),
        run_lock=None,
        node_session=None,
        journals=(),
        methods=UpdateMethods(missing=(), has_feature_updates=True),
        limits=ServerConfiguration(max_timeout_ms=7_200_000, max_envelope_kb=500, max_batch_items=None),
        services=dict(SERVICES),
        drive=LogicalDisk("C:", 100 * GIB, 50 * GIB),
        pending=(),
        policy=UpdatePolicy(options=3, is_off=False, server="http://wsus01:8530"),
        proxy=None,
        installer_rule=None,
    )
    return replace(made, **changes)


def snapshot(*nodes: NodeSnapshot, **changes: t.Any) -> Snapshot:  # noqa: ANN401
    """Return a cluster in order of three nodes, of which those are given that are not in order."""
    given = {each.name: each for each in nodes}
    made = Snapshot(
        info=ClusterInfo("HV01", "hv01.example.test", witness_dynamic_weight=1),
        members=tuple(ClusterNode(name, NodeState.UP, status_information=0, dynamic_weight=1) for name in NAMES),
        nodes=tuple(given.get(name) or node(name) for name in NAMES),
        loses_quorum=dict.fromkeys(NAMES, False),
        min_free_bytes=15 * GIB,
    )
    return replace(made, **changes)
