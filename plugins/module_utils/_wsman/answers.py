# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answers of the single operations mean (wsman-cim.md 3, 5, 11).

Every function here raises ValueError for an answer that is none. Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from . import cim_xml, names
from .envelope import Envelope
from .instance import NO_ORIGIN, CimInstance, Origin, by_name, instance_from_element, read_selectors
from .schema import ClassDefinition


@dataclass(frozen=True)
class Identity:
    """Who answers: vendor, product version and protocol of wsman-cim.md 3.1."""

    vendor: str
    version: str
    protocol: str


@dataclass(frozen=True)
class ServerConfiguration:
    """The limits of the host's WinRM service; `settings` has everything by path, such as "Service/MaxConnections"."""

    max_timeout_ms: int | None
    max_envelope_kb: int | None
    max_batch_items: int | None
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """One answer of an enumeration; `context` is None after the last one."""

    instances: list[CimInstance]
    context: str | None


def _content(envelope: Envelope, what: str) -> Element:
    if envelope.content is None:
        raise ValueError(f"it has no {what}")
    return envelope.content


def read_identity(envelope: Envelope) -> Identity:
    """Return the content of an IdentifyResponse."""
    content = _content(envelope, "identity")
    if names.local_name(content.tag) != "IdentifyResponse":
        raise ValueError("it is no identity")
    texts = {names.local_name(part.tag): (part.text or "").strip() for part in content}
    return Identity(texts.get("ProductVendor", ""), texts.get("ProductVersion", ""), texts.get("ProtocolVersion", ""))


def read_instance(envelope: Envelope, origin: Origin = NO_ORIGIN) -> CimInstance:
    """Return the instance of a GetResponse or PutResponse."""
    return instance_from_element(_content(envelope, "instance"), origin)


def read_output(envelope: Envelope, method: str, namespace: str, origin: Origin = NO_ORIGIN) -> CimInstance:
    """Return the output of a method; a void method may send an empty body (wsman-cim.md 3.6)."""
    if envelope.content is None:
        return CimInstance(f"{method}_OUTPUT", namespace.lower(), {}, origin)
    name = names.local_name(envelope.content.tag)
    if not name.upper().endswith("_OUTPUT"):
        raise ValueError(f"it is {name[:80]} instead of {method}_OUTPUT")
    return CimInstance(f"{method}_OUTPUT", namespace.lower(), by_name(envelope.content), origin)


def read_created(envelope: Envelope) -> dict[str, str]:
    """Return the keys in a CreateResponse; empty when it holds none. Its address says nothing (wsman-cim.md 3.3)."""
    for content in envelope.body:
        for element in content.iter():
            if names.local_name(element.tag) == "SelectorSet":
                keys = read_selectors(element)
                return {name: value for name, value in keys.items() if name.lower() != "__cimnamespace"}
    return {}


def read_batch(envelope: Envelope, origin: Origin = NO_ORIGIN) -> Batch:
    """Return the content of an EnumerateResponse or PullResponse, whichever namespace its parts are in (wsman-cim.md 3.4)."""
    content = _content(envelope, "enumeration")
    parts = {names.local_name(part.tag): part for part in content}
    if names.local_name(content.tag) not in {"EnumerateResponse", "PullResponse"}:
        raise ValueError("it is no part of an enumeration")
    items = parts.get("Items")
    instances = [instance_from_element(element, origin) for element in _items(items if items is not None else ())]
    if "EndOfSequence" in parts:
        return Batch(instances, None)
    context = (parts["EnumerationContext"].text or "").strip() if "EnumerationContext" in parts else ""
    if not context:
        raise ValueError("its enumeration neither ends nor goes on")
    return Batch(instances, context)


def _items(items: Element | tuple[()]) -> Iterator[Element]:
    for element in items:
        if element.tag != f"{{{names.WSMAN}}}Item":
            if names.local_name(element.tag) != "EndpointReference":
                yield element
            continue
        # An object with its reference beside it.
        yield from (part for part in element if names.local_name(part.tag) != "EndpointReference")


def read_class(envelope: Envelope) -> ClassDefinition:
    """Return the class definition anywhere below the body; its wrapper is not recorded (wsman-cim.md 5)."""
    for content in envelope.body:
        found = cim_xml.find_class(content)
        if found is not None:
            return found
    raise ValueError("it holds no class definition")


def read_configuration(envelope: Envelope) -> ServerConfiguration:
    """Return the content of a configuration answer."""
    content = _content(envelope, "configuration")
    settings = dict(_flattened(content, ""))
    return ServerConfiguration(
        max_timeout_ms=_limit(settings, "MaxTimeoutms"),
        max_envelope_kb=_limit(settings, "MaxEnvelopeSizekb"),
        max_batch_items=_limit(settings, "MaxBatchItems"),
        settings=settings,
    )


def _flattened(element: Element, path: str) -> Iterator[tuple[str, str]]:
    for child in element:
        name = path + names.local_name(child.tag)
        if len(child):
            yield from _flattened(child, f"{name}/")
        else:
            yield name, (child.text or "").strip()


def _limit(settings: Mapping[str, str], name: str) -> int | None:
    text = settings.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ValueError(f"its {name} is no number")
    return int(text)
