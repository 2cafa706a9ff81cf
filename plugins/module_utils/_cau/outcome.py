# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run goes on after a node, and what is said about it at the end; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass


class NodeState(enum.StrEnum):
    """How the run ended for a node."""

    OK = "ok"
    NOTHING_TO_DO = "nothing_to_do"
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
    """

    node: str
    host: str
    state: NodeState
    updates: int = 0
    restarts: int = 0
    seconds: float = 0
    reason: str | None = None


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
    """Return how many nodes may fail when the user does not say: a third, rounded down (cau.md 5.3)."""
    raise NotImplementedError


def decide(nodes: Collection[str], outcomes: Sequence[NodeOutcome], max_failed_nodes: int | None = None) -> Verdict:
    """Decide whether the run goes on.

    Args:
        nodes: the nodes that this run works on.
        outcomes: what is known so far, at most one per node.
        max_failed_nodes: how many nodes may fail, None for the default.
    """
    raise NotImplementedError


def summary_line(cluster: str, outcomes: Sequence[NodeOutcome], nodes: Sequence[str] = ()) -> str:
    """Return the run in one line; nodes without an outcome are named as not reached."""
    raise NotImplementedError
