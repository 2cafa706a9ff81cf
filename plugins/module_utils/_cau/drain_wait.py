# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wait for the end of a drain, by the node's state, its drain status and the groups.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .._wmi.cluster import ClusterNode, DrainStatus, NodeState, NodeStatus
from .._wmi.codes import explain
from .cluster_view import alive_on, all_groups, is_drained, node_view, not_serving
from .errors import NotOurPauseError, TimeLimitError
from .fleet import NodeWork
from .waiting import Deadline, Heartbeat, Tolerant, duration, names, wait_until

# Groups are a longer answer than the node itself, so they are asked for less often.
_LOOKS_PER_GROUP_LOOK = 3


@dataclass(frozen=True)
class DrainEnd:
    """How a drain ended.

    Args:
        is_done: whether every group has left and is online elsewhere.
        reason: why not.
        groups_left: the groups that stayed, or that were online before and are not now.
    """

    is_done: bool
    reason: str = ""
    groups_left: tuple[str, ...] = ()


def wait_for_drain(
    work: NodeWork,
    online_before: Collection[str],
    *,
    drain_seconds: float,
    poll_seconds: float,
    groups_seconds: float,
    lost_seconds: float,
) -> DrainEnd:
    """Wait until the drain has ended, well or not.

    Args:
        work: the node in work.
        online_before: the groups that have to be online at the end.
        drain_seconds: how long the drain may take.
        poll_seconds: between two looks.
        groups_seconds: how long groups may take to be online when the cluster says that the drain is complete.
        lost_seconds: how long the node may take to show that it is being drained.

    Raises:
        NotOurPauseError: somebody else resumed the node meanwhile.
    """
    watch = _Watch(work, online_before, groups_seconds, lost_seconds)
    tolerant = Tolerant(watch.look, watch.describe)
    try:
        return wait_until(
            work,
            drain_seconds,
            poll_seconds,
            tolerant.look,
            step="drain",
            what="the roles to leave",
            detail=tolerant.describe,
            heartbeat=watch.heartbeat,
        )
    except TimeLimitError:
        groups = watch.groups_left
        return DrainEnd(False, f"the drain did not end within {duration(drain_seconds)} ({tolerant.describe()})", groups)


class _Watch:
    """What is seen of one drain."""

    def __init__(self, work: NodeWork, online_before: Collection[str], groups_seconds: float, lost_seconds: float) -> None:
        self._work = work
        self._before = frozenset(online_before)
        self._groups_seconds = groups_seconds
        self._start = Deadline(work.clock, lost_seconds)
        self._complete: Deadline | None = None
        self._was_paused = False
        self._looks = 0
        self._on_node: list[str] | None = None
        self._offline: list[str] = []
        self._state = ""
        self.heartbeat = Heartbeat.of(work, "drain", "waiting for the roles to leave")

    @property
    def groups_left(self) -> tuple[str, ...]:
        """The groups that stand in the way, as far as they were seen."""
        return tuple(sorted({*(self._on_node or ()), *self._offline}))

    def describe(self) -> str:
        """Return what was seen last."""
        parts = [self._state]
        if self._on_node:
            parts.append(f"still on the node: {names(self._on_node)}")
        if self._offline:
            parts.append(f"not online: {names(self._offline)}")
        return ", ".join(part for part in parts if part)

    def look(self) -> DrainEnd | None:
        """Look at the node, and now and then at the groups."""
        self._work.heed()
        node = node_view(self._work)
        drain = node.drain_status.name.lower().replace("_", " ") if node.drain_status is not None else "not told"
        self._state = f"node {node.state.name.lower()}, drain {drain}"
        self._refuse_a_stranger(node)
        if has_failed(node):
            self._look_at_groups()
            why = f": {explain(node.drain_error_code)}" if node.drain_error_code else ""
            return DrainEnd(False, f"the cluster gave the drain up{why}", self.groups_left)
        if is_drained(node):
            return self._completed()
        self._complete = None
        if self._looks % _LOOKS_PER_GROUP_LOOK == 0:
            self._look_at_groups()
        self._looks += 1
        return None

    def _refuse_a_stranger(self, node: ClusterNode) -> None:
        """Notice that somebody else resumed the node, or paused it without drain; a node that goes down is waited for."""
        is_draining = node.drain_status is DrainStatus.IN_PROGRESS
        if node.state is NodeState.PAUSED:
            self._was_paused = True
            if node.drain_status is DrainStatus.NOT_INITIATED and self._start.has_passed:
                raise self._not_ours("the node is paused without drain, so somebody else paused it")
        elif node.state is NodeState.UP and not is_draining and (self._was_paused or self._start.has_passed):
            raise self._not_ours("somebody else resumed the node while it was being drained")

    def _not_ours(self, message: str) -> NotOurPauseError:
        return NotOurPauseError(
            message, node=self._work.node, operation="drain", remedy="Nothing was changed any more; find out who works on the node"
        )

    def _completed(self) -> DrainEnd | None:
        """The cluster says that it is done; believe it when the groups agree."""
        self._look_at_groups()
        if not self.groups_left:
            return DrainEnd(True)
        if self._complete is None:
            self._complete = Deadline(self._work.clock, self._groups_seconds)
        if not self._complete.has_passed:
            return None
        if self._on_node:
            return DrainEnd(False, "the cluster says that the drain is complete, but roles are left on the node", self.groups_left)
        return DrainEnd(False, "roles that were online before are not online any more", self.groups_left)

    def _look_at_groups(self) -> None:
        groups = all_groups(self._work)
        before, self._on_node = self._on_node, alive_on(groups, self._work.node)
        self._offline = not_serving(groups, self._before)
        if before is not None and len(self._on_node) != len(before):
            self.heartbeat.say(f"{len(self._on_node)} left")


def has_failed(node: ClusterNode) -> bool:
    """Return whether the cluster has given up the drain of a node."""
    if node.drain_status is None:
        return bool((node.status_information or 0) & NodeStatus.DRAIN_FAILED)
    return node.drain_status is DrainStatus.FAILED
