# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about how a run ended and what it said, judged from all logs (design.md, invariants 5 to 9)."""

from __future__ import annotations

import re
from collections import Counter

from .case import Case
from .record import Entry
from .replay import ClusterView
from .secrets import forms

FINAL_WORDS = re.compile(r"fatal:|FAILED|ERROR", re.MULTILINE)
LEFT_WORDS = ("left out", "left paused", "left_out", "out of service", "paused", "drained")


def judge_end(case: Case) -> None:
    """Judge the end of the record."""
    _judge_once(case)
    _judge_groups(case)
    _judge_quorum(case)
    _judge_secrets(case)
    last = next((entry for entry in reversed(case.run.controller) if entry["event"] != "controller_started"), None)
    if last is None:
        return
    if last["event"] == "controller_killed":
        # Whoever kills a controller judges only after the next one has ended; the state in between is nobody's promise.
        if not case.run.expectations.may_leave_lock:
            case.blame("6", "the last controller was killed and none ran after it", last)
        return
    if last.get("exit_code") == 0:
        _judge_success(case, last)
    else:
        _judge_failure(case, last)
    _judge_paused(case, last)
    _judge_left_behind(case, last)


def _judge_once(case: Case) -> None:
    """No update is installed twice, unless the node has offered it again."""
    installed: Counter[tuple[str | None, str, str]] = Counter()
    offered: Counter[tuple[str | None, str, str]] = Counter()
    for event in case.run.events:
        counter = {"update_installed": installed, "update_offered_again": offered}.get(event["event"])
        if counter is not None:
            counter[event.get("cluster"), event["node"], event["update"]] += 1
    for (cluster, node, update), times in sorted(installed.items(), key=str):
        if times > 1 + offered[cluster, node, update]:
            case.blame("once", f"the update {update} was installed {times} times", node=node)


def _judge_groups(case: Case) -> None:
    """What was online at the start is online at the end, unless somebody else took it down."""
    down: dict[tuple[str | None, str], Entry] = {}
    for event in case.run.events:
        if event["event"] == "group_state_changed":
            key = (event.get("cluster"), event["group"])
            down.pop(key, None)
            is_ours = event.get("actor") != "scenario" and event["group"] not in case.run.expectations.accepted_offline
            if event["to"] in {"offline", "failed"} and is_ours and event.get("user"):
                down[key] = event
    for (_cluster, group), event in sorted(down.items(), key=str):
        case.blame("9", f"the group {group} was left {event['to']}", event)


def _judge_quorum(case: Case) -> None:
    for event in case.run.events:
        if event["event"] == "quorum_lost" and event.get("actor") != "scenario":
            case.blame("2", "the cluster lost its quorum", event)


def _judge_secrets(case: Case) -> None:
    """No secret stands in anything that was captured, in whatever form."""
    texts = dict(case.run.outputs)
    for name, log in (("event log", case.run.events), ("request log", case.run.requests), ("controller log", case.run.controller)):
        texts.setdefault(name, "\n".join(str(entry) for entry in log))
    for secret in case.run.secrets:
        for form, text in forms(secret).items():
            for name, content in sorted(texts.items()):
                if text in content:
                    case.blame("8", f"a secret stands in {name} ({form})")


def _judge_success(case: Case, last: Entry) -> None:
    """A run that says success has left nothing undone and nothing unknown."""
    expectations = case.run.expectations
    for cluster in case.replay.clusters.values():
        for node in cluster.members():
            if node.state != "up" and node.name not in expectations.accepted_down:
                case.blame("7", f"the run ended with success although the node is {node.state}", last, node=node.name)
            if node.works:
                case.blame("7", "the run ended with success although an installation still runs", last, node=node.name)
    if expectations.is_check_mode or expectations.may_not_finish:
        return
    gone = {node.name for cluster in case.replay.clusters.values() for node in cluster.nodes.values() if node.was_evicted}
    for (_cluster, name), event in sorted(_failed_updates(case).items(), key=str):
        case.blame("7", f"the run ended with success although the update {event['update']} failed", event, node=name)
    for (_cluster, name), event in sorted(_last_scans(case).items(), key=str):
        offered = {_update_id(row) for row in event.get("offered") or ()} - expectations.left_out
        if offered and name not in gone:
            case.blame("7", f"the run ended with success although {', '.join(sorted(offered))} is still offered", event, node=name)


def _update_id(row: object) -> str:
    if isinstance(row, dict):
        return str(row.get("update") or row.get("update_id"))
    return str(row[0]) if isinstance(row, list | tuple) else str(row)


def _failed_updates(case: Case) -> dict[tuple[str | None, str], Entry]:
    failed: dict[tuple[str | None, str, str], Entry] = {}
    for event in case.run.events:
        if event["event"] in {"update_failed", "update_installed"}:
            key = (event.get("cluster"), str(event["node"]), str(event["update"]))
            failed.pop(key, None)
            if event["event"] == "update_failed":
                failed[key] = event
    return {(cluster, node): event for (cluster, node, _update), event in failed.items()}


def _last_scans(case: Case) -> dict[tuple[str | None, str], Entry]:
    """Return the last scan of each node, with the query that offered the most: narrower ones look at a batch alone."""
    scans: dict[tuple[str | None, str], Entry] = {}
    for event in case.run.events:
        if event["event"] == "scan" and "updateid" not in str(event.get("query")).lower():
            scans[event.get("cluster"), str(event["node"])] = event
    return scans


def _judge_failure(case: Case, last: Entry) -> None:
    """A run that fails says why."""
    screen = str(case.run.outputs.get(str(last.get("result")), ""))
    if not FINAL_WORDS.search(screen):
        case.blame("6", f"the run ended with {last.get('exit_code')} and does not say why", last)


def _judge_paused(case: Case, last: Entry) -> None:
    """A node that we paused is in service again, or named with the reason and in the journal."""
    text = "\n".join(str(case.run.outputs.get(str(entry.get("result")), "")) for entry in case.run.controller)
    for cluster in case.replay.clusters.values():
        for node in cluster.nodes.values():
            if not node.is_out_by_us and node.paused_by != "us":
                continue
            lines = [line for line in text.splitlines() if node.name.lower() in line.lower()]
            if not any(word in line.lower() for line in lines for word in LEFT_WORDS):
                case.blame("5", "left out of service and not named in what the run said", last, node=node.name)
            if not _is_in_journal(cluster, node.name):
                case.blame("5", "left out of service without a journal entry", last, node=node.name)
            if last.get("exit_code") == 0:
                case.blame("7", "the run ended with success and left a node out of service", last, node=node.name)


def _is_in_journal(cluster: ClusterView, name: str) -> bool:
    return any(key.endswith("\\" + name.lower()) for node in cluster.nodes.values() for key in node.journal)


def _judge_left_behind(case: Case, last: Entry) -> None:
    """Lock, session and journal are gone; the journal stays only while a node is out of service or of the cluster, or awaits a restart."""
    if case.run.expectations.may_leave_lock:
        return
    for cluster in case.replay.clusters.values():
        evicted = [node for node in cluster.nodes.values() if node.was_evicted]
        is_somebody_out = bool(evicted) or any(node.state != "up" for node in cluster.members())
        is_somebody_out = is_somebody_out or bool(_awaiting_restart(case, cluster.name))
        for node in cluster.members():
            if node.state == "down":
                # Nobody can take anything away from a node that is off.
                continue
            if node.lock and node.lock in case.our_guids:
                case.blame("clean", f"the run lock {node.lock} was not released", last, node=node.name)
            if node.session and node.session in case.our_guids:
                case.blame("clean", f"the node session {node.session} was not closed", last, node=node.name)
            ours = [key for key in node.journal if any(guid.lower() in key for guid in case.our_guids)]
            if ours and not is_somebody_out:
                case.blame("clean", f"the journal was not removed: {ours[0]}", last, node=node.name)


def _awaiting_restart(case: Case, cluster: str | None) -> set[str]:
    """Return the nodes on which an update that was installed waits for a restart."""
    waiting: set[str] = set()
    for event in case.run.events:
        if event.get("cluster") != cluster:
            continue
        if event["event"] == "update_installed" and event.get("restart_required"):
            waiting.add(str(event["node"]))
        elif event["event"] == "node_up":
            waiting.discard(str(event["node"]))
    return waiting
