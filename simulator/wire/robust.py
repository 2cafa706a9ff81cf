# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Robust operations: their answer is a stream of envelopes, and they outlive their connection for a while (wsman-cim.md 7, 8.1)."""

from __future__ import annotations

import functools
import logging
import threading
import time
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ..cim import CimFault, Job, ProgressReport, Reply, Streamed, Value
from . import names
from .events import EventWriter
from .faults import ProtocolFault
from .invoke import Call, timed_out

_POLL_SECONDS = 0.1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timing:
    """Real seconds of one operation's timers."""

    keep_alive: float
    limit: float | None
    """None when the operation may take as long as it wants."""

    window: float
    """How long the operation outlives its connection."""


@dataclass(frozen=True)
class Envelope:
    """One message of the answer."""

    data: bytes
    is_final: bool = False


class StreamSink(t.Protocol):
    """Where the messages of an attached operation go; every method may raise ConnectionGoneError."""

    def begin(self) -> None:
        """Send status line and headers."""

    def send(self, data: bytes) -> None:
        """Send one envelope as one chunk."""

    def check(self) -> None:
        """Find out whether the peer is still there."""


class RobustOperation:
    """One robust invoke. A runner thread asks the method for what it produces; whichever connection is attached sends it.

    The provider, the interceptor and the clock are never called while the operation's own lock is held: the model may cut
    connections while it holds its lock.

    Args:
        call: the method call.
        user: whose operation it is.
        timing: its timers.
        options: buffer size and whether providers are cancelled.
        before_end: called once after the effect and before the last message can leave.
    """

    def __init__(self, call: Call, user: str, timing: Timing, *, buffer_bytes: int, cancels: bool, before_end: Callable[[], None]) -> None:
        self.operation_id = call.context.message.operation_id or ""
        self.user = user
        self._call = call
        self._timing = timing
        self._buffer_bytes = buffer_bytes
        self._cancels = cancels
        self._before_end = before_end
        self._writer = EventWriter(call)
        self._changed = threading.Condition()
        self._messages: list[Envelope | None] = []
        self._first = 0
        self._sent = 0
        self._generation = 0
        self._is_attached = False
        self._forget_at: float | None = None
        self._is_stopped = False
        self._cancel_reason: str | None = None
        self._has_asked_acknowledgement = False
        self._thread: threading.Thread | None = None
        self.final_fault: CimFault | None = None

    @property
    def is_over(self) -> bool:
        """True when the last message exists."""
        with self._changed:
            return bool(self._messages) and self._messages[-1] is not None and self._messages[-1].is_final

    @property
    def is_forgotten(self) -> bool:
        """True when the server no longer knows the operation: stopped, or without a connection for too long."""
        with self._changed:
            return self._is_stopped or (self._forget_at is not None and time.monotonic() >= self._forget_at)

    def start(self, result: Reply | Job) -> None:
        """Begin to collect what the method produces."""
        self._thread = threading.Thread(target=self._run, args=(result,), name=f"operation {self.operation_id}", daemon=True)
        self._thread.start()

    def stop(self, cancel_reason: str | None) -> None:
        """End the operation: its messages are dropped.

        Args:
            cancel_reason: what the provider is told, None when it is to hear nothing: after a restored snapshot its job is another one.
        """
        with self._changed:
            self._is_stopped = True
            self._cancel_reason = self._cancel_reason or cancel_reason
            self._changed.notify_all()

    def is_alive(self) -> bool:
        """Return True while the runner works."""
        return self._thread is not None and self._thread.is_alive()

    def join(self, seconds: float) -> None:
        """Wait for the runner to end."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def acknowledge(self, sequence_id: int) -> None:
        """Free what the client has received."""
        with self._changed:
            # Nobody can have received what has not been sent; the last message stays for a client that resumes once more.
            end = min(sequence_id, self._sent, len(self._messages) - 1)
            for index in range(self._first, end):
                self._messages[index] = None
            self._first = max(self._first, end)
            self._has_asked_acknowledgement = False

    def attach(self, sink: StreamSink, *, is_resumed: bool, holds_last_back: bool = False) -> bytes:
        """Send all messages over a connection until the last one, with keep-alives while nothing happens.

        Args:
            sink: the connection.
            is_resumed: an Acknowledge goes first, as after a lost connection.
            holds_last_back: the last message is not sent, only returned: a scripted fault has plans for it.

        Returns:
            The last message.

        Raises:
            ConnectionGoneError: the connection is lost, was taken over by a later one, or the node went down; the operation goes on.
        """
        with self._changed:
            self._generation += 1
            generation = self._generation
            self._is_attached, self._forget_at = True, None
            self._changed.notify_all()
        try:
            sink.begin()
            if is_resumed:
                sink.send(self._writer.side_message(names.ACKNOWLEDGE, names.ROBUST_CONNECTION))
            return self._send_all(sink, generation, holds_last_back=holds_last_back)
        finally:
            with self._changed:
                if generation == self._generation:
                    self._is_attached = False
                    self._forget_at = time.monotonic() + self._timing.window

    def _send_all(self, sink: StreamSink, generation: int, *, holds_last_back: bool) -> bytes:
        cursor = self._first
        last_sent = time.monotonic()
        while True:
            message = self._next_message(cursor, generation)
            if message is None:
                sink.check()
                if time.monotonic() - last_sent >= self._timing.keep_alive:
                    sink.send(self._writer.side_message(names.KEEP_ALIVE, names.FULL_DUPLEX))
                    last_sent = time.monotonic()
                continue
            if message.is_final and holds_last_back:
                return message.data
            sink.send(message.data)
            cursor += 1
            last_sent = time.monotonic()
            is_full = self._note_sent(cursor)
            if message.is_final:
                return message.data
            if is_full:
                sink.send(self._writer.side_message(names.ACKNOWLEDGE_REQUEST, names.ROBUST_CONNECTION))

    def _next_message(self, cursor: int, generation: int) -> Envelope | None:
        with self._changed:
            if len(self._messages) <= cursor:
                self._changed.wait(_POLL_SECONDS)
            if self._is_stopped or generation != self._generation:
                raise TakenAwayError
            return self._messages[cursor] if len(self._messages) > cursor else None

    def _note_sent(self, cursor: int) -> bool:
        """Drop the oldest sent messages above the buffer's size: a client that acknowledges nothing must not stop the method.

        Returns:
            True when the client has to be asked for an acknowledgement (wsman-cim.md 7.3).
        """
        with self._changed:
            self._sent = max(self._sent, cursor)
            kept = sum(len(message.data) for message in self._messages[self._first :] if message is not None)
            asks = kept > self._buffer_bytes and not self._has_asked_acknowledgement
            self._has_asked_acknowledgement = self._has_asked_acknowledgement or asks
            while kept > self._buffer_bytes and self._first < self._sent - 1:
                oldest = self._messages[self._first]
                kept -= len(oldest.data) if oldest is not None else 0
                self._messages[self._first] = None
                self._first += 1
            return asks

    def _run(self, result: Reply | Job) -> None:
        collected: dict[str, list[Value]] = {}
        try:
            reply = result if isinstance(result, Reply) else self._pump(result, collected)
            if reply is None:
                return
            self._before_end()
            self._stream_whole_arrays(reply)
            self._push(functools.partial(self._writer.output, reply, collected), is_final=True)
        except CimFault as fault:
            if not isinstance(fault, ProtocolFault):
                self._before_end()
            self._push_fault(fault)
        except Exception:  # whatever a provider raises, the client gets an end and the operation is not left hanging
            _log.exception("a provider failed in %s", self._call.method.name)
            self._push_fault(ProtocolFault(names.FAILED, "The provider failed.", subcode="w:InternalError", sender=False))

    def _push_fault(self, fault: CimFault) -> None:
        self.final_fault = fault
        self._push(functools.partial(self._writer.fault, fault), is_final=True)

    def _pump(self, job: Job, collected: dict[str, list[Value]]) -> Reply | None:
        deadline = None if self._timing.limit is None else time.monotonic() + self._timing.limit
        while True:
            if self.is_forgotten:
                # A node that goes down takes the provider with it; an abandoned operation ends as the scenario chooses.
                self._cancel_abandoned(job)
                return None
            item = job.next(_POLL_SECONDS)
            if isinstance(item, Reply):
                return item
            if isinstance(item, Streamed):
                self._take_streamed(item, collected)
            elif isinstance(item, ProgressReport) and self._writer.reports_progress:
                self._push(functools.partial(self._writer.progress, item))
            if deadline is not None and time.monotonic() >= deadline:
                if self._cancels:
                    job.cancel("timeout")
                raise timed_out()

    def _cancel_abandoned(self, job: Job) -> None:
        with self._changed:
            reason = self._cancel_reason if self._is_stopped else "timeout" if self._cancels else None
        if reason is not None:
            job.cancel(reason)

    def _take_streamed(self, item: Streamed, collected: dict[str, list[Value]]) -> None:
        if self._call.streams:
            self._push(functools.partial(self._writer.streamed, item))
        else:
            collected.setdefault(item.parameter, []).append(item.value)

    def _stream_whole_arrays(self, reply: Reply) -> None:
        if not self._call.streams:
            return
        for parameter in self._call.outputs:
            value = reply.outputs.get(parameter.name)
            if parameter.is_stream and isinstance(value, (list, tuple)):
                for item in value:
                    self._take_streamed(Streamed(parameter.name, item), {})

    def _push(self, build: Callable[[int], bytes], *, is_final: bool = False) -> None:
        # Only the runner appends, so the number cannot change while the envelope is built outside of the lock.
        data = build(len(self._messages) + 1)
        with self._changed:
            self._messages.append(Envelope(data, is_final))
            if is_final and not self._is_attached and self._forget_at is None:
                self._forget_at = time.monotonic() + self._timing.window
            self._changed.notify_all()


class TakenAwayError(Exception):
    """Another connection resumed the operation, or it was stopped."""


class RobustOperations:
    """The robust operations that one node knows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, RobustOperation] = {}

    def find(self, operation_id: str, user: str) -> RobustOperation | None:
        """Return the operation of that id and user, None when unknown or forgotten."""
        with self._lock:
            for key in [key for key, operation in self._known.items() if operation.is_forgotten]:
                del self._known[key]
            operation = self._known.get(operation_id.casefold())
        return operation if operation is not None and operation.user == user else None

    def add(self, operation: RobustOperation) -> None:
        """Remember a new operation."""
        with self._lock:
            self._known[operation.operation_id.casefold()] = operation

    def forget(self, operation: RobustOperation) -> None:
        """Forget an operation, as the End message asks."""
        with self._lock:
            self._known.pop(operation.operation_id.casefold(), None)

    def count(self, user: str) -> int:
        """Return how many operations of a user still run."""
        with self._lock:
            known = list(self._known.values())
        return sum(1 for operation in known if operation.user == user and not operation.is_over and not operation.is_forgotten)

    def stop_all(self, cancel_reason: str | None) -> list[RobustOperation]:
        """End and forget all operations; the caller may join them."""
        with self._lock:
            known = list(self._known.values())
            self._known.clear()
        for operation in known:
            operation.stop(cancel_reason)
        return known
