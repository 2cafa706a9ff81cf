# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a node may be taken out of service, and what would move.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._wmi.cluster import NodeState
from . import gate, stay
from .cluster_view import alive_on, all_groups, node_view, serving
from .drain_modes import DrainMode
from .errors import NotOurPauseError
from .fleet import NodeWork
from .journal_records import Phase
from .waiting import Deadline


@dataclass(frozen=True)
class DrainOptions:
    """How a node is taken out of service; all times in clock seconds.

    Args:
        drain_seconds: how long the drain may take.
        suspend_seconds: how long to wait for storage, and for a cluster that refuses the pause for the moment.
        settle_seconds: between the gate's two looks.
        poll_seconds: between two looks at the node.
        lost_seconds: how long to look for the effect of a request without an answer.
        groups_seconds: how long groups may take to be online elsewhere when the cluster says that the drain is complete.
        resume_seconds: how long the node may take to come back when the drain failed.
        accept_down: nodes that may be down or paused, as this run was told.
        mode: with or without force, or without drain.
        accept_offline: groups that a drain with force may take offline.
    """

    drain_seconds: float = 1800
    suspend_seconds: float = 1800
    settle_seconds: float = gate.SETTLE_SECONDS
    poll_seconds: float = 10
    lost_seconds: float = 30
    groups_seconds: float = 120
    resume_seconds: float = 900
    accept_down: frozenset[str] = frozenset()
    mode: DrainMode = DrainMode.DRAIN
    accept_offline: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DrainPlan:
    """What taking the node out of service means at this moment.

    Args:
        is_under_way: whether this run has paused it already, so that only the wait is left.
        is_drained: whether that drain has ended well before.
        groups: the groups that have to leave.
        online_before: every group of the cluster that is online now.
        is_undrained: whether it is paused without drain, so that its groups stay.
    """

    is_under_way: bool
    is_drained: bool
    groups: tuple[str, ...]
    online_before: frozenset[str]
    is_undrained: bool = False

    @property
    def is_needed(self) -> bool:
        """Whether the node has to be paused."""
        return not self.is_under_way


def plan_drain(work: NodeWork, options: DrainOptions | None = None, limit: Deadline | None = None) -> DrainPlan:
    """Find out whether the node may be drained, and what would move; reads only.

    Args:
        work: the node in work.
        options: how it is taken out of service.
        limit: what is left of the time for storage, None for all of it.

    Raises:
        NotOurPauseError: somebody else paused it.
        GateRefusedError: the cluster cannot do without it.
    """
    options = options or DrainOptions()
    limit = limit or Deadline(work.clock, options.suspend_seconds)
    entry = work.journal.read(work.node) if work.journal is not None else None
    node = node_view(work)
    if node.state is NodeState.PAUSED:
        if entry is None or not entry.paused_by_us:
            raise not_ours(work, "the node is paused, and this run did not pause it")
        before = frozenset(entry.online_groups_before)
        if entry.undrained:
            return DrainPlan(True, False, entry.online_groups_before, before, is_undrained=True)
        was_done = entry.phase not in {Phase.DRAINING, Phase.LEFT_OUT} and stay.was_drained(node, entry)
        return DrainPlan(is_under_way=True, is_drained=was_done, groups=entry.online_groups_before, online_before=before)
    check_gate(work, options, limit)
    groups = all_groups(work)
    return DrainPlan(
        is_under_way=False,
        is_drained=False,
        groups=tuple(alive_on(groups, work.node)),
        online_before=frozenset(serving(groups)),
        is_undrained=options.mode is DrainMode.NONE,
    )


def check_gate(work: NodeWork, options: DrainOptions, limit: Deadline | None = None, *, is_paused: bool = False) -> None:
    """Look at the cluster as before a drain; reads only.

    Args:
        work: the node in work.
        options: the times of the gate, and the nodes that may be down.
        limit: of the wait for storage, when it has begun already.
        is_paused: whether the node is out of service already.

    Raises:
        GateRefusedError: the cluster cannot do without the node.
    """
    gate.check(
        work.fleet,
        work.node,
        clock=work.clock,
        progress=work.progress,
        settle_seconds=options.settle_seconds,
        storage_wait_seconds=options.suspend_seconds if limit is None else limit.remaining,
        for_restart=is_paused,
        accept_down=options.accept_down,
        check=work.safe_point,
    )


def not_ours(work: NodeWork, message: str) -> NotOurPauseError:
    """Return the error for a pause that is somebody else's.

    Args:
        work: the node in work.
        message: how that shows.
    """
    return NotOurPauseError(message, node=work.node, operation="drain", remedy="Ask whoever paused it, and resume it when they have done")
