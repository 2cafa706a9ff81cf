# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keeper: keeps the lock and the heartbeat of a run fresh while one of its tasks works.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import threading
import types
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from .._clock import Clock
from .._errors import OperationError
from . import stop_request
from .errors import CauError, JournalError, NodeSessionHeldError, RunLockUnreadableError, RunStoppedError
from .fleet import Fleet
from .journal import Journal
from .journal_records import RunOwner
from .run_id import normal_guid
from .run_lock import lost_error

FIRST_BEAT_SECONDS = 15.0
"""A task that is over sooner leaves the heartbeat to the next one, which saves its messages."""

RETRY_SECONDS = 30.0
"""After an answer that did not come, and before a missing lock counts as lost."""

STOP_LOOK_SECONDS = 60.0
"""Between two looks whether somebody asked the run to stop."""

_JOIN_REAL_SECONDS = 2.0
"""How long close() waits for the thread beyond its last write; a read that hangs ends without anybody waiting for it."""


@dataclass
class _Post:
    """What the keeper knows about one node, in clock seconds."""

    name: str
    beat_at: float
    touch_at: float
    beaten_at: float | None
    silent_since: float | None = None
    missing_since: float | None = None

    @property
    def next_at(self) -> float:
        return min(self.beat_at, self.touch_at)


def _never() -> bool:
    return False


class Keeper:
    """A thread with connections of its own that touches the lock on every node and sets the heartbeat; a context manager.

    What it finds is raised by check(), at the worker's safe points. A lock of another run is reported at once; a lock that is not there
    when it was seen missing twice; silence of a node after `patience_seconds`, and never that of the node in work, which may be restarting.

    Args:
        fleet: a sibling of the worker's fleet; the keeper closes it.
        owner: who drives the run.
        clock: the controller's clock.
        node: the node in work: its session is touched too, where there is one.
        beaten_at: when another task of this process gave every node its last heartbeat, in clock seconds; the next one is due
            `beat_seconds` later, however many short tasks lie between. None when no task knows.
        first_seconds: before the first heartbeat and touch when `beaten_at` is not known, in clock seconds.
        beat_seconds: between two heartbeats, in clock seconds; a run counts as dead after 900. When `beaten_at` is known it is also what
            passes before the first touch, since every step on a node reads the lock when it begins.
        touch_seconds: between two touches of the lock, in clock seconds; the provider drops it after 3600.
        patience_seconds: how long another node may give no answer, in clock seconds.
        is_orphan: whether nobody is left who would go on with the run. The lock is kept until the step is over, since what the node was
            asked for goes on there, and the heartbeat is not, so that the next run need not wait for that before it knows.
    """

    def __init__(
        self,
        fleet: Fleet,
        owner: RunOwner,
        clock: Clock,
        *,
        node: str | None = None,
        beaten_at: float | None = None,
        first_seconds: float = FIRST_BEAT_SECONDS,
        beat_seconds: float = 300,
        touch_seconds: float = 900,
        patience_seconds: float = 600,
        is_orphan: Callable[[], bool] = _never,
    ) -> None:
        self._fleet = fleet
        self._run_id = owner.run_id
        self._clock = clock
        self._node = None if node is None else fleet.spelled(node)
        self._beat_seconds = beat_seconds
        self._touch_seconds = touch_seconds
        self._patience_seconds = patience_seconds
        self._is_orphan = is_orphan
        self._journal = Journal(fleet, owner, clock)
        now = clock.now()
        if beaten_at is None:
            beat_at = touch_at = now + min(first_seconds, beat_seconds)
        else:
            beat_at, touch_at = max(now, beaten_at + beat_seconds), now + beat_seconds
        self._posts = [_Post(name, beat_at, touch_at, beaten_at) for name in fleet.names]
        self._stop_at = now + STOP_LOOK_SECONDS
        self._trouble: CauError | None = None
        self._stopped: RunStoppedError | None = None
        self._ending = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def run_id(self) -> str:
        """The run that it keeps."""
        return self._run_id

    @property
    def beaten_at(self) -> float | None:
        """When the node that has waited longest had its last heartbeat, in clock seconds; None when that is not known."""
        known = [post.beaten_at for post in self._posts if post.beaten_at is not None]
        return min(known) if len(known) == len(self._posts) else None

    def check(self) -> None:
        """Raise what the keeper found, for the worker's safe points.

        Raises:
            RunLockLostError: the lock is gone, or another's.
            RunLockUnreadableError: a node gave no answer for too long.
            NodeSessionHeldError: the node session of the node in work is another's.
        """
        if self._trouble is not None:
            raise self._trouble

    def heed(self) -> None:
        """Raise when somebody asked the run to stop, where the worker can bring the node back.

        Raises:
            RunStoppedError: somebody did.
        """
        if self._stopped is not None:
            raise self._stopped

    def tick(self) -> None:
        """Do what is due by now; nodes that gave no answer the last time come last, since they cost the most time."""
        if self._stop_at <= self._clock.now() and self._stopped is None and not self._ending.is_set():
            self._look_for_stop()
        for post in sorted(self._posts, key=lambda post: post.silent_since is not None):
            if self._ending.is_set() or self._trouble is not None:
                return
            if post.next_at <= self._clock.now():
                self._attend(post)

    def close(self) -> None:
        """End the thread; once this returns it writes nothing more, and doing it again does nothing."""
        self._ending.set()
        with self._writing:
            # A write that has begun is waited for here; one that has not sees that it must not.
            pass
        if self._thread is not None:
            self._thread.join(_JOIN_REAL_SECONDS)
        else:
            self._fleet.close()

    def __enter__(self) -> t.Self:
        self._thread = threading.Thread(target=self._run, name="keeper of the run lock", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        try:
            while not self._ending.wait(self._clock.real(self._pause())):
                self.tick()
                if self._trouble is not None:
                    return
        finally:
            self._fleet.close()

    def _pause(self) -> float:
        due = min([post.next_at for post in self._posts] + ([self._stop_at] if self._stopped is None else []))
        return max(1.0, due - self._clock.now())

    def _look_for_stop(self) -> None:
        try:
            stop_request.heed(self._fleet, self._run_id, self._node)
        except RunStoppedError as error:
            self._stopped = error
        self._stop_at = self._clock.now() + STOP_LOOK_SECONDS

    def _attend(self, post: _Post) -> None:
        try:
            self._look_after(post)
        except CauError as error:
            self._trouble = error
        except OperationError as error:
            self._note_silence(post, error)
        except Exception as error:
            self._trouble = CauError(f"the keeper of the run lock stopped: {type(error).__name__}", node=post.name, operation="keeper")
        else:
            post.silent_since = None

    def _look_after(self, post: _Post) -> None:
        now = self._clock.now()
        if post.touch_at <= now:
            if not self._touch_lock(post):
                return
            self._touch_session(post)
            post.touch_at = self._clock.now() + self._touch_seconds
        if post.beat_at <= now:
            if not self._is_orphan():
                self._beat(post)
            post.beat_at = self._clock.now() + self._beat_seconds

    def _touch_lock(self, post: _Post) -> bool:
        """Touch the lock and return whether it stands; one that is missing is looked at once more before it counts as lost."""
        update = self._fleet.node(post.name).cluster_update
        if update.touch_run_lock(self._run_id):
            post.missing_since = None
            return True
        holder = normal_guid(update.run_lock())
        if holder is not None or post.missing_since is not None:
            raise lost_error(self._run_id, {post.name: holder})
        post.missing_since = self._clock.now()
        post.touch_at = post.beat_at = self._clock.now() + RETRY_SECONDS
        return False

    def _touch_session(self, post: _Post) -> None:
        """Touch our session on the node in work; that there is none is no loss, the work opens and closes it as it needs."""
        if post.name != self._node:
            return
        update = self._fleet.node(post.name).cluster_update
        if update.touch_node_session(self._run_id):
            return
        holder = normal_guid(update.node_session())
        if holder is not None and holder != normal_guid(self._run_id):
            raise NodeSessionHeldError(
                f"the node session is held by {holder}",
                holder=holder,
                node=post.name,
                operation="node session",
                remedy="Another coordinator works on this node; see who with cluster_info",
            )

    def _beat(self, post: _Post) -> None:
        moment = self._journal.read_clock(post.name)
        with self._writing:
            if self._ending.is_set():
                return
            try:
                self._journal.write_heartbeat(post.name, moment)
                post.beaten_at = self._clock.now()
                return
            except JournalError:
                pass
        # The run's entry is gone. Only with the lock still ours is it ours to write again.
        if not self._touch_lock(post):
            return
        with self._writing:
            if not self._ending.is_set():
                self._journal.open_on(post.name)
                post.beaten_at = self._clock.now()

    def _note_silence(self, post: _Post, error: OperationError) -> None:
        """Note that a node gave no answer; the next try begins with a new connection."""
        self._fleet.forget(post.name)
        now = self._clock.now()
        if post.silent_since is None:
            post.silent_since = now
        silent = now - post.silent_since
        if post.name != self._node and silent > self._patience_seconds:
            self._trouble = RunLockUnreadableError(
                f"{post.name} has given no answer for {silent / 60:.0f} min, so the run lock cannot be kept: {error.message}",
                nodes=(post.name,),
                node=post.name,
                operation="keeper",
                code=error.code,
                remedy=error.remedy or "Bring the node within reach, then run again",
            )
            return
        post.beat_at = max(post.beat_at, now + RETRY_SECONDS)
        post.touch_at = max(post.touch_at, now + RETRY_SECONDS)
