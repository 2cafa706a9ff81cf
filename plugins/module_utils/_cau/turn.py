# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The turn: the right to be the one node of the cluster that is out of service.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._clock import Clock
from .._errors import OperationError
from .errors import TurnTakenError, TurnUnreadableError
from .fleet import Fleet
from .node_session import NodeSession
from .run_id import normal_guid, short_id

_LOOKS = 3
_LOOK_AGAIN_SECONDS = 5.0


def take(fleet: Fleet, node: str, run_id: str, clock: Clock, *, keeps_own: bool = False) -> bool:
    """Open the node's own session, then look at all others; on any other session give up one's own.

    Of two that do this at the same moment both may give up, but never do both go on.

    Args:
        fleet: the nodes of the cluster.
        node: the node that wants to go out of service.
        run_id: the run's id.
        clock: for the pause after a lost answer.
        keeps_own: keep the own session although another was found, because this node is out of service already.

    Returns:
        Whether the session was opened just now.

    Raises:
        NodeSessionHeldError: somebody else holds the node's own session.
        TurnTakenError: another node has a session.
        TurnUnreadableError: a node gave no answer.
    """
    session = _session(fleet, node, run_id, clock)
    try:
        is_new = session.open()
        _require_no_other(fleet, node)
    except BaseException as error:
        # Whatever happened while opening, a session of ours may stand by now.
        if not keeps_own:
            _give_up(session, error)
        raise
    return is_new


def verify(fleet: Fleet, node: str, run_id: str, clock: Clock) -> None:
    """Read that the node's own session is ours and that no other node has one.

    Another node that tries to take the turn holds a session for the moment until it has looked at ours, so one that is seen is looked at
    again before it counts.

    Raises:
        TurnLostError: the own session is gone.
        NodeSessionHeldError: the own session is another's.
        TurnTakenError: another node has a session and keeps it.
        TurnUnreadableError: a node gave no answer.
    """
    touch(fleet, node, run_id, clock)
    for look in range(1, _LOOKS + 1):
        try:
            _require_no_other(fleet, node)
        except TurnTakenError:
            if look == _LOOKS:
                raise
            clock.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return


def touch(fleet: Fleet, node: str, run_id: str, clock: Clock) -> None:
    """Keep the node's own session from ageing out.

    Raises:
        TurnLostError: it is gone.
        NodeSessionHeldError: it is another's.
    """
    _session(fleet, node, run_id, clock).touch()


def give_back(fleet: Fleet, node: str, run_id: str, clock: Clock) -> bool:
    """Close the node's own session and return whether it was there; doing it again does nothing.

    Raises:
        OperationError: the node gave no answer, so the session may be left until it ages out.
    """
    return _session(fleet, node, run_id, clock).close()


def _session(fleet: Fleet, node: str, run_id: str, clock: Clock) -> NodeSession:
    return NodeSession(fleet.node(node), run_id, clock, node=fleet.spelled(node))


def _require_no_other(fleet: Fleet, node: str) -> None:
    for name in fleet.others(node):
        try:
            holder = normal_guid(fleet.node(name).cluster_update.node_session())
        except OperationError as error:
            raise TurnUnreadableError(
                f"whether {name} has a node session could not be read: {error.message}",
                node=fleet.spelled(node),
                operation="turn",
                code=error.code,
                remedy=error.remedy,
            ) from error
        if holder is not None:
            raise TurnTakenError(
                f"{name} has a node session (run {short_id(holder)}), and only one node of the cluster may be out of service",
                holder=name,
                run_id=holder,
                node=fleet.spelled(node),
                operation="turn",
                remedy="Work on one node at a time (serial: 1); a session that was left behind ages out an hour after its last use",
            )


def _give_up(session: NodeSession, error: BaseException) -> None:
    try:
        session.close()
    except OperationError as failure:
        if isinstance(error, OperationError):
            error.message += f"; our own session on {session.node} may be left until it ages out ({failure.message})"
            error.args = (error.message,)
