# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task node_outcome: what follows from how a node ended."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint

from ..fakes.world import FakeWorld
from .playbook import Playbook

ERROR = {"msg": "node1: install: KB1 failed.", "error": "UpdatesFailedError", "installed_update_count": 2}


def join(playbook: Playbook, *hosts: str) -> None:
    for host in hosts:
        playbook.run("run_lock", host)


def test_finished_node_without_updates_had_nothing_to_do(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    result = playbook.run("node_outcome", "hv-a", state="finished")
    assert result["outcome"]["state"] == "nothing_to_do"
    assert result["run_ends"] is False


def test_running_table_stands_after_each_node_but_the_last(playbook: Playbook) -> None:
    for host in ("hv-b", "hv-c", "hv-a"):
        join(playbook, host)
        playbook.run("node_outcome", host, state="finished")
    tables = [text for text in playbook.shown if " to come" in text]
    assert [text.partition("status")[2].split() for text in tables] == [
        ["1", "done,", "0", "failed,", "2", "to", "come", "node2", "nothing", "to", "do", "node3", "next", "node1", "to", "come"],
        ["2", "done,", "0", "failed,", "1", "to", "come", "node2", "nothing", "to", "do", "node3", "nothing", "to", "do", "node1", "next"],
    ]


def test_last_node_ends_the_run(playbook: Playbook) -> None:
    for host in ("hv-a", "hv-b", "hv-c"):
        join(playbook, host)
        result = playbook.run("node_outcome", host, state="finished")
    assert result["run_ends"] is True
    assert result["is_last"] is True
    assert playbook.shown[-1] == "HV01  node1 nothing to do | node2 nothing to do | node3 nothing to do"


def test_last_node_of_a_limited_play_ends_the_run(playbook: Playbook) -> None:
    playbook.play_hosts = ["hv-b"]
    join(playbook, "hv-b")
    assert playbook.run("node_outcome", "hv-b", state="finished")["run_ends"] is True


def test_failed_node_that_serves_counts_against_the_budget(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    result = playbook.run("node_outcome", "hv-a", state="failed", error=ERROR)
    assert result["outcome"]["state"] == "failed"
    assert result["outcome"]["updates"] == 2
    assert result["run_ends"] is False


def test_node_over_the_budget_ends_the_run(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    result = playbook.run("node_outcome", "hv-a", state="failed", error=ERROR, max_failed_nodes=0)
    assert result["run_ends"] is True


def test_node_that_stays_paused_is_left_out_and_ends_the_run(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    result = playbook.run("node_outcome", "hv-a", state="failed", error=ERROR)
    assert result["outcome"]["state"] == "left_out"
    assert result["run_ends"] is True


def test_node_left_out_keeps_its_journal_after_the_release(playbook: Playbook, world: FakeWorld) -> None:
    join(playbook, "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    playbook.run("node_outcome", "hv-a", state="failed", error=ERROR)
    playbook.run("run_lock", "hv-a", state="released")
    assert all(machine.run_lock is None for machine in world.machines.values())
    assert "KB1 failed" in repr(world.machine("node1").registry)


def test_node_that_nobody_sees_is_left_out(playbook: Playbook, world: FakeWorld) -> None:
    join(playbook, "hv-a")
    for machine in world.machines.values():
        machine.is_reachable = False
    assert playbook.run("node_outcome", "hv-a", state="failed", error=ERROR)["outcome"]["state"] == "left_out"


def test_lost_lock_ends_the_run_whatever_the_budget(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    result = playbook.run("node_outcome", "hv-a", state="failed", error={"msg": "lost", "error": "RunLockLostError"}, max_failed_nodes=2)
    assert result["run_ends"] is True


def test_concluded_fails_after_a_failed_run(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    playbook.run("node_outcome", "hv-a", state="failed", error=ERROR, max_failed_nodes=0)
    playbook.run("run_lock", "hv-a", state="released")
    message, fields = playbook.failure("node_outcome", "hv-a", state="concluded")
    assert "HV01: node1 failed: node1: install: KB1 failed; the report is " in message
    assert fields["error"] == "RunFailedError"


def test_concluded_passes_while_the_run_goes_on(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    playbook.run("node_outcome", "hv-a", state="failed", error=ERROR)
    assert playbook.run("node_outcome", "hv-a", state="concluded")["play_ends"] is False


def test_concluded_fails_at_the_last_node_when_an_earlier_one_failed(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    playbook.run("node_outcome", "hv-a", state="failed", error=ERROR)
    for host in ("hv-b", "hv-c"):
        join(playbook, host)
        playbook.run("node_outcome", host, state="finished")
    playbook.run("run_lock", "hv-c", state="released")
    message, _fields = playbook.failure("node_outcome", "hv-c", state="concluded")
    assert "node1" in message


def test_concluded_names_a_lock_that_was_not_given_back(playbook: Playbook) -> None:
    for host in ("hv-a", "hv-b", "hv-c"):
        join(playbook, host)
        playbook.run("node_outcome", host, state="finished")
    message, _fields = playbook.failure("node_outcome", "hv-c", state="concluded")
    assert "run lock of HV01 was not given back" in message


def test_host_that_could_not_join_fails_the_play(playbook: Playbook) -> None:
    playbook.run("node_outcome", "hv-a", state="failed", error={"msg": "the lock is held"})
    message, _fields = playbook.failure("node_outcome", "hv-a", state="concluded")
    assert "the lock is held" in message


def test_host_of_an_ended_run_is_told_so_and_takes_no_lock(playbook: Playbook, world: FakeWorld) -> None:
    join(playbook, "hv-a")
    playbook.run("node_outcome", "hv-a", state="failed", error=ERROR, max_failed_nodes=0)
    playbook.run("run_lock", "hv-a", state="released")
    assert playbook.run("run_lock", "hv-b")["run"]["ended"] is True
    assert all(machine.run_lock is None for machine in world.machines.values())


def test_next_play_may_begin_a_new_run(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    playbook.run("node_outcome", "hv-a", state="failed", error=ERROR, max_failed_nodes=0)
    playbook.run("run_lock", "hv-a", state="released")
    playbook.new_play()
    assert playbook.run("run_lock", "hv-b")["changed"] is True


def test_finished_in_check_mode_writes_nothing(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    playbook.run("node_outcome", "hv-a", state="finished", check=True)
    assert not world.calls("set_text", "create_key", "set_number")


def test_failure_that_all_hosts_have_in_common_is_told_once(playbook: Playbook) -> None:
    for host in ("hv-a", "hv-b", "hv-c"):
        playbook.run("node_outcome", host, state="failed", error={"reason": "the lock is held"})
    message, _fields = playbook.failure("node_outcome", "hv-c", state="concluded")
    assert "hv-a, hv-b, hv-c failed: the lock is held." in message
    assert message.count("the lock is held") == 1


def test_node_that_serves_with_a_restart_pending_is_told(playbook: Playbook, world: FakeWorld) -> None:
    join(playbook, "hv-a")
    key = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"
    playbook._open_node(Endpoint(name="hv-a", url="http://hv-a:5985/wsman", auth="ntlm"), world.clock).registry.create_key(key)
    reason = playbook.run("node_outcome", "hv-a", state="failed", error=ERROR)["outcome"]["reason"]
    assert reason.endswith("; it serves with a restart pending (Component Based Servicing (RebootPending))")


class TestTwoClusters:
    """Two clusters in one play: the end of one must not leave the lock of the other behind."""

    @pytest.fixture
    def other(self) -> FakeWorld:
        return FakeWorld("FS01", ["fs1", "fs2"])

    @pytest.fixture
    def both(self, world: FakeWorld, other: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> Playbook:
        return Playbook([world, other], {"hv-a": "node1", "fs-a": "fs1", "hv-b": "node2", "fs-b": "fs2", "hv-c": "node3"}, monkeypatch)

    def test_failed_run_does_not_end_the_play_while_the_other_goes_on(self, both: Playbook) -> None:
        join(both, "hv-a", "fs-a")
        both.run("node_outcome", "hv-a", state="failed", error=ERROR, max_failed_nodes=0)
        both.run("run_lock", "hv-a", state="released")
        assert both.run("node_outcome", "hv-a", state="concluded")["play_ends"] is False

    def test_failure_comes_out_when_the_other_run_has_ended(self, both: Playbook) -> None:
        join(both, "hv-a", "fs-a", "fs-b")
        both.run("node_outcome", "hv-a", state="failed", error=ERROR, max_failed_nodes=0)
        both.run("run_lock", "hv-a", state="released")
        for host in ("fs-a", "fs-b"):
            both.run("node_outcome", host, state="finished")
        both.run("run_lock", "fs-b", state="released")
        message, _fields = both.failure("node_outcome", "fs-b", state="concluded")
        assert "HV01: node1 failed" in message

    def test_cluster_that_could_not_be_locked_does_not_end_the_play_while_the_other_goes_on(self, both: Playbook) -> None:
        join(both, "hv-a")
        both.run("node_outcome", "fs-a", state="failed", error={"msg": "the lock is held"})
        assert both.run("node_outcome", "fs-a", state="concluded")["play_ends"] is False

    def test_run_with_turns_fails_by_itself_while_the_other_goes_on(self, both: Playbook) -> None:
        join(both, "hv-a", "fs-a")
        turns = ["hv-a", "hv-b", "hv-c"]
        both.run("node_outcome", "hv-a", state="failed", error=ERROR, max_failed_nodes=0, turns=turns)
        both.run("run_lock", "hv-a", state="released")
        message, _fields = both.failure("node_outcome", "hv-a", state="concluded", turns=turns)
        assert "HV01: node1 failed" in message

    def test_run_with_turns_does_not_fail_for_the_other(self, both: Playbook) -> None:
        join(both, "hv-a", "fs-a")
        turns = ["fs-a", "fs-b"]
        both.run("node_outcome", "hv-a", state="failed", error=ERROR, max_failed_nodes=0)
        for host in turns:
            both.run("node_outcome", host, state="finished", turns=turns)
        both.run("run_lock", "fs-a", state="released")
        assert both.run("node_outcome", "fs-a", state="concluded", turns=turns)["succeeded"] is True


def test_turns_count_instead_of_the_hosts_of_the_play(playbook: Playbook) -> None:
    playbook.play_hosts = ["hv-a"]
    turns = ["hv-a", "hv-b"]
    join(playbook, "hv-a")
    assert playbook.run("node_outcome", "hv-a", state="finished", turns=turns)["run_ends"] is False
    assert playbook.run("node_outcome", "hv-b", state="finished", turns=turns)["run_ends"] is True


def test_run_that_came_to_no_end_is_a_failure_when_its_turns_are_over(playbook: Playbook) -> None:
    join(playbook, "hv-a")
    playbook.run("node_outcome", "hv-a", state="finished", turns=["hv-a", "hv-b"])
    message, _fields = playbook.failure("node_outcome", "hv-a", state="concluded", turns=["hv-a", "hv-b"])
    assert "the run of HV01 did not come to its end" in message


def test_turns_without_any_run_are_a_failure(playbook: Playbook) -> None:
    message, _fields = playbook.failure("node_outcome", "hv-a", state="concluded", turns=["hv-a"])
    assert "no run was begun" in message
