# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in which a node fails: what is recorded, what goes on, what is left."""

from __future__ import annotations

from collections.abc import Callable

from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count, nodes_of, role_play

Open = Callable[..., Stage]

IN_PROGRESS = {"hresult": "0x80240016"}


def failing(node: str) -> clusters.Data:
    return clusters.UPDATE | {"failure": IN_PROGRESS | {"nodes": [node]}}


def test_failed_update_within_the_budget_lets_the_run_go_on_and_fail_at_its_end(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3, updates=[failing("MIN01-N1")]))
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 2, run.screen
    assert "0x80240016" in run.screen
    assert stage.verdict() == []
    assert sorted(nodes_of(stage.twin.events(), "update_installed")) == ["MIN01-N2", "MIN01-N3"]


def test_failed_update_over_the_budget_ends_the_run(opened: Open) -> None:
    stage = opened(clusters.cluster(updates=[failing("MIN01-N1")]))
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 2, run.screen
    assert stage.verdict() == []
    assert nodes_of(stage.twin.events(), "pause_requested") == ["MIN01-N1"]


def test_failed_drain_puts_the_node_back_and_names_the_group(opened: Open) -> None:
    stage = opened(faults=[{"model": "drain_fails", "node": "MIN01-N1", "group": "MIN01-VM1", "times": 0}])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 2, run.screen
    assert "MIN01-VM1" in run.screen
    assert stage.verdict() == []
    assert nodes_of(stage.twin.events(), "resumed") == ["MIN01-N1"]
    assert count(stage.twin.events(), "install_started") == 0


def test_node_that_does_not_come_back_ends_the_run_and_stays_named(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3), faults=[{"model": "no_return", "node": "MIN01-N1"}])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 2, run.screen
    verdict = stage.verdict(may_leave_lock=True)
    assert verdict == []
    events = stage.twin.events()
    assert nodes_of(events, "pause_requested") == ["MIN01-N1"]
    assert set(nodes_of(events, "run_lock_released")) == {"MIN01-N2", "MIN01-N3"}


def test_update_that_is_offered_again_stops_the_node(opened: Open) -> None:
    again = clusters.UPDATE | {"offered_again": {"times": 3, "after": "restart"}}
    stage = opened(clusters.cluster(updates=[again]))
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 2, run.screen
    assert "offered again" in run.screen
    assert stage.verdict() == []
    assert count(stage.twin.events(), "update_installed") == 1


def test_service_that_does_not_come_back_is_reported(opened: Open) -> None:
    stage = opened(faults=[{"model": "service_fails", "node": "MIN01-N1", "service": "MSDTC"}])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert "MSDTC" in run.screen, run.screen
    assert stage.verdict() == []


def test_storage_repair_is_waited_for(opened: Open) -> None:
    storage = {"s2d": True, "virtual_disks": ["Volume1"], "repair_seconds": 20}
    stage = opened(clusters.cluster(size=3, storage=storage))
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert count(stage.twin.events(), "storage_job_started") > 0


def test_lock_that_is_lost_under_way_stops_the_run(opened: Open) -> None:
    lost = {"model": "lock_aged_out", "node": "MIN01-N2", "trigger": {"event": "drain_completed", "node": "MIN01-N1"}}
    foreign = {"model": "foreign_lock", "node": "MIN01-N2", "trigger": {"event": "run_lock_expired", "node": "MIN01-N2"}}
    stage = opened(faults=[lost, foreign])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 2, run.screen
    assert stage.verdict(may_leave_lock=True) == []
    assert count(stage.twin.events(), "install_started") == 0


def test_node_that_an_administrator_resumes_is_theirs(opened: Open) -> None:
    stage = opened(rate=30.0)
    path = stage.write_playbook(role_play())
    hold = stage.twin.control.send("hold", operation="Invoke MSFT_CAUNode.InstallUpdates", node="MIN01-N1")["hold"]
    running = stage.controller.begin("ansible-playbook", "-i", str(stage.inventory), path)
    assert stage.twin.control.send("wait", hold=hold)["reached"]
    stage.twin.control.send("act", act="resume_node", node="MIN01-N1")
    stage.twin.control.send("release", hold=hold)
    run = running.finish(120)
    assert run.exit_code == 2, run.screen
    events = stage.twin.events()
    assert count(events, "restart_requested") == 0
    assert stage.verdict() == []
