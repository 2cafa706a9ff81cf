# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checker goes red on what was sent twice (invariant 4)."""

from __future__ import annotations

import pytest

from .invariants import check
from .logbook import RUN, Logbook, good_run, said, without_event


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


def began(log: Logbook, what: str, **fields: object) -> Logbook:
    """Let the first request of what the log repeats have had an effect; its own events are left out."""
    first = next(entry for entry in log.requests if entry["outcome"] not in {"answered", None})
    log.events.append({"seq": 0, "at": first["at"], "cluster": "HV01", "node": "NODE1", "event": what, "actor": "model"} | fields)
    log.events[-1]["request"] = first["seq"]
    return log


@pytest.mark.parametrize("outcome", ["fault 2150859174", "fault 2150858817", "fault 5", "fault 2150858752", None])
def test_repeated_install_after_one_that_began_is_red_whatever_its_fault_says(outcome: str | None) -> None:
    log = began(lost_install("scan", outcome=outcome or "none"), "install_started", guid=RUN, updates=["kb1"])
    assert "the install was sent again" in said(log.record())


def test_repeated_install_after_one_that_began_is_green_with_evidence() -> None:
    log = began(lost_install("Win32_Process", "scan", "scan", outcome="fault 2150859174"), "install_started", guid=RUN, updates=["kb1"])
    assert "was sent again" not in said(log.record())


def test_repeated_part_of_a_batch_that_began_is_red() -> None:
    log = lost_install(outcome="fault 2150859174")
    next(entry for entry in log.requests if entry["outcome"] != "answered")["arguments"] = {"QueryString": "kb1 or kb2"}
    assert "the install was sent again" not in said(log.record())
    assert "the install was sent again" in said(began(log, "install_started", guid=RUN, updates=["kb1", "kb2"]).record())


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


@pytest.mark.parametrize(
    ("step", "class_name", "method", "event"),
    [
        ("drain", "MSCluster_Node", "Pause", "drain_started"),
        ("resume", "MSCluster_Node", "Resume", "resumed"),
        ("restart", "Win32_OperatingSystem", "Win32ShutdownTracker", "restart_requested"),
        ("install", "MSFT_CAUNode", "RunUpdateInstaller", "installer_started"),
    ],
)
def test_repeated_request_after_one_that_began_is_red(step: str, class_name: str, method: str, event: str) -> None:
    log = Logbook()
    log.take()
    for outcome in ("fault 2150859174", "answered"):
        log.request("NODE1", "Invoke", class_name, method, outcome=outcome)
    assert "was sent again" not in said(log.record())
    assert f"the {step} was sent again" in said(began(log, event).record())


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
