# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The classes of the twin, read from the YAML files beside this module.

Notation of those files. A property is "TYPE [key] [newer]", a parameter "in|out TYPE NAME [optional] [stream] [newer]"; TYPE is a
CIM type, the name of an embedded class, or "ref CLASS", each with [] for an array. What is marked newer is missing on hosts whose
release is 2019 or older. `errors` says how providers of the namespace report their errors: "mi" or "wsman".
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from collections.abc import Mapping
from pathlib import Path

import yaml

from ..cim import ClassSchema, FaultStyle, MethodSchema, ParameterSchema, PropertySchema

CIM_TYPES = frozenset(
    ["boolean", "char16", "datetime", "real32", "real64", "string"] + [f"{sign}int{bits}" for sign in "us" for bits in (8, 16, 32, 64)]
)
"""Everything else in a type position is the name of an embedded class."""

_FILES = ("cimv2", "cluster_update", "firmware", "mscluster", "storage")

_ALIASES = {"root/default": ("root/cimv2", frozenset({"stdregprov"}))}
"""StdRegProv is registered in root/default as well (wmi-classes.yml)."""


class Namespace(t.NamedTuple):
    """The classes of one namespace, by lower-case name, and the style of its errors."""

    name: str
    style: FaultStyle
    classes: Mapping[str, ClassSchema]


def _type_words(words: list[str]) -> tuple[str, bool, str | None]:
    """Take the type from the front of `words`: CIM type name, whether an array, embedded or referenced class."""
    word = words.pop(0)
    if word == "ref":
        return "reference", False, words.pop(0)
    is_array = word.endswith("[]")
    word = word.removesuffix("[]")
    return (word, is_array, None) if word in CIM_TYPES else ("instance", is_array, word)


def _property(name: str, text: str) -> PropertySchema:
    words = text.split()
    cim_type, is_array, class_name = _type_words(words)
    return PropertySchema(name, cim_type, is_array=is_array, is_key="key" in words, embedded_class=class_name)


def _parameter(text: str) -> ParameterSchema:
    words = text.split()
    direction = t.cast("t.Literal['in', 'out']", words.pop(0))
    cim_type, is_array, class_name = _type_words(words)
    name = words.pop(0)
    return ParameterSchema(
        name,
        cim_type,
        direction,
        is_array=is_array,
        is_stream="stream" in words,
        is_optional="optional" in words,
        embedded_class=class_name,
    )


def _method(name: str, entry: Mapping[str, t.Any], *, newer: bool) -> MethodSchema:
    texts = [text for text in entry.get("parameters", ()) if newer or "newer" not in text.split()]
    return MethodSchema(name, entry.get("returns"), tuple(_parameter(text) for text in texts), is_static=bool(entry.get("static")))


def _class(namespace: str, name: str, entry: Mapping[str, t.Any], *, newer: bool) -> ClassSchema:
    properties = tuple(
        _property(key, text) for key, text in (entry.get("properties") or {}).items() if newer or "newer" not in text.split()
    )
    methods = tuple(
        _method(key, method or {}, newer=newer)
        for key, method in (entry.get("methods") or {}).items()
        if newer or (method or {}).get("generation") != "newer"
    )
    return ClassSchema(
        namespace=namespace,
        name=name,
        superclass=entry.get("superclass"),
        properties=properties,
        methods=methods,
        is_singleton=bool(entry.get("singleton")),
        is_embedded_only=bool(entry.get("embedded")),
    )


@functools.cache
def namespaces(newer: bool) -> Mapping[str, Namespace]:
    """Return all namespaces by lower-case name, as a host of the newer or the older generation has them.

    Args:
        newer: True for hosts that have FeatureUpdatesOnly and its relatives (cau.md 1.2: 2022 is the likely first release).
    """
    found: dict[str, Namespace] = {}
    for stem in _FILES:
        data = yaml.safe_load((Path(__file__).parent / f"{stem}.yml").read_text(encoding="utf-8"))
        name = data["namespace"]
        style = FaultStyle.WMI_ERROR if data["errors"] == "mi" else FaultStyle.WSMAN
        classes = {
            key.lower(): _class(name, key, entry, newer=newer)
            for key, entry in data["classes"].items()
            if newer or entry.get("generation") != "newer"
        }
        found[name] = Namespace(name, style, classes)
    for alias, (original, names) in _ALIASES.items():
        source = found[original]
        classes = {key: dataclasses.replace(value, namespace=alias) for key, value in source.classes.items() if key in names}
        found[alias] = Namespace(alias, source.style, classes)
    return found
