# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a run that hold for all of its tasks."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState

from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld
from .playbook import Playbook

WRITES = ("create_run_lock", "create_node_session", "create_key", "set_text", "pause", "resume")


def advance(world: FakeWorld, seconds: float) -> None:
    clock = world.clock
    assert isinstance(clock, FakeClock)
    clock.sleep(seconds)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"warn_after": 60, "stop_after": 60}, "warn_after must be less than stop_after"),
        ({"accept_down": ["node3"], "require_all_nodes_online": False}, "use one of the two"),
    ],
)
def test_contradiction_is_refused_and_nothing_is_sent(options: dict[str, t.Any], says: str, playbook: Playbook, world: FakeWorld) -> None:
    message, fields = playbook.failure("run_lock", "hv-a", **options)
    assert says in message
    assert fields["outcome"] == "not_done"
    assert not world.log


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"only_nodes": ["hv-a", "NODE2"], "accept_down": ["node2"]}, "only_nodes wants node2 updated, and accept_down"),
        ({"only_nodes": ["node1"], "node_order": ["hv-b", "hv-a"]}, "node_order names node2, which only_nodes leaves out"),
        ({"only_nodes": ["node9"]}, "only_nodes names node9, which is no node of the cluster HV01"),
    ],
)
def test_contradiction_about_nodes_is_refused_before_the_lock(
    options: dict[str, t.Any], says: str, playbook: Playbook, world: FakeWorld
) -> None:
    message, fields = playbook.failure("run_lock", "hv-a", **options)
    assert says in message
    assert fields["outcome"] == "not_done"
    assert not world.calls(*WRITES)


def test_run_that_has_had_its_time_begins_no_other_node(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", stop_after=600)
    playbook.run("node_outcome", "hv-a", state="finished")
    advance(world, 600)
    message, fields = playbook.failure("run_lock", "hv-b", stop_after=600)
    assert "the run has taken as long as stop_after allows (10 min)" in message
    assert fields["error"] == "RunStoppedError"
    result = playbook.run("node_outcome", "hv-b", state="failed", error=fields | {"msg": message})
    assert result["run_ends"] is True


def test_run_that_has_had_its_time_drains_nothing_and_still_brings_a_node_back(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", stop_after=1200)
    playbook.run("cluster_node", "hv-a", state="drained")
    advance(world, 1200)
    for task in ("wua_install", "node_reboot"):
        assert playbook.failure(task, "hv-a")[1]["error"] == "RunStoppedError"
    assert playbook.run("cluster_node", "hv-a", state="active")["node"]["state"] == "up"
    assert playbook.failure("cluster_node", "hv-a", state="drained")[1]["error"] == "RunStoppedError"
    assert len(world.calls("pause")) == 1


def test_run_that_takes_long_says_so_once(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", warn_after=600)
    playbook.run("cluster_node", "hv-a", state="drained")
    advance(world, 600)
    for _attempt in range(2):
        playbook.run("cluster_node", "hv-a", state="active")
    said = [line for line in playbook.shown if "takes longer than warn_after (10 min)" in line]
    assert said == ["[cluster HV01] run       warning: the run takes longer than warn_after (10 min)"]


def test_nodes_that_are_not_online_are_left_as_they_are_when_not_all_have_to_be(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node3").state = NodeState.PAUSED
    assert "node3 is paused" in playbook.failure("run_lock", "hv-a")[0]
    result = playbook.run("run_lock", "hv-a", require_all_nodes_online=False)
    assert result["run"]["left_alone"] is False
    assert any("left as they are because require_all_nodes_online is false: node3" in line for line in playbook.shown)
    playbook.run("cluster_node", "hv-a", state="drained")
    playbook.run("cluster_node", "hv-a", state="active")
    playbook.run("node_outcome", "hv-a", state="finished")
    assert playbook.run("run_lock", "hv-c", require_all_nodes_online=False)["run"]["left_alone"] is True


def test_node_that_goes_out_of_service_later_still_ends_the_run(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", require_all_nodes_online=False)
    world.machine("node3").state = NodeState.PAUSED
    assert "node3 is paused" in playbook.failure("cluster_node", "hv-a", state="drained", suspend_timeout=0)[0]


def test_node_that_a_dead_run_left_out_is_finished_although_not_all_have_to_be_online(playbook: Playbook, world: FakeWorld) -> None:
    playbook.restart("a process that is gone")
    playbook.run("run_lock", "hv-a", dead_after=900)
    playbook.run("cluster_node", "hv-a", state="drained")
    playbook.restart()
    advance(world, 1000)
    run = playbook.run("run_lock", "hv-b", require_all_nodes_online=False)["run"]
    assert run["away"] == "hv-a"
    assert not any("left as they are" in line for line in playbook.shown)
    playbook.run("run_lock", "hv-a", require_all_nodes_online=False)
    assert playbook.run("cluster_node", "hv-a", state="active")["changed"] is True


def test_run_that_is_limited_leaves_the_others_alone_under_the_lock_of_all(playbook: Playbook, world: FakeWorld) -> None:
    run = playbook.run("run_lock", "hv-a", only_nodes=["NODE3", "hv-b"])["run"]
    assert run["order"] == ["hv-b", "hv-c"]
    assert run["left_alone"] is True
    assert all(machine.run_lock is not None for machine in world.machines.values())
    outcome = playbook.run("node_outcome", "hv-a", state="finished")["outcome"]
    assert outcome["state"] == "left_alone"
    assert outcome["reason"] == "the run is limited to other nodes"


def test_preview_has_the_turns_of_the_run(playbook: Playbook) -> None:
    options: dict[str, t.Any] = {"node_order": ["hv-a"], "only_nodes": ["node1", "node3"]}
    results = {host: playbook.run("preview", host, **options) for host in ("hv-a", "hv-b", "hv-c")}
    assert {host: result["turn"] for host, result in results.items()} == {"hv-a": 1, "hv-b": None, "hv-c": 2}
    assert results["hv-b"]["block"][0].startswith("would be left alone: the run is limited to other nodes")
    assert any("1 of 2, those of node_order first" in line for line in results["hv-a"]["block"])


def test_preview_refuses_a_name_that_is_no_node(playbook: Playbook) -> None:
    assert "node_order names node9" in playbook.failure("preview", "hv-a", node_order=["node9"])[0]
