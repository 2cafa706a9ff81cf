# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exit conditions of a rule, in whichever form they are written (cau.md 6.2).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .config_xml import XmlNode
from .errors import HotfixConfigError
from .rules import ExitConditions, parse_code

_FIELDS = {
    "success": "success",
    "success_rebootrequired": "success_reboot_required",
    "fail_rebootrequired": "fail_reboot_required",
    "alreadyinstalled": "already_installed",
    "notapplicable": "not_applicable",
}
_SHOWN = "Success, Success_RebootRequired, Fail_RebootRequired, AlreadyInstalled and NotApplicable"

# An attribute with one of these names can hold nothing but codes.
_CODE_ATTRIBUTES = frozenset({"code", "codes", "value", "values", "exitcode", "exitcodes", "returncode", "returncodes"})
_SEPARATORS = re.compile(r"[\s,;]+")


def read_conditions(conditions: XmlNode, label: str, file_name: str) -> ExitConditions:
    """Return the exit codes of a rule.

    Args:
        conditions: the element ExitConditions.
        label: the rule as messages name it.
        file_name: for messages.

    Raises:
        HotfixConfigError: no Success, an unknown condition, something that is no code, or a code in two lists.
    """
    lists: dict[str, set[int]] = {key: set() for key in _FIELDS}
    owners: dict[int, XmlNode] = {}
    for condition in conditions.children:
        if condition.key not in _FIELDS:
            reason = f"{label} has the unknown exit condition {condition.name}; there are {_SHOWN}"
            raise HotfixConfigError(file_name, condition.line, reason)
        for node, text in _codes(condition, label, file_name):
            try:
                code = parse_code(text)
            except ValueError as error:
                raise HotfixConfigError(file_name, node.line, f"{condition.name} of {label}: {error}") from None
            other = owners.setdefault(code, condition)
            if other.key != condition.key:
                reason = f"{label} has the exit code {text} under {condition.name} and, from line {other.line} on, under {other.name}"
                raise HotfixConfigError(file_name, node.line, reason)
            lists[condition.key].add(code)
    if not lists["success"]:
        raise HotfixConfigError(file_name, conditions.line, f"{label} has no exit code under Success")
    return ExitConditions(**{name: frozenset(lists[key]) for key, name in _FIELDS.items()})


def _codes(condition: XmlNode, label: str, file_name: str) -> Iterator[tuple[XmlNode, str]]:
    """Yield each code as it is written, with the element that it stands in."""
    for node in (condition, *condition.descendants()):
        found = _codes_of(node, label, file_name)
        if node is not condition and node.key in _FIELDS:
            raise HotfixConfigError(file_name, node.line, f"{node.name} of {label} stands in {condition.name}")
        if not found and node is not condition and not node.children:
            raise HotfixConfigError(file_name, node.line, f"<{node.name}> under {condition.name} of {label} holds no exit code")
        for text in found:
            yield node, text


def _codes_of(node: XmlNode, label: str, file_name: str) -> list[str]:
    """Return what one element holds itself: attributes that can only be codes, else its text, else the one attribute with numbers."""
    named = [word for name, text in node.attributes.items() if name in _CODE_ATTRIBUTES for word in _words(text)]
    if named:
        return named + (_words(node.text) if _is_numbers(node.text) else [])
    words = _words(node.text)
    if words or node.children:
        return words
    numbers = {name: text for name, text in node.attributes.items() if _is_numbers(text)}
    if len(numbers) > 1:
        # A range or a count beside the code would turn failures into successes.
        reason = f"<{node.name}> of {label} has several numbers ({', '.join(numbers)}), and which is the exit code cannot be told"
        raise HotfixConfigError(file_name, node.line, reason)
    return [word for text in numbers.values() for word in _words(text)]


def _is_numbers(text: str) -> bool:
    try:
        return bool([parse_code(word) for word in _words(text)])
    except ValueError:
        return False


def _words(text: str) -> list[str]:
    return [word for word in _SEPARATORS.split(text) if word]
