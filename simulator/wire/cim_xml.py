# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM-XML text: embedded instances in string properties, and class definitions (wsman-cim.md 4.1, 5)."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from datetime import datetime, timedelta

from ..cim import ClassSchema, Instance, MethodSchema, ParameterSchema, PropertySchema, Reference, Value
from .moments import dmtf_interval, dmtf_moment
from .names import CIM_XML
from .xml import Element, child, element, serialize

_XML_TYPES = {"interval": "datetime", "instance": "string"}


def instance_text(instance: Instance) -> str:
    """Return an instance as CIM-XML text, as Hyper-V style providers embed it."""
    return serialize(_instance(instance)).decode("utf-8")


def append_class(parent: Element, schema: ClassSchema, *, with_qualifiers: bool) -> None:
    """Append a CLASS element with all properties and methods, inherited ones included."""
    node = child(parent, CIM_XML, "CLASS", nsmap={None: CIM_XML})
    node.set("NAME", schema.name)
    if schema.superclass:
        node.set("SUPERCLASS", schema.superclass)
    if with_qualifiers and schema.is_singleton:
        _qualifier(node, "Singleton")
    for prop in schema.properties:
        _append_property(node, prop, with_qualifiers=with_qualifiers)
    for method in schema.methods:
        _append_method(node, method, with_qualifiers=with_qualifiers)


def _append_property(parent: Element, prop: PropertySchema, *, with_qualifiers: bool) -> None:
    tag = "PROPERTY.REFERENCE" if prop.type == "reference" else "PROPERTY.ARRAY" if prop.is_array else "PROPERTY"
    node = child(parent, CIM_XML, tag)
    node.set("NAME", prop.name)
    if prop.type == "reference":
        if prop.embedded_class:
            node.set("REFERENCECLASS", prop.embedded_class)
    else:
        node.set("TYPE", _XML_TYPES.get(prop.type, prop.type))
    if with_qualifiers:
        if prop.is_key:
            _qualifier(node, "key")
        if prop.type == "instance" and prop.embedded_class:
            _qualifier(node, "EmbeddedInstance", prop.embedded_class)


def _append_method(parent: Element, method: MethodSchema, *, with_qualifiers: bool) -> None:
    node = child(parent, CIM_XML, "METHOD")
    node.set("NAME", method.name)
    if method.returns:
        node.set("TYPE", method.returns)
    if with_qualifiers and method.is_static:
        _qualifier(node, "static")
    for parameter in method.parameters:
        _append_parameter(node, parameter, with_qualifiers=with_qualifiers)


def _append_parameter(parent: Element, parameter: ParameterSchema, *, with_qualifiers: bool) -> None:
    is_reference = parameter.type == "reference"
    tag = "PARAMETER" + (".REFARRAY" if is_reference and parameter.is_array else ".REFERENCE" if is_reference else "")
    tag += ".ARRAY" if parameter.is_array and not is_reference else ""
    node = child(parent, CIM_XML, tag)
    node.set("NAME", parameter.name)
    if is_reference:
        if parameter.embedded_class:
            node.set("REFERENCECLASS", parameter.embedded_class)
    else:
        node.set("TYPE", _XML_TYPES.get(parameter.type, parameter.type))
    if with_qualifiers:
        _qualifier(node, "In" if parameter.direction == "in" else "Out")
        if parameter.is_stream:
            _qualifier(node, "Stream")
        if parameter.type == "instance" and parameter.embedded_class:
            _qualifier(node, "EmbeddedInstance", parameter.embedded_class)


def _qualifier(parent: Element, name: str, text: str | None = None) -> None:
    node = child(parent, CIM_XML, "QUALIFIER")
    node.set("NAME", name)
    node.set("TYPE", "boolean" if text is None else "string")
    child(node, CIM_XML, "VALUE", "true" if text is None else text)


def _instance(instance: Instance) -> Element:
    node = element("INSTANCE")
    node.set("CLASSNAME", instance.schema.name)
    for prop in instance.schema.properties:
        value = instance.values.get(prop.name)
        is_array = prop.is_array
        item = child(node, None, "PROPERTY.ARRAY" if is_array else "PROPERTY")
        item.set("NAME", prop.name)
        item.set("TYPE", _XML_TYPES.get(prop.type, prop.type))
        if value is None:
            continue
        if is_array:
            holder = child(item, None, "VALUE.ARRAY")
            for part in t.cast(Sequence[Value], value):
                child(holder, None, "VALUE", _text(part))
        else:
            child(item, None, "VALUE", _text(value))
    return node


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return dmtf_moment(value)
    if isinstance(value, timedelta):
        return dmtf_interval(value)
    if isinstance(value, Instance):
        return instance_text(value)
    if isinstance(value, Reference):
        return object_path(value)
    return str(value)


def object_path(reference: Reference) -> str:
    """Return the WMI object path of a reference, without namespace."""
    keys = ",".join('{}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in reference.keys.items())
    return f"{reference.class_name}.{keys}" if keys else f"{reference.class_name}=@"
