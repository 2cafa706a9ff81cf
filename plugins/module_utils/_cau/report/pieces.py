# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of a run leave behind on the controller, line by line: the pieces of which its record is made.

A piece is a JSON object with its kind, the controller's time and the clock seconds at which it was written:

run    who drives the run, its nodes and options; written when the lock was taken, or the run was refused
event  one progress line
entry  one change of the journal: how far the run is with a node
task   what one task did, when it ended
end    the lock was given back, or could not be

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Piece: t.TypeAlias = Mapping[str, t.Any]
"""One line."""


class Kind:
    """The kinds of pieces."""

    RUN = "run"
    EVENT = "event"
    ENTRY = "entry"
    TASK = "task"
    END = "end"


_KINDS = frozenset({Kind.RUN, Kind.EVENT, Kind.ENTRY, Kind.TASK, Kind.END})


@dataclass(frozen=True)
class Pieces:
    """The pieces of a run as they were read.

    Args:
        lines: in the order in which they were written.
        damaged: the numbers of the lines that could not be read, from 1 on.
    """

    lines: tuple[Piece, ...] = ()
    damaged: tuple[int, ...] = ()

    def of(self, kind: str) -> list[Piece]:
        """Return the pieces of one kind."""
        return [line for line in self.lines if line["kind"] == kind]

    @property
    def run(self) -> Piece | None:
        """The piece that tells who drives the run, None when it is missing."""
        return next(iter(self.of(Kind.RUN)), None)


def to_line(piece: Piece) -> str:
    """Return a piece as the line that is appended."""
    return json.dumps(piece, ensure_ascii=True, separators=(",", ":")) + "\n"


def parse(text: str) -> Pieces:
    """Return the pieces of a file; a line that was cut off by a kill, or damaged, is counted and left out.

    Args:
        text: the whole file.
    """
    lines, damaged = [], []
    for number, line in enumerate(text.splitlines(), 1):
        piece = _piece(line)
        if piece is None:
            damaged.append(number)
        else:
            lines.append(piece)
    return Pieces(tuple(lines), tuple(damaged))


def _piece(line: str) -> Piece | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("kind") not in _KINDS:
        return None
    is_timed = isinstance(found.get("at"), str) and isinstance(found.get("clock"), int | float)
    return found if is_timed else None


def recorded(tasks: Iterable[Piece]) -> list[Piece]:
    """Return the tasks that recorded how the run ended for a node; an error has a field "outcome" too, which is one word."""
    return [task for task in tasks if isinstance(task["result"].get("outcome"), dict)]


def errors(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the tasks among pieces that failed."""
    return [piece for piece in pieces if piece["kind"] == Kind.TASK and piece.get("error")]
