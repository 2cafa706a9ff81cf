# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Votes."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.quorum import votes
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import ClusterNode, NodeState
from hypothesis import given
from hypothesis import strategies as st

UP, DOWN, PAUSED = NodeState.UP, NodeState.DOWN, NodeState.PAUSED


def node(name: str, weight: int | None = 1, state: NodeState = UP) -> ClusterNode:
    return ClusterNode(name, state, dynamic_weight=weight)


@pytest.mark.parametrize(
    ("weights", "witness", "is_safe"),
    [
        ([1, 1, 1, 1], 1, True),
        ([1, 1, 1], 0, True),
        ([1, 1], 1, True),
        ([1, 1], 0, False),  # two nodes, no witness, no dynamic quorum: one of two is no majority
        ([1, 0], 0, False),  # the other one has no vote to stand with
        ([0, 1], 0, True),  # this one has no vote to take away
        ([0, 1], 1, True),
        ([0, 1, 1], 1, True),
        ([1], 1, False),
    ],
)
def test_the_first_node_may_leave_when_the_rest_is_a_majority(weights: list[int], witness: int, is_safe: bool) -> None:
    nodes = [node(f"node{index}", weight) for index, weight in enumerate(weights, 1)]

    assert votes(nodes, witness, "NODE1").is_safe is is_safe


def test_a_paused_node_votes() -> None:
    assert votes([node("a"), node("b", state=PAUSED), node("c")], 0, "a").remaining == 2


def test_a_paused_target_is_subtracted_once() -> None:
    view = votes([node("a", state=PAUSED), node("b"), node("c")], 0, "a")

    assert (view.current, view.remaining, view.needed, view.is_safe) == (3, 2, 2, True)


def test_a_node_that_is_away_with_its_vote_counts_in_the_total_only() -> None:
    view = votes([node("a"), node("b"), node("c"), node("d", state=DOWN)], 0, "a")

    assert (view.current, view.remaining, view.is_safe) == (4, 2, False)


def test_a_node_whose_vote_is_not_known_is_never_safe() -> None:
    assert not votes([node("a"), node("b"), node("c"), node("d", None)], 1, "a").is_safe


def test_a_target_that_is_no_member_is_never_safe() -> None:
    assert not votes([node("a"), node("b"), node("c")], 1, "z").is_safe


def test_a_witness_whose_vote_is_not_known_counts_where_it_hurts() -> None:
    assert not votes([node("a"), node("b")], None, "a").is_safe
    assert votes([node("a"), node("b"), node("c"), node("d")], None, "a").is_safe


@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(list(NodeState))), min_size=1, max_size=9),
    st.one_of(st.none(), st.integers(0, 1)),
)
def test_what_is_called_safe_is_a_strict_majority(members: list[tuple[int, NodeState]], witness: int | None) -> None:
    view = votes([node(f"n{index}", weight, state) for index, (weight, state) in enumerate(members)], witness, "n0")

    assert not view.is_safe or 2 * view.remaining > view.current
    assert view.remaining <= view.current
