# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event log: one JSON line per thing that happened to the model."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from .state import Cause


def plain(value: object) -> object:
    """Return `value` as JSON has it: times as UTC text, sets and tuples as lists, enums as lower-case names."""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    return value


def moment_text(moment: datetime) -> str:
    """Return a time as the logs write it: UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class EventLog:
    """Numbers events, writes them to a file and hands them to listeners. Only the model calls it, under its lock.

    Args:
        path: file to append to; None keeps the lines in `entries` alone.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.entries: list[dict[str, t.Any]] = []
        self.listeners: list[Callable[[dict[str, t.Any]], None]] = []
        self._file = path.open("a", encoding="utf-8") if path else None
        self._keeps = path is None
        self._seq = 0

    def write(self, at: datetime, event: str, cluster: str, node: str | None, cause: Cause, fields: dict[str, t.Any]) -> None:
        """Write one event."""
        self._seq += 1
        entry: dict[str, t.Any] = {
            "seq": self._seq,
            "at": moment_text(at),
            "cluster": cluster,
            "node": node,
            "event": event,
            "actor": cause.actor,
        }
        if cause.request is not None:
            entry |= {"user": cause.user, "request": cause.request}
        entry |= {name: plain(value) for name, value in fields.items()}
        if self._keeps:
            self.entries.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            # Line by line: whoever kills the twin still has everything that happened.
            self._file.flush()
        for listener in list(self.listeners):
            listener(entry)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
