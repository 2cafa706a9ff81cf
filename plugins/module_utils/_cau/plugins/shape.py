# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape in which a plug-in of a user's own says what it found and did: that of CAU's plug-in interface (cau.md 5.5).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import PluginShapeError
from ..waiting import names

MAX_UPDATES = 200
MAX_ID_CHARACTERS = 128
MAX_TEXT_CHARACTERS = 500

_FOUND_KEYS = frozenset({"node_name", "update_id", "update_title", "update_description"})
_RESULT_KEYS = _FOUND_KEYS | {"result_code", "error_code", "reboot_required"}


class ResultCode(enum.StrEnum):
    """What became of an update (cau.md 5.4)."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True)
class PluginUpdate:
    """An update that a plug-in found: UpdateInfo without the node's name (cau.md 5.5).

    Args:
        update_id: what tells it from others of the plug-in.
        title: one line for people.
        description: more of it.
    """

    update_id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class PluginRecord:
    """What became of one update: UpdateStagingResult or UpdateInstallResult (cau.md 5.5).

    Args:
        update: the update.
        result: what became of it.
        error_code: unsigned, 0 when there is none.
        reboot_required: whether it asks for a restart.
        reason: how it is known, where the plug-in itself could not tell.
    """

    update: PluginUpdate
    result: ResultCode
    error_code: int = 0
    reboot_required: bool = False
    reason: str = ""

    def sentence(self) -> str:
        """Return the record in words."""
        code = f" 0x{self.error_code:08X}" if self.error_code else ""
        why = f" ({self.reason})" if self.reason else ""
        word = "succeeded" if self.result is ResultCode.SUCCEEDED else f"{self.result.value.upper()}{code}"
        return f"{self.update.title} {word}{why}"


def read_found(plugin: str, node: str, rows: object) -> tuple[PluginUpdate, ...]:
    """Return the updates that a scan found.

    Args:
        plugin: name of the plug-in.
        node: the node that was scanned.
        rows: what the plug-in says, one table for each update.

    Raises:
        PluginShapeError: that is not in the shape.
    """
    updates = [_Row(plugin, node, row, _FOUND_KEYS).update() for row in _table(plugin, rows)]
    _refuse_twice(plugin, [update.update_id for update in updates])
    return tuple(updates)


def read_results(plugin: str, node: str, rows: object, wanted: Sequence[PluginUpdate], *, is_install: bool) -> tuple[PluginRecord, ...]:
    """Return what became of updates; each that was wanted needs a result, since no result would pass for success.

    Args:
        plugin: name of the plug-in.
        node: the node.
        rows: what the plug-in says, one table for each update.
        wanted: the updates that it was to stage or to install.
        is_install: whether it was to install them, so that each result says whether it asks for a restart.

    Raises:
        PluginShapeError: that is not in the shape.
    """
    known = {update.update_id.casefold(): update for update in wanted}
    records = []
    for row in _table(plugin, rows):
        reader = _Row(plugin, node, row, _RESULT_KEYS)
        update_id = reader.text("update_id", MAX_ID_CHARACTERS)
        if update_id.casefold() not in known:
            raise _wrong(plugin, f"has a result for {update_id}, which it was not given")
        records.append(reader.record(known[update_id.casefold()], is_install=is_install))
    _refuse_twice(plugin, [record.update.update_id for record in records])
    told = {record.update.update_id for record in records}
    missing = [update.update_id for update in wanted if update.update_id not in told]
    if missing:
        raise _wrong(plugin, f"gives no result for {names(missing)}")
    return tuple(records)


def _table(plugin: str, rows: object) -> Sequence[object]:
    if not isinstance(rows, list | tuple):
        raise _wrong(plugin, "is no list")
    if len(rows) > MAX_UPDATES:
        raise _wrong(plugin, f"has {len(rows)} updates, and {MAX_UPDATES} is the most that a run keeps account of")
    return rows


def _refuse_twice(plugin: str, ids: Sequence[str]) -> None:
    folded = [update_id.casefold() for update_id in ids]
    twice = [update_id for update_id in ids if folded.count(update_id.casefold()) > 1]
    if twice:
        raise _wrong(plugin, f"names the update {twice[0]} twice")


def _wrong(plugin: str, what: str) -> PluginShapeError:
    return PluginShapeError(f"the result of the plug-in {plugin} {what}", remedy="Its author has to mend it; the guide tells the shape")


class _Row:
    """One table of a result."""

    def __init__(self, plugin: str, node: str, row: object, keys: frozenset[str]) -> None:
        self._plugin = plugin
        if not isinstance(row, Mapping):
            raise _wrong(plugin, f"has {row!r} where a table with update_id and update_title is expected")
        self._row: Mapping[str, t.Any] = row
        strange = sorted(repr(key) for key in row if key not in keys)
        if strange:
            raise _wrong(plugin, f"has the field {names(strange)}, which is not one of its shape")
        named = row.get("node_name")
        if named is not None and str(named).casefold() != node.casefold():
            raise _wrong(plugin, f"speaks of the node {named} and not of {node}")

    def update(self) -> PluginUpdate:
        return PluginUpdate(
            self.text("update_id", MAX_ID_CHARACTERS),
            self.text("update_title", MAX_TEXT_CHARACTERS),
            self.text("update_description", MAX_TEXT_CHARACTERS, default=""),
        )

    def record(self, update: PluginUpdate, *, is_install: bool) -> PluginRecord:
        code = self.text("result_code", MAX_ID_CHARACTERS).casefold()
        if code not in set(ResultCode):
            raise self._bad("result_code", "Succeeded, Failed or Canceled")
        return PluginRecord(update, ResultCode(code), self._error_code(), self._asks_for_restart(is_install=is_install))

    def text(self, key: str, most: int, *, default: str | None = None) -> str:
        value = self._row.get(key, default)
        if not isinstance(value, str) or len(value) > most or not value.isprintable() or (not value.strip() and default is None):
            raise self._bad(key, f"a text on one line of {most} characters at most")
        return value.strip()

    def _error_code(self) -> int:
        value = self._row.get("error_code", 0)
        if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**32:
            raise self._bad("error_code", "a number of 32 bits")
        return value % 2**32

    def _asks_for_restart(self, *, is_install: bool) -> bool:
        value = self._row.get("reboot_required", None if is_install else False)
        if not isinstance(value, bool):
            raise self._bad("reboot_required", "true or false")
        return value

    def _bad(self, key: str, expected: str) -> PluginShapeError:
        value = self._row.get(key)
        shown = "no " + key if value is None else f"{value!r:.80} for {key}"
        return _wrong(self._plugin, f"has {shown}, where {expected} is expected")
