# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checker stays green on a good run, and goes red on what happened to the cluster (invariants 1 to 3 and 9)."""

from __future__ import annotations

import pytest

from .invariants import check
from .logbook import NODES, OTHER, RUN, Logbook, good_run, rules, said, started, state, without_event
from .record import RunRecord


def test_good_run_stays_green() -> None:
    assert check(good_run().record()) == []


def test_empty_record_stays_green() -> None:
    assert check(RunRecord()) == []


# --- invariant 1 -------------------------------------------------------------------------------------------------


def test_second_node_drained_while_one_is_out_is_red() -> None:
    log = good_run(between={"install": lambda log: log.drain("NODE2")})
    assert "NODE1 and NODE2 are out of service because of us" in said(log.record())


def test_drain_without_own_session_is_red() -> None:
    log = without_event(good_run(), "node_session_opened", "NODE1")
    assert "drained without a node session of its own" in said(log.record())


def test_drain_while_another_node_has_a_session_is_red() -> None:
    log = good_run(between={"drain": lambda log: log.event("node_session_opened", "NODE2", guid=RUN)})
    assert "drained while NODE2 has a node session" in said(log.record())


def test_work_on_another_node_while_one_is_out_is_red() -> None:
    log = good_run(between={"restart": lambda log: log.event("update_downloaded", "NODE2", update="kb1", result=0)})
    assert "update_downloaded while NODE1 is out of service" in said(log.record())


# --- invariant 2 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["drain", "restart"])
def test_work_while_another_node_is_down_is_red(step: str) -> None:
    assert "while NODE3 is down" in said(good_run(between={step: state("NODE3", "up", "down")}).record())


def test_node_that_the_run_accepts_as_down_is_green() -> None:
    def lose(log: Logbook) -> None:
        state("NODE3", "up", "down")(log)
        log.event("vote_changed", actor="model", votes={"NODE1": 1, "NODE2": 1, "NODE3": 0, "witness": 1})

    log = good_run(between={"drain": lose})
    assert check(log.record(accepted_down=frozenset({"NODE3"}))) == []


def test_node_that_went_down_after_the_last_look_is_no_fault_of_ours() -> None:
    log = Logbook()
    log.take()
    log.drain("NODE1")
    number = next(number for number, entry in enumerate(log.events) if entry["event"] == "pause_requested")
    late = {
        "seq": 0,
        "at": log.events[number]["at"],
        "cluster": "HV01",
        "node": "NODE3",
        "event": "node_state_changed",
        "actor": "scenario",
    }
    log.events.insert(number, late | {"from": "up", "to": "down", "reason": "power"})
    assert "NODE3 is down" not in said(log.record())


@pytest.mark.parametrize("step", ["drain", "restart"])
def test_work_on_an_unhealthy_virtual_disk_is_red(step: str) -> None:
    log = good_run(between={step: lambda log: log.event("virtual_disk_health_changed", actor="scenario", disk="volume1", health=1)})
    assert "while the virtual disk volume1 is warning" in said(log.record())


def test_drain_while_a_repair_runs_is_red() -> None:
    log = good_run(between={"drain": lambda log: log.event("storage_job_started", actor="model", disk="volume1", health=0)})
    assert "while a storage job of volume1 runs" in said(log.record())


def test_drain_without_a_majority_of_votes_left_is_red() -> None:
    log = good_run(between={"drain": lambda log: log.event("vote_changed", actor="model", votes={"NODE1": 1, "NODE2": 1, "NODE3": 0})})
    assert "only 1 of 2 votes remain" in said(log.record())


def test_lost_quorum_is_red() -> None:
    log = good_run(between={"resume": lambda log: log.event("quorum_lost", actor="model", votes={})})
    assert "lost its quorum" in said(log.record())


def test_restart_of_a_node_that_serves_is_red() -> None:
    assert "restarted while it is not paused" in said(good_run(without=frozenset({"drain"})).record())


def test_restart_of_a_node_that_owns_a_group_is_red() -> None:
    moved = {"from": "NODE3", "to": "NODE1", "reason": "moved by hand"}
    log = good_run(between={"restart": lambda log: log.event("group_moved", "NODE1", actor="scenario", group="vm1", **moved)})
    assert "restarted while it owns vm1" in said(log.record())


def test_single_look_before_a_drain_is_red() -> None:
    log = good_run()
    for request in [entry for entry in log.requests if entry["class"] == "MSCluster_Node" and entry["action"] == "Enumerate"][:1]:
        log.requests.remove(request)
    assert "drain after 1 looks" in said(log.record())


# --- invariant 3 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["drain", "install", "restart", "resume"])
def test_work_without_the_lock_on_every_node_is_red(step: str) -> None:
    log = good_run(between={step: lambda log: log.event("run_lock_expired", "NODE2", actor="model", guid=RUN)})
    assert "while NODE2 has no run lock" in said(log.record())


def test_lock_that_ages_out_while_the_request_is_under_way_blames_nobody() -> None:
    log = good_run()
    number = next(number for number, entry in enumerate(log.events) if entry["event"] == "pause_requested")
    # Times have whole seconds here; the last look is of the same second as the request.
    later = {"at": log.events[number + 1]["at"], "event": "run_lock_expired", "actor": "model", "user": None, "guid": RUN}
    log.events.insert(number, log.events[number] | later)
    assert "pause_requested while" not in said(log.record())


def test_work_while_a_node_has_a_foreign_lock_is_red() -> None:
    log = good_run(between={"install": lambda log: log.event("run_lock_taken", "NODE3", actor="scenario", guid=OTHER)})
    assert "while NODE3 has the run lock of another run" in said(log.record())


def test_work_under_another_run_is_red() -> None:
    log = good_run()
    next(event for event in log.events if event["event"] == "install_started")["guid"] = OTHER
    assert f"install_started by {OTHER}" in said(log.record())


def test_session_of_a_run_that_lost_its_lock_is_red() -> None:
    def open_again(log: Logbook) -> None:
        log.event("run_lock_expired", "NODE2", actor="model", guid=RUN)
        log.read_locks()
        log.request("NODE1", "Create", "MSFT_CAUNode")
        log.event("node_session_opened", "NODE1", guid=RUN)

    assert "node_session_opened while NODE2 has no run lock" in said(good_run(between={"install": open_again}).record())


def test_session_of_a_run_under_the_lock_of_another_is_red() -> None:
    def lose(log: Logbook) -> None:
        for name in NODES:
            log.event("run_lock_taken", name, actor="scenario", guid=OTHER)
        log.read_locks()
        log.event("node_session_opened", "NODE1", guid=RUN)

    assert f"node_session_opened by {RUN} while {OTHER} holds the run lock" in said(good_run(between={"install": lose}).record())


def test_lock_that_is_taken_by_force_while_the_request_is_under_way_blames_nobody() -> None:
    log = good_run()
    number = next(number for number, entry in enumerate(log.events) if entry["event"] == "install_started")
    later = {"at": log.events[number + 1]["at"], "event": "run_lock_taken", "actor": "scenario", "user": None, "guid": OTHER}
    log.events[number:number] = [log.events[number] | later | {"node": name} for name in NODES]
    assert "install_started" not in said(log.record())


def add_node(log: Logbook) -> None:
    log.event("node_added", "NODE4", actor="scenario", name="NODE4")
    log.gate()


@pytest.mark.parametrize("step", ["drain", "restart"])
def test_work_beside_a_node_that_was_added_without_lock_is_red(step: str) -> None:
    assert "while NODE4 has no run lock" in said(good_run(between={step: add_node}).record())


def test_resume_beside_a_node_that_was_added_is_green() -> None:
    assert "NODE4" not in said(good_run(between={"resume": add_node}).record())


def stage(log: Logbook) -> None:
    log.event("update_downloaded", "NODE1", update="kb1", result=2)


def lose_the_lock(log: Logbook) -> None:
    for name in NODES:
        log.event("run_lock_taken", name, actor="scenario", guid=OTHER)
    log.read_locks()


def test_download_under_the_lock_of_another_is_red_unless_the_session_is_older() -> None:
    def begin_late(log: Logbook) -> None:
        lose_the_lock(log)
        log.event("node_session_opened", "NODE1", guid=RUN)
        stage(log)

    def go_on(log: Logbook) -> None:
        lose_the_lock(log)
        stage(log)

    assert "update_downloaded while the node session" in said(good_run(between={"install": begin_late}).record())
    assert "update_downloaded" not in said(good_run(between={"install": go_on}).record())


def test_node_that_was_evicted_is_out_of_service_no_more() -> None:
    def evict(log: Logbook) -> None:
        log.event("node_evicted", "NODE1", actor="scenario", name="NODE1")
        log.drain("NODE3")

    log = good_run(between={"give_back": evict}, without=frozenset({"install", "restart", "resume"}))
    assert "at the same moment" not in said(log.record())


def test_session_of_a_preview_needs_no_lock() -> None:
    log = Logbook()
    log.event("model_started", actor="model", **started())
    log.request("NODE1", "Create", "MSFT_CAUNode")
    log.event("node_session_opened", "NODE1", guid=OTHER)
    log.event("node_session_closed", "NODE1", guid=OTHER)
    assert check(log.record()) == []


def test_lock_that_is_not_read_again_is_red() -> None:
    log = good_run()
    install = next(number for number, entry in enumerate(log.requests) if entry["method"] == "InstallUpdates")
    del log.requests[install - 1]
    assert "not read again on NODE3 before the install" in said(log.record())


def test_other_registry_write_without_the_lock_is_red() -> None:
    log = Logbook()
    log.event("model_started", actor="model", **started())
    log.event("registry_written", "NODE1", key=r"HKLM\SOFTWARE\Else", values={"a": 1})
    assert "3" in rules(log.record())


# --- invariant 9 -------------------------------------------------------------------------------------------------


def offline(log: Logbook) -> None:
    log.event(
        "group_state_changed", "NODE3", actor="model", user="svc", group="vm1", **{"from": "online", "to": "offline", "reason": "drain"}
    )


def test_group_that_goes_offline_while_a_node_is_out_is_red() -> None:
    log = good_run(between={"restart": offline})
    assert "the group vm1 went offline while NODE1 was out of service" in said(log.record())
    assert "the group vm1 was left offline" in said(log.record())


def test_group_that_the_run_may_take_offline_is_green() -> None:
    assert check(good_run(between={"restart": offline}).record(accepted_offline=frozenset({"vm1"}))) == []


def test_restart_without_a_drain_is_red() -> None:
    log = without_event(good_run(), "drain_completed", "NODE1")
    assert "restarted without a completed drain" in said(log.record())
