# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One answer, read envelope by envelope within limits of size, number and time.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .._clock import Clock
from . import failures
from .channel import Answer
from .endpoint import Endpoint
from .envelope import Envelope, parse_envelope
from .errors import AnswerError, ConnectionLostError, TimeLimitError, WsmanError
from .kinds import Kind
from .xml_stream import DocumentSplitter, XmlBrokenOffError, XmlRefusedError


@dataclass(frozen=True)
class Limits:
    """How much of one answer is read before it counts as never ending."""

    envelopes: int
    total_bytes: int


PLAIN_LIMITS = Limits(envelopes=1_000, total_bytes=16 * 1024 * 1024)
ROBUST_LIMITS = Limits(envelopes=100_000, total_bytes=128 * 1024 * 1024)


@dataclass(frozen=True)
class Deadline:
    """A moment on the clock after which an answer is no longer waited for."""

    at: float
    seconds: float

    @classmethod
    def after(cls, clock: Clock, seconds: float) -> Deadline:
        """Return the deadline in `seconds` clock seconds, exactly."""
        return cls(clock.now() + seconds, seconds)

    @classmethod
    def for_socket(cls, clock: Clock, seconds: float) -> Deadline:
        """Return a deadline that is never nearer than what the clock allows a socket."""
        return cls(clock.now() + clock.socket_timeout(seconds) * clock.rate, seconds)

    def remaining(self, clock: Clock) -> float:
        """Return the clock seconds left, at least 0."""
        return max(0.0, self.at - clock.now())


class AnswerReader:
    """Reads the envelopes of one answer.

    Args:
        answer: as the channel gave it.
        endpoint: who answers.
        kind: what a lost answer would mean.
        clock: by which the deadline counts.
        deadline: of the whole answer.
        limits: of the whole answer.
    """

    def __init__(self, answer: Answer, endpoint: Endpoint, kind: Kind, clock: Clock, deadline: Deadline, limits: Limits) -> None:
        self._answer = answer
        self._endpoint = endpoint
        self._kind = kind
        self._clock = clock
        self._deadline = deadline
        self._limits = limits

    def envelopes(self) -> Iterator[Envelope]:
        """Yield the envelopes as they arrive; faults are among them.

        Raises:
            WsmanError: the connection was lost, the answer is beyond the limits or no SOAP, or the HTTP status tells of an error that no
                fault explains.
        """
        if self._answer.status == 401:
            raise self._status_error()
        count = 0
        try:
            for envelope in self._split():
                count += 1
                if count > self._limits.envelopes:
                    raise XmlRefusedError(f"it has more than {self._limits.envelopes} messages")
                if self._answer.status != 200 and envelope.fault is None:
                    raise self._status_error()
                yield envelope
        except XmlBrokenOffError:
            if self._answer.status != 200 and not count:
                raise self._status_error() from None
            raise ConnectionLostError(
                "the answer broke off",
                kind=self._kind,
                node=self._endpoint.name,
                remedy="Check that the host did not restart, and that nothing between ends long connections",
            ) from None
        except XmlRefusedError as error:
            # A web page of something that is no WinRM service; its status says more than its text.
            if self._answer.status != 200 and not count:
                raise self._status_error() from None
            raise AnswerError(
                f"the host's answer cannot be understood: {error}",
                kind=self._kind,
                node=self._endpoint.name,
                remedy="Check that host and port belong to a WinRM service and that nothing in between changes messages",
            ) from None
        if not count and self._answer.status != 200:
            raise self._status_error()

    def _split(self) -> Iterator[Envelope]:
        splitter = DocumentSplitter()
        total = 0
        for piece in self._answer.pieces():
            if self._clock.now() > self._deadline.at:
                raise TimeLimitError(
                    f"the answer was not complete within {self._deadline.seconds:g} s", kind=self._kind, node=self._endpoint.name
                )
            total += len(piece)
            if total > self._limits.total_bytes:
                raise XmlRefusedError(f"it is longer than {self._limits.total_bytes} bytes")
            for root in splitter.feed(piece):
                yield parse_envelope(root, self._answer.status)
        splitter.finish()

    def _status_error(self) -> WsmanError:
        return failures.http_failure(self._answer.status, self._endpoint, self._kind, is_context_broken=self._answer.is_context_broken)
