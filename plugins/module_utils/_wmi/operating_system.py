# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operating system of a node: times, services, processes, restart (root/cimv2; cau.md 3).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from .._wsman.client import Client
from .._wsman.errors import AnswerError
from .._wsman.instance import CimInstance
from .._wsman.kinds import Kind
from .._wsman.values import Argument
from .remote_class import RemoteClass
from .wql import quoted

NAMESPACE = "root/cimv2"

REASON_HOTFIX_PLANNED = 0x80020011
"""Planned restart of the operating system for a hotfix (cau.md 3.1)."""

_UPDATE_SERVICES = (
    "Name = 'wuauserv'"
    " OR (Name = 'ClusSvc' AND NOT (State = 'Running' AND StartMode = 'Auto'))"
    " OR (Name = 'WinRM' AND NOT (StartMode = 'Auto'))"
)

_FORCED_REBOOT = 6
"""The Flags argument of Win32ShutdownTracker: reboot (2) and force (4)."""


@dataclass(frozen=True)
class OperatingSystemInfo:
    """One running Windows; times are aware UTC.

    Attributes:
        local_time: the node's own clock, to tell how long ago something was by that clock.
        system_drive: the drive that Windows stands on, such as "C:" (property SystemDrive of Microsoft's page of the class); empty when the
            node does not tell.
    """

    computer_name: str
    boot_time: datetime
    local_time: datetime
    version: str
    build: int
    caption: str
    system_drive: str = ""


@dataclass(frozen=True)
class Service:
    """One Windows service.

    Attributes:
        state: Running, Stopped, Start Pending and so on; never localised.
        start_mode: Boot, System, Auto, Manual or Disabled.
    """

    name: str
    display_name: str
    state: str
    start_mode: str
    delayed_auto_start: bool
    start_name: str


@dataclass(frozen=True)
class LogicalDisk:
    """One local drive.

    Attributes:
        name: its letter with a colon.
        size: bytes, None when the node does not tell.
        free: bytes that are free, None when the node does not tell.
    """

    name: str
    size: int | None
    free: int | None


@dataclass(frozen=True)
class Process:
    """One running process; texts are empty and the date None when the node does not tell.

    Attributes:
        creation_date: aware UTC.
    """

    process_id: int
    name: str
    command_line: str
    creation_date: datetime | None
    executable_path: str


class OperatingSystem:
    """The operating system of one node.

    Args:
        client: the connection to the node.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._system = RemoteClass(client, NAMESPACE, "Win32_OperatingSystem")
        self._computer = RemoteClass(client, NAMESPACE, "Win32_ComputerSystem")
        self._time = RemoteClass(client, NAMESPACE, "Win32_UTCTime")
        self._service = RemoteClass(client, NAMESPACE, "Win32_Service")
        self._process = RemoteClass(client, NAMESPACE, "Win32_Process")
        self._disk = RemoteClass(client, NAMESPACE, "Win32_LogicalDisk")

    def computer_name(self) -> str:
        """Return the NetBIOS computer name, by which the cluster knows the node (wmi-classes.yml, Win32_ComputerSystem)."""
        return self._only(self._computer).require_text("Name")

    def info(self) -> OperatingSystemInfo:
        """Return name, version, boot time and clock."""
        found = self._only(self._system)
        return OperatingSystemInfo(
            computer_name=found.require_text("CSName"),
            boot_time=found.require_moment("LastBootUpTime"),
            local_time=found.require_moment("LocalDateTime"),
            version=found.text("Version") or "",
            build=_build(found.text("BuildNumber")),
            caption=found.text("Caption") or "",
            system_drive=found.text("SystemDrive") or "",
        )

    def utc_now(self) -> datetime:
        """Return the node's own clock, aware UTC, to the second."""
        found = self._only(self._time)
        parts = [found.require_integer(name) for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")]
        try:
            return datetime(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], tzinfo=UTC)
        except (ValueError, OverflowError):
            raise AnswerError(f"Win32_UTCTime gave {parts}, which is no time", node=self._client.name) from None

    def services(self) -> list[Service]:
        """Return all services; a long answer, so not for polling."""
        return [_service(found) for found in self._service.enumerate()]

    def auto_services(self) -> list[Service]:
        """Return the services whose start mode is Auto, delayed ones included."""
        return [_service(found) for found in self._service.query("StartMode = 'Auto'")]

    def update_services(self) -> list[Service]:
        """Return what an update needs of the services: wuauserv if it exists, and ClusSvc and WinRM if they are not as they should be.

        They should start by themselves, and ClusSvc should run. Where both do, the answer is one service, and so a single message.
        """
        return [_service(found) for found in self._service.query(_UPDATE_SERVICES)]

    def disk(self, name: str) -> LogicalDisk:
        """Return one drive; a single short message.

        Args:
            name: its letter with a colon.
        """
        found = self._disk.get({"DeviceID": name})
        return LogicalDisk(found.require_text("DeviceID"), found.integer("Size"), found.integer("FreeSpace"))

    def processes(self) -> list[Process]:
        """Return all processes; a long answer, so not for polling."""
        return [_process(found) for found in self._process.enumerate()]

    def processes_named(self, names: Iterable[str]) -> list[Process]:
        """Return the processes with one of these image names, compared without case."""
        condition = " OR ".join(f"Name = {quoted(name)}" for name in names)
        return [_process(found) for found in self._process.query(condition)] if condition else []

    def restart(self, comment: str, reason_code: int = REASON_HOTFIX_PLANNED, delay_seconds: int = 0) -> None:
        """Ask for a forced restart, once; returns when Windows has accepted it (cau.md 3.1).

        Args:
            comment: shown to users and kept in the event log.
            reason_code: planned reason of the SDK's reason.h.
            delay_seconds: seconds until it begins.

        Raises:
            MethodFailedError: refused; `code` 1115 says that one is under way, 1190 that one is scheduled.
            OperationError: with Outcome.UNKNOWN the answer was lost, which a forced restart often does to its own answer.
        """
        arguments: dict[str, Argument] = {
            "Timeout": delay_seconds,
            "Comment": comment,
            "ReasonCode": reason_code,
            "Flags": _FORCED_REBOOT,
        }
        # Without keys: the class is a singleton in the repository, whose path is Win32_OperatingSystem=@.
        output = self._system.call("Win32ShutdownTracker", arguments, kind=Kind.ONCE_ONLY)
        self._system.check("Win32ShutdownTracker", output, kind=Kind.ONCE_ONLY)

    def _only(self, remote: RemoteClass) -> CimInstance:
        found = remote.enumerate()
        if len(found) != 1:
            raise AnswerError(f"{remote.name} has {len(found)} instances, not one", node=self._client.name)
        return found[0]


def _build(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0


def _service(found: CimInstance) -> Service:
    return Service(
        name=found.require_text("Name"),
        display_name=found.text("DisplayName") or "",
        state=found.text("State") or "",
        start_mode=found.text("StartMode") or "",
        delayed_auto_start=found.boolean("DelayedAutoStart") or False,
        start_name=found.text("StartName") or "",
    )


def _process(found: CimInstance) -> Process:
    return Process(
        process_id=found.require_integer("ProcessId"),
        name=found.text("Name") or "",
        command_line=found.text("CommandLine") or "",
        creation_date=found.moment("CreationDate"),
        executable_path=found.text("ExecutablePath") or "",
    )
