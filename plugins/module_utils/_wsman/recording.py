# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that keep what was sent and what came back, unsealed, for reports that a person reads.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .._clock import Clock
from .channel import Answer, Channel, Traffic
from .endpoint import Endpoint
from .kinds import Kind
from .transport import open_transport_channel


@dataclass
class Exchange:
    """One request and its answer, as text.

    Args:
        request: the envelope that was sent.
        status: the HTTP status, None when no answer began.
        answer: what has been read of the answer.
    """

    request: str
    status: int | None = None
    answer: str = ""


@dataclass
class Recorder:
    """Opens connections that record; sign-in is not recorded."""

    exchanges: list[Exchange] = field(default_factory=list)

    def open_channel(self, endpoint: Endpoint, clock: Clock, traffic: Traffic) -> Channel:
        """Return a connection that records, see OpenChannel."""
        return _RecordingChannel(open_transport_channel(endpoint, clock, traffic), self.exchanges)

    def take(self) -> list[Exchange]:
        """Return what was recorded since the last time."""
        taken, self.exchanges[:] = list(self.exchanges), []
        return taken


class _RecordingChannel:
    def __init__(self, channel: Channel, exchanges: list[Exchange]) -> None:
        self._channel = channel
        self._exchanges = exchanges

    def open(self) -> None:
        self._channel.open()

    def post(self, body: bytes, *, kind: Kind, read_timeout: float) -> Answer:
        exchange = Exchange(body.decode("utf-8", "replace"))
        self._exchanges.append(exchange)
        answer = self._channel.post(body, kind=kind, read_timeout=read_timeout)
        exchange.status = answer.status
        return _RecordingAnswer(answer, exchange)

    def close(self) -> None:
        self._channel.close()


class _RecordingAnswer:
    def __init__(self, answer: Answer, exchange: Exchange) -> None:
        self._answer = answer
        self._exchange = exchange
        self.status = answer.status
        self.is_context_broken = answer.is_context_broken

    def pieces(self) -> Iterator[bytes]:
        seen = b""
        for piece in self._answer.pieces():
            seen += piece
            # A character may be cut in two, so that the whole is decoded each time.
            self._exchange.answer = seen.decode("utf-8", "replace")
            yield piece
