# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ways beside the usual drain: with force, and pausing without any (ForcePauseAndDrain, ForcePauseNoDrain; cau.md 2.1, 5.8).

With force, roles that no node takes go offline. Which ones these are is what a drain without force leaves on the node, so that one comes
first, and force only where every one of them is named by the option.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from .._errors import OperationError, Outcome
from .._wmi.cluster import ClusterNode, DrainStatus, DrainType, GroupState, NodeState
from .cluster_view import alive_on, all_groups, node_view
from .drain_wait import DrainEnd, has_failed
from .errors import NotOurPauseError, TimeLimitError
from .fleet import NodeWork
from .idempotent import twice
from .permission import entry_of, require_run
from .waiting import names, wait_until

_NOT_ONLINE = frozenset({GroupState.OFFLINE, GroupState.FAILED})
_LOOK_SECONDS = 5.0


class DrainMode(enum.StrEnum):
    """How a node is taken out of service."""

    DRAIN = "drain"
    FORCED = "forced"
    NONE = "none"

    @property
    def first_request(self) -> DrainType:
        """What the first request to pause asks for."""
        return DrainType.NONE if self is DrainMode.NONE else DrainType.DRAIN


@dataclass(frozen=True)
class ForcedDrain:
    """A drain with force that was asked for.

    Args:
        offline: the groups that go offline by it.
    """

    offline: tuple[str, ...]


def force(
    work: NodeWork, end: DrainEnd, accept_offline: Collection[str], lost_seconds: float, check_gate: Callable[[], None]
) -> ForcedDrain | DrainEnd:
    """Ask for the drain once more, with force, where the cluster has given it up and every group that is left may go offline.

    Args:
        work: the node in work, paused by this run.
        end: how the drain without force ended.
        accept_offline: the groups that may go offline, in any case.
        lost_seconds: how long to look whether the request has begun.
        check_gate: raises unless the cluster can do without the node, which is paused.

    Returns:
        What was asked for, or why the drain has failed all the same.

    Raises:
        CauError: the lock, the turn or the pause is not ours any more, or the run has to stop.
    """
    ownership, journal = require_run(work, "drain")
    if not has_failed(node_view(work)):
        return end
    left = alive_on(all_groups(work), work.node)
    accepted = {name.casefold() for name in accept_offline}
    refused = [name for name in left if name.casefold() not in accepted]
    if refused or not left:
        why = f"; with force {names(refused)} would go offline, and accept_offline does not name that" if refused else ""
        return replace(end, reason=f"{end.reason}{why}")
    check_gate()
    work.safe_point()
    work.say("drain", f"the cluster gave it up; with force {names(left)} will go offline, as accept_offline allows")
    entry = entry_of(work)
    journal.write(work.node, taken_offline=tuple(dict.fromkeys([*(entry.taken_offline if entry is not None else ()), *left])))
    ownership.verify_lock()
    ownership.verify_turn()
    ownership.verify_paused_by_us()
    reason = ""
    try:
        work.client.cluster.pause(work.node, DrainType.FORCE_DRAIN)
    except OperationError as error:
        if error.outcome is not Outcome.UNKNOWN:
            return replace(end, reason=f"the cluster refused the drain with force: {error.message}")
        reason = f": {error.message}"
    if not _seen(work, lambda node: not has_failed(node), lost_seconds):
        return replace(end, reason=f"the request to drain with force had no effect{reason}")
    return ForcedDrain(tuple(left))


def wait_for_pause(work: NodeWork, lost_seconds: float) -> None:
    """Wait until a node that is paused without drain shows it.

    Raises:
        NotOurPauseError: it does not, or it is being drained: somebody else is at work on it.
    """
    if not _seen(work, lambda node: node.state is NodeState.PAUSED, lost_seconds):
        raise _not_ours(work, "the node was paused, and is not paused any more: somebody else resumed it")
    if node_view(work).drain_status is DrainStatus.IN_PROGRESS:
        raise _not_ours(work, "this run paused the node without drain, and somebody else drains it")


def bring_online(work: NodeWork) -> tuple[str, ...]:
    """Bring the groups online that a drain with force has taken offline, on a node that serves again; the caller waits for them.

    Returns:
        Those groups, whether they had to be brought online or were so already.

    Raises:
        OperationError: the lock is lost, or a group could not be asked for.
    """
    ownership, _journal = require_run(work, "resume")
    entry = entry_of(work)
    if entry is None or not entry.taken_offline:
        return ()
    states = {group.name: group.state for group in all_groups(work)}
    for name in entry.taken_offline:
        if states.get(name) in _NOT_ONLINE:
            ownership.verify_lock()
            twice(work.clock, lambda name=name: work.client.cluster.bring_group_online(name))  # type: ignore[misc]
            work.say("resume", f"{name} is brought online again")
    return entry.taken_offline


def _seen(work: NodeWork, is_so: Callable[[ClusterNode], bool], limit_seconds: float) -> bool:
    def look() -> bool | None:
        try:
            return True if is_so(node_view(work)) else None
        except OperationError:
            return None

    try:
        return wait_until(work, limit_seconds, _LOOK_SECONDS, look, step="drain", what="the request to show")
    except TimeLimitError:
        return False


def _not_ours(work: NodeWork, message: str) -> NotOurPauseError:
    return NotOurPauseError(
        message, node=work.node, operation="drain", remedy="Nothing was changed any more; find out who works on the node"
    )
