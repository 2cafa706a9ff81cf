# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain values on their way into a request (wsman-cim.md 4).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import math
import re
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, SubElement

from . import names
from .errors import RequestRefusedError
from .moments import format_interval, format_moment

# What XML 1.0 has no way to write, not even as a reference; lone surrogates are among it.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class EmbeddedInstance:
    """An instance that is itself a value; `properties` by name as the repository spells them."""

    namespace: str
    class_name: str
    properties: Mapping[str, Argument]


@dataclass(frozen=True)
class Reference:
    """The key of an instance elsewhere; from an answer, `namespace` is empty when it named none."""

    namespace: str
    class_name: str
    keys: Mapping[str, str]


Scalar: t.TypeAlias = "str | bool | int | float | datetime | timedelta | EmbeddedInstance | Reference"
Argument: t.TypeAlias = "Scalar | bytes | Sequence[Scalar] | None"


def require_xml_text(text: str, what: str) -> str:
    """Return `text` unchanged when XML 1.0 can carry it.

    Raises:
        RequestRefusedError: it holds a character that XML forbids; the message names the place, never the text.
    """
    match = _FORBIDDEN.search(text)
    if match:
        raise RequestRefusedError(
            f"{what} holds the character U+{ord(match[0]):04X} at position {match.start() + 1}, which XML cannot carry",
            remedy="Remove that character",
        )
    return text


def append_argument(parent: Element, name: str, value: Argument, *, writes_null: bool = False) -> None:
    """Append the element or elements of one property or parameter, with the class namespace bound to prefix p.

    Args:
        parent: the instance or input element.
        name: as the repository spells it.
        value: None and empty arrays are left out (wsman-cim.md 4).
        writes_null: write None as xsi:nil, which Put needs to clear a property.

    Raises:
        RequestRefusedError: the value cannot travel.
    """
    _append(parent, "p", 0, name, value, writes_null=writes_null)


def _append(parent: Element, prefix: str, depth: int, name: str, value: Argument, *, writes_null: bool) -> None:
    tag = f"{prefix}:{names.require_identifier(name, 'property or parameter')}"
    if value is None:
        if writes_null:
            SubElement(parent, tag, {"xsi:nil": "true"})
        return
    if isinstance(value, (bytes, bytearray)):
        items: Sequence[Scalar] = list(value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        items = value
    else:
        items = [value]
    for item in items:
        _append_scalar(SubElement(parent, tag), depth, name, item)


def _append_scalar(element: Element, depth: int, name: str, value: Scalar) -> None:
    try:
        if isinstance(value, datetime):
            SubElement(element, "cim:Datetime").text = format_moment(value)
            return
        if isinstance(value, timedelta):
            SubElement(element, "cim:Interval").text = format_interval(value)
            return
    except ValueError as error:
        raise RequestRefusedError(f"the value of {name} is {error}") from None
    if isinstance(value, EmbeddedInstance):
        _append_embedded(element, depth + 1, value)
    elif isinstance(value, Reference):
        append_reference(element, value)
    else:
        element.text = _scalar_text(name, value)


def _scalar_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(float(value))
        return "NaN" if math.isnan(value) else ("INF" if value > 0 else "-INF")
    if isinstance(value, str):
        return require_xml_text(str(value), f"the value of {name}")
    raise RequestRefusedError(f"the value of {name} is of the type {type(value).__name__}, which CIM does not know")


def _append_embedded(element: Element, depth: int, value: EmbeddedInstance) -> None:
    # A prefix of its own per level: the class namespace differs from the method's (wsman-cim.md 4.1).
    prefix = f"p{depth}"
    element.set(f"xmlns:{prefix}", names.class_uri(value.namespace, value.class_name))
    element.set("xsi:type", f"{prefix}:{value.class_name}_Type")
    for name, item in value.properties.items():
        _append(element, prefix, depth, name, item, writes_null=False)


def append_reference(element: Element, value: Reference) -> None:
    """Put the parts of an endpoint reference directly below `element` (wsman-cim.md 4.2)."""
    SubElement(element, "a:Address").text = names.ANONYMOUS
    parameters = SubElement(element, "a:ReferenceParameters")
    SubElement(parameters, "w:ResourceURI").text = names.class_uri(value.namespace, value.class_name)
    append_selectors(parameters, value.keys)


def append_selectors(parent: Element, keys: Mapping[str, str]) -> None:
    """Append a selector set; nothing for no keys.

    Raises:
        RequestRefusedError: a name or value cannot travel.
    """
    if not keys:
        return
    selectors = SubElement(parent, "w:SelectorSet")
    for name, value in keys.items():
        if not isinstance(value, str):
            raise RequestRefusedError(f"the key {name} is no text")
        selector = SubElement(selectors, "w:Selector", {"Name": names.require_identifier(name, "key")})
        selector.text = require_xml_text(value, f"the key {name}")
