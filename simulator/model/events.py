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

_PAUSE = ("drain_type", "target", "reason", "groups_left")
_RESUME = ("failback", "groups_moved")
_SESSION = ("guid", "holder")
_INSTALL = ("guid", "updates", "outcome")
_UPDATE = ("update", "revision", "hresult", "restart_required")
_INSTALLER = ("path", "parameters", "exit_code")
_CHANGE = ("group", "from", "to", "reason")
_RESTART = ("reason_code", "boot_time", "services_running")
_STORAGE = ("disk", "health")
_REGISTRY = ("key", "values")

FIELDS: dict[str, tuple[str, ...]] = {
    "model_started": (),
    "model_stopped": (),
    "run_lock_taken": ("guid",),
    "run_lock_touched": ("guid",),
    "run_lock_released": ("guid",),
    "run_lock_refused": ("guid", "holder"),
    "run_lock_expired": ("guid", "last_access"),
    "node_session_opened": _SESSION,
    "node_session_touched": _SESSION,
    "node_session_closed": _SESSION,
    "node_session_refused": _SESSION,
    "node_session_expired": _SESSION,
    "scan": ("guid", "query", "offered"),
    "update_downloaded": ("update", "result", "hresult"),
    "install_started": _INSTALL,
    "install_ended": _INSTALL,
    "install_cancelled": _INSTALL,
    "update_installed": _UPDATE,
    "update_failed": _UPDATE,
    "update_offered_again": _UPDATE,
    "installer_started": _INSTALLER,
    "installer_ended": _INSTALLER,
    "pause_requested": _PAUSE,
    "pause_refused": _PAUSE,
    "drain_started": _PAUSE,
    "drain_completed": _PAUSE,
    "drain_failed": _PAUSE,
    "resume_requested": _RESUME,
    "resume_refused": _RESUME,
    "resumed": _RESUME,
    "group_moved": _CHANGE,
    "group_state_changed": _CHANGE,
    "node_state_changed": ("from", "to", "reason"),
    "restart_requested": _RESTART,
    "node_down": _RESTART,
    "node_up": _RESTART,
    "node_joined": _RESTART,
    "vote_changed": ("votes",),
    "quorum_lost": ("votes",),
    "storage_job_started": _STORAGE,
    "storage_job_ended": _STORAGE,
    "virtual_disk_health_changed": _STORAGE,
    "node_added": ("name",),
    "node_evicted": ("name",),
    "clock_stepped": ("seconds", "offset"),
    "cau_role_state_changed": _CHANGE,
    "registry_written": _REGISTRY,
    "registry_deleted": _REGISTRY,
    "report_chunk_stored": ("timestamp", "sequence", "last"),
    "fault_played": ("fault", "operation"),
}
"""Every event and the fields that each of its lines has; those that do not apply to one line are null there."""


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
        entry |= dict.fromkeys(FIELDS[event]) | {name: plain(value) for name, value in fields.items()}
        if self._keeps:
            self.entries.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            # Line by line: whoever kills the twin still has everything that happened.
            self._file.flush()
        for listener in list(self.listeners):
            listener(entry)

    @property
    def last(self) -> int:
        """The number of the last event, 0 before the first one."""
        return self._seq

    def skip_to(self, number: int) -> None:
        """Give later events higher numbers than this one."""
        self._seq = max(self._seq, number)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
