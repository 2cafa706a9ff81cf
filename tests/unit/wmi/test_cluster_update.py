# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The update methods: the right signature, the right kind, results read as CAU means them."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError, Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import (
    ClusterUpdate,
    OfferedUpdate,
    UpdateResultCode,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError, SessionMissingError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import AnswerError, FaultError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from hypothesis import given
from hypothesis import strategies as st

from .scripted import GUID, Call, Record, ScriptedClient, Value, cau_node_class, fault, lost, not_found, output

NODE = "MSFT_CAUNode"
KEYS = {"OrchestratorGuid": GUID}
QUERY = "IsInstalled=0"
UPDATE_ID = "11111111-2222-4333-8444-555555555555"
WHEN = datetime(2025, 10, 14, 18, 30, tzinfo=UTC)


def info(**changes: Value) -> Record:
    properties: dict[str, Value] = {
        "UpdateId": UPDATE_ID.upper(),
        "UpdateTitle": "2025-10 Cumulative Update for Windows Server 2022 (KB5066782)",
        "UpdateDesc": "fixes",
        "UpdateResultCode": 0,
        "UpdateErrorCode": 0,
        "UpdateTimestamp": WHEN,
        "RebootRequired": True,
        "LongRebootHint": False,
    }
    return Record("MSFT_CAU_InstallUpdateInfo", {**properties, **changes})


@pytest.fixture
def client() -> ScriptedClient:
    return ScriptedClient().on("class", NODE, cau_node_class(has_feature_updates=False))


@pytest.fixture
def update(client: ScriptedClient) -> ClusterUpdate:
    return ClusterUpdate(client)


def test_a_scan_on_an_older_node_sends_two_arguments(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("robust", f"{NODE}.ScanUpdates", output("ScanUpdates", Info=[info()]))
    found = update.scan(GUID, QUERY, True, deadline_seconds=600)
    assert found == [OfferedUpdate(UPDATE_ID, "2025-10 Cumulative Update for Windows Server 2022 (KB5066782)", "fixes")]
    arguments = {"QueryString": QUERY, "IncludeRecommendedUpdates": True}
    assert client.calls[-1] == Call("robust", f"{NODE}.ScanUpdates", KEYS, arguments, Kind.READ)


@pytest.mark.parametrize(("method", "kind"), [("scan", Kind.READ), ("download", Kind.IDEMPOTENT), ("install", Kind.ONCE_ONLY)], ids=str)
def test_a_newer_node_is_told_that_no_feature_updates_are_wanted(client: ScriptedClient, method: str, kind: Kind) -> None:
    client.on("class", NODE, cau_node_class(has_feature_updates=True))
    target = f"{NODE}.{method.capitalize()}Updates"
    client.on("robust", target, output(method, Info=[]))
    getattr(ClusterUpdate(client), method)(GUID, QUERY, False, deadline_seconds=600)
    arguments = {"QueryString": QUERY, "IncludeRecommendedUpdates": False, "FeatureUpdatesOnly": False}
    assert client.calls[-1] == Call("robust", target, KEYS, arguments, kind)


def test_the_class_definition_is_read_once(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("robust", f"{NODE}.ScanUpdates", output("ScanUpdates"))
    update.scan(GUID, QUERY, False, deadline_seconds=600)
    update.scan(GUID, QUERY, False, deadline_seconds=600)
    assert not update.has_feature_updates_argument()
    assert client.did().count(f"class {NODE}") == 1


def test_a_node_that_does_not_describe_its_class_gets_the_short_form(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("class", NODE, fault(cim_status=7)).on("robust", f"{NODE}.InstallUpdates", output("InstallUpdates"))
    assert update.install(GUID, QUERY, False, deadline_seconds=600) == []
    assert "FeatureUpdatesOnly" not in client.calls[-1].arguments


def test_a_class_definition_that_is_refused_is_an_error_to_whoever_asks_for_it(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("class", NODE, fault(cim_status=7))
    with pytest.raises(OperationError):
        update.definition()


def test_a_lost_class_definition_is_not_taken_for_an_old_node(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("class", NODE, lost(Kind.READ))
    with pytest.raises(OperationError):
        update.install(GUID, QUERY, False, deadline_seconds=600)
    assert client.did() == [f"class {NODE}"]


def test_code_one_is_failed_and_two_is_canceled(client: ScriptedClient, update: ClusterUpdate) -> None:
    ids = ["a", "b", "c", "d"]
    answer = output(
        "InstallUpdates", Info=[info(UpdateId=each, UpdateResultCode=code) for each, code in zip(ids, [0, 1, 2, 4], strict=True)]
    )
    client.on("robust", f"{NODE}.InstallUpdates", answer)
    results = update.install(GUID, QUERY, False, deadline_seconds=600)
    expected = [UpdateResultCode.SUCCEEDED, UpdateResultCode.FAILED, UpdateResultCode.CANCELED, UpdateResultCode.FAILED]
    assert [result.result for result in results] == expected


def test_a_result_is_read_whole(client: ScriptedClient, update: ClusterUpdate) -> None:
    answer = output(
        "InstallUpdates", Info=[info(UpdateResultCode=1, UpdateErrorCode=-2145124330, LongRebootHint=True, CommitRequired=False)]
    )
    client.on("robust", f"{NODE}.InstallUpdates", answer)
    (result,) = update.install(GUID, QUERY, False, deadline_seconds=600)
    assert (result.update_id, result.kb, result.error_code) == (UPDATE_ID, "KB5066782", 0x80240016)
    assert (result.timestamp, result.reboot_required, result.long_reboot_hint, result.commit_required) == (WHEN, True, True, False)


def test_what_an_older_node_does_not_report_stays_open(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("robust", f"{NODE}.InstallUpdates", output("InstallUpdates", Info=[info(UpdateTimestamp=None)]))
    (result,) = update.install(GUID, QUERY, False, deadline_seconds=600)
    assert result.commit_required is None
    assert result.timestamp is None


@pytest.mark.parametrize("codes", [(0, 1), (1, 0), (1, 1)])
def test_an_update_that_comes_twice_is_one_result_and_failure_wins(
    client: ScriptedClient, update: ClusterUpdate, codes: tuple[int, int]
) -> None:
    client.on("robust", f"{NODE}.InstallUpdates", output("InstallUpdates", Info=[info(UpdateResultCode=code) for code in codes]))
    (result,) = update.install(GUID, QUERY, False, deadline_seconds=600)
    assert result.result is UpdateResultCode.FAILED


def test_a_return_value_is_a_failure_with_its_meaning(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("robust", f"{NODE}.ScanUpdates", output("ScanUpdates", ReturnValue=0x80240032))
    with pytest.raises(MethodFailedError, match="0x80240032 WU_E_INVALID_CRITERIA") as caught:
        update.scan(GUID, QUERY, False, deadline_seconds=600)
    assert caught.value.code == 0x80240032


@pytest.mark.parametrize(("method", "outcome"), [("scan", Outcome.FAILED), ("download", Outcome.UNKNOWN), ("install", Outcome.UNKNOWN)])
@pytest.mark.parametrize("broken", [{"UpdateResultCode": None}, {"ReturnValue": None}, {"UpdateId": None}], ids=str)
def test_an_answer_without_sense_leaves_the_outcome_of_a_write_unknown(
    client: ScriptedClient, update: ClusterUpdate, method: str, outcome: Outcome, broken: dict[str, None]
) -> None:
    if method == "scan" and "UpdateResultCode" in broken:
        broken = {"UpdateId": None}
    answer = output(method, **{"ReturnValue": None} if "ReturnValue" in broken else {"Info": [info(**broken)]})
    client.on("robust", f"{NODE}.{method.capitalize()}Updates", answer)
    with pytest.raises(AnswerError) as caught:
        getattr(update, method)(GUID, QUERY, False, deadline_seconds=600)
    assert caught.value.outcome is outcome


def test_a_provider_error_from_the_host_side_leaves_an_installation_unknown(client: ScriptedClient, update: ClusterUpdate) -> None:
    error = fault(Kind.ONCE_ONLY, is_sender=False, cim_status=1, error_code=0x80240016)
    client.on("robust", f"{NODE}.InstallUpdates", error)
    with pytest.raises(MethodFailedError, match="WU_E_INSTALL_NOT_ALLOWED") as caught:
        update.install(GUID, QUERY, False, deadline_seconds=600)
    assert caught.value.outcome is Outcome.UNKNOWN


def test_a_session_that_is_gone_has_its_own_error(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("robust", f"{NODE}.InstallUpdates", not_found()).on("invoke", f"{NODE}.RebootRequired", not_found())
    with pytest.raises(SessionMissingError, match=GUID) as caught:
        update.install(GUID, QUERY, False, deadline_seconds=600)
    assert caught.value.outcome is Outcome.FAILED
    with pytest.raises(SessionMissingError):
        update.reboot_required(GUID)


def test_a_fault_says_which_method_it_is_about(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("robust", "MSFT_CAUNode.InstallUpdates", fault(Kind.ONCE_ONLY, reason="The operation failed.", wsman_code=0x80338041))
    with pytest.raises(FaultError) as caught:
        update.install(GUID, "IsInstalled=0", False, deadline_seconds=60)
    assert caught.value.sentence().startswith("node1: MSFT_CAUNode.InstallUpdates: The operation failed")


def test_not_found_after_a_reconnection_says_nothing_about_the_method(client: ScriptedClient, update: ClusterUpdate) -> None:
    error = FaultError(not_found().fault, kind=Kind.ONCE_ONLY, node="node1", is_reconnected=True)
    client.on("robust", f"{NODE}.InstallUpdates", error)
    with pytest.raises(FaultError) as caught:
        update.install(GUID, QUERY, False, deadline_seconds=600)
    assert caught.value.outcome is Outcome.UNKNOWN


LATE: list[dict[str, t.Any]] = [
    {"wsman_code": 0x80338000},
    {"wsman_code": 0x803381A6, "is_sender": False},
    {"wsman_code": 0x80070005},
    {"cim_status": 5, "error_code": 0x80041010},
    {"cim_status": 1, "error_code": 0x80240016},
    {"cim_status": 1, "error_code": 0x80071763},
]


@pytest.mark.parametrize("evidence", LATE, ids=str)
def test_a_fault_that_comes_while_the_installation_runs_leaves_it_unknown(
    client: ScriptedClient, update: ClusterUpdate, evidence: dict[str, t.Any]
) -> None:
    client.on("robust", f"{NODE}.InstallUpdates", fault(Kind.ONCE_ONLY, http_status=200, **evidence))
    with pytest.raises(OperationError) as caught:
        update.install(GUID, QUERY, False, deadline_seconds=600)
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("answer", [True, False])
def test_reboot_required_is_the_return_value_itself(client: ScriptedClient, update: ClusterUpdate, answer: bool) -> None:
    client.on("invoke", f"{NODE}.RebootRequired", output("RebootRequired", ReturnValue=answer))
    assert update.reboot_required(GUID) is answer
    assert client.calls[-1] == Call("invoke", f"{NODE}.RebootRequired", KEYS, {}, Kind.READ)


@pytest.mark.parametrize("program", [r"C:\Windows\System32\wusa.exe", r'"C:\Windows\System32\wusa.exe"'])
def test_an_installer_is_quoted_once_and_its_exit_code_is_signed(client: ScriptedClient, update: ClusterUpdate, program: str) -> None:
    result = Record("MSFT_CAU_Update_Installer_Result", {"LaunchInstallerHResult": 0, "ReturnCode": 0x80240017})
    client.on("robust", f"{NODE}.RunUpdateInstaller", output("RunUpdateInstaller", Result=result))
    got = update.run_update_installer(GUID, program, "$update$ /quiet", r"\\fs\u\a.msu", True, deadline_seconds=1800)
    assert (got.launch_hresult, got.return_code) == (0, -2145124329)
    assert client.calls[-1].arguments == {
        "InstallerProgramPath": r'"C:\Windows\System32\wusa.exe"',
        "Parameters": "$update$ /quiet",
        "UpdatePath": r"\\fs\u\a.msu",
        "RequireSmbEncryption": True,
    }
    assert client.calls[-1].kind is Kind.ONCE_ONLY


def test_an_installer_that_did_not_start_has_no_exit_code(client: ScriptedClient, update: ClusterUpdate) -> None:
    result = Record("MSFT_CAU_Update_Installer_Result", {"LaunchInstallerHResult": 0x80070005, "ReturnCode": 0})
    client.on("robust", f"{NODE}.RunUpdateInstaller", output("RunUpdateInstaller", Result=result))
    got = update.run_update_installer(GUID, "a.exe", "", "", False, deadline_seconds=1800)
    assert (got.launch_hresult, got.return_code) == (0x80070005, None)


def test_an_installer_answer_without_result_is_unknown(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("robust", f"{NODE}.RunUpdateInstaller", output("RunUpdateInstaller"))
    with pytest.raises(AnswerError) as caught:
        update.run_update_installer(GUID, "a.exe", "", "", False, deadline_seconds=1800)
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("title", "kb"),
    [
        ("2025-10 Cumulative Update for Windows Server 2022 (KB5066782)", "KB5066782"),
        ("Update for KB5001716, replaces kb 4023057 (KB5066131)", "KB5066131"),
        ("Security Intelligence Update - kb2267602 (Version 1.439)", "KB2267602"),
        ("Intel - System - 10.1.1.45", None),
        ("", None),
    ],
)
def test_the_kb_number_comes_from_the_title(title: str, kb: str | None) -> None:
    assert OfferedUpdate("x", title).kb == kb


@given(st.text())
def test_any_title_has_a_kb_number_or_none(title: str) -> None:
    kb = OfferedUpdate("x", title).kb
    assert kb is None or kb.startswith("KB")
