# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table that the tools print from the event log."""

from __future__ import annotations

from tests.harness.record import Entry
from tools.show import node_table

STARTED: Entry = {"event": "model_started", "at": "2026-01-01T00:00:00Z", "node": None, "nodes": {"N1": {}, "N2": {}}}


def change(node: str, minute: int, before: str, after: str) -> Entry:
    return {"event": "node_state_changed", "at": f"2026-01-01T00:{minute:02d}:00Z", "node": node, "from": before, "to": after}


def column(rows: list[list[str]], name: str) -> list[str]:
    return [row[rows[0].index(name)] for row in rows[1:]]


def test_quiet_nodes_have_a_row() -> None:
    assert column(node_table([STARTED]), "node") == ["N1", "N2"]


def test_time_away_is_counted_until_the_node_is_up() -> None:
    events = [STARTED, change("N1", 1, "up", "paused"), change("N1", 2, "paused", "down"), change("N1", 9, "down", "up")]
    assert column(node_table(events), "out of service") == ["8 min 00 s", "0 s"]


def test_node_that_stays_away_is_counted_until_the_end() -> None:
    events = [STARTED, change("N1", 1, "up", "down"), change("N2", 31, "up", "paused"), change("N2", 41, "paused", "up")]
    assert column(node_table(events), "out of service") == ["40 min 00 s", "10 min 00 s"]
