# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing CIM values in Windows' style (wsman-cim.md 4)."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..cim import ClassSchema, Instance, PropertySchema, Reference, Value
from .cim_types import XSI_TYPES
from .cim_xml import instance_text
from .moments import format_interval, format_moment
from .names import ADDRESSING, ANONYMOUS, CIM, MS_WSMAN, WSMAN, XSI, qualified
from .resource import NAMESPACE_SELECTOR, Target
from .xml import Element, child, printable

_TYPE = qualified(XSI, "type")
_NIL = qualified(XSI, "nil")


class Typed(t.Protocol):
    """What properties and parameters have in common."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def type(self) -> str:
        """Its CIM type name, "instance" or "reference"."""

    @property
    def is_array(self) -> bool:
        """True for an array."""


@dataclass(frozen=True)
class Style:
    """How the request wants its values.

    Args:
        target: its resource URI; the DMTF scheme adds an xsi:type to each scalar.
        precise_arrays: null arrays are written (option msftwinrm:UsePreciseArrays).
        address: a:Address of endpoint references.
    """

    target: Target
    precise_arrays: bool = False
    address: str = ANONYMOUS


def append_instance(parent: Element, instance: Instance, style: Style) -> Element:
    """Append an instance: namespace declarations on its element, properties in alphabetical order, null scalars as nil."""
    schema = instance.schema
    space = style.target.class_uri(schema.namespace, schema.name)
    node = child(parent, space, schema.name, nsmap={"xsi": XSI, "p": space, "cim": CIM})
    node.set(_TYPE, f"p:{schema.name}_Type")
    append_values(node, space, schema, schema.properties, instance.values, style)
    return node


def append_values(
    parent: Element, space: str, owner: ClassSchema, members: Sequence[Typed], values: Mapping[str, Value], style: Style
) -> None:
    """Append members of a class or outputs of a method in alphabetical order, compared without case."""
    for member in sorted(members, key=lambda item: item.name.casefold()):
        append_value(parent, space, owner, member, values.get(member.name), style)


def append_value(parent: Element, space: str, owner: ClassSchema, member: Typed, value: Value, style: Style) -> None:
    """Append one member: nothing, one element, or one element per array item."""
    if value is None:
        if not member.is_array:
            child(parent, space, member.name).set(_NIL, "true")
        elif style.precise_arrays:
            node = child(parent, space, member.name, nsmap={"m": MS_WSMAN})
            node.set(_NIL, "true")
            node.set(qualified(MS_WSMAN, "IsNullArray"), "true")
        return
    items = t.cast("Sequence[Value]", value) if member.is_array and isinstance(value, (list, tuple)) else [value]
    for item in items:
        _append_scalar(parent, space, owner, member, item, style)


def append_fragments(parent: Element, instance: Instance, columns: Sequence[str]) -> None:
    """Append what a SELECT of columns answers: children without namespace, alphabetical (wsman-cim.md 3.4)."""
    node = child(parent, WSMAN, "XmlFragment", nsmap={"xsi": XSI, "w": WSMAN})
    wanted = {column.casefold() for column in columns}
    for prop in sorted((p for p in instance.schema.properties if p.name.casefold() in wanted), key=lambda p: p.name.casefold()):
        value = instance.values.get(prop.name)
        if value is None:
            if not prop.is_array:
                child(node, None, prop.name).set(_NIL, "true")
            continue
        items = t.cast("Sequence[Value]", value) if prop.is_array and isinstance(value, (list, tuple)) else [value]
        for item in items:
            part = child(node, None, prop.name)
            if isinstance(item, datetime):
                child(part, None, "Datetime", format_moment(item))
            elif isinstance(item, timedelta):
                child(part, None, "Interval", format_interval(item))
            elif isinstance(item, Instance):
                part.text = printable(instance_text(item))
            elif isinstance(item, Reference):
                append_reference(part, item, Style(Target(item.namespace, None, is_dmtf=False)))
            else:
                part.text = printable(scalar_text(item))


def append_reference(parent: Element, reference: Reference, style: Style) -> None:
    """Append address and parameters of a reference, without a wrapper (wsman-cim.md 4.2)."""
    child(parent, ADDRESSING, "Address", style.address, nsmap={"a": ADDRESSING})
    parameters = child(parent, ADDRESSING, "ReferenceParameters", nsmap={"a": ADDRESSING})
    child(parameters, WSMAN, "ResourceURI", style.target.class_uri(reference.namespace, reference.class_name), nsmap={"w": WSMAN})
    selectors = child(parameters, WSMAN, "SelectorSet", nsmap={"w": WSMAN})
    # wsman-cim.md 1.2: only answers to the DMTF scheme carry the namespace as a selector.
    keys = {NAMESPACE_SELECTOR: reference.namespace, **reference.keys} if style.target.is_dmtf else reference.keys
    for name, value in keys.items():
        child(selectors, WSMAN, "Selector", value).set("Name", name)


def reference_to(instance: Instance) -> Reference:
    """Return the reference that names an instance."""
    schema = instance.schema
    keys = {prop.name: key_text(instance, prop) for prop in schema.properties if prop.is_key}
    return Reference(schema.namespace, schema.name, keys)


def key_text(instance: Instance, prop: PropertySchema) -> str:
    """Return a key value as selectors carry it."""
    value = instance.values.get(prop.name)
    return "" if value is None else scalar_text(value)


def scalar_text(value: Value) -> str:
    """Return the text of a plain scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, timedelta):
        return format_interval(value)
    return str(value)


def _append_scalar(parent: Element, space: str, owner: ClassSchema, member: Typed, value: Value, style: Style) -> None:
    if isinstance(value, Instance) and "cim_xml" not in (owner.embedded_style, value.schema.embedded_style):
        _append_embedded(parent, space, member, value, style)
        return
    node = child(parent, space, member.name)
    if isinstance(value, Instance):
        node.text = instance_text(value)
    elif isinstance(value, Reference):
        append_reference(node, value, style)
    elif isinstance(value, datetime):
        child(node, CIM, "Datetime", format_moment(value), nsmap={"cim": CIM})
    elif isinstance(value, timedelta):
        child(node, CIM, "Interval", format_interval(value), nsmap={"cim": CIM})
    else:
        node.text = printable(scalar_text(value))
    if style.target.is_dmtf and member.type in XSI_TYPES:
        node.set(_TYPE, f"cim:{XSI_TYPES[member.type]}")


def _append_embedded(parent: Element, space: str, member: Typed, value: Instance, style: Style) -> None:
    # wsman-cim.md 4.1: the element named after the parameter is the instance; p1 is bound to its own class.
    inner = style.target.class_uri(value.schema.namespace, value.schema.name)
    node = child(parent, space, member.name, nsmap={"p1": inner})
    node.set(_TYPE, f"p1:{value.schema.name}_Type")
    append_values(node, inner, value.schema, value.schema.properties, value.values, style)
