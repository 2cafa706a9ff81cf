# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sending one answer: whole or as a stream of chunks, sealed or not, and broken off on purpose when a scenario says so."""

from __future__ import annotations

from collections.abc import Sequence

from .contexts import Acceptor
from .http import Channel, answer_head, chunk
from .sealing import content_type, seal

_SOAP_TYPE = "application/soap+xml;charset=UTF-8"


class Responder:
    """Answers one HTTP request.

    Args:
        channel: of the connection.
        context: seals everything when given.
        headers: for every answer, such as the last token of a handshake.
        keeps_alive: whether the connection stays open afterwards.
    """

    def __init__(self, channel: Channel, context: Acceptor | None, headers: Sequence[tuple[str, str]], *, keeps_alive: bool) -> None:
        self._channel = channel
        self._context = context
        self._headers = list(headers)
        self.keeps_alive = keeps_alive
        self.bytes_out = 0
        self.has_begun = False

    def empty(self, status: int) -> None:
        """Send a status with an empty body."""
        self.has_begun = True
        self._channel.send(answer_head(status, [*self._headers, ("Content-Length", "0"), *self._connection()]))

    def answer(self, status: int, plain: bytes) -> None:
        """Send a whole answer."""
        self.has_begun = True
        body = self._wrap(plain)
        self.bytes_out += len(body)
        self._channel.send(self._head(status, plain, ("Content-Length", str(len(body)))) + body)

    def truncated(self, plain: bytes) -> None:
        """Announce a whole answer and send half of it."""
        self.has_begun = True
        body = self._wrap(plain)
        half = body[: len(body) // 2]
        self.bytes_out += len(half)
        self._channel.send(self._head(200, plain, ("Content-Length", str(len(body)))) + half)

    def begin_stream(self, plain: bytes = b"") -> None:
        """Start a chunked answer, with the first envelope when there is one already; more than once is once."""
        if not self.has_begun:
            self.has_begun = True
            self._channel.send(self._head(200, plain, ("Transfer-Encoding", "chunked")))

    def stream(self, plain: bytes) -> None:
        """Send one envelope as one chunk (wsman-cim.md 7.2)."""
        self.begin_stream(plain)
        body = self._wrap(plain)
        self.bytes_out += len(body)
        self._channel.send(chunk(body))

    def truncated_chunk(self, plain: bytes) -> None:
        """Send half of a chunk."""
        self.begin_stream(plain)
        data = chunk(self._wrap(plain))
        half = data[: len(data) // 2]
        self.bytes_out += len(half)
        self._channel.send(half)

    def end_stream(self) -> None:
        """End a chunked answer."""
        self._channel.send(chunk(b""))

    def _head(self, status: int, plain: bytes, length: tuple[str, str]) -> bytes:
        kind = content_type(self._context, plain) if self._context is not None else _SOAP_TYPE
        return answer_head(status, [("Content-Type", kind), *self._headers, length, *self._connection()])

    def _connection(self) -> list[tuple[str, str]]:
        return [] if self.keeps_alive else [("Connection", "close")]

    def _wrap(self, plain: bytes) -> bytes:
        return seal(self._context, plain) if self._context is not None else plain
