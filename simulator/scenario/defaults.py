# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a scenario need not say: services, releases, names of group types."""

from __future__ import annotations

import typing as t

from ..model.state import Service

GROUP_TYPES = {
    "virtual_machine": 111,
    "file_server": 100,
    "scale_out_file_server": 114,
    "generic_application": 107,
    "generic_service": 108,
    "cau": 117,
    "replica_broker": 115,
    "task_scheduler": 116,
    "dhcp": 102,
    "iscsi_target": 113,
}


class Release(t.NamedTuple):
    """A release of Windows Server."""

    build: str
    version: str
    caption: str
    functional_level: int


RELEASES = {
    "2012r2": Release("9600", "6.3.9600", "Microsoft Windows Server 2012 R2 Datacenter", 8),
    "2016": Release("14393", "10.0.14393", "Microsoft Windows Server 2016 Datacenter", 9),
    "2019": Release("17763", "10.0.17763", "Microsoft Windows Server 2019 Datacenter", 10),
    "2022": Release("20348", "10.0.20348", "Microsoft Windows Server 2022 Datacenter", 10),
    "23h2": Release("25398", "10.0.25398", "Microsoft Azure Stack HCI", 12),
    "2025": Release("26100", "10.0.26100", "Microsoft Windows Server 2025 Datacenter", 12),
}

# name, display name, start mode, runs, delayed, started by triggers, seconds until it runs after a start of the machine
_SERVICES: tuple[tuple[str, str, str, bool, bool, bool, float], ...] = (
    ("BITS", "Background Intelligent Transfer Service", "Manual", False, False, False, 0),
    ("BFE", "Base Filtering Engine", "Auto", True, False, False, 2),
    ("ClusSvc", "Cluster Service", "Auto", True, False, False, 10),
    ("CryptSvc", "Cryptographic Services", "Auto", True, False, False, 3),
    ("Dhcp", "DHCP Client", "Auto", True, False, False, 2),
    ("Dnscache", "DNS Client", "Auto", True, False, True, 2),
    ("EventLog", "Windows Event Log", "Auto", True, False, False, 1),
    ("gpsvc", "Group Policy Client", "Auto", True, False, True, 3),
    ("LanmanServer", "Server", "Auto", True, False, False, 4),
    ("MSDTC", "Distributed Transaction Coordinator", "Auto", True, True, False, 22),
    ("Netlogon", "Netlogon", "Auto", True, False, False, 5),
    ("RpcSs", "Remote Procedure Call (RPC)", "Auto", True, False, False, 1),
    ("sppsvc", "Software Protection", "Auto", False, True, True, 0),
    ("Spooler", "Print Spooler", "Disabled", False, False, False, 0),
    ("TrustedInstaller", "Windows Modules Installer", "Manual", False, False, False, 0),
    ("W32Time", "Windows Time", "Auto", True, False, True, 4),
    ("WinDefend", "Microsoft Defender Antivirus Service", "Auto", True, False, False, 6),
    ("Winmgmt", "Windows Management Instrumentation", "Auto", True, False, False, 1),
    ("WinRM", "Windows Remote Management (WS-Management)", "Auto", True, False, False, 2),
    ("wuauserv", "Windows Update", "Manual", False, False, True, 0),
)

_HYPER_V = ("vmms", "Hyper-V Virtual Machine Management", "Auto", True, False, False, 8.0)


def services(*, has_hyper_v: bool) -> dict[str, Service]:
    """Return the services of a node; those that triggers start are running or not as it happens."""
    rows = (*_SERVICES, _HYPER_V) if has_hyper_v else _SERVICES
    return {
        name: Service(
            name,
            display_name,
            start_mode=mode,
            is_running=runs,
            is_delayed=is_delayed,
            # What nothing triggers after a restart stays stopped, though it is Auto and ran before (wmi-classes.yml, Win32_Service).
            is_trigger_started=is_triggered and name not in _TRIGGERED_AT_START,
            start_seconds=seconds,
        )
        for name, display_name, mode, runs, is_delayed, is_triggered, seconds in rows
    }


_TRIGGERED_AT_START = frozenset({"Dnscache", "gpsvc"})

TRIGGERED = frozenset(row[0] for row in _SERVICES if row[5])
"""Services whose registry key has a TriggerInfo subkey."""
