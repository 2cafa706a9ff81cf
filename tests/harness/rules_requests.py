# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about what was sent, judged from the request log (design.md, invariants 2 to 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from .case import Case, once_only, reads
from .record import Entry, moment

Effects = Mapping[int, frozenset[str]]

LOST = frozenset({"dropped_before", "dropped_after", "silent", "garbled", "truncated", "late_fault"})
"""Outcomes of an exchange after which a client cannot know whether the operation happened."""

UNKNOWN_CODES = ("2150858793", "80338029")
"""The fault of a request that ran into the host's time limit: the operation may go on (wsman-cim.md 6)."""

BEGINNINGS = frozenset({"drain_started", "install_started", "installer_started", "restart_requested", "resumed"})
"""What a once-only request sets going. One that did, and was not answered, is unknown to its client whatever the fault says."""


def judge_requests(case: Case) -> None:
    """Judge every once-only request by what was sent before it."""
    members, effects = _members(case), _effects(case)
    for cluster in sorted({request.get("cluster") for request in case.run.requests}, key=str):
        requests = list(case.our_requests(cluster))
        marks = [
            number for number, request in enumerate(requests) if once_only(request) and not _is_reconnection(request, requests[:number])
        ]
        for position, mark in enumerate(marks):
            before = requests[marks[position - 1] + 1 if position else 0 : mark]
            request = requests[mark]
            if request.get("node") not in members.get(cluster, set()):
                continue
            _judge_read_again(case, request, before, members[cluster])
            _judge_settling(case, request, before)
            _judge_repeated(case, request, requests[:mark], effects)


def _members(case: Case) -> dict[str | None, set[str]]:
    """Return the nodes of each cluster, as they were at the start; one that was evicted later is left out."""
    found: dict[str | None, set[str]] = {}
    for event in case.run.events:
        if event["event"] == "model_started":
            found[event.get("cluster")] = {name for name, node in event["nodes"].items() if node.get("is_member", True)}
        elif event["event"] == "node_evicted":
            found.get(event.get("cluster"), set()).discard(event["node"])
    found.pop(None, None)
    return found


def _effects(case: Case) -> Effects:
    """Return the once-only requests that had an effect, with the ids of the updates that they began to install."""
    found: dict[int, frozenset[str]] = {}
    for event in case.run.events:
        if event["event"] in BEGINNINGS and event.get("request"):
            number = int(event["request"])
            found[number] = found.get(number, frozenset()) | {str(update).lower() for update in event.get("updates") or ()}
    return found


def _is_reconnection(request: Entry, before: Sequence[Entry]) -> bool:
    """Return whether a request carries on an operation, which the host knows by its OperationID (wsman-cim.md 7)."""
    number = request.get("operation_id")
    return bool(request.get("replay")) or (number is not None and any(entry.get("operation_id") == number for entry in before))


def _judge_read_again(case: Case, request: Entry, before: Sequence[Entry], members: set[str]) -> None:
    """The lock is read again on every node before each once-only request."""
    accepted = case.run.expectations.accepted_down
    seen = {str(entry.get("node")) for entry in before if reads(entry, "MSFT_CAURun")}
    missing = sorted(members - seen - accepted)
    if missing:
        case.blame("3", f"the run lock was not read again on {', '.join(missing)} before the {once_only(request)}", request)


def _judge_settling(case: Case, request: Entry, before: Sequence[Entry]) -> None:
    """The gate looks twice across the settling time before a drain and before a restart."""
    settle = case.run.expectations.settle_seconds
    if once_only(request) not in {"drain", "restart"} or not settle:
        return
    looks = [moment(entry["at"]) for entry in before if reads(entry, "MSCluster_Node") and entry.get("action") != "Get"]
    span = (looks[-1] - looks[0]).total_seconds() if looks else 0.0
    # A tenth is left for the rounding of two clocks that run at a scaled rate.
    if len(looks) < 2 or span < settle * 0.9:
        case.blame("2", f"{once_only(request)} after {len(looks)} looks within {span:.0f} s, not two across {settle:.0f} s", request)


def _judge_repeated(case: Case, request: Entry, before: Sequence[Entry], effects: Effects) -> None:
    """After an answer that was lost, the same is sent again only on evidence."""
    found = _last_same(request, before, effects)
    if found is None:
        return
    first, between = found
    if not _is_unknown(first, effects):
        return
    word = once_only(request)
    here = [entry for entry in between if entry.get("node") == request.get("node")]
    lacking = list(_lacking_evidence(str(word), here))
    if lacking:
        lost = f"request {first['seq']} was lost ({first['outcome']})"
        case.blame("4", f"the {word} was sent again after {lost}, without {' or '.join(lacking)}", request)


def _last_same(request: Entry, before: Sequence[Entry], effects: Effects) -> tuple[Entry, Sequence[Entry]] | None:
    target = _target(request)
    for number in range(len(before) - 1, -1, -1):
        entry = before[number]
        is_same = once_only(entry) == once_only(request) and entry.get("node") == request.get("node") and not entry.get("replay")
        # A part of a batch is the same as well.
        if is_same and (_target(entry) == target or any(update in target for update in effects.get(entry["seq"], ()))):
            return entry, before[number + 1 :]
    return None


def _target(request: Entry) -> str:
    return json.dumps([request.get("selectors"), request.get("arguments")], sort_keys=True, default=str).lower()


def _is_unknown(request: Entry, effects: Effects) -> bool:
    outcome = str(request.get("outcome"))
    if request["seq"] in effects and outcome != "answered":
        return True
    return outcome in LOST or any(code in outcome or code in str(request.get("code", "")) for code in UNKNOWN_CODES)


def _lacking_evidence(word: str, entries: Sequence[Entry]) -> Iterator[str]:
    """Return which looks at the node are missing."""
    if word in {"drain", "resume"} and not any(reads(entry, "MSCluster_Node") for entry in entries):
        yield "reading the node's state"
    if word == "restart" and not any(reads(entry, "Win32_OperatingSystem") for entry in entries):
        yield "reading its boot time"
    if word == "install":
        scans = [entry for entry in entries if str(entry.get("method")).lower() == "scanupdates" and entry.get("outcome") == "answered"]
        if len(scans) < 2:
            yield "two scans"
        if not any(reads(entry, "Win32_Process") for entry in entries):
            yield "reading its processes"
