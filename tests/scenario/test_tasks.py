# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks by themselves: stand-alone hosts, the tasks one by one, the recipe around an administrator's own updates."""

from __future__ import annotations

from collections.abc import Callable

from tests.harness.stage import Stage

from . import clusters
from .plays import count, nodes_of, task_play

Open = Callable[..., Stage]

PREFIX = "cluster_aware.updating."


def test_stand_alone_host_is_updated_and_restarted(opened: Open) -> None:
    alone = clusters.cluster("ALONE", nodes=[{"name": "ALONE-N1", "member": False}], groups=[])
    stage = opened(alone)
    tasks = [
        {PREFIX + "wua_install": {"stand_alone": True}, "register": "done"},
        {PREFIX + "node_reboot": {"stand_alone": True}, "when": "done.reboot_required"},
    ]
    run = stage.playbook(stage.write_playbook([task_play(*tasks)]))
    assert run.exit_code == 0, run.screen
    events = stage.twin.events()
    assert count(events, "update_installed") == 1
    assert count(events, "node_up") == 1
    assert count(events, "node_session_opened") == count(events, "node_session_closed")
    assert stage.verdict(may_not_finish=True) == []


def test_tasks_one_by_one_do_what_the_role_does(opened: Open) -> None:
    stage = opened()
    tasks: list[dict[str, object]] = [
        {PREFIX + "run_lock": {"state": "acquired"}},
        {PREFIX + "wua_download": {}},
        {PREFIX + "cluster_node": {"state": "drained"}},
        {PREFIX + "wua_install": {}, "register": "done"},
        {PREFIX + "node_reboot": {}, "when": "done.reboot_required"},
        {PREFIX + "cluster_node": {"state": "active"}},
    ]
    plays = [task_play(*tasks), task_play({PREFIX + "run_lock": {"state": "released"}}, hosts="min01-n2")]
    run = stage.playbook(stage.write_playbook(plays))
    assert run.exit_code == 0, run.screen
    assert stage.verdict(may_not_finish=True) == []
    assert count(stage.twin.events(), "update_installed") == 2


def test_info_changes_nothing_and_tells_the_nodes(opened: Open) -> None:
    stage = opened()
    run = stage.module("min01-n1", PREFIX + "cluster_info")
    assert run.exit_code == 0, run.screen
    assert "MIN01-N2" in run.screen
    assert '"max_timeout_ms": 60000' in run.screen
    assert stage.verdict(is_check_mode=True) == []


def test_info_tells_of_a_node_that_gives_no_answer_and_is_reachable_itself(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3, nodes=["MIN01-N1", "MIN01-N2", {"name": "MIN01-N3", "state": "down"}]))
    run = stage.module("min01-n1", PREFIX + "cluster_info", "members=all")
    assert run.exit_code == 0, run.screen
    assert '"min01-n3": "' in run.screen


def test_scan_without_a_run_leaves_no_session(opened: Open) -> None:
    stage = opened()
    run = stage.module("all", PREFIX + "wua_scan")
    assert run.exit_code == 0, run.screen
    assert "KB5000001" in run.screen
    assert stage.verdict(is_check_mode=True) == []


def test_recipe_wraps_own_updates_in_the_run_lock(opened: Open) -> None:
    stage = opened()
    tasks = stage.write_playbook("- name: Work of one's own\n  ansible.builtin.debug:\n    msg: own work\n", name="tasks.yml")
    run = stage.playbook("cluster_aware.updating.own_updates_under_run_lock", "-e", f"own_updates_tasks={tasks}")
    assert run.exit_code == 0, run.screen
    assert run.screen.count("own work") == 2
    events = stage.twin.events()
    assert sorted(nodes_of(events, "run_lock_taken")) == sorted(nodes_of(events, "run_lock_released")) == ["MIN01-N1", "MIN01-N2"]
    assert stage.verdict(may_not_finish=True) == []


def test_recipe_gives_the_lock_back_when_the_own_updates_fail(opened: Open) -> None:
    stage = opened()
    tasks = stage.write_playbook("- name: Work of one's own\n  ansible.builtin.fail:\n    msg: no luck\n", name="tasks.yml")
    run = stage.playbook("cluster_aware.updating.own_updates_under_run_lock", "-e", f"own_updates_tasks={tasks}")
    assert run.exit_code == 2, run.screen
    assert "no luck" in run.screen
    assert stage.verdict() == []
