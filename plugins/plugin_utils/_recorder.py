# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one task adds to the record of its run, at once and durably; a record that cannot be written never breaks the run.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ansible.utils.display import Display

from ..module_utils._cau.journal_records import NodeEntry
from ..module_utils._cau.report.files import RunFolder, folder_of
from ..module_utils._cau.report.items import code_fields
from ..module_utils._cau.report.journal_pieces import entry_fields
from ..module_utils._cau.report.pieces import Kind
from ..module_utils._clock import Clock
from ..module_utils._errors import OperationError
from ..module_utils._wsman.channel import Traffic
from ._display import DisplayProgress
from ._facts import RunFact
from ._values import one_line, scrubbed

display = Display()

# What a piece does not repeat: it stands in other pieces, or serves the next task alone.
_LEFT_OUT = frozenset({"ansible_facts", "diff", "events", "holders", "run", "outcomes", "invocation"})


@dataclass(frozen=True)
class TaskEnd:
    """How a task ended.

    Args:
        state: its option state, None when it has none.
        arguments: its arguments without secrets.
        result: what it returned, or did before it failed.
        error: why it failed, None when it did not.
        traffic: what it moved, by the names of hosts and nodes.
    """

    state: str | None
    arguments: Mapping[str, t.Any]
    result: Mapping[str, t.Any]
    error: Mapping[str, t.Any] | None
    traffic: Mapping[str, Traffic]


class Recorder:
    """Adds to the record of the run that a task belongs to; until it has joined one, it keeps what happens to itself.

    Args:
        task: short name of the task.
        host: the inventory host that it works on.
        clock: the client's clock.
        progress: whose lines belong to the record.
        secrets: what must not be recorded; the set may grow later.
    """

    def __init__(self, task: str, host: str, clock: Clock, progress: DisplayProgress, secrets: Iterable[str]) -> None:
        self._task = task
        self._host = host
        self._clock = clock
        self._secrets = secrets
        self._began = self._stamp()
        self._held: list[dict[str, t.Any]] = []
        self._folder: RunFolder | None = None
        self._released: bool | None = None
        self._is_refused = False
        self._is_closed = False
        self._has_parts = False
        self.is_concluded = False
        self.fact: RunFact | None = None
        progress.listener = self._event

    @property
    def folder(self) -> RunFolder | None:
        """Where the record of the run is, None when there is none."""
        return self._folder

    def join(self, fact: RunFact) -> None:
        """Belong to a run from now on; what has happened in the task before comes along."""
        self.fact = fact
        folder = run_folder(fact)
        if self._folder is not None or folder is None:
            return
        self._folder = folder
        for piece in self._held:
            self._add(piece)
        self._held.clear()

    def begin(self, fact: RunFact, options: Mapping[str, t.Any], versions: Mapping[str, str]) -> None:
        """Begin the record of a run that has just taken the lock.

        Args:
            fact: the run.
            options: its options, without secrets.
            versions: of what drives it.
        """
        self._begin(fact, options, versions, {"taken": self._stamp()})

    def refuse(self, fact: RunFact, options: Mapping[str, t.Any], versions: Mapping[str, str]) -> None:
        """Begin the record of a run that has not come to hold the lock, and ends with this task.

        Args:
            fact: the run.
            options: its options, without secrets.
            versions: of what drives it.
        """
        self._begin(fact, options, versions, {"is_refused": True})
        self._is_refused = True
        self.conclude(is_released=None)

    def _begin(self, fact: RunFact, options: Mapping[str, t.Any], versions: Mapping[str, str], lock: Mapping[str, t.Any]) -> None:
        owner = fact.owner()
        self._held.insert(
            0,
            {
                # Of the time at which the task began: what was said on the way to the lock belongs to the run.
                **self._began,
                "kind": Kind.RUN,
                "at": owner.started_at.isoformat(),
                "rate": self._clock.rate,
                **lock,
                "run_id": owner.run_id,
                "cluster": fact.cluster,
                "nodes": fact.nodes,
                "controller": owner.controller,
                "user": owner.user,
                "process": owner.process,
                "took_over": list(owner.took_over),
                "forced_by": owner.forced_by,
                "options": options,
                "versions": versions,
            },
        )
        self.join(fact)

    def conclude(self, *, is_released: bool | None) -> None:
        """Note that the run ends with this task, so that its report is due.

        Args:
            is_released: whether the lock was given back; None when nobody has tried, as the task itself was stopped or has not taken it.
        """
        self.is_concluded = True
        self._released = is_released

    def entry(self, entry: NodeEntry) -> None:
        """Add a change of the journal."""
        self._add({**self._stamp(), "kind": Kind.ENTRY, "entry": entry_fields(entry)})

    def part(self, host: str, node: str, result: Mapping[str, t.Any]) -> None:
        """Add what the task did on one of several nodes; what it moved is added once for all of them, at its end.

        Args:
            host: the inventory host of the node.
            node: the node.
            result: what became of it, plain and without secrets.
        """
        self._has_parts = True
        self._add(self._piece(host, node, TaskEnd(None, {}, result, None, {}), {}), is_synced=True)

    def close(self, end: TaskEnd) -> None:
        """Add what the task did, and the end of the run when it has ended it."""
        if self._folder is None or self.fact is None:
            return
        # Of a task that worked on several nodes, each has had its own part; what refuses a run is no failure of the node that was asked.
        node, result = ("", {}) if self._has_parts or self._is_refused else (self.fact.node, end.result)
        whole = TaskEnd(end.state, end.arguments, result, end.error, end.traffic)
        self._add(self._piece(self._host, node, whole, _by_node(end.traffic, self.fact)), is_synced=True)
        if self._released is not None:
            self._add({**self._stamp(), "kind": Kind.END, "is_released": self._released}, is_synced=True)
        # What is said about the report itself comes too late for it.
        self._is_closed = True

    def _piece(self, host: str, node: str, end: TaskEnd, traffic: Mapping[str, t.Any]) -> dict[str, t.Any]:
        return {
            **self._stamp(),
            "kind": Kind.TASK,
            "began_at": self._began["at"],
            "began": self._began["clock"],
            "task": self._task,
            "state": end.state,
            "host": host,
            "node": node,
            "arguments": dict(end.arguments),
            "result": {name: value for name, value in end.result.items() if name not in _LEFT_OUT},
            "error": end.error,
            "traffic": dict(traffic),
        }

    def _event(self, event: Mapping[str, str | None]) -> None:
        self._add({**self._stamp(), "kind": Kind.EVENT, "event": dict(event)})

    def _stamp(self) -> dict[str, t.Any]:
        return {"at": self._clock.utc().isoformat(), "clock": self._clock.now()}

    def _add(self, piece: dict[str, t.Any], *, is_synced: bool = False) -> None:
        if self._is_closed:
            return
        if self._folder is None:
            self._held.append(piece)
            return
        folder = self._folder
        tolerant(folder.path, lambda: folder.append(scrubbed(piece, self._secrets), is_synced=is_synced))


def tolerant(place: Path, work: Callable[[], object]) -> None:
    """Do something for a report; when it fails the user is warned and the run goes on.

    Args:
        place: what was being written.
        work: does it.
    """
    try:
        work()
    except Exception as error:  # whatever is wrong with a report, the run comes first
        display.warning(f"The report of the run is not complete, the run goes on without that: {place}: {reason_of(error)}")


def reason_of(error: Exception) -> str:
    """Return why something about a report failed, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return one_line(str(error)) or type(error).__name__


def run_folder(fact: RunFact) -> RunFolder | None:
    """Return where the record of a run is kept, None when none is."""
    if not fact.report_directory or fact.run_id is None:
        return None
    return folder_of(Path(fact.report_directory), fact.cluster, datetime.fromisoformat(fact.started_at), fact.run_id)


def error_fields(error: Exception, message: str) -> dict[str, t.Any]:
    """Return an error as the record has it.

    Args:
        error: the error.
        message: the sentence that the user read.
    """
    known = error if isinstance(error, OperationError) else None
    return {
        "type": type(error).__name__,
        "message": one_line(message),
        "operation": known.operation if known else None,
        "remedy": known.remedy if known else None,
        **code_fields(known.code if known else None),
    }


def _by_node(traffic: Mapping[str, Traffic], fact: RunFact) -> dict[str, dict[str, int]]:
    """Return what was moved by node: clients are opened under the name of the host before the node is known."""
    totals: dict[str, dict[str, int]] = {}
    for name, moved in traffic.items():
        total = totals.setdefault(fact.node_of(name) or name, {"messages": 0, "bytes_sent": 0, "bytes_received": 0})
        total["messages"] += moved.messages
        total["bytes_sent"] += moved.bytes_sent
        total["bytes_received"] += moved.bytes_received
    return totals
