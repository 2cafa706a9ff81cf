# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof that a node may be changed, asked right before each drain, install, restart and resume.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._clock import Clock
from .._wmi.cluster import ClusterNode, NodeState
from . import run_lock, turn
from .errors import MembershipError, NotOurPauseError, TurnLostError
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
        """Read the lock on every node.

        Raises:
            RunLockLostError: a node has none, or another's.
            RunLockUnreadableError: a node gave no answer.
        """
        run_lock.verify(self.fleet, self.run_id)

    def take_turn(self) -> bool:
        """Take the turn for this node, or find that it holds it.

        Returns:
            Whether it was taken just now.

        Raises:
            TurnTakenError: another node has a session.
            TurnUnreadableError: a node gave no answer.
            NodeSessionHeldError: somebody else holds this node's session.
            JournalError: whether this node is out of service already could not be read.
        """
        entry = self.journal.read(self.node)
        keeps_own = entry is not None and entry.paused_by_us
        return turn.take(self.fleet, self.node, self.run_id, self.clock, keeps_own=keeps_own)

    def keep_turn(self) -> None:
        """Read that this node's own session stands, and take the turn again where a restart has ended it.

        Raises:
            CauError: see take_turn; the session may also be another's by now.
        """
        try:
            self.touch_turn()
        except TurnLostError:
            self.take_turn()

    def touch_turn(self) -> None:
        """Read that this node's own session stands, which keeps others from taking the turn; see verify_turn for what an act needs.

        Raises:
            TurnLostError: its session is gone.
            NodeSessionHeldError: its session is another's.
        """
        turn.touch(self.fleet, self.node, self.run_id, self.clock)

    def verify_turn(self) -> None:
        """Read that this node holds the turn.

        Raises:
            TurnLostError: its session is gone.
            NodeSessionHeldError: its session is another's.
            TurnTakenError: another node has a session.
            TurnUnreadableError: a node gave no answer.
        """
        turn.verify(self.fleet, self.node, self.run_id, self.clock)

    def give_back_turn(self) -> bool:
        """Give the turn back and return whether it was held.

        Raises:
            OperationError: the node gave no answer.
        """
        return turn.give_back(self.fleet, self.node, self.run_id, self.clock)

    def verify_paused_by_us(self) -> ClusterNode:
        """Read that this node is paused and that this run paused it.

        Returns:
            The node as it was read.

        Raises:
            NotOurPauseError: somebody else paused it, or resumed it.
            JournalError: what this run did to it could not be read.
            OperationError: the node gave no answer.
        """
        node = self.fleet.node(self.node).cluster.node(self.node)
        self._require_our_pause(node)
        return node

    def verify_members(self) -> None:
        """Read that every member of the cluster is one on which this run holds the lock: a node may have been added meanwhile.

        Raises:
            MembershipError: one is not.
            OperationError: the node gave no answer.
        """
        known = {name.casefold() for name in self.fleet.names}
        members = self.fleet.node(self.node).cluster.nodes()
        added = [member.name for member in members if member.name.casefold() not in known]
        if added:
            raise MembershipError(
                f"{', '.join(added)} is in the cluster and not in this run, so the run lock does not stand on every node",
                missing=added,
                node=self.node,
                operation="members",
                remedy="Add the node to the inventory, then run again",
            )

    def _require_our_pause(self, node: ClusterNode) -> None:
        entry = self.journal.read(self.node)
        state = node.state
        if entry is not None and entry.paused_by_us and state is NodeState.PAUSED:
            return
        if state is NodeState.PAUSED:
            message, remedy = "the node is paused, but not by this run", "Ask whoever paused it, and resume it when they have done"
        elif entry is not None and entry.paused_by_us:
            message = f"this run paused the node, but its state is {state.name.lower()} now: somebody else resumed it, or it is down"
            remedy = "Nothing was changed; look at the node, then run again"
        else:
            message, remedy = f"the node is not drained by this run, its state is {state.name.lower()}", "Drain it first, with cluster_node"
        raise NotOurPauseError(message, node=self.node, operation="verify", remedy=remedy)
