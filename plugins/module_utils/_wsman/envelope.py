# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests as they are written, and answers as they are read: the SOAP envelope (wsman-cim.md 2).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element, SubElement, tostring

from . import names
from .faults import Fault, parse_fault
from .values import append_selectors, require_xml_text
from .xml_stream import XmlRefusedError

MAX_ENVELOPE_SIZE = 512000
"""Bytes that an answer may have, as in every recorded request; the host clamps it to its own limit."""

_PREFIXES = {
    "xmlns:s": names.SOAP,
    "xmlns:a": names.ADDRESSING,
    "xmlns:w": names.WSMAN,
    "xmlns:m": names.MICROSOFT,
    "xmlns:cim": names.CIM,
    "xmlns:xsi": names.XSI,
}
_MUST = {"s:mustUnderstand": "true"}
_MAY = {"s:mustUnderstand": "false"}
_SKIPPED_ACTIONS = ("/keepalive", "/acknowledge", "/acknowledgerequest")


def new_id() -> str:
    """Return an identifier for a message, an operation or a session."""
    return f"uuid:{uuid.uuid4()}"


@dataclass(frozen=True)
class Option:
    """An entry of the option set; `type` is an XML schema type such as "xs:int"."""

    name: str
    value: str
    type: str


@dataclass(frozen=True)
class Request:
    """One message to send; `body` uses the prefixes of this module and stands alone below s:Body.

    `operation_timeout` is in seconds; None leaves it to the host. `operation_id` makes the operation robust (wsman-cim.md 7, 8).
    """

    to: str
    action: str
    resource_uri: str
    body: Element | None = None
    selectors: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[Option] = ()
    operation_timeout: float | None = 60.0
    message_id: str = field(default_factory=new_id)
    operation_id: str | None = None
    session_id: str | None = None
    is_reconnect: bool = False

    def reconnecting(self) -> Request:
        """Return the same request, as it is sent to take up a lost operation (wsman-cim.md 8.1)."""
        return replace(self, is_reconnect=True)

    def to_bytes(self) -> bytes:
        """Return the envelope.

        Raises:
            RequestRefusedError: a selector cannot travel.
        """
        envelope, body = _new_envelope()
        header = envelope[0]
        SubElement(header, "a:To").text = require_xml_text(self.to, "the address")
        SubElement(SubElement(header, "a:ReplyTo"), "a:Address", _MUST).text = names.ANONYMOUS
        SubElement(header, "w:ResourceURI", _MUST).text = self.resource_uri
        SubElement(header, "a:Action", _MUST).text = self.action
        SubElement(header, "a:MessageID").text = self.message_id
        SubElement(header, "w:MaxEnvelopeSize", _MUST).text = str(MAX_ENVELOPE_SIZE)
        SubElement(header, "w:Locale", {"xml:lang": "en-US", **_MAY})
        SubElement(header, "m:DataLocale", {"xml:lang": "en-US", **_MAY})
        self._append_robust_headers(header)
        if self.operation_timeout is not None:
            SubElement(header, "w:OperationTimeout").text = f"PT{max(1, round(self.operation_timeout))}S"
        append_selectors(header, self.selectors)
        if self.options:
            option_set = SubElement(header, "w:OptionSet")
            for option in self.options:
                SubElement(option_set, "w:Option", {"Name": option.name, "Type": option.type}).text = option.value
        if self.body is not None:
            body.append(self.body)
        return _serialized(envelope)

    def _append_robust_headers(self, header: Element) -> None:
        if self.operation_id is None:
            return
        if self.session_id is not None:
            SubElement(header, "m:SessionId", _MAY).text = self.session_id
        # "true" asks for the running operation; for an id that the host has forgotten it would start the method again.
        SubElement(header, "m:OperationID", _MUST if self.is_reconnect else _MAY).text = self.operation_id
        SubElement(header, "m:SequenceId", _MAY).text = "1"


def identify_bytes() -> bytes:
    """Return the envelope of Identify, whose header is empty (wsman-cim.md 3.1)."""
    envelope, body = _new_envelope()
    SubElement(body, "wsmid:Identify", {"xmlns:wsmid": names.IDENTITY})
    return _serialized(envelope)


def _new_envelope() -> tuple[Element, Element]:
    envelope = Element("s:Envelope", _PREFIXES)
    SubElement(envelope, "s:Header")
    return envelope, SubElement(envelope, "s:Body")


def _serialized(envelope: Element) -> bytes:
    # A bare carriage return in text would reach the host as a line feed; elsewhere the serializer escapes it itself.
    text: bytes = tostring(envelope, encoding="utf-8", xml_declaration=False)
    return text.replace(b"\r", b"&#13;")


@dataclass(frozen=True)
class Envelope:
    """One message that came back."""

    action: str
    body: tuple[Element, ...]
    fault: Fault | None = None
    relates_to: str | None = None
    operation_id: str | None = None
    sequence_id: int | None = None

    @property
    def is_keep_alive(self) -> bool:
        """True for side messages that say no more than that the host is there (wsman-cim.md 7.2, 7.3)."""
        return self.action.lower().endswith(_SKIPPED_ACTIONS)

    @property
    def interactive_event(self) -> Element | None:
        """The event element of an intermediate message; recognised by what it is, not by Action."""
        return next((element for element in self.body if names.local_name(element.tag) == "InteractiveEvent"), None)

    @property
    def content(self) -> Element | None:
        """The first element of the body."""
        return self.body[0] if self.body else None


def parse_envelope(root: Element, http_status: int = 200) -> Envelope:
    """Return what an envelope says.

    Raises:
        XmlRefusedError: the document is no SOAP 1.2 envelope.
    """
    if root.tag != f"{{{names.SOAP}}}Envelope":
        raise XmlRefusedError("it is no SOAP 1.2 envelope")
    header: dict[str, str] = {}
    body: tuple[Element, ...] = ()
    for part in root:
        if names.local_name(part.tag) == "Header":
            header = {names.local_name(item.tag).lower(): (item.text or "").strip() for item in part}
        elif names.local_name(part.tag) == "Body":
            body = tuple(part)
    fault = next((element for element in body if element.tag == f"{{{names.SOAP}}}Fault"), None)
    return Envelope(
        action=header.get("action", ""),
        body=body,
        fault=None if fault is None else parse_fault(fault, http_status),
        relates_to=header.get("relatesto"),
        operation_id=header.get("operationid"),
        sequence_id=_sequence_number(header.get("sequenceid")),
    )


def _sequence_number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise XmlRefusedError("its SequenceId is no number")
    return int(text)
