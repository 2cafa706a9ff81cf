# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a run may take, and when it has to say that it takes long (StopAfter and WarnAfter, cau.md 5.2, 5.8).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._clock import Clock
from .._errors import Outcome
from .errors import RunStoppedError
from .waiting import duration


@dataclass(frozen=True)
class RunLimits:
    """The limits of one run; all times in clock seconds.

    Args:
        began: when the run began.
        stop_after: how long it may take, None for as long as it needs.
        warn_after: after what time it says that it takes long, None for never.
    """

    began: float
    stop_after: float | None = None
    warn_after: float | None = None

    def heed(self, clock: Clock) -> None:
        """End the work here when the run has had its time; called only where the node serves or can be brought back at once.

        Raises:
            RunStoppedError: it has.
        """
        if self.stop_after is not None and clock.now() - self.began >= self.stop_after:
            raise RunStoppedError(
                f"the run has taken as long as stop_after allows ({duration(self.stop_after)}), so nothing new is begun",
                operation="stop",
                remedy="Run the same playbook again to update what is left, or raise stop_after",
                outcome=Outcome.NOT_DONE,
            )

    def warning(self, clock: Clock) -> str | None:
        """Return what is to be said once the run takes long, None as long as it does not."""
        if self.warn_after is None or clock.now() - self.began < self.warn_after:
            return None
        return f"warning: the run takes longer than warn_after ({duration(self.warn_after)})"
