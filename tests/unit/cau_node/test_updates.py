# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scanning and downloading."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    QueryError,
    RunLockLostError,
    TimeLimitError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.selection import Selection
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.updates import UpdateOptions, download, scan
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import (
    MethodFailedError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import ConnectionLostError

from ..fakes.world import FakeMachine
from .helpers import Bench, fake_update, update_id

OPTIONS = UpdateOptions()


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
