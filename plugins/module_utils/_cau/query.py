# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search criteria language of the Windows Update Agent (cau.md 4.1).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import QueryError

DEFAULT_QUERY = "IsInstalled=0 and Type='Software' and IsHidden=0 and IsAssigned=1"
"""The query of CAU's own Windows Update plug-in."""

_TOKEN = re.compile(
    r"(?P<blank>\s+)|(?P<open>\()|(?P<close>\))|(?P<op>!=|=)|(?P<text>'[^']*')|(?P<number>-?\d+(?![\w.]))|(?P<word>[A-Za-z_]\w*)",
    re.ASCII,
)
_UUID = re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE)


@dataclass(frozen=True)
class _Rule:
    """What one criterion takes: "text" of a fixed choice, "uuid", "boolean" or "integer"."""

    name: str
    kind: str
    operators: tuple[str, ...] = ("=",)
    choice: tuple[str, ...] = ()


_RULES = {
    rule.name.casefold(): rule
    for rule in (
        _Rule("Type", "text", ("=", "!="), ("Driver", "Software")),
        _Rule("DeploymentAction", "text", ("=",), ("Installation", "Uninstallation")),
        _Rule("IsAssigned", "boolean"),
        _Rule("BrowseOnly", "boolean"),
        _Rule("AutoSelectOnWebSites", "boolean"),
        _Rule("UpdateID", "uuid", ("=", "!=")),
        _Rule("RevisionNumber", "integer"),
        _Rule("CategoryIDs", "uuid", ("contains",)),
        _Rule("IsInstalled", "boolean"),
        _Rule("IsHidden", "boolean"),
        _Rule("IsPresent", "boolean"),
        _Rule("RebootRequired", "boolean"),
    )
}


# What is installed already, or is offered for its removal only, is left out of every installation.
_NEVER_INSTALLED = frozenset({("isinstalled", "1"), ("deploymentaction", "uninstallation")})


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.casefold() in words


@dataclass(frozen=True)
class _Criterion:
    name: _Token
    operator: str
    value: _Token


def validate(text: str) -> list[str]:
    """Check a query against the grammar, and return what is legal but doubtful, one sentence each.

    Raises:
        QueryError: it is not in the language; the position is an index into `text`.
    """
    reader = _Reader(text)
    warnings: list[str] = []
    for group in reader.query():
        warnings += _check_group(group)
    return warnings


def batch_query(update_ids: Iterable[str]) -> str:
    """Return the query that finds exactly these updates as long as they are not installed.

    Args:
        update_ids: GUIDs.

    Raises:
        ValueError: there is none, or one is no GUID.
    """
    terms = []
    for update_id in update_ids:
        if not _UUID.fullmatch(update_id):
            raise ValueError(f"{update_id!r} is no update id")
        terms.append(f"IsInstalled=0 and UpdateID='{update_id.strip('{}')}'")
    if not terms:
        raise ValueError("a batch needs at least one update id")
    return terms[0] if len(terms) == 1 else " or ".join(f"({term})" for term in terms)


def _wrong(position: int, message: str, text: str) -> QueryError:
    return QueryError(
        position,
        f"{message}, at position {position + 1} of the query {text!r}",
        operation="query",
        remedy="Write criteria such as IsInstalled=0 and Type='Software', joined by and; or may join whole groups only",
    )


class _Reader:
    """Reads a query from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._at = 0

    def _split(self) -> Iterable[_Token]:
        position = 0
        while position < len(self._text):
            found = _TOKEN.match(self._text, position)
            if not found:
                sign = self._text[position]
                message = "the text in quotes does not end" if sign == "'" else f"{sign!r} has no meaning here"
                raise _wrong(position, message, self._text)
            if found.lastgroup != "blank":
                yield _Token(found.lastgroup or "", found.group(), position)
            position = found.end()
        yield _Token("end", "", position)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _fail(self, message: str, token: _Token | None = None) -> QueryError:
        return _wrong((token or self._next).position, message, self._text)

    def query(self) -> list[list[_Criterion]]:
        groups = [self._group()]
        while self._next.is_word("or"):
            self._take()
            groups.append(self._group())
        if self._next.kind == "close":
            raise self._fail("this parenthesis was never opened")
        if self._next.kind != "end":
            raise self._fail(f"'and' or 'or' is expected before {self._next.text!r}")
        return groups

    def _group(self) -> list[_Criterion]:
        if self._next.kind != "open":
            return self._term()
        opened = self._take()
        group = self._term()
        if self._next.is_word("or"):
            raise self._fail("'or' is allowed at the top level only, between whole groups")
        if self._next.kind == "end":
            raise self._fail("this parenthesis is never closed", opened)
        if self._next.kind != "close":
            raise self._fail(f"'and' or a closing parenthesis is expected before {self._next.text!r}")
        self._take()
        if self._next.is_word("and"):
            raise self._fail("a group in parentheses can only be followed by 'or'")
        return group

    def _term(self) -> list[_Criterion]:
        criteria = [self._criterion()]
        while self._next.is_word("and"):
            self._take()
            criteria.append(self._criterion())
        return criteria

    def _criterion(self) -> _Criterion:
        name = self._next
        if name.kind == "open":
            raise self._fail("a group in parentheses can stand at the top level only, joined by 'or'")
        if name.kind != "word" or name.is_word("and", "or", "contains"):
            is_end = name.kind == "end"
            raise self._fail("the query ends where a criterion is expected" if is_end else f"a criterion is expected, not {name.text!r}")
        self._take()
        sign = self._next
        if sign.kind != "op" and not sign.is_word("contains"):
            raise self._fail(f"=, != or contains is expected after {name.text}")
        self._take()
        value = self._next
        if value.kind not in {"text", "number"}:
            raise self._fail(f"a number or a text in single quotes is expected after {name.text} {sign.text}")
        self._take()
        criterion = _Criterion(name, sign.text.casefold(), value)
        self._check(criterion, sign)
        return criterion

    def _check(self, criterion: _Criterion, sign: _Token) -> None:
        rule = _RULES.get(criterion.name.text.casefold())
        if rule is None:
            return
        if criterion.operator not in rule.operators:
            raise self._fail(f"{rule.name} takes {' and '.join(rule.operators)} only, not {criterion.operator}", sign)
        is_number = criterion.value.kind == "number"
        if is_number != (rule.kind in {"boolean", "integer"}):
            raise self._fail(f"{rule.name} takes {'a text in single quotes' if is_number else 'a number'}", criterion.value)
        if rule.kind == "boolean" and int(criterion.value.text) not in {0, 1}:
            raise self._fail(f"{rule.name} takes 0 or 1 only", criterion.value)
        inner = criterion.value.text.strip("'")
        if rule.kind == "uuid" and not _UUID.fullmatch(inner):
            raise self._fail(f"{rule.name} takes a GUID, which {inner!r} is not", criterion.value)
        if rule.choice and inner.casefold() not in {choice.casefold() for choice in rule.choice}:
            raise self._fail(f"{rule.name} takes {' or '.join(rule.choice)}, not {inner!r}", criterion.value)
        if rule.name == "RevisionNumber":
            self._check_revision(criterion)

    def _check_revision(self, criterion: _Criterion) -> None:
        # It belongs to an UpdateID of the same group, which may stand before or after it.
        first = last = self._at
        while first > 0 and not self._tokens[first - 1].is_word("or") and self._tokens[first - 1].kind != "open":
            first -= 1
        while self._tokens[last].kind not in {"end", "close"} and not self._tokens[last].is_word("or"):
            last += 1
        group = self._tokens[first:last]
        operators = [group[index + 1].text for index, token in enumerate(group[:-1]) if token.is_word("updateid")]
        if "!=" in operators or "=" not in operators:
            raise self._fail("RevisionNumber can only stand beside UpdateID=, in the same group", criterion.name)


def _check_group(group: list[_Criterion]) -> list[str]:
    warnings = []
    for criterion in group:
        name = criterion.name.text
        if name.casefold() not in _RULES:
            warnings.append(f"the criterion {name} is not among the documented ones")
        elif name.casefold() == "updateid" and criterion.operator == "!=":
            warnings.append("UpdateID!= is documented in one place and excluded in another; the node may refuse it")
        elif (name.casefold(), criterion.value.text.strip("'").casefold()) in _NEVER_INSTALLED:
            warnings.append(f"{name}={criterion.value.text} finds updates that cannot be installed, so they fail as left out by the node")
    return warnings
