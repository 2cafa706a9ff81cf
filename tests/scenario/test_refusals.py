# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that must not begin: each is refused with a sentence, and nothing was changed on any node."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from tests.harness.record import Entry
from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count, nodes_of, role_play, task_play

Open = Callable[..., Stage]

FOREIGN = "11111111-2222-4333-8444-555555555555"

CHANGES = frozenset(
    {
        "run_lock_taken",
        "node_session_opened",
        "pause_requested",
        "restart_requested",
        "resume_requested",
        "install_started",
        "update_downloaded",
        "registry_written",
    }
)


def changes(events: Iterable[Entry]) -> list[str]:
    return [f"{event['event']} on {event['node']}" for event in events if event["event"] in CHANGES and event["actor"] == "client"]


def refused(stage: Stage, *arguments: str, says: str) -> None:
    run = stage.playbook(*arguments)
    assert run.exit_code not in {0, 4}, run.screen
    assert says in run.screen, run.screen
    assert changes(stage.twin.events()) == []
    assert stage.verdict() == []


@pytest.mark.parametrize("play", ["role", "playbook"])
def test_foreign_lock_is_refused_with_its_holder(play: str, opened: Open) -> None:
    stage = opened(clusters.cluster(nodes=["MIN01-N1", {"name": "MIN01-N2", "run_lock": FOREIGN}]))
    refused(stage, PLAYBOOK if play == "playbook" else stage.write_playbook(role_play()), says=FOREIGN)


def test_foreign_node_session_is_refused_with_its_holder(opened: Open) -> None:
    stage = opened(clusters.cluster(nodes=["MIN01-N1", {"name": "MIN01-N2", "node_session": FOREIGN}]))
    refused(stage, stage.write_playbook(role_play()), says=FOREIGN)


def test_node_that_the_inventory_lacks_is_named(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    stage.inventory = stage.write_inventory(stage.twin.nodes[:2], "two.yml")
    refused(stage, stage.write_playbook(role_play()), says="MIN01-N3")


@pytest.mark.parametrize("serial", [None, 2])
def test_two_nodes_in_a_batch_are_refused(serial: int | None, opened: Open) -> None:
    stage = opened()
    refused(stage, stage.write_playbook(role_play(serial=serial)), says="serial")


def test_free_strategy_is_refused(opened: Open) -> None:
    stage = opened()
    refused(stage, stage.write_playbook(role_play(strategy="free")), says="linear")


def test_node_that_is_paused_already_is_refused(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3, nodes=["MIN01-N1", "MIN01-N2", {"name": "MIN01-N3", "state": "paused"}]))
    refused(stage, stage.write_playbook(role_play()), says="MIN01-N3")


@pytest.mark.parametrize(
    ("play", "option"),
    [("role", '{"rolling_update_accept_down": ["min01-n3"]}'), ("playbook", '{"rolling_update_require_all_nodes_online": false}')],
)
def test_paused_node_that_is_accepted_is_left_as_it_is(play: str, option: str, opened: Open) -> None:
    stage = opened(clusters.cluster(size=3, nodes=["MIN01-N1", "MIN01-N2", {"name": "MIN01-N3", "state": "paused"}]))
    path = PLAYBOOK if play == "playbook" else stage.write_playbook(role_play())
    run = stage.playbook(path, "-e", option)
    assert run.exit_code == 0, run.screen
    assert "MIN01-N3 left as it was" in run.screen
    events = stage.twin.events()
    assert sorted(nodes_of(events, "update_installed")) == ["MIN01-N1", "MIN01-N2"]
    assert count(events, "resume_requested", "MIN01-N3") == count(events, "scan", "MIN01-N3") == 0
    assert stage.verdict(accepted_down=frozenset({"MIN01-N3"}), may_not_finish=True) == []


def test_accepted_node_still_counts_in_the_quorum(opened: Open) -> None:
    nodes = ["MIN01-N1", {"name": "MIN01-N2", "state": "paused"}]
    stage = opened(clusters.cluster(nodes=nodes, quorum={"witness": "none"}))
    run = stage.playbook(stage.write_playbook(role_play()), "-e", '{"rolling_update_accept_down": ["MIN01-N2"]}')
    assert run.exit_code == 2, run.screen
    assert "votes" in run.screen
    assert count(stage.twin.events(), "pause_requested") == 0


def test_accepted_node_that_is_down_cannot_carry_the_lock(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3, nodes=["MIN01-N1", "MIN01-N2", {"name": "MIN01-N3", "state": "down"}]))
    run = stage.playbook(stage.write_playbook(role_play()), "-e", '{"rolling_update_accept_down": ["MIN01-N3"]}')
    assert run.exit_code == 2, run.screen
    assert "a node that is down cannot carry it" in run.screen
    assert changes(stage.twin.events()) == []


def test_accepted_node_that_does_not_exist_is_refused(opened: Open) -> None:
    stage = opened()
    path = stage.write_playbook(role_play())
    refused(stage, path, "-e", '{"rolling_update_accept_down": ["MIN01-N9"]}', says="accept_down names MIN01-N9")


def test_node_that_is_down_is_refused(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3, nodes=["MIN01-N1", "MIN01-N2", {"name": "MIN01-N3", "state": "down"}]))
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 2, run.screen
    assert "MIN01-N3" in run.screen
    assert "unreachable=1" not in run.screen
    assert changes(stage.twin.events()) == []


def test_two_nodes_without_witness_are_refused(opened: Open) -> None:
    stage = opened(clusters.cluster(quorum={"witness": "none"}))
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 2, run.screen
    assert "votes" in run.screen or "quorum" in run.screen
    assert count(stage.twin.events(), "pause_requested") == 0
    assert stage.verdict() == []


def test_unhealthy_storage_is_refused(opened: Open) -> None:
    storage = {"s2d": True, "virtual_disks": ["Volume1"]}
    broken = {"model": "storage_degraded", "disk": "Volume1", "node": "MIN01-N2", "seconds": 1_000_000, "at": 0}
    stage = opened(clusters.cluster(size=3, storage=storage), faults=[broken])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 2, run.screen
    assert "Volume1" in run.screen
    assert count(stage.twin.events(), "pause_requested") == 0
    assert stage.verdict() == []


@pytest.mark.parametrize("connection", ["ansible.builtin.local", "ansible.builtin.ssh"])
def test_other_connection_types_get_a_sentence(connection: str, opened: Open) -> None:
    stage = opened()
    refused(stage, stage.write_playbook(role_play()), "-e", f"ansible_connection={connection}", says="winrm")


def test_wrong_password_is_a_sentence_and_not_unreachable(opened: Open) -> None:
    stage = opened()
    run = stage.playbook(stage.write_playbook(role_play()), "-e", "ansible_password=wrong")
    assert run.exit_code == 2, run.screen
    assert "UNREACHABLE" not in run.screen
    assert changes(stage.twin.events()) == []


@pytest.mark.parametrize(
    ("task", "arguments"), [("wua_install", ""), ("wua_download", ""), ("node_reboot", ""), ("cluster_node", "state=drained")]
)
def test_task_without_a_run_is_refused(task: str, arguments: str, opened: Open) -> None:
    stage = opened()
    run = stage.module("min01-n1", f"cluster_aware.updating.{task}", arguments)
    assert run.exit_code == 2, run.screen
    assert "run_lock" in run.screen
    assert changes(stage.twin.events()) == []


@pytest.mark.parametrize("task", ["wua_install", "node_reboot"])
def test_stand_alone_is_refused_for_a_cluster_node(task: str, opened: Open) -> None:
    stage = opened()
    run = stage.module("min01-n1", f"cluster_aware.updating.{task}", "stand_alone=true")
    assert run.exit_code == 2, run.screen
    assert "MIN01" in run.screen
    assert changes(stage.twin.events()) == []


def test_install_out_of_turn_is_refused(opened: Open) -> None:
    stage = opened()
    plays = [task_play({"cluster_aware.updating.run_lock": {"state": "acquired"}}, {"cluster_aware.updating.wua_install": {}})]
    run = stage.playbook(stage.write_playbook(plays))
    assert run.exit_code == 2, run.screen
    assert count(stage.twin.events(), "install_started") == 0
    assert stage.verdict(may_leave_lock=True) == []


def test_query_with_a_mistake_is_refused_with_its_position(opened: Open) -> None:
    stage = opened()
    run = stage.module("min01-n1", "cluster_aware.updating.wua_scan", "query_string='IsInstalled=0 and'")
    assert run.exit_code == 2, run.screen
    assert "position" in run.screen
    assert count(stage.twin.events(), "scan") == 0
