# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the rules in docs/readiness.md is the one of the code."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness.rules import NOT_CHECKED, RULES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "readiness.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[str]:
    """Return the rows of the table below a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][2:]


def test_every_rule_stands_in_the_table_as_in_the_code() -> None:
    assert rows("The rules") == [
        f"| `{rule.name}` | {rule.cau_rule or ''} | {rule.severity.value} | {rule.checks} | {rule.mend}. |" for rule in RULES
    ]


def test_every_rule_of_cau_that_is_not_checked_stands_in_the_table() -> None:
    assert rows("Rules of Test-CauSetup that are not checked") == [f"| {number} | {reason} |" for number, reason in NOT_CHECKED.items()]


def test_every_rule_of_cau_is_checked_or_named() -> None:
    checked = {rule.cau_rule for rule in RULES if rule.cau_rule is not None}
    assert checked | set(NOT_CHECKED) == set(range(1, 20))
    assert not checked & set(NOT_CHECKED)
