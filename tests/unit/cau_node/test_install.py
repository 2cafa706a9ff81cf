# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installing batch by batch, on nodes and on stand-alone hosts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    CauError,
    JournalError,
    MembershipError,
    NotOurPauseError,
    RunLockLostError,
    UpdatesFailedError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install import install, plan_install
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install_records import InstallState
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.updates import UpdateOptions, scan
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import UpdateResultCode
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import (
    NotAClusterNodeError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import Health, PhysicalDisk, VirtualDisk

from ..fakes.world import FakeMachine, Held
from .helpers import Bench, fake_update, queries, states, update_id

OPTIONS = UpdateOptions()


def test_updates_are_installed_one_at_a_time_the_servicing_stack_first(drained: Bench, node1: FakeMachine) -> None:
    outcome = install(drained.work, OPTIONS)

    assert node1.installed == [update_id(2), update_id(1), update_id(3)]
    assert states(outcome.records) == [InstallState.INSTALLED] * 3
    assert outcome.another_round
    assert not outcome.reboot_required
    assert outcome.failure("node1") is None
    assert queries(drained) == [f"IsInstalled=0 and UpdateID='{update_id(number)}'" for number in (2, 1, 3)]
    assert "KB5000002 succeeded (1 of 3)" in drained.progress.texts


def test_the_journal_names_the_batch_before_and_the_result_after(drained: Bench) -> None:
    install(drained.work, UpdateOptions(batch_size=2))

    entry = drained.entry()
    assert entry.batch == ()
    assert set(entry.installed) == {update_id(1), update_id(2), update_id(3)}
    assert entry.phase is Phase.INSTALLING
    assert entry.rounds == 1
    order = [call.operation for call in drained.world.calls("install", "set_text")]
    assert order[:5] == ["set_text", "set_text", "install", "set_text", "set_text"]


def test_lock_turn_and_pause_are_read_before_every_batch(drained: Bench) -> None:
    install(drained.work, OPTIONS)

    order = [call.operation for call in drained.world.log]
    for position in [index for index, operation in enumerate(order) if operation == "install"]:
        before = order[:position]
        since = max([index for index, operation in enumerate(before) if operation == "install"], default=0)
        assert before[since:].count("touch_run_lock") >= 3
        assert "touch_node_session" in before[since:]
        assert before[since:].count("node_session") >= 2
        assert "node" in before[since:]


def test_a_batch_that_cannot_be_announced_is_not_installed_and_leaves_no_trace(drained: Bench) -> None:
    drained.world.fault("node2", "set_text", when="silent", count=9)

    with pytest.raises(JournalError):
        install(drained.work, OPTIONS)
    assert drained.count("install") == 0
    entry = drained.entry()
    assert (entry.phase, entry.batch, entry.rounds) == (Phase.DRAINED, (), 0)


def test_a_second_restart_that_the_storage_forbids_asks_for_a_resume_first(drained: Bench, node1: FakeMachine) -> None:
    drained.journal.write("node1", boot_time=drained.work.client.system.info().boot_time)
    drained.world.info = replace(drained.world.info, s2d_enabled=True)
    drained.world.virtual_disks = [VirtualDisk("Volume1", Health.WARNING, (3,))]
    drained.world.physical_disks = [PhysicalDisk("Disk1", "S1", Health.HEALTHY, (0xD016,), "Node node1 : Slot 1")]
    node1.offered = [fake_update(1, needs_restart=True)]

    outcome = install(drained.work, OPTIONS)

    assert outcome.reboot_required
    assert outcome.is_stay_over


def test_a_first_restart_asks_for_no_resume(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1, needs_restart=True)]

    assert not install(drained.work, OPTIONS).is_stay_over


@pytest.mark.parametrize("look", [scan, plan_install])
def test_a_scan_inside_a_run_reads_the_lock_first(offered: Bench, look: Callable[..., object]) -> None:
    offered.world.machine("node3").run_lock = Held("bbbbbbbb-0000-4000-8000-00000000000b", 0)
    offered.world.log.clear()

    with pytest.raises(RunLockLostError):
        look(offered.work, OPTIONS)
    assert offered.count("scan") == offered.count("create_node_session") == 0


def test_an_undrained_node_gets_nothing(offered: Bench) -> None:
    with pytest.raises(CauError):
        install(offered.work, OPTIONS)
    assert offered.count("install") == offered.count("download") == offered.count("scan") == 0


def test_a_lock_that_is_lost_between_two_batches_stops_there(drained: Bench) -> None:
    drained.world.fault("node1", "install", when="act", then=lambda: setattr(drained.world.machine("node3"), "run_lock", None))

    with pytest.raises(RunLockLostError):
        install(drained.work, OPTIONS)
    assert drained.count("install") == 1
    assert drained.entry().installed == (update_id(2),)


def test_a_node_that_is_resumed_between_two_batches_stops_there(drained: Bench, node1: FakeMachine) -> None:
    drained.world.fault("node1", "install", when="act", then=lambda: setattr(node1, "state", NodeState.UP))

    with pytest.raises(NotOurPauseError):
        install(drained.work, OPTIONS)
    assert drained.count("install") == 1


def test_a_node_added_before_the_second_batch_ends_the_installation(drained: Bench) -> None:
    drained.world.fault("node1", "install", when="act", then=lambda: drained.world.add_node("node4"))

    with pytest.raises(MembershipError, match="node4 is in the cluster and not in this run"):
        install(drained.work, OPTIONS)
    assert drained.count("install") == 1


def test_planning_changes_nothing_and_needs_no_drain(offered: Bench, node1: FakeMachine) -> None:
    plan = plan_install(offered.work, OPTIONS)

    assert len(plan.to_install) == 3
    assert offered.count("install") == offered.count("download") == 0
    assert node1.node_session is None


def test_nothing_offered_means_nothing_done(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = []

    outcome = install(drained.work, OPTIONS)

    assert not outcome.another_round
    assert outcome.rounds == 0
    assert drained.count("install") == 0


@pytest.mark.parametrize("code", [UpdateResultCode.FAILED, UpdateResultCode.CANCELED])
def test_a_failed_or_cancelled_update_is_named_with_its_code_and_the_others_go_on(
    drained: Bench, node1: FakeMachine, code: UpdateResultCode
) -> None:
    node1.offered = [fake_update(1, result=code, error_code=0x80240016), fake_update(2)]

    outcome = install(drained.work, OPTIONS)

    error = outcome.failure("node1")
    assert isinstance(error, UpdatesFailedError)
    assert "WU_E_INSTALL_NOT_ALLOWED" in error.message
    assert "KB5000001" in error.message
    assert [record.update.kb for record in outcome.installed] == ["KB5000002"]
    assert drained.entry().installed == (update_id(2),)


def test_a_restart_that_an_update_wants_is_told(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1, needs_restart=True)]

    assert install(drained.work, OPTIONS).reboot_required


def test_an_update_without_a_result_is_not_called_installed(drained: Bench) -> None:
    drained.world.machine("node1").offered = [fake_update(1)]
    drained.world.fault("node1", "install", when="act", then=drained.world.machine("node1").offered.clear)

    outcome = install(drained.work, OPTIONS)

    assert states(outcome.records) == [InstallState.NOT_TAKEN]
    assert outcome.installed == ()
    assert drained.entry().installed == ()


def test_a_host_in_a_cluster_is_not_a_stand_alone_one(offered: Bench) -> None:
    offered.work.ownership = offered.work.journal = None

    with pytest.raises(CauError, match="HV01"):
        install(offered.work, OPTIONS)
    assert offered.count("install") == 0


def test_a_stand_alone_host_needs_neither_lock_nor_drain(offered: Bench, node1: FakeMachine) -> None:
    offered.work.ownership = offered.work.journal = None
    offered.world.fault("node1", "info", when="refuse", error=NotAClusterNodeError("none"), count=99)

    assert len(install(offered.work, OPTIONS).installed) == 3
    assert node1.node_session is None


def test_a_session_of_somebody_else_stops_it(offered: Bench, node1: FakeMachine) -> None:
    node1.node_session = Held("bbbbbbbb-0000-4000-8000-00000000000b", 0)

    with pytest.raises(CauError):
        scan(offered.work, OPTIONS)
    assert offered.count("scan") == 0
