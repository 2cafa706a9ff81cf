# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one judged run left behind: the twin's two logs, the controller's log and everything that was captured."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

Entry = Mapping[str, t.Any]
"""One line of a log."""


@dataclass(frozen=True)
class Expectations:
    """What the judged run was allowed to do, because its options said so, or was asked to do.

    Args:
        accepted_down: nodes that an option of the run accepts as down or paused.
        accepted_offline: groups that an option of the run lets go offline.
        left_out: ids of updates that the run was told to leave out.
        is_check_mode: the run was to change nothing.
        settle_seconds: twin seconds between the two looks of the gate; 0 when the run was told not to settle.
        users: accounts that the judged controllers use; empty means that every client of the twin is judged.
        may_leave_lock: the run could not release its lock (a node was cut off), or was not meant to.
        may_not_finish: a successful run was told to do less than all (tags, a single task).
        may_not_drain: an option of the run pauses nodes without drain.
    """

    accepted_down: frozenset[str] = frozenset()
    accepted_offline: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    is_check_mode: bool = False
    settle_seconds: float = 15.0
    users: frozenset[str] = frozenset()
    may_leave_lock: bool = False
    may_not_finish: bool = False
    may_not_drain: bool = False


@dataclass(frozen=True)
class RunRecord:
    """Everything that the invariants are judged from.

    Args:
        events: the twin's event log.
        requests: the twin's request log.
        controller: the controller's log, on twin time.
        outputs: captured text by the name of its source: screens, results, files, argument lists.
        secrets: what none of these may hold.
        expectations: what the run was allowed and asked to do.
    """

    events: Sequence[Entry] = ()
    requests: Sequence[Entry] = ()
    controller: Sequence[Entry] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    expectations: Expectations = Expectations()


@dataclass(frozen=True)
class Violation:
    """A rule that did not hold.

    Args:
        rule: number of the invariant in design.md, or "once" (every update exactly once) or "clean" (nothing is left behind).
        text: what happened, one sentence without a full stop.
        at: twin time, as the log has it.
        node: the node, None when no single one is meant.
    """

    rule: str
    text: str
    at: str | None = None
    node: str | None = None

    def __str__(self) -> str:
        where = f" {self.node}:" if self.node else ""
        return f"invariant {self.rule}:{where} {self.text}" + (f" (at {self.at})" if self.at else "")


def read_log(path: Path, start: int = 0) -> list[dict[str, t.Any]]:
    """Return the entries of a log in the order of their numbers; a last line that was cut off by a kill is left out.

    Args:
        path: the log.
        start: octets at its beginning that are left out.
    """
    entries = []
    lines = path.read_bytes()[start:].decode("utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError:
            if number < len(lines):
                raise
    return sorted(entries, key=lambda entry: int(entry["seq"]))


def moment(text: str) -> datetime:
    """Return a time of a log."""
    return datetime.fromisoformat(text)
