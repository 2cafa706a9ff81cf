# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One SOAP exchange from the opened envelope to the line in the request log."""

from __future__ import annotations

import logging
import os
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ..cim import Caller, CimFault, Exchange, FaultAction, Interceptor, WireFault
from . import names
from .answer import fault_answer
from .faults import ProtocolFault
from .http import ConnectionGoneError
from .identify import identify_answer
from .invoke import AbortedError
from .message import BadEnvelopeError, Message, message_id_of, read_envelope, read_message
from .node_state import Facts, NodeState, RequestContext
from .request_log import LogEntry, RequestLog
from .responder import Responder
from .robust import RobustOperation, TakenAwayError
from .routing import Plan, plan_request
from .side_messages import carry_out, side_action
from .xml import Element

_log = logging.getLogger(__name__)


class Link(t.Protocol):
    """What an exchange may do with its connection."""

    number: int
    is_tls: bool
    cancel_reason: str | None

    @property
    def is_aborted(self) -> bool:
        """True once the twin has cut the connection."""

    def reset(self, cancel_reason: str | None = None) -> None:
        """Cut the connection the hard way."""

    def check_peer(self) -> None:
        """Raise ConnectionGoneError when the peer has left."""

    def pause(self, real_seconds: float) -> None:
        """Wait; raise ConnectionGoneError when the connection is cut meanwhile."""

    def wait_for_end(self) -> None:
        """Wait until the peer leaves or the twin cuts the connection."""


@dataclass(frozen=True)
class Surroundings:
    """What all exchanges of a server share."""

    interceptor: Interceptor
    request_log: RequestLog | None
    next_seq: Callable[[], int]
    allow_unencrypted: bool


class CloseConnectionError(Exception):
    """The connection is closed after this exchange, without a further byte."""


class ExchangeRunner:
    """Carries out one exchange.

    Args:
        node: the service that was addressed.
        shared: interceptor, log and counters.
        link: the connection.
        responder: sends the answer.
        user: who is logged on, empty for nobody.
        bytes_in: size of the request body on the wire.
        handshakes: authentication round trips before the first exchange of a connection.
    """

    def __init__(
        self, node: NodeState, shared: Surroundings, link: Link, responder: Responder, *, user: str, bytes_in: int, handshakes: int
    ) -> None:
        self._node = node
        self._shared = shared
        self._link = link
        self._responder = responder
        self._facts = Facts()
        endpoint = node.endpoint
        self._entry = LogEntry(
            shared.next_seq(),
            node.clock.now(),
            endpoint.cluster,
            endpoint.node,
            user,
            link.number,
            bytes_in=bytes_in,
            handshakes=handshakes,
        )
        self._has_effect = False
        self._is_logged = False

    def run(self, data: bytes, charset: str) -> None:
        """Answer a request.

        Raises:
            CloseConnectionError: the connection is no longer usable.
        """
        try:
            header, body = read_envelope(data, charset)
        except BadEnvelopeError:
            # wsman-cim.md 6.3 only says "some bad requests": what is no envelope gets no envelope back.
            self._responder.empty(400)
            return
        try:
            self._serve(header, body)
        except (ConnectionGoneError, TakenAwayError, AbortedError):
            self._entry.outcome = "dropped_after" if self._has_effect else "dropped_before"
            raise CloseConnectionError from None
        finally:
            self._write_log()

    def _serve(self, header: Element | None, body: Element) -> None:
        self._entry.message_id = message_id_of(header)
        try:
            message = read_message(header, body, self._node.limits)
            self._entry.operation_id = message.operation_id
            if message.is_identify:
                self._identify(message)
                return
            side = side_action(message.action)
            if side is not None:
                self._facts.action = side
                carry_out(side, message, self._node, self._entry.user)
                self._responder.answer(200, b"")
                return
            self._plan_and_run(message)
        except CimFault as fault:
            self._answer_fault(fault)
        except (ConnectionGoneError, TakenAwayError, AbortedError, CloseConnectionError):
            raise
        except Exception:  # a failing provider is Windows' "internal error", never a hanging client
            _log.exception("the exchange %s failed", self._entry.seq)
            self._answer_fault(ProtocolFault(names.FAILED, "The provider failed.", subcode="w:InternalError", sender=False))

    def _identify(self, message: Message) -> None:
        self._facts.action = "Identify"
        wire_fault = self._ask_before()
        if self._refuse_early(wire_fault):
            return
        self._has_effect = True
        self._shared.interceptor.after(self._exchange())
        answer = identify_answer(self._node.endpoint, is_authenticated=bool(self._entry.user), is_tls=self._link.is_tls)
        self._send_whole(answer, message, wire_fault)

    def _plan_and_run(self, message: Message) -> None:
        caller = Caller(self._entry.user, self._entry.seq)
        context = RequestContext(self._node, message, t.cast(t.Any, None), self._facts, caller, self._link)
        plan = plan_request(context, allow_unencrypted=self._shared.allow_unencrypted)
        known = self._known_operation(message)
        if known is not None:
            self._entry.replay = self._has_effect = True
            self._attach(known, is_resumed=True)
            return
        wire_fault = self._ask_before()
        if self._refuse_early(wire_fault):
            return
        if plan.call is not None and message.operation_id is not None:
            self._run_robust(plan, wire_fault)
            return
        self._has_effect = True
        answer = plan.effect()
        self._shared.interceptor.after(self._exchange())
        data = answer.to_bytes()
        if len(data) > message.max_envelope:
            raise ProtocolFault(names.ENCODING_LIMIT, "The answer is larger than the envelope may be.", detail="MaxEnvelopeSize")
        self._send_whole(data, message, wire_fault)

    def _known_operation(self, message: Message) -> RobustOperation | None:
        if message.operation_id is None:
            return None
        known = self._node.operations.find(message.operation_id, self._entry.user)
        if known is not None and not message.is_resumption:
            raise ProtocolFault(names.INVALID_MESSAGE_INFORMATION_HEADER, "The OperationID is in use.")
        # An unknown id that says mustUnderstand is a new request: the method runs again (wsman-cim.md 8.1).
        return known

    def _run_robust(self, plan: Plan, wire_fault: WireFault | None) -> None:
        self._node.check_quota(self._entry.user)
        exchange = self._exchange()
        operation = plan.start_robust(lambda: self._shared.interceptor.after(exchange))
        self._has_effect = True
        self._shared.interceptor.begun(exchange)
        if wire_fault is not None and wire_fault.action is FaultAction.DROP_AFTER:
            # The connection breaks while the method runs; the operation stays known for the reconnect window.
            self._link.pause(self._node.real(wire_fault.seconds, 0.0))
            self._drop("dropped_after")
        if wire_fault is not None and wire_fault.action is FaultAction.SILENT:
            self._responder.begin_stream()
            self._be_silent()
        if wire_fault is not None and wire_fault.action is FaultAction.LATE_FAULT and wire_fault.seconds:
            # The answer has begun and ends in a fault while the method goes on.
            self._responder.begin_stream()
            self._link.pause(self._node.real(wire_fault.seconds, 0.0))
            self._break_last(b"", wire_fault, is_stream=True)
            return
        self._attach(operation, is_resumed=False, wire_fault=wire_fault)

    def _attach(self, operation: RobustOperation, *, is_resumed: bool, wire_fault: WireFault | None = None) -> None:
        sink = _Sink(self._responder, self._link)
        if wire_fault is not None and wire_fault.action in _BREAKS_LAST:
            last = operation.attach(sink, is_resumed=is_resumed, holds_last_back=True)
            self._break_last(last, wire_fault, is_stream=True)
            return
        operation.attach(sink, is_resumed=is_resumed)
        self._responder.end_stream()
        if operation.final_fault is not None:
            self._entry.outcome = f"fault {operation.final_fault.code}"

    def _ask_before(self) -> WireFault | None:
        wire_fault = self._shared.interceptor.before(self._exchange())
        # A hold may have lasted for as long as it takes to cut the connection.
        if self._link.is_aborted:
            raise AbortedError
        return wire_fault

    def _refuse_early(self, wire_fault: WireFault | None) -> bool:
        """Play a fault that comes before the effect; True when the exchange is over."""
        if wire_fault is None:
            return False
        action = wire_fault.action
        if action is FaultAction.REFUSE:
            self._link.reset()
            self._drop("dropped_before")
        if action is FaultAction.DROP_BEFORE:
            self._drop("dropped_before")
        if action is FaultAction.HTTP_ERROR:
            self._entry.outcome = f"fault {wire_fault.http_status}"
            self._responder.empty(wire_fault.http_status)
            return True
        if action is FaultAction.FAULT:
            raise _scripted(wire_fault)
        if action is FaultAction.DELAY:
            self._link.pause(self._node.real(wire_fault.seconds, 0.0))
        return False

    def _send_whole(self, data: bytes, message: Message, wire_fault: WireFault | None) -> None:
        action = wire_fault.action if wire_fault is not None else None
        if action is FaultAction.DROP_AFTER:
            self._drop("dropped_after")
        if action is FaultAction.SILENT:
            self._be_silent()
        is_stream = message.operation_id is not None
        if wire_fault is not None and action in _BREAKS_LAST:
            self._break_last(data, wire_fault, is_stream=is_stream)
        elif is_stream:
            self._responder.stream(data)
            self._responder.end_stream()
        else:
            self._responder.answer(200, data)

    def _break_last(self, data: bytes, wire_fault: WireFault, *, is_stream: bool) -> None:
        """Send the last message as a scripted fault wants it."""
        if wire_fault.action is FaultAction.TRUNCATE:
            self._entry.outcome = "dropped_after"
            (self._responder.truncated_chunk if is_stream else self._responder.truncated)(data)
            raise CloseConnectionError
        if wire_fault.action is FaultAction.LATE_FAULT:
            fault = _scripted(wire_fault)
            self._entry.outcome = f"fault {fault.code}"
            data = self._fault_bytes(fault)
        else:
            data = os.urandom(64).hex().encode("ascii") + b"<\x00\xff"
        if is_stream:
            self._responder.stream(data)
            self._responder.end_stream()
        else:
            self._responder.answer(200, data)

    def _answer_fault(self, fault: CimFault) -> None:
        self._entry.outcome = f"fault {fault.code}"
        data = self._fault_bytes(fault)
        if self._responder.has_begun:
            # HTTP forces it: an answer that has begun cannot change its status (wsman-cim.md 6.1).
            self._responder.stream(data)
            self._responder.end_stream()
        else:
            self._responder.answer(500, data)

    def _fault_bytes(self, fault: CimFault) -> bytes:
        endpoint = self._node.endpoint
        return fault_answer(
            fault, self._entry.message_id, machine=endpoint.node, language=endpoint.language, operation_id=self._entry.operation_id
        )

    def _drop(self, outcome: str) -> t.NoReturn:
        self._entry.outcome = outcome
        raise CloseConnectionError

    def _be_silent(self) -> t.NoReturn:
        self._entry.outcome = "silent"
        # For the twin the exchange is over here; the connection just stays.
        self._write_log()
        self._link.wait_for_end()
        raise CloseConnectionError

    def _exchange(self) -> Exchange:
        facts, endpoint = self._facts, self._node.endpoint
        return Exchange(
            self._entry.seq,
            endpoint.cluster,
            endpoint.node,
            self._entry.user,
            facts.action,
            facts.class_name,
            facts.method,
            dict(facts.selectors),
            dict(facts.arguments),
        )

    def _write_log(self) -> None:
        log = self._shared.request_log
        if log is None or self._is_logged:
            return
        self._is_logged = True
        facts, entry = self._facts, self._entry
        entry.action, entry.class_name, entry.method = facts.action, facts.class_name, facts.method
        entry.selectors, entry.arguments = facts.selectors, facts.arguments
        entry.bytes_out = self._responder.bytes_out
        log.write(entry)


_BREAKS_LAST = (FaultAction.LATE_FAULT, FaultAction.GARBLE, FaultAction.TRUNCATE)


def _scripted(wire_fault: WireFault) -> CimFault:
    return wire_fault.fault or CimFault(names.FAILED, "The operation failed.", subcode="w:InternalError", sender=False)


class _Sink:
    """Lets a robust operation write to the connection of this exchange."""

    def __init__(self, responder: Responder, link: Link) -> None:
        self._responder = responder
        self._link = link

    def begin(self) -> None:
        self._responder.begin_stream()

    def send(self, data: bytes) -> None:
        if self._link.is_aborted:
            raise ConnectionGoneError("cut by the twin")
        self._responder.stream(data)

    def check(self) -> None:
        if self._link.is_aborted:
            raise ConnectionGoneError("cut by the twin")
        self._link.check_peer()
