# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WHERE conditions of WQL, and how an instance satisfies them."""

from __future__ import annotations

import operator
import re
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..cim import Instance, Reference, Value
from .cim_xml import object_path
from .moments import parse_interval, parse_moment

Constant: t.TypeAlias = "str | int | float | bool"
_TESTS: Mapping[str, Callable[[t.Any, t.Any], t.Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class Scope(t.Protocol):
    """What a condition may ask about classes."""

    def is_a(self, namespace: str, class_name: str, ancestor: str) -> bool:
        """Return True when the class is the ancestor or derives from it."""


class Condition(t.Protocol):
    """One node of a WHERE clause."""

    def matches(self, instance: Instance, scope: Scope) -> bool:
        """Return True when the instance satisfies the condition."""

    def names(self) -> set[str]:
        """Return the properties it speaks of."""


@dataclass(frozen=True)
class And:
    """All parts hold."""

    parts: tuple[Condition, ...]

    def matches(self, instance: Instance, scope: Scope) -> bool:
        """See Condition."""
        return all(part.matches(instance, scope) for part in self.parts)

    def names(self) -> set[str]:
        """See Condition."""
        return set().union(*(part.names() for part in self.parts))


@dataclass(frozen=True)
class Or:
    """One part holds."""

    parts: tuple[Condition, ...]

    def matches(self, instance: Instance, scope: Scope) -> bool:
        """See Condition."""
        return any(part.matches(instance, scope) for part in self.parts)

    def names(self) -> set[str]:
        """See Condition."""
        return set().union(*(part.names() for part in self.parts))


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Condition

    def matches(self, instance: Instance, scope: Scope) -> bool:
        """See Condition."""
        return not self.part.matches(instance, scope)

    def names(self) -> set[str]:
        """See Condition."""
        return self.part.names()


@dataclass(frozen=True)
class NullTest:
    """name IS NULL, or IS NOT NULL."""

    name: str
    is_null: bool

    def matches(self, instance: Instance, scope: Scope) -> bool:
        """See Condition."""
        return (value_of(instance, self.name) is None) == self.is_null

    def names(self) -> set[str]:
        """See Condition."""
        return {self.name}


@dataclass(frozen=True)
class IsA:
    """__CLASS ISA "Class"."""

    class_name: str

    def matches(self, instance: Instance, scope: Scope) -> bool:
        """See Condition."""
        return scope.is_a(instance.schema.namespace, instance.schema.name, self.class_name)

    def names(self) -> set[str]:
        """See Condition."""
        return set()


@dataclass(frozen=True)
class Comparison:
    """name operator constant; text compares without case, and null is never equal nor unequal to anything."""

    name: str
    operator: str
    constant: Constant

    def matches(self, instance: Instance, scope: Scope) -> bool:
        """See Condition."""
        value = value_of(instance, self.name)
        if value is None or isinstance(value, (list, tuple)):
            return False
        if self.operator == "like":
            return _like(str(self.constant)).fullmatch(str(value)) is not None
        pair = _comparable(value, self.constant)
        if pair is None:
            return self.operator in ("<>", "!=")
        left, right = pair
        return bool(_TESTS[self.operator](left, right))

    def names(self) -> set[str]:
        """See Condition."""
        return {self.name}


def value_of(instance: Instance, name: str) -> Value:
    """Return a property by its name in any case, or one of the system properties."""
    folded = name.casefold()
    if folded == "__class":
        return instance.schema.name
    if folded == "__namespace":
        return instance.schema.namespace.replace("/", "\\")
    if folded == "__superclass":
        return instance.schema.superclass
    return next((value for key, value in instance.values.items() if key.casefold() == folded), None)


def _comparable(value: Value, constant: Constant) -> tuple[t.Any, t.Any] | None:
    """Return both sides in one type, None when they cannot be compared."""
    try:
        if isinstance(value, bool):
            return value, constant if isinstance(constant, bool) else str(constant).casefold() in ("true", "1")
        if isinstance(value, (int, float)):
            return value, constant if isinstance(constant, (int, float)) else float(constant)
        if isinstance(value, datetime):
            return value, parse_moment(str(constant))
        if isinstance(value, timedelta):
            return value, parse_interval(str(constant))
    except (ValueError, OverflowError):
        return None
    text = object_path(value) if isinstance(value, Reference) else str(value)
    return text.casefold(), str(constant).casefold()


def _like(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        closing = pattern.find("]", position + 1) if char == "[" else -1
        if char == "%":
            parts.append(".*")
        elif char == "_":
            parts.append(".")
        elif closing > position + 1:
            parts.append(_character_set(pattern[position + 1 : closing]))
            position = closing
        else:
            parts.append(re.escape(char))
        position += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _character_set(inside: str) -> str:
    """Return a set such as [a-f] or [^0-9] as a regular expression, the literal text when it is none."""
    negation, members = ("^", inside[1:]) if inside[0] in "^!" and len(inside) > 1 else ("", inside)
    escaped = re.sub(r"([^\w-])", r"\\\1", members)
    try:
        re.compile(f"[{negation}{escaped}]")
    except re.error:
        return re.escape(f"[{inside}]")
    return f"[{negation}{escaped}]"
