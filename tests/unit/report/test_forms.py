# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record as a page and as a table: nothing that somebody else wrote is taken for markup or for a formula."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.report.table import COLUMNS, cell, to_csv
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._report_page import ticks, timeline, to_html
from hypothesis import given
from hypothesis import strategies as st

from .made import begin, built, end, entry, failure, good, outcome, task, turn

EVIL = "<script>alert('x')</script>\"><img src=http://evil/>"


def failed_record(title: str = "Update", reason: str = "it failed") -> dict[str, object]:
    update = {"u1": {"title": title, "state": "failed", "failure_hresult_code": 0x80070643, "failure_msg": reason}}
    error = failure(f"node1: install: {reason}", remedy="Look the code up in the update log")
    lines = [begin(), *turn("node1", 10), task("wua_install", 30, error=error, updates=update), outcome("node1", 60, "failed", reason)]
    return built([*lines, *turn("node2", 70), outcome("node2", 130, "ok", last=True), end(140)])


class Tags(HTMLParser):
    """Collects the tags of a page and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "action", "data"}]


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags


def test_page_escapes_what_others_wrote() -> None:
    page = to_html(failed_record(EVIL, EVIL))
    tags = parsed(page)
    assert "script" not in tags.tags
    assert "img" not in tags.tags
    assert "&lt;script&gt;" in page


def test_page_needs_no_network() -> None:
    page = to_html(built(good()))
    assert parsed(page).links == []
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?://", page)


def test_failed_node_comes_first_with_the_mend() -> None:
    page = to_html(failed_record())
    assert page.index("What needs somebody") < page.index("Who was out of service")
    assert page.index("Look the code up in the update log") < page.index("Who was out of service")
    assert "ERROR_INSTALL_FAILURE" in page


def test_page_of_a_good_run_has_no_failures() -> None:
    page = to_html(built(good()))
    assert "What needs somebody" not in page
    assert "Never more than one node was out of service at a time." in page


def test_page_of_a_run_without_anything_is_made() -> None:
    assert "No node was taken out of service." in to_html(built([begin(), end(1)]))


def test_page_of_a_refused_run_speaks_of_no_lock_that_was_left() -> None:
    page = to_html(built([begin(is_refused=True, taken=None), task("run_lock", 5, "", error=failure("node2 is paused", "GateError"))]))
    assert "The run did not begin" in page
    assert "It did not come to hold the run lock." in page
    assert "not given back" not in page


def test_bars_of_the_nodes_do_not_overlap() -> None:
    rows = timeline(built(good()))
    assert [row["node"] for row in rows] == ["node1", "node2"]
    first = max(span["left"] + span["width"] for span in rows[0]["bars"])
    assert first <= min(span["left"] for span in rows[1]["bars"])


def test_node_that_is_left_out_is_drawn_to_the_end() -> None:
    lines = [begin(), entry("node1", 10, "drained"), entry("node1", 20, "left_out", paused_by_us=True), end(100)]
    record = built(lines)
    span = timeline(record)[0]["bars"][-1]
    assert (span["is_open"], round(span["left"] + span["width"])) == (True, 100)
    assert record["nodes"][0]["is_out_of_service"]


@given(st.floats(min_value=1, max_value=1e7))
def test_axis_has_few_marks_and_all_on_it(length: float) -> None:
    marks = ticks(length)
    assert 1 <= len(marks) <= 8
    assert all(0 <= mark["left"] <= 100 for mark in marks)


def test_table_has_a_line_per_update_and_per_node_without_any() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(failed_record()))))
    symbol = "HRESULT_FROM_WIN32(ERROR_INSTALL_FAILURE)"
    assert [(row["node"], row["id"], row["symbol"]) for row in rows] == [("node1", "u1", symbol), ("node2", "", "")]
    assert tuple(rows[0]) == COLUMNS


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_formula_is_written_as_text(text: str) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(failed_record(title=text)), newline="")))
    assert rows[0]["title"] == f"'{text}"


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
