# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option take_cau_role_offline of the task run_lock."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import GroupState, NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError

from ..cau_lock.helpers import journals, locks
from ..fakes.world import FakeWorld
from .playbook import Playbook

ROLE = "CAUHV01"


@pytest.fixture(autouse=True)
def _role(world: FakeWorld) -> None:
    world.add_group(ROLE, "node1", group_type=117)


def begin(playbook: Playbook) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", playbook.run("run_lock", "hv-a", take_cau_role_offline=True)["run"])


def test_role_is_offline_from_taking_to_releasing_the_lock(playbook: Playbook, world: FakeWorld) -> None:
    assert begin(playbook)["cau_role_offline"] == ROLE
    assert world.groups[ROLE].state is GroupState.OFFLINE
    result = playbook.run("run_lock", "hv-b", state="released")
    assert result["run"]["cau_role_offline"] is None
    assert world.groups[ROLE].state is GroupState.ONLINE
    assert journals(world) == set()


def test_role_comes_back_before_any_lock_goes(playbook: Playbook, world: FakeWorld) -> None:
    begin(playbook)
    world.log.clear()
    playbook.run("run_lock", "hv-a", state="released")
    calls = [call.operation for call in world.calls("bring_group_online", "delete_run_lock")]
    assert calls == ["bring_group_online", *["delete_run_lock"] * 3]


def test_role_is_left_alone_without_the_option(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("run_lock", "hv-a", state="released")
    assert not world.calls("take_group_offline", "bring_group_online", "groups_of_type")


def test_check_mode_says_what_would_become_of_the_role(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True, take_cau_role_offline=True)
    assert f"the CAU role {ROLE} would be offline until the run ends" in playbook.shown[-1]
    assert not world.calls("take_group_offline")


@pytest.mark.parametrize("is_answered", [True, False])
def test_run_whose_role_cannot_be_taken_offline_leaves_nothing(is_answered: bool, playbook: Playbook, world: FakeWorld) -> None:
    if is_answered:
        world.fault(None, "take_group_offline", when="refuse", error=MethodFailedError("refused", return_value=5, node="node1"))
    else:
        world.fault(None, "take_group_offline", when="before", count=2)
    playbook.failure("run_lock", "hv-a", take_cau_role_offline=True)
    assert set(locks(world).values()) == {None}
    assert journals(world) == set()
    assert world.groups[ROLE].state is GroupState.ONLINE


def test_role_stays_offline_with_a_node_that_is_left_out_and_the_next_run_brings_it_back(playbook: Playbook, world: FakeWorld) -> None:
    begin(playbook)
    playbook.run("cluster_node", "hv-b", state="drained")
    playbook.run("node_outcome", "hv-b", state="failed", error={"msg": "broken"})
    assert playbook.run("run_lock", "hv-b", state="released")["run"]["cau_role_offline"] == ROLE
    assert world.groups[ROLE].state is GroupState.OFFLINE
    message, _fields = playbook.failure("node_outcome", "hv-b", state="concluded")
    assert f"the CAU role {ROLE} stays offline while node2 is out of service" in message
    playbook.restart()
    assert playbook.run("run_lock", "hv-a")["run"]["cau_role_offline"] == ROLE
    playbook.run("cluster_node", "hv-b", state="active")
    playbook.run("run_lock", "hv-a", state="released")
    assert world.machine("node2").state is NodeState.UP
    assert world.groups[ROLE].state is GroupState.ONLINE
    assert journals(world) == set()


def test_role_that_does_not_come_back_fails_the_run_and_is_left_to_the_next(playbook: Playbook, world: FakeWorld) -> None:
    begin(playbook)
    playbook.run("node_outcome", "hv-a", state="finished")
    world.fault(None, "bring_group_online", when="refuse", error=MethodFailedError("refused", return_value=5, node="node1"))
    playbook.run("run_lock", "hv-a", state="released")
    assert set(locks(world).values()) == {None}
    message, _fields = playbook.failure("node_outcome", "hv-a", state="concluded")
    assert f"the CAU role {ROLE} was not brought back" in message
    playbook.restart()
    playbook.run("run_lock", "hv-a")
    playbook.run("run_lock", "hv-a", state="released")
    assert world.groups[ROLE].state is GroupState.ONLINE
    assert journals(world) == set()
