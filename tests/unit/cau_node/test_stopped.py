# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is asked to stop in the middle of a step, and a node that an earlier run has left half-way."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.drain import drain
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import RunLockLostError, RunStoppedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install import install
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.restart import restart
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.resume import resume
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.updates import UpdateOptions, download
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import DrainStatus, NodeState

from ..fakes.world import FakeMachine
from .helpers import Bench, fake_update


def asked_after(bench: Bench, operation: str) -> Callable[[], None]:
    """A check that stops the run once node1 was asked for an operation."""

    def heed() -> None:
        if bench.count(operation):
            raise RunStoppedError("bob on control2 asked the run to stop")

    return heed


def test_stop_before_the_pause_leaves_the_node_as_it_is(bench: Bench, node1: FakeMachine) -> None:
    bench.work.heed = asked_after(bench, "would_lose_quorum")
    with pytest.raises(RunStoppedError):
        drain(bench.work)
    assert bench.count("pause") == 0
    assert node1.node_session is None


def test_stop_while_the_roles_leave_is_undone_by_the_resume(bench: Bench, node1: FakeMachine) -> None:
    bench.work.heed = asked_after(bench, "pause")
    with pytest.raises(RunStoppedError):
        drain(bench.work)
    assert bench.entry().paused_by_us
    resume(bench.work)
    assert node1.state is NodeState.UP
    assert not bench.entry().paused_by_us


def test_stop_while_updates_are_downloaded_waits_for_those_that_were_asked_for(
    bench: Bench, node1: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    node1.offered = [fake_update(number) for number in range(1, 30)]
    update = bench.work.client.cluster_update
    answer = update.download

    def looked_after(*arguments: t.Any, should_stop: Callable[[], None], **options: t.Any) -> object:  # noqa: ANN401
        found = answer(*arguments, should_stop=should_stop, **options)
        assert node1.node_session
        should_stop()
        should_stop()
        return found

    monkeypatch.setattr(update, "download", looked_after)
    bench.work.heed = asked_after(bench, "download")
    with pytest.raises(RunStoppedError):
        download(bench.work, UpdateOptions())
    assert bench.count("download") == 1
    assert bench.progress.texts.count("bob on control2 asked the run to stop; the download that has begun is waited for") == 1
    assert node1.node_session is None


def test_download_is_not_waited_for_when_the_work_must_end(bench: Bench, node1: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    node1.offered = [fake_update(1)]

    def lost(*_arguments: t.Any, should_stop: Callable[[], None], **_options: t.Any) -> object:  # noqa: ANN401
        bench.work.check = raise_lost
        should_stop()
        raise AssertionError("the wait went on")

    def raise_lost() -> None:
        raise RunLockLostError("the lock is gone")

    monkeypatch.setattr(bench.work.client.cluster_update, "download", lost)
    with pytest.raises(RunLockLostError):
        download(bench.work, UpdateOptions())


def test_stop_between_two_batches_keeps_the_result_of_the_first(bench: Bench, node1: FakeMachine) -> None:
    bench.drained()
    node1.offered = [fake_update(1), fake_update(2)]
    bench.work.heed = asked_after(bench, "install")
    with pytest.raises(RunStoppedError):
        install(bench.work, UpdateOptions(batch_size=1))
    assert bench.count("install") == 1
    assert (bench.entry().batch, len(bench.entry().installed)) == ((), 1)


def test_stop_before_a_restart_asks_for_none(bench: Bench) -> None:
    bench.drained()
    before = bench.entry()
    looks = bench.count("would_lose_quorum")

    def heed() -> None:
        if bench.count("would_lose_quorum") > looks:
            raise RunStoppedError("bob on control2 asked the run to stop")

    bench.work.heed = heed
    with pytest.raises(RunStoppedError):
        restart(bench.work)
    assert bench.count("restart") == 0
    assert bench.entry() == before


def test_restart_that_was_asked_for_is_waited_for_although_the_run_is_to_stop(bench: Bench) -> None:
    bench.drained()
    bench.work.heed = asked_after(bench, "restart")
    assert restart(bench.work).restarts == 1
    assert bench.entry().phase is Phase.RESTARTED


def test_drain_that_windows_forgot_over_a_restart_is_not_waited_for(bench: Bench, node1: FakeMachine) -> None:
    bench.drained()
    bench.journal.write("node1", phase=Phase.RESTARTED, boot_time=datetime(2026, 2, 1, tzinfo=UTC))
    node1.drain_status = DrainStatus.NOT_INITIATED
    assert not drain(bench.work).is_changed
    assert bench.count("pause") == 1


def test_restart_that_an_update_asks_for_is_due_until_it_was_made(bench: Bench, node1: FakeMachine) -> None:
    bench.drained()
    node1.offered = [fake_update(1, needs_restart=True)]
    install(bench.work, UpdateOptions())
    assert bench.entry().restart_due
    restart(bench.work)
    assert not bench.entry().restart_due
