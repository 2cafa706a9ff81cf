# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applying hotfixes on a drained node."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    CauError,
    NotOurPauseError,
    OutcomeUnknownError,
    RunLockLostError,
    RunStoppedError,
    UpdatesFailedError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.apply import apply, plan_apply
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.errors import HotfixFolderError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.folder import Hotfix
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.records import HotfixOptions, HotfixOutcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.rules import ExitConditions, HotfixState, Rule
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install import install
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.restart import restart
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.resume import resume
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.updates import UpdateOptions
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import WmiError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import NotReachableError, TimeLimitError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from ..cau_node.helpers import CBS, RUN_ID, Bench, lose_lock, make_bench, process
from ..fakes.world import FakeInstaller

ROOT = r"\\files\hotfixes\root"
MSU = Rule(
    "MSU",
    False,
    r"%systemroot%\System32\wusa.exe",
    "$update$ /quiet /norestart",
    ExitConditions(
        success=frozenset({0}),
        success_reboot_required=frozenset({3010}),
        fail_reboot_required=frozenset({1603}),
        already_installed=frozenset({5}),
        not_applicable=frozenset({6}),
    ),
)
FIRMWARE = Rule("FolderRule1", True, "$update$", "/silent", ExitConditions(frozenset({0})), always_reboot=True)


def hotfix(name: str, rule: Rule = MSU) -> Hotfix:
    path = rf"CAUHotfix_All\{name}"
    return Hotfix(path, name, rule, "CAUHotfix_All", rf"{ROOT}\{path}", 1000)


SHORT = HotfixOptions(settle_seconds=600)
A, B, C = hotfix("a.msu"), hotfix("b.msu"), hotfix("c.msu")


@pytest.fixture
def bench() -> Bench:
    made = make_bench()
    made.drained()
    return made


def run(bench: Bench, *hotfixes: Hotfix, options: HotfixOptions | None = None) -> HotfixOutcome:
    return apply(bench.work, hotfixes, options or HotfixOptions(), lambda one: None)


def script(bench: Bench, one: Hotfix, exit_code: int = 0, *, launch_hresult: int = 0, needs_restart: bool = False) -> None:
    bench.world.machine("node1").installers[one.update_path] = FakeInstaller(exit_code, launch_hresult, needs_restart)


def states(done: HotfixOutcome) -> list[HotfixState]:
    return [record.state for record in done.records]


def started(bench: Bench) -> list[object]:
    return [call.arguments[3] for call in bench.world.calls("run_update_installer", node="node1")]


def pend_restart(bench: Bench) -> None:
    """Let the node wait for a restart."""
    bench.world.machine("node1").registry |= {CBS: {}, CBS + r"\RebootPending": {}}


def time_limit() -> TimeLimitError:
    return TimeLimitError("the method was not over within 1800 s", kind=Kind.ONCE_ONLY, node="node1")


def test_hotfixes_are_applied_in_order_once_each(bench: Bench) -> None:
    done = run(bench, A, B)
    assert started(bench) == [A.update_path, B.update_path]
    assert states(done) == [HotfixState.SUCCEEDED] * 2
    assert not done.reboot_required
    assert done.failure("node1") is None


def test_request_holds_what_the_provider_wants(bench: Bench) -> None:
    run(bench, A, options=HotfixOptions(timeout_seconds=60, require_smb_encryption=True))
    call = bench.world.calls("run_update_installer")[0]
    assert call.arguments == (RUN_ID, MSU.program, "$update$ /quiet /norestart", A.update_path, True, 60)


def test_hotfix_that_is_its_own_installer_is_given_as_the_program(bench: Bench) -> None:
    firmware = hotfix("fw.exe", FIRMWARE)
    done = run(bench, firmware)
    assert bench.world.calls("run_update_installer")[0].arguments[1] == firmware.update_path
    assert states(done) == [HotfixState.SUCCEEDED_REBOOT_REQUIRED]
    assert done.reboot_required


@pytest.mark.parametrize(
    ("exit_code", "state", "reboot_required", "is_failure", "is_work"),
    [
        (0, HotfixState.SUCCEEDED, False, False, True),
        (3010, HotfixState.SUCCEEDED_REBOOT_REQUIRED, True, False, True),
        (1603, HotfixState.FAILED_REBOOT_REQUIRED, True, True, False),
        (5, HotfixState.ALREADY_INSTALLED, False, False, False),
        (6, HotfixState.NOT_APPLICABLE, False, False, False),
        (17, HotfixState.FAILED, False, True, False),
    ],
)
def test_exit_code_is_judged_by_the_rule(
    bench: Bench, exit_code: int, state: HotfixState, reboot_required: bool, is_failure: bool, is_work: bool
) -> None:
    script(bench, A, exit_code=exit_code)
    done = run(bench, A)
    assert states(done) == [state]
    assert done.reboot_required is reboot_required
    assert isinstance(done.failure("node1"), UpdatesFailedError) is is_failure
    assert bool(done.applied) is is_work


def test_failed_hotfix_does_not_keep_the_others_from_being_tried(bench: Bench) -> None:
    script(bench, A, exit_code=17)
    done = run(bench, A, B)
    assert states(done) == [HotfixState.FAILED, HotfixState.SUCCEEDED]
    failure = done.failure("node1")
    assert failure is not None
    assert "a.msu" in failure.sentence()
    assert "b.msu" not in failure.sentence()


def test_refused_launch_names_the_rule_of_defender(bench: Bench) -> None:
    script(bench, A, launch_hresult=0x80070005)
    done = run(bench, A)
    record = done.records[0]
    assert (record.state, record.exit_code, record.launch_hresult) == (HotfixState.FAILED, None, 0x80070005)
    assert "d1e49aac-8f56-4280-b9ba-993a6d77406c" in record.sentence()


def test_same_file_is_no_new_work_in_the_next_round(bench: Bench) -> None:
    run(bench, A)
    again = run(bench, A, B)
    assert started(bench) == [A.update_path, B.update_path]
    assert again.plan.done_before == (A,)


def test_failed_file_is_not_tried_again_in_the_next_round(bench: Bench) -> None:
    script(bench, A, exit_code=17)
    run(bench, A)
    run(bench, A)
    assert started(bench) == [A.update_path]


def test_round_that_applied_something_asks_for_another(bench: Bench) -> None:
    assert run(bench, A).another_round
    assert not run(bench, A).another_round


def test_pending_restart_comes_before_the_first_installer(bench: Bench) -> None:
    pend_restart(bench)
    done = run(bench, A)
    assert started(bench) == []
    assert done.reboot_required
    assert done.another_round


def test_restart_that_updates_of_this_run_wait_for_is_shared_with_the_hotfixes(bench: Bench) -> None:
    pend_restart(bench)
    bench.journal.write("node1", phase=Phase.INSTALLING)
    done = run(bench, A)
    assert started(bench) == [A.update_path]
    assert done.reboot_required


def test_sign_that_a_restart_left_standing_does_not_hold_up_the_hotfixes(bench: Bench) -> None:
    pend_restart(bench)
    bench.journal.write("node1", phase=Phase.RESTARTED)
    script(bench, A, exit_code=17)
    done = run(bench, A)
    assert started(bench) == [A.update_path]
    assert not done.reboot_required


def test_restart_that_a_hotfix_leaves_pending_is_due_whatever_its_exit_code(bench: Bench) -> None:
    script(bench, A, exit_code=0, needs_restart=True)
    assert run(bench, A).reboot_required


def test_installer_that_takes_too_long_is_waited_for_and_not_started_again(bench: Bench) -> None:
    node = bench.world.machine("node1")
    node.processes = [process("wusa.exe", f'"C:\\Windows\\System32\\wusa.exe" "{A.update_path}" /quiet')]
    bench.world.fault("node1", "run_update_installer", when="refuse", error=time_limit())
    bench.world.fault("node1", "processes", when="act", skip=4, then=node.processes.clear)
    done = run(bench, A, B)
    assert states(done) == [HotfixState.UNKNOWN, HotfixState.SUCCEEDED]
    assert started(bench) == [A.update_path, B.update_path]
    assert isinstance(done.failure("node1"), UpdatesFailedError)
    assert bench.entry().installer is None


def test_installer_that_never_ends_leaves_the_node_out_of_service(bench: Bench) -> None:
    bench.world.machine("node1").processes = [process("wusa.exe")]
    bench.world.fault("node1", "run_update_installer", when="refuse", error=time_limit())
    with pytest.raises(OutcomeUnknownError, match=r"a\.msu"):
        run(bench, A, B, options=SHORT)
    assert started(bench) == [A.update_path]
    assert bench.entry().installer == A.update_path
    with pytest.raises(OutcomeUnknownError):
        resume(bench.work)
    with pytest.raises(OutcomeUnknownError):
        restart(bench.work)
    assert bench.count("resume") == 0
    assert bench.count("restart") == 0


def test_process_of_a_file_that_is_its_own_installer_is_waited_for(bench: Bench) -> None:
    bench.world.machine("node1").processes = [process("fw.exe")]
    bench.world.fault("node1", "run_update_installer", when="refuse", error=time_limit())
    with pytest.raises(OutcomeUnknownError):
        run(bench, hotfix("fw.exe", FIRMWARE), options=SHORT)


def test_installer_after_others_that_never_ends_keeps_their_records(bench: Bench) -> None:
    bench.world.machine("node1").processes = [process("wusa.exe")]
    bench.world.fault("node1", "run_update_installer", when="refuse", skip=1, error=time_limit())
    done = run(bench, A, B, C, options=SHORT)
    assert states(done) == [HotfixState.SUCCEEDED]
    assert isinstance(done.failure("node1"), OutcomeUnknownError)
    assert started(bench) == [A.update_path, B.update_path]


def test_lost_answer_is_unknown_and_never_repeated(bench: Bench) -> None:
    bench.world.fault("node1", "run_update_installer", when="after")
    done = run(bench, A)
    assert states(done) == [HotfixState.UNKNOWN]
    assert not run(bench, A).plan.to_apply
    assert started(bench) == [A.update_path]


def test_request_that_never_left_is_sent_once_more(bench: Bench) -> None:
    bench.world.fault("node1", "run_update_installer", when="refuse", error=NotReachableError("no answer", node="node1"))
    done = run(bench, A)
    assert states(done) == [HotfixState.SUCCEEDED]
    assert bench.entry().hotfixes == (A.path,)


def test_request_that_is_refused_is_not_counted_as_dealt_with(bench: Bench) -> None:
    refusal = WmiError("the node session is not there", node="node1")
    bench.world.fault("node1", "run_update_installer", when="refuse", error=refusal)
    with pytest.raises(WmiError):
        run(bench, A)
    assert (bench.entry().hotfixes, bench.entry().installer) == ((), None)


def test_installer_is_noted_before_it_is_started(bench: Bench) -> None:
    seen = []
    bench.world.fault("node1", "run_update_installer", when="act", then=lambda: seen.append(bench.entry()))
    run(bench, A)
    assert (seen[0].installer, seen[0].installer_image, seen[0].hotfixes) == (A.update_path, "wusa.exe", (A.path,))
    assert seen[0].phase is Phase.INSTALLING


@pytest.mark.parametrize(
    ("exit_code", "kept"),
    [(0, "hotfixes"), (5, "hotfixes"), (17, "failed_hotfixes"), (1603, "failed_hotfixes")],
)
def test_journal_tells_how_a_hotfix_ended(bench: Bench, exit_code: int, kept: str) -> None:
    script(bench, A, exit_code=exit_code)
    run(bench, A)
    entry = bench.entry()
    assert {name: getattr(entry, name) for name in ("hotfixes", "failed_hotfixes", "unknown_hotfixes")} == {
        "hotfixes": (),
        "failed_hotfixes": (),
        "unknown_hotfixes": (),
        kept: (A.path,),
    }
    assert entry.restart_due is (exit_code == 1603)


def test_unknown_outcome_of_an_earlier_task_fails_every_later_one(bench: Bench) -> None:
    bench.world.fault("node1", "run_update_installer", when="after")
    run(bench, A)
    assert bench.entry().unknown_hotfixes == (A.path,)
    assert isinstance(run(bench, A).failure("node1"), UpdatesFailedError)


def test_restart_that_is_owed_is_due_without_another_sign_until_it_was_made(bench: Bench) -> None:
    bench.journal.write("node1", restart_due=True, hotfixes=(A.path,), phase=Phase.INSTALLING)
    assert run(bench, A).reboot_required
    assert install(bench.work, UpdateOptions()).reboot_required
    restart(bench.work)
    assert not bench.entry().restart_due
    assert not run(bench, A).reboot_required


def test_request_to_stop_is_heeded_between_two_installers(bench: Bench) -> None:
    def stop() -> None:
        if started(bench):
            raise RunStoppedError("somebody asked the run to stop")

    bench.work.heed = stop
    done = run(bench, A, B)
    assert started(bench) == [A.update_path]
    assert isinstance(done.failure("node1"), RunStoppedError)


def test_open_installer_of_an_earlier_task_is_unknown_and_waited_for(bench: Bench) -> None:
    bench.journal.write("node1", installer=A.update_path, installer_image="wusa.exe", hotfixes=(A.path,))
    done = run(bench, A, B)
    assert [(record.path, record.state) for record in done.records] == [
        (A.path, HotfixState.UNKNOWN),
        (B.path, HotfixState.SUCCEEDED),
    ]
    assert started(bench) == [B.update_path]


def test_node_that_is_not_paused_by_us_gets_nothing() -> None:
    bench = make_bench()
    with pytest.raises(NotOurPauseError):
        run(bench, A)
    assert started(bench) == []


def test_lost_lock_is_found_before_each_installer(bench: Bench) -> None:
    bench.world.fault("node1", "run_update_installer", when="act", then=lambda: lose_lock(bench))
    done = run(bench, A, B)
    assert started(bench) == [A.update_path]
    assert isinstance(done.failure("node1"), RunLockLostError)


def test_file_that_has_changed_meanwhile_is_not_applied(bench: Bench) -> None:
    def recheck(one: Hotfix) -> None:
        if one is B:
            raise HotfixFolderError("it is not there any more")

    done = apply(bench.work, (A, B, C), HotfixOptions(), recheck)
    assert started(bench) == [A.update_path]
    assert isinstance(done.failure("node1"), HotfixFolderError)


def test_work_without_a_run_is_refused(bench: Bench) -> None:
    bench.work.ownership = None
    with pytest.raises(CauError, match="run lock"):
        run(bench, A)


def test_plan_starts_nothing(bench: Bench) -> None:
    plan = plan_apply(bench.work, (A, B))
    assert plan.to_apply == (A, B)
    assert started(bench) == []
