# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes that may be sent twice because the second says the same as the first.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable

from .._clock import Clock
from .._errors import OperationError, Outcome

SETTLE_SECONDS = 2.0


def twice(clock: Clock, write: Callable[[], object]) -> None:
    """Do an idempotent write, and once more when its answer was lost or it never reached the node.

    Args:
        clock: for the pause between the two.
        write: the write; doing it twice must be the same as doing it once.

    Raises:
        OperationError: it was refused, or the second answer was lost as well.
    """
    try:
        write()
    except OperationError as error:
        if error.outcome is Outcome.FAILED:
            raise
        clock.sleep(SETTLE_SECONDS)
        write()
