# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installations without an answer, and what the evidence makes of them."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    OutcomeUnknownError,
    RunLockLostError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install import install
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install_records import InstallState
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.quiet import is_servicing
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.updates import UpdateOptions
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import (
    MethodFailedError,
    SessionMissingError,
)

from ..fakes.world import FakeMachine, FakeUpdate
from .helpers import Bench, fake_update, process, queries, states, update_id

OPTIONS = UpdateOptions()


def act_on(update: FakeUpdate, machine: FakeMachine) -> None:
    """What an installation without an answer did."""
    if update in machine.offered:
        machine.offered.remove(update)
    machine.installed.append(update.update.update_id)


def test_an_answer_that_is_lost_after_the_effect_is_found_by_evidence(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    drained.world.fault("node1", "install", when="after")

    outcome = install(drained.work, OPTIONS)

    assert drained.count("install") == 1
    assert outcome.installed[0].is_by_evidence
    assert drained.entry().installed == (update_id(1),)
    assert drained.entry().batch == ()


def test_an_answer_that_is_lost_before_the_effect_is_asked_again_once_it_is_quiet(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    drained.world.fault("node1", "install", when="before")

    outcome = install(drained.work, OPTIONS)

    first, second = drained.world.calls("install")
    assert second.at - first.at >= 120
    between = [call.operation for call in drained.world.log[drained.world.log.index(first) : drained.world.log.index(second)]]
    assert between.count("scan") == 2
    assert "processes" in between
    assert states(outcome.records) == [InstallState.INSTALLED]


def test_a_request_that_never_has_an_effect_is_a_failure_after_the_second(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    drained.world.fault("node1", "install", when="before", count=9)

    outcome = install(drained.work, OPTIONS)

    assert drained.count("install") == 2
    assert states(outcome.records) == [InstallState.FAILED]
    assert outcome.failure("node1") is not None


def test_only_the_part_that_is_left_is_asked_for_again(drained: Bench, node1: FakeMachine) -> None:
    first, second = fake_update(1), fake_update(2)
    node1.offered = [first, second]
    drained.world.fault("node1", "install", when="before", then=lambda: act_on(first, node1))

    outcome = install(drained.work, UpdateOptions(batch_size=2))

    assert update_id(1) not in queries(drained)[1]
    assert update_id(2) in queries(drained)[1]
    assert states(outcome.records) == [InstallState.INSTALLED] * 2
    assert node1.installed == [update_id(1), update_id(2)]


def test_an_installer_that_still_runs_is_waited_for(drained: Bench, node1: FakeMachine) -> None:
    update = fake_update(1)
    node1.offered = [update]
    node1.processes = [process("TiWorker.exe")]

    def finish() -> None:
        node1.processes = []
        act_on(update, node1)

    drained.world.fault("node1", "install", when="before")
    drained.world.fault("node1", "processes", when="act", skip=20, then=finish)

    outcome = install(drained.work, OPTIONS)

    assert drained.count("install") == 1
    assert outcome.installed[0].is_by_evidence
    assert any("TiWorker.exe" in text for text in drained.progress.texts)


def test_an_installer_that_never_ends_leaves_the_outcome_unknown_and_the_batch_open(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    node1.processes = [process("msiexec.exe", r"C:\Windows\system32\msiexec.exe /i x.msi /qn")]
    drained.world.fault("node1", "install", when="before")

    with pytest.raises(OutcomeUnknownError):
        install(drained.work, UpdateOptions(install_seconds=1200))
    assert drained.count("install") == 1
    assert drained.entry().batch == (update_id(1),)


def test_the_next_task_looks_at_the_evidence_of_an_open_batch_first(drained: Bench, node1: FakeMachine) -> None:
    update = fake_update(1)
    node1.offered = [update]
    node1.processes = [process("TiWorker.exe")]
    drained.world.fault("node1", "install", when="before")
    with pytest.raises(OutcomeUnknownError):
        install(drained.work, UpdateOptions(install_seconds=600))
    node1.processes = []
    act_on(update, node1)

    outcome = install(drained.work, OPTIONS)

    assert drained.count("install") == 1
    assert [record.update.update_id for record in outcome.installed] == [update_id(1)]
    assert drained.entry().installed == (update_id(1),)
    assert drained.entry().batch == ()


def test_an_update_that_may_wait_for_its_restart_is_decided_by_the_next_round(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1), fake_update(2)]
    drained.world.fault("node1", "install", when="before", then=lambda: setattr(node1, "reboot_required", True))

    outcome = install(drained.work, OPTIONS)

    assert states(outcome.records) == [InstallState.DEFERRED]
    assert drained.count("install") == 1
    assert outcome.reboot_required
    assert outcome.another_round
    assert drained.entry().installed == ()


def test_a_node_that_restarted_by_itself_is_scanned_in_a_new_round(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]

    def restart() -> None:
        node1.booted_at = drained.clock.now()

    drained.world.fault("node1", "install", when="before", then=restart)

    outcome = install(drained.work, OPTIONS)

    assert states(outcome.records) == [InstallState.DEFERRED]
    assert outcome.another_round


def test_scans_that_never_agree_leave_the_outcome_unknown(drained: Bench, node1: FakeMachine) -> None:
    update = fake_update(1)
    node1.offered = [update]

    def toggle() -> None:
        node1.offered = [] if node1.offered else [update]

    drained.world.fault(
        "node1", "install", when="before", then=lambda: drained.world.fault("node1", "scan", when="act", count=999, then=toggle)
    )

    with pytest.raises(OutcomeUnknownError):
        install(drained.work, UpdateOptions(install_seconds=1200))
    assert drained.count("install") == 1


def test_a_node_that_cannot_be_read_leaves_the_outcome_unknown(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    drained.world.fault("node1", "install", when="after", then=lambda: drained.world.fault("node1", "processes", count=9999))

    with pytest.raises(OutcomeUnknownError):
        install(drained.work, UpdateOptions(install_seconds=1200))


def test_a_method_that_says_no_may_have_done_a_part(drained: Bench, node1: FakeMachine) -> None:
    first, second = fake_update(1), fake_update(2)
    node1.offered = [first, second]
    drained.world.fault(
        "node1",
        "install",
        when="refuse",
        error=MethodFailedError("failed with 0x80240022", return_value=0x80240022),
        then=lambda: act_on(first, node1),
    )

    outcome = install(drained.work, UpdateOptions(batch_size=2))

    assert drained.count("install") == 1
    assert states(outcome.records) == [InstallState.INSTALLED, InstallState.FAILED]
    assert outcome.failed[0].error_code == 0x80240022


def test_a_request_that_did_not_leave_is_sent_again(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    drained.world.fault("node1", "install", when="silent")

    assert len(install(drained.work, OPTIONS).installed) == 1
    assert drained.count("install") == 2


def test_a_request_that_was_refused_before_it_ran_closes_the_batch(drained: Bench) -> None:
    drained.world.fault("node1", "install", when="refuse", error=SessionMissingError("gone"))

    with pytest.raises(SessionMissingError):
        install(drained.work, OPTIONS)
    assert drained.entry().batch == ()
    assert drained.count("install") == 1


def test_a_second_request_is_not_sent_without_the_lock(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    drained.world.fault("node1", "install", when="before", then=lambda: setattr(drained.world.machine("node2"), "run_lock", None))

    with pytest.raises(RunLockLostError):
        install(drained.work, OPTIONS)
    assert drained.count("install") == 1


def test_signs_that_cannot_be_read_after_the_installation_ask_for_a_restart(drained: Bench) -> None:
    drained.world.fault("node1", "install", when="act", then=lambda: drained.world.fault("node1", "subkeys", count=99))

    assert install(drained.work, OPTIONS).reboot_required


def test_a_journal_that_cannot_be_written_stops_before_the_request(drained: Bench) -> None:
    drained.world.fault("node2", "set_text", count=99)

    with pytest.raises(OperationError):
        install(drained.work, OPTIONS)
    assert drained.count("install") == 0


@pytest.mark.parametrize(
    ("name", "command_line", "is_busy"),
    [
        ("TiWorker.exe", "", True),
        ("wusa.exe", "wusa x.msu", True),
        ("msiexec.exe", r"C:\Windows\system32\msiexec.exe /V", False),
        ("MSIEXEC.EXE", r"C:\Windows\system32\msiexec.exe /i x.msi", True),
        ("msiexec.exe", r"C:\Windows\syswow64\MsiExec.exe -Embedding 0123", True),
        ("msiexec.exe", "", True),
    ],
)
def test_the_idle_windows_installer_is_no_work(name: str, command_line: str, *, is_busy: bool) -> None:
    assert is_servicing(process(name, command_line)) is is_busy
