# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search criteria of the Windows Update Agent, strictly as its documentation has them (cau.md 4.1)."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_]+)|(?P<number>-?\d+)|'(?P<text>[^']*)'|(?P<sign>!=|=|\(|\)))")

_BOOLEANS = {
    name.lower(): name
    for name in ("IsAssigned", "BrowseOnly", "AutoSelectOnWebSites", "IsInstalled", "IsHidden", "IsPresent", "RebootRequired")
}
_TEXTS = {name.lower(): name for name in ("Type", "DeploymentAction", "UpdateID")}
_OPERATORS = {"Type": {"=", "!="}, "UpdateID": {"=", "!="}, "CategoryIDs": {"contains"}}
_VALUES = {"Type": {"driver", "software"}, "DeploymentAction": {"installation", "uninstallation"}}


class CriteriaError(Exception):
    """The text is no criteria: WU_E_INVALID_CRITERIA."""


class Criterion(t.NamedTuple):
    """One comparison."""

    name: str
    operator: str
    value: int | str


Criteria = list[list[Criterion]]
"""Groups joined by OR, criteria within a group by AND."""


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise CriteriaError(f"nothing is understood at position {position}")
        found.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens

    def take(self) -> tuple[str, str]:
        if not self.tokens:
            raise CriteriaError("the text ends too early")
        return self.tokens.pop(0)

    def next_is(self, word: str) -> bool:
        if self.tokens and self.tokens[0][0] in {"word", "sign"} and self.tokens[0][1].lower() == word:
            self.tokens.pop(0)
            return True
        return False

    def query(self) -> Criteria:
        groups = [self.group()]
        while self.next_is("or"):
            groups.append(self.group())
        if self.tokens:
            raise CriteriaError(f"'{self.tokens[0][1]}' is out of place")
        return groups

    def group(self) -> list[Criterion]:
        if self.next_is("("):
            group = self.group()
            if not self.next_is(")"):
                raise CriteriaError("a parenthesis stays open")
            return group
        criteria = [self.criterion()]
        while self.next_is("and"):
            criteria.append(self.criterion())
        revision = any(one.name == "RevisionNumber" for one in criteria)
        if revision and not any(one.name == "UpdateID" and one.operator == "=" for one in criteria):
            raise CriteriaError("RevisionNumber needs UpdateID with =")
        return criteria

    def criterion(self) -> Criterion:
        kind, word = self.take()
        name = _BOOLEANS.get(word.lower()) or _TEXTS.get(word.lower())
        name = name or {"revisionnumber": "RevisionNumber", "categoryids": "CategoryIDs"}.get(word.lower())
        if kind != "word" or name is None:
            raise CriteriaError(f"'{word}' is no criterion")
        operator = self.take()[1].lower()
        if operator not in _OPERATORS.get(name, {"="}):
            raise CriteriaError(f"{name} does not take '{operator}'")
        value_kind, text = self.take()
        return Criterion(name, operator, _value(name, value_kind, text))


def _value(name: str, kind: str, text: str) -> int | str:
    if name in _BOOLEANS.values() or name == "RevisionNumber":
        if kind != "number" or (name != "RevisionNumber" and int(text) not in {0, 1}):
            raise CriteriaError(f"{name} does not take '{text}'")
        return int(text)
    if kind != "text" or text.lower() not in _VALUES.get(name, {text.lower()}):
        raise CriteriaError(f"{name} does not take '{text}'")
    return text.lower()


def parse(text: str) -> Criteria:
    """Return the criteria of a query; an empty text is `IsInstalled=0 and IsHidden=0`.

    Raises:
        CriteriaError: the text does not follow the grammar.
    """
    return _Parser(_tokens(text if text.strip() else "IsInstalled=0 and IsHidden=0")).query()


def matches(criteria: Criteria, attribute: Callable[[str], t.Any]) -> bool:
    """Return whether an update fits.

    Args:
        criteria: what was asked for.
        attribute: gives an update's value for a criterion: an int, a lower-case text, or a list of them for CategoryIDs.
    """
    return any(_group_matches(group, attribute) for group in criteria)


def _group_matches(group: list[Criterion], attribute: Callable[[str], t.Any]) -> bool:
    if not any(one.name == "DeploymentAction" for one in group):
        group = [*group, Criterion("DeploymentAction", "=", "installation")]
    for one in group:
        value = attribute(one.name)
        is_equal = one.value in value if one.operator == "contains" else value == one.value
        if is_equal == (one.operator == "!="):
            return False
    return True
