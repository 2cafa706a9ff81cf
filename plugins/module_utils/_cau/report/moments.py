# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The times of a record: every moment with the controller's time and its distance from the begin of the run.

Distances come from the controller's steady clock, so that a wall clock that is set meanwhile does not bend them; the journal of a dead run
has the wall time alone.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from .pieces import Piece


@dataclass(frozen=True)
class Begin:
    """When a run began.

    Args:
        at: the controller's time, ISO 8601.
        clock: its clock seconds then, None when nobody wrote them down.
        rate: clock seconds per real second.
    """

    at: str
    clock: float | None = None
    rate: float = 1.0

    def after(self, piece: Piece) -> float:
        """Return how many seconds after the begin something happened.

        Args:
            piece: with "at", and "clock" where that is known.
        """
        clock = piece.get("clock")
        if clock is not None and self.clock is not None:
            return round(max(0.0, float(clock) - self.clock), 3)
        passed = (moment(piece["at"]) - moment(self.at)).total_seconds() * self.rate
        return round(max(0.0, passed), 3)

    def stamp(self, piece: Piece) -> dict[str, t.Any]:
        """Return a moment as a record has it."""
        return {"at": piece["at"], "after_seconds": self.after(piece)}


def moment(text: str) -> datetime:
    """Return a time of a piece or record."""
    return datetime.fromisoformat(text)
