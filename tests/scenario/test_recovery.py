# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that die, are stopped or are left half-way, and the run after them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence

import pytest

from tests.harness.controller import Controller, Running
from tests.harness.record import Entry
from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count, nodes_of, role_play

Open = Callable[..., Stage]

PAUSE = "Invoke MSCluster_Node.Pause"
DOWNLOAD = "Invoke MSFT_CAUNode.DownloadUpdates"
INSTALL = "Invoke MSFT_CAUNode.InstallUpdates"
RESTART = "Invoke Win32_OperatingSystem.Win32ShutdownTracker"
RECOVER = "cluster_aware.updating.recover"
STOP = "cluster_aware.updating.stop"


def begun(stage: Stage, path: str, operation: str, *, when: str = "after", options: Sequence[str] = ()) -> Running:
    """Start a run, and return once it has come to an operation."""
    hold = stage.twin.control.send("hold", operation=operation, when=when)["hold"]
    running = stage.controller.begin("ansible-playbook", "-i", str(stage.inventory), path, *options)
    assert stage.twin.control.send("wait", hold=hold)["reached"], running.screen()
    return running


def killed(stage: Stage, path: str, operation: str, *, when: str = "after", age: float = 1200, options: Sequence[str] = ()) -> None:
    """Kill a run at an operation, and let time pass."""
    begun(stage, path, operation, when=when, options=options).kill()
    stage.twin.control.send("release", drop=True)
    stage.twin.control.send("advance", seconds=age)


def wrote(event: Entry, name: str) -> bool:
    """Whether an event is that of a registry value being written."""
    return event["event"] == "registry_written" and name in (event.get("values") or ())


# The shipped playbook meets the same at every request in tests/torture.
@pytest.mark.parametrize("operation", [PAUSE, INSTALL, RESTART])
def test_run_that_died_is_finished_by_the_same_playbook(operation: str, opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    path = stage.write_playbook(role_play())
    killed(stage, path, operation)
    run = stage.playbook(path)
    assert run.exit_code == 0, run.screen
    assert "is dead, its last sign of life was" in run.screen
    assert stage.verdict() == []
    assert sorted(nodes_of(stage.twin.events(), "update_installed")) == ["MIN01-N1", "MIN01-N2", "MIN01-N3"]


def test_run_that_died_while_a_node_was_updated_in_service_is_finished_by_the_same_playbook(opened: Open) -> None:
    stage = opened()
    options = ["-e", "rolling_update_install_order=install_first"]
    path = stage.write_playbook(role_play())
    killed(stage, path, INSTALL, options=options)
    run = stage.playbook(path, *options)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert sorted(nodes_of(stage.twin.events(), "update_installed")) == ["MIN01-N1", "MIN01-N2"]


def test_node_that_is_not_first_in_the_play_is_finished_first(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    killed(stage, stage.write_playbook(role_play(hosts="min01-n3:min01-n2:min01-n1")), INSTALL)
    out = nodes_of(stage.twin.events(), "pause_requested")
    run = stage.playbook(stage.write_playbook(role_play(order="reverse_sorted" if out == ["MIN01-N1"] else "sorted")))
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert nodes_of(stage.twin.events(), "pause_requested").count(out[0]) == 1


def test_node_outside_of_the_limit_that_was_left_out_of_service_is_finished_first(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    killed(stage, PLAYBOOK, INSTALL)
    assert nodes_of(stage.twin.events(), "pause_requested") == ["MIN01-N1"]
    run = stage.playbook(PLAYBOOK, "--limit", "min01-n3")
    assert run.exit_code == 0, run.screen
    assert stage.verdict(may_not_finish=True) == []
    events = stage.twin.events()
    assert nodes_of(events, "update_installed") == ["MIN01-N1", "MIN01-N3"]
    assert nodes_of(events, "resumed") == ["MIN01-N1", "MIN01-N3"]


def test_young_run_is_waited_for_until_it_is_sure_that_it_is_dead(opened: Open) -> None:
    stage = opened(rate=100.0)
    path = stage.write_playbook(role_play())
    killed(stage, path, PAUSE, age=0)
    run = stage.playbook(path)
    assert run.exit_code == 0, run.screen
    assert "may be at work, its last sign of life was" in run.screen
    assert stage.verdict() == []


def test_run_at_work_refuses_another_one_at_once(opened: Open) -> None:
    # Slow, so that a second run which takes its time to start is not long enough for the first one to be taken for dead.
    stage = opened(rate=15)
    path = stage.write_playbook(role_play())
    running = begun(stage, path, PAUSE, when="before")
    second = stage.playbook(path, "-e", "rolling_update_takeover_wait=1200")
    assert second.exit_code == 2, second.screen
    assert "the run lock is held on" in second.screen
    stage.twin.control.send("release")
    assert running.finish(120).exit_code == 0
    assert len({event["guid"] for event in stage.twin.events() if event["event"] == "run_lock_taken"}) == 1
    assert stage.verdict() == []


def test_node_that_an_administrator_paused_is_not_resumed_by_a_takeover(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    path = stage.write_playbook(role_play())
    killed(stage, path, PAUSE, when="before")
    stage.twin.control.send("act", act="pause_node", node="MIN01-N3")
    run = stage.playbook(path)
    assert run.exit_code == 2, run.screen
    assert "MIN01-N3 is paused" in run.screen
    assert count(stage.twin.events(), "resume_requested") == 0
    assert stage.verdict(may_leave_lock=True) == []


def test_recover_finishes_what_was_begun_and_installs_nothing_new(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    killed(stage, PLAYBOOK, INSTALL)
    before = nodes_of(stage.twin.events(), "pause_requested")
    run = stage.playbook(RECOVER)
    assert run.exit_code == 0, run.screen
    assert "it would go on with" in run.screen
    events = stage.twin.events()
    assert nodes_of(events, "update_installed") == nodes_of(events, "node_up") == nodes_of(events, "resumed") == before
    assert stage.verdict(may_not_finish=True) == []


def test_recover_only_resumes_a_node_on_which_nothing_was_installed(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    killed(stage, PLAYBOOK, PAUSE)
    run = stage.playbook(RECOVER)
    assert run.exit_code == 0, run.screen
    events = stage.twin.events()
    assert count(events, "install_started") == count(events, "restart_requested") == 0
    assert nodes_of(events, "resumed") == nodes_of(events, "pause_requested")
    assert stage.verdict(may_not_finish=True) == []


@pytest.mark.parametrize("operation", [PAUSE, INSTALL, RESTART])
def test_run_is_stopped_from_another_controller(operation: str, opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    running = begun(stage, PLAYBOOK, operation, when="before")
    asked = Controller(stage.twin, stage.directory / "other").begin("ansible-playbook", "-i", str(stage.inventory), STOP)
    stage.twin.wait_for(lambda event: wrote(event, "Stop"))
    stage.twin.control.send("release")
    run = running.finish(120)
    assert asked.finish(120).exit_code == 0, asked.screen()
    assert run.exit_code == 2, run.screen
    assert "asked the run to stop" in run.screen
    events = stage.twin.events()
    assert len(nodes_of(events, "resumed")) == len(nodes_of(events, "pause_requested")) == 1
    assert stage.verdict() == []


def test_run_that_is_stopped_while_it_stages_waits_for_its_downloads(opened: Open) -> None:
    # Longer than a running task takes to see the request: it looks for it once a minute, after a message of the node.
    stage = opened(clusters.cluster(updates=[clusters.UPDATE | {"download_seconds": 200}]))
    running = begun(stage, PLAYBOOK, DOWNLOAD, when="before")
    asked = stage.module("min01-n1", "cluster_aware.updating.run_stop", "members=all")
    assert asked.exit_code == 0, asked.screen
    stage.twin.control.send("release")
    run = running.finish(120)
    assert run.exit_code == 2, run.screen
    assert "the download that has begun is waited for" in run.screen
    events = stage.twin.events()
    assert sorted(nodes_of(events, "update_downloaded")) == ["MIN01-N1", "MIN01-N2"]
    assert count(events, "pause_requested") == 0
    assert stage.verdict() == []


def test_restart_that_a_stopped_run_left_out_is_made_by_the_next_run(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    running = begun(stage, PLAYBOOK, INSTALL, when="before")
    asked = stage.module("min01-n1", "cluster_aware.updating.run_stop", "members=all")
    assert asked.exit_code == 0, asked.screen
    stage.twin.control.send("release")
    first = running.finish(120)
    assert first.exit_code == 2, first.screen
    assert "serves with a restart pending" in first.screen
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert sorted(nodes_of(events, "node_up")) == sorted(nodes_of(events, "update_installed")) == ["MIN01-N1", "MIN01-N2", "MIN01-N3"]


def test_run_that_ended_by_a_signal_is_taken_over_without_a_wait(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    path = stage.write_playbook(role_play())
    running = begun(stage, path, PAUSE)
    running.process.send_signal(signal.SIGTERM)
    stage.twin.control.send("release")
    stage.twin.wait_for(lambda event: wrote(event, "StoppedAt"))
    running.finish(60)
    run = stage.playbook(path)
    assert run.exit_code == 0, run.screen
    assert "waiting up to" not in run.screen
    assert stage.verdict() == []
