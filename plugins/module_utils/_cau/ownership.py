# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof that a node may be changed, asked right before each drain, install, restart and resume.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._clock import Clock
from .fleet import Fleet
from .journal import Journal


class Ownership:
    """What this run holds: the lock on every node, the turn, and the pause of its node.

    Args:
        fleet: the nodes of the cluster.
        node: the node in work.
        run_id: the run's id.
        journal: the run's journal.
        clock: the controller's clock.
    """

    def __init__(self, fleet: Fleet, node: str, run_id: str, journal: Journal, clock: Clock) -> None:
        self.fleet = fleet
        self.node = node
        self.run_id = run_id
        self.journal = journal
        self.clock = clock

    def verify_lock(self) -> None:
        """Read the lock on every node (RunLockLostError, RunLockUnreadableError)."""
        raise NotImplementedError

    def take_turn(self) -> None:
        """Take the turn for this node; nothing happens when it holds it (TurnTakenError, NodeSessionHeldError)."""
        raise NotImplementedError

    def verify_turn(self) -> None:
        """Read that this node holds the turn (TurnLostError, TurnTakenError)."""
        raise NotImplementedError

    def give_back_turn(self) -> bool:
        """Give the turn back and return whether it was held."""
        raise NotImplementedError

    def verify_paused_by_us(self) -> None:
        """Read that this node is paused and that this run paused it (NotOurPauseError)."""
        raise NotImplementedError
