# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances and method outputs as they came back: by name, nil and absent kept apart, types decided by who asks.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import base64
import binascii
import enum
import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from . import cim_xml, names
from .errors import AnswerError
from .kinds import Kind
from .moments import parse_interval, parse_moment
from .values import Reference

NIL = f"{{{names.XSI}}}nil"
TYPE = f"{{{names.XSI}}}type"

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?|[+-]?INF|NaN")
_TIME_ELEMENTS = frozenset({"Datetime", "Interval", "CIM_DateTime", "Date"})

T = t.TypeVar("T")
Plain: t.TypeAlias = "str | list[Plain] | dict[str, Plain] | None"


class Presence(enum.Enum):
    """What the answer says about one name; null arrays are absent, null scalars are nil (wsman-cim.md 4)."""

    ABSENT = "absent"
    NIL = "nil"
    PRESENT = "present"


@dataclass(frozen=True)
class Origin:
    """Whose answer something came in, and what was asked: a method that answered oddly may have worked all the same."""

    node: str | None = None
    kind: Kind = Kind.READ


NO_ORIGIN = Origin()


class CimInstance:
    """An instance, an embedded instance or the output of a method.

    Whether a name holds one value or an array is decided by the method that asks, never by how many elements came.

    Args:
        class_name: of the instance; of an output, the method's name with _OUTPUT.
        namespace: slash form, lower case; None when the answer does not say.
        elements: the values by name, in the order of arrival.
        origin: for the errors that reading a value may raise.
    """

    def __init__(
        self, class_name: str, namespace: str | None, elements: Mapping[str, Sequence[Element]], origin: Origin = NO_ORIGIN
    ) -> None:
        self.origin = origin
        self.class_name = class_name
        self.namespace = namespace
        self._elements = {name: list(items) for name, items in elements.items()}
        self._folded = {name.casefold(): name for name in self._elements}

    def __repr__(self) -> str:
        return f"CimInstance({self.class_name!r}, {sorted(self._elements)})"

    def names(self) -> list[str]:
        """Return all names that the answer holds, nil ones included."""
        return list(self._elements)

    def elements(self, name: str) -> list[Element]:
        """Return the raw elements of a name; exact spelling first, then without case."""
        found = self._elements.get(name)
        if found is None:
            found = self._elements.get(self._folded.get(name.casefold(), ""))
        return list(found or ())

    def presence(self, name: str) -> Presence:
        """Return whether the name is absent, nil or has a value."""
        elements = self.elements(name)
        if not elements:
            return Presence.ABSENT
        return Presence.NIL if all(is_nil(element) for element in elements) else Presence.PRESENT

    def text(self, name: str) -> str | None:
        """Return a string as it stands, whitespace included; None when absent or nil."""
        return self._one(name, _text, "text")

    def boolean(self, name: str) -> bool | None:
        """Return a boolean, written in any case."""
        return self._one(name, _boolean, "a boolean")

    def integer(self, name: str) -> int | None:
        """Return an integer of any width."""
        return self._one(name, _integer, "an integer")

    def real(self, name: str) -> float | None:
        """Return a real number."""
        return self._one(name, _real, "a number")

    def moment(self, name: str) -> datetime | None:
        """Return a datetime as aware UTC."""
        return self._one(name, lambda element: parse_moment(_time_text(element)), "a date and time")

    def interval(self, name: str) -> timedelta | None:
        """Return an interval."""
        return self._one(name, lambda element: parse_interval(_time_text(element)), "an interval")

    def texts(self, name: str) -> list[str]:
        """Return a string array; empty when absent, nil or empty."""
        return self._many(name, _text, "text")

    def integers(self, name: str) -> list[int]:
        """Return an integer array."""
        return self._many(name, _integer, "an integer")

    def booleans(self, name: str) -> list[bool]:
        """Return a boolean array."""
        return self._many(name, _boolean, "a boolean")

    def moments(self, name: str) -> list[datetime]:
        """Return a datetime array."""
        return self._many(name, lambda element: parse_moment(_time_text(element)), "a date and time")

    def octets(self, name: str) -> bytes:
        """Return a uint8 array, from repeated numbers or from base64 (wsman-cim.md 4, OctetString)."""
        elements = [element for element in self.elements(name) if not is_nil(element)]
        if len(elements) == 1 and _is_base64(elements[0]):
            return self._convert(name, elements[0], _base64, "base64 text")
        numbers = self.integers(name)
        if any(not 0 <= number <= 255 for number in numbers):
            raise self._misfit(name, "an octet")
        return bytes(numbers)

    def instance(self, name: str) -> CimInstance | None:
        """Return an embedded instance, in any form of wsman-cim.md 4.1."""
        return self._one(name, self._embedded, "an embedded instance")

    def instances(self, name: str) -> list[CimInstance]:
        """Return an array of embedded instances."""
        return self._many(name, self._embedded, "an embedded instance")

    def reference(self, name: str) -> Reference | None:
        """Return a reference (wsman-cim.md 4.2)."""
        return self._one(name, read_reference, "a reference")

    def references(self, name: str) -> list[Reference]:
        """Return an array of references."""
        return self._many(name, read_reference, "a reference")

    def require_text(self, name: str) -> str:
        """Return a string that must be there.

        Raises:
            AnswerError: it is absent or nil.
        """
        return self._required(name, self.text(name))

    def require_integer(self, name: str) -> int:
        """Return an integer that must be there.

        Raises:
            AnswerError: it is absent or nil.
        """
        return self._required(name, self.integer(name))

    def require_boolean(self, name: str) -> bool:
        """Return a boolean that must be there.

        Raises:
            AnswerError: it is absent or nil.
        """
        return self._required(name, self.boolean(name))

    def require_moment(self, name: str) -> datetime:
        """Return a time that must be there.

        Raises:
            AnswerError: it is absent or nil.
        """
        return self._required(name, self.moment(name))

    def untyped(self) -> dict[str, Plain]:
        """Return plain data as far as the wire alone tells, for people to look at: texts, None, dicts, lists for repeated names."""
        plain: dict[str, Plain] = {}
        for name, elements in self._elements.items():
            values = [_untyped(element) for element in elements]
            plain[name] = values[0] if len(values) == 1 else values
        return plain

    def _embedded(self, element: Element) -> CimInstance:
        return embedded_instance(element, self.origin)

    def _one(self, name: str, convert: t.Callable[[Element], T], what: str) -> T | None:
        elements = self.elements(name)
        if len(elements) > 1:
            raise self._misfit(name, f"{what} but an array of {len(elements)}")
        if not elements or is_nil(elements[0]):
            return None
        return self._convert(name, elements[0], convert, what)

    def _many(self, name: str, convert: t.Callable[[Element], T], what: str) -> list[T]:
        return [self._convert(name, element, convert, what) for element in self.elements(name) if not is_nil(element)]

    def _convert(self, name: str, element: Element, convert: t.Callable[[Element], T], what: str) -> T:
        try:
            return convert(element)
        except ValueError:
            raise self._misfit(name, what) from None

    def _misfit(self, name: str, what: str) -> AnswerError:
        return self._error(f"the host's answer has a {self.class_name}.{name} that is not {what}")

    def _error(self, message: str) -> AnswerError:
        return AnswerError(message, kind=self.origin.kind, node=self.origin.node)

    def _required(self, name: str, value: T | None) -> T:
        if value is None:
            raise self._error(f"the host's answer lacks {self.class_name}.{name}")
        return value


def is_nil(element: Element) -> bool:
    """Return whether xsi:nil says that the value is null."""
    return element.get(NIL, "").strip() in {"true", "1"}


def instance_from_element(element: Element, origin: Origin = NO_ORIGIN) -> CimInstance:
    """Return the instance that an element is: class and namespace from its type, its tag and its children's namespace.

    Raises:
        ValueError: it is text that no instance looks like.
    """
    type_name = element.get(TYPE, "")
    class_name = names.local_name(type_name).removesuffix("_Type") if type_name else ""
    uris = [names.namespace_of(type_name), *(names.namespace_of(child.tag) for child in element[:1]), names.namespace_of(element.tag)]
    for uri in filter(names.is_class_uri, uris):
        namespace, uri_class = names.split_class_uri(uri)
        if not class_name or uri_class.casefold() == class_name.casefold():
            break
    else:
        namespace, uri_class = None, ""
    return CimInstance(class_name or uri_class or names.local_name(element.tag), namespace, by_name(element), origin)


def by_name(parent: Iterable[Element]) -> dict[str, list[Element]]:
    """Return child elements by local name: namespaces of members differ between forms of the same thing (wsman-cim.md 4.1)."""
    found: dict[str, list[Element]] = {}
    for child in parent:
        found.setdefault(names.local_name(child.tag), []).append(child)
    return found


def embedded_instance(element: Element, origin: Origin = NO_ORIGIN) -> CimInstance:
    """Return the embedded instance of a value element: typed, untyped, wrapped once more, or CIM-XML in text.

    Raises:
        ValueError: the element holds none.
    """
    text = (element.text or "").lstrip()
    if len(element) == 0 and text:
        if not text.startswith("<"):
            raise ValueError("no instance")
        return instance_from_element(cim_xml.instance_element(text), origin)
    if len(element) == 1 and _is_wrapped(element, element[0]):
        return instance_from_element(element[0], origin)
    return instance_from_element(element, origin)


def _is_wrapped(element: Element, child: Element) -> bool:
    """Return whether the only child is the instance and the element around it just a holder."""
    if element.get(TYPE) is not None:
        return False
    name = names.local_name(child.tag)
    if names.local_name(child.get(TYPE, "")) == f"{name}_Type" or names.split_class_uri(names.namespace_of(child.tag))[1] == name:
        return True
    return any(names.local_name(grandchild.tag) not in _TIME_ELEMENTS | {"Address", "ReferenceParameters"} for grandchild in child)


def read_reference(element: Element) -> Reference:
    """Return the reference that an element holds, directly or inside an EndpointReference.

    Raises:
        ValueError: it holds none.
    """
    holder = next((child for child in element if names.local_name(child.tag) == "EndpointReference"), element)
    parameters = next((child for child in holder if names.local_name(child.tag) == "ReferenceParameters"), None)
    if parameters is None:
        raise ValueError("no reference")
    uri, keys = "", {}
    for part in parameters:
        if names.local_name(part.tag) == "ResourceURI":
            uri = (part.text or "").strip()
        elif names.local_name(part.tag) == "SelectorSet":
            keys = read_selectors(part)
    namespace, class_name = names.split_class_uri(uri)
    return Reference(namespace or keys.pop("__cimnamespace", "").lower(), class_name, keys)


def read_selectors(selector_set: Element) -> dict[str, str]:
    """Return the keys of a selector set; a key that is itself a reference comes as its class and keys in text."""
    keys = {}
    for selector in selector_set:
        if len(selector):
            inner = read_reference(selector)
            keys[selector.get("Name", "")] = f"{inner.class_name}." + ",".join(f'{name}="{value}"' for name, value in inner.keys.items())
        else:
            keys[selector.get("Name", "")] = selector.text or ""
    return keys


def _text(element: Element) -> str:
    if len(element):
        raise ValueError("no text")
    return element.text or ""


def _boolean(element: Element) -> bool:
    word = _text(element).strip().lower()
    if word not in {"true", "false", "1", "0"}:
        raise ValueError("no boolean")
    return word in {"true", "1"}


def _integer(element: Element) -> int:
    digits = _text(element).strip()
    if not _INTEGER.fullmatch(digits):
        raise ValueError("no integer")
    return int(digits)


def _real(element: Element) -> float:
    number = _text(element).strip()
    if not _REAL.fullmatch(number):
        raise ValueError("no number")
    return float(number)


def _time_text(element: Element) -> str:
    if len(element) == 0:
        return (element.text or "").strip()
    if len(element) == 1 and names.local_name(element[0].tag) in _TIME_ELEMENTS:
        return (element[0].text or "").strip()
    raise ValueError("no time")


def _is_base64(element: Element) -> bool:
    if names.local_name(element.get(TYPE, "")) == "cimBase64Binary":
        return True
    return not _INTEGER.fullmatch((element.text or "").strip())


def _base64(element: Element) -> bytes:
    try:
        return base64.b64decode("".join(_text(element).split()), validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None


def _untyped(element: Element) -> Plain:
    if is_nil(element):
        return None
    if any(names.local_name(child.tag) == "ReferenceParameters" for child in element):
        reference = read_reference(element)
        return {"class": reference.class_name, "namespace": reference.namespace, "keys": dict(reference.keys)}
    is_time = len(element) == 1 and names.local_name(element[0].tag) in _TIME_ELEMENTS
    text = (element[0].text if is_time else element.text) or ""
    if len(element) and not is_time:
        return instance_from_element(element).untyped()
    try:
        return embedded_instance(element).untyped() if text.lstrip().startswith("<INSTANCE") else text
    except ValueError:
        return text
