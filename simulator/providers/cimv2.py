# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classes of root/cimv2: operating system, services, processes, disks, installed updates."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from ..cim import Reply
from ..model import power
from ..model.state import Node, Service
from .base import Arguments, ClassProvider, Context, Keys, Method, Values, number_of, text_of


def local_time(node: Node, moment: datetime) -> datetime:
    """Return a moment as the node's own clock and time zone have it."""
    zone = timezone(timedelta(minutes=node.utc_offset_minutes))
    return (moment + timedelta(seconds=node.clock_offset)).astimezone(zone)


def _shutdown(context: Context, flags: int, delay: int = 0, comment: str = "", reason: int = 0) -> Reply:
    return Reply({}, power.request_restart(context.model, context.cluster, context.node, flags, delay, comment, reason))


def _win32_shutdown(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
    return _shutdown(context, number_of(arguments, "Flags"))


def _shutdown_tracker(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
    if arguments.get("Flags") is None:
        raise context.bad_parameters()
    delay, reason = number_of(arguments, "Timeout"), number_of(arguments, "ReasonCode")
    return _shutdown(context, number_of(arguments, "Flags"), delay, text_of(arguments, "Comment"), reason)


def _reboot(context: Context, _keys: Keys, _arguments: Arguments) -> Reply:
    return _shutdown(context, power.FLAG_REBOOT)


def _halt(context: Context, _keys: Keys, _arguments: Arguments) -> Reply:
    return _shutdown(context, power.FLAG_SHUTDOWN)


class OperatingSystem(ClassProvider):
    """Win32_OperatingSystem."""

    methods: t.ClassVar[Mapping[str, Method]] = {
        "Win32Shutdown": _win32_shutdown,
        "Win32ShutdownTracker": _shutdown_tracker,
        "Reboot": _reboot,
        "Shutdown": _halt,
    }

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        node = context.node
        return [
            {
                "Caption": node.caption,
                "Status": "OK",
                "CSName": node.name,
                # A stepped clock moves the boot time with it: the system keeps the uptime (cau.md 3.2).
                "LastBootUpTime": local_time(node, node.boot_time),
                "LocalDateTime": local_time(node, context.model.now),
                "Version": node.version,
                "BuildNumber": node.build,
                "OperatingSystemSKU": 8,
                "SystemDrive": "C:",
                "ProductType": 3,
            }
        ]


class UtcTime(ClassProvider):
    """Win32_UTCTime."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        now = context.model.now + timedelta(seconds=context.node.clock_offset)
        return [
            {"Year": now.year, "Month": now.month, "Day": now.day, "Hour": now.hour, "Minute": now.minute, "Second": now.second},
        ]


class ComputerSystem(ClassProvider):
    """Win32_ComputerSystem."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        node = context.node
        return [
            {
                "Name": node.name,
                "DNSHostName": node.name,
                "Domain": context.cluster.domain,
                "PartOfDomain": True,
                "Manufacturer": "Contoso",
                "Model": "Rack Server 2",
                "HypervisorPresent": True,
                "TotalPhysicalMemory": 274_877_906_944,
                "NumberOfLogicalProcessors": 32,
                "CurrentTimeZone": node.utc_offset_minutes,
            }
        ]


def _service_row(service: Service, number: int) -> Values:
    return {
        "Name": service.name,
        "DisplayName": service.display_name,
        "State": "Running" if service.is_running else "Stopped",
        "StartMode": service.start_mode,
        "DelayedAutoStart": service.is_delayed,
        "Started": service.is_running,
        "Status": "OK",
        "ExitCode": 0 if service.is_running else 1077,
        "StartName": service.account,
        "PathName": service.path or r"C:\Windows\System32\svchost.exe -k netsvcs -p",
        "ProcessId": 1000 + 4 * number if service.is_running else 0,
    }


class Services(ClassProvider):
    """Win32_Service."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        return [_service_row(service, number) for number, service in enumerate(context.node.services.values())]


_BASE_PROCESSES = (
    (4, "System", None),
    (512, "smss.exe", r"C:\Windows\System32\smss.exe"),
    (640, "wininit.exe", r"C:\Windows\System32\wininit.exe"),
    (760, "services.exe", r"C:\Windows\System32\services.exe"),
    (784, "lsass.exe", r"C:\Windows\System32\lsass.exe"),
    (920, "svchost.exe", r"C:\Windows\System32\svchost.exe"),
    (3120, "WmiPrvSE.exe", r"C:\Windows\System32\wbem\WmiPrvSE.exe"),
)


class Processes(ClassProvider):
    """Win32_Process."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        node = context.node
        booted = local_time(node, node.boot_time)
        rows: list[Values] = [
            {"ProcessId": number, "ParentProcessId": 4, "Name": name, "CommandLine": path, "ExecutablePath": path, "CreationDate": booted}
            for number, name, path in _BASE_PROCESSES
        ]
        if node.is_member and node.services["ClusSvc"].is_running:
            path = r"C:\Windows\Cluster\clussvc.exe"
            values: Values = {"ProcessId": 2200, "Name": "clussvc.exe", "CommandLine": f"{path} -s", "ExecutablePath": path}
            rows.append(values | {"ParentProcessId": 760, "CreationDate": booted})
        for process in node.processes:
            rows.append(
                {
                    "ProcessId": process.process_id,
                    "ParentProcessId": 920,
                    "Name": process.name,
                    "CommandLine": process.command_line,
                    "ExecutablePath": process.path,
                    "CreationDate": local_time(node, process.started),
                }
            )
        for row in rows:
            row["Handle"] = str(row["ProcessId"])
        return rows


class LogicalDisks(ClassProvider):
    """Win32_LogicalDisk."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        return [
            {
                "DeviceID": "C:",
                "DriveType": 3,
                "FileSystem": "NTFS",
                "FreeSpace": context.node.free_bytes,
                "Size": 255_382_777_856,
                "VolumeName": "System",
            }
        ]


class QuickFixEngineering(ClassProvider):
    """Win32_QuickFixEngineering: component-based updates that are completely installed."""

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        rows: list[Values] = []
        for key, entry in context.node.updates.items():
            update = context.cluster.updates[key]
            if entry.is_installed and not entry.is_pending_restart and update.kb and update.kind == "Software":
                rows.append(
                    {
                        "HotFixID": update.kb,
                        "CSName": context.node.name,
                        "Description": "Security Update",
                        "InstalledBy": r"NT AUTHORITY\SYSTEM",
                        "ServicePackInEffect": "",
                    }
                )
        return rows


PROVIDERS: dict[str, ClassProvider] = {
    "Win32_OperatingSystem": OperatingSystem(),
    "Win32_UTCTime": UtcTime(),
    "Win32_ComputerSystem": ComputerSystem(),
    "Win32_Service": Services(),
    "Win32_Process": Processes(),
    "Win32_LogicalDisk": LogicalDisks(),
    "Win32_QuickFixEngineering": QuickFixEngineering(),
}
