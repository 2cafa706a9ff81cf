# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The running table of a run."""

from __future__ import annotations

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.outcome import NodeOutcome, NodeState
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._table import MOST_ROWS, running_table


def ended(node: str, state: NodeState = NodeState.OK, **fields: int) -> NodeOutcome:
    return NodeOutcome(node, f"host of {node}", state, reason="KB1 failed" if state is NodeState.FAILED else None, **fields)


def test_each_node_has_its_row() -> None:
    outcomes = [ended("node3", updates=3, restarts=1, seconds=1260), ended("n1", NodeState.NOTHING_TO_DO), ended("n2", NodeState.FAILED)]
    assert running_table(outcomes, {"n4": 2, "n5": 1, "n6": None}) == [
        "2 done, 1 failed, 3 to come",
        "  node3  ok 3 updates 1 restart 21 min",
        "  n1     nothing to do",
        "  n2     FAILED KB1 failed",
        "  n4     next, 2 updates staged",
        "  n5     to come, 1 update staged",
        "  n6     to come",
    ]


def test_table_of_a_large_cluster_stays_short_and_names_every_failure() -> None:
    outcomes = [ended("bad", NodeState.FAILED), *(ended(f"a{number}") for number in range(20))]
    lines = running_table(outcomes, {f"b{number}": None for number in range(40)})
    assert len(lines) == 2 * MOST_ROWS + 4
    assert lines[1:3] == ["  14 nodes before these are done", "  bad  FAILED KB1 failed"]
    assert lines[-1] == "  34 more to come"
