# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that apply hotfixes: the three folders of CAU's documentation (cau.md 6.1), alone and beside Windows updates."""

from __future__ import annotations

import pytest

from .clusters import UPDATE
from .hotfixes import APPLY, FOLDER_RULE, HotfixShare, Open, installed, is_untouched, sample_config
from .plays import PLAYBOOK, count, nodes_of, task_play

PREFIX = "cluster_aware.updating."


def test_folder_for_all_nodes_is_applied_to_each_without_a_restart(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "CAUHotfix_All/B c.msi", "CAUHotfix_All/d.msp", "CAUHotfix_All/readme.txt")
    stage = opened(share.cluster())
    run = stage.playbook(PLAYBOOK, *share.variables())
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    for node in ("MIN01-N1", "MIN01-N2"):
        assert installed(events, node) == [(node, "a.msu"), (node, "B c.msi"), (node, "d.msp")]
        assert f"{node} ok 3 hotfixes" in run.screen
    assert count(events, "restart_requested") == 0
    started = next(event for event in events if event["event"] == "installer_started")
    assert started["path"] == r"C:\Windows\System32\wusa.exe"
    assert started["parameters"] == rf'"{share.path}\CAUHotfix_All\a.msu" /quiet /norestart'


def test_folder_of_one_node_is_applied_to_it_alone(opened: Open, share: HotfixShare) -> None:
    share.put("Min01-n2/only.msu", "MIN99-N1/foreign.msu")
    stage = opened(share.cluster(installers=[{"exit_code": 3010}]))
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert installed(events) == [("MIN01-N2", "only.msu")]
    assert nodes_of(events, "pause_requested") == nodes_of(events, "restart_requested") == ["MIN01-N2"]
    assert "MIN01-N1 nothing to do" in run.screen


def test_firmware_in_a_rule_folder_of_one_node_is_run_itself_and_always_restarts(opened: Open, share: HotfixShare) -> None:
    share.put("MIN01-N1/FolderRule1/firmware.exe", "MIN01-N1/FolderRule2/other.exe", config=sample_config(FOLDER_RULE))
    stage = opened(share.cluster())
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert installed(events) == [("MIN01-N1", "firmware.exe")]
    started = next(event for event in events if event["event"] == "installer_started")
    assert (started["path"], started["parameters"]) == (rf"{share.path}\MIN01-N1\FolderRule1\firmware.exe", "/silent")
    assert nodes_of(events, "pause_requested") == nodes_of(events, "restart_requested") == ["MIN01-N1"]


def test_hotfixes_and_windows_updates_have_restarts_of_their_own_on_request(opened: Open, share: HotfixShare) -> None:
    share.put("MIN01-N1/z.msu")
    stage = opened(share.cluster(updates=[UPDATE | {"nodes": ["MIN01-N1"]}], installers=[{"match": "*.msu", "exit_code": 3010}]))
    run = stage.playbook(PLAYBOOK, *share.variables(windows_updates=True, separate_reboots=True))
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    wanted = {"pause_requested", "update_installed", "installer_started", "restart_requested", "resume_requested"}
    order = [event["event"] for event in stage.twin.events() if event["event"] in wanted]
    assert order == [
        "pause_requested",
        "update_installed",
        "restart_requested",
        "installer_started",
        "restart_requested",
        "resume_requested",
    ]


def test_hotfixes_and_windows_updates_share_one_restart(opened: Open, share: HotfixShare) -> None:
    share.put(
        "CAUHotfix_All/b.msu",
        "CAUHotfix_All/A.msi",
        "CAUHotfix_All/folderrule1/1.exe",
        "MIN01-N1/z.msu",
        "MIN01-N1/FolderRule1/0.bin",
        config=sample_config(FOLDER_RULE),
    )
    stage = opened(share.cluster(updates=[UPDATE], installers=[{"match": "*.msu", "exit_code": 3010}]))
    run = stage.playbook(PLAYBOOK, *share.variables(windows_updates=True))
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert [name for _node, name in installed(events, "MIN01-N1")] == ["A.msi", "b.msu", "1.exe", "z.msu", "0.bin"]
    assert [name for _node, name in installed(events, "MIN01-N2")] == ["A.msi", "b.msu", "1.exe"]
    wanted = {"drain_completed", "update_installed", "installer_started", "restart_requested", "resume_requested"}
    order = [event["event"] for event in events if event["node"] == "MIN01-N1" and event["event"] in wanted]
    assert order == ["drain_completed", "update_installed", *["installer_started"] * 5, "restart_requested", "resume_requested"]
    # The round after the restart finds the same files in the folder.
    assert run.screen.count("no hotfix left to apply") == 2
    assert "MIN01-N1 ok 1 update 5 hotfixes 1 restart" in run.screen


def test_restart_that_was_pending_comes_before_the_first_hotfix(opened: Open, share: HotfixShare) -> None:
    share.put("MIN01-N1/a.msu")
    stage = opened(share.cluster(nodes=[{"name": "MIN01-N1", "pending_restart": ["cbs"]}, "MIN01-N2"]))
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    order = [event["event"] for event in stage.twin.events() if event["event"] in {"restart_requested", "installer_started"}]
    assert order == ["restart_requested", "installer_started"]


def test_next_run_applies_again_what_the_folder_still_holds(opened: Open, share: HotfixShare) -> None:
    share.put("MIN01-N1/a.msu")
    stage = opened(share.cluster(installers=[{"exit_code": 0, "times": 1}, {"exit_code": 2359302}]))
    assert share.play(stage).exit_code == 0
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert "a.msu is installed already" in run.screen
    assert stage.verdict() == []
    assert installed(stage.twin.events()) == [("MIN01-N1", "a.msu")] * 2


def test_check_mode_lists_the_hotfixes_and_changes_nothing(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "MIN01-N2/FolderRule1/firmware.exe", config=sample_config(FOLDER_RULE))
    stage = opened(share.cluster(updates=[UPDATE]))
    run = stage.playbook(PLAYBOOK, "--check", *share.variables(windows_updates=True))
    assert run.exit_code == 0, run.screen
    assert run.screen.count(r"CAUHotfix_All\a.msu would be applied by the extension rule MSU") == 2
    assert run.screen.count(r"MIN01-N2\FolderRule1\firmware.exe would be applied by the folder rule FolderRule1") == 1
    assert "MIN01-N2 1 to install, 2 hotfixes to apply" in run.screen
    assert stage.verdict(is_check_mode=True) == []
    events = stage.twin.events()
    assert [count(events, event) for event in ("run_lock_taken", "pause_requested", "installer_started", "registry_written")] == [0] * 4


def test_info_tells_order_rules_and_what_is_ignored(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "MIN01-N1/b.msi", "MIN01-N2/c.msu", "CAUHotfix_All/readme.txt", "notes/x.msu", "loose.msu")
    stage = opened(share.cluster())
    answer = share.ask(stage)
    assert not answer.is_failed, answer.screen
    found = answer.fields
    assert [(row["path"], row["rule"]) for row in found["hotfixes"]] == [
        (r"CAUHotfix_All\a.msu", "extension rule MSU"),
        (r"MIN01-N1\b.msi", "extension rule MSI"),
    ]
    assert found["hotfixes"][1]["update_path"] == rf"{share.path}\MIN01-N1\b.msi"
    assert found["nodes"]["MIN01-N2"] == [r"CAUHotfix_All\a.msu", r"MIN01-N2\c.msu"]
    reasons = {row["path"]: row["reason"] for row in found["ignored"]}
    assert set(reasons) == {r"CAUHotfix_All\readme.txt", "notes", "loose.msu"}
    assert "no extension rule" in reasons[r"CAUHotfix_All\readme.txt"]
    assert found["share"] == {"dialect": "SMB 3.1.1", "encrypted": True, "signed": False}
    assert found["findings"] == []
    assert not found["changed"]
    assert stage.verdict(is_check_mode=True) == []
    assert is_untouched(stage.twin.events())


def test_apply_without_a_run_is_refused(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    stage = opened(share.cluster())
    answer = share.ask(stage, task=APPLY)
    assert answer.is_failed
    assert "run_lock first" in answer.message
    assert is_untouched(stage.twin.events())


def test_apply_on_a_node_that_serves_is_refused(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    stage = opened(share.cluster())
    tasks: list[dict[str, object]] = [
        {PREFIX + "run_lock": {"state": "acquired", "members": "all"}},
        {APPLY: {name: f"{{{{ rolling_update_{name} }}}}" for name in share.options()}, "register": "applied", "ignore_errors": True},
        {"ansible.builtin.debug": {"var": "applied.error"}},
        {PREFIX + "run_lock": {"state": "released", "members": "all"}},
    ]
    run = stage.playbook(stage.write_playbook([task_play(*tasks, hosts="min01-n1")]), *share.variables())
    assert run.exit_code == 0, run.screen
    assert '"applied.error": "NotOurPauseError"' in run.screen
    assert stage.verdict(may_not_finish=True) == []
    assert count(stage.twin.events(), "installer_started") == 0


@pytest.mark.parametrize("task", ["hotfix_info", "hotfix_apply"])
def test_task_has_its_documentation(task: str, opened: Open) -> None:
    run = opened().controller.run("ansible-doc", PREFIX + task)
    assert run.exit_code == 0, run.screen
    assert f"> MODULE cluster_aware.updating.{task}" in run.screen
