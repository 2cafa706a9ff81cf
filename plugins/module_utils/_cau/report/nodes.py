# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One node of a record: how it ended, how long it took by phase, what became of its updates and hotfixes; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ..journal_records import Phase
from .items import BAD, Items, State
from .moments import Begin
from .phases import absences, phases, seconds_by_phase
from .pieces import Kind, Piece, errors, recorded

# How the tasks are called whose time is no phase of the journal.
_STAGING = frozenset({"wua_download", "wua_scan"})


def node_record(begin: Begin, node: str, host: str, lines: Sequence[Piece], untouched: str) -> dict[str, t.Any]:
    """Return one node of a record.

    Args:
        begin: of the run.
        node: its name.
        host: its inventory host.
        lines: all pieces of the run.
        untouched: what the node is when the run has not come to it.
    """
    entries = [line for line in lines if line["kind"] == Kind.ENTRY and line["entry"]["node"].casefold() == node.casefold()]
    tasks = [line for line in lines if line["kind"] == Kind.TASK and line["node"] == node]
    spans, away = phases(begin, entries), absences(begin, entries)
    items = _items(tasks, entries)
    outcome = next((task["result"]["outcome"] for task in reversed(recorded(tasks))), None)
    entry: Mapping[str, t.Any] = entries[-1]["entry"] if entries else {}
    failures = [error_record(begin, task) for task in errors(tasks)]
    reason = (outcome or {}).get("reason") or entry.get("reason")
    return {
        "node": node,
        "host": host,
        "state": _state(outcome, entry, untouched),
        "reason": reason,
        "mend": next((each["remedy"] for each in reversed(failures) if each["remedy"]), None),
        "is_out_of_service": bool(away) and away[-1]["seconds"] is None,
        "seconds": (outcome or {}).get("seconds"),
        "phases": spans,
        "seconds_by_phase": {**_staging(begin, tasks), **seconds_by_phase(spans)},
        "out_of_service": away,
        "rounds": int(entry.get("rounds") or 0),
        "attempts": int(entry.get("attempts") or 0),
        "restarts": _restarts(outcome, tasks, entries),
        "taken_offline": list(entry.get("taken_offline") or ()),
        "is_restart_due": bool(entry.get("restart_due")),
        "counts": _counts(items),
        "items": [item for item in items if item["state"] is not State.SKIPPED],
        "skipped": [item for item in items if item["state"] is State.SKIPPED],
        "errors": failures,
        **_traffic_to(node, lines),
    }


def error_record(begin: Begin, task: Piece) -> dict[str, t.Any]:
    """Return one failure of a task.

    Args:
        begin: of the run.
        task: its piece.
    """
    return {**begin.stamp(task), "task": task["task"], **task["error"]}


def _state(outcome: Mapping[str, t.Any] | None, entry: Mapping[str, t.Any], untouched: str) -> str:
    if outcome is not None:
        return str(outcome["state"])
    if not entry or entry["phase"] in {Phase.LOCKED, Phase.STAGED}:
        return untouched
    if entry["phase"] == Phase.DONE:
        return "ok"
    if entry["phase"] == Phase.LEFT_OUT:
        return "left_out"
    return "in_work" if untouched == "waiting" else "unfinished"


def _items(tasks: Iterable[Piece], entries: Sequence[Piece]) -> list[dict[str, t.Any]]:
    items = Items()
    for task in tasks:
        items.take_task(task)
    if entries:
        items.take_journal(entries[-1]["entry"], entries[0]["entry"], entries[-1]["at"])
    return items.all()


def _counts(items: Iterable[Mapping[str, t.Any]]) -> dict[str, int]:
    states = [item["state"] for item in items]
    return {
        "installed": states.count(State.INSTALLED),
        "failed": sum(state in BAD for state in states),
        "skipped": states.count(State.SKIPPED),
        "not_tried": sum(state in {State.OFFERED, State.STAGED} for state in states),
    }


def _restarts(outcome: Mapping[str, t.Any] | None, tasks: Iterable[Piece], entries: Sequence[Piece]) -> int:
    counted = sum(int(task["result"].get("restarts") or 0) for task in tasks if task["task"] == "node_reboot")
    if outcome is not None:
        return max(counted, int(outcome.get("restarts") or 0))
    # A run that was killed while the node restarted has no result of it.
    reached: list[str] = [piece["entry"]["phase"] for piece in entries]
    return max(counted, sum(phase == Phase.RESTARTING != before for before, phase in zip([None, *reached], reached, strict=False)))


def _staging(begin: Begin, tasks: Iterable[Piece]) -> dict[str, float]:
    seconds = [
        begin.after(task) - begin.after({"at": task["began_at"], "clock": task["began"]}) for task in tasks if task["task"] in _STAGING
    ]
    return {"staging": round(sum(seconds), 3)} if seconds else {}


def _traffic_to(node: str, lines: Iterable[Piece]) -> dict[str, int]:
    totals = {"messages": 0, "bytes_sent": 0, "bytes_received": 0}
    for line in lines:
        moved = line["traffic"].get(node, {}) if line["kind"] == Kind.TASK else {}
        for name, count in moved.items():
            totals[name] += count
    return totals
