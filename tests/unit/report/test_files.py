# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where records stand: whole, for their owner alone, and with what is damaged named."""

from __future__ import annotations

import json
import stat
import threading
from datetime import UTC
from pathlib import Path

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import NodeEntry
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.report.files import (
    RunFolder,
    folder_of,
    run_folders,
    write_whole,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.report.journal_pieces import entry_fields
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.report.pieces import to_line
from hypothesis import given
from hypothesis import strategies as st

from .made import RUN, START, begin, end, good

moments = st.datetimes(timezones=st.just(UTC))

OTHER = "99999999-0000-4000-8000-000000000001"


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return folder_of(tmp_path / "reports", "HV01", START, RUN)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@given(st.builds(NodeEntry, boot_time=st.none() | moments, changed_at=st.none() | moments, phase_since=st.none() | moments))
def test_every_field_of_the_journal_can_be_written(entry: NodeEntry) -> None:
    fields = entry_fields(entry)
    assert json.loads(to_line({"entry": fields}))["entry"] == fields


def test_pieces_come_back_in_order(folder: RunFolder) -> None:
    for piece in good():
        folder.append(piece)
    assert [piece["kind"] for piece in folder.pieces().lines] == [piece["kind"] for piece in good()]


def test_only_the_owner_may_read(folder: RunFolder) -> None:
    folder.append(begin())
    folder.write("report.html", "page")
    assert mode(folder.path) == 0o700
    assert {mode(path) for path in folder.path.iterdir()} == {0o600}


def test_line_that_was_cut_off_takes_no_other_with_it(folder: RunFolder) -> None:
    folder.append(begin())
    with (folder.path / "pieces.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"kind": "task", "at": "20')
    folder.append(end(5))
    assert [piece["kind"] for piece in folder.pieces().lines] == ["run", "end"]
    assert folder.pieces().damaged == (2,)


def test_many_tasks_may_add_at_the_same_time(folder: RunFolder) -> None:
    def add() -> None:
        for _line in range(20):
            folder.append(begin(options={"text": "x" * 5000}))

    workers = [threading.Thread(target=add) for _worker in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(folder.pieces().lines) == 160
    assert folder.pieces().damaged == ()


def test_oldest_run_comes_first_whatever_its_cluster(tmp_path: Path) -> None:
    for cluster, year, run in (("A", 2026, RUN), ("B", 2025, OTHER)):
        folder_of(tmp_path, cluster, START.replace(year=year), run).append(begin())
    assert [each.run_id for each in run_folders(tmp_path)] == [OTHER, RUN]


@pytest.mark.parametrize("name", ["../../etc", "HV 01/x", "", "..."])
def test_name_of_a_cluster_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    assert folder_of(tmp_path, name, START, RUN).path.parent == tmp_path
    assert folder_of(tmp_path, name, START, RUN).run_id == RUN


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run": 1, "nodes": []}'])
def test_damaged_record_is_named(folder: RunFolder, text: str) -> None:
    folder.write("report.json", text)
    with pytest.raises(ValueError, match=r"report\.json"):
        folder.record()


def test_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    (tmp_path / "report.html" / "in the way").touch()
    with pytest.raises(OSError, match=r"report\.html"):
        write_whole(tmp_path / "report.html", "page")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
