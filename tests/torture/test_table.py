# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the documentation is the one by which the fault matrix is judged."""

from __future__ import annotations

from tests.harness.processes import CHECKOUT

from .ends import EXPECTED, ROWS, table
from .faults import FAULTS


def test_documentation_shows_the_table_by_which_the_runs_are_judged() -> None:
    lines = (CHECKOUT / "docs" / "trouble.md").read_text(encoding="utf-8").splitlines()
    first = lines.index(table()[0])
    assert lines[first : first + len(table())] == table()
    assert lines[first + len(table())] == ""


def test_every_fault_has_a_row_and_no_step_has_two() -> None:
    assert {row.fault for row in ROWS} == set(FAULTS)
    assert sum(len(row.steps) for row in ROWS) == len(EXPECTED)
