# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request log: one JSON line per SOAP exchange, in the form that shared twin tools read."""

from __future__ import annotations

import json
import re
import threading
import typing as t
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

_SECRET = re.compile(r"passw|secret|credential|token|\bpin\b", re.IGNORECASE)
REDACTED = "***"


@dataclass
class LogEntry:
    """One exchange; the fields are the keys of the line, apart from `class_name`, which is written as "class"."""

    seq: int
    at: datetime
    cluster: str
    node: str
    user: str
    connection: int
    message_id: str = ""
    operation_id: str | None = None
    replay: bool = False
    action: str = ""
    class_name: str | None = None
    method: str | None = None
    selectors: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, object] = field(default_factory=dict)
    outcome: str = "answered"
    """answered, "fault CODE" (of the WSManFault or HTTP status), dropped_before, dropped_after or silent."""

    bytes_in: int = 0
    bytes_out: int = 0
    handshakes: int = 0


class RequestLog:
    """Writes the lines; safe to use from many threads.

    Args:
        path: file to append to, None only counts.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._file: t.TextIO | None = path.open("a", encoding="utf-8") if path is not None else None

    def write(self, entry: LogEntry) -> None:
        """Append one line and hand it to the operating system at once."""
        line = json.dumps(_plain(entry), ensure_ascii=False)
        with self._lock:
            if self._file is not None:
                self._file.write(line + "\n")
                self._file.flush()

    def close(self) -> None:
        """Close the file; later lines are dropped."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def without_secrets(values: Mapping[str, object]) -> dict[str, object]:
    """Return arguments with every value that may be a password replaced, nested ones included."""
    return {name: REDACTED if _SECRET.search(name) and value is not None else _scrub(value) for name, value in values.items()}


def _scrub(value: object) -> object:
    if isinstance(value, Mapping):
        return without_secrets(value)
    if isinstance(value, (list, tuple)):
        return [_scrub(item) for item in value]
    return value


def _plain(entry: LogEntry) -> dict[str, object]:
    fields = asdict(entry)
    fields["at"] = entry.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"class" if name == "class_name" else name: value for name, value in fields.items()}
