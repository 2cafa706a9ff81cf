# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The WS-Management client: one host, one connection at a time, one operation at a time.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from dataclasses import replace
from xml.etree.ElementTree import Element

from .._clock import Clock
from .._errors import Outcome
from . import answers, names
from .answer import PLAIN_LIMITS, AnswerReader, Deadline
from .answers import Identity, ServerConfiguration
from .channel import Answer, Channel, OpenChannel, Traffic
from .endpoint import Endpoint
from .enumeration import Enumeration
from .envelope import Envelope, Option, Request, identify_bytes, new_id
from .errors import AnswerError, ConnectionLostError, FaultError, HttpStatusError, NotReachableError, RequestRefusedError, WsmanError
from .events import Event
from .instance import CimInstance, Origin
from .kinds import Kind
from .robust import RobustCall
from .schema import ClassDefinition
from .transport import open_transport_channel
from .values import Argument, append_argument, require_xml_text

__all__ = ["Client", "Identity", "ServerConfiguration"]

READ_TRIES = 3
RETRY_PAUSES_SECONDS = (1.0, 4.0)
IDLE_LIMIT_SECONDS = 50.0
"""A host closes idle connections, and the keys of a sealed one go with it (wsman-cim.md 9.2)."""

ANSWER_MARGIN_SECONDS = 15.0
"""How much longer than its OperationTimeout a host may take to answer (wsman-cim.md 12, point 9)."""

OPERATION_SECONDS = 60.0

_STREAMS_AND_PROGRESS = 0x04 | 0x08  # wsman-cim.md 7.1; never prompts, which would need answers

T = t.TypeVar("T")


class Client:
    """Speaks WS-Management with one host; not thread-safe.

    Args:
        endpoint: where the host is and how to sign in.
        clock: every wait and time limit counts by it.
        open_channel: makes connections.
        read_tries: how often a read is sent before its failure is reported.
    """

    def __init__(
        self, endpoint: Endpoint, clock: Clock, *, open_channel: OpenChannel = open_transport_channel, read_tries: int = READ_TRIES
    ) -> None:
        self.endpoint = endpoint
        self.name = endpoint.name
        self._clock = clock
        self._open_channel = open_channel
        self._read_tries = read_tries
        self._traffic = Traffic()
        self._channel: Channel | None = None
        self._last_used = 0.0
        self._max_envelope_bytes: int | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.name!r})"

    @property
    def traffic(self) -> Traffic:
        """What this client has moved so far."""
        return replace(self._traffic)

    @property
    def messages(self) -> int:
        """Number of SOAP requests sent so far."""
        return self._traffic.messages

    @property
    def bytes_sent(self) -> int:
        """Bytes of all request bodies sent so far."""
        return self._traffic.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes of all answer bodies read so far."""
        return self._traffic.bytes_received

    def close(self) -> None:
        """Close the connection; the next operation opens another."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def identify(self) -> Identity:
        """Return who answers at the endpoint."""
        envelope = self._with_tries(Kind.READ, lambda: self._post(identify_bytes(), Kind.READ, OPERATION_SECONDS))
        return self._understood(Kind.READ, lambda: answers.read_identity(envelope))

    def get(self, namespace: str, class_name: str, keys: Mapping[str, str] | None = None) -> CimInstance:
        """Return one instance; without keys the class must be a singleton.

        Raises:
            FaultError: is_not_found when there is no such instance.
        """
        request = self._request(f"{names.TRANSFER}/Get", names.class_uri(namespace, class_name), selectors=keys or {})
        envelope = self._exchange(request, Kind.READ)
        return self._understood(Kind.READ, lambda: answers.read_instance(envelope, Origin(self.name)))

    def put(
        self, namespace: str, class_name: str, keys: Mapping[str, str] | None, properties: Mapping[str, Argument]
    ) -> CimInstance | None:
        """Change properties of an instance, None clearing one; returns the instance when the host sends it back."""
        uri = names.class_uri(namespace, class_name)
        body = _element(class_name, uri, properties, writes_null=True)
        envelope = self._exchange(self._request(f"{names.TRANSFER}/Put", uri, selectors=keys or {}, body=body), Kind.IDEMPOTENT)
        origin = Origin(self.name, Kind.IDEMPOTENT)
        return None if envelope.content is None else self._understood(origin.kind, lambda: answers.read_instance(envelope, origin))

    def create(
        self, namespace: str, class_name: str, properties: Mapping[str, Argument], *, kind: Kind = Kind.IDEMPOTENT
    ) -> dict[str, str]:
        """Create an instance and return its keys: those of the answer, or else the texts that were sent.

        Raises:
            FaultError: is_already_exists when the host says so; other providers say it with codes of their own, so read back.
        """
        uri = names.class_uri(namespace, class_name)
        body = _element(class_name, uri, properties, writes_null=False)
        envelope = self._exchange(self._request(f"{names.TRANSFER}/Create", uri, body=body), kind)
        keys = self._understood(kind, lambda: answers.read_created(envelope))
        return keys or {name: value for name, value in properties.items() if isinstance(value, str)}

    def delete(self, namespace: str, class_name: str, keys: Mapping[str, str] | None = None) -> None:
        """Delete an instance.

        Raises:
            FaultError: is_not_found when there is no such instance.
        """
        request = self._request(f"{names.TRANSFER}/Delete", names.class_uri(namespace, class_name), selectors=keys or {})
        self._exchange(request, Kind.IDEMPOTENT)

    def enumerate(self, namespace: str, class_name: str) -> list[CimInstance]:
        """Return all instances of a class and its subclasses."""
        uri = names.class_uri(namespace, class_name)
        return self._with_tries(Kind.READ, Enumeration(self._ask, uri, None, self._clock, self.name).run)

    def query(self, namespace: str, wql: str) -> list[CimInstance]:
        """Return what a WQL query finds, ASSOCIATORS OF and REFERENCES OF included (wsman-cim.md 3.4, 3.5).

        Raises:
            FaultError: is_class_missing when the host does not know the class, or does not understand the query.
        """
        uri = f"{names.namespace_uri(namespace)}/*"
        require_xml_text(wql, "the query")
        return self._with_tries(Kind.READ, Enumeration(self._ask, uri, wql, self._clock, self.name).run)

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        kind: Kind,
        timeout: float = OPERATION_SECONDS,
    ) -> CimInstance:
        """Call a short method and return its output; a ReturnValue other than 0 is no error here.

        Args:
            namespace: in slash form.
            class_name: as the repository spells it.
            method: as the repository spells it.
            arguments: in-parameters; None and empty arrays are left out.
            keys: of the instance; give them for instance methods of singletons too (wsman-cim.md 3.6).
            kind: how often the method may be sent.
            timeout: clock seconds that the host may work; it caps them by its MaxTimeoutms.
        """
        uri = names.class_uri(namespace, class_name)
        request = self._invocation(uri, method, arguments, keys, timeout)
        envelope = self._exchange(request, kind, timeout)
        return self._understood(kind, lambda: answers.read_output(envelope, method, namespace, Origin(self.name, kind)))

    def invoke_robust(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        kind: Kind,
        deadline_seconds: float,
        on_event: Callable[[Event], None] | None = None,
        should_stop: Callable[[], None] | None = None,
    ) -> CimInstance:
        """Call a long method and return its output, streamed values included as if the output had repeated them.

        Args:
            namespace: in slash form.
            class_name: as the repository spells it.
            method: as the repository spells it.
            arguments: in-parameters.
            keys: of the instance.
            kind: how often the method may be sent; even a READ is sent once.
            deadline_seconds: clock seconds for everything.
            on_event: told what the host reports, within the call.
            should_stop: asked after each message (at least once a minute); it stops the waiting, not the method, by raising.
        """
        uri = names.class_uri(namespace, class_name)
        options = (
            Option("__MI_CallbackRegistration", str(_STREAMS_AND_PROGRESS), "xs:int"),
            Option("msftwinrm:UsePreciseArrays", "true", "xs:boolean"),
        )
        request = replace(self._invocation(uri, method, arguments, keys, None), options=options, operation_id=new_id(), session_id=new_id())
        self._require_size(request.to_bytes())
        # One connection at a time, and one of its own for the stream (pywinrm-streaming.md 5).
        self.close()
        call = RobustCall(
            self._fresh_channel,
            request,
            output_name=f"{method}_OUTPUT",
            namespace=namespace.lower(),
            endpoint=self.endpoint,
            clock=self._clock,
            kind=kind,
            deadline_seconds=deadline_seconds,
            on_event=on_event,
            should_stop=should_stop,
        )
        return call.run()

    def get_class(self, namespace: str, class_name: str) -> ClassDefinition:
        """Return the definition of a class as this host has it (wsman-cim.md 5).

        Raises:
            FaultError: is_class_missing or is_not_found when the host does not know the class.
        """
        names.class_uri(namespace, class_name)
        options = (Option("IncludeQualifiers", "true", "xs:boolean"), Option("IncludeInheritedElements", "true", "xs:boolean"))
        selectors = {"__cimnamespace": namespace, "ClassName": class_name}
        request = self._request(f"{names.TRANSFER}/Get", names.CLASS_METADATA_URI, selectors=selectors)
        envelope = self._exchange(replace(request, options=options), Kind.READ)
        return self._understood(Kind.READ, lambda: answers.read_class(envelope))

    def configuration(self) -> ServerConfiguration:
        """Return the limits of the host's WinRM service; only administrators may read them (wsman-cim.md 11)."""
        envelope = self._exchange(self._request(f"{names.TRANSFER}/Get", names.CONFIG_URI), Kind.READ)
        found = self._understood(Kind.READ, lambda: answers.read_configuration(envelope))
        self._max_envelope_bytes = found.max_envelope_kb * 1024 if found.max_envelope_kb else None
        return found

    def _request(
        self, action: str, resource_uri: str, *, selectors: Mapping[str, str] | None = None, body: Element | None = None
    ) -> Request:
        return Request(self.endpoint.url, action, resource_uri, body=body, selectors=selectors or {}, operation_timeout=OPERATION_SECONDS)

    def _invocation(
        self, uri: str, method: str, arguments: Mapping[str, Argument] | None, keys: Mapping[str, str] | None, timeout: float | None
    ) -> Request:
        names.require_identifier(method, "method")
        body = _element(f"{method}_INPUT", uri, arguments or {}, writes_null=False)
        request = self._request(f"{uri}/{method}", uri, selectors=keys, body=body)
        return replace(request, operation_timeout=timeout)

    def _exchange(self, request: Request, kind: Kind, timeout: float = OPERATION_SECONDS) -> Envelope:
        """Send one request, a read as often as that helps, and return the answer."""
        body = request.to_bytes()
        return self._with_tries(kind, lambda: self._post(body, kind, timeout, request.message_id))

    def _with_tries(self, kind: Kind, operation: Callable[[], T]) -> T:
        tries = self._read_tries if kind is Kind.READ else 1
        for number in range(1, tries + 1):
            try:
                return operation()
            except WsmanError as error:
                if number == tries or not _is_worth_another_try(error):
                    raise
            self.close()
            self._clock.sleep(RETRY_PAUSES_SECONDS[min(number, len(RETRY_PAUSES_SECONDS)) - 1])
        raise AssertionError("a client needs at least one try")

    def _post(self, body: bytes, kind: Kind, timeout: float, message_id: str | None = None) -> Envelope:
        """Send one envelope and return the one that answers it.

        Raises:
            WsmanError: as its Outcome says.
        """
        self._require_size(body)
        channel = self._ready_channel(kind)
        read_timeout = max(self.endpoint.read_timeout, timeout + ANSWER_MARGIN_SECONDS)
        is_reusable = False
        try:
            answer = channel.post(body, kind=kind, read_timeout=read_timeout)
            envelope = self._final(answer, kind, 2 * read_timeout)
            is_reusable = True
        finally:
            # A connection is good for another request only when its answer was read to the end.
            if is_reusable:
                self._last_used = self._clock.now()
            else:
                self.close()
        if envelope.fault is not None:
            raise FaultError(envelope.fault, kind=kind, node=self.name)
        if message_id and envelope.relates_to and envelope.relates_to.lower() != message_id.lower():
            self.close()
            raise AnswerError("the host's answer belongs to another request", kind=kind, node=self.name)
        return envelope

    def _final(self, answer: Answer, kind: Kind, seconds: float) -> Envelope:
        deadline = Deadline.for_socket(self._clock, seconds)
        reader = AnswerReader(answer, self.endpoint, kind, self._clock, deadline, PLAIN_LIMITS)
        final: Envelope | None = None
        try:
            for envelope in reader.envelopes():
                if final is None and not envelope.is_keep_alive:
                    final = envelope
        except WsmanError:
            # What comes after the answer cannot make it untrue, but nothing more is asked on this connection.
            if final is None:
                raise
            self.close()
        if final is None:
            raise AnswerError("the host's answer is empty", kind=kind, node=self.name)
        return final

    def _ready_channel(self, kind: Kind) -> Channel:
        """Return the connection to use; a new one where the old one could be gone without anybody knowing."""
        is_stale = self.endpoint.authenticates_connections and self._clock.now() - self._last_used > IDLE_LIMIT_SECONDS
        if self._channel is not None and (kind is Kind.ONCE_ONLY or is_stale):
            self.close()
        if self._channel is None:
            self._channel = self._fresh_channel() if kind is Kind.ONCE_ONLY else self._opened_channel()
        return self._channel

    def _opened_channel(self) -> Channel:
        channel = self._open_channel(self.endpoint, self._clock, self._traffic)
        channel.open()
        return channel

    def _fresh_channel(self) -> Channel:
        """Return a new connection that is signed in, so that what goes out on it next travels once (pywinrm-streaming.md 3)."""
        channel = self._opened_channel()
        if self.endpoint.authenticates_connections and not self.endpoint.seals_messages:
            try:
                answer = channel.post(identify_bytes(), kind=Kind.READ, read_timeout=self.endpoint.read_timeout)
                self._final(answer, Kind.READ, 2 * self.endpoint.read_timeout)
            except WsmanError:
                channel.close()
                raise
        return channel

    def _require_size(self, body: bytes) -> None:
        if self._max_envelope_bytes is not None and len(body) > self._max_envelope_bytes:
            raise RequestRefusedError(
                f"the request has {len(body)} bytes and the host takes {self._max_envelope_bytes}",
                node=self.name,
                remedy="Ask for less at once, or raise MaxEnvelopeSizekb of the host's WinRM service",
            )

    def _understood(self, kind: Kind, read: Callable[[], T]) -> T:
        """Return what `read` makes of an answer, its complaints told as this host's."""
        try:
            return read()
        except ValueError as error:
            raise AnswerError(f"the host's answer cannot be understood: {error}", kind=kind, node=self.name) from None

    def _ask(self, action: str, uri: str, body: Element) -> Envelope:
        """Send one message of an enumeration, once."""
        request = self._request(action, uri, body=body)
        return self._post(request.to_bytes(), Kind.READ, OPERATION_SECONDS, request.message_id)


def _element(name: str, uri: str, values: Mapping[str, Argument], *, writes_null: bool) -> Element:
    """Return an instance or input element; even without members it must be there (wsman-cim.md 3.6)."""
    element = Element(f"p:{name}", {"xmlns:p": uri})
    for member, value in values.items():
        append_argument(element, member, value, writes_null=writes_null)
    return element


def _is_worth_another_try(error: WsmanError) -> bool:
    if isinstance(error, NotReachableError):
        return error.is_worth_another_try
    return isinstance(error, (ConnectionLostError, HttpStatusError, FaultError)) and error.outcome is Outcome.NOT_DONE
