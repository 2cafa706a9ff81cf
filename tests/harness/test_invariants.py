# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checker stays green on a good run, and goes red on a run that breaks one rule."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from .invariants import check
from .logbook import JOURNAL, RUN, SECRET, Logbook, Step, at, good_run, started
from .record import RunRecord

OTHER = "99999999-0000-4000-8000-000000000001"


def rules(record: RunRecord) -> set[str]:
    return {violation.rule for violation in check(record)}


def said(record: RunRecord) -> str:
    return "\n".join(str(violation) for violation in check(record))


def state(node: str, before: str, after: str) -> Step:
    return lambda log: log.event("node_state_changed", node, actor="scenario", **{"from": before, "to": after, "reason": "power"})


def without_event(log: Logbook, event: str, node: str) -> Logbook:
    log.events = [entry for entry in log.events if not (entry["event"] == event and entry["node"] == node)]
    return log


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


def test_work_while_a_node_has_a_foreign_lock_is_red() -> None:
    log = good_run(between={"install": lambda log: log.event("run_lock_taken", "NODE3", actor="scenario", guid=OTHER)})
    assert "while NODE3 has the run lock of another run" in said(log.record())


def test_work_under_another_run_is_red() -> None:
    log = good_run()
    next(event for event in log.events if event["event"] == "install_started")["guid"] = OTHER
    assert f"install_started by {OTHER}" in said(log.record())


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


# --- invariant 4 -------------------------------------------------------------------------------------------------


def lost_install(*evidence: str, outcome: str = "dropped_after") -> Logbook:
    def first(log: Logbook) -> None:
        log.read_locks()
        log.request("NODE1", "Invoke", "MSFT_CAUNode", "InstallUpdates", arguments={"QueryString": "kb1"}, outcome=outcome)
        for word in evidence:
            if word == "scan":
                log.request("NODE1", "Invoke", "MSFT_CAUNode", "ScanUpdates")
            else:
                log.request("NODE1", "Enumerate", word)

    return good_run(between={"install": first})


def test_repeated_install_without_evidence_is_red() -> None:
    assert "without two scans or reading its processes" in said(lost_install("scan").record())


def test_repeated_install_with_evidence_is_green() -> None:
    assert check(lost_install("Win32_Process", "scan", "scan").record()) == []


def test_repeated_install_after_a_definite_answer_is_green() -> None:
    assert check(lost_install(outcome="fault 2150859250").record()) == []


@pytest.mark.parametrize(
    ("step", "method", "class_name"), [("drain", "Pause", "MSCluster_Node"), ("restart", "Reboot", "Win32_OperatingSystem")]
)
def test_repeated_request_without_evidence_is_red(step: str, method: str, class_name: str) -> None:
    log = Logbook()
    log.take()
    getattr(log, "drain" if step == "drain" else "install")("NODE1")
    for outcome in ("silent", "answered"):
        log.request("NODE1", "Invoke", class_name, method, outcome=outcome)
    assert f"the {step} was sent again" in said(log.record())


def test_replay_of_a_running_operation_is_no_repetition() -> None:
    log = good_run()
    number = next(number for number, entry in enumerate(log.requests) if entry["method"] == "InstallUpdates")
    log.requests[number]["outcome"] = "silent"
    log.requests.insert(number + 1, log.requests[number] | {"outcome": "answered", "replay": True})
    assert check(log.record()) == []


def test_same_operation_id_is_no_repetition() -> None:
    log = good_run()
    number = next(number for number, entry in enumerate(log.requests) if entry["method"] == "InstallUpdates")
    log.requests[number] |= {"outcome": "dropped_before", "operation_id": "uuid:1"}
    log.requests.insert(number + 1, log.requests[number] | {"outcome": "answered"})
    assert check(log.record()) == []


def test_overlapping_installations_are_red() -> None:
    log = without_event(good_run(between={"restart": lambda log: log.install("NODE1", "kb2")}), "install_ended", "NODE1")
    assert "begun while another one was running" in said(log.record())


def test_second_drain_of_a_drained_node_is_red() -> None:
    log = good_run(between={"install": lambda log: log.event("pause_requested", "NODE1", drain_type=1)})
    assert "a second drain" in said(log.record())


def test_second_restart_is_red() -> None:
    log = good_run(between={"restart": lambda log: log.event("restart_requested", "NODE1", reason_code=1)})
    assert "a second restart" in said(log.record())


# --- invariant 5 -------------------------------------------------------------------------------------------------


def test_resume_of_a_node_that_somebody_else_paused_is_red() -> None:
    log = good_run(without=frozenset({"drain", "install", "restart"}))
    paused = started()
    paused["nodes"]["NODE1"] |= {"state": "paused", "paused_by": {"actor": "scenario"}}
    log.events[0] |= paused
    assert "resume_requested on a node that somebody else paused" in said(log.record())


def test_paused_node_that_nobody_names_is_red() -> None:
    log = good_run(without=frozenset({"resume"}))
    log.outputs["screen"] = "fatal: something failed"
    assert "left out of service and not named" in said(log.record())


def test_paused_node_without_journal_is_red() -> None:
    log = good_run(without=frozenset({"resume"}))
    log.outputs["screen"] = "fatal: NODE1 was left paused: it did not come back"
    assert "left out of service without a journal entry" in said(log.record())


# --- invariant 6 -------------------------------------------------------------------------------------------------


def test_lock_before_the_journal_is_red() -> None:
    log = good_run()
    entry = next(event for event in log.events if event["event"] == "registry_written" and event["node"] == "NODE2")
    log.events.remove(entry)
    assert "taken before its journal entry stood there" in said(log.record())


def test_journal_removed_before_the_lock_is_red() -> None:
    log = good_run(between={"give_back": lambda log: log.event("registry_deleted", "NODE3", key=JOURNAL, values=["Heartbeat"])})
    assert "the journal entry went before the run lock" in said(log.record())


def test_drain_with_a_single_journal_copy_is_red() -> None:
    log = good_run()
    log.events = [event for event in log.events if not (event["node"] == "NODE2" and str(event.get("key")).endswith(r"\NODE1"))]
    assert "the journal of the node stands on NODE1" in said(log.record())


def test_killed_controller_without_a_second_run_is_red() -> None:
    log = good_run()
    log.controller[-1] |= {"event": "controller_killed"}
    assert "none ran after it" in said(log.record())


def test_failure_without_a_word_is_red() -> None:
    log = good_run()
    log.controller[-1] |= {"exit_code": 2}
    assert "does not say why" in said(log.record())


# --- invariant 7 -------------------------------------------------------------------------------------------------


def test_success_with_a_failed_update_is_red() -> None:
    log = good_run(between={"restart": lambda log: log.event("update_failed", "NODE1", update="kb9", revision=1, hresult=1)})
    assert "success although the update kb9 failed" in said(log.record())


def test_success_while_something_is_still_offered_is_red() -> None:
    log = good_run()
    next(event for event in log.events if event["event"] == "scan")["offered"] = [{"update": "kb9", "revision": 1}]
    assert "although kb9 is still offered" in said(log.record())
    assert check(log.record(left_out=frozenset({"kb9"}))) == []


def test_success_with_a_node_down_is_red() -> None:
    assert "success although the node is down" in said(good_run(between={"give_back": state("NODE3", "up", "down")}).record())


def test_success_while_an_installation_runs_is_red() -> None:
    log = without_event(good_run(without=frozenset({"restart"})), "install_ended", "NODE1")
    assert "an installation still runs" in said(log.record())


def test_check_mode_that_changes_something_is_red() -> None:
    assert "check mode did something: run_lock_taken" in said(good_run().record(is_check_mode=True))


# --- invariant 8 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        SECRET.replace("&", "&amp;").replace('"', "&quot;"),
        SECRET.replace('"', '\\"'),
        base64.b64encode(f"{SECRET}".encode("utf-16-le")).decode(),
        base64.b64encode(SECRET.encode()).decode(),
        SECRET.encode().hex(),
    ],
)
def test_secret_in_an_output_is_red(text: str) -> None:
    log = good_run()
    log.outputs["result.json"] = f"before {text} after"
    assert rules(log.record()) == {"8"}


def test_secret_in_a_log_is_red() -> None:
    log = good_run()
    log.requests[0]["arguments"] = {"Parameters": f"/password:{SECRET}"}
    assert rules(log.record()) == {"8"}


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


# --- once, clean -------------------------------------------------------------------------------------------------


def test_update_that_was_installed_twice_is_red() -> None:
    log = good_run(between={"restart": lambda log: log.install("NODE1")})
    assert "the update kb1 was installed 2 times" in said(log.record())


@pytest.mark.parametrize(
    ("event", "text"),
    [("run_lock_released", "was not released"), ("node_session_closed", "was not closed"), ("registry_deleted", "was not removed")],
)
def test_anything_left_behind_is_red(event: str, text: str) -> None:
    assert text in said(without_event(good_run(), event, "NODE1").record())


def test_foreign_clients_are_not_judged() -> None:
    log = good_run()
    for entry in (*log.events, *log.requests):
        entry["user"] = "somebody"
    assert check(replace(log.record(users=frozenset({"svc"})), secrets=())) == []


def test_time_of_a_violation_is_told() -> None:
    violation = check(good_run(between={"drain": state("NODE3", "up", "down")}).record())[0]
    assert (violation.rule, violation.node, violation.at is not None) == ("2", "NODE1", True)
    assert at(0).endswith("Z")
