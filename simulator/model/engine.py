# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event machine: one lock, one queue of things to come, one clock. It knows nothing of Windows."""

from __future__ import annotations

import contextlib
import heapq
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from ..cim import CimFault
from .clock import TwinClock
from .events import EventLog
from .snapshots import freeze, thaw
from .state import Cause, Cluster, Node, Scheduled, World

_LOG = logging.getLogger(__name__)

Handler = Callable[..., None]

_HANDLERS: dict[str, Handler] = {}


def handler(function: Handler) -> Handler:
    """Register a function of the model that the queue may call; state holds its name, so that state stays plain data."""
    _HANDLERS[function.__name__] = function
    return function


class Model:
    """The world of a scenario in motion.

    Args:
        world: the state; replaced as a whole by `restore`.
        clock: twin time.
        events: the event log.
    """

    def __init__(self, world: World, clock: TwinClock, events: EventLog) -> None:
        self.world = world
        self.clock = clock
        self.events = events
        self.cause = Cause()
        self.changed = threading.Condition(threading.RLock())
        self.on_reachable: list[Callable[[str, bool], None]] = []
        self.on_restored: list[Callable[[], None]] = []
        self._reachable: deque[tuple[str, bool]] = deque()
        self._pump: threading.Thread | None = None
        self._is_stopping = False

    @property
    def now(self) -> datetime:
        """Twin time as the model sees it: of the event in work, else of the last look at the clock."""
        return self.world.now

    @contextlib.contextmanager
    def acting(self, cause: Cause) -> Iterator[World]:
        """Hold the model, up to date, while `cause` does something to it."""
        with self.changed:
            self.run_due(self.clock.now())
            before, self.cause = self.cause, cause
            try:
                yield self.world
            finally:
                self.cause = before
                self.changed.notify_all()

    def node(self, cluster: str, node: str) -> tuple[Cluster, Node]:
        """Return a cluster and one of its nodes."""
        found = self.world.clusters[cluster]
        return found, found.nodes[node]

    def emit(self, event: str, cluster: str, node: str | None = None, **fields: object) -> None:
        """Write an event with the current cause."""
        self.events.write(self.now, event, cluster, node, self.cause, fields)

    def schedule(self, seconds: float, function: Handler, **arguments: object) -> None:
        """Have `function(model, **arguments)` called `seconds` twin seconds from now, as a consequence of the current cause."""
        due = self.now + timedelta(seconds=max(0.0, seconds))
        item = Scheduled(due, self.world.number("order"), function.__name__, arguments, self.cause.consequence())
        heapq.heappush(self.world.queue, item)
        self.changed.notify_all()

    def jittered(self, seconds: float, share: float) -> float:
        """Return a duration that is up to `share` longer or shorter, the same ones for the same seed."""
        return seconds * (1.0 + share * (2.0 * self.world.rng.random() - 1.0)) if share else seconds

    def run_due(self, until: datetime) -> None:
        """Let everything happen that is due until then, each thing at its own time."""
        with self.changed:
            queue = self.world.queue
            while queue and queue[0].due <= until:
                item = heapq.heappop(queue)
                self.world.now = max(self.world.now, item.due)
                before, self.cause = self.cause, item.cause
                try:
                    # What the cluster refuses when its time comes does not happen; nobody is there to be told.
                    with contextlib.suppress(CimFault):
                        _HANDLERS[item.handler](self, **item.arguments)
                finally:
                    self.cause = before
                self.changed.notify_all()
                queue = self.world.queue
            self.world.now = max(self.world.now, until)

    def advance(self, seconds: float) -> None:
        """Move the clock on and let everything happen that falls into that time."""
        self.clock.advance(seconds)
        self.run_due(self.clock.now())

    def set_reachable(self, node: str, reachable: bool) -> None:
        """Have the network told that a machine answers or not: outside the lock, because listeners wait for threads that want it."""
        self._reachable.append((node, reachable))
        self.changed.notify_all()
        if self._pump is None:
            self._tell()

    def _tell(self) -> None:
        while self._reachable:
            name, reachable = self._reachable.popleft()
            for listener in self.on_reachable:
                try:
                    listener(name, reachable)
                except OSError:
                    _LOG.exception("%s cannot be made %s", name, "reachable" if reachable else "unreachable")

    def start(self) -> None:
        """Start the thread that makes things happen when nobody asks."""
        self._is_stopping = False
        self._pump = threading.Thread(target=self._run_pump, name="twin-model", daemon=True)
        self._pump.start()

    def stop(self) -> None:
        """End that thread."""
        with self.changed:
            self._is_stopping = True
            self.changed.notify_all()
        if self._pump is not None:
            self._pump.join(timeout=10)
            self._pump = None

    def _run_pump(self) -> None:
        while True:
            with self.changed:
                if self._is_stopping:
                    return
                try:
                    self.run_due(self.clock.now())
                except Exception:
                    # One broken handler must not stop time for everybody else.
                    _LOG.exception("the model failed")
                if not self._reachable:
                    self.changed.wait(self._pause())
            self._tell()

    def _pause(self) -> float:
        """Return real seconds until the next thing is due, at most a second: somebody may move the clock."""
        if not self.world.queue:
            return 1.0
        seconds = (self.world.queue[0].due - self.clock.now()).total_seconds()
        return min(max(self.clock.real(seconds), 0.0005), 1.0)

    def snapshot(self) -> bytes:
        """Return the whole state, time included."""
        return self.snapshot_with_event()[0]

    def snapshot_with_event(self) -> tuple[bytes, int, datetime]:
        """Return the whole state, the number of the last event that led to it, and its time."""
        with self.changed:
            self.run_due(self.clock.now())
            return freeze(self.world), self.events.last, self.world.now

    def restore(self, data: bytes) -> None:
        """Go on from a snapshot: the state, and twin time with it, are again as they were.

        Raises:
            SnapshotError: the bytes are none; nothing has changed.
        """
        with self.changed:
            world = self.world = thaw(data)
            self.clock.set(world.now)
            self._reachable.clear()
            for cluster in world.clusters.values():
                for node in cluster.nodes.values():
                    self._reachable.append((node.name, node.is_reachable))
            self.changed.notify_all()
        for callback in self.on_restored:
            callback()
        if self._pump is None:
            self._tell()
