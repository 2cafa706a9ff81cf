# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Win32 classes of root/cimv2.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

if t.TYPE_CHECKING:
    from .._wsman.client import Client

REASON_HOTFIX_PLANNED = 0x80020011


@dataclass(frozen=True)
class OperatingSystemInfo:
    """One running Windows."""

    computer_name: str
    boot_time: datetime
    local_time: datetime
    version: str
    build: int
    caption: str


@dataclass(frozen=True)
class Service:
    """One Windows service."""

    name: str
    display_name: str
    state: str
    start_mode: str
    delayed_auto_start: bool
    start_name: str


@dataclass(frozen=True)
class Process:
    """One running process."""

    process_id: int
    name: str
    command_line: str
    creation_date: datetime | None
    executable_path: str


class OperatingSystem:
    """The operating system of one node."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def computer_name(self) -> str:
        """Return the NetBIOS computer name."""
        raise NotImplementedError

    def info(self) -> OperatingSystemInfo:
        """Return name, version and times."""
        raise NotImplementedError

    def utc_now(self) -> datetime:
        """Return the node's own clock, to the second."""
        raise NotImplementedError

    def services(self) -> list[Service]:
        """Return all services."""
        raise NotImplementedError

    def auto_services(self) -> list[Service]:
        """Return the services that start by themselves."""
        raise NotImplementedError

    def processes(self) -> list[Process]:
        """Return all processes."""
        raise NotImplementedError

    def processes_named(self, names: t.Iterable[str]) -> list[Process]:
        """Return the processes of these image names."""
        raise NotImplementedError

    def restart(self, comment: str, reason_code: int = REASON_HOTFIX_PLANNED, delay_seconds: int = 0) -> None:
        """Ask for a forced restart."""
        raise NotImplementedError
