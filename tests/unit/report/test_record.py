# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a record says about a run, from the pieces that its tasks have left and from the journal."""

from __future__ import annotations

from datetime import timedelta

import jsonschema
import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import NodeEntry, Phase, RunOwner
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.recovery import FoundRun
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.report.pieces import Pieces, parse, to_line
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.report.record import Ending, build
from hypothesis import given
from hypothesis import strategies as st

from .made import RUN, SCHEMA, START, begin, built, end, entry, failure, good, outcome, stamp, task, turn

OWNER = RunOwner(RUN, "control2", "bob", START, process="control2/boot/1/1")


def found(*entries: NodeEntry, **changes: object) -> FoundRun:
    return FoundRun(RUN, OWNER, locks=("node1", "node2"), entries=entries, **changes)  # type: ignore[arg-type]


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_good_run_has_succeeded_with_one_node_out_at_a_time() -> None:
    record = built(good())
    assert (record["run"]["state"], record["most_out_at_once"], record["lock"]["is_released"]) == ("succeeded", 1, True)
    first, second = record["nodes"]
    assert [span["after_seconds"] for span in first["out_of_service"] + second["out_of_service"]] == [10, 60]
    assert [span["seconds"] for span in first["out_of_service"] + second["out_of_service"]] == [40, 40]
    assert first["seconds_by_phase"] == {"draining": 10, "drained": 10, "installing": 10, "resuming": 10}
    assert record["traffic"] == {"messages": 9, "bytes_sent": 90, "bytes_received": 180}


def test_two_nodes_that_overlap_are_told() -> None:
    assert built([begin(), *turn("node1", 10), *turn("node2", 49), end(100)])["most_out_at_once"] == 2


def test_node_that_goes_when_another_returns_does_not_overlap() -> None:
    assert built([begin(), *turn("node1", 10), *turn("node2", 50), end(100)])["most_out_at_once"] == 1


def test_failed_update_is_explained() -> None:
    update = {"u1": {"title": "Update", "state": "failed", "failure_hresult_code": 0x80240016, "failure_msg": "no", "installed": False}}
    error = failure("node1: install: it failed", remedy="Look the code up", code="0x80240016", symbol="WU_E_INSTALL_NOT_ALLOWED")
    lines = [begin(), *turn("node1", 10), task("wua_install", 30, error=error, updates=update), outcome("node1", 60, "failed", "it failed")]
    record = built([*lines, end(70)])
    node = record["nodes"][0]
    assert (record["run"]["state"], node["state"], node["mend"]) == ("failed", "failed", "Look the code up")
    assert (node["items"][0]["code"], node["items"][0]["symbol"]) == ("0x80240016", "WU_E_INSTALL_NOT_ALLOWED")
    assert record["nodes"][1]["state"] == "not_reached"


def test_run_that_was_asked_to_stop_is_stopped() -> None:
    error = failure("somebody asked the run to stop", "RunStoppedError")
    lines = [begin(), task("cluster_node", 30, error=error), outcome("node1", 40, "failed", "stopped", last=False), end(50)]
    assert built(lines)["run"]["state"] == "stopped"


@pytest.mark.parametrize(("is_running", "state"), [(True, "running"), (False, "killed")])
def test_run_without_an_end_is_at_work_or_was_killed(is_running: bool, state: str) -> None:
    record = built([begin(), entry("node1", 10, "drained")], is_running=is_running)
    assert record["run"]["state"] == state
    assert record["nodes"][0]["is_out_of_service"]
    assert record["nodes"][0]["state"] == ("in_work" if is_running else "unfinished")


def test_run_without_outcomes_is_no_success() -> None:
    assert built([begin(), end(10)])["run"]["state"] == "ended"


def test_run_that_was_refused_never_began() -> None:
    why = failure("node2 is paused", "GateError")
    record = built([begin(is_refused=True, taken=None), task("run_lock", 5, "", error=why)])
    assert (record["run"]["state"], record["run"]["reason"], record["run"]["seconds"]) == ("refused", "node2 is paused", 5)
    assert [node["state"] for node in record["nodes"]] == ["not_reached", "not_reached"]


def test_node_that_the_run_was_not_for_is_no_failure() -> None:
    record = built([begin(), *turn("node1", 10), outcome("node1", 60, "ok", last=True), end(70)])
    assert (record["run"]["state"], record["nodes"][1]["state"]) == ("succeeded", "not_in_run")


def test_lock_that_was_not_given_back_is_a_failure() -> None:
    lines = [*good()[:-1], end(110, is_released=False)]
    record = built(lines)
    assert (record["run"]["state"], record["lock"]["is_released"]) == ("failed", False)


def test_killed_run_learns_from_the_journal_what_its_last_task_did() -> None:
    newer = NodeEntry("node1", Phase.INSTALLING, paused_by_us=True, installed=("u1",), batch=("u2",), sequence=99)
    newer = NodeEntry(**vars(newer) | {"changed_at": START + timedelta(seconds=42)})
    offered = {"u1": {"title": "One"}, "u2": {"title": "Two"}, "u3": {"title": "Three"}}
    lines = [begin(), task("wua_download", 5, updates=offered), entry("node1", 10, "drained")]
    record = built(lines, found=found(newer), completed_by="0875cc8b-1bc3-480f-8cee-f0f8e4631665")
    node = record["nodes"][0]
    assert record["run"]["source"] == "controller and journal"
    assert [(item["title"], item["state"]) for item in node["items"]] == [("One", "installed"), ("Two", "unknown"), ("Three", "offered")]
    assert [span["phase"] for span in node["phases"]] == ["drained", "installing"]
    assert node["phases"][1]["after_seconds"] == 42


def test_older_journal_changes_nothing() -> None:
    older = NodeEntry("node1", Phase.DRAINING, sequence=3, changed_at=START)
    record = built([begin(), entry("node1", 10, "drained")], found=found(older))
    assert [span["phase"] for span in record["nodes"][0]["phases"]] == ["drained"]


def test_run_of_another_controller_is_told_from_the_journal_alone() -> None:
    left = NodeEntry("node1", Phase.RESTARTING, paused_by_us=True, installed=("u1",), sequence=5, changed_at=START + timedelta(seconds=90))
    record = built([], found=found(left), completed_by="0875cc8b-1bc3-480f-8cee-f0f8e4631665")
    assert (record["run"]["source"], record["run"]["user"], record["run"]["state"]) == ("journal", "bob", "killed")
    assert "no record of the run" in record["run"]["notes"][0]
    assert record["nodes"][0]["items"][0]["state"] == "installed"


def test_nothing_at_all_is_no_record() -> None:
    with pytest.raises(ValueError, match="nothing says"):
        build(Pieces(), Ending(), {}, "", "0.2.0")


def test_controller_that_was_stopped_is_told() -> None:
    assert built([begin()], found=found(is_stopped=True))["run"]["state"] == "stopped"


def test_option_of_a_later_task_is_recorded_too() -> None:
    with_path = dict(task("hotfix_apply", 5)) | {"arguments": {"hotfix_root_folder_path": r"\\files\hotfixes"}}
    options = built([begin(), with_path])["options"]
    assert options == {"failback": "immediate", "hotfix_root_folder_path": r"\\files\hotfixes"}


def test_update_that_was_left_out_says_why() -> None:
    skipped = {"u9": {"title": "Preview (KB9)", "filtered_reason": "in the list reject (Preview)"}}
    node = built([begin(), task("wua_download", 5, filtered_updates=skipped)])["nodes"][0]
    assert [(item["title"], item["reason"]) for item in node["skipped"]] == [("Preview (KB9)", "in the list reject (Preview)")]
    assert node["items"] == []


def test_hotfix_keeps_the_result_of_its_installer() -> None:
    tried = [
        {"path": "a.msu", "rule": "rule 1", "state": "succeeded_reboot_required", "exit_code": 3010},
        {"path": "b.exe", "rule": "rule 2", "state": "failed", "exit_code": 1603, "failure_msg": "fatal error"},
    ]
    later = [{"path": "a.msu", "rule": "rule 1", "state": "dealt_with"}]
    node = built([begin(), task("hotfix_apply", 5, hotfixes=tried), task("hotfix_apply", 9, hotfixes=later)])["nodes"][0]
    assert [(item["state"], item["exit_code"], item["restart_required"]) for item in node["items"]] == [
        ("installed", 3010, True),
        ("failed", 1603, False),
    ]
    assert node["items"][1]["symbol"] == "ERROR_INSTALL_FAILURE"


def test_own_plug_in_is_recorded_like_the_others() -> None:
    own = {"plugin": "Vendor.Firmware", "id": "bios", "title": "BIOS 1.2", "installed": False}
    own |= {"failure_msg": "no power", "failure_hresult_code": 5}
    updates = {"u1": {"title": "One", "installed": True}, "Vendor.Firmware bios": own}
    windows = task("wua_install", 4, updates={"u1": {"title": "One", "installed": True, "state": "installed"}})
    record = built([begin(), windows, task("plugin_round", 5, updates=updates, report={"bay": 3})])
    items = record["nodes"][0]["items"]
    assert [(item["plugin"], item["id"], item["state"], item["tries"]) for item in items] == [
        ("Microsoft.WindowsUpdatePlugin", "u1", "installed", 1),
        ("Vendor.Firmware", "bios", "failed", 1),
    ]
    assert record["tasks"][1]["result"] == {"bay": 3}


def test_update_that_was_installed_stays_so_when_it_is_listed_again() -> None:
    installed = {"u1": {"title": "One", "state": "installed", "installed": True}}
    listed = {"u1": {"title": "One", "installed": False, "downloaded": False}}
    node = built([begin(), task("wua_install", 5, updates=installed), task("wua_install", 9, updates=listed)])["nodes"][0]
    assert (node["items"][0]["state"], node["items"][0]["tries"]) == ("installed", 1)


def test_wall_clock_that_is_set_back_bends_nothing() -> None:
    late = dict(entry("node1", 30, "drained")) | {"at": stamp(-3600)["at"]}
    assert built([begin(), late])["nodes"][0]["phases"][0]["after_seconds"] == 30


@given(st.binary(max_size=200))
def test_damaged_line_takes_no_other_with_it(noise: bytes) -> None:
    torn = noise.replace(b"\n", b"").replace(b"\r", b"").decode("latin-1")
    torn = "".join(torn.splitlines())
    read = parse(to_line(begin()) + torn + "\n" + to_line(end(5)))
    assert [line["kind"] for line in read.lines if line.get("kind") in {"run", "end"}][:1] == ["run"]
    assert read.lines[-1]["kind"] == "end"


def test_damaged_line_is_noted() -> None:
    read = parse(to_line(begin()) + '{"kind": "task", "at"' + "\n" + to_line(end(5)))
    assert read.damaged == (2,)
    assert any("could not be read" in note for note in built(read.lines, read.damaged)["run"]["notes"])
