# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what a fault names is there: one that fits nothing would never play, and nobody would notice."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable, Iterator

from ..model.events import FIELDS
from ..model.state import Cluster, World
from .loader import ScenarioError

Fault = dict[str, t.Any]


def check_fault(world: World, fault: Fault, where: str, file: str = "scenario") -> None:
    """Make sure that the cluster, node, group, update, disk, service and event that a fault names exist.

    Args:
        world: with the clusters of the scenario.
        fault: follows the schema.
        where: path of the fault inside the file.
        file: the file, for messages.

    Raises:
        ScenarioError: one of them does not.
    """
    clusters = [cluster for cluster in world.clusters.values() if fault.get("cluster") in {None, cluster.name}]
    if not clusters:
        raise _unknown(file, f"{where}.cluster", "cluster", fault["cluster"], world.clusters)
    for key, known in _known(clusters).items():
        if fault.get(key) is not None and fault[key] not in known:
            raise _unknown(file, f"{where}.{key}", key, fault[key], known)
    trigger = fault.get("trigger", {})
    nodes = [node for cluster in world.clusters.values() for node in cluster.nodes]
    if trigger.get("node") is not None and trigger["node"] not in nodes:
        raise _unknown(file, f"{where}.trigger.node", "node", trigger["node"], nodes)
    if trigger and trigger["event"] not in FIELDS:
        raise _unknown(file, f"{where}.trigger.event", "event", trigger["event"], FIELDS)


def _known(clusters: Iterable[Cluster]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"node": [], "group": [], "update": [], "disk": [], "service": []}
    for cluster in clusters:
        found["node"] += cluster.nodes
        found["group"] += cluster.groups
        found["update"] += _update_names(cluster)
        found["disk"] += cluster.storage.virtual_disks
        found["service"] += [name for node in cluster.nodes.values() for name in node.services]
    return found


def _update_names(cluster: Cluster) -> Iterator[str]:
    for update in cluster.updates.values():
        yield from (name for name in (update.key, update.kb, update.update_id) if name)


def _unknown(file: str, where: str, kind: str, name: str, known: Collection[str]) -> ScenarioError:
    return ScenarioError(file, where, f"there is no {kind} {name}; {kind}s: {', '.join(sorted(set(known))) or 'none'}")
