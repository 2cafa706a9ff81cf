# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run goes on after a node, and what is said about it at the end; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

_MAX_REASON = 300


class NodeState(enum.StrEnum):
    """How the run ended for a node."""

    OK = "ok"
    NOTHING_TO_DO = "nothing_to_do"
    LEFT_ALONE = "left_alone"
    """It was out of service before the run, which was told to accept that, or the run is limited to others."""
    FAILED = "failed"
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class NodeOutcome:
    """How the run went for one node.

    Args:
        node: the node.
        host: its inventory host.
        state: how it ended; left_out means that we left it out of service.
        updates: how many updates were installed.
        restarts: how often it was restarted.
        seconds: how long it took, in clock seconds.
        reason: why it failed or was left out.
        hotfixes: how many hotfixes were applied.
        attempts: how many attempts it took.
    """

    node: str
    host: str
    state: NodeState
    updates: int = 0
    restarts: int = 0
    seconds: float = 0
    reason: str | None = None
    hotfixes: int = 0
    attempts: int = 1


@dataclass(frozen=True)
class Verdict:
    """What follows for the run.

    Args:
        run_continues: whether the next node may be worked on.
        is_last: whether no node is left to work on.
        succeeded: whether every outcome so far is good; the run exits non-zero without it.
        reason: why the run ends early, or what failed; None when all is well.
    """

    run_continues: bool
    is_last: bool
    succeeded: bool
    reason: str | None

    @property
    def run_ends(self) -> bool:
        """Whether the run is over, so that the lock is released."""
        return self.is_last or not self.run_continues


def default_budget(node_count: int) -> int:
    """Return how many nodes may fail when the user does not say: a third of the cluster, rounded down (cau.md 5.3)."""
    return max(0, node_count) // 3


def decide(
    nodes: Collection[str], outcomes: Sequence[NodeOutcome], max_failed_nodes: int | None = None, *, cluster_size: int | None = None
) -> Verdict:
    """Decide whether the run goes on.

    A failed node serves again and counts against the budget; a node that was left out of service ends the run whatever the budget.

    Args:
        nodes: the nodes that this run works on.
        outcomes: what is known so far; of several for one node the last counts.
        max_failed_nodes: how many nodes may fail, None for the default.
        cluster_size: how many nodes the cluster has, None when the run works on all of them.

    Raises:
        ValueError: max_failed_nodes is negative.
    """
    if max_failed_nodes is not None and max_failed_nodes < 0:
        raise ValueError(f"max_failed_nodes must not be negative: {max_failed_nodes}")
    known = latest(outcomes)
    budget = default_budget(len(nodes) if cluster_size is None else cluster_size) if max_failed_nodes is None else max_failed_nodes
    left_out = [outcome for outcome in known if outcome.state is NodeState.LEFT_OUT]
    failed = [outcome for outcome in known if outcome.state is NodeState.FAILED]
    is_last = {name.casefold() for name in nodes} <= {outcome.node.casefold() for outcome in known}
    reason = None
    if left_out:
        reason = "; ".join(f"{outcome.node} was left out of service: {_line(outcome.reason)}" for outcome in left_out)
    elif len(failed) > budget:
        reason = f"{_count(len(failed), 'node')} failed ({_names(failed)}), {budget or 'none'} may"
    elif failed:
        reason = f"{_count(len(failed), 'node')} failed ({_names(failed)})"
    return Verdict(
        run_continues=not left_out and len(failed) <= budget, is_last=is_last, succeeded=not left_out and not failed, reason=reason
    )


def latest(outcomes: Sequence[NodeOutcome]) -> list[NodeOutcome]:
    """Return one outcome per node, its last, in the order in which the nodes first came."""
    return list({outcome.node.casefold(): outcome for outcome in outcomes}.values())


def summary_line(cluster: str, outcomes: Sequence[NodeOutcome], nodes: Sequence[str] = ()) -> str:
    """Return the run in one line; nodes without an outcome are named as not reached.

    Args:
        cluster: the cluster's name.
        outcomes: how the run went, in the order of the nodes' turns.
        nodes: the nodes that the run was to work on.
    """
    known = latest(outcomes)
    reached = {outcome.node.casefold() for outcome in known}
    parts = [_part(outcome) for outcome in known]
    parts += [f"{name} not reached" for name in nodes if name.casefold() not in reached]
    return f"{cluster}  {' | '.join(parts) if parts else 'no node was worked on'}"


def account(cluster: str, run_id: str | None, outcomes: Sequence[NodeOutcome], nodes: Sequence[str] = ()) -> dict[str, Any]:
    """Return the run in plain data, for whatever goes on after it: a step of a workflow for instance.

    Args:
        cluster: the cluster's name, empty when that is not known.
        run_id: the run's id, None when it has none.
        outcomes: how the run went, in the order of the nodes' turns.
        nodes: the nodes that the run was to work on.
    """
    known = latest(outcomes)
    reached = {outcome.node.casefold() for outcome in known}
    counts = Counter(outcome.state.value for outcome in known)
    return {
        "cluster": cluster,
        "run_id": run_id,
        "counts": {state.value: counts[state.value] for state in NodeState},
        "failed_nodes": [outcome.node for outcome in known if outcome.state in {NodeState.FAILED, NodeState.LEFT_OUT}],
        "not_reached": [name for name in nodes if name.casefold() not in reached],
        "nodes": {outcome.node: asdict(outcome) | {"state": outcome.state.value} for outcome in known},
    }


def _part(outcome: NodeOutcome) -> str:
    return f"{outcome.node} {words_of(outcome)}"


def words_of(outcome: NodeOutcome) -> str:
    """Return how the run ended for a node, without the node's name."""
    if outcome.state is NodeState.NOTHING_TO_DO:
        return "nothing to do"
    if outcome.state is NodeState.LEFT_ALONE:
        return f"left as it was: {_line(outcome.reason)}"
    done = []
    if outcome.updates or (outcome.state is NodeState.OK and not outcome.hotfixes):
        done.append(_count(outcome.updates, "update"))
    if outcome.hotfixes:
        done.append(_count(outcome.hotfixes, "hotfix", "hotfixes"))
    if outcome.restarts:
        done.append(_count(outcome.restarts, "restart"))
    if outcome.state is NodeState.OK:
        tried = f" at attempt {outcome.attempts}" if outcome.attempts > 1 else ""
        told = [f"({_line(outcome.reason)})"] if outcome.reason else []
        return " ".join([f"ok{tried}", *done, _duration(outcome.seconds), *told])
    if outcome.attempts > 1:
        done.append(_count(outcome.attempts, "attempt"))
    word = "FAILED" if outcome.state is NodeState.FAILED else "LEFT OUT OF SERVICE"
    after = f" (after {' and '.join(done)})" if done else ""
    return f"{word} {_line(outcome.reason)}{after}"


def _duration(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def _count(number: int, noun: str, nouns: str = "") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {nouns or noun + 's'}"


def _names(outcomes: Sequence[NodeOutcome]) -> str:
    return ", ".join(outcome.node for outcome in outcomes)


def _line(reason: str | None) -> str:
    """Return a reason on one line, cut where it gets longer than anybody reads."""
    shown = "".join(character if character.isprintable() else " " for character in reason or "")
    text = " ".join(shown.split()) or "for a reason that was not recorded"
    return text if len(text) <= _MAX_REASON else f"{text[: _MAX_REASON - 3]}..."
