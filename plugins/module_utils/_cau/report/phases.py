# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a run was with a node and when, from the changes of the node's journal entry; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ..journal_records import Phase
from .moments import Begin
from .pieces import Piece

Span: t.TypeAlias = dict[str, t.Any]
"""A phase or an absence: begin and end, the end None while it lasts."""

# In these the node serves, whatever the run has done to it.
_SERVING = frozenset({Phase.LOCKED, Phase.STAGED, Phase.RESUMED, Phase.DONE})


def phases(begin: Begin, entries: Sequence[Piece]) -> list[Span]:
    """Return the phases of a node, one after the other; the last one has no end.

    Args:
        begin: of the run.
        entries: the pieces with the node's entry, in order.
    """
    found: list[Span] = []
    for piece in entries:
        phase = piece["entry"]["phase"]
        if found and found[-1]["phase"] == phase:
            continue
        _end(found, begin, piece)
        found.append({"phase": phase, **begin.stamp(piece), "seconds": None})
    return found


def absences(begin: Begin, entries: Sequence[Piece]) -> list[Span]:
    """Return when the node was out of service because of the run: from just before its pause was asked until it was seen active again.

    Args:
        begin: of the run.
        entries: the pieces with the node's entry, in order.
    """
    found: list[Span] = []
    is_away = False
    for piece in entries:
        entry = piece["entry"]
        now_away = bool(entry["paused_by_us"]) or entry["phase"] not in {*_SERVING, Phase.LEFT_OUT}
        if entry["phase"] == Phase.LEFT_OUT:
            now_away = is_away or bool(entry["paused_by_us"])
        if now_away and not is_away:
            found.append({**begin.stamp(piece), "seconds": None})
        elif is_away and not now_away:
            _end(found, begin, piece)
        is_away = now_away
    return found


def _end(spans: list[Span], begin: Begin, piece: Piece) -> None:
    if spans:
        spans[-1]["seconds"] = round(max(0.0, begin.after(piece) - spans[-1]["after_seconds"]), 3)


def seconds_by_phase(spans: Iterable[Span]) -> dict[str, float]:
    """Return how long each phase lasted in all; one that has not ended is left out."""
    totals: dict[str, float] = {}
    for span in spans:
        if span["seconds"] is not None:
            totals[span["phase"]] = round(totals.get(span["phase"], 0.0) + span["seconds"], 3)
    return totals


def most_at_once(nodes: Iterable[Mapping[str, t.Any]]) -> int:
    """Return how many nodes were out of service at the same moment, at most.

    Args:
        nodes: the nodes of a record.
    """
    changes: list[tuple[float, int]] = []
    for node in nodes:
        for span in node["out_of_service"]:
            begin = span["after_seconds"]
            changes.append((begin, 1))
            changes.append((float("inf") if span["seconds"] is None else begin + span["seconds"], -1))
    most = away = 0
    # Of two changes at one moment the return counts first.
    for _at, change in sorted(changes):
        away += change
        most = max(most, away)
    return most
