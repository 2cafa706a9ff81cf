# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restarting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.drain import drain
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    CauError,
    GateRefusedError,
    JournalError,
    NotOurPauseError,
    OutcomeUnknownError,
    RestartFailedError,
    RunLockLostError,
    TurnTakenError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.restart import (
    RestartOptions,
    StayOverError,
    plan_restart,
    restart,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.resume import resume
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import DrainStatus, GroupState, NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError, NotAClusterNodeError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import Health, PhysicalDisk, VirtualDisk

from ..fakes.world import FakeMachine, Held
from .helpers import CBS, RUN_ID, Bench, lose_lock, lose_quorum, service


@pytest.fixture
def drained(bench: Bench) -> Bench:
    bench.drained()
    bench.world.log.clear()
    return bench


def test_the_node_restarts_and_joins(drained: Bench, node1: FakeMachine) -> None:
    result = restart(drained.work)

    assert result.is_changed
    assert result.restarts == 1
    assert result.boot_after is not None
    assert result.boot_before is not None
    assert result.boot_after > result.boot_before
    assert 120 <= result.seconds <= 180
    assert result.services_missing == ()
    assert node1.state is NodeState.PAUSED
    assert drained.entry().phase is Phase.RESTARTED
    assert drained.count("restart") == 1


def test_the_reason_is_planned_and_the_comment_is_the_users(drained: Bench) -> None:
    restart(drained.work, RestartOptions(comment="CHG0042"))

    assert drained.world.calls("restart")[0].arguments == ("CHG0042", 0x80020011, 0)


def test_each_state_change_is_one_line(drained: Bench) -> None:
    drained.progress.lines.clear()

    restart(drained.work)

    texts = [text for _node, step, text in drained.progress.lines if step == "restart"]
    assert texts[0] == "asked"
    assert texts[1].startswith("down after")
    assert texts[-1].endswith("cluster joined, services running")


def test_lock_turn_and_roles_are_read_between_the_journal_and_the_request(drained: Bench) -> None:
    restart(drained.work)

    order = [call.operation for call in drained.world.log]
    before = order[: order.index("restart")]
    last_write = len(before) - before[::-1].index("set_text")
    assert before[last_write:].count("touch_run_lock") == 3
    assert before[last_write:].count("touch_node_session") == 1
    assert before[last_write:].count("node_session") == 2
    assert "groups_on" in before[last_write:]
    # The two looks of the gate, and the members that the permission asks for.
    assert before.count("nodes") == 3


def take_turn(bench: Bench) -> None:
    bench.world.machine("node2").node_session = Held(RUN_ID, 0)


def resume_it(bench: Bench) -> None:
    bench.world.machine("node1").state = NodeState.UP


def forget_drain(bench: Bench) -> None:
    bench.world.machine("node1").drain_status = DrainStatus.NOT_INITIATED


def bring_role(bench: Bench) -> None:
    bench.set_group("VM web01", "node1", GroupState.ONLINE)


def break_other(bench: Bench) -> None:
    bench.world.machine("node2").state = NodeState.DOWN


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (lose_lock, RunLockLostError),
        (take_turn, TurnTakenError),
        (resume_it, NotOurPauseError),
        (forget_drain, RestartFailedError),
        (bring_role, RestartFailedError),
        (break_other, GateRefusedError),
        (lose_quorum, GateRefusedError),
    ],
)
def test_a_node_that_may_not_go_is_not_restarted(drained: Bench, trouble: Callable[[Bench], None], error: type[CauError]) -> None:
    trouble(drained)

    with pytest.raises(error):
        restart(drained.work)
    assert drained.count("restart") == 0


def test_a_second_restart_goes_by_the_journal_when_windows_has_forgotten_the_drain(drained: Bench) -> None:
    restart(drained.work)
    forget_drain(drained)
    restart(drained.work)

    assert drained.count("restart") == 2


def degrade(bench: Bench) -> None:
    """Leave the storage as it is after a restart on a system that holds the paused node's disks in maintenance mode."""
    bench.world.info = replace(bench.world.info, s2d_enabled=True)
    bench.world.virtual_disks = [VirtualDisk("Volume1", Health.WARNING, (3,))]
    bench.world.physical_disks = [PhysicalDisk("Disk1", "S1", Health.HEALTHY, (0xD016,), "Node node1 : Slot 1")]


def test_a_node_whose_storage_waits_for_its_resume_is_refused_at_once(drained: Bench) -> None:
    restart(drained.work)
    degrade(drained)
    began = drained.clock.now()

    with pytest.raises(StayOverError, match="only while it serves: virtual disk Volume1"):
        restart(drained.work, RestartOptions(storage_wait_seconds=1800))
    assert drained.clock.now() - began < 60
    assert drained.count("restart") == 1
    assert drained.entry().phase is Phase.RESTARTED


def test_a_storage_that_is_damaged_before_the_first_restart_is_for_the_gate(drained: Bench) -> None:
    degrade(drained)

    with pytest.raises(GateRefusedError):
        restart(drained.work)


def test_a_new_drain_allows_a_restart_again(drained: Bench) -> None:
    restart(drained.work)
    resume(drained.work)
    drain(drained.work)

    assert drained.entry().boot_time is None


def test_a_restart_that_cannot_be_announced_is_not_asked_for_and_leaves_no_trace(drained: Bench) -> None:
    drained.world.fault("node2", "set_text", when="silent", count=9)

    with pytest.raises(JournalError):
        restart(drained.work)
    assert drained.count("restart") == 0
    assert drained.entry().phase is Phase.DRAINED
    assert drained.entry().boot_time is None


def test_planning_a_restart_reads_the_lock_first(drained: Bench) -> None:
    lose_lock(drained)
    drained.world.log.clear()

    with pytest.raises(RunLockLostError):
        plan_restart(drained.work)
    assert drained.count("reboot_required") == drained.count("create_node_session") == 0


def test_a_role_that_arrives_at_the_last_moment_stops_it(drained: Bench) -> None:
    drained.world.fault("node1", "os_info", when="act", then=lambda: bring_role(drained))

    with pytest.raises(RestartFailedError, match="VM web01"):
        restart(drained.work)
    assert drained.count("restart") == 0
    assert drained.entry().phase is Phase.DRAINED


def test_an_open_installation_stops_it(drained: Bench) -> None:
    drained.journal.write("node1", phase=Phase.INSTALLING, batch=("x",))

    with pytest.raises(OutcomeUnknownError):
        restart(drained.work)
    assert drained.count("restart") == 0


def test_a_request_that_did_not_leave_is_sent_again(drained: Bench) -> None:
    drained.world.fault("node1", "restart", when="silent")

    assert restart(drained.work).restarts == 1
    assert drained.count("restart") == 2


@pytest.mark.parametrize("code", [1115, 1190])
def test_a_restart_that_comes_anyway_is_waited_for(drained: Bench, node1: FakeMachine, code: int) -> None:
    def go_down() -> None:
        node1.down_until = drained.clock.now() + 100
        node1.state = NodeState.DOWN

    drained.world.fault("node1", "touch_node_session", when="act", skip=4)
    drained.world.fault("node1", "restart", when="refuse", error=MethodFailedError("no", return_value=code))
    drained.world.fault("node1", "os_info", when="act", skip=2, then=go_down)

    assert restart(drained.work).restarts == 1
    assert drained.count("restart") == 1


def test_a_refusal_is_final_and_the_journal_goes_back(drained: Bench) -> None:
    drained.world.fault("node1", "restart", when="refuse", error=MethodFailedError("no", return_value=1314))

    with pytest.raises(RestartFailedError, match="refused"):
        restart(drained.work)
    assert drained.count("restart") == 1
    assert drained.entry().phase is Phase.DRAINED


def test_a_node_that_does_not_come_back_ends_the_wait_as_unknown(drained: Bench, node1: FakeMachine) -> None:
    node1.joins_after_restart = False

    with pytest.raises(RestartFailedError, match="has not come back within 15 min") as caught:
        restart(drained.work)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert drained.entry().phase is Phase.RESTARTING
    assert "not back" in (drained.entry().reason or "")


def test_a_node_whose_cluster_service_does_not_join_is_said_so(drained: Bench) -> None:
    drained.world.fault("node1", "restart", when="act", then=lambda: drained.world.fault("node1", "node", count=9999))

    with pytest.raises(RestartFailedError, match="has not joined"):
        restart(drained.work, RestartOptions(reboot_seconds=400))


def test_a_clock_step_is_no_restart(drained: Bench, node1: FakeMachine) -> None:
    def step() -> None:
        node1.clock_offset += 60

    drained.world.fault("node1", "restart", when="before", count=9)
    drained.world.fault("node1", "os_info", when="act", skip=1, then=step)

    with pytest.raises(RestartFailedError):
        restart(drained.work)


def test_a_node_that_restarts_twice_is_waited_for_twice(drained: Bench, node1: FakeMachine) -> None:
    def again() -> None:
        drained.clock.advance(60)
        node1.booted_at = drained.clock.now()

    drained.world.fault("node1", "services", when="act", then=again)

    result = restart(drained.work)

    assert result.restarts == 2
    assert drained.count("restart") == 1


def test_a_node_that_restarts_again_and_again_is_given_up(drained: Bench, node1: FakeMachine) -> None:
    def again() -> None:
        drained.clock.advance(60)
        node1.booted_at = drained.clock.now()

    drained.world.fault("node1", "services", when="act", count=9, then=again)

    with pytest.raises(RestartFailedError, match="4 times"):
        restart(drained.work)


def test_a_lock_that_is_gone_after_the_restart_stops_the_run(drained: Bench) -> None:
    drained.world.fault("node1", "services", when="act", then=lambda: lose_lock(drained))

    with pytest.raises(RunLockLostError):
        restart(drained.work)
    assert drained.entry().phase is Phase.RESTARTED


def test_services_that_do_not_return_are_reported_and_triggered_ones_not_waited_for(drained: Bench, node1: FakeMachine) -> None:
    drained.journal.write("node1", services_before=("ClusSvc", "SQL", "sppsvc", "WinRM"))
    node1.registry[r"SYSTEM\CurrentControlSet\Services\sppsvc\TriggerInfo"] = {}
    node1.registry[r"SYSTEM\CurrentControlSet\Services\sppsvc"] = {}

    result = restart(drained.work, RestartOptions(service_seconds=60))

    assert result.services_missing == ("SQL",)
    assert any("SQL" in text for text in drained.progress.texts)


def test_a_service_that_starts_late_is_waited_for(drained: Bench, node1: FakeMachine) -> None:
    node1.services = [service("WinRM"), service("ClusSvc", "Stopped")]
    drained.world.fault(
        "node1", "services", when="act", skip=3, then=lambda: setattr(node1, "services", [service("WinRM"), service("ClusSvc")])
    )

    assert restart(drained.work).services_missing == ()


def test_nothing_pending_means_no_restart_when_that_is_asked(drained: Bench) -> None:
    assert not restart(drained.work, RestartOptions(pending_only=True)).is_changed
    assert drained.count("restart") == 0


def test_something_pending_means_a_restart(drained: Bench, node1: FakeMachine) -> None:
    node1.registry[CBS] = {}
    node1.registry[CBS + r"\RebootPending"] = {}

    assert restart(drained.work, RestartOptions(pending_only=True)).is_changed


def test_planning_changes_nothing_and_needs_no_drain(bench: Bench, node1: FakeMachine) -> None:
    node1.reboot_required = True

    plan = plan_restart(bench.work, RestartOptions(pending_only=True))

    assert plan.is_needed
    assert [signal.name for signal in plan.signals] == ["Windows Update Agent"]
    assert node1.node_session is None
    assert bench.count("restart") == 0


def test_a_restart_that_an_earlier_task_asked_for_is_not_asked_for_again(drained: Bench, node1: FakeMachine) -> None:
    info = drained.work.client.system.info()
    drained.journal.write("node1", phase=Phase.RESTARTING, boot_time=info.boot_time)
    node1.booted_at = drained.clock.now()

    assert restart(drained.work).restarts == 1
    assert drained.count("restart") == 0


def test_a_restart_that_an_earlier_task_asked_for_in_vain_is_asked_for_again(drained: Bench) -> None:
    info = drained.work.client.system.info()
    drained.journal.write("node1", phase=Phase.RESTARTING, boot_time=info.boot_time)
    began = drained.clock.now()

    assert restart(drained.work).restarts == 1
    assert drained.world.calls("restart")[0].at - began >= 120


def test_a_host_in_a_cluster_is_not_restarted_as_a_stand_alone_one(bench: Bench) -> None:
    bench.work.ownership = bench.work.journal = None

    with pytest.raises(CauError, match="is a node of the cluster HV01"):
        restart(bench.work)
    assert bench.count("restart") == 0


def test_a_member_whose_cluster_does_not_run_is_still_a_member(bench: Bench, node1: FakeMachine) -> None:
    bench.work.ownership = bench.work.journal = None
    bench.world.fault("node1", "info", when="refuse", error=NotAClusterNodeError("none"), count=9)
    node1.registry[r"SYSTEM\CurrentControlSet\Services\ClusSvc"] = {"Start": 2}

    with pytest.raises(CauError, match="cluster service"):
        restart(bench.work)


def test_a_stand_alone_host_restarts(bench: Bench) -> None:
    bench.work.ownership = bench.work.journal = None
    bench.world.fault("node1", "info", when="refuse", error=NotAClusterNodeError("none"), count=9)

    assert restart(bench.work).restarts == 1
