# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds what a module says that it gives back against what it gave back, and finds samples in it.

A sample is true when the run gave back the same, but for what differs from run to run: GUIDs, times and numbers. Of a list, some of the
elements will do.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .pages import Data

Value = t.Any

OF_THE_MACHINE = frozenset({"debug_connection", "report"})
"""Modules whose results are those of the machine on which they run."""

# What Ansible itself adds to results.
_ANSIBLES = frozenset({"changed", "failed", "msg", "exception", "invocation", "warnings", "deprecations", "diff"})

_TYPES = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,), "list": (list,), "dict": (dict,)}

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHORT_ID = re.compile(r"\brun [0-9a-f]{8}\b")
_DURATION = re.compile(r"\d+ h( \d+ min)?|\d+ min( \d+ s)?|\d+ s\b")
_NUMBER = re.compile(r"\d+(\.\d+)*")


@dataclass(frozen=True)
class Place:
    """Where a description stands, and where its values stand in a result.

    Args:
        path: names joined by dots; `*` stands for every key of a mapping or every element of a list.
        keys: the keys of the description in the RETURN block.
        spec: the description.
    """

    path: str
    keys: tuple[str, ...]
    spec: Data


def problems(described: Data, results: Sequence[Data], *, is_shape_enough: bool = False) -> list[str]:
    """Return where the description of a module's results and these results differ.

    Args:
        described: the RETURN block.
        results: of runs that succeeded.
        is_shape_enough: whether samples need only have the shape of what the run gave back.
    """
    found = [problem for result in results for problem in _compare(described, result, "", is_whole=True)]
    untrue = untrue_samples(described, results, is_shape_enough=is_shape_enough)
    found += [f"{place.path}: the sample is nothing that the run gave back, such as {real[0]!r}" for place, real in untrue]
    return sorted(set(found))


def untrue_samples(described: Data, results: Sequence[Data], *, is_shape_enough: bool = False) -> list[tuple[Place, list[Value]]]:
    """Return the samples that are nothing that a run gave back, each with what it gave back.

    Args:
        described: the RETURN block.
        results: of runs that succeeded.
        is_shape_enough: whether samples need only have the shape of what the run gave back.
    """
    found = []
    for place in _places(described, "", ()):
        real = real_values(results, place.path)
        is_true = has_shape if is_shape_enough else is_part
        if "sample" in place.spec and real and not any(is_true(place.spec["sample"], value) for value in real):
            found.append((place, real))
    return found


def real_values(results: Sequence[Value], path: str) -> list[Value]:
    """Return what results have at a place, leaving out what is empty.

    Args:
        results: of runs.
        path: names joined by dots; `*` stands for every key of a mapping or every element of a list.
    """
    values: list[Value] = list(results)
    for name in path.split("."):
        if name == "*":
            values = [each for value in values for each in (value.values() if isinstance(value, dict) else value or ())]
        else:
            values = [value[name] for value in values if isinstance(value, dict) and name in value]
    return [value for value in values if value is not None and value not in ("", [], {})]


def _places(described: Data, path: str, keys: tuple[str, ...]) -> Iterator[Place]:
    for name, spec in described.items():
        here, own = f"{path}.{name}" if path else name, (*keys, name)
        yield Place(here, own, spec)
        inner = spec.get("contains") or {}
        if _is_keyed(spec):
            ((key, entry),) = inner.items()
            yield from _places(entry["contains"], f"{here}.*", (*own, "contains", key, "contains"))
        else:
            yield from _places(inner, f"{here}.*" if spec["type"] == "list" else here, (*own, "contains"))


def _is_keyed(spec: Data) -> bool:
    """Return whether a mapping has an entry for each of many keys, of which the description shows one that stands for all."""
    inner = spec.get("contains") or {}
    return spec["type"] == "dict" and len(inner) == 1 and "contains" in next(iter(inner.values()))


def _compare(described: Data, real: Data, path: str, *, is_whole: bool) -> Iterator[str]:
    for name, value in real.items():
        place = f"{path}.{name}" if path else name
        if name in described:
            yield from _compare_value(described[name], value, place)
        elif not is_whole or (name not in _ANSIBLES and not name.startswith(("_", "ansible_"))):
            yield f"{place}: it is given back, and not described"


def _compare_value(spec: Data, value: Value, place: str) -> Iterator[str]:
    if value is None:
        if "V(null)" not in _text(spec):
            yield f"{place}: it can be null, which is not said"
        return
    if spec["type"] != "raw" and type(value) not in _TYPES[spec["type"]]:
        yield f"{place}: it is said to be {spec['type']}, and is {type(value).__name__}"
        return
    inner: Data = spec.get("contains") or {}
    if not inner or "with the fields of" in _text(spec).lower():
        return
    if _is_keyed(spec):
        (entry,) = inner.values()
        inner, entries, place = entry["contains"], list(value.values()), f"{place}.*"
    elif isinstance(value, list):
        entries, place = value, f"{place}.*"
    else:
        entries = [value]
    for each in entries:
        yield from _compare(inner, each, place, is_whole=False)


def _text(spec: Data) -> str:
    description = spec["description"]
    return description if isinstance(description, str) else " ".join(description)


def has_shape(sample: Value, real: Value) -> bool:
    """Return whether a sample is of the type of a real value, and a mapping has its keys.

    Args:
        sample: a sample.
        real: what a run gave back.
    """
    if isinstance(sample, dict) and isinstance(real, dict):
        return sample.keys() == real.keys()
    return sample is None or type(sample) is type(real)


def is_part(sample: Value, real: Value) -> bool:
    """Return whether a sample is a real value or, of a list, a part of it.

    Args:
        sample: a sample.
        real: what a run gave back.
    """
    if isinstance(sample, dict) and isinstance(real, dict):
        return sample.keys() == real.keys() and all(is_part(value, real[name]) for name, value in sample.items())
    if isinstance(sample, list) and isinstance(real, list):
        return bool(sample) == bool(real) and all(any(is_part(each, one) for one in real) for each in sample)
    if isinstance(sample, bool) or isinstance(real, bool):
        return isinstance(sample, bool) and isinstance(real, bool)
    return bool(_plain(sample) == _plain(real))


def _plain(value: Value) -> Value:
    """Return a value without what differs from run to run."""
    if not isinstance(value, str):
        return "#" if isinstance(value, int | float) else value
    for pattern, stand_in in ((_GUID, "#"), (_SHORT_ID, "run #"), (_DURATION, "#"), (_NUMBER, "#")):
        value = pattern.sub(stand_in, value)
    return value
