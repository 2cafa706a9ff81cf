# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a new run makes of nodes that a dead one had in its hands under one of the options of a run."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import GroupState, NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import OfferedUpdate

from ..fakes.clock import FakeClock
from ..fakes.world import FakeUpdate, FakeWorld
from .playbook import Playbook

ERROR = {"msg": "node1: install: KB1 failed.", "error": "UpdatesFailedError"}
RESTARTS = FakeUpdate(OfferedUpdate("11111111-0000-4000-8000-000000000001", "Cumulative Update (KB5000001)"), needs_restart=True)


@pytest.fixture
def dying(playbook: Playbook, world: FakeWorld) -> Playbook:
    """A playbook whose process is gone by the time that somebody looks."""
    world.machine("node1").offered = [RESTARTS]
    playbook.restart("a process that is gone")
    playbook.run("run_lock", "hv-a", dead_after=900)
    return playbook


def die(playbook: Playbook, world: FakeWorld) -> None:
    playbook.restart()
    assert isinstance(world.clock, FakeClock)
    world.clock.advance(1000)


def states(world: FakeWorld) -> list[GroupState]:
    return [group.state for group in world.groups.values()]


def test_attempts_go_on_where_the_dead_run_stopped(dying: Playbook, world: FakeWorld) -> None:
    assert dying.run("node_outcome", "hv-a", state="failed", error=ERROR, max_retries_per_node=1)["retry"] is True
    die(dying, world)
    dying.run("run_lock", "hv-a")
    assert dying.run("node_outcome", "hv-a", state="failed", error=ERROR, max_retries_per_node=1)["retry"] is False


def test_node_that_is_paused_without_drain_is_not_restarted_by_the_next_run_either(dying: Playbook, world: FakeWorld) -> None:
    dying.run("cluster_node", "hv-a", state="drained", drain_mode="none")
    die(dying, world)
    assert dying.run("run_lock", "hv-a")["run"]["away"] == "hv-a"
    assert dying.run("cluster_node", "hv-a", state="drained")["changed"] is False
    result = dying.run("wua_install", "hv-a")
    assert (result["reboot_required"], result["restart_left"]) == (False, True)
    assert "paused without drain is never restarted" in dying.failure("node_reboot", "hv-a")[0]
    dying.run("cluster_node", "hv-a", state="active")
    assert world.machine("node1").state is NodeState.UP
    assert not world.calls("restart")
    outcome = dying.run("node_outcome", "hv-a", state="finished")["outcome"]
    assert outcome["reason"] == "it serves with a restart pending that was left to the next run"


def test_role_that_the_dead_run_took_offline_is_brought_online(dying: Playbook, world: FakeWorld) -> None:
    world.machine("node1").drain_fails = True
    dying.run("cluster_node", "hv-a", state="drained", drain_mode="forced", accept_offline=["web01"])
    assert states(world) == [GroupState.OFFLINE]
    die(dying, world)
    assert dying.run("run_lock", "hv-a")["run"]["away"] == "hv-a"
    dying.run("cluster_node", "hv-a", state="active")
    assert states(world) == [GroupState.ONLINE]


def test_turn_of_a_node_that_served_is_free_again(dying: Playbook, world: FakeWorld) -> None:
    dying.run("cluster_node", "hv-a", state="in_turn")
    dying.run("wua_install", "hv-a", in_service=True)
    die(dying, world)
    run = dying.run("run_lock", "hv-b")["run"]
    assert (run["away"], list(run["unfinished"])) == (None, ["hv-a"])
    assert dying.run("cluster_node", "hv-b", state="drained")["changed"] is True
    assert len(world.calls("install")) == 1
