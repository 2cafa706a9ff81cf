# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checker goes red on how a run ended and what it left and said (invariants 5 to 8)."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from .invariants import check
from .logbook import JOURNAL, RUN, SECRET, Logbook, at, good_run, rules, said, started, state, without_event

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


def test_copy_on_a_node_that_was_evicted_while_the_request_was_under_way_counts() -> None:
    log = good_run()
    number = next(number for number, entry in enumerate(log.events) if entry["event"] == "pause_requested")
    # Times have whole seconds here; the last look is of the same second as the request.
    later = {"at": log.events[number + 1]["at"], "event": "node_evicted", "node": "NODE2", "actor": "scenario", "user": None}
    log.events.insert(number, log.events[number] | later)
    assert "pause_requested: the journal" not in said(log.record())


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


def test_success_without_the_updates_of_a_node_that_was_evicted_is_green() -> None:
    def evict(log: Logbook) -> None:
        log.event("scan", "NODE2", guid=RUN, query="IsInstalled=0", offered=["kb1"])
        log.event("node_evicted", "NODE2", actor="scenario", name="NODE2")

    assert "still offered" not in said(good_run(between={"give_back": evict}).record())


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


def test_update_that_was_offered_again_may_be_installed_again() -> None:
    log = good_run()
    installed = next(entry for entry in log.events if entry["event"] == "update_installed")
    number = log.events.index(installed)
    log.events[number + 1 : number + 1] = [installed | {"event": "update_offered_again"}, dict(installed)]
    assert "installed 2 times" not in said(log.record())


@pytest.mark.parametrize(
    "what", [{"event": "node_evicted"}, {"event": "node_state_changed", "from": "up", "to": "paused", "reason": "paused by hand"}]
)
def test_journal_may_stay_for_a_node_that_does_not_serve(what: dict[str, str]) -> None:
    log = good_run(between={"give_back": lambda log: log.event(**what, node="NODE3", actor="scenario")})
    log = without_event(log, "registry_deleted", "NODE1")
    assert "was not removed" not in said(log.record())


def test_foreign_clients_are_not_judged() -> None:
    log = good_run()
    for entry in (*log.events, *log.requests):
        entry["user"] = "somebody"
    assert check(replace(log.record(users=frozenset({"svc"})), secrets=())) == []


def test_time_of_a_violation_is_told() -> None:
    violation = check(good_run(between={"drain": state("NODE3", "up", "down")}).record())[0]
    assert (violation.rule, violation.node, violation.at is not None) == ("2", "NODE1", True)
    assert at(0).endswith("Z")
