# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks run_status and run_stop, and a takeover by the task run_lock."""

from __future__ import annotations

import os
import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.action import run_lock as run_lock_action
from ansible_collections.cluster_aware.updating.plugins.action import run_status as run_status_action
from ansible_collections.cluster_aware.updating.plugins.action import run_stop as run_stop_action
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.keeper import Keeper
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.plugin_utils import _task

from ..cau_node.helpers import fake_update
from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld, Held
from .playbook import Playbook

WRITES = ("create_key", "set_text", "create_run_lock", "delete_run_lock", "create_node_session", "delete_tree")
FOREIGN = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(autouse=True)
def _no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run before is that of this very process, which is alive; here it stands for one of another controller."""
    for action in (run_lock_action, run_status_action, run_stop_action):
        monkeypatch.setattr(action, "is_running", lambda _identity: False)


def die_with_a_drained_node(playbook: Playbook, world: FakeWorld, age: float = 1000) -> str:
    """Let a run drain hv-b and die."""
    run_id: str = playbook.run("run_lock", "hv-a", dead_after=900)["run"]["run_id"]
    playbook.run("run_lock", "hv-b")
    playbook.run("cluster_node", "hv-b", state="drained")
    playbook.restart()
    assert isinstance(world.clock, FakeClock)
    world.clock.advance(age)
    return run_id


def test_status_of_an_idle_cluster_writes_nothing(playbook: Playbook, world: FakeWorld) -> None:
    result = playbook.run("run_status", "hv-a")
    assert (result["runs"], result["next"], result["to_decide"]) == ([], ["it would begin a new run"], [])
    assert not world.calls(*WRITES)


def test_status_tells_what_a_dead_run_left(playbook: Playbook, world: FakeWorld) -> None:
    run_id = die_with_a_drained_node(playbook, world)
    world.log.clear()
    result = playbook.run("run_status", "hv-a")
    (run,) = result["runs"]
    assert (run["run_id"], run["state"]) == (run_id, "dead")
    assert "it would go on with node2 (drained)" in result["next"]
    assert "drained, paused by the run" in result["nodes"][1]["doing"][0]
    assert not world.calls(*WRITES)


def test_status_counts_the_nodes_and_tells_phases_and_since_when(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", dead_after=900)
    playbook.run("node_outcome", "hv-a", state="failed", error={"msg": "broken"}, max_failed_nodes=1)
    playbook.run("run_lock", "hv-b")
    playbook.run("cluster_node", "hv-b", state="drained")
    playbook.restart()
    result = playbook.run("run_status", "hv-c")
    assert result["runs"][0]["counts"] == {"done": 0, "failed": 1, "left": 2}
    assert any(line.endswith("0 done, 1 failed, 2 left") for line in playbook.shown)
    assert [node["phase"] for node in result["nodes"]] == ["done", "drained", None]
    assert result["nodes"][1]["since"] is not None
    assert "failed" in result["nodes"][0]["doing"][0]


def test_status_names_a_node_that_gives_no_answer(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node3").is_reachable = False
    result = playbook.run("run_status", "hv-a")
    assert "node3 gives no answer" in result["next"][0]
    assert list(result["no_answer"]) == ["hv-c"]


def test_takeover_returns_the_half_way_host_first(playbook: Playbook, world: FakeWorld) -> None:
    run_id = die_with_a_drained_node(playbook, world)
    run = playbook.run("run_lock", "hv-c")["run"]
    assert run["took_over"] == [run_id]
    assert (run["away"], run["unfinished"], run["order"][0]) == ("hv-b", {"hv-b": "drained"}, "hv-b")
    assert run["run_id"] != run_id


def test_node_that_was_taken_over_is_gone_on_with_and_resumed(playbook: Playbook, world: FakeWorld) -> None:
    die_with_a_drained_node(playbook, world)
    playbook.run("run_lock", "hv-c")
    playbook.run("run_lock", "hv-b")
    assert playbook.run("cluster_node", "hv-b", state="drained")["changed"] is False
    playbook.run("cluster_node", "hv-b", state="active")
    assert world.machine("node2").state is NodeState.UP
    playbook.run("node_outcome", "hv-b", state="finished")
    assert playbook.run("run_lock", "hv-a")["run"]["away"] is None


def test_takeover_counts_the_other_nodes_first(playbook: Playbook, world: FakeWorld) -> None:
    run_id = die_with_a_drained_node(playbook, world)
    world.machine("node3").state = NodeState.PAUSED
    message, _fields = playbook.failure("run_lock", "hv-c")
    assert "node3 is paused" in message
    assert {machine.run_lock and machine.run_lock.guid for machine in world.machines.values()} == {run_id}


def test_run_that_was_taken_over_and_ended_does_not_take_its_lock_again(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    for machine in world.machines.values():
        machine.run_lock = None
        machine.registry.clear()
    _message, fields = playbook.failure("run_lock", "hv-b")
    assert fields["error"] == "RunLockLostError"
    assert {machine.run_lock for machine in world.machines.values()} == {None}


def test_worker_that_outlives_its_playbook_says_that_it_has_stopped(
    playbook: Playbook, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    playbook.run("run_lock", "hv-a")
    world.fault("node1", "pause", when="act", then=lambda: monkeypatch.setattr(os, "getppid", lambda: 1))
    _message, fields = playbook.failure("cluster_node", "hv-a", state="drained")
    assert fields["error"] == "StoppedError"
    stopped = [name for name, machine in world.machines.items() if any("StoppedAt" in values for values in machine.registry.values())]
    assert stopped == ["node1", "node2", "node3"]


def test_run_of_another_cluster_is_kept_while_this_one_is_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = [FakeWorld("ONE", ["one1", "one2"]), FakeWorld("TWO", ["two1", "two2"])]
    worlds[1].clock = worlds[0].clock
    playbook = Playbook(worlds, {"h1": "one1", "h2": "one2", "h3": "two1", "h4": "two2"}, monkeypatch)
    playbook.play.hosts = ["h1", "h2", "h3", "h4"]
    runs = [playbook.run("run_lock", host)["run"]["run_id"] for host in ("h1", "h3")]
    kept: list[str] = []

    class Recorded(Keeper):
        def __enter__(self) -> t.Self:
            kept.append(self.run_id)
            return self

    monkeypatch.setattr(_task, "Keeper", Recorded)
    playbook.run("cluster_node", "h1", state="drained")
    assert sorted(kept) == sorted(runs)
    playbook.run("run_lock", "h3", state="released")
    kept.clear()
    playbook.run("cluster_node", "h1", state="active")
    assert kept == [runs[0]]


def test_preview_of_a_takeover_writes_nothing(playbook: Playbook, world: FakeWorld) -> None:
    run_id = die_with_a_drained_node(playbook, world)
    world.log.clear()
    playbook.run("run_lock", "hv-c", check=True)
    assert not world.calls(*WRITES)
    assert any(run_id[:8] in line and "not in check mode" in line for line in playbook.shown)


def test_forced_takeover_is_recorded(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").run_lock = Held(FOREIGN, 0)
    message, _fields = playbook.failure("run_lock", "hv-a")
    assert FOREIGN in message
    assert playbook.run("run_lock", "hv-a", force_recovery=True)["run"]["took_over"] == [FOREIGN]
    (run,) = playbook.run("cluster_info", "hv-a")["journals"][:1]
    assert " on " in run["run"]["owner"]["forced_by"]


def test_node_that_is_restarting_since_the_dead_run_is_waited_for(playbook: Playbook, world: FakeWorld) -> None:
    die_with_a_drained_node(playbook, world)
    machine = world.machine("node2")
    machine.down_until = world.clock.now() + 100
    assert playbook.run("run_lock", "hv-c")["run"]["away"] == "hv-b"
    assert any("left node2 out of service (drained); waiting up to 20 min" in line for line in playbook.shown)


def test_silent_node_without_a_journal_is_named(playbook: Playbook, world: FakeWorld) -> None:
    die_with_a_drained_node(playbook, world)
    world.machine("node1").is_reachable = False
    message, _fields = playbook.failure("run_lock", "hv-c")
    assert "no journal that can be read says what was done to node1" in message


def test_stop_is_heard_by_the_next_task_and_ends_the_run(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    other = playbook.run("run_stop", "hv-b")
    assert other["changed"] is True
    message, fields = playbook.failure("wua_install", "hv-a")
    assert "asked the run to stop" in message
    assert world.machine("node1").installed == []
    playbook.run("cluster_node", "hv-a", state="active")
    assert playbook.run("node_outcome", "hv-a", state="failed", error=fields)["run_ends"] is True


def test_node_that_serves_with_a_restart_pending_is_left_to_the_next_run(playbook: Playbook, world: FakeWorld) -> None:
    run_id = playbook.run("run_lock", "hv-a")["run"]["run_id"]
    playbook.run("cluster_node", "hv-a", state="drained")
    world.machine("node1").offered = [fake_update(1, needs_restart=True)]
    playbook.run("wua_install", "hv-a")
    playbook.run("cluster_node", "hv-a", state="active")
    playbook.run("run_lock", "hv-a", state="released")
    assert any("serves with a restart pending" in line for line in playbook.shown)
    playbook.restart()
    run = playbook.run("run_lock", "hv-c")["run"]
    assert (run["took_over"], list(run["unfinished"]), run["away"]) == ([run_id], ["hv-a"], None)


def test_stop_that_the_run_might_not_hear_is_an_error(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    message, _fields = playbook.failure("run_stop", "hv-b", members=["hv-b"])
    assert "node1, node3 cannot" in message
    assert not any("Stop" in values for machine in world.machines.values() for values in machine.registry.values())


def test_second_request_to_stop_changes_nothing(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("run_stop", "hv-b")
    assert playbook.run("run_stop", "hv-b")["changed"] is False


def test_stop_in_check_mode_writes_nothing(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    assert playbook.run("run_stop", "hv-b", check=True)["changed"] is True
    playbook.run("cluster_node", "hv-a", state="drained")


def test_stop_without_a_run_does_nothing(playbook: Playbook) -> None:
    assert playbook.run("run_stop", "hv-b")["changed"] is False


def test_stop_cannot_reach_a_foreign_coordinator(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").run_lock = Held(FOREIGN, 0)
    message, _fields = playbook.failure("run_stop", "hv-a")
    assert "cannot be asked" in message


def test_stop_that_is_not_heard_in_time_is_an_error(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    message, _fields = playbook.failure("run_stop", "hv-b", wait_timeout=60)
    assert "has not stopped within 1 min" in message
