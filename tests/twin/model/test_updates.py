# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from simulator.cim import CimFault, Instance

from .lab import CIMV2, DEFAULT_QUERY, GUID, UPDATE, Lab, two_nodes


def update(title: str = "Plain KB5000001", **keys: object) -> dict[str, t.Any]:
    return {"title": title, "download_seconds": 2, "install_seconds": 5} | keys


def lab_with(*updates: dict[str, t.Any], **changes: object) -> Lab:
    return Lab(two_nodes(updates=list(updates), **changes))


def titles(rows: list[dict[str, t.Any]]) -> list[str]:
    return [row["UpdateTitle"] for row in rows]


def results(rows: list[dict[str, t.Any]]) -> list[tuple[int, int]]:
    return [(row["UpdateResultCode"], row["UpdateErrorCode"] & 0xFFFFFFFF) for row in rows]


@pytest.mark.parametrize(
    ("keys", "query", "arguments", "is_offered"),
    [
        ({}, DEFAULT_QUERY, {}, True),
        ({"optional": True}, DEFAULT_QUERY, {}, False),
        ({"optional": True}, "IsInstalled=0 and BrowseOnly=1", {}, True),
        ({"kind": "Driver"}, DEFAULT_QUERY, {}, False),
        ({"kind": "Driver"}, "IsInstalled=0 and Type='Driver'", {}, True),
        ({"recommended": True}, DEFAULT_QUERY, {}, False),
        ({"recommended": True}, DEFAULT_QUERY, {"IncludeRecommendedUpdates": True}, True),
        ({"licence": True}, "IsInstalled=0", {}, False),
        ({"user_interaction": True}, "IsInstalled=0", {}, False),
        ({"hidden": True}, DEFAULT_QUERY, {}, False),
        ({"feature": True}, DEFAULT_QUERY, {}, False),
        ({"feature": True}, DEFAULT_QUERY, {"FeatureUpdatesOnly": True}, True),
        ({"nodes": ["N2"]}, DEFAULT_QUERY, {}, False),
        ({"installed_on": ["N1"]}, DEFAULT_QUERY, {}, False),
        ({"installed_on": ["N1"]}, "IsInstalled=1", {}, True),
    ],
)
def test_scan_offers_what_the_query_and_the_provider_let_through(
    keys: dict[str, t.Any], query: str, arguments: dict[str, t.Any], is_offered: bool
) -> None:
    lab = lab_with(update(**keys))
    assert bool(lab.work("N1", "ScanUpdates", query, **arguments)) is is_offered


def test_scan_is_logged_with_ids_and_revisions() -> None:
    lab = lab_with(update(revision=7, id=GUID))
    lab.work("N1", "ScanUpdates")
    entry = lab.events("scan")[0]
    assert (entry["actor"], entry["user"], entry["offered"]) == ("client", "admin", [{"update": GUID, "revision": 7}])


def test_older_update_is_offered_only_while_the_newer_one_is_not() -> None:
    old = update("Old", key="old", nodes=["N1"])
    lab = lab_with(old, update("New", key="new", supersedes=["old"], requires=["base"]), update("Base", key="base"))
    assert titles(lab.work("N1", "ScanUpdates")) == ["Old", "Base"]
    lab.act("mark_update", node="N1", update="base")
    assert titles(lab.work("N1", "ScanUpdates")) == ["New"]


def test_bad_criteria_are_refused_with_the_code_of_the_agent() -> None:
    lab = lab_with(update())
    with pytest.raises(CimFault) as caught:
        lab.work("N1", "ScanUpdates", "IsInstalled=0 and (Type='Software' or Type='Driver')")
    assert caught.value.code == 0x80240032


def test_download_then_install_takes_no_second_download() -> None:
    lab = lab_with(update(download_seconds=500))
    assert results(lab.work("N1", "DownloadUpdates")) == [(0, 0)]
    before = lab.model.now
    lab.work("N1", "InstallUpdates")
    assert (lab.model.now - before).total_seconds() < 20


def test_installed_update_with_restart_shows_pending_until_the_restart() -> None:
    lab = lab_with(update(restart="required", size_mb=200))
    row = lab.work("N1", "InstallUpdates")[0]
    assert (row["RebootRequired"], row["LongRebootHint"]) == (True, True)
    key = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
    assert lab.invoke("N1", CIMV2, "StdRegProv", "EnumKey", sSubKeyName=key).outputs == {"sNames": ["RebootPending"]}
    assert lab.work("N1", "ScanUpdates") == []
    lab.restart("N1")
    lab.model.advance(60)
    assert not lab.invoke("N1", UPDATE, "MSFT_CAUNode", "RebootRequired", {"OrchestratorGuid": GUID}).return_value
    assert lab.invoke("N1", CIMV2, "StdRegProv", "EnumKey", sSubKeyName=key).outputs == {}
    assert [row["HotFixID"] for row in lab.rows("N1", CIMV2, "Win32_QuickFixEngineering")] == ["KB5000001"]


def test_update_after_its_prerequisite_appears_in_the_second_round() -> None:
    lab = lab_with(update("First", key="first", restart="required"), update("Second", requires=["first"]))
    assert titles(lab.work("N1", "InstallUpdates")) == ["First"]
    assert lab.work("N1", "ScanUpdates") == []
    lab.restart("N1")
    lab.model.advance(60)
    assert titles(lab.work("N1", "ScanUpdates")) == ["Second"]


def test_cumulative_update_without_its_servicing_stack_fails() -> None:
    lab = lab_with(update("Stack", key="ssu"), update("Cumulative", key="lcu", needs_at_install=["ssu"]))
    lcu = lab.cluster.updates["lcu"].update_id
    assert results(lab.work("N1", "InstallUpdates", f"UpdateID='{lcu}'")) == [(1, 0x800F0823)]
    assert results(lab.work("N1", "InstallUpdates")) == [(0, 0), (0, 0)]


def test_failing_update_fails_as_often_as_scripted() -> None:
    lab = lab_with(update(failure={"hresult": "0x80070643", "times": 1}))
    assert results(lab.work("N1", "InstallUpdates")) == [(1, 0x80070643)]
    assert results(lab.work("N1", "InstallUpdates")) == [(0, 0)]


def test_download_failure_is_of_the_download() -> None:
    lab = lab_with(update(failure={"hresult": "0x80244010", "phase": "download"}))
    assert results(lab.work("N1", "DownloadUpdates")) == [(1, 0x80244010)]
    assert lab.events("update_downloaded")[0]["result"] == 1


def test_exclusive_update_fails_beside_another_and_succeeds_alone() -> None:
    lab = lab_with(update("A", key="a", exclusive=True), update("B", key="b"))
    assert results(lab.work("N1", "InstallUpdates")) == [(1, 0x80240019), (0, 0)]
    assert results(lab.work("N1", "InstallUpdates")) == [(0, 0)]


def test_second_installation_at_the_same_time_is_not_allowed() -> None:
    lab = lab_with(update())
    lab.act("install_update", node="N1")
    lab.model.advance(6)
    assert results(lab.work("N1", "InstallUpdates")) == [(1, 0x80240016)]
    assert [entry["actor"] for entry in lab.events("install_started")] == ["scenario", "client"]


def test_pending_restart_from_before_has_to_come_first() -> None:
    lab = lab_with(update(), nodes=[{"name": "N1", "pending_restart": ["cbs"]}, "N2"])
    assert results(lab.work("N1", "InstallUpdates")) == [(1, 0x80240016)]
    lab.restart("N1")
    lab.model.advance(60)
    assert results(lab.work("N1", "InstallUpdates")) == [(0, 0)]


@pytest.mark.parametrize("after", ["install", "restart"])
def test_update_is_offered_again_after_success(after: str) -> None:
    lab = lab_with(update(restart="required", offered_again={"times": 1, "after": after}))
    assert results(lab.work("N1", "InstallUpdates")) == [(0, 0)]
    assert bool(lab.work("N1", "ScanUpdates")) is (after == "install")
    lab.restart("N1")
    lab.model.advance(60)
    assert lab.work("N1", "ScanUpdates")
    lab.work("N1", "InstallUpdates")
    lab.restart("N1")
    lab.model.advance(60)
    assert lab.work("N1", "ScanUpdates") == []


def processes(lab: Lab) -> set[str]:
    return {row["Name"] for row in lab.rows("N1", CIMV2, "Win32_Process")} & {"TiWorker.exe", "TrustedInstaller.exe"}


def test_servicing_processes_run_while_an_update_installs_and_a_little_longer() -> None:
    lab = lab_with(update())
    lab.create("N1", "MSFT_CAUNode", GUID)
    job = lab.start_work("N1", "InstallUpdates")
    assert processes(lab) == set()
    lab.model.advance(4)
    assert processes(lab) == {"TiWorker.exe", "TrustedInstaller.exe"}
    lab.finish(job)
    assert processes(lab) == {"TiWorker.exe", "TrustedInstaller.exe"}
    lab.model.advance(2)
    assert processes(lab) == set()


def test_installation_goes_on_when_nobody_listens() -> None:
    lab = lab_with(update())
    lab.create("N1", "MSFT_CAUNode", GUID)
    lab.start_work("N1", "InstallUpdates").cancel("client")
    lab.model.advance(60)
    assert [entry["outcome"] for entry in lab.events("install_ended")] == ["completed"]


def test_cancelled_installation_reports_the_rest_as_cancelled_where_the_provider_honours_it() -> None:
    lab = lab_with(update("A", key="a"), update("B", key="b"), behaviour={"cancel": "honoured"}, timings={"jitter": 0, "cancel": 1})
    lab.create("N1", "MSFT_CAUNode", GUID)
    job = lab.start_work("N1", "InstallUpdates")
    lab.model.advance(13)
    job.cancel("timeout")
    rows, _reply = lab.finish(job)
    assert [row["UpdateResultCode"] for row in rows] == [0, 2]
    assert lab.events("install_cancelled")[0]["updates"] == [lab.cluster.updates["b"].update_id]


def test_restart_in_the_middle_of_an_installation_ends_it_as_interrupted() -> None:
    lab = lab_with(update(install_seconds=500))
    lab.create("N1", "MSFT_CAUNode", GUID)
    job = lab.start_work("N1", "InstallUpdates")
    lab.restart("N1")
    with pytest.raises(CimFault):
        lab.finish(job)
    assert lab.events("install_ended")[0]["outcome"] == "interrupted"
    assert lab.events("update_installed") == []


@pytest.mark.parametrize(("generation", "has_it"), [("2012r2", False), ("2016", False), ("2019", False), ("2022", True), ("2025", True)])
def test_signatures_follow_the_generation(generation: str, has_it: bool) -> None:
    schema = Lab(two_nodes(generation=generation)).provider("N1").schema(UPDATE, "msft_caunode")
    assert schema is not None
    method = schema.method("InstallUpdates")
    assert method is not None
    names = [parameter.name for parameter in method.parameters]
    assert ("FeatureUpdatesOnly" in names) is has_it
    assert next(parameter for parameter in method.parameters if parameter.name == "Info").is_stream


def test_hotfix_installer_answers_with_its_scripted_exit_code() -> None:
    installers = [{"match": r"*\a.msu", "exit_code": 3010, "seconds": 5, "needs_restart": True, "times": 1}]
    lab = lab_with(installers=installers)
    lab.create("N1", "MSFT_CAUNode", GUID)
    arguments = {
        "InstallerProgramPath": r'"%systemroot%\System32\wusa.exe"',
        "Parameters": "$update$ /quiet /norestart",
        "UpdatePath": r"\\files\root\CAUHotfix_All\a.msu",
        "RequireSmbEncryption": False,
    }
    key = {"OrchestratorGuid": GUID}
    job = lab.begin("N1", "MSFT_CAUNode", "RunUpdateInstaller", key, **arguments)
    lab.model.advance(1)
    running = [row for row in lab.rows("N1", CIMV2, "Win32_Process") if row["Name"] == "wusa.exe"]
    assert running[0]["CommandLine"] == r'"C:\Windows\System32\wusa.exe" "\\files\root\CAUHotfix_All\a.msu" /quiet /norestart'
    result = lab.finish(job)[1].outputs["Result"]
    assert isinstance(result, Instance)
    assert result.values == {"LaunchInstallerHResult": 0, "ReturnCode": 3010}
    assert lab.invoke("N1", UPDATE, "MSFT_CAUNode", "RebootRequired", key).return_value
    again = lab.finish(lab.begin("N1", "MSFT_CAUNode", "RunUpdateInstaller", key, **arguments))[1].outputs["Result"]
    assert isinstance(again, Instance)
    assert again.values["ReturnCode"] == 0
