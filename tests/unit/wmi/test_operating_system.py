# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operating system: its own clock, its services, its restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.operating_system import (
    LogicalDisk,
    OperatingSystem,
    Process,
    Service,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import AnswerError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .scripted import Call, ScriptedClient, fault, instance, output

OS = "Win32_OperatingSystem"
SHUTDOWN = f"{OS}.Win32ShutdownTracker"


@pytest.fixture
def client() -> ScriptedClient:
    return ScriptedClient()


@pytest.fixture
def system(client: ScriptedClient) -> OperatingSystem:
    return OperatingSystem(client)


def test_times_with_an_offset_become_utc(client: ScriptedClient, system: OperatingSystem) -> None:
    berlin = timezone(timedelta(hours=2))
    boot = datetime(2025, 10, 14, 9, 0, 0, tzinfo=berlin)
    found = instance(OS, CSName="NODE1", LastBootUpTime=boot, LocalDateTime=boot, Version="10.0.20348", BuildNumber="20348", Caption="W")
    client.on("enumerate", OS, [found])
    info = system.info()
    assert info.boot_time == datetime(2025, 10, 14, 7, 0, tzinfo=UTC)
    assert info.boot_time.tzinfo is UTC
    assert (info.computer_name, info.build, info.version) == ("NODE1", 20348, "10.0.20348")


def test_a_node_that_hides_its_boot_time_is_an_error(client: ScriptedClient, system: OperatingSystem) -> None:
    client.on("enumerate", OS, [instance(OS, CSName="NODE1", LastBootUpTime=None)])
    with pytest.raises(AnswerError, match="LastBootUpTime"):
        system.info()


def test_the_computer_name_comes_from_the_computer_system(client: ScriptedClient, system: OperatingSystem) -> None:
    client.on("enumerate", "Win32_ComputerSystem", [instance("Win32_ComputerSystem", Name="NODE1")])
    assert system.computer_name() == "NODE1"


def test_two_computers_in_one_are_an_error(client: ScriptedClient, system: OperatingSystem) -> None:
    client.on("enumerate", "Win32_ComputerSystem", [instance("Win32_ComputerSystem", Name=name) for name in "AB"])
    with pytest.raises(AnswerError, match="2 instances"):
        system.computer_name()


def test_the_node_tells_its_own_time(client: ScriptedClient, system: OperatingSystem) -> None:
    client.on("enumerate", "Win32_UTCTime", [instance("Win32_UTCTime", Year=2025, Month=10, Day=14, Hour=7, Minute=5, Second=9)])
    assert system.utc_now() == datetime(2025, 10, 14, 7, 5, 9, tzinfo=UTC)


def test_a_time_that_does_not_exist_is_an_error(client: ScriptedClient, system: OperatingSystem) -> None:
    client.on("enumerate", "Win32_UTCTime", [instance("Win32_UTCTime", Year=2025, Month=13, Day=1, Hour=0, Minute=0, Second=0)])
    with pytest.raises(AnswerError, match="no time"):
        system.utc_now()


def test_services_are_read(client: ScriptedClient, system: OperatingSystem) -> None:
    found = instance("Win32_Service", Name="W32Time", DisplayName="Time", State="Running", StartMode="Auto", DelayedAutoStart=True)
    client.on("enumerate", "Win32_Service", [found]).on("query", "SELECT * FROM Win32_Service WHERE StartMode = 'Auto'", [found])
    expected = [Service("W32Time", "Time", "Running", "Auto", True, "")]
    assert system.services() == expected
    assert system.auto_services() == expected


def test_processes_are_asked_for_by_name(client: ScriptedClient, system: OperatingSystem) -> None:
    wql = "SELECT * FROM Win32_Process WHERE Name = 'TiWorker.exe' OR Name = 'wusa.exe'"
    when = datetime(2025, 10, 14, 7, 0, tzinfo=UTC)
    client.on("query", wql, [instance("Win32_Process", ProcessId=42, Name="wusa.exe", CommandLine=None, CreationDate=when)])
    assert system.processes_named(["TiWorker.exe", "wusa.exe"]) == [Process(42, "wusa.exe", "", when, "")]


def test_no_names_ask_nothing(client: ScriptedClient, system: OperatingSystem) -> None:
    assert system.processes_named([]) == []
    assert client.calls == []


def test_a_restart_is_forced_planned_and_sent_once(client: ScriptedClient, system: OperatingSystem) -> None:
    client.on("invoke", SHUTDOWN, output("Win32ShutdownTracker"))
    system.restart("updates")
    arguments = {"Timeout": 0, "Comment": "updates", "ReasonCode": 0x80020011, "Flags": 6}
    assert client.calls == [Call("invoke", SHUTDOWN, None, arguments, Kind.ONCE_ONLY)]


@pytest.mark.parametrize("code", [1115, 1190])
def test_a_restart_that_is_refused_carries_its_code(client: ScriptedClient, system: OperatingSystem, code: int) -> None:
    client.on("invoke", SHUTDOWN, output("Win32ShutdownTracker", ReturnValue=code))
    with pytest.raises(MethodFailedError, match="ERROR_SHUTDOWN") as caught:
        system.restart("updates")
    assert caught.value.code == code


def test_a_restart_refused_by_a_fault_carries_its_code_too(client: ScriptedClient, system: OperatingSystem) -> None:
    client.on("invoke", SHUTDOWN, fault(Kind.ONCE_ONLY, wsman_code=0x800704A6))
    with pytest.raises(MethodFailedError) as caught:
        system.restart("updates")
    assert caught.value.code == 1190


def test_a_restart_without_a_return_value_is_unknown(client: ScriptedClient, system: OperatingSystem) -> None:
    client.on("invoke", SHUTDOWN, instance("Win32ShutdownTracker_OUTPUT"))
    with pytest.raises(AnswerError) as caught:
        system.restart("updates")
    assert caught.value.outcome is Outcome.UNKNOWN


def test_services_in_order_are_left_out_but_for_the_update_service(client: ScriptedClient, system: OperatingSystem) -> None:
    wql = (
        "SELECT * FROM Win32_Service WHERE Name = 'wuauserv'"
        " OR (Name = 'ClusSvc' AND NOT (State = 'Running' AND StartMode = 'Auto'))"
        " OR (Name = 'WinRM' AND NOT (StartMode = 'Auto'))"
    )
    client.on("query", wql, [instance("Win32_Service", Name="wuauserv", State="Stopped", StartMode="Manual")])
    assert [(each.name, each.start_mode) for each in system.update_services()] == [("wuauserv", "Manual")]


def test_one_drive_is_one_get_by_key(client: ScriptedClient, system: OperatingSystem) -> None:
    client.on("get", "Win32_LogicalDisk", instance("Win32_LogicalDisk", DeviceID="C:", Size=100, FreeSpace=None))
    assert system.disk("C:") == LogicalDisk("C:", 100, None)
    assert client.calls[0].keys == {"DeviceID": "C:"}


@pytest.mark.parametrize(("told", "drive"), [("D:", "D:"), (None, "")])
def test_drive_of_windows_is_told(client: ScriptedClient, system: OperatingSystem, told: str | None, drive: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    client.on("enumerate", OS, [instance(OS, CSName="NODE1", LastBootUpTime=now, LocalDateTime=now, SystemDrive=told)])
    assert system.info().system_drive == drive
