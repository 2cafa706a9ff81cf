# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the offered updates to take, and why the others are left out.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .._wmi.cluster_update import OfferedUpdate
from .errors import SelectionError
from .expression import compiled

_KB = re.compile(r"(?:KB)?(\d{5,8})", re.IGNORECASE)
_UUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.IGNORECASE)

_Matches: t.TypeAlias = Callable[[OfferedUpdate], bool]

_SAMPLE = OfferedUpdate("00000000-0000-0000-0000-000000000000", "Sample (KB0000000)", "Sample")


@dataclass(frozen=True)
class LeftOut:
    """An update that was offered and is not taken.

    Args:
        update: the update.
        reason: why not.
    """

    update: OfferedUpdate
    reason: str


@dataclass(frozen=True)
class Selected:
    """What became of a scan.

    Args:
        accepted: the updates to take, in the order in which they were offered.
        left_out: the others.
    """

    accepted: tuple[OfferedUpdate, ...]
    left_out: tuple[LeftOut, ...]


def as_plain(update: OfferedUpdate) -> dict[str, t.Any]:
    """Return an update as an expression sees it: id, title, description, and its KB numbers without their prefix."""
    kb = update.kb
    return {"id": update.update_id, "title": update.title, "description": update.description, "kb": [kb[2:]] if kb else []}


class Selection:
    """The user's choice among the offered updates; every mistake in it is found when it is made.

    Args:
        accept: the only updates to take, empty for all: KB numbers with or without KB, update ids, or patterns that are searched for in
            the title without regard to case.
        reject: updates to leave out, written in the same way; it wins over `accept`.
        expression: JMESPath over the list of offered updates that returns the ones to take, None for all.

    Raises:
        SelectionError: a pattern or the expression is wrong.
    """

    def __init__(self, accept: Sequence[str] = (), reject: Sequence[str] = (), expression: str | None = None) -> None:
        self._accept = [(text, _matcher("accept", text)) for text in accept]
        self._reject = [(text, _matcher("reject", text)) for text in reject]
        self._expression = expression if expression and expression.strip() else None
        self._search = compiled("select", self._expression, _select_error) if self._expression else None
        if self._search:
            self._chosen([_SAMPLE])

    def apply(self, offered: Sequence[OfferedUpdate]) -> Selected:
        """Divide a scan into what to take and what not.

        Raises:
            SelectionError: the expression fails on these updates, or returns something else than updates.
        """
        chosen = self._chosen(offered)
        reasons = [self._reason(update, chosen) for update in offered]
        return Selected(
            accepted=tuple(update for update, reason in zip(offered, reasons, strict=True) if reason is None),
            left_out=tuple(LeftOut(update, reason) for update, reason in zip(offered, reasons, strict=True) if reason is not None),
        )

    def _reason(self, update: OfferedUpdate, chosen: frozenset[str] | None) -> str | None:
        for text, matches in self._reject:
            if matches(update):
                return f"in the list reject ({text})"
        if self._accept and not any(matches(update) for _text, matches in self._accept):
            return "not in the list accept"
        if chosen is not None and update.update_id not in chosen:
            return "not chosen by the expression select"
        return None

    def _chosen(self, offered: Sequence[OfferedUpdate]) -> frozenset[str] | None:
        if self._search is None:
            return None
        found = self._search([as_plain(update) for update in offered])
        if not isinstance(found, list):
            raise _select_error(f"select returns {type(found).__name__ if found is not None else 'nothing'} instead of a list of updates")
        known = {update.update_id for update in offered}
        return frozenset(_id_of(item, known) for item in found)


def _id_of(item: object, known: Iterable[str]) -> str:
    value = item.get("id") if isinstance(item, dict) else item
    if not isinstance(value, str) or value.casefold() not in known:
        raise _select_error(f"select returns {item!r}, which is neither an offered update nor its id")
    return value.casefold()


def _matcher(option: str, text: str) -> _Matches:
    bare = text.strip()
    if not bare:
        raise SelectionError(
            f"the list {option} has an empty entry, which would match every update", operation="select", remedy="Take the empty entry out"
        )
    if number := _KB.fullmatch(bare):
        return _kb_matcher(number.group(1))
    if guid := _UUID.fullmatch(bare):
        return _id_matcher(guid.group(1).casefold())
    try:
        pattern = re.compile(bare, re.IGNORECASE)
    except re.error as error:
        raise SelectionError(
            f"the entry {text!r} of the list {option} is no regular expression: {error}",
            operation="select",
            remedy="Put a backslash before the signs that are meant literally, such as ( and [",
        ) from error
    return lambda update: pattern.search(update.title) is not None


def _kb_matcher(number: str) -> _Matches:
    # A title can name more KB numbers than its own; the digits must stand alone, so that KB506613 does not catch KB5066136.
    mention = re.compile(rf"\bKB[\s-]?{number}\b", re.IGNORECASE)
    return lambda update: mention.search(update.title) is not None


def _id_matcher(update_id: str) -> _Matches:
    return lambda update: update.update_id.casefold() == update_id


def _select_error(message: str) -> SelectionError:
    return SelectionError(
        message,
        operation="select",
        remedy="Write a JMESPath expression over the list of updates, such as [?contains(title, 'Servicing Stack')]",
    )
