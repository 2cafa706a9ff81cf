# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run lock: MSFT_CAURun on every node of the cluster, all with this run's id (cau.md 1.4).

Private to this collection; it may change at any time.
"""

# pylint: disable=bad-exception-cause  # pylint loses the base class of our errors on its way through the relative imports

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from .._clock import Clock
from .._errors import OperationError, Outcome
from .._progress import Progress
from .._wmi.errors import InstanceHeldError
from .errors import CauError, GateRefusedError, JournalError, RunLockFailedError, RunLockHeldError, RunLockLostError, RunLockUnreadableError
from .fleet import Fleet
from .idempotent import SETTLE_SECONDS, twice
from .journal import Journal, read_run
from .journal_records import RunOwner
from .journal_view import left_behind
from .lock_view import LockKind, LockView, describe_holder, inspect, reasons, require_free
from .run_id import is_same_guid, normal_guid, short_id

__all__ = [
    "LockKind",
    "LockState",
    "LockView",
    "acquire",
    "inspect",
    "release",
    "renew",
    "require_free",
    "verify",
]


@dataclass(frozen=True)
class LockState:
    """The run lock after it was taken or found.

    Args:
        run_id: whose it is.
        nodes: every node that carries it.
        taken: the nodes where it was created just now, in order.
        before: the locks and sessions that were found at first.
    """

    run_id: str
    nodes: tuple[str, ...]
    taken: tuple[str, ...]
    before: tuple[LockView, ...]

    @property
    def is_changed(self) -> bool:
        """Whether a lock was created."""
        return bool(self.taken)


def acquire(
    fleet: Fleet,
    owner: RunOwner,
    journal: Journal,
    clock: Clock,
    progress: Progress,
    gate: Callable[[], None],
    *,
    dead: Collection[str] = (),
) -> LockState:
    """Take the run lock on every node, or on none.

    Every node is read first; then the gate; then, in name order, the journal's entry and the lock, so that two coordinators that start
    together meet on the first node. Called again for the same run it reads the lock everywhere, and takes again what aged out
    unclaimed, after the same gate.

    Args:
        fleet: the nodes of the cluster.
        owner: who drives the run.
        journal: the run's journal.
        clock: for waits.
        progress: for the user's line.
        gate: raises unless the whole cluster is in a state in which a run may begin.
        dead: ids of runs whose locks and sessions are removed, each under the id that was observed, right before ours is created.

    Raises:
        RunLockHeldError: somebody else holds a lock or a session.
        RunLockUnreadableError: a node gave no answer before anything was written.
        RunLockFailedError: a node did not take it; it names where a lock of ours may be left.
    """
    views = require_free(fleet, owner.run_id, dead)
    wanting = [view.node for view in views if view.kind is not LockKind.OURS]
    if not wanting:
        renew(fleet, owner.run_id, journal)
        return LockState(owner.run_id, fleet.names, (), tuple(views))
    _ask(gate, fleet, owner.run_id)
    # The gate takes its time, and whoever came meanwhile holds a lock on some node by now.
    views = require_free(fleet, owner.run_id, dead)
    standing = tuple(view.node for view in views if view.kind is LockKind.OURS)
    taking = _Taking(fleet, owner.run_id, journal, clock, standing, {view.node: view for view in views if dead})
    try:
        for name in wanting:
            taking.take(name)
    except BaseException:
        # Also when interrupted, by a task's time limit for one: nothing may stay that nobody knows of.
        taking.roll_back()
        raise
    again = "" if len(wanting) == len(fleet.names) else "again "
    progress.say(None, "lock", f"taken {again}on {len(wanting)} of {len(fleet.names)} nodes, run {short_id(owner.run_id)}")
    return LockState(owner.run_id, fleet.names, tuple(wanting), tuple(views))


def _ask(gate: Callable[[], None], fleet: Fleet, run_id: str) -> None:
    """Ask the gate; a refusal is told with what the journals say about nodes that an earlier run left paused."""
    try:
        gate()
    except GateRefusedError as error:
        left = left_behind(fleet, run_id)
        if not left:
            raise
        raise GateRefusedError(
            "; ".join([error.message, *left]),
            findings=(*error.findings, *left),
            node=error.node,
            operation=error.operation,
            code=error.code,
            remedy="Resume the nodes that were left paused once they are fit to serve, then run again",
            outcome=error.outcome,
        ) from error


@dataclass
class _Taking:
    """One attempt to take the lock, with what it needs to undo itself."""

    fleet: Fleet
    run_id: str
    journal: Journal
    clock: Clock
    standing: tuple[str, ...]
    """Nodes where our lock stood before the attempt; it stays there."""

    dead: dict[str, LockView] = field(default_factory=dict)
    """What stands on each node; locks and sessions of others in it are those of dead runs."""

    touched: list[str] = field(default_factory=list)
    """Nodes where this attempt created the lock, or may have."""

    opened: set[str] = field(default_factory=set)
    """Nodes where this attempt wrote the journal's entry; an entry from before is never removed."""

    def take(self, name: str) -> None:
        """Take the lock on one node, or undo the whole attempt and raise."""
        self.touched.append(name)
        try:
            if not self.journal.is_open_on(name):
                self.opened.add(name)
            self.journal.open_on(name)
            self._clear(name)
            self._create(name)
        except InstanceHeldError as error:
            raise self._held(name, error.holder) from error
        except OperationError as error:
            left = self.roll_back()
            raise RunLockFailedError(
                f"the run lock could not be taken on {name}: {error.message}{self._remains(left)}",
                may_be_left=left,
                node=name,
                operation="run lock",
                code=error.code,
                remedy=error.remedy,
                outcome=Outcome.UNKNOWN if left else Outcome.FAILED,
            ) from error

    def _clear(self, name: str) -> None:
        """Remove what a dead run holds on one node; an orphan of it finds itself without lock from now on, and stops."""
        view = self.dead.get(name)
        if view is None:
            return
        if view.session is not None and not is_same_guid(view.session, self.run_id):
            _delete_session(self.fleet, name, view.session, self.clock)
        if view.guid is not None and not is_same_guid(view.guid, self.run_id):
            _delete(self.fleet, name, view.guid, self.clock)

    def _create(self, name: str) -> None:
        """Create the lock and read it back; a lost answer is decided by what stands there, and tried once more."""
        update = self.fleet.node(name).cluster_update
        for attempt in (1, 2):
            failure: OperationError | None = None
            try:
                update.create_run_lock(self.run_id)
            except InstanceHeldError:
                raise
            except OperationError as error:
                if error.outcome is Outcome.FAILED:
                    raise
                failure = error
                self.clock.sleep(SETTLE_SECONDS)
            holder = normal_guid(update.run_lock())
            if is_same_guid(holder, self.run_id):
                return
            if holder is not None:
                raise InstanceHeldError(f"the run lock is held by {holder}", holder=holder, node=name)
            if attempt == 2:
                raise failure or RunLockFailedError("the node took the run lock, but does not show it", node=name)

    def _held(self, name: str, holder: str | None) -> RunLockHeldError:
        view = describe_holder(self.fleet, name, self.run_id)
        left = self.roll_back()
        guid = normal_guid(holder) if view is None else view.guid
        if view is None:
            description = f"coordinator {guid}" if guid else "another coordinator, which has gone since"
            message = f"the run lock of {name} was taken by {description}"
        else:
            description = view.description
            message = f"the run lock is held on {name} by {description}"
        return RunLockHeldError(
            message + self._remains(left),
            holder=guid,
            is_ours_dead=view is not None and view.kind is LockKind.DEAD,
            description=description,
            may_be_left=left,
            node=name,
            operation="run lock",
            remedy="Wait until that run has ended, or end it where it was started",
        )

    def roll_back(self) -> list[str]:
        """Undo the attempt in reverse order and return the nodes where a lock of ours may be left; again it does nothing.

        Where a lock may be left the journal's entry stays with it, so that others see a dead run of ours and no foreign lock.
        """
        left = []
        touched, self.touched = self.touched, []
        for name in reversed(touched):
            try:
                _delete(self.fleet, name, self.run_id, self.clock)
            except OperationError:
                left.append(name)
                continue
            if name not in self.opened:
                continue
            # An entry without a lock stops nobody, so one that cannot be removed is no reason for another error.
            with contextlib.suppress(OperationError):
                self.journal.close_on(name)
        return sorted(left, key=str.casefold)

    def _remains(self, left: list[str]) -> str:
        """Say exactly which locks of this run stand, or may stand, after roll-back."""
        parts = []
        if left:
            parts.append(f"a lock of this run may be left on {', '.join(left)}, where it ages out within the hour")
        if self.standing:
            parts.append(f"this run's lock stays on {', '.join(self.standing)}")
        return "; " + "; ".join(parts or ["no lock of this run is left on any node"])


def verify(fleet: Fleet, run_id: str) -> None:
    """Read the lock on every node by our key, which also keeps it from ageing out.

    Raises:
        RunLockLostError: a node has none, or another's.
        RunLockUnreadableError: a node gave no answer, and none was found without our lock.
    """
    lost: dict[str, str | None] = {}
    silent: dict[str, OperationError] = {}
    for name in fleet.names:
        try:
            update = fleet.node(name).cluster_update
            if not update.touch_run_lock(run_id):
                lost[name] = normal_guid(update.run_lock())
        except OperationError as error:
            silent[name] = error
    if lost:
        raise lost_error(run_id, lost)
    if silent:
        first = next(iter(silent.values()))
        raise RunLockUnreadableError(
            f"the run lock could not be read on {reasons(silent)}",
            nodes=tuple(silent),
            operation="run lock",
            code=first.code,
            remedy=first.remedy or "Nothing was begun; bring the node within reach and run again",
        )


def lost_error(run_id: str, lost: dict[str, str | None]) -> RunLockLostError:
    """Return the error for a lock that is gone, or another's, on the nodes of `lost`."""
    found = ", ".join(f"{name} has {f'that of {holder}' if holder else 'none'}" for name, holder in lost.items())
    return RunLockLostError(
        f"run {short_id(run_id)} no longer holds the run lock: {found}",
        nodes=tuple(lost),
        holders={name: holder for name, holder in lost.items() if holder},
        operation="run lock",
        remedy="Nothing more is changed by this run; see who holds the lock with cluster_info, then run again",
    )


def renew(fleet: Fleet, run_id: str, journal: Journal) -> None:
    """Touch the lock and set the heartbeat on every node.

    Raises:
        RunLockLostError: a node has none, or another's.
        RunLockUnreadableError: a node gave no answer.
        OperationError: a heartbeat could not be written.
    """
    verify(fleet, run_id)
    for name in fleet.names:
        try:
            journal.beat(name)
        except JournalError:
            # Our lock was read just now, so an entry that somebody removed is ours to write again.
            journal.open_on(name)


def release(fleet: Fleet, run_id: str, journal: Journal, keep_nodes: Collection[str] = (), *, keeps_cluster: bool = False) -> bool:
    """Give the lock back on every node, then close the journal there; doing it again does nothing.

    What belongs to somebody else is never touched. Our own node sessions go first, so that no session outlives the lock.

    Args:
        fleet: the nodes of the cluster.
        run_id: the run's id.
        journal: the run's journal.
        keep_nodes: nodes that stay out of service, whose journal entries therefore stay.
        keeps_cluster: see Journal.close_on().

    Returns:
        Whether anything was removed.

    Raises:
        RunLockLostError: a node where the journal says that we hold it carries another's lock; the rest was released.
        RunLockFailedError: a node gave no answer; the rest was released.
    """
    removed = False
    lost: dict[str, str | None] = {}
    failed: dict[str, OperationError] = {}
    for name in reversed(fleet.names):
        try:
            has_gone, holder = _release_on(fleet, name, run_id, journal)
            journal.close_on(name, keep_nodes, keeps_cluster=keeps_cluster)
        except OperationError as error:
            failed[name] = error
            continue
        removed = removed or has_gone
        if holder is not None:
            lost[name] = holder
    if failed:
        raise RunLockFailedError(
            f"the run lock could not be released on {reasons(failed)}",
            may_be_left=tuple(failed),
            operation="run lock",
            remedy="The node drops it an hour after its last use; until then a new run sees a dead run of this collection",
            outcome=Outcome.UNKNOWN,
        )
    if lost:
        raise lost_error(run_id, lost)
    return removed


def _release_on(fleet: Fleet, name: str, run_id: str, journal: Journal) -> tuple[bool, str | None]:
    """Give the lock back on one node; return whether a lock was removed, and the holder of a lock that was ours before."""
    client = fleet.node(name)
    _delete_session(fleet, name, run_id, journal.clock)
    removed = _delete(fleet, name, run_id, journal.clock)
    holder: str | None = None
    if not removed:
        holder = normal_guid(client.cluster_update.run_lock())
        if holder is not None and not _has_entry(journal, name, run_id):
            holder = None
    return removed, holder


def _has_entry(journal: Journal, name: str, run_id: str) -> bool:
    try:
        entry = read_run(journal.fleet.node(name), run_id)
        return entry is not None and not entry.is_released
    except CauError:
        return True


def give_up(fleet: Fleet, run_id: str, clock: Clock) -> list[str]:
    """Give the lock back wherever that can be done and leave the journal as it is, for whoever takes the run over.

    Returns:
        The nodes where the lock may be left.
    """
    left = []
    for name in reversed(fleet.names):
        try:
            _delete_session(fleet, name, run_id, clock)
            _delete(fleet, name, run_id, clock)
        except OperationError:
            left.append(name)
    return sorted(left, key=str.casefold)


def _delete(fleet: Fleet, name: str, run_id: str, clock: Clock) -> bool:
    """Delete our lock on one node, twice when the answer was lost; return whether it was there."""
    update = fleet.node(name).cluster_update
    try:
        return update.delete_run_lock(run_id)
    except OperationError as error:
        if error.outcome is Outcome.FAILED:
            raise
        clock.sleep(SETTLE_SECONDS)
        update.delete_run_lock(run_id)
        # The lost answer was to the first of two, so which of them removed it is not known; it was ours to remove.
        return True


def _delete_session(fleet: Fleet, name: str, run_id: str, clock: Clock) -> None:
    update = fleet.node(name).cluster_update
    twice(clock, lambda: update.delete_node_session(run_id))
