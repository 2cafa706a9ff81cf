# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a run: everything that is known about it, as plain data; pure functions.

The schema of what comes out is docs/run_report.schema.json.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..recovery import FoundRun, Life
from ..waiting import names
from .files import Record
from .journal_pieces import begin_piece, entry_pieces, read_alone
from .moments import Begin
from .nodes import node_record
from .phases import most_at_once
from .pieces import Kind, Piece, Pieces, errors, recorded

FORMAT = 1
"""Counts the versions of the schema in which a field changed its meaning or went."""

_STOPPED = frozenset({"RunStoppedError", "StoppedError"})


class RunState(enum.StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    """Somebody asked it to stop, or its controller was stopped."""
    KILLED = "killed"
    """Its controller is gone, and did not end it."""
    ENDED = "ended"
    """The lock was taken and given back; what was done meanwhile were tasks of somebody's own."""
    REFUSED = "refused"
    """It did not come to hold the lock."""
    RUNNING = "running"


# What a node is that the run has not come to: one that ended well was not for it (--limit), one that ended otherwise did not reach it.
_UNTOUCHED = {RunState.RUNNING: "waiting", RunState.SUCCEEDED: "not_in_run", RunState.ENDED: "not_in_run"}


@dataclass(frozen=True)
class Ending:
    """What is known about the end of a run beyond its pieces.

    Args:
        is_running: whether its process is at work.
        found: what its journal on the nodes says, None when nobody has looked, or it is gone.
        completed_by: the run that took it over, None when none has.
    """

    is_running: bool = False
    found: FoundRun | None = None
    completed_by: str | None = None


def build(pieces: Pieces, ending: Ending, nodes: Mapping[str, str], cluster: str, version: str) -> Record:
    """Return the record of a run.

    Args:
        pieces: what its tasks have left on this controller; nothing when another one drove it.
        ending: what else is known.
        nodes: the inventory host of each node, for a run that has left nothing here.
        cluster: its cluster, for the same.
        version: of the collection.

    Raises:
        ValueError: neither the pieces nor the journal say what run it was.
    """
    found = ending.found
    run = pieces.run or begin_piece(found, nodes, cluster)
    begin = Begin(run["at"], run["clock"], float(run.get("rate") or 1.0))
    lines = [*pieces.lines, *(entry_pieces(found, pieces) if found is not None else ())]
    tasks = [line for line in lines if line["kind"] == Kind.TASK]
    ends = [line for line in lines if line["kind"] == Kind.END]
    state = RunState.REFUSED if run.get("is_refused") else _state(tasks, ends, ending)
    untouched = _UNTOUCHED.get(state, "not_reached")
    nodes_of_run = [node_record(begin, node, host, lines, untouched) for node, host in run["nodes"].items()]
    last = ends[-1] if ends else lines[-1] if lines else run
    return {
        "format": FORMAT,
        "run": {
            "run_id": run["run_id"],
            "cluster": run["cluster"],
            "state": state,
            "reason": _reason(tasks, state, ending),
            "summary": _last_result(tasks, "summary"),
            "started_at": run["at"],
            "ended_at": None if state is RunState.RUNNING else last["at"],
            "seconds": begin.after(last),
            "controller": run["controller"],
            "user": run["user"],
            "process": run["process"],
            "took_over": list(run["took_over"]),
            "forced_by": run["forced_by"],
            "completed_by": ending.completed_by,
            "source": _source(pieces, ending),
            "notes": _notes(pieces, ending),
            "versions": {**run.get("versions", {}), "report": version},
        },
        "options": _options(run, tasks),
        "lock": _lock(begin, run, ends, found),
        "most_out_at_once": most_at_once(nodes_of_run),
        "traffic": _traffic(tasks),
        "nodes": nodes_of_run,
        "tasks": [_task(begin, task) for task in tasks],
        "events": [begin.stamp(line) | dict(line["event"]) for line in lines if line["kind"] == Kind.EVENT],
    }


def _state(tasks: Sequence[Piece], ends: Sequence[Piece], ending: Ending) -> RunState:
    if any(task["error"]["type"] in _STOPPED for task in errors(tasks)) or (ending.found is not None and ending.found.is_stopped):
        return RunState.STOPPED
    if not ends:
        return RunState.RUNNING if ending.is_running else RunState.KILLED
    outcomes = recorded(tasks)
    if not ends[-1]["is_released"]:
        return RunState.FAILED
    if not outcomes:
        return RunState.FAILED if errors(tasks) else RunState.ENDED
    last = outcomes[-1]["result"]
    return RunState.SUCCEEDED if last.get("succeeded") and last.get("is_last") else RunState.FAILED


def _reason(tasks: Sequence[Piece], state: RunState, ending: Ending) -> str | None:
    """Return in one sentence why the run did not succeed, None when it did or is at work."""
    if state in {RunState.SUCCEEDED, RunState.ENDED, RunState.RUNNING}:
        return None
    if state is RunState.KILLED:
        return "the controller was killed, or lost its power or its network for good, before it could end the run"
    stops = [task["error"]["message"] for task in errors(tasks) if task["error"]["type"] in _STOPPED]
    if state is RunState.STOPPED:
        asked = ending.found.stop.sentence() if ending.found is not None and ending.found.stop is not None else None
        return str(stops[-1]) if stops else asked or "the controller was stopped"
    told = _last_result(tasks, "reason")
    failed = errors(tasks)
    return str(told) if told else str(failed[-1]["error"]["message"]) if failed else "the run lock could not be given back on every node"


def _last_result(tasks: Sequence[Piece], name: str) -> t.Any:  # noqa: ANN401 - as the task gave it
    return next((task["result"][name] for task in reversed(recorded(tasks)) if task["result"].get(name)), None)


def _source(pieces: Pieces, ending: Ending) -> str:
    if pieces.run is None:
        return "journal"
    return "controller" if ending.found is None else "controller and journal"


def _notes(pieces: Pieces, ending: Ending) -> list[str]:
    notes = []
    if read_alone(pieces):
        notes.append(
            "This controller has no record of the run, so all of this comes from the journal on the nodes: updates by their ids, the last "
            "phase of each node, and neither options nor messages"
        )
    if pieces.damaged:
        notes.append(f"{len(pieces.damaged)} lines of what the tasks left could not be read ({names(map(str, pieces.damaged))})")
    if ending.found is not None:
        notes += [f"In the journal: {problem}" for problem in ending.found.problems]
        if ending.found.life is Life.ENDED:
            notes.append("The run had given its lock back before its report was complete")
    return notes


def _options(run: Piece, tasks: Iterable[Piece]) -> dict[str, t.Any]:
    """Return the options by their names; what a task was given later, and the run was not, stands beside them."""
    options = dict(run.get("options") or {})
    for task in tasks:
        for name, value in (task.get("arguments") or {}).items():
            options.setdefault(name, value)
    return dict(sorted(options.items()))


def _lock(begin: Begin, run: Piece, ends: Sequence[Piece], found: FoundRun | None) -> dict[str, t.Any]:
    is_released = bool(ends and ends[-1]["is_released"])
    return {
        "nodes": list(run["nodes"]),
        "taken": begin.stamp(run["taken"]) if run.get("taken") else None,
        "released": begin.stamp(ends[-1]) if is_released else None,
        "is_released": is_released,
        "found_on": list(found.locks) if found is not None else [],
        "cau_role_offline": found.cluster.cau_role_offline if found is not None else None,
    }


def _traffic(tasks: Iterable[Piece]) -> dict[str, int]:
    totals = {"messages": 0, "bytes_sent": 0, "bytes_received": 0}
    for task in tasks:
        for moved in task["traffic"].values():
            for name in totals:
                totals[name] += moved[name]
    return totals


def _task(begin: Begin, task: Piece) -> dict[str, t.Any]:
    began = {"at": task["began_at"], "clock": task["began"]}
    return {
        **begin.stamp(began),
        "seconds": round(max(0.0, begin.after(task) - begin.after(began)), 3),
        "task": task["task"],
        "state": task["state"],
        "host": task["host"],
        "node": task["node"],
        "is_changed": bool(task["result"].get("changed")),
        "error": task["error"],
        "result": task["result"].get("report"),
        **_traffic([task]),
    }
