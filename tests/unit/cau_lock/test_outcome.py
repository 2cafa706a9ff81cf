# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Budget, verdict and summary."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.outcome import (
    NodeOutcome,
    NodeState,
    account,
    decide,
    default_budget,
    latest,
    summary_line,
)
from hypothesis import given
from hypothesis import strategies as st

NODES = [f"node{number}" for number in range(1, 9)]
STATES = st.lists(st.sampled_from(NodeState), max_size=len(NODES))


def outcomes(states: list[NodeState]) -> list[NodeOutcome]:
    return [NodeOutcome(name, name, state, reason="why") for name, state in zip(NODES, states, strict=False)]


@pytest.mark.parametrize(("nodes", "budget"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 2), (64, 21)])
def test_default_budget_is_a_third_rounded_down(nodes: int, budget: int) -> None:
    assert default_budget(nodes) == budget


@given(st.integers(0, 1000))
def test_default_budget_never_exceeds_a_third(count: int) -> None:
    assert 0 <= default_budget(count) * 3 <= count


@given(STATES)
def test_node_left_out_of_service_ends_the_run(states: list[NodeState]) -> None:
    verdict = decide(NODES, outcomes(states), max_failed_nodes=len(NODES))
    assert verdict.run_continues == (NodeState.LEFT_OUT not in states)


@given(STATES, st.integers(0, 8))
def test_run_goes_on_within_the_budget(states: list[NodeState], budget: int) -> None:
    verdict = decide(NODES, outcomes(states), budget)
    if NodeState.LEFT_OUT not in states:
        assert verdict.run_continues == (states.count(NodeState.FAILED) <= budget)


@given(STATES, st.none() | st.integers(0, 8))
def test_success_means_that_every_outcome_is_good(states: list[NodeState], budget: int | None) -> None:
    verdict = decide(NODES, outcomes(states), budget)
    is_good = not {NodeState.FAILED, NodeState.LEFT_OUT} & set(states)
    assert verdict.succeeded == is_good
    assert (verdict.reason is None) == is_good


@given(STATES)
def test_last_node_is_the_one_after_which_none_is_open(states: list[NodeState]) -> None:
    verdict = decide(NODES, outcomes(states), max_failed_nodes=8)
    assert verdict.is_last == (len(states) == len(NODES))
    assert verdict.run_ends == (verdict.is_last or not verdict.run_continues)


def test_later_outcome_of_a_node_replaces_the_earlier() -> None:
    first, second = NodeOutcome("node1", "a", NodeState.FAILED), NodeOutcome("NODE1", "a", NodeState.OK)
    assert latest([first, second]) == [second]
    assert decide(["node1"], [first, second]).succeeded


def test_budget_follows_the_size_of_the_cluster() -> None:
    failed = [NodeOutcome("node1", "a", NodeState.FAILED)]
    assert not decide(["node1", "node2"], failed).run_continues
    assert decide(["node1", "node2"], failed, cluster_size=4).run_continues


def test_outcome_of_a_node_outside_the_run_does_not_end_it() -> None:
    assert not decide(["node1"], [NodeOutcome("node9", "z", NodeState.OK)]).is_last


def test_negative_budget_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="max_failed_nodes"):
        decide(NODES, [], -1)


def test_reason_names_the_nodes_and_the_budget() -> None:
    failed = [NodeOutcome(name, name, NodeState.FAILED) for name in ("node1", "node2")]
    assert decide(NODES[:4], failed).reason == "2 nodes failed (node1, node2), 1 may"
    assert decide(NODES[:2], failed[:1]).reason == "1 node failed (node1), none may"


def test_summary_reads_like_the_design() -> None:
    line = summary_line(
        "HV01",
        [
            NodeOutcome("node3", "node3", NodeState.OK, updates=3, restarts=1, seconds=1260),
            NodeOutcome("node1", "node1", NodeState.OK, updates=1, seconds=41),
            NodeOutcome("node4", "node4", NodeState.NOTHING_TO_DO),
            NodeOutcome("node2", "node2", NodeState.FAILED, reason="0x80240016 another installation\n was in progress"),
        ],
    )
    assert line == (
        "HV01  node3 ok 3 updates 1 restart 21 min | node1 ok 1 update 41 s | node4 nothing to do"
        " | node2 FAILED 0x80240016 another installation was in progress"
    )


def test_summary_says_what_was_left_out_and_not_reached() -> None:
    left = NodeOutcome("node2", "node2", NodeState.LEFT_OUT, updates=2, restarts=1, reason="did not come back")
    line = summary_line("HV01", [left], ["node1", "node2"])
    assert line == "HV01  node2 LEFT OUT OF SERVICE did not come back (after 2 updates and 1 restart) | node1 not reached"


def test_summary_of_nothing_says_so() -> None:
    assert summary_line("HV01", []) == "HV01  no node was worked on"


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (89.4, "89 s"), (90, "2 min"), (7080, "118 min"), (7500, "2 h 05 min")])
def test_duration_is_said_in_fitting_units(seconds: float, words: str) -> None:
    assert summary_line("C", [NodeOutcome("n", "n", NodeState.OK, seconds=seconds)]).endswith(words)


@given(st.text(max_size=2000))
def test_any_reason_makes_one_bounded_line(reason: str) -> None:
    line = summary_line("C", [NodeOutcome("n", "n", NodeState.FAILED, reason=reason)])
    assert line.isprintable()
    assert len(line) < 330


def test_account_counts_each_node_once_and_names_those_that_failed_or_were_not_reached() -> None:
    known = [*outcomes([NodeState.FAILED, NodeState.LEFT_OUT]), NodeOutcome("node1", "a", NodeState.OK, updates=2)]
    told = account("HV01", "an id", known, NODES[:3])
    assert told["counts"] == {"ok": 1, "nothing_to_do": 0, "left_alone": 0, "failed": 0, "left_out": 1}
    assert told["failed_nodes"] == ["node2"]
    assert told["not_reached"] == ["node3"]
    assert told["nodes"]["node1"]["updates"] == 2
    assert told["nodes"]["node2"]["state"] == "left_out"
