# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about what happened to the cluster, judged from the event log (design.md, invariants 1 to 6 and 9)."""

from __future__ import annotations

from .case import Case, was_known
from .record import Entry
from .replay import ClusterView, NodeView
from .rules_installers import judge_installer

WORK = frozenset({"scan", "update_downloaded", "install_started", "installer_started"})
NEEDS_SESSION = frozenset({"pause_requested", "restart_requested", "install_started", "installer_started", "update_downloaded"})
ACTS = frozenset({"pause_requested", "restart_requested", "install_started", "installer_started"})
NEEDS_LOCK = NEEDS_SESSION | {"resume_requested"}
HARMLESS = frozenset({"scan", "node_session_opened", "node_session_touched", "node_session_closed", "node_session_refused"})


def judge_event(case: Case, event: Entry) -> None:
    """Judge one event by the picture just before it, then take it into the picture and judge that."""
    cluster = case.replay.cluster(event)
    if event.get("node") and case.replay.is_ours(event):
        node = cluster.node(event["node"])
        _judge_check_mode(case, event)
        _judge_turn(case, event, cluster, node)
        _judge_gate(case, event, cluster, node)
        _judge_lock(case, event, cluster, node)
        _judge_repeat(case, event, node)
        judge_installer(case, event, cluster, node)
        _judge_ownership(case, event, node)
        _judge_journal(case, event, cluster, node)
    _judge_groups(case, event, cluster)
    case.replay.apply(event)
    _judge_service(case, event, cluster)


def _judge_check_mode(case: Case, event: Entry) -> None:
    if case.run.expectations.is_check_mode and event["actor"] == "client" and event["event"] not in HARMLESS:
        case.blame("7", f"check mode did something: {event['event']}", event)


def _judge_turn(case: Case, event: Entry, cluster: ClusterView, node: NodeView) -> None:
    """A node is drained only while it holds its own node session and no other node has one."""
    others = [other for other in cluster.members() if other is not node]
    if event["event"] == "pause_requested":
        if node.session is None:
            case.blame("1", "drained without a node session of its own", event)
        for other in others:
            if other.session and was_known(other.since.get("session"), case.last_look(event, "MSFT_CAUNode", other.name)):
                case.blame("1", f"drained while {other.name} has a node session", event)
    if event["event"] in WORK:
        out = [other.name for other in others if other.is_out_by_us]
        if out:
            case.blame("1", f"{event['event']} while {out[0]} is out of service because of us", event)


def _judge_service(case: Case, event: Entry, cluster: ClusterView) -> None:
    """At most one node of a cluster is out of service because of us."""
    if cluster.name is None or event["event"] not in {"pause_requested", "restart_requested"}:
        return
    out = sorted(node.name for node in cluster.nodes.values() if node.is_out_by_us)
    if len(out) > 1:
        case.blame("1", f"{' and '.join(out)} are out of service because of us at the same moment", event)


def _judge_gate(case: Case, event: Entry, cluster: ClusterView, node: NodeView) -> None:
    """Nothing is drained or restarted unless everything else is well."""
    if event["event"] not in {"pause_requested", "restart_requested"} or not node.is_member or cluster.name is None:
        return
    word = "drained" if event["event"] == "pause_requested" else "restarted"
    look = case.last_look(event, "MSCluster_Node")
    for other in cluster.members():
        is_bad = other is not node and other.state != "up" and other.name not in case.run.expectations.accepted_down
        if is_bad and was_known(other.since.get("state"), look):
            case.blame("2", f"{word} while {other.name} is {other.state}", event)
    _judge_storage(case, event, cluster, word)
    _judge_votes(case, event, cluster, node, word)
    if event["event"] == "restart_requested":
        _judge_restart(case, event, cluster, node)


def _judge_storage(case: Case, event: Entry, cluster: ClusterView, word: str) -> None:
    look = case.last_look(event, "MSFT_VirtualDisk")
    for disk, (health, since) in sorted(cluster.disks.items()):
        if health != "healthy" and was_known(since, look):
            case.blame("2", f"{word} while the virtual disk {disk} is {health}", event)
    jobs = case.last_look(event, "MSFT_StorageJob")
    for disk, starts in sorted(cluster.jobs.items()):
        if any(was_known(since, jobs) for since in starts):
            case.blame("2", f"{word} while a storage job of {disk} runs", event)


def _judge_votes(case: Case, event: Entry, cluster: ClusterView, node: NodeView, word: str) -> None:
    """More than half of all current votes are left when the target's vote is taken away once (cau.md 2.3)."""
    if not cluster.votes:
        return
    standing = {other.name for other in cluster.members() if other.state in {"up", "paused"}}
    witness = sum(vote for name, vote in cluster.votes.items() if name not in cluster.nodes)
    left = witness + sum(vote for name, vote in cluster.votes.items() if name in standing and name != node.name)
    if 2 * left <= sum(cluster.votes.values()):
        case.blame("2", f"{word} although only {left} of {sum(cluster.votes.values())} votes remain without it", event)


def _judge_restart(case: Case, event: Entry, cluster: ClusterView, node: NodeView) -> None:
    if node.paused_by is None or node.state != "paused":
        case.blame("2", "restarted while it is not paused", event)
    if not node.was_drained:
        case.blame("9", "restarted without a completed drain", event)
    owned = cluster.groups_in_use(node.name)
    if owned:
        case.blame("2", f"restarted while it owns {', '.join(owned)}", event)


def _judge_lock(case: Case, event: Entry, cluster: ClusterView, node: NodeView) -> None:
    """Nothing is changed unless one run holds the lock on every node, and the work is that run's."""
    name = event["event"]
    is_registry = name in {"registry_written", "registry_deleted"} and event["actor"] == "client"
    is_foreign_key = is_registry and "cluster_aware.updating" not in str(event["key"]).lower()
    # A preview holds its sessions under a GUID that never was a run's; a session of a run belongs to its lock.
    is_session = name == "node_session_opened" and event["guid"] in case.our_runs
    if cluster.name is None or not node.is_member or not (name in NEEDS_LOCK or is_session or is_foreign_key):
        return
    opened = node.since.get("session", "")
    if name == "update_downloaded" and node.session and any(other.since.get("lock", "") > opened for other in cluster.members()):
        # Staging goes on in a session that was opened under the lock; it takes nothing out of service, and the next step looks again.
        return
    run = cluster.run()
    if run is None:
        # Whose work it is: the lock of this node may be the one that is gone.
        ours = event.get("guid") or node.session or node.lock
        for other in cluster.members():
            is_odd = other.lock is None or other.lock != ours
            if is_odd and _was_lock_known(case, event, other):
                what = "no run lock" if other.lock is None else "the run lock of another run"
                case.blame("3", f"{name} while {other.name} has {what}", event)
        return
    if not any(_was_lock_known(case, event, other) for other in cluster.members()):
        return
    if event.get("guid") not in {None, run}:
        case.blame("3", f"{name} by {event['guid']} while {run} holds the run lock", event)
    if name in NEEDS_SESSION and node.session != run:
        case.blame("3", f"{name} while the node session is {node.session or 'closed'} and the run is {run}", event)


def _was_lock_known(case: Case, event: Entry, other: NodeView) -> bool:
    """Return whether the run could know how it is about the lock of a node; the one whose lock it is did."""
    joined = other.since.get("is_member")
    if joined is not None and other.lock is None:
        # It was added later, and has no lock of this run. Nothing is begun then, but a node that is out of service may be put back.
        return event["event"] in ACTS and was_known(joined, case.last_look(event, "MSCluster_Node"))
    return was_known(other.since.get("lock"), case.last_look(event, "MSFT_CAURun", other.name))


def _judge_repeat(case: Case, event: Entry, node: NodeView) -> None:
    """A once-only operation is not begun while the same one is still under way."""
    name = event["event"]
    if name in {"install_started", "installer_started"} and node.works:
        case.blame("4", "an installation was begun while another one was running", event)
    if name == "restart_requested" and node.is_restarting:
        case.blame("4", "a second restart was asked for before the first was over", event)
    if name == "pause_requested" and node.paused_by == "us" and (node.is_draining or node.was_drained):
        case.blame("4", "a second drain was asked for before the node was resumed", event)


def _judge_ownership(case: Case, event: Entry, node: NodeView) -> None:
    """What somebody else paused is theirs."""
    if node.paused_by != "other" or not was_known(node.since.get("paused_by"), case.last_look(event, "MSCluster_Node")):
        return
    if event["event"] in {"resume_requested", "pause_requested", "restart_requested", "install_started"}:
        case.blame("5", f"{event['event']} on a node that somebody else paused", event)


def _judge_journal(case: Case, event: Entry, cluster: ClusterView, node: NodeView) -> None:
    """The journal stands before the lock and goes after it; what is done to a node is written down first, twice."""
    name = event["event"]
    if name == "run_lock_taken" and not _names_run(node, event["guid"]):
        case.blame("6", "the run lock was taken before its journal entry stood there", event)
    if name == "run_lock_released" and node.lock is not None and event["guid"] == node.lock and not node.journal:
        case.blame("6", "the journal entry went before the run lock", event)
    if name in {"pause_requested", "install_started", "installer_started", "restart_requested"} and node.is_member:
        look = case.last_look(event, "MSCluster_Node")
        # A node that was evicted since the last look has carried its copy until then.
        standing = [other for other in cluster.nodes.values() if other.is_member or not was_known(other.since.get("is_member"), look)]
        places = [other.name for other in standing if any(key.endswith("\\" + node.name.lower()) for key in other.journal)]
        if node.name not in places or len(places) < min(2, len(cluster.members())):
            case.blame("6", f"{name}: the journal of the node stands on {', '.join(places) or 'no node'}, not on it and one other", event)


def _names_run(node: NodeView, guid: str) -> bool:
    return any(guid.lower() in key for key in node.journal)


def _judge_groups(case: Case, event: Entry, cluster: ClusterView) -> None:
    """No group that was online goes offline or fails while a node is out of service because of us."""
    if event["event"] != "group_state_changed" or event.get("to") not in {"offline", "failed"}:
        return
    if event.get("actor") == "scenario" or event["group"] in case.run.expectations.accepted_offline:
        return
    known = cluster.groups.get(event["group"])
    was_in_use = event.get("from", known.state if known else "online") in {"online", "partial_online", "pending"}
    out = sorted(node.name for node in cluster.nodes.values() if node.is_out_by_us)
    if was_in_use and out:
        case.blame("9", f"the group {event['group']} went {event['to']} while {', '.join(out)} was out of service because of us", event)
