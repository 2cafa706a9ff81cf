# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task cluster_node."""

from __future__ import annotations

from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState

from ..fakes.world import FakeWorld
from .playbook import Playbook


def test_drained_pauses_the_node_and_names_its_roles(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    result = playbook.run("cluster_node", "hv-a", state="drained")
    assert result["changed"] is True
    assert result["node"] == {"name": "node1", "state": "paused", "groups": ["web01"]}
    assert world.machine("node1").state is NodeState.PAUSED


def test_next_task_is_told_when_the_run_had_its_last_heartbeat(playbook: Playbook, world: FakeWorld) -> None:
    fact = playbook.run("run_lock", "hv-a")["ansible_facts"]["cluster_aware_updating"]
    beats = len(world.calls("set_text", node="node3"))
    result = playbook.run("cluster_node", "hv-a", state="drained")
    assert result["ansible_facts"]["cluster_aware_updating"] == fact
    assert fact["beaten_at"] is not None
    assert len(world.calls("set_text", node="node3")) == beats


def test_task_on_a_host_that_has_not_joined_leaves_no_fact(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    assert "ansible_facts" not in playbook.run("cluster_node", "hv-b", state="drained")


def test_drained_without_a_run_is_refused(playbook: Playbook, world: FakeWorld) -> None:
    message, _fields = playbook.failure("cluster_node", "hv-a", state="drained")
    assert "run_lock first" in message
    assert not world.calls("pause")


def test_drained_in_a_preview_run_is_refused_outside_check_mode(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    message, _fields = playbook.failure("cluster_node", "hv-a", state="drained")
    assert "run_lock first" in message
    assert not world.calls("pause")


def test_drained_in_check_mode_names_the_roles_and_pauses_nothing(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    result = playbook.run("cluster_node", "hv-a", state="drained", check=True)
    assert result["changed"] is True
    assert result["node"]["groups"] == ["web01"]
    assert not world.calls("pause", "create_node_session", "create_key", "set_text")


def test_second_node_is_refused_while_the_first_is_drained(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    _message, fields = playbook.failure("cluster_node", "hv-b", state="drained")
    assert fields["error"] == "TurnTakenError"
    assert len(world.calls("pause")) == 1


def test_lost_lock_is_refused_before_the_pause(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    world.machine("node3").run_lock = None
    _message, fields = playbook.failure("cluster_node", "hv-a", state="drained")
    assert fields["error"] == "RunLockLostError"
    assert not world.calls("pause")


def test_active_resumes_what_this_run_paused(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    assert playbook.run("cluster_node", "hv-a", state="active")["changed"] is True
    assert world.machine("node1").state is NodeState.UP
    assert world.machine("node1").node_session is None


def test_active_on_an_active_node_changes_nothing(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    assert playbook.run("cluster_node", "hv-a", state="active")["changed"] is False
    assert not world.calls("resume")


def test_active_leaves_the_pause_of_somebody_else(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    world.machine("node1").state = NodeState.PAUSED
    _message, fields = playbook.failure("cluster_node", "hv-a", state="active")
    assert fields["error"] == "NotOurPauseError"
    assert not world.calls("resume")


def test_diff_shows_the_state(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    result = playbook.run("cluster_node", "hv-a", state="drained", diff=True)
    assert result["diff"] == [{"before": {"node": "node1", "state": "up"}, "after": {"node": "node1", "state": "paused"}}]
