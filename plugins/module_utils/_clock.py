# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one clock of the client: every wait, deadline, poll interval and read timeout goes through it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import math
import os
import time
from datetime import UTC, datetime

RATE_VARIABLE = "CLUSTER_AWARE_UPDATING_CLOCK_RATE"

# A loaded controller can need real seconds for a handshake; a scaled read timeout below this would only test the machine.
SOCKET_FLOOR_SECONDS = 10.0


class Clock:
    """Counts clock seconds: real seconds times the rate, which is 1 except against a twin.

    Args:
        rate: clock seconds per real second.
    """

    def __init__(self, rate: float = 1.0) -> None:
        if math.isnan(rate) or rate <= 0:
            raise ValueError(f"the clock rate must be a positive number, not {rate!r}")
        self.rate = rate

    def now(self) -> float:
        """Return clock seconds since an arbitrary start; never goes back."""
        return time.monotonic() * self.rate

    def utc(self) -> datetime:
        """Return the controller's wall time in UTC, for records that people read; never compared with a node's clock."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds` clock seconds."""
        if seconds > 0:
            time.sleep(seconds / self.rate)

    def real(self, seconds: float) -> float:
        """Return how many real seconds `seconds` clock seconds last, for waits on thread primitives."""
        return seconds / self.rate

    def socket_timeout(self, seconds: float) -> float:
        """Return the real seconds to allow a socket operation that may last `seconds` clock seconds."""
        return max(seconds / self.rate, min(seconds, SOCKET_FLOOR_SECONDS))


def clock_from_environment() -> Clock:
    """Return the clock at the rate that the environment names (see RATE_VARIABLE), 1 when it names none.

    Raises:
        ValueError: the variable holds no positive number.
    """
    text = os.environ.get(RATE_VARIABLE, "").strip()
    if not text:
        return Clock()
    try:
        rate = float(text)
    except ValueError:
        raise ValueError(f"{RATE_VARIABLE} must be a positive number, not {text!r}") from None
    return Clock(rate)
