# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a request: its envelope and headers, with the checks that come before any class is looked at (wsman-cim.md 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import names
from .faults import ProtocolFault
from .moments import parse_duration
from .names import ADDRESSING, MS_WSMAN, SOAP, WSMAN
from .xml import Element, NotXmlError, child, find, local_name, namespace_of, parse, text_of

_UNDERSTOOD: frozenset[tuple[str, str]] = frozenset(
    {(ADDRESSING, name) for name in ("To", "From", "ReplyTo", "FaultTo", "Action", "MessageID", "RelatesTo")}
    | {
        (WSMAN, name)
        for name in ("ResourceURI", "MaxEnvelopeSize", "OperationTimeout", "SelectorSet", "OptionSet", "Locale", "FragmentTransfer")
    }
    | {(WSMAN, "RequestTotalItemsCountEstimate"), (WSMAN, "RequestEPR")}
    | {(MS_WSMAN, name) for name in ("DataLocale", "SessionId", "OperationID", "OperationId", "SequenceId", "ActivityId")}
)
_MAX_MESSAGE_ID = 2048
_MIN_ENVELOPE = 8192
CALLBACK_OPTION = "__MI_CallbackRegistration"
STREAM_BIT = 0x04
PROGRESS_BIT = 0x08


@dataclass
class Message:
    """One request, headers understood."""

    body: Element
    action: str = ""
    resource_uri: str = ""
    message_id: str = ""
    to: str = ""
    selectors: list[tuple[str, Element]] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    timeout_seconds: float | None = None
    """The w:OperationTimeout, None when the header is missing."""

    max_envelope: int = 0
    """Bytes that the answer may have."""

    operation_id: str | None = None
    is_resumption: bool = False
    """True when the OperationID says mustUnderstand, which resumes a known operation."""

    @property
    def is_identify(self) -> bool:
        """True for wsmid:Identify, which needs no headers."""
        return find(self.body, names.IDENTITY, "Identify") is not None

    @property
    def callback_bits(self) -> int:
        """All registrations OR-ed; the wmi: prefix of the name is accepted (wsman-cim.md 7.1)."""
        bits = 0
        for name, value in self.options:
            if name.removeprefix("wmi:").casefold() == CALLBACK_OPTION.casefold() and value.strip().isdigit():
                bits |= int(value)
        return bits

    @property
    def wants_precise_arrays(self) -> bool:
        """True when null arrays are to be told from empty ones (wsman-cim.md 4)."""
        return any(name.casefold() == "msftwinrm:useprecisearrays" and is_true(value) for name, value in self.options)

    def selector(self, name: str) -> str | None:
        """Return the text of a selector, its name compared without case."""
        return next((text_of(node) or "" for key, node in self.selectors if key.casefold() == name.casefold()), None)


class BadEnvelopeError(Exception):
    """The body is no SOAP 1.2 envelope at all: answered with HTTP 400."""


def is_true(text: str | None) -> bool:
    """Return True for the two spellings of a true xs:boolean, in any case."""
    return (text or "").strip().lower() in ("true", "1")


def read_envelope(data: bytes, charset: str) -> tuple[Element | None, Element]:
    """Return header (None when missing) and body of an envelope.

    Raises:
        BadEnvelopeError: not XML, or not a SOAP 1.2 envelope.
    """
    try:
        root = parse(_as_utf8(data, charset))
    except NotXmlError as error:
        raise BadEnvelopeError(str(error)) from None
    body = find(root, SOAP, "Body")
    if local_name(root) != "Envelope" or namespace_of(root) != SOAP or body is None:
        raise BadEnvelopeError("not a SOAP 1.2 envelope")
    return find(root, SOAP, "Header"), body


def message_id_of(header: Element | None) -> str:
    """Return the MessageID, empty when missing: faults refer to it even when other headers are broken."""
    return (text_of(find(header, ADDRESSING, "MessageID")) or "" if header is not None else "")[:_MAX_MESSAGE_ID]


def read_message(header: Element | None, body: Element, limits: Mapping[str, int]) -> Message:
    """Return the request with its headers checked.

    Raises:
        ProtocolFault: a header is missing, wrong or not understood.
    """
    message = Message(body)
    if message.is_identify:
        return message
    nodes: list[Element] = list(header) if header is not None else []
    for node in nodes:
        if (namespace_of(node), local_name(node)) not in _UNDERSTOOD and _must_understand(node):
            raise ProtocolFault(
                names.MUST_UNDERSTAND,
                "The WS-Management service cannot process a SOAP header in the request that is marked as mustUnderstand by the client.",
                subcode="s:MustUnderstand",
                not_understood=str(node.tag),
            )
    if header is None:
        header = child(body.getparent(), SOAP, "Header")
    _read_addressing(message, header)
    _read_locales(header)
    _read_limits(message, header, limits)
    _read_operation(message, header)
    for node in header.iterfind(f"{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector"):
        message.selectors.append((node.get("Name") or "", node))
    for node in header.iterfind(f"{{{WSMAN}}}OptionSet/{{{WSMAN}}}Option"):
        message.options.append((node.get("Name") or "", text_of(node) or ""))
    return message


def _as_utf8(data: bytes, charset: str) -> bytes:
    folded = charset.lower()
    if folded in ("utf-8", "utf8", ""):
        return data
    if folded not in ("utf-16", "utf-16le", "utf-16be", "us-ascii"):
        raise BadEnvelopeError(f"charset {charset} is not served")
    try:
        text = data.decode(folded)
    except UnicodeDecodeError as error:
        raise BadEnvelopeError(str(error)) from None
    # The declaration speaks of the encoding that has just been undone.
    if text.lstrip("\ufeff").startswith("<?xml"):
        text = text.partition("?>")[2]
    return text.lstrip("\ufeff").encode("utf-8", "replace")


def _must_understand(node: Element) -> bool:
    # pywinrm sends the attribute without namespace and Windows accepts that (wsman-cim.md 2).
    return is_true(node.get(f"{{{SOAP}}}mustUnderstand")) or is_true(node.get("mustUnderstand"))


def _read_addressing(message: Message, header: Element) -> None:
    message.action = (text_of(find(header, ADDRESSING, "Action")) or "").strip()
    message.resource_uri = (text_of(find(header, WSMAN, "ResourceURI")) or "").strip()
    message.to = (text_of(find(header, ADDRESSING, "To")) or "").strip()
    message.message_id = (text_of(find(header, ADDRESSING, "MessageID")) or "").strip()
    # The size is bounded before anything else repeats the text.
    if not message.message_id or len(message.message_id) > _MAX_MESSAGE_ID:
        raise ProtocolFault(names.INVALID_MESSAGE_INFORMATION_HEADER, "The MessageID header is missing, empty or longer than 2 KB.")
    if not message.action or not message.to:
        raise ProtocolFault(
            names.MESSAGE_INFORMATION_HEADER_REQUIRED,
            "The request does not have all the expected SOAP headers: Action and To are required.",
        )
    for name in ("ReplyTo", "FaultTo"):
        node = find(header, ADDRESSING, name)
        if node is None and name == "FaultTo":
            continue
        if node is None:
            raise ProtocolFault(
                names.MESSAGE_INFORMATION_HEADER_REQUIRED, "The request does not have all the expected SOAP headers: ReplyTo."
            )
        if (text_of(find(node, ADDRESSING, "Address")) or "").strip() != names.ANONYMOUS:
            raise ProtocolFault(names.UNSUPPORTED_FEATURE, f"{name} has to be the anonymous address.", detail="AddressingMode")


def _read_locales(header: Element) -> None:
    for namespace, name in ((WSMAN, "Locale"), (MS_WSMAN, "DataLocale")):
        node = find(header, namespace, name)
        if node is not None and _must_understand(node):
            raise ProtocolFault(names.MUSTUNDERSTAND_ON_LOCALE, f"{name} must not be marked as mustUnderstand.", detail=name)


def _read_limits(message: Message, header: Element, limits: Mapping[str, int]) -> None:
    message.max_envelope = limits["MaxEnvelopeSizekb"] * 1024
    text = (text_of(find(header, WSMAN, "MaxEnvelopeSize")) or "").strip()
    if text:
        if not (text.isascii() and text.isdigit()) or int(text[:20]) < _MIN_ENVELOPE:
            raise ProtocolFault(names.ENCODING_LIMIT, f"MaxEnvelopeSize has to be at least {_MIN_ENVELOPE}.", detail="MinimumEnvelopeLimit")
        message.max_envelope = min(message.max_envelope, int(text[:20]))
    node = find(header, WSMAN, "OperationTimeout")
    if node is not None:
        try:
            message.timeout_seconds = parse_duration(text_of(node) or "").total_seconds()
        except ValueError:
            raise ProtocolFault(names.INVALID_MESSAGE_INFORMATION_HEADER, "The OperationTimeout header is not a valid duration.") from None


def _read_operation(message: Message, header: Element) -> None:
    for name in ("OperationID", "OperationId"):
        node = find(header, MS_WSMAN, name)
        if node is None:
            continue
        operation = (text_of(node) or "").strip()
        if not operation:
            raise ProtocolFault(names.INVALID_MESSAGE_INFORMATION_HEADER, "The OperationID header is empty.")
        # wsman-cim.md 7.3: the server prefixes uuid: where a client left it out.
        message.operation_id = operation if operation.casefold().startswith("uuid:") else f"uuid:{operation}"
        message.is_resumption = _must_understand(node)
