# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading CIM values out of a request, strictly by the class definition (wsman-cim.md 1.2, 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ..cim import ClassSchema, Instance, NodeProvider, Reference, Scalar, Value
from . import names
from .cim_types import INTEGER_RANGES, REALS
from .encoding import Typed
from .faults import ProtocolFault
from .message import is_true
from .moments import parse_interval, parse_moment
from .names import ADDRESSING, CIM, WSMAN, XSI, qualified
from .resource import NAMESPACE_SELECTOR, Target, parse_target
from .xml import Element, NotXmlError, find, local_name, namespace_of, parse, text_of

_NIL = qualified(XSI, "nil")
_TYPE = qualified(XSI, "type")


class Decoder:
    """Reads the values of one request.

    Args:
        provider: knows the classes of embedded instances.
        target: the request's resource.
        unknown_code: the fault code for a member that the class does not have.
    """

    def __init__(self, provider: NodeProvider, target: Target, unknown_code: int) -> None:
        self._provider = provider
        self._target = target
        self._unknown_code = unknown_code

    def members(self, node: Element, schema: ClassSchema, members: Sequence[Typed]) -> dict[str, Value]:
        """Return the values of an instance or _INPUT element by member name; what is missing there is missing here.

        Raises:
            ProtocolFault: an unknown name, a wrong namespace, or a value that does not fit.
        """
        space = self._target.class_uri(schema.namespace, schema.name)
        known = {member.name: member for member in members}
        found: dict[str, list[Element]] = {}
        for item in node:
            name = local_name(item)
            if namespace_of(item).casefold() != space.casefold():
                raise ProtocolFault(names.INVALID_XML_NAMESPACE, f"The element {name} is not in the namespace of the class.")
            if name not in known:
                raise ProtocolFault(
                    self._unknown_code, f"The class {schema.name} has no member {name} here.", subcode="w:SchemaValidationError"
                )
            found.setdefault(name, []).append(item)
        return {name: self._value(known[name], items, schema.namespace) for name, items in found.items()}

    def _value(self, member: Typed, items: list[Element], namespace: str) -> Value:
        if member.is_array:
            if len(items) == 1 and is_true(items[0].get(_NIL)):
                return None
            return [self._scalar(member, item, namespace) for item in items]
        if len(items) > 1:
            raise _misfit(member, "more than one value")
        if is_true(items[0].get(_NIL)):
            return None
        return self._scalar(member, items[0], namespace)

    def _scalar(self, member: Typed, node: Element, namespace: str) -> Scalar:
        if member.type == "instance":
            return self._instance(member, node, namespace)
        if member.type == "reference":
            return read_reference(node, self._target)
        if member.type == "datetime":
            return _datetime(member, node)
        if member.type == "interval":
            return _interval(member, node)
        if len(node):
            raise _misfit(member, "elements inside a plain value")
        return _plain(member, node.text or "")

    def _instance(self, member: Typed, node: Element, namespace: str) -> Instance:
        text = (node.text or "").lstrip()
        if not len(node) and text.startswith("<INSTANCE"):
            return self._cim_xml_instance(member, text, namespace)
        prefix, _unused, type_name = (node.get(_TYPE) or "").rpartition(":")
        space = node.nsmap.get(prefix or None, "")
        class_name = type_name.removesuffix("_Type")
        # wsman-cim.md 4.1: the type is mandatory for embedded instances that come in.
        if not class_name:
            raise _misfit(member, "an embedded instance without xsi:type")
        inner = Decoder(self._provider, self._target, self._unknown_code)
        schema = self._provider.schema(namespace, class_name)
        if schema is None:
            raise _misfit(member, f"unknown embedded class {class_name}")
        if space.casefold() != self._target.class_uri(schema.namespace, schema.name).casefold():
            raise ProtocolFault(names.INVALID_XML_NAMESPACE, f"The type of {member.name} is not in the namespace of its class.")
        return Instance(schema, inner.members(node, schema, schema.properties))

    def _cim_xml_instance(self, member: Typed, text: str, namespace: str) -> Instance:
        try:
            root = parse(text.encode("utf-8"))
        except NotXmlError:
            raise _misfit(member, "garbled CIM-XML") from None
        schema = self._provider.schema(namespace, root.get("CLASSNAME") or "")
        if schema is None:
            raise _misfit(member, "unknown embedded class")
        known = {prop.name: prop for prop in schema.properties}
        values: dict[str, Value] = {}
        for item in root:
            prop = known.get(item.get("NAME") or "")
            if prop is None:
                raise _misfit(member, f"unknown property {item.get('NAME')}")
            texts = [text_of(value) or "" for value in item.iter("VALUE")]
            if texts:
                values[prop.name] = [_plain(prop, part) for part in texts] if prop.is_array else _plain(prop, texts[0])
        return Instance(schema, values)


def read_reference(node: Element, outer: Target) -> Reference:
    """Return the reference that an element holds: a:Address and a:ReferenceParameters without a wrapper, or within a:EndpointReference.

    Raises:
        ProtocolFault: it holds none.
    """
    wrapped = find(node, ADDRESSING, "EndpointReference")
    parameters = find(node if wrapped is None else wrapped, ADDRESSING, "ReferenceParameters")
    uri = (text_of(find(parameters, WSMAN, "ResourceURI")) or "").strip() if parameters is not None else ""
    if parameters is None or not uri:
        raise ProtocolFault(names.SCHEMA_VALIDATION_ERROR, "A reference has no resource URI.")
    keys: dict[str, str] = {}
    namespace = outer.namespace if outer.is_dmtf else None
    for item in parameters.iterfind(f"{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector"):
        name = item.get("Name") or ""
        if name.casefold() == NAMESPACE_SELECTOR:
            namespace = text_of(item) or ""
        else:
            keys[name] = text_of(item) or ""
    is_wmi = uri.casefold().startswith(names.WMI_BASE.casefold())
    target = parse_target(uri, None if is_wmi else namespace)
    return Reference(target.namespace, target.class_name or "", keys)


def selector_keys(selectors: Sequence[tuple[str, Element]], schema: ClassSchema, *, needs_keys: bool) -> dict[str, str]:
    """Return the keys a request addresses, spelled as in the class.

    Args:
        selectors: of the request, in order.
        schema: the class.
        needs_keys: False when the request may also address no instance.

    Raises:
        ProtocolFault: duplicate, unexpected or missing selectors.
    """
    spelled = {name.casefold(): name for name in schema.keys}
    keys: dict[str, str] = {}
    for given, node in selectors:
        folded = given.casefold()
        if folded == NAMESPACE_SELECTOR:
            continue
        name = spelled.get(folded)
        if name is None:
            raise ProtocolFault(names.UNEXPECTED_SELECTORS, f"The class {schema.name} has no key {given}.")
        if name in keys:
            raise ProtocolFault(names.DUPLICATE_SELECTORS, f"The selector {given} occurs twice.")
        keys[name] = text_of(node) or ""
    if not needs_keys and not keys:
        return keys
    missing = [name for name in schema.keys if name not in keys]
    if missing and not keys and not schema.is_singleton:
        raise ProtocolFault(
            names.URI_WMI_SINGLETON,
            "The WS-Management service cannot process the request: the resource URI names a class that is no singleton without its keys.",
        )
    if missing and keys:
        raise ProtocolFault(names.INSUFFICIENT_SELECTORS, f"The class {schema.name} needs the keys {', '.join(schema.keys)}.")
    return keys


def plain_arguments(values: Mapping[str, Value]) -> dict[str, object]:
    """Return arguments as plain data for logs and scripted faults."""
    return {name: _plain_data(value) for name, value in values.items()}


def _plain_data(value: Value) -> object:
    if isinstance(value, Instance):
        return {"class": value.schema.name, **plain_arguments(value.values)}
    if isinstance(value, Reference):
        return {"class": value.class_name, "keys": dict(value.keys)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (list, tuple)):
        return [_plain_data(item) for item in value]
    return value


def _plain(member: Typed, text: str) -> Scalar:
    if member.type in ("string", "instance", "reference"):
        return text
    cleaned = text.strip()
    if member.type == "boolean":
        if cleaned.lower() in ("true", "false", "1", "0"):
            return is_true(cleaned)
        raise _misfit(member, "not a boolean")
    if member.type == "datetime":
        return _datetime_text(member, cleaned)
    if member.type in REALS:
        try:
            return float(cleaned)
        except ValueError:
            raise _misfit(member, "not a number") from None
    bounds = INTEGER_RANGES.get(member.type)
    digits = cleaned.removeprefix("-").removeprefix("+")
    if bounds is None or not (digits.isascii() and digits.isdigit()) or len(digits) > 24:
        raise _misfit(member, "not a whole number")
    number = int(cleaned)
    if not bounds[0] <= number <= bounds[1]:
        raise _misfit(member, f"out of the range of {member.type}")
    return number


def _datetime(member: Typed, node: Element) -> datetime:
    inner = next((item for item in node if local_name(item) in ("Datetime", "Date")), None)
    return _datetime_text(member, text_of(node if inner is None else inner) or "")


def _datetime_text(member: Typed, text: str) -> datetime:
    try:
        return parse_moment(text)
    except (ValueError, OverflowError):
        raise _misfit(member, "not a date") from None


def _interval(member: Typed, node: Element) -> timedelta:
    inner = find(node, CIM, "Interval")
    try:
        return parse_interval(text_of(node if inner is None else inner) or "")
    except (ValueError, OverflowError):
        raise _misfit(member, "not an interval") from None


def _misfit(member: Typed, why: str) -> ProtocolFault:
    return ProtocolFault(names.SCHEMA_VALIDATION_ERROR, f"The value of {member.name} does not fit the schema: {why}.")
