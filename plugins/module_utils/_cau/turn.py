# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The turn: the right to be the one node that is out of service.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._clock import Clock
from .fleet import Fleet


def take(fleet: Fleet, node: str, run_id: str, *, keeps_own: bool = False) -> None:
    """Open the node's own session, then look at all others; on any other session give up one's own and raise TurnTakenError.

    Args:
        fleet: the nodes of the cluster.
        node: the node that wants to go out of service.
        run_id: the run's id.
        keeps_own: keep the own session although another was found, because this node is out of service already.
    """
    raise NotImplementedError


def verify(fleet: Fleet, node: str, run_id: str, clock: Clock) -> None:
    """Read that the node's own session is ours and no other node has one (TurnLostError, TurnTakenError)."""
    raise NotImplementedError


def give_back(fleet: Fleet, node: str, run_id: str) -> bool:
    """Close the node's own session and return whether it was there."""
    raise NotImplementedError
