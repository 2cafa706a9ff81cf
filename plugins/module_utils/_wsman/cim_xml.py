# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM-XML inside WS-Management: embedded instances in strings, and class definitions (wsman-cim.md 4.1, 5).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from . import names
from .schema import ClassDefinition, MethodDefinition, ParameterDefinition, PropertyDefinition
from .xml_stream import XmlRefusedError, parse_document

_NIL = f"{{{names.XSI}}}nil"
_TYPE = f"{{{names.XSI}}}type"


def instance_element(text: str) -> Element:
    """Return a CIM-XML instance as the element that WS-CIM would have sent for it.

    Raises:
        ValueError: the text is no CIM-XML instance.
    """
    try:
        root = parse_document(text.encode("utf-8", "surrogatepass"))
    except XmlRefusedError:
        raise ValueError("no CIM-XML") from None
    found = _first(root, "INSTANCE")
    if found is None:
        raise ValueError("no CIM-XML instance")
    return _instance(found)


def _first(root: Element, name: str) -> Element | None:
    return next((element for element in root.iter() if names.local_name(element.tag) == name), None)


def _instance(source: Element) -> Element:
    class_name = source.get("CLASSNAME", "")
    element = Element(class_name, {_TYPE: f"{class_name}_Type"})
    for prop in source:
        kind = names.local_name(prop.tag)
        if kind in {"PROPERTY", "PROPERTY.ARRAY", "PROPERTY.REFERENCE"}:
            _property(element, prop, is_array=kind == "PROPERTY.ARRAY")
    return element


def _property(parent: Element, prop: Element, *, is_array: bool) -> None:
    name = prop.get("NAME", "")
    if is_array:
        for item in prop[0] if len(prop) else ():
            if names.local_name(item.tag) != "VALUE.NULL":
                _value(SubElement(parent, name), item)
    elif len(prop):
        _value(SubElement(parent, name), prop[0])
    else:
        SubElement(parent, name, {_NIL: "true"})


def _value(element: Element, value: Element) -> None:
    if names.local_name(value.tag) != "VALUE.REFERENCE":
        element.text = value.text or ""
        return
    instance_name = _first(value, "INSTANCENAME")
    if instance_name is None:
        return
    namespace = "/".join(part.get("NAME", "") for part in value.iter() if names.local_name(part.tag) == "NAMESPACE")
    parameters = SubElement(element, "ReferenceParameters")
    SubElement(parameters, "ResourceURI").text = f"{names.WMI_URI}{namespace}/{instance_name.get('CLASSNAME', '')}"
    selectors = SubElement(parameters, "SelectorSet")
    for binding in instance_name:
        key = _first(binding, "KEYVALUE")
        SubElement(selectors, "Selector", {"Name": binding.get("NAME", "")}).text = key.text if key is not None else ""


def find_class(root: Element) -> ClassDefinition | None:
    """Return the class definition that stands anywhere below `root`, as elements or as text; None when there is none."""
    element = _first(root, "CLASS")
    if element is None:
        element = _class_in_text(root)
    return None if element is None else _class_definition(element)


def _class_in_text(root: Element) -> Element | None:
    for holder in root.iter():
        text = (holder.text or "").lstrip()
        if text.startswith("<") and "CLASS" in text:
            try:
                return _first(parse_document(text.encode("utf-8", "surrogatepass")), "CLASS")
            except XmlRefusedError:
                continue
    return None


def _class_definition(element: Element) -> ClassDefinition:
    properties, methods = {}, {}
    for member in element:
        kind = names.local_name(member.tag)
        name = member.get("NAME", "")
        qualifiers = _qualifiers(member)
        if kind.startswith("PROPERTY"):
            properties[name] = PropertyDefinition(
                name=name,
                type=_type(member, qualifiers),
                is_array=kind == "PROPERTY.ARRAY",
                is_key=_is_true(qualifiers.get("key")),
                embedded_class=qualifiers.get("embeddedinstance"),
            )
        elif kind == "METHOD":
            methods[name] = MethodDefinition(name=name, returns=member.get("TYPE") or None, parameters=_parameters(member))
    return ClassDefinition(element.get("NAME", ""), element.get("SUPERCLASS") or None, properties, methods)


def _parameters(method: Element) -> dict[str, ParameterDefinition]:
    parameters = {}
    for member in method:
        kind = names.local_name(member.tag)
        if not kind.startswith("PARAMETER"):
            continue
        name = member.get("NAME", "")
        qualifiers = _qualifiers(member)
        is_out = _is_true(qualifiers.get("out"))
        parameters[name] = ParameterDefinition(
            name=name,
            type=_type(member, qualifiers),
            is_array=kind in {"PARAMETER.ARRAY", "PARAMETER.REFARRAY"},
            # DSP0004: In defaults to true; what is marked Out alone is output in every provider's class.
            is_in=_is_true(qualifiers["in"]) if "in" in qualifiers else not is_out,
            is_out=is_out,
            is_stream=_is_true(qualifiers.get("stream")),
            embedded_class=qualifiers.get("embeddedinstance"),
        )
    return parameters


def _qualifiers(member: Element) -> dict[str, str]:
    """Return qualifier values by lower-case name; one without a value is true, as a boolean qualifier's default is."""
    found = {}
    for qualifier in member:
        if names.local_name(qualifier.tag) == "QUALIFIER":
            value = _first(qualifier, "VALUE")
            found[qualifier.get("NAME", "").lower()] = "true" if value is None else (value.text or "")
    return found


def _is_true(text: str | None) -> bool:
    return text is not None and text.strip().lower() == "true"


def _type(member: Element, qualifiers: dict[str, str]) -> str:
    if "embeddedinstance" in qualifiers or "embeddedobject" in qualifiers:
        return "instance"
    if names.local_name(member.tag) in {"PROPERTY.REFERENCE", "PARAMETER.REFERENCE", "PARAMETER.REFARRAY"}:
        return "reference"
    return member.get("TYPE", "").lower()
