# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is seen of a node that restarts: down, up, joined.

Private to this collection; it may change at any time.
"""

# pylint: disable=bad-exception-cause  # pylint loses the base class of our errors on its way through the relative imports

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .._errors import OperationError, Outcome
from .._wmi.cluster import NodeState
from .._wmi.codes import win32_code
from .._wmi.operating_system import OperatingSystemInfo
from .cluster_view import outside_view
from .errors import RestartFailedError, TimeLimitError
from .fleet import NodeWork
from .waiting import Deadline, Heartbeat, Tolerant, duration, wait_until

# A clock step moves the boot time by seconds without a restart (cau.md 3.2).
_CLOCK_STEP = timedelta(seconds=5)

_NODE_SHUTTING_DOWN = 5073
"""ERROR_CLUSTER_NODE_SHUTTING_DOWN (cau.md 2.4)."""


@dataclass(frozen=True)
class Boot:
    """One start of a node.

    Args:
        boot_time: when, by the node's own clock.
        uptime_seconds: how long it had run when that was read, None when it was not read.
        seen_at: when it was read, in clock seconds.
    """

    boot_time: datetime
    uptime_seconds: float | None
    seen_at: float

    @classmethod
    def of(cls, info: OperatingSystemInfo, now: float) -> Boot:
        """Return the start that `info` tells of."""
        return cls(info.boot_time, (info.local_time - info.boot_time).total_seconds(), now)

    def is_before(self, later: Boot) -> bool:
        """Return whether the node has started again between this and `later`.

        The boot time alone moves with the clock when that is set; how long the node has run does not, so both must say so.
        """
        if abs(later.boot_time - self.boot_time) <= _CLOCK_STEP:
            return False
        if self.uptime_seconds is None or later.uptime_seconds is None:
            return True
        would_have_run = self.uptime_seconds + (later.seen_at - self.seen_at)
        return later.uptime_seconds + _CLOCK_STEP.total_seconds() < would_have_run


class RestartWait:
    """The wait for one restart.

    Args:
        work: the node in work.
        before: its start before the restart.
        lost_seconds: how long it may stay up after a request without an answer before the request is taken as not heard.
    """

    def __init__(self, work: NodeWork, before: Boot, *, lost_seconds: float) -> None:
        self._work = work
        self._lost_seconds = lost_seconds
        self._last = before
        self._is_down = False
        self._was_down = False
        self._up_since: float | None = None
        self._send_again: Callable[[], None] | None = None
        self._began = work.clock.now()
        self._heartbeat = Heartbeat.of(work, "restart", "waiting for the node")
        self.before = before
        self.restarts = 0

    @property
    def boot_time(self) -> datetime:
        """When the node started last."""
        return self._last.boot_time

    def expect_lost(self, send_again: Callable[[], None]) -> None:
        """Note that the request got no answer, and how to send it again should it turn out that it had no effect."""
        self._send_again = send_again
        self._work.say("restart", "the request got no answer; watching whether the node goes down")

    def until_up(self, limit: Deadline, poll_seconds: float) -> None:
        """Wait until the node has started again.

        Raises:
            RestartFailedError: it has not in its time.
        """
        try:
            wait_until(
                self._work,
                limit.remaining,
                poll_seconds,
                self._look,
                step="restart",
                what="the node to restart",
                detail=self._describe,
                heartbeat=self._heartbeat,
            )
        except TimeLimitError as error:
            if self._is_down or self._was_down:
                message = f"the node went down and has not come back within {duration(limit.limit_seconds)}"
                remedy = "Look at its console; raise reboot_timeout if it only takes longer"
            else:
                message = f"the node was asked to restart and is still up after {duration(limit.limit_seconds)}"
                remedy = "Look at the node; it may still restart"
            raise RestartFailedError(message, node=self._work.node, operation="restart", remedy=remedy, outcome=Outcome.UNKNOWN) from error

    def has_restarted_again(self) -> bool:
        """Return whether the node has started once more since it was seen last; a node without an answer counts as doing so.

        Raises:
            OperationError: it gave no answer.
        """
        now = Boot.of(self._work.client.system.info(), self._work.clock.now())
        if not self._last.is_before(now):
            return False
        self._last = now
        self.restarts += 1
        return True

    def _look(self) -> bool | None:
        try:
            info = self._work.client.system.info()
        except OperationError:
            # What else should a node do that restarts.
            if not self._is_down:
                self._heartbeat.say(f"down after {duration(self._work.clock.now() - self._began)}")
            self._is_down = self._was_down = True
            self._up_since = None
            return None
        now = Boot.of(info, self._work.clock.now())
        self._is_down = False
        if self._last.is_before(now):
            self._last = now
            self.restarts += 1
            return True
        self._ask_again_if_unheard()
        return True if self.restarts else None

    def _ask_again_if_unheard(self) -> None:
        """Send a request again that got no answer, after the node has stayed up for so long that it cannot have heard it."""
        now = self._work.clock.now()
        self._up_since = now if self._up_since is None else self._up_since
        if self._send_again is None or now - self._up_since < self._lost_seconds:
            return
        send, self._send_again = self._send_again, None
        if self._is_shutting_down():
            self._work.say("restart", "the node is shutting down, so it was asked")
            return
        self._work.say("restart", f"the node has stayed up for {duration(self._lost_seconds)}, so it is asked again")
        try:
            send()
        except OperationError:
            # A node that falls silent just now has heard the first request after all.
            if self._is_answering():
                raise
        finally:
            self._send_again = None

    def _is_shutting_down(self) -> bool:
        """Return whether the cluster service says that it ends; a node that shuts down slowly answers in every other way for a while."""
        try:
            self._work.client.cluster.node(self._work.node)
        except OperationError as error:
            return win32_code(error.code or 0) == _NODE_SHUTTING_DOWN
        return False

    def _is_answering(self) -> bool:
        try:
            self._work.client.system.info()
        except OperationError:
            return False
        return True

    def _describe(self) -> str:
        return "no answer" if self._is_down else "up, not restarted yet"


def wait_for_joining(work: NodeWork, limit: Deadline, poll_seconds: float) -> None:
    """Wait until the node is a member of the cluster again, in its own eyes and in those of another node.

    Raises:
        RestartFailedError: it has not joined in its time.
    """
    seen = ["not seen yet"]

    def look() -> bool | None:
        own = work.client.cluster.node(work.node).state
        outside = outside_view(work).state
        seen[0] = f"{own.name.lower()} in its own eyes, {outside.name.lower()} in those of the others"
        return True if {own, outside} <= {NodeState.UP, NodeState.PAUSED} else None

    watch = Tolerant(look, lambda: seen[0])
    try:
        wait_until(
            work, limit.remaining, poll_seconds, watch.look, step="restart", what="the node to join the cluster", detail=watch.describe
        )
    except TimeLimitError as error:
        raise RestartFailedError(
            f"the node is up, but its cluster service has not joined within {duration(limit.limit_seconds)} ({watch.describe()})",
            node=work.node,
            operation="restart",
            remedy="Look at its cluster service and the cluster's event log",
            outcome=Outcome.UNKNOWN,
        ) from error
