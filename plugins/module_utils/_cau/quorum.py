# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The votes of a cluster, and what is left of them without one node; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .._wmi.cluster import ClusterNode, NodeState

# A paused node still votes (cau.md 2.3).
VOTING_STATES = frozenset({NodeState.UP, NodeState.PAUSED})


@dataclass(frozen=True)
class QuorumView:
    """What the votes say about the cluster without one node.

    Args:
        current: votes that exist now, those of nodes that are away included.
        remaining: votes that are certainly there without the node.
        needed: votes that make a majority of the current ones.
        unreadable: whose vote is not known: node names, or "witness".
    """

    current: int
    remaining: int
    needed: int
    unreadable: tuple[str, ...] = ()

    @property
    def is_safe(self) -> bool:
        """Whether the rest is a majority however the unknown votes turn out; a node's unknown vote is never safe."""
        return self.remaining >= self.needed and not any(name != "witness" for name in self.unreadable)

    def sentence(self) -> str:
        """Return the figures in words."""
        unread = f" (the vote of {', '.join(self.unreadable)} could not be read)" if self.unreadable else ""
        return f"{self.remaining} of {self.current} votes would remain and {self.needed} are needed{unread}"


def votes(nodes: Iterable[ClusterNode], witness_weight: int | None, target: str) -> QuorumView:
    """Count the votes without the target (cau.md 2.3).

    A node that is away keeps its vote in the total until dynamic quorum has taken it away, since the cluster counts it too. A witness
    whose vote is not known is counted where it hurts: in the total, not in the rest. The target's vote is subtracted once, and only
    when it has one: of two nodes without a witness one has no vote, and only that one can leave without asking for a new majority.

    Args:
        nodes: all members as the cluster sees them.
        witness_weight: current vote of the witness, None when it is not known.
        target: the node that is to go away.
    """
    current = remaining = 0
    unreadable: list[str] = []
    is_member = False
    for node in nodes:
        is_target = node.name.casefold() == target.casefold()
        is_member = is_member or is_target
        if node.dynamic_weight is None:
            unreadable.append(node.name)
            current += 1
            continue
        current += node.dynamic_weight
        if not is_target and node.state in VOTING_STATES:
            remaining += node.dynamic_weight
    if not is_member:
        unreadable.append(target)
    if witness_weight is None:
        unreadable.append("witness")
        current += 1
    else:
        current += witness_weight
        remaining += witness_weight
    return QuorumView(current=current, remaining=remaining, needed=current // 2 + 1, unreadable=tuple(unreadable))
