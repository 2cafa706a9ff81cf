# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A snapshot around each request that changes state: every moment at which a client can die, from one run."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..cim import Exchange
from ..model.engine import Model
from ..model.events import moment_text

Moment = t.Literal["before", "begun", "after"]


@dataclass(frozen=True)
class Mark:
    """One snapshot of a trail.

    Args:
        snapshot: its file, without the folder.
        number: of the request, among those that change state, from 1.
        when: before the effect, when a method that runs for a while has begun, or after the effect.
        seq: of the request in the request log.
        event: last event of the event log that had happened.
        open: requests whose answer had not left.
        last: last request that had arrived.
    """

    snapshot: str
    number: int
    when: Moment
    seq: int
    cluster: str
    node: str
    user: str
    operation: str
    at: str
    event: int
    last: int
    open: list[int] = field(default_factory=list)


class Trail:
    """Keeps a snapshot around each request that changes state, as files of a folder.

    Args:
        model: the model.
        folder: where the snapshots go.
    """

    def __init__(self, model: Model, folder: Path) -> None:
        self._model = model
        self._folder = folder
        self._lock = threading.Lock()
        self._numbers: dict[int, int] = {}
        self._open: set[int] = set()
        self._last = 0
        self._marks: list[Mark] = []
        folder.mkdir(parents=True, exist_ok=True)

    def before(self, exchange: Exchange, *, is_change: bool) -> None:
        """Note that a request has arrived."""
        with self._lock:
            self._last = max(self._last, exchange.seq)
            if is_change:
                self._numbers[exchange.seq] = len(self._numbers) + 1
                self._keep(exchange, "before")
            self._open.add(exchange.seq)

    def begun(self, exchange: Exchange) -> None:
        """Note that a method that runs for a while has begun."""
        with self._lock:
            if exchange.seq in self._numbers:
                self._keep(exchange, "begun")

    def after(self, exchange: Exchange) -> None:
        """Note that the effect of a request is there."""
        with self._lock:
            if exchange.seq in self._numbers:
                self._keep(exchange, "after")
            self._open.discard(exchange.seq)

    def marks(self) -> list[dict[str, t.Any]]:
        """Return all snapshots so far, in their order."""
        with self._lock:
            return [asdict(mark) for mark in self._marks]

    def _keep(self, exchange: Exchange, when: Moment) -> None:
        number = self._numbers[exchange.seq]
        name = f"{number:04d}-{when}"
        data, event, at = self._model.snapshot_with_event()
        (self._folder / name).write_bytes(data)
        who = {"cluster": exchange.cluster, "node": exchange.node, "user": exchange.user, "operation": exchange.operation}
        mark = Mark(name, number, when, exchange.seq, at=moment_text(at), event=event, last=self._last, open=sorted(self._open), **who)
        self._marks.append(mark)
