# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scanning, downloading and installing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    CauError,
    JournalError,
    NotOurPauseError,
    OfferedAgainError,
    QueryError,
    RunLockLostError,
    TimeLimitError,
    UpdatesFailedError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install import install, plan_install
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install_records import InstallRecord, InstallState
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.restart import restart
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.selection import Selection
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.updates import UpdateOptions, download, scan
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import UpdateResult, UpdateResultCode
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import (
    MethodFailedError,
    NotAClusterNodeError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import Health, PhysicalDisk, VirtualDisk
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import ConnectionLostError

from ..fakes.world import FakeMachine, FakeUpdate, Held
from .helpers import CBS, Bench, fake_update, update_id

OPTIONS = UpdateOptions()


@pytest.fixture
def offered(bench: Bench, node1: FakeMachine) -> Bench:
    node1.offered = [fake_update(1), fake_update(2, "Servicing Stack Update (KB5000002)"), fake_update(3)]
    return bench


@pytest.fixture
def drained(offered: Bench) -> Bench:
    offered.drained()
    offered.world.log.clear()
    return offered


def queries(bench: Bench) -> list[str]:
    return [str(call.arguments[1]) for call in bench.world.calls("install")]


def states(records: Iterable[InstallRecord]) -> list[InstallState]:
    return [record.state for record in records]


def act_on(update: FakeUpdate, machine: FakeMachine) -> None:
    """What an installation without an answer did."""
    if update in machine.offered:
        machine.offered.remove(update)
    machine.installed.append(update.update.update_id)


# --- scan and download -------------------------------------------------------------------------------------------


def test_a_scan_holds_a_session_for_itself_alone(offered: Bench, node1: FakeMachine) -> None:
    found = scan(offered.work, OPTIONS)

    assert [update.kb for update in found.accepted] == ["KB5000002", "KB5000001", "KB5000003"]
    assert node1.node_session is None
    assert any(text.startswith("3 updates (KB5000002") for text in offered.progress.texts)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("2025-10 Servicing Stack Update for Windows Server (KB5066136)", "KB5066136 servicing stack"),
        ("2025-10 Cumulative Update for Windows Server (KB5066782)", "KB5066782 cumulative"),
        ("2025-10 Cumulative Update for .NET Framework 4.8.1 (KB5066131)", "KB5066131 .NET"),
        ("Definition Update (KB2267602)", "KB2267602"),
        ("Cumulative firmware without a number", "Cumulative firmware without a number"),
    ],
)
def test_a_scan_tells_the_kind_that_a_title_names(bench: Bench, node1: FakeMachine, title: str, words: str) -> None:
    node1.offered = [fake_update(1, title)]
    scan(bench.work, OPTIONS)
    assert f"1 update ({words})" in bench.progress.texts


def test_a_scan_says_what_was_left_out_and_why(offered: Bench) -> None:
    found = scan(offered.work, UpdateOptions(selection=Selection(reject=["KB5000001"])))

    assert [out.reason for out in found.left_out] == ["in the list reject (KB5000001)"]


def test_a_wrong_query_sends_nothing(offered: Bench) -> None:
    offered.world.log.clear()

    with pytest.raises(QueryError):
        scan(offered.work, UpdateOptions(query="IsInstalled=maybe"))
    assert offered.world.log == []


def test_a_scan_is_tried_again_since_it_changes_nothing(offered: Bench) -> None:
    offered.world.fault("node1", "scan", count=2)

    assert len(scan(offered.work, OPTIONS).accepted) == 3


def test_a_scan_with_too_many_trips_is_tried_again_and_another_refusal_is_not(offered: Bench) -> None:
    offered.world.fault("node1", "scan", when="refuse", error=MethodFailedError("x", return_value=0x80244010))
    assert scan(offered.work, OPTIONS).accepted
    offered.world.fault("node1", "scan", when="refuse", error=MethodFailedError("x", return_value=0x80240032))
    with pytest.raises(MethodFailedError):
        scan(offered.work, OPTIONS)


def test_a_download_is_staged_in_the_journal_and_closes_its_session(offered: Bench, node1: FakeMachine) -> None:
    outcome = download(offered.work, OPTIONS)

    assert len(outcome.results) == 3
    assert outcome.missing == ()
    assert outcome.failed == ()
    assert node1.downloaded == {update_id(1), update_id(2), update_id(3)}
    assert offered.entry().phase is Phase.STAGED
    assert node1.node_session is None
    assert "3 of 3 downloaded" in offered.progress.texts


def test_a_download_without_the_lock_is_refused(offered: Bench) -> None:
    offered.world.machine("node2").run_lock = None

    with pytest.raises(RunLockLostError):
        download(offered.work, OPTIONS)
    assert offered.count("download") == 0


def deadlines(monkeypatch: pytest.MonkeyPatch, bench: Bench, method: str, seconds: float) -> list[float]:
    """Let a method take its time, and return the time limits that it is given."""
    update = bench.work.client.cluster_update
    real = getattr(update, method)
    given: list[float] = []

    def slow(*arguments: Any, deadline_seconds: float, **options: Any) -> object:  # noqa: ANN401
        given.append(deadline_seconds)
        bench.clock.advance(seconds)
        return real(*arguments, deadline_seconds=deadline_seconds, **options)

    monkeypatch.setattr(update, method, slow)
    return given


def test_all_tries_of_a_scan_share_its_time(offered: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    given = deadlines(monkeypatch, offered, "scan", 300)
    offered.world.fault("node1", "scan", count=9)

    with pytest.raises(ConnectionLostError):
        scan(offered.work, UpdateOptions(scan_seconds=600))
    assert given == [600, 270]


def test_all_parts_of_a_download_share_its_time(offered: Bench, node1: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    node1.offered = [fake_update(number) for number in range(1, 62)]
    given = deadlines(monkeypatch, offered, "download", 400)

    with pytest.raises(TimeLimitError, match="did not end within 16 min 40 s"):
        download(offered.work, UpdateOptions(download_seconds=1000))
    assert given == [1000, 600, 200]


def test_a_download_without_an_answer_is_asked_for_again(offered: Bench) -> None:
    offered.world.fault("node1", "download", when="after")

    assert len(download(offered.work, OPTIONS).results) == 3
    assert offered.count("download") == 2


# --- install -----------------------------------------------------------------------------------------------------


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


def test_a_pending_restart_comes_before_the_first_installation(drained: Bench, node1: FakeMachine) -> None:
    node1.registry[CBS] = {}
    node1.registry[rf"{CBS}\RebootPending"] = {}

    outcome = install(drained.work, OPTIONS)

    assert outcome.plan.is_restart_first
    assert outcome.reboot_required
    assert outcome.another_round
    assert drained.count("install") == 0


def test_a_sign_that_the_restart_left_standing_does_not_stop_the_installation(drained: Bench, node1: FakeMachine) -> None:
    node1.registry[CBS] = {}
    node1.registry[rf"{CBS}\PackagesPending"] = {}
    drained.journal.write("node1", phase=Phase.RESTARTED)

    assert len(install(drained.work, OPTIONS).installed) == 3


def test_an_update_that_is_offered_again_after_its_success_stops_the_node(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1, is_offered_again=True)]
    install(drained.work, OPTIONS)

    with pytest.raises(OfferedAgainError) as caught:
        install(drained.work, OPTIONS)
    assert caught.value.updates == (update_id(1),)
    assert drained.count("install") == 1


def leave_sign(machine: FakeMachine) -> None:
    """Put up a sign of a pending restart that no restart takes away."""
    machine.registry[CBS] = {}
    machine.registry[rf"{CBS}\RebootPending"] = {}


def rounds_of(bench: Bench) -> int:
    """Do what the role does with a node, and return how often it was restarted."""
    for _round in range(10):
        outcome = install(bench.work, OPTIONS)
        if outcome.reboot_required:
            restart(bench.work)
        if not outcome.another_round:
            return bench.count("restart")
    raise AssertionError("the rounds do not end")


def test_an_update_that_is_offered_again_under_a_sign_that_stays_stops_the_node_after_one_restart(
    drained: Bench, node1: FakeMachine
) -> None:
    leave_sign(node1)
    drained.journal.write("node1", phase=Phase.RESTARTED)
    node1.offered = [fake_update(1, is_offered_again=True)]

    with pytest.raises(OfferedAgainError):
        rounds_of(drained)
    assert drained.count("restart") == 1
    assert drained.count("install") == 1


def test_a_sign_that_stays_leads_to_one_restart_before_and_one_after_the_installation(drained: Bench, node1: FakeMachine) -> None:
    leave_sign(node1)

    assert rounds_of(drained) == 2
    assert len(node1.installed) == 3
    assert any("is left after the restart" in text for text in drained.progress.texts)


def test_a_sign_without_an_update_leads_to_one_restart(drained: Bench, node1: FakeMachine) -> None:
    leave_sign(node1)
    node1.offered = []

    assert rounds_of(drained) == 1


def leave_out(monkeypatch: pytest.MonkeyPatch, bench: Bench, number: int) -> None:
    """Let the node leave one update out of every installation."""
    update = bench.work.client.cluster_update
    real = update.install

    def without(guid: str, query: str, include_recommended: bool, **options: Any) -> list[UpdateResult]:  # noqa: ANN401
        results = real(guid, query, include_recommended, **options) if update_id(number) not in query else []
        return [result for result in results if result.update_id != update_id(number)]

    monkeypatch.setattr(update, "install", without)


def test_an_update_that_the_node_leaves_out_and_is_still_offered_fails_the_node_by_name(
    drained: Bench, node1: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_out(monkeypatch, drained, 1)

    outcome = install(drained.work, OPTIONS)
    assert outcome.another_round
    assert outcome.failure("node1") is None
    outcome = install(drained.work, OPTIONS)

    error = outcome.failure("node1")
    assert isinstance(error, UpdatesFailedError)
    assert "KB5000001" in error.message
    assert node1.installed == [update_id(2), update_id(3)]


def test_an_update_that_the_node_leaves_out_before_a_restart_is_named_after_it(
    drained: Bench, node1: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_out(monkeypatch, drained, 1)
    node1.offered = [fake_update(1)]
    node1.reboot_required = True

    assert install(drained.work, OPTIONS).another_round
    restart(drained.work)
    leave_sign(node1)
    outcome = install(drained.work, OPTIONS)

    assert outcome.failure("node1") is not None
    assert not outcome.reboot_required


def test_what_the_last_scan_offers_newly_takes_another_round(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    later = [fake_update(9)]
    drained.world.fault("node1", "install", when="act", then=lambda: setattr(node1, "offered", later))

    outcome = install(drained.work, OPTIONS)

    assert states(outcome.records) == [InstallState.NOT_TAKEN]
    assert outcome.another_round
    assert outcome.failure("node1") is None


def test_an_update_that_waits_for_its_restart_is_not_offered_again(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1, is_offered_again=True, needs_restart=True)]
    install(drained.work, OPTIONS)

    outcome = install(drained.work, OPTIONS)

    assert drained.count("install") == 1
    assert outcome.reboot_required
    assert outcome.another_round


def test_the_rounds_of_a_node_are_bounded(drained: Bench) -> None:
    drained.journal.write("node1", rounds=5)

    with pytest.raises(UpdatesFailedError, match="after 5 rounds"):
        install(drained.work, OPTIONS)
    assert drained.count("install") == 0


def test_an_update_that_was_not_downloaded_is_not_installed(drained: Bench, node1: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    update = drained.work.client.cluster_update
    real = update.download

    def one_fails(
        guid: str, query: str, include_recommended: bool, *, deadline_seconds: float, **callbacks: Callable[..., None]
    ) -> list[UpdateResult]:
        results = real(guid, query, include_recommended, deadline_seconds=deadline_seconds)
        return [replace(one, result=UpdateResultCode.FAILED, error_code=0x80246007) if one.kb == "KB5000001" else one for one in results]

    monkeypatch.setattr(update, "download", one_fails)

    outcome = install(drained.work, OPTIONS)

    assert [record.update.kb for record in outcome.failed] == ["KB5000001"]
    assert update_id(1) not in node1.installed
    assert len(outcome.installed) == 2


# --- stand-alone hosts ----------------------------------------------------------------------------------------------


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
