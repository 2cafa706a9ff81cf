# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WQL: the SELECT, ASSOCIATORS OF and REFERENCES OF statements (wsman-cim.md 3.4, 3.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .wql_conditions import And, Comparison, Condition, IsA, Not, NullTest, Or

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)|(?P<symbol><=|>=|<>|!=|[=<>(),*]))""",
    re.DOTALL,
)
_OF = re.compile(
    r"""\s*(ASSOCIATORS|REFERENCES)\s+OF\s*\{(?P<path>(?:[^{}"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*)\}\s*(?P<rest>.*)""",
    re.DOTALL | re.IGNORECASE,
)
_KEY = re.compile(r"""\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,]+?)\s*(?:,|$)""", re.DOTALL)
_MAX_DEPTH = 50
_MAX_LENGTH = 64 * 1024
_OPERATORS = frozenset({"=", "!=", "<>", "<", ">", "<=", ">="})


class WqlError(ValueError):
    """A query that the grammar does not know."""


@dataclass(frozen=True)
class Select:
    """SELECT columns FROM class WHERE condition; no columns means all."""

    class_name: str
    columns: tuple[str, ...] = ()
    condition: Condition | None = None


@dataclass(frozen=True)
class Related:
    """ASSOCIATORS OF (is_associators) or REFERENCES OF an object."""

    is_associators: bool
    path: ObjectPath
    filters: Mapping[str, str] = field(default_factory=dict)
    """AssocClass, ResultClass, Role, ResultRole by lower-case name."""


@dataclass(frozen=True)
class ObjectPath:
    """Class and keys of a WMI object path; a single unnamed key has the name ""."""

    class_name: str
    keys: Mapping[str, str]


def parse_query(text: str) -> Select | Related:
    """Return a parsed query.

    Raises:
        WqlError: it is not in the language.
    """
    if len(text) > _MAX_LENGTH:
        raise WqlError("query too long")
    match = _OF.fullmatch(text)
    if match:
        return Related(match[1].casefold() == "associators", parse_path(match["path"]), _related_filters(match["rest"]))
    return _Parser(_tokens(text)).select()


def parse_path(text: str) -> ObjectPath:
    """Return a parsed object path such as Class.Key="value".

    Raises:
        WqlError: it is none.
    """
    local = text.strip()
    if local.startswith("\\\\"):
        local = local.rpartition(":")[2] if '"' not in local else local.partition(":")[2]
    elif re.match(r"[A-Za-z_\\/]+:", local):
        local = local.partition(":")[2]
    match = re.fullmatch(r"([A-Za-z_]\w*)(?:=@|=(?P<single>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\d+)|\.(?P<keys>.*))?", local, re.DOTALL)
    if match is None:
        raise WqlError(f"not an object path: {text}")
    if match["single"]:
        return ObjectPath(match[1], {"": _unquote(match["single"])})
    keys: dict[str, str] = {}
    rest = match["keys"] or ""
    while rest.strip():
        key = _KEY.match(rest)
        if key is None:
            raise WqlError(f"not an object path: {text}")
        keys[key[1]] = _unquote(key[2])
        rest = rest[key.end() :]
    return ObjectPath(match[1], keys)


def _related_filters(text: str) -> dict[str, str]:
    tokens = _tokens(text)
    if not tokens:
        return {}
    if tokens[0][1].casefold() != "where":
        raise WqlError("WHERE expected")
    filters: dict[str, str] = {}
    position = 1
    while position < len(tokens):
        name = tokens[position][1].casefold()
        if name in ("classdefsonly", "schemaonly"):
            raise WqlError(f"{name} is not served")
        if name not in ("assocclass", "resultclass", "role", "resultrole", "requiredqualifier", "requiredassocqualifier"):
            raise WqlError(f"unknown filter {name}")
        if position + 2 >= len(tokens) or tokens[position + 1][1] != "=":
            raise WqlError(f"value expected after {name}")
        filters[name] = _unquote(tokens[position + 2][1])
        position += 3
    return filters


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    end = len(text.rstrip().removesuffix(";").rstrip())
    while position < end:
        match = _TOKEN.match(text, position, end)
        if match is None or match.lastgroup is None:
            raise WqlError(f"unexpected text at position {position + 1}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


def _unquote(text: str) -> str:
    if text[:1] in "\"'" and text[-1:] == text[:1] and len(text) >= 2:
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return text.strip()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0

    def select(self) -> Select:
        self._keyword("select")
        columns = self._columns()
        self._keyword("from")
        class_name = self._take("word")
        condition: Condition | None = None
        if self._is_keyword("where"):
            self._position += 1
            condition = self._or()
        if self._position != len(self._tokens):
            raise WqlError(f"unexpected {self._tokens[self._position][1]}")
        return Select(class_name, columns, condition)

    def _columns(self) -> tuple[str, ...]:
        if self._is_symbol("*"):
            self._position += 1
            return ()
        columns = [self._take("word")]
        while self._is_symbol(","):
            self._position += 1
            columns.append(self._take("word"))
        return tuple(columns)

    def _or(self) -> Condition:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise WqlError("condition nested too deeply")
        parts = [self._and()]
        while self._is_keyword("or"):
            self._position += 1
            parts.append(self._and())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Condition:
        parts = [self._not()]
        while self._is_keyword("and"):
            self._position += 1
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not(self) -> Condition:
        negations = 0
        while self._is_keyword("not"):
            self._position += 1
            negations += 1
        condition = self._primary()
        return Not(condition) if negations % 2 else condition

    def _primary(self) -> Condition:
        if self._is_symbol("("):
            self._position += 1
            inner = self._or()
            self._symbol(")")
            return inner
        kind, text = self._peek()
        if kind in ("string", "number"):
            # WQL allows the constant on the left as well.
            self._position += 1
            operator = self._take("symbol")
            name = self._take("word")
            flipped = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
            return self._comparison(name, flipped, (kind, text))
        name = self._take("word")
        if self._is_keyword("is"):
            self._position += 1
            negated = self._is_keyword("not")
            self._position += negated
            self._keyword("null")
            return NullTest(name, is_null=not negated)
        if self._is_keyword("isa"):
            self._position += 1
            return IsA(_unquote(self._take("string")))
        negated = self._is_keyword("not")
        self._position += negated
        if self._is_keyword("like"):
            self._position += 1
            comparison: Condition = Comparison(name, "like", _unquote(self._take("string")))
            return Not(comparison) if negated else comparison
        return self._comparison(name, self._take("symbol"), self._next())

    @staticmethod
    def _comparison(name: str, operator: str, constant: tuple[str, str]) -> Condition:
        kind, text = constant
        if operator not in _OPERATORS:
            raise WqlError(f"unknown operator {operator}")
        if kind == "string":
            return Comparison(name, operator, _unquote(text))
        if kind == "number":
            return Comparison(name, operator, float(text) if re.search(r"[.eE]", text) else int(text))
        folded = text.casefold()
        if folded == "null" and operator in ("=", "<>", "!="):
            return NullTest(name, is_null=operator == "=")
        if folded in ("true", "false"):
            return Comparison(name, operator, folded == "true")
        raise WqlError(f"constant expected instead of {text}")

    def _peek(self) -> tuple[str, str]:
        if self._position >= len(self._tokens):
            raise WqlError("query ends too early")
        return self._tokens[self._position]

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._position += 1
        return token

    def _take(self, kind: str) -> str:
        found, text = self._next()
        if found != kind:
            raise WqlError(f"unexpected {text}")
        return text

    def _keyword(self, word: str) -> None:
        if not self._is_keyword(word):
            raise WqlError(f"{word.upper()} expected")
        self._position += 1

    def _symbol(self, symbol: str) -> None:
        if not self._is_symbol(symbol):
            raise WqlError(f"{symbol} expected")
        self._position += 1

    def _is_keyword(self, word: str) -> bool:
        return self._position < len(self._tokens) and self._tokens[self._position][0] == "word" and self._peek()[1].casefold() == word

    def _is_symbol(self, symbol: str) -> bool:
        return self._position < len(self._tokens) and self._tokens[self._position] == ("symbol", symbol)
