# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event log played again: what the cluster looked like when an event happened.

Written from twin.md alone, so that a mistake of the twin's model shows here instead of being repeated.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from .record import Entry

JOURNAL = "\\software\\cluster_aware.updating\\journal\\"
"""Part of the registry path below which a run keeps its journal, lower case."""

SERVING = frozenset({"online", "partial_online", "pending"})
"""States of a group that is in use, or on its way to be."""


@dataclass
class NodeView:
    """A node as the log has it so far.

    Args:
        state: up, down, paused or joining.
        paused_by: "us", "other" or None.
        is_out_by_us: not in service because of a pause or a restart that we asked for.
        installers: every installer that was started, with the run that held the lock, its program and its parameters.
        since: twin time of the last change, by the name of the attribute; missing means since the start.
    """

    name: str
    is_member: bool = True
    state: str = "up"
    paused_by: str | None = None
    is_out_by_us: bool = False
    is_restarting: bool = False
    is_draining: bool = False
    was_drained: bool = False
    lock: str | None = None
    session: str | None = None
    works: int = 0
    installers: set[tuple[str | None, str, str]] = field(default_factory=set)
    journal: dict[str, set[str]] = field(default_factory=dict)
    since: dict[str, str] = field(default_factory=dict)

    @property
    def was_evicted(self) -> bool:
        """Whether it was a member of the cluster and is none any more."""
        return not self.is_member and "is_member" in self.since


@dataclass
class GroupView:
    """A clustered group as the log has it so far."""

    name: str
    owner: str
    state: str
    since: str | None = None


@dataclass
class ClusterView:
    """A cluster; one whose nodes are no members stands for hosts without a cluster."""

    name: str | None
    nodes: dict[str, NodeView] = field(default_factory=dict)
    groups: dict[str, GroupView] = field(default_factory=dict)
    disks: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    jobs: dict[str, list[str | None]] = field(default_factory=dict)
    votes: dict[str, int] = field(default_factory=dict)

    def members(self) -> list[NodeView]:
        """Return the nodes that belong to the cluster."""
        return [node for node in self.nodes.values() if node.is_member]

    def node(self, name: str) -> NodeView:
        """Return a node, which the log may name for the first time."""
        return self.nodes.setdefault(name, NodeView(name))

    def run(self) -> str | None:
        """Return the GUID that holds the lock on every member, None when there is no such one."""
        locks = {node.lock for node in self.members()}
        return locks.pop() if len(locks) == 1 else None

    def groups_in_use(self, node: str) -> list[str]:
        """Return the groups that a node owns and that are in use."""
        return sorted(group.name for group in self.groups.values() if group.owner == node and group.state in SERVING)


class Replay:
    """Plays the event log, one event after another.

    Args:
        users: accounts whose doing counts as ours; empty means every client.
    """

    def __init__(self, users: Collection[str] = ()) -> None:
        self.clusters: dict[str | None, ClusterView] = {}
        self._users = frozenset(users)

    def is_ours(self, event: Entry) -> bool:
        """Return whether a judged client did this, or asked for the work of which this is a part."""
        user = event.get("user")
        return event.get("actor") != "scenario" and user is not None and (not self._users or user in self._users)

    def cluster(self, event: Entry) -> ClusterView:
        """Return the cluster that an event is about."""
        name = event.get("cluster")
        return self.clusters.setdefault(name, ClusterView(name))

    def apply(self, event: Entry) -> None:
        """Take an event into the picture."""
        method = getattr(self, f"_on_{event['event']}", None)
        if method is not None:
            method(self.cluster(event), event)

    def _node(self, cluster: ClusterView, event: Entry, *changed: str) -> NodeView:
        node = cluster.node(event["node"])
        node.since.update({name: str(event["at"]) for name in changed})
        return node

    # --- the whole -----------------------------------------------------------------------------------------------

    def _on_model_started(self, cluster: ClusterView, event: Entry) -> None:
        self.clusters[cluster.name] = started_view(cluster.name, event)

    def _on_node_added(self, cluster: ClusterView, event: Entry) -> None:
        self._node(cluster, event, "is_member").is_member = True

    def _on_node_evicted(self, cluster: ClusterView, event: Entry) -> None:
        node = self._node(cluster, event, "is_member")
        node.is_member, node.paused_by, node.is_out_by_us, node.is_draining, node.was_drained = False, None, False, False, False

    def _on_vote_changed(self, cluster: ClusterView, event: Entry) -> None:
        if isinstance(event.get("votes"), dict):
            cluster.votes = dict(event["votes"])

    # --- lock, session, journal ----------------------------------------------------------------------------------

    def _on_run_lock_taken(self, cluster: ClusterView, event: Entry) -> None:
        self._node(cluster, event, "lock").lock = event["guid"]

    def _on_run_lock_released(self, cluster: ClusterView, event: Entry) -> None:
        self._node(cluster, event, "lock").lock = None

    _on_run_lock_expired = _on_run_lock_released

    def _on_node_session_opened(self, cluster: ClusterView, event: Entry) -> None:
        self._node(cluster, event, "session").session = event["guid"]

    def _on_node_session_closed(self, cluster: ClusterView, event: Entry) -> None:
        self._node(cluster, event, "session").session = None

    _on_node_session_expired = _on_node_session_closed

    def _on_registry_written(self, cluster: ClusterView, event: Entry) -> None:
        key = str(event["key"]).lower()
        if JOURNAL in key:
            cluster.node(event["node"]).journal.setdefault(key, set()).update(name.lower() for name in event.get("values") or ())

    def _on_registry_deleted(self, cluster: ClusterView, event: Entry) -> None:
        # The log does not tell a deleted key from a deleted value: a key that has lost all of its values counts as gone.
        key = str(event["key"]).lower()
        journal = cluster.node(event["node"]).journal
        left = journal.get(key, set()) - {name.lower() for name in event.get("values") or ()}
        if left:
            journal[key] = left
        else:
            journal.pop(key, None)

    # --- service of a node ---------------------------------------------------------------------------------------

    def _on_pause_requested(self, cluster: ClusterView, event: Entry) -> None:
        node = self._node(cluster, event, "paused_by")
        node.was_drained = False
        if node.paused_by is None:
            node.paused_by = "us" if self.is_ours(event) else "other"
        node.is_out_by_us = node.is_out_by_us or node.paused_by == "us"

    def _on_pause_refused(self, cluster: ClusterView, event: Entry) -> None:
        node = cluster.node(event["node"])
        if node.state != "paused":
            node.paused_by, node.is_out_by_us = None, False

    def _on_drain_started(self, cluster: ClusterView, event: Entry) -> None:
        node = cluster.node(event["node"])
        node.is_draining, node.was_drained = True, False

    def _on_drain_completed(self, cluster: ClusterView, event: Entry) -> None:
        node = cluster.node(event["node"])
        node.is_draining, node.was_drained = False, True

    def _on_drain_failed(self, cluster: ClusterView, event: Entry) -> None:
        cluster.node(event["node"]).is_draining = False

    def _on_node_state_changed(self, cluster: ClusterView, event: Entry) -> None:
        node = self._node(cluster, event, "state")
        node.state = event["to"]
        if node.state == "up":
            node.paused_by, node.is_out_by_us, node.is_draining, node.was_drained = None, False, False, False

    def _on_resumed(self, cluster: ClusterView, event: Entry) -> None:
        node = self._node(cluster, event, "paused_by")
        node.paused_by, node.is_draining, node.was_drained = None, False, False
        if node.state in {"up", "paused"} and not node.is_restarting:
            node.is_out_by_us = False

    def _on_restart_requested(self, cluster: ClusterView, event: Entry) -> None:
        node = self._node(cluster, event, "is_restarting")
        node.is_restarting = True
        node.is_out_by_us = node.is_out_by_us or self.is_ours(event)

    def _on_node_down(self, cluster: ClusterView, event: Entry) -> None:
        node = self._node(cluster, event, "works")
        node.works = 0

    def _on_node_up(self, cluster: ClusterView, event: Entry) -> None:
        node = self._node(cluster, event, "is_restarting")
        node.is_restarting = False
        if not node.is_member or cluster.name is None:
            node.is_out_by_us = False

    def _on_install_started(self, cluster: ClusterView, event: Entry) -> None:
        self._node(cluster, event, "works").works += 1

    def _on_install_ended(self, cluster: ClusterView, event: Entry) -> None:
        node = self._node(cluster, event, "works")
        node.works = max(0, node.works - 1)

    def _on_installer_started(self, cluster: ClusterView, event: Entry) -> None:
        self._on_install_started(cluster, event)
        cluster.node(event["node"]).installers.add((cluster.run(), str(event.get("path")), str(event.get("parameters"))))

    _on_installer_ended = _on_install_ended

    # --- groups and storage --------------------------------------------------------------------------------------

    def _on_group_moved(self, cluster: ClusterView, event: Entry) -> None:
        group = cluster.groups.setdefault(event["group"], GroupView(event["group"], event["to"], "online"))
        group.owner, group.since = event["to"], event["at"]

    def _on_group_state_changed(self, cluster: ClusterView, event: Entry) -> None:
        group = cluster.groups.setdefault(event["group"], GroupView(event["group"], event.get("node") or "", event["to"]))
        group.state, group.since = event["to"], event["at"]

    def _on_virtual_disk_health_changed(self, cluster: ClusterView, event: Entry) -> None:
        cluster.disks[event["disk"]] = (health_name(event["health"]), event["at"])

    def _on_storage_job_started(self, cluster: ClusterView, event: Entry) -> None:
        cluster.jobs.setdefault(event["disk"], []).append(event["at"])

    def _on_storage_job_ended(self, cluster: ClusterView, event: Entry) -> None:
        if cluster.jobs.get(event["disk"]):
            cluster.jobs[event["disk"]].pop(0)


def health_name(health: object) -> str:
    """Return a health as a word: the log may have the number of the storage classes (cau.md 2.5)."""
    numbers: dict[object, str] = {0: "healthy", 1: "warning", 2: "unhealthy"}
    return numbers.get(health, str(health).lower())


def started_view(name: str | None, state: Entry) -> ClusterView:
    """Return a cluster as model_started tells of it."""
    view = ClusterView(name, votes=dict(state.get("votes") or {}))
    for node_name, node in state.get("nodes", {}).items():
        view.nodes[node_name] = NodeView(
            node_name,
            is_member=node.get("is_member", True),
            state=node["state"],
            paused_by="other" if node.get("paused_by") or node["state"] == "paused" else None,
            lock=(node.get("run_lock") or {}).get("guid"),
            session=(node.get("node_session") or {}).get("guid"),
        )
    for group_name, group in state.get("groups", {}).items():
        view.groups[group_name] = GroupView(group_name, group["owner"], group["state"])
    storage = state.get("storage") or {}
    for disk, health in (storage.get("virtual_disks") or {}).items():
        view.disks[disk] = (health_name(health), None)
    for job in storage.get("jobs") or ():
        view.jobs.setdefault(job["disk"], []).append(None)
    return view
