# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary of all runs of a playbook, on one screen; from the results of its tasks alone.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import textwrap
import typing as t
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..module_utils._cau.outcome import NodeState
from ..module_utils._cau.run_id import short_id
from ..module_utils._cau.waiting import duration
from ._values import one_line

WIDTH = 110
MOST_ROWS = 24
"""Nodes that get a line of their own; what has failed comes first, so that it is never among the rest."""

Result: t.TypeAlias = "Mapping[str, t.Any]"

_WORDS: Mapping[str, str] = {
    NodeState.OK: "ok",
    NodeState.NOTHING_TO_DO: "nothing to do",
    NodeState.LEFT_ALONE: "left as it was",
    NodeState.FAILED: "FAILED",
    NodeState.LEFT_OUT: "LEFT OUT OF SERVICE",
}
_BAD = frozenset({_WORDS[NodeState.FAILED], _WORDS[NodeState.LEFT_OUT]})
_NOT_REACHED = "not worked on"


@dataclass(frozen=True)
class Line:
    """One line of the summary.

    Args:
        text: the line.
        is_bad: whether it tells of something that went wrong.
    """

    text: str
    is_bad: bool = False


@dataclass
class _Run:
    """What the tasks have told about the run of one cluster."""

    run_id: str | None = None
    nodes: dict[str, str] = field(default_factory=dict)
    """The inventory host of each node."""

    outcomes: dict[str, Result] = field(default_factory=dict)
    """By inventory host, in the order of their ends."""

    problems: list[str] = field(default_factory=list)


class RunSummary:
    """Collects what run_lock and node_outcome return, and makes the summary of it."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def saw_lock(self, result: Result, state: str, *, is_failed: bool) -> None:
        """Take in a result of run_lock.

        Args:
            result: what the task returned.
            state: its argument of this name.
            is_failed: whether it failed; one that could not take the lock is told by the outcome of its host.
        """
        if is_failed:
            if state == "released":
                self._of_host(str(result.get("host") or "")).problems.append(f"the run lock was not given back: {result.get('msg')}")
            return
        found = result.get("run")
        if not isinstance(found, Mapping):
            return
        run = self._runs.setdefault(str(found.get("cluster") or ""), _Run())
        run.run_id = found.get("run_id") or run.run_id
        run.nodes = dict(found.get("nodes") or run.nodes)
        if state == "released" and found.get("cau_role_offline"):
            run.problems.append(f"the CAU role {found['cau_role_offline']} stays offline, the next run brings it back")

    def saw_outcome(self, result: Result) -> None:
        """Take in a result of node_outcome."""
        outcome = result.get("outcome")
        if isinstance(outcome, Mapping):
            host = str(outcome.get("host"))
            outcomes = self._of_host(host).outcomes
            outcomes.pop(host, None)
            outcomes[host] = outcome

    def _of_host(self, host: str) -> _Run:
        for run in self._runs.values():
            if host in run.nodes.values():
                return run
        return self._runs.setdefault("", _Run())

    def lines(self) -> list[Line]:
        """Return the summary, nothing when no task has told of a run's end."""
        shown: list[Line] = []
        for cluster, run in sorted(self._runs.items()):
            if run.outcomes or run.problems:
                shown += _run_lines(cluster, run)
        return [Line("CLUSTER UPDATES"), *shown] if shown else []


def _run_lines(cluster: str, run: _Run) -> list[Line]:
    rows = [(str(outcome.get("node") or host), *_told(run, outcome)) for host, outcome in run.outcomes.items()]
    rows += [(node, _NOT_REACHED, "") for node, host in run.nodes.items() if host not in run.outcomes]
    rows.sort(key=lambda row: row[1] not in _BAD)
    counts = Counter(word for _node, word, _text in rows)
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    name = f"{cluster}  run {short_id(run.run_id)}" if run.run_id else f"{cluster}  check mode, nothing was changed"
    lines = [Line(f"{name if cluster else 'No run'}: {told}", is_bad=any(word in _BAD for word in counts) or bool(run.problems))]
    columns = max((len(node) for node, _word, _text in rows), default=0), max((len(word) for _node, word, _text in rows), default=0)
    for node, word, text in rows[:MOST_ROWS]:
        lines += _wrapped(f"  {node:<{columns[0]}}  {word:<{columns[1]}}  ", text, is_bad=word in _BAD)
    rest = Counter(word for _node, word, _text in rows[MOST_ROWS:])
    if rest:
        lines.append(Line(f"  and {', '.join(f'{count} more {word}' for word, count in rest.items())}", is_bad=not _BAD.isdisjoint(rest)))
    for problem in run.problems:
        lines += _wrapped("  ", problem, is_bad=True)
    return lines


def _told(run: _Run, outcome: Result) -> tuple[str, str]:
    """Return how a node ended in one word, and what there is to say about it."""
    state = str(outcome.get("state"))
    word = _WORDS.get(state, state)
    done = [
        f"{count} {noun if count == 1 else nouns}"
        for key, noun, nouns in (("updates", "update", "updates"), ("hotfixes", "hotfix", "hotfixes"), ("restarts", "restart", "restarts"))
        if (count := int(outcome.get(key) or 0))
    ]
    if run.run_id is None and run.nodes:
        return word, f"{', '.join(done)} to come" if done else ""
    attempts = int(outcome.get("attempts") or 1)
    if attempts > 1:
        done.append(f"at attempt {attempts}")
    seconds = float(outcome.get("seconds") or 0)
    timed = [*done, *([f"in {duration(seconds)}"] if seconds and state != NodeState.NOTHING_TO_DO else [])]
    return word, ": ".join(text for text in (" ".join(timed), one_line(str(outcome.get("reason") or ""))) if text)


def _wrapped(before: str, text: str, *, is_bad: bool) -> list[Line]:
    room = max(WIDTH - len(before), 30)
    parts = textwrap.wrap(text, room) or [""]
    return [Line(f"{before}{parts[0]}".rstrip(), is_bad=is_bad), *(Line(f"{' ' * len(before)}{part}", is_bad=is_bad) for part in parts[1:])]
