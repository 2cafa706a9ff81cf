# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task run_lock."""

from __future__ import annotations

import errno
import fcntl

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.plugin_utils import _task
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._siblings import shared_run

from ..fakes.world import FakeWorld, Held
from .playbook import PASSWORD, Playbook

WRITES = ("create_run_lock", "create_key", "set_text", "create_node_session")


def test_acquired_takes_the_lock_on_every_node(playbook: Playbook, world: FakeWorld) -> None:
    result = playbook.run("run_lock", "hv-a")
    assert result["changed"] is True
    assert {machine.run_lock and machine.run_lock.guid for machine in world.machines.values()} == {result["run"]["run_id"]}


def test_acquired_tells_which_host_is_which_node(playbook: Playbook) -> None:
    assert playbook.run("run_lock", "hv-b")["run"]["nodes"] == {"node1": "hv-a", "node2": "hv-b", "node3": "hv-c"}


def test_acquired_orders_the_node_with_a_role_last(playbook: Playbook) -> None:
    assert playbook.run("run_lock", "hv-a")["run"]["order"] == ["hv-b", "hv-c", "hv-a"]


def test_node_order_comes_first_by_either_name(playbook: Playbook) -> None:
    assert playbook.run("run_lock", "hv-a", node_order=["NODE3", "hv-a"])["run"]["order"] == ["hv-c", "hv-a", "hv-b"]


def test_unknown_node_in_order_is_refused_before_any_write(playbook: Playbook, world: FakeWorld) -> None:
    message, _fields = playbook.failure("run_lock", "hv-a", node_order=["node9"])
    assert "node9" in message
    assert not world.calls(*WRITES)


def test_second_host_joins_the_run_of_the_first(playbook: Playbook) -> None:
    first = playbook.run("run_lock", "hv-a")
    second = playbook.run("run_lock", "hv-b")
    assert second["run"]["run_id"] == first["run"]["run_id"]
    assert second["changed"] is False


def test_fact_of_another_process_is_ignored(playbook: Playbook, world: FakeWorld) -> None:
    first = playbook.run("run_lock", "hv-a")
    playbook.restart()
    message, fields = playbook.failure("run_lock", "hv-b")
    assert fields["error"] == "RunLockHeldError"
    assert first["run"]["run_id"][:8] in message


def test_check_mode_writes_nothing(playbook: Playbook, world: FakeWorld) -> None:
    result = playbook.run("run_lock", "hv-a", check=True)
    assert result["changed"] is True
    assert result["run"]["run_id"] is None
    assert not world.calls(*WRITES)


def test_check_mode_fails_where_the_gate_would(playbook: Playbook, world: FakeWorld) -> None:
    world.loses_quorum = True
    message, fields = playbook.failure("run_lock", "hv-a", check=True)
    assert "quorum" in message
    assert fields["findings"]


def test_two_nodes_in_one_batch_are_refused_before_any_write(playbook: Playbook, world: FakeWorld) -> None:
    message, _fields = playbook.failure("run_lock", "hv-a", batch=["hv-a", "hv-c"], one_node_per_batch=True)
    assert "serial: 1" in message
    assert not world.calls(*WRITES)


def test_free_strategy_is_refused_before_any_write(playbook: Playbook, world: FakeWorld) -> None:
    playbook.play.strategy = "free"
    message, _fields = playbook.failure("run_lock", "hv-a", one_node_per_batch=True)
    assert "free" in message
    assert not world.calls(*WRITES)


def test_pinned_hosts_of_one_cluster_are_refused_before_any_write(playbook: Playbook, world: FakeWorld) -> None:
    playbook.play.strategy = "ansible.builtin.host_pinned"
    playbook.failure("run_lock", "hv-a", batch=["hv-a", "hv-c"], one_node_per_batch=True)
    assert not world.calls(*WRITES)
    assert playbook.run("run_lock", "hv-a", one_node_per_batch=True)["changed"] is True


def test_foreign_lock_is_named_and_nothing_is_written(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node3").run_lock = Held("99999999-0000-4000-8000-000000000000", 0)
    message, fields = playbook.failure("run_lock", "hv-a")
    assert fields["holder"] == "99999999-0000-4000-8000-000000000000"
    assert "node3" in message
    assert not world.calls(*WRITES)


def test_member_without_host_is_named(playbook: Playbook) -> None:
    message, _fields = playbook.failure("run_lock", "hv-a", members=["hv-a", "hv-b"])
    assert "node3" in message


def test_unreachable_member_fails_the_task_and_leaves_no_lock(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").is_reachable = False
    _message, fields = playbook.failure("run_lock", "hv-a")
    assert "unreachable" not in fields
    assert list(fields["no_answer"]) == ["hv-b"]
    assert all(machine.run_lock is None for machine in world.machines.values())


def test_released_gives_every_lock_back(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    assert playbook.run("run_lock", "hv-a", state="released")["changed"] is True
    assert all(machine.run_lock is None for machine in world.machines.values())


@pytest.mark.parametrize("host", ["hv-a", "hv-b"])
def test_released_twice_changes_nothing(playbook: Playbook, host: str) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("run_lock", "hv-a", state="released")
    assert playbook.run("run_lock", host, state="released")["changed"] is False


def test_released_without_a_run_never_touches_a_foreign_lock_and_names_it(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node1").run_lock = Held("99999999-0000-4000-8000-000000000000", 0)
    result = playbook.run("run_lock", "hv-a", state="released")
    assert result["changed"] is False
    assert result["run"] is None
    assert result["holders"][0]["guid"] == "99999999-0000-4000-8000-000000000000"
    assert "stays on node1, it is not this playbook's but held by another coordinator" in playbook.shown[-1]
    assert world.machine("node1").run_lock is not None


def test_released_from_another_process_leaves_the_lock_and_says_whose_it_is(playbook: Playbook, world: FakeWorld) -> None:
    run_id = playbook.run("run_lock", "hv-a")["run"]["run_id"]
    playbook.restart()
    result = playbook.run("run_lock", "hv-a", state="released")
    assert result["changed"] is False
    assert {view["guid"] for view in result["holders"]} == {run_id}
    assert "an hour after its last use" in playbook.shown[-1]
    assert all(machine.run_lock is not None for machine in world.machines.values())


def test_released_without_a_run_says_so_when_a_node_gives_no_answer(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").is_reachable = False
    assert playbook.run("run_lock", "hv-a", state="released")["holders"] == []
    assert "could not be read" in playbook.shown[-1]


def test_acquired_after_release_is_a_new_run(playbook: Playbook) -> None:
    first = playbook.run("run_lock", "hv-a")
    playbook.run("run_lock", "hv-a", state="released")
    assert playbook.run("run_lock", "hv-b")["run"]["run_id"] != first["run"]["run_id"]


def test_renewed_without_a_run_names_the_task_to_use(playbook: Playbook) -> None:
    message, fields = playbook.failure("run_lock", "hv-a", state="renewed")
    assert "run_lock first" in message
    assert fields["outcome"] == "not_done"


def test_renewed_touches_every_lock(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    before = len(world.calls("touch_run_lock"))
    assert playbook.run("run_lock", "hv-b", state="renewed")["changed"] is False
    assert {call.node for call in world.calls("touch_run_lock")[before:]} == set(world.machines)


def test_diff_shows_the_lock_of_each_node(playbook: Playbook) -> None:
    result = playbook.run("run_lock", "hv-a", diff=True)
    assert result["diff"][0]["before"]["run_lock"] == {"node1": None, "node2": None, "node3": None}
    assert set(result["diff"][0]["after"]["run_lock"].values()) == {result["run"]["run_id"]}


def test_line_for_the_user_has_the_columns_of_the_design(playbook: Playbook) -> None:
    run_id = playbook.run("run_lock", "hv-a")["run"]["run_id"]
    assert playbook.shown == [f"[cluster HV01] lock      taken on 3 of 3 nodes, run {run_id[:8]}"]


def test_password_is_in_no_result(playbook: Playbook, world: FakeWorld) -> None:
    world.fault("node2", "create_run_lock", when="refuse", error=RuntimeError(f"said {PASSWORD} aloud"))
    message, fields = playbook.failure("run_lock", "hv-a")
    assert PASSWORD not in message + repr(fields)


def test_lock_taken_after_a_preview_is_a_real_one(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    run_id = playbook.run("run_lock", "hv-a")["run"]["run_id"]
    assert {machine.run_lock and machine.run_lock.guid for machine in world.machines.values()} == {run_id}


def test_joining_costs_one_message_for_each_node_and_two_looks_for_a_request_to_stop(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    before = len(world.log)
    playbook.run("run_lock", "hv-b")
    assert len(world.log) - before == 5


def test_lock_that_aged_out_unclaimed_is_taken_again_after_the_gate(playbook: Playbook, world: FakeWorld) -> None:
    first = playbook.run("run_lock", "hv-a")["run"]["run_id"]
    world.machine("node2").run_lock = None
    looks = len(world.calls("would_lose_quorum"))
    assert playbook.run("run_lock", "hv-b")["run"]["run_id"] == first
    assert world.machine("node2").run_lock is not None
    assert len(world.calls("would_lose_quorum")) > looks


def test_released_beside_a_node_that_is_gone_gives_the_other_locks_back(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    world.machine("node2").is_reachable = False
    message, fields = playbook.failure("run_lock", "hv-a", state="released")
    assert "node2" in message
    assert fields["may_be_left"] == ["node2"]
    assert world.machine("node1").run_lock is None
    assert world.machine("node3").run_lock is None


def test_host_that_works_at_the_same_time_joins_without_a_fact(playbook: Playbook, world: FakeWorld) -> None:
    first = playbook.run("run_lock", "hv-a")
    playbook.hostvars["hv-a"]["ansible_facts"].clear()
    second = playbook.run("run_lock", "hv-b")
    assert second["run"]["run_id"] == first["run"]["run_id"]
    assert second["changed"] is False
    assert second["ansible_facts"]["cluster_aware_updating"]["node"] == "node2"


def test_host_that_works_at_the_same_time_does_not_join_a_released_run(playbook: Playbook) -> None:
    first = playbook.run("run_lock", "hv-a")
    playbook.run("run_lock", "hv-a", state="released")
    playbook.hostvars["hv-a"]["ansible_facts"].clear()
    assert playbook.run("run_lock", "hv-b")["run"]["run_id"] != first["run"]["run_id"]


def test_another_process_never_joins_even_beside_the_same_file(playbook: Playbook, monkeypatch: pytest.MonkeyPatch) -> None:
    playbook.run("run_lock", "hv-a")
    monkeypatch.setattr(_task, "process_identity", lambda: "another process")
    _message, fields = playbook.failure("run_lock", "hv-b")
    assert fields["error"] == "RunLockHeldError"


def test_host_waits_for_another_one_only_so_long(playbook: Playbook, world: FakeWorld) -> None:
    with shared_run("hv01", world.clock, lambda: None):
        message, fields = playbook.failure("run_lock", "hv-a")
    assert "serial: 1" in message
    assert fields["outcome"] == "not_done"
    assert not world.calls(*WRITES)


def test_broken_note_of_a_killed_host_is_none(playbook: Playbook, world: FakeWorld) -> None:
    with shared_run("HV01", world.clock, lambda: None) as shared:
        shared._file.write('{"cluster_aware')
    assert playbook.run("run_lock", "hv-a")["changed"] is True


def test_fact_that_run_once_gives_to_all_hosts_names_the_right_node(playbook: Playbook) -> None:
    facts = playbook.run("run_lock", "hv-a")["ansible_facts"]
    for variables in playbook.hostvars.values():
        variables["ansible_facts"].update(facts)
    assert playbook.run("cluster_node", "hv-b", state="drained")["node"]["name"] == "node2"


def test_node_that_may_be_out_of_service_and_is_has_to_be_left_alone(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").state = NodeState.PAUSED
    assert not playbook.run("run_lock", "hv-a", accept_down=["hv-b", "NODE3"])["run"]["left_alone"]
    assert playbook.run("run_lock", "hv-b")["run"]["left_alone"]
    assert not playbook.run("run_lock", "hv-c")["run"]["left_alone"]
    outcome = playbook.run("node_outcome", "hv-b", state="finished")["outcome"]
    assert outcome["state"] == "left_alone"


def test_node_that_is_out_of_service_refuses_the_lock_without_the_option(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").state = NodeState.PAUSED
    message, _fields = playbook.failure("run_lock", "hv-a")
    assert "node2 is paused" in message
    assert not world.calls("create_run_lock")


def test_lock_is_taken_although_the_file_system_has_no_locks(playbook: Playbook, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert playbook.run("run_lock", "hv-a")["changed"] is True
