# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import threading
import typing as t

import pytest

from simulator.cim import Exchange, FaultAction, FaultStyle
from simulator.model.events import FIELDS
from simulator.model.full_state import full_state
from simulator.model.state import Cause, NodeState
from simulator.model.storage import finish_repair
from simulator.scenario.interception import ScenarioInterceptor, changes_state

from .lab import CLUSTER, GUID, UPDATE, Lab, two_nodes

ONE_UPDATE = [{"title": "KB5000001", "download_seconds": 2, "install_seconds": 20, "restart": "required"}]


def exchange(operation: str, node: str = "N1", seq: int = 1) -> Exchange:
    action, _space, target = operation.partition(" ")
    name, _dot, method = target.partition(".")
    return Exchange(seq, "LAB", node, "admin", action, name or None, method or None, {}, {})


def with_faults(*faults: dict[str, t.Any], **changes: object) -> Lab:
    return Lab(two_nodes(**changes) | {"faults": list(faults)})


def test_snapshot_holds_jobs_in_flight_and_time() -> None:
    lab = Lab(two_nodes(updates=ONE_UPDATE))
    lab.create("N1", "MSFT_CAUNode", GUID)
    lab.start_work("N1", "InstallUpdates")
    lab.model.advance(10)
    saved, at = lab.model.snapshot(), lab.model.now
    lab.model.advance(60)
    first = full_state(lab.cluster)
    lab.model.restore(saved)
    assert lab.model.now == lab.clock.now() == at
    assert lab.node("N1").installing_job is not None
    lab.model.advance(60)
    assert full_state(lab.cluster) == first


def test_restore_tells_who_is_reachable() -> None:
    lab = Lab(two_nodes())
    saved = lab.model.snapshot()
    lab.act("power_off", node="N1")
    told: dict[str, bool] = {}
    lab.model.on_reachable.append(told.__setitem__)
    lab.model.restore(saved)
    assert told == {"N1": True, "N2": True}


def run_of(seed: int) -> list[dict[str, t.Any]]:
    lab = Lab(two_nodes(updates=ONE_UPDATE, timings={"jitter": 0.3}), seed)
    lab.work("N1", "InstallUpdates")
    lab.restart("N1")
    lab.model.advance(600)
    return lab.events()


def test_same_seed_gives_the_same_story_and_another_one_another() -> None:
    assert run_of(1) == run_of(1)
    assert run_of(1) != run_of(2)


def test_pump_makes_things_happen_when_nobody_asks() -> None:
    lab = Lab(two_nodes())
    lab.clock.rate = 1000.0
    drained = threading.Event()
    lab.model.events.listeners.append(lambda entry: drained.set() if entry["event"] == "drain_completed" else None)
    lab.model.start()
    try:
        lab.pause("N1")
        assert drained.wait(10)
    finally:
        lab.model.stop()


def test_listener_of_a_job_is_woken_by_its_output() -> None:
    lab = Lab(two_nodes(updates=ONE_UPDATE))
    lab.clock.rate = 1000.0
    lab.model.start()
    try:
        lab.create("N1", "MSFT_CAUNode", GUID)
        job = lab.start_work("N1", "ScanUpdates")
        outputs = [job.next(10) for _number in range(3)]
        assert [type(output).__name__ for output in outputs] == ["ProgressReport", "Streamed", "Reply"]
    finally:
        lab.model.stop()


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("Get MSFT_CAURun", False),
        ("Enumerate Win32_Service", False),
        ("Create MSFT_CAURun", True),
        ("Delete MSFT_CAUNode", True),
        ("Invoke MSCluster_Node.Pause", True),
        ("Invoke MSCluster_Node.WillOfflineLoseQuorum", False),
        ("Invoke StdRegProv.GetStringValue", False),
        ("Invoke StdRegProv.SetStringValue", True),
        ("Invoke MSFT_CAUNode.ScanUpdates", False),
        ("Invoke MSFT_CAUNode.InstallUpdates", True),
    ],
)
def test_requests_that_change_state_are_known(operation: str, changes: bool) -> None:
    assert changes_state(exchange(operation)) is changes


def test_wire_fault_plays_for_its_node_operation_and_count() -> None:
    lab = with_faults({"action": "drop_after", "node": "N1", "operation": "Invoke *.Pause", "after": 1, "times": 2})
    interceptor = ScenarioInterceptor(lab.model)
    pause = exchange("Invoke MSCluster_Node.Pause")
    assert interceptor.before(exchange("Invoke MSCluster_Node.Pause", "N2")) is None
    assert interceptor.before(exchange("Invoke MSCluster_Node.Resume")) is None
    played = [interceptor.before(pause) for _number in range(4)]
    assert [fault.action if fault else None for fault in played] == [None, FaultAction.DROP_AFTER, FaultAction.DROP_AFTER, None]
    assert [entry["operation"] for entry in lab.events("fault_played")] == ["Invoke MSCluster_Node.Pause"] * 2


def test_fault_answers_carry_their_code_and_style() -> None:
    lab = with_faults({"action": "late_fault", "code": "0x80041001", "style": "wmi_error", "cim_status": 1}, {"action": "quota"})
    interceptor = ScenarioInterceptor(lab.model)
    late, quota = interceptor.before(exchange("Get X")), interceptor.before(exchange("Get X"))
    assert late is not None
    assert late.fault is not None
    assert (late.action, late.fault.code, late.fault.style) == (FaultAction.LATE_FAULT, 0x80041001, FaultStyle.WMI_ERROR)
    assert quota is not None
    assert quota.fault is not None
    assert (quota.action, quota.fault.code) == (FaultAction.FAULT, 2150859174)


def test_restored_snapshot_plays_a_fault_again() -> None:
    lab = with_faults({"action": "drop_before"})
    interceptor = ScenarioInterceptor(lab.model)
    saved = lab.model.snapshot()
    assert interceptor.before(exchange("Get X"))
    assert interceptor.before(exchange("Get X")) is None
    lab.model.restore(saved)
    assert interceptor.before(exchange("Get X"))


def held(lab: Lab, spec: dict[str, t.Any], after: bool) -> tuple[ScenarioInterceptor, t.Any, list[object], threading.Thread]:
    interceptor = ScenarioInterceptor(lab.model)
    hold = interceptor.holds.set(spec)
    outcome: list[object] = []

    def request() -> None:
        one = exchange("Create MSFT_CAURun", seq=7)
        outcome.append(interceptor.before(one))
        if after:
            interceptor.after(one)
            outcome.append("after")

    thread = threading.Thread(target=request)
    thread.start()
    assert hold.reached.wait(10)
    return interceptor, hold, outcome, thread


def test_hold_before_stops_the_request_until_released() -> None:
    interceptor, hold, outcome, thread = held(Lab(two_nodes()), {"when": "before"}, after=False)
    assert outcome == []
    assert hold.exchange.operation == "Create MSFT_CAURun"
    assert interceptor.holds.release(hold.number) == 1
    thread.join(10)
    assert outcome == [None]


def test_hold_before_can_drop_the_request() -> None:
    interceptor, _hold, outcome, thread = held(Lab(two_nodes()), {}, after=False)
    interceptor.holds.release(drops=True)
    thread.join(10)
    assert [getattr(fault, "action", None) for fault in outcome] == [FaultAction.DROP_BEFORE]


def test_hold_after_lets_the_effect_happen() -> None:
    interceptor, _hold, outcome, thread = held(Lab(two_nodes()), {"when": "after"}, after=True)
    assert outcome == [None]
    interceptor.holds.release()
    thread.join(10)
    assert outcome == [None, "after"]


def test_hold_counts_only_requests_that_change_state() -> None:
    interceptor = ScenarioInterceptor(Lab(two_nodes()).model)
    hold = interceptor.holds.set({"nth": 2})
    for operation in ("Get X", "Create X", "Enumerate X"):
        assert interceptor.before(exchange(operation)) is None
    assert (hold.left, hold.reached.is_set()) == (1, False)


def test_node_with_the_fault_does_not_return_from_its_restart() -> None:
    lab = with_faults({"model": "no_return", "node": "N1"})
    lab.restart("N1")
    lab.model.advance(4000)
    assert lab.events("node_up") == []
    assert lab.events("fault_played")[0]["operation"] == "restart"


def test_restart_takes_as_long_as_the_fault_says() -> None:
    lab = with_faults({"model": "restart_takes", "node": "N1", "seconds": 1200})
    lab.restart("N1")
    lab.model.advance(1200)
    assert lab.events("node_up") == []
    lab.model.advance(10)
    assert lab.events("node_up")


def test_drain_fails_once_with_the_fault() -> None:
    lab = with_faults({"model": "drain_fails", "node": "N1", "group": "VM1"})
    lab.pause("N1")
    lab.model.advance(30)
    assert lab.events("drain_failed")[0]["groups_left"] == ["VM1"]
    lab.pause("N1")
    lab.model.advance(30)
    assert lab.events("drain_completed")


def test_foreign_lock_stands_from_the_beginning() -> None:
    lab = with_faults({"model": "foreign_lock", "node": "N2"})
    lab.model.advance(0)
    assert lab.rows("N1", UPDATE, "MSFT_CAURun") == []
    assert lab.rows("N2", UPDATE, "MSFT_CAURun")
    assert lab.events("run_lock_taken")[0]["actor"] == "scenario"


def test_fault_with_a_trigger_waits_for_its_event() -> None:
    lab = with_faults({"model": "lock_aged_out", "trigger": {"event": "drain_completed", "node": "N1"}})
    lab.create("N1", "MSFT_CAURun", GUID)
    lab.create("N2", "MSFT_CAURun", GUID)
    lab.pause("N1")
    assert lab.events("run_lock_expired") == []
    lab.model.advance(30)
    assert {entry["node"] for entry in lab.events("run_lock_expired")} == {"N1", "N2"}


def test_update_of_one_node_fails_with_the_fault() -> None:
    fault = {"model": "update_fails", "node": "N1", "update": "KB5000001", "hresult": "0x80070643"}
    lab = with_faults(fault, updates=ONE_UPDATE)
    assert lab.work("N1", "InstallUpdates")[0]["UpdateResultCode"] == 1
    assert lab.work("N2", "InstallUpdates")[0]["UpdateResultCode"] == 0


def test_power_loss_at_its_time_takes_the_node_down_for_a_while() -> None:
    lab = with_faults({"model": "power_loss", "node": "N1", "at": 100, "seconds": 50})
    lab.model.advance(101)
    assert lab.get("N2", CLUSTER, "MSCluster_Node", Name="N1")["State"] == 1
    lab.model.advance(100)
    assert lab.get("N2", CLUSTER, "MSCluster_Node", Name="N1")["State"] == 0


def test_handler_that_breaks_does_not_stop_time(caplog: pytest.LogCaptureFixture) -> None:
    lab = Lab(two_nodes())
    lab.clock.rate = 1000.0
    drained = threading.Event()
    lab.model.events.listeners.append(lambda entry: drained.set() if entry["event"] == "drain_completed" else None)
    with lab.model.acting(Cause("scenario")):
        lab.model.schedule(0, finish_repair, cluster="nothing", job="none")
    lab.model.start()
    try:
        # The broken one may come up while this call brings the model up to date; then it is this call that fails.
        with contextlib.suppress(KeyError):
            lab.pause("N1")
        if lab.node("N1").state is NodeState.UP:
            lab.pause("N1")
        assert drained.wait(10)
    finally:
        lab.model.stop()


def test_every_line_of_the_event_log_has_the_same_head_and_its_own_fields() -> None:
    lab = Lab(two_nodes(updates=ONE_UPDATE))
    lab.pause("N1")
    lab.work("N1", "InstallUpdates")
    lab.restart("N1")
    lab.model.advance(60)
    lab.resume("N1")
    lab.model.advance(60)
    for number, entry in enumerate(lab.events(), start=1):
        assert {"seq", "at", "cluster", "node", "event", "actor"} <= set(entry)
        assert entry["seq"] == number
        assert set(FIELDS[entry["event"]]) <= set(entry)
        assert ("user" in entry) == ("request" in entry)
        assert entry["actor"] != "client" or entry["user"] == "admin"
