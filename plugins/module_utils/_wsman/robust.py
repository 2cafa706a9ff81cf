# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Methods that run for minutes: one request, a streamed answer, and taking it up again after a loss (wsman-cim.md 7 and 8).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from .._clock import Clock
from .._errors import Outcome
from . import names
from .answer import ROBUST_LIMITS, AnswerReader, Deadline
from .channel import Channel
from .endpoint import Endpoint
from .envelope import Envelope, Request
from .errors import (
    AnswerError,
    ConnectionLostError,
    FaultError,
    StreamLossError,
    TimeLimitError,
    WsmanError,
)
from .events import Event, Note, ProgressEvent, StillWorking, StreamedValue
from .instance import CimInstance, Origin, by_name, is_nil
from .kinds import Kind

SILENCE_SECONDS = 120.0
"""How long the host may be silent: twice its longest interval between keep-alives (wsman-cim.md 8.1, 8.4)."""

RECONNECT_SECONDS = 150.0
"""How long after a loss the operation may be asked for again. The host keeps it 185 s or more; one that has forgotten it would
start the method a second time (wsman-cim.md 8.1, 8.4)."""

RECONNECT_PAUSE_SECONDS = 3.0


class RobustCall:
    """One call of a long method, over as many connections as it takes.

    Args:
        open_channel: makes a channel that is connected and signed in; used once per connection.
        request: with an operation id.
        output_name: class name for the result.
        namespace: of the result.
        endpoint: who is asked.
        clock: for all limits.
        kind: what a lost answer means in the end.
        deadline_seconds: clock seconds for the whole call.
        on_event: told what the host reports.
        should_stop: asked after each message and before each new connection; stops the waiting by raising.
    """

    def __init__(
        self,
        open_channel: Callable[[], Channel],
        request: Request,
        *,
        output_name: str,
        namespace: str,
        endpoint: Endpoint,
        clock: Clock,
        kind: Kind,
        deadline_seconds: float,
        on_event: Callable[[Event], None] | None = None,
        should_stop: Callable[[], None] | None = None,
    ) -> None:
        self._open_channel = open_channel
        self._request = request
        self._output_name = output_name
        self._namespace = namespace
        self._endpoint = endpoint
        self._clock = clock
        self._kind = kind
        self._deadline = Deadline.after(clock, deadline_seconds)
        self._on_event = on_event or (lambda event: None)
        self._should_stop = should_stop or (lambda: None)
        self._expected_sequence = 1
        self._streamed: dict[str, list[Element]] = {}
        self._is_sent = False
        self._last_heard = 0.0
        self._lost_at: float | None = None

    def run(self) -> CimInstance:
        """Return the output of the method, streamed values included.

        Raises:
            WsmanError: as its Outcome says.
        """
        self._should_stop()
        while True:
            try:
                return self._attempt()
            except WsmanError as error:
                failure = error
            self._note_failure(failure)
            self._should_stop()
            self._clock.sleep(RECONNECT_PAUSE_SECONDS)

    def _attempt(self) -> CimInstance:
        channel = self._open_channel()
        try:
            request = self._request
            if self._lost_at is not None:
                self._require_window()
                request = request.reconnecting()
            body = request.to_bytes()
            if not self._is_sent:
                self._last_heard = self._clock.now()
            self._is_sent = True
            answer = channel.post(body, kind=self._kind, read_timeout=min(SILENCE_SECONDS, self._deadline.remaining(self._clock)))
            reader = AnswerReader(answer, self._endpoint, self._kind, self._clock, self._deadline, ROBUST_LIMITS)
            for envelope in reader.envelopes():
                final = self._take(envelope)
                if final is not None:
                    return final
            # Success is a final message; the end of a stream alone is none (pywinrm-streaming.md 6).
            raise ConnectionLostError("the answer ended before its final message", kind=self._kind, node=self._endpoint.name)
        finally:
            channel.close()

    def _take(self, envelope: Envelope) -> CimInstance | None:
        """Note one message; return the output when it is the final one."""
        if envelope.fault is not None:
            raise FaultError(envelope.fault, kind=self._kind, node=self._endpoint.name, is_reconnected=self._lost_at is not None)
        self._require_own(envelope)
        self._last_heard = self._clock.now()
        self._lost_at = None
        event = envelope.interactive_event
        if envelope.is_keep_alive:
            self._on_event(StillWorking())
        elif event is None:
            self._require_sequence(envelope)
            return self._output(envelope)
        elif self._require_sequence(envelope):
            self._dispatch(event)
        self._should_stop()
        return None

    def _require_own(self, envelope: Envelope) -> None:
        operation = self._request.operation_id or ""
        if envelope.operation_id and envelope.operation_id.lower() != operation.lower():
            raise AnswerError("the host answered for another operation", kind=self._kind, node=self._endpoint.name)

    def _require_sequence(self, envelope: Envelope) -> bool:
        """Return whether the message is new; a lower number is a replay, a higher one a loss (wsman-cim.md 7.2)."""
        number = envelope.sequence_id
        if number is None:
            return True
        if number > self._expected_sequence:
            raise StreamLossError(
                f"messages {self._expected_sequence} to {number - 1} of the host's answer are missing",
                kind=self._kind,
                node=self._endpoint.name,
            )
        is_new = number == self._expected_sequence
        self._expected_sequence += is_new
        return is_new

    def _dispatch(self, element: Element) -> None:
        parts = {names.local_name(part.tag): part for part in element}
        texts = {name: (part.text or "").strip() for name, part in parts.items()}
        event_type = texts.get("EventType", "").lower()
        if event_type == "streamingoutput":
            self._collect(texts.get("Name", ""), parts.get("Value"))
        elif event_type == "progress":
            self._on_event(
                ProgressEvent(
                    activity=texts.get("Activity", ""),
                    operation=texts.get("CurrentOperation", ""),
                    status=texts.get("StatusDescription", ""),
                    percent=_number(texts.get("PercentComplete")),
                    seconds_remaining=_number(texts.get("SecondsRemaining")),
                )
            )
        elif event_type == "warning":
            self._on_event(Note("warning", texts.get("Description", "")))
        elif event_type == "verbose":
            self._on_event(Note("verbose", texts.get("Description", "")))
        elif event_type == "debug":
            self._on_event(Note("debug", texts.get("Description", "")))

    def _collect(self, name: str, value: Element | None) -> None:
        """Keep the elements of one streamed value, whatever its type number says (wsman-cim.md 7.2)."""
        if value is None:
            raise AnswerError(f"the host streamed nothing for {name}", kind=self._kind, node=self._endpoint.name)
        elements = list(value)
        if not elements and value.text:
            elements = [value]
        name = name or (names.local_name(elements[0].tag) if elements else "")
        self._streamed.setdefault(name, []).extend(elements)
        self._on_event(StreamedValue(name, self._instance({name: elements})))

    def _output(self, envelope: Envelope) -> CimInstance:
        content = envelope.content
        if content is not None and not names.local_name(content.tag).upper().endswith("_OUTPUT"):
            raise AnswerError(
                f"the host answered with {names.local_name(content.tag)} instead of {self._output_name}",
                kind=self._kind,
                node=self._endpoint.name,
            )
        merged = {name: list(elements) for name, elements in self._streamed.items()}
        for name, elements in by_name(content if content is not None else ()).items():
            if name in merged:
                merged[name] += [element for element in elements if not is_nil(element)]
            else:
                merged[name] = elements
        return self._instance(merged)

    def _instance(self, elements: dict[str, list[Element]]) -> CimInstance:
        return CimInstance(self._output_name, self._namespace, elements, Origin(self._endpoint.name, self._kind))

    def _note_failure(self, error: WsmanError) -> None:
        """Decide whether the operation may be taken up again; raises when not."""
        if not self._is_sent:
            raise error
        if self._lost_at is None:
            if not isinstance(error, ConnectionLostError):
                raise error
            # After silence nobody knows when the connection broke; the last sign of life is the earliest moment.
            self._lost_at = self._last_heard if error.is_silence else self._clock.now()
        elif isinstance(error, FaultError) and (not error.is_quota or error.fault.is_after_the_start):
            raise error
        elif not isinstance(error, (ConnectionLostError, FaultError)) and error.outcome is not Outcome.NOT_DONE:
            raise self._given_up(error)
        if self._deadline.remaining(self._clock) <= 0:
            raise TimeLimitError(f"the method was not over within {self._deadline.seconds:g} s", kind=self._kind, node=self._endpoint.name)
        if self._clock.now() + RECONNECT_PAUSE_SECONDS >= self._lost_at + RECONNECT_SECONDS:
            raise self._given_up(error)

    def _require_window(self) -> None:
        """Check right before sending that the host still knows the operation."""
        if self._lost_at is None or self._clock.now() < self._lost_at + RECONNECT_SECONDS:
            return
        raise self._given_up(None)

    def _given_up(self, error: WsmanError | None) -> WsmanError:
        why = f" ({error.message})" if error is not None else ""
        return ConnectionLostError(
            f"the connection was lost while the method ran and could not be taken up again in time{why}",
            kind=self._kind,
            node=self._endpoint.name,
            remedy="Look at the host's state before trying again",
        )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
