# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run gives back what it holds of the cluster as a whole: the CAU role that it keeps offline, and the run lock.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from ..module_utils._cau import cau_role, run_lock
from ..module_utils._cau.fleet import Fleet
from ..module_utils._cau.journal import Journal
from ..module_utils._cau.journal_records import Phase
from ..module_utils._cau.recovery import Decision
from ..module_utils._cau.waiting import names
from ..module_utils._errors import OperationError
from ._facts import RunFact
from ._task import TaskRun


def role_kept_offline(task: TaskRun, fleet: Fleet, journal: Journal, taken: Decision) -> str | None:
    """Take the CAU role offline where the task asks for it, right after the lock was taken.

    Args:
        task: the task.
        fleet: the nodes of the cluster.
        journal: the journal of the run that holds the lock.
        taken: what the run took over.

    Returns:
        The role that the run has to bring back, None when there is none.

    Raises:
        OperationError: it could not be taken offline; the lock was given back.
    """
    if not task.arguments["take_cau_role_offline"]:
        return taken.cau_role
    try:
        return cau_role.take_offline(fleet, journal, task.clock, task.progress, taken.cau_role, task.stop.check)
    except BaseException:
        # No task of the playbook knows of the run yet, so nothing of it may stay that nobody knows of.
        _abandon(task, fleet, journal, taken)
        raise


def _abandon(task: TaskRun, fleet: Fleet, journal: Journal, taken: Decision) -> None:
    """Give up a run that has only just begun; what it cannot undo, or took over, stays in the journal for the next one."""
    if not taken.over and _is_undone(task, fleet, journal):
        return
    run_lock.give_up(fleet, journal.owner.run_id, task.clock)
    for name in fleet.names:
        with contextlib.suppress(OperationError):
            journal.note_stop(name)


def _is_undone(task: TaskRun, fleet: Fleet, journal: Journal) -> bool:
    """Bring the role back, where the run may have touched it, and give the lock back; return whether both were done."""
    try:
        role = journal.read_cluster().cau_role_offline
        if role is not None:
            cau_role.bring_back(fleet, journal, task.clock, task.progress, role)
        run_lock.release(fleet, journal.owner.run_id, journal)
    except OperationError:
        return False
    return True


def give_back(task: TaskRun, fact: RunFact, fleet: Fleet) -> tuple[bool, str | None]:
    """Bring the CAU role back and give the lock back on every node; the journal stays where something is left to be done.

    Args:
        task: the task.
        fact: the run, which holds the lock.
        fleet: the nodes of the cluster.

    Returns:
        Whether the lock stood anywhere, and why the CAU role stays offline, None unless it does.

    Raises:
        OperationError: see run_lock.release.
    """
    journal = task.journal(fleet, fact)
    left = _left_paused(fleet, journal)
    for node in left:
        task.progress.say(node, "journal", "left out of service by this run, the journal tells why")
    due = _restart_due(fleet, journal, left)
    for node in due:
        task.progress.say(node, "journal", "serves with a restart pending that an update asks for; the next run begins with it")
    offline = _taken_offline(fleet, journal, left)
    for node, groups in offline.items():
        task.progress.say(node, "journal", f"{names(groups)} went offline by this run and is not back, which the next run sees to")
    role_left = None if fact.cau_role is None else _role_left(task, fleet, journal, fact.cau_role, left)
    try:
        is_changed = run_lock.release(fleet, journal.owner.run_id, journal, [*left, *due, *offline], keeps_cluster=role_left is not None)
    except OperationError as error:
        error.message = "; ".join([error.message, *([role_left] if role_left else [])])
        raise
    if is_changed:
        task.progress.say(None, "lock", f"released on {len(fact.nodes)} nodes")
    return is_changed, role_left


def _role_left(task: TaskRun, fleet: Fleet, journal: Journal, role: str, left: Collection[str]) -> str | None:
    """Bring the CAU role back; return why it stays offline, None when it does not."""
    if left:
        reason = f"the CAU role {role} stays offline while {names(left)} is out of service, and the next run brings it back"
    else:
        try:
            cau_role.bring_back(fleet, journal, task.clock, task.progress, role)
        except OperationError as error:
            reason = f"the CAU role {role} was not brought back, which the next run does: {error.message}"
        else:
            return None
    task.progress.say(None, "lock", reason)
    return reason


def _left_paused(fleet: Fleet, journal: Journal) -> list[str]:
    """Return the nodes that stay out of service; the journal of one that cannot be read is kept, as it may be needed."""
    left = []
    for node in fleet.names:
        try:
            entry = journal.read(node)
        except OperationError:
            left.append(node)
            continue
        if entry is not None and (entry.paused_by_us or entry.phase is Phase.LEFT_OUT):
            left.append(node)
    return left


def _restart_due(fleet: Fleet, journal: Journal, left: Collection[str]) -> list[str]:
    """Return the nodes that serve although something that was installed on them waits for a restart; all their entries can be read."""
    entries = {node: journal.read(node) for node in fleet.names if node not in left}
    return [node for node, entry in entries.items() if entry is not None and entry.restart_due]


def _taken_offline(fleet: Fleet, journal: Journal, left: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the nodes that serve while groups are offline which this run took offline there, with these groups."""
    entries = {node: journal.read(node) for node in fleet.names if node not in left}
    return {node: entry.taken_offline for node, entry in entries.items() if entry is not None and entry.taken_offline}
