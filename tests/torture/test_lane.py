# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the log of a case begins."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness.record import read_log

from .lane import size, start_lines


def log(path: Path, *events: str) -> int:
    """Append events to a log and return how long it was before."""
    before = size(path)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"seq": before + number, "event": event}) + "\n" for number, event in enumerate(events))
    return before


def names(path: Path, start: int) -> list[str]:
    return [entry["event"] for entry in read_log(path, start)]


def test_what_happens_before_the_twin_answers_that_it_has_started_belongs_to_the_case(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    log(path, "model_started", "resumed")
    before = log(path, "model_started", "group_moved")
    assert names(path, start_lines(path, before)[1]) == ["group_moved"]


def test_what_the_case_before_still_does_is_not_part_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    before = log(path, "install_ended", "model_started", "model_started", "drain_started")
    begin, end = start_lines(path, before)
    assert names(path, begin) == ["model_started", "model_started", "drain_started"]
    assert names(path, end) == ["drain_started"]


def test_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    before = log(path, "model_started")
    end = size(path)
    path.write_text(path.read_text(encoding="utf-8") + '{"seq": 7, "ev', encoding="utf-8")
    assert start_lines(path, before) == (0, end)
