# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark counts: messages and bytes from the twin's request log, wall time from marks at each task."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.harness.record import Entry, moment

OURS = "cluster_aware.updating."


@dataclass
class Count:
    """What a task, or a whole run, has cost.

    Args:
        runs: how often the task ran on a host.
        messages: SOAP exchanges.
        sent: bytes of requests.
        received: bytes of answers.
        seconds: real seconds.
        operations: messages by operation.
    """

    runs: int = 0
    messages: int = 0
    sent: int = 0
    received: int = 0
    seconds: float = 0.0
    operations: dict[str, int] = field(default_factory=dict)

    def add(self, request: Entry) -> None:
        """Count an exchange."""
        self.messages += 1
        self.sent += int(request["bytes_in"])
        self.received += int(request["bytes_out"])
        name = operation(request)
        self.operations[name] = self.operations.get(name, 0) + 1


def operation(request: Entry) -> str:
    """Return the name by which scenarios address an exchange."""
    method = f".{request['method']}" if request.get("method") else ""
    return f"{request['action']} {request.get('class') or '*'}{method}".strip()


@dataclass(frozen=True)
class Timeline:
    """How real time and twin time belong together: both were read at one moment.

    Args:
        real: seconds since the epoch.
        twin: twin time.
        rate: twin seconds per real second.
    """

    real: float
    twin: datetime
    rate: float

    def real_of(self, at: str) -> float:
        """Return the real time of a line of the log."""
        return self.real + (moment(at) - self.twin) / timedelta(seconds=1) / self.rate


def read_marks(path: Path) -> list[dict[str, object]]:
    """Return the marks of the callback plugin."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def count_tasks(marks: Sequence[Entry], requests: Iterable[Entry], timeline: Timeline) -> dict[str, Count]:
    """Return the cost of each of our tasks, by its short name; a message belongs to the task in whose time it falls."""
    counts: dict[str, Count] = {}
    begins = [mark for mark in marks if mark["kind"] in {"task", "end"}]
    spans = [(float(this["time"]), float(after["time"]), str(this["action"])) for this, after in itertools.pairwise(begins)]
    for begin, end, action in spans:
        if action.startswith(OURS):
            counts.setdefault(action.removeprefix(OURS), Count()).seconds += end - begin
    for mark in marks:
        name = str(mark["action"]).removeprefix(OURS)
        if mark["kind"] == "result" and name in counts:
            counts[name].runs += 1
    for request in requests:
        when = timeline.real_of(str(request["at"]))
        action = next((action for begin, end, action in reversed(spans) if begin <= when), "")
        if action.startswith(OURS):
            counts[action.removeprefix(OURS)].add(request)
    return counts


def total(requests: Iterable[Entry], seconds: float) -> Count:
    """Return the cost of a whole run."""
    count = Count(runs=1, seconds=seconds)
    for request in requests:
        count.add(request)
    return count


def largest(requests: Iterable[Entry], action: str, class_name: str) -> int:
    """Return the bytes of the largest exchange of a kind, both ways together."""
    fitting = [request for request in requests if request["action"] == action and request.get("class") == class_name]
    return max((int(request["bytes_in"]) + int(request["bytes_out"]) for request in fitting), default=0)
