# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clock of the twin: twin seconds pass `rate` times as fast as real ones, and it can be moved on by hand."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class TwinClock:
    """Twin time.

    Args:
        rate: twin seconds per real second; 0 makes a clock that stands still until `advance` moves it.
        start: twin time at the beginning; now when None.
    """

    def __init__(self, rate: float = 1.0, start: datetime | None = None) -> None:
        if rate < 0:
            raise ValueError(f"the rate of twin time must not be negative, not {rate}")
        self.rate = rate
        self._lock = threading.Lock()
        self._base = start or datetime.now(UTC)
        self._origin = time.monotonic()

    def now(self) -> datetime:
        """Return twin time, UTC."""
        with self._lock:
            return self._base + timedelta(seconds=(time.monotonic() - self._origin) * self.rate)

    def real(self, seconds: float, floor: float = 0.0) -> float:
        """Return how many real seconds `seconds` twin seconds last, never less than `floor`."""
        return max(seconds / self.rate if self.rate else seconds, floor)

    def advance(self, seconds: float) -> None:
        """Move twin time on.

        Args:
            seconds: twin seconds, not negative.
        """
        if seconds < 0:
            raise ValueError("twin time does not go back")
        with self._lock:
            self._base += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Go on from `moment`, as after a restored snapshot."""
        with self._lock:
            self._base, self._origin = moment, time.monotonic()
