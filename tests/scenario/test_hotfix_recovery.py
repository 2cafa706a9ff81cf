# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs with hotfixes that die, and the run after them."""

from __future__ import annotations

from tests.harness.stage import Stage

from .hotfixes import HotfixShare, Open, installed
from .plays import nodes_of, role_play

INSTALLER = "Invoke MSFT_CAUNode.RunUpdateInstaller"


PAUSE = "Invoke MSCluster_Node.Pause"
RESTART = "Invoke Win32_OperatingSystem.Win32ShutdownTracker"


def killed(stage: Stage, share: HotfixShare, operation: str, **where: str) -> str:
    """Kill a run at an operation, let time pass, and return the playbook."""
    path = stage.write_playbook(role_play())
    hold = stage.twin.control.send("hold", operation=operation, **({"when": "after"} | where))["hold"]
    running = stage.controller.begin("ansible-playbook", "-i", str(stage.inventory), path, *share.variables())
    assert stage.twin.control.send("wait", hold=hold)["reached"], running.screen()
    running.kill()
    stage.twin.control.send("release", drop=True)
    stage.twin.control.send("advance", seconds=1200)
    return path


def test_installer_that_was_running_when_the_controller_died_is_never_started_again(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "CAUHotfix_All/b.msu")
    stage = opened(share.cluster(installers=[{"seconds": 5}]))
    path = killed(stage, share, INSTALLER)
    run = stage.playbook(path, *share.variables())
    assert run.exit_code == 2, run.screen
    assert r"CAUHotfix_All\a.msu has an outcome that is NOT KNOWN" in run.screen
    assert stage.verdict() == []
    first = nodes_of(stage.twin.events(), "pause_requested")[0]
    assert installed(stage.twin.events(), first) == [(first, "a.msu"), (first, "b.msu")]
    assert nodes_of(stage.twin.events(), "resumed").count(first) == 1


def test_installer_of_which_nobody_knows_whether_it_was_started_is_not_started_again(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    stage = opened(share.cluster(installers=[{"seconds": 5}]))
    path = killed(stage, share, INSTALLER, when="before")
    first = nodes_of(stage.twin.events(), "pause_requested")[0]
    run = stage.playbook(path, *share.variables())
    assert run.exit_code == 2, run.screen
    assert "has an outcome that is NOT KNOWN" in run.screen
    assert stage.verdict() == []
    assert installed(stage.twin.events(), first) == []


def test_restart_that_an_installer_asked_for_is_made_by_the_run_that_takes_over(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "CAUHotfix_All/b.msu")
    stage = opened(share.cluster(installers=[{"match": "*a.msu", "exit_code": 3010, "seconds": 5}, {"match": "*b.msu", "seconds": 5}]))
    path = killed(stage, share, RESTART, when="before")
    first = nodes_of(stage.twin.events(), "pause_requested")[0]
    run = stage.playbook(path, *share.variables())
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert installed(events, first) == [(first, "a.msu"), (first, "b.msu")]
    assert nodes_of(events, "node_down").count(first) == 1


def test_node_that_a_dead_run_has_finished_is_left_in_service(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    stage = opened(share.cluster(installers=[{"seconds": 5}]))
    path = killed(stage, share, PAUSE, when="before", node="MIN01-N2")
    run = stage.playbook(path, *share.variables())
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert installed(events) == [("MIN01-N1", "a.msu"), ("MIN01-N2", "a.msu")]
    assert nodes_of(events, "pause_requested").count("MIN01-N1") == 1


def test_hotfix_that_failed_is_tried_again_by_the_run_that_takes_over(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    stage = opened(share.cluster(installers=[{"exit_code": 1603, "seconds": 5, "times": 1}, {"seconds": 5}]))
    path = killed(stage, share, "Invoke MSCluster_Node.Resume", when="before")
    first = nodes_of(stage.twin.events(), "pause_requested")[0]
    run = stage.playbook(path, *share.variables())
    assert run.exit_code == 0, run.screen
    # The rule that an installer runs once is about one run; the run that failed is another one.
    assert stage.verdict() == []
    assert installed(stage.twin.events(), first) == [(first, "a.msu")] * 2


def test_recovery_finishes_the_node_and_applies_nothing_new(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    stage = opened(share.cluster(installers=[{"exit_code": 3010, "seconds": 5}]))
    killed(stage, share, RESTART, when="before")
    first = nodes_of(stage.twin.events(), "pause_requested")[0]
    run = stage.playbook("cluster_aware.updating.recover")
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert installed(events) == [(first, "a.msu")]
    assert nodes_of(events, "node_down") == nodes_of(events, "resumed") == [first]
