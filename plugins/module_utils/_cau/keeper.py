# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keeper: keeps the lock and the heartbeat of a run fresh while one of its tasks works.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import types
import typing as t

from .._clock import Clock
from .fleet import Fleet
from .journal_records import RunOwner


class Keeper:
    """A thread with connections of its own that touches the lock on every node and sets the heartbeat; a context manager.

    Args:
        fleet: a sibling of the worker's fleet; the keeper closes it.
        owner: who drives the run.
        clock: the controller's clock.
        node: the node in work: its session is touched, and its silence (a restart) never stops the run.
        beat_seconds: between two heartbeats, in clock seconds.
        touch_seconds: between two touches of the lock, in clock seconds.
        patience_seconds: how long another node may give no answer before the run must stop, in clock seconds.
    """

    def __init__(
        self,
        fleet: Fleet,
        owner: RunOwner,
        clock: Clock,
        *,
        node: str | None = None,
        beat_seconds: float = 240,
        touch_seconds: float = 900,
        patience_seconds: float = 600,
    ) -> None:
        raise NotImplementedError

    def check(self) -> None:
        """Raise what the keeper found, for the worker's safe points (RunLockLostError, NodeSessionHeldError, JournalError)."""
        raise NotImplementedError

    def close(self) -> None:
        """End the thread; once this returns it writes nothing more."""
        raise NotImplementedError

    def __enter__(self) -> t.Self:
        raise NotImplementedError

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        raise NotImplementedError
