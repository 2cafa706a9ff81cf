# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose run lock stands on each node, as the node and its journal tell it; writes nothing.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from .._errors import OperationError
from .errors import JournalError, RunLockHeldError, RunLockUnreadableError
from .fleet import Fleet
from .journal import read_run
from .journal_records import RunEntry
from .journal_view import left_behind
from .run_id import is_same_guid, normal_guid, short_id

LIFE_SECONDS = 3600
"""The provider drops a lock that nobody used for an hour (cau.md 1.4)."""


class LockKind(enum.Enum):
    """Whose run lock stands on a node."""

    NONE = "none"
    OURS = "ours"
    DEAD = "dead"
    ALIVE = "alive"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class LockView:
    """The run lock and the node session of one node as they were read.

    Args:
        node: the node.
        guid: run id of its run lock, None without one.
        session: run id of its node session, None without one.
        journal: what its journal says about the lock's run, None without an entry.
        kind: whose lock it is.
        description: the holder in words, empty without one.
    """

    node: str
    guid: str | None
    session: str | None
    journal: RunEntry | None
    kind: LockKind
    description: str = ""


def inspect(fleet: Fleet, run_id: str | None = None) -> list[LockView]:
    """Read every node's run lock, node session and journal.

    A run counts as dead only when no node shows a fresh heartbeat of it, so a clock that jumped on one node does not kill it.

    Args:
        fleet: the nodes of the cluster.
        run_id: the run whose lock is OURS, None when no lock can be.

    Raises:
        RunLockUnreadableError: a node gave no answer.
    """
    views = []
    silent: dict[str, OperationError] = {}
    for name in fleet.names:
        try:
            views.append(_look(fleet, name, run_id))
        except OperationError as error:
            silent[name] = error
    if silent:
        first = next(iter(silent.values()))
        raise RunLockUnreadableError(
            f"whether another run holds the lock could not be read on {reasons(silent)}",
            nodes=tuple(silent),
            operation="run lock",
            code=first.code,
            remedy=first.remedy or "Bring every node of the cluster up and within reach, then run again",
        )
    alive = {view.guid for view in views if view.kind is LockKind.ALIVE}
    return [_revived(view) if view.kind is LockKind.DEAD and view.guid in alive else view for view in views]


def require_free(fleet: Fleet, run_id: str | None = None, dead: Collection[str] = ()) -> list[LockView]:
    """Refuse when anybody but this run holds a run lock or a node session on any node.

    Args:
        fleet: the nodes of the cluster.
        run_id: the run whose own lock and sessions are no hindrance.
        dead: ids of runs whose locks and sessions are none either, as they are taken over.

    Raises:
        RunLockHeldError: it names the holder and where.
        RunLockUnreadableError: a node gave no answer.
    """
    views = inspect(fleet, run_id)
    raise_when_held(fleet, views, run_id, dead)
    return views


def raise_when_held(fleet: Fleet, views: list[LockView], run_id: str | None, dead: Collection[str] = ()) -> None:
    """Raise RunLockHeldError when somebody else, and none of `dead`, holds a lock or session in `views`."""
    held = [view for view in views if view.kind not in {LockKind.NONE, LockKind.OURS} and view.guid not in dead]
    if held:
        is_dead = all(view.kind is LockKind.DEAD for view in held)
        raise held_error(held, left_behind(fleet, run_id) if is_dead else ())
    others = [view for view in views if view.session is not None and not is_same_guid(view.session, run_id)]
    sessions = [view for view in others if view.session not in dead]
    if sessions:
        first = sessions[0]
        raise RunLockHeldError(
            f"{_names(sessions)} {_has(sessions)} a node session of {first.session}, without a run lock of that run",
            holder=first.session,
            description=f"node session {first.session} on {_names(sessions)}",
            node=first.node,
            operation="run lock",
            remedy="Wait until that work has ended; the node drops a session that nobody used for an hour",
        )


def held_error(held: list[LockView], left: Sequence[str] = ()) -> RunLockHeldError:
    """Return the error that names whoever holds the run lock in `held`, which is not empty.

    Args:
        held: the nodes that carry another's lock.
        left: what a dead run left behind, a sentence per node.
    """
    # Somebody who may be alive is named before a dead run: that one decides what can be done.
    order = [LockKind.ALIVE, LockKind.FOREIGN, LockKind.DEAD]
    first = min(held, key=lambda view: order.index(view.kind))
    same = [view for view in held if view.guid == first.guid]
    rest = [view for view in held if view.guid != first.guid]
    message = f"the run lock is held on {_names(same)} by {first.description}"
    if rest:
        message += "; and on " + ", on ".join(f"{view.node} by {view.description}" for view in rest)
    is_ours_dead = all(view.kind is LockKind.DEAD for view in held)
    if is_ours_dead:
        message = "; ".join([message, *(left or ["its journal names no node that it left paused"])])
    remedy = (
        "Run the same playbook again, which takes it over"
        if is_ours_dead
        else "Wait until that run has ended, or end it where it was started; see what it does with cluster_aware.updating.run_status"
    )
    return RunLockHeldError(
        message,
        holder=first.guid,
        is_ours_dead=is_ours_dead,
        description=first.description,
        node=first.node,
        operation="run lock",
        remedy=remedy,
    )


def describe_holder(fleet: Fleet, name: str, run_id: str | None) -> LockView | None:
    """Return who holds the run lock of one node now, None when nobody does or the node gives no answer."""
    try:
        view = _look(fleet, name, run_id)
    except OperationError:
        return None
    return view if view.kind not in {LockKind.NONE, LockKind.OURS} else None


def reasons(errors: Mapping[str, OperationError]) -> str:
    """Return the names of the nodes, each with what it answered."""
    return "; ".join(f"{name} ({error.message})" for name, error in errors.items())


def _look(fleet: Fleet, name: str, run_id: str | None) -> LockView:
    client = fleet.node(name)
    guid = normal_guid(client.cluster_update.run_lock())
    session = normal_guid(client.cluster_update.node_session())
    if guid is None:
        return LockView(name, None, session, None, LockKind.NONE)
    if is_same_guid(guid, run_id):
        return LockView(name, guid, session, None, LockKind.OURS, "this run")
    try:
        entry = read_run(client, guid)
    except JournalError as error:
        return LockView(name, guid, session, None, LockKind.FOREIGN, f"run {guid}, whose journal is not understood ({error.message})")
    if entry is None:
        return LockView(name, guid, session, None, LockKind.FOREIGN, _foreign(fleet, name, guid))
    kind = LockKind.DEAD if entry.age_seconds > entry.owner.dead_after else LockKind.ALIVE
    return LockView(name, guid, session, entry, kind, _ours(guid, entry, kind))


def _revived(view: LockView) -> LockView:
    entry = view.journal
    description = view.description if entry is None or view.guid is None else _ours(view.guid, entry, LockKind.ALIVE)
    return replace(view, kind=LockKind.ALIVE, description=description)


def _ours(guid: str, entry: RunEntry, kind: LockKind) -> str:
    started = f"{entry.owner.started_at:%Y-%m-%d %H:%M} UTC"
    who = f"run {short_id(guid)} ({guid}) of {entry.owner.user} on {entry.owner.controller}, started {started}"
    if entry.age_seconds < 0:
        return f"{who}, whose last sign of life lies in the future of the node's clock, which was set back"
    sign = f"last sign of life {_ago(entry.age_seconds)} ago"
    return f"{who}, {sign}; it is dead" if kind is LockKind.DEAD else f"{who}, {sign}"


def _foreign(fleet: Fleet, name: str, guid: str) -> str:
    """Describe a lock without a journal, which counts as alive until it ages out."""
    who = f"another coordinator, {guid}, which counts as alive until its lock ages out"
    try:
        now = fleet.node(name).system.utc_now()
    except OperationError:
        return f"{who}, an hour after its last use"
    # When it was last used cannot be read, and looking at it may count as use (cau.md 1.4).
    return f"{who}: an hour after its last use, which is {now + timedelta(seconds=LIFE_SECONDS):%H:%M} UTC when it is used no more"


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _names(views: list[LockView]) -> str:
    return ", ".join(view.node for view in views)


def _has(views: list[LockView]) -> str:
    return "has" if len(views) == 1 else "have"
