# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in which all goes well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml

from tests.harness.inventory import write_inventory
from tests.harness.stage import Stage
from tests.harness.twin import TwinNode

from . import clusters
from .plays import PLAYBOOK, count, nodes_of, role_play, task_play

Open = Callable[..., Stage]

TASKS = ("run_lock", "wua_scan", "wua_download", "wua_install", "cluster_node", "node_reboot", "cluster_info", "node_outcome")


def test_playbook_updates_every_node_once(opened: Open) -> None:
    stage = opened()
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert "MIN01-N1 ok 1 update 1 restart" in run.screen
    again = stage.playbook(PLAYBOOK)
    assert again.exit_code == 0, again.screen
    assert "nothing to do" in again.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert nodes_of(events, "update_installed") == nodes_of(events, "node_down")
    assert sorted(nodes_of(events, "update_installed")) == ["MIN01-N1", "MIN01-N2"]
    assert count(events, "pause_requested") == 2


def test_node_with_nothing_to_install_stays_in_service(opened: Open) -> None:
    stage = opened(clusters.cluster(updates=[clusters.UPDATE | {"nodes": ["MIN01-N2"]}]))
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert nodes_of(stage.twin.events(), "pause_requested") == ["MIN01-N2"]


def test_update_that_another_one_reveals_takes_a_second_round(opened: Open) -> None:
    later = clusters.QUIET_UPDATE | {"requires": ["cumulative"]}
    stage = opened(clusters.cluster(updates=[clusters.UPDATE, later]))
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert count(stage.twin.events(), "update_installed", "MIN01-N1") == 2


def test_second_restart_waits_for_the_repair_while_the_node_serves(opened: Open) -> None:
    shipped = yaml.safe_load(Path("simulator/scenarios/s2d-three-nodes.yml").read_text(encoding="utf-8"))["clusters"][0]
    storage = shipped["storage"] | {"auto_maintenance": True, "repair_seconds": 60}
    later = clusters.UPDATE | {"key": "framework", "kb": "KB5000002", "title": "Framework (KB5000002)", "requires": ["cumulative"]}
    quick = {"timings": clusters.cluster()["timings"], "updates": [clusters.UPDATE, later]}
    stage = opened(shipped | quick | {"storage": storage})
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    order = [
        event["event"]
        for event in stage.twin.events()
        if event.get("node") == "HCI01-N1" and event["event"] in {"pause_requested", "restart_requested", "resume_requested"}
    ]
    assert order == ["pause_requested", "restart_requested", "resume_requested"] * 2


def test_update_without_restart_restarts_nothing(opened: Open) -> None:
    stage = opened(clusters.cluster(updates=[clusters.QUIET_UPDATE]))
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert count(stage.twin.events(), "restart_requested") == 0


def test_check_mode_shows_the_updates_and_leaves_nothing(opened: Open) -> None:
    stage = opened()
    run = stage.playbook(PLAYBOOK, "--check", "--diff")
    assert run.exit_code == 0, run.screen
    assert "KB5000001" in run.screen
    assert stage.verdict(is_check_mode=True) == []
    events = stage.twin.events()
    before, after = (next(entry for entry in events if entry["event"] == name) for name in ("model_started", "model_stopped"))
    for name in ("state", "run_lock", "node_session", "registry", "updates_pending", "boot_time"):
        assert [node[name] for node in before["nodes"].values()] == [node[name] for node in after["nodes"].values()]


def test_limit_updates_one_node_under_the_lock_of_all(opened: Open) -> None:
    stage = opened()
    run = stage.playbook(stage.write_playbook(role_play()), "--limit", "min01-n1")
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert sorted(nodes_of(events, "run_lock_taken")) == ["MIN01-N1", "MIN01-N2"]
    assert nodes_of(events, "update_installed") == ["MIN01-N1"]


def test_rejected_update_is_left_out(opened: Open) -> None:
    stage = opened(clusters.cluster(updates=[clusters.UPDATE, clusters.QUIET_UPDATE]))
    run = stage.playbook(PLAYBOOK, "-e", '{"rolling_update_reject": ["KB5000001"]}')
    assert run.exit_code == 0, run.screen
    events = stage.twin.events()
    left_out = {row["update"] for event in events if event["event"] == "scan" for row in event["offered"]} - {
        event["update"] for event in events if event["event"] == "update_installed"
    }
    assert len(left_out) == 1
    assert stage.verdict(left_out=frozenset(left_out)) == []
    assert count(events, "restart_requested") == 0


def odd_name(node: TwinNode) -> str:
    return {"MIN01-N1": "blue", "MIN01-N2": "MIN01-N1"}[node.node]


def test_inventory_names_are_never_taken_for_node_names(opened: Open) -> None:
    stage = opened()
    stage.inventory = write_inventory(
        stage.directory / "odd.yml", stage.twin.nodes, user=stage.user, password=stage.password, name=odd_name
    )
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []


def test_basic_over_https_works_with_the_certificate_checked(opened: Open) -> None:
    stage = opened()
    path = stage.directory / "https.yml"
    certificate = stage.twin.certificate
    stage.inventory = write_inventory(
        path, stage.twin.nodes, user=stage.user, password=stage.password, transport="basic", certificate=certificate
    )
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []


def test_two_clusters_with_old_and_new_method_signatures_are_updated_by_one_playbook(opened: Open) -> None:
    stage = opened(clusters.cluster("OLD", generation="2016"), clusters.cluster("NEW", generation="2025"))
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert count(stage.twin.events(), "update_installed") == 4


def test_pending_restart_comes_before_the_first_installation(opened: Open) -> None:
    nodes = [{"name": "MIN01-N1", "pending_restart": ["cbs"]}, "MIN01-N2"]
    stage = opened(clusters.cluster(nodes=nodes, updates=[clusters.UPDATE | {"nodes": ["MIN01-N1"]}]))
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    order = [
        event["event"]
        for event in stage.twin.events()
        if event.get("node") == "MIN01-N1" and event["event"] in {"restart_requested", "install_started", "drain_completed"}
    ]
    assert order[:3] == ["drain_completed", "restart_requested", "install_started"]


def test_module_defaults_of_the_group_reach_the_tasks(opened: Open) -> None:
    stage = opened()
    play = task_play({"cluster_aware.updating.run_lock": {}}, module_defaults={"group/cluster_aware.updating.all": {"state": "nonsense"}})
    run = stage.playbook(stage.write_playbook([play]))
    assert run.exit_code == 2
    assert "value of state must be one of" in run.screen


def test_every_task_has_its_documentation(opened: Open) -> None:
    run = opened().controller.run("ansible-doc", *(f"cluster_aware.updating.{task}" for task in TASKS))
    assert run.exit_code == 0, run.screen
    assert all(f"> MODULE cluster_aware.updating.{task}" in run.screen for task in TASKS), run.screen
