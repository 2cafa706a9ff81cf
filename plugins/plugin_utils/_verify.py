# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions of verify_endpoint that need a change: a run of their own around them, and everything undone.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable

from ..module_utils._cau import run_lock
from ..module_utils._cau.errors import CauError
from ..module_utils._cau.fleet import Fleet, never_stop
from ..module_utils._cau.journal import Journal
from ..module_utils._cau.journal_records import RunOwner
from ..module_utils._cau.keeper import Keeper
from ..module_utils._cau.run_id import new_run_id
from ..module_utils._cau.verify.changing import Changes, left_behind
from ..module_utils._cau.verify.questions import Result, ask_all
from ..module_utils._errors import OperationError, Outcome
from ..module_utils._wsman.client import Client
from ..module_utils._wsman.recording import Recorder
from ._process import controller_name, process_identity, user_name
from ._task import TaskRun


class LeftBehindError(CauError):
    """Something of the questions stands on a node, or may stand."""


def changed_and_undone(task: TaskRun, client: Client, recorder: Recorder) -> tuple[list[Result], list[str]]:
    """Ask the questions that need a change, under a run lock that stands on every node for them alone.

    Args:
        task: the task.
        client: the connection to the node, made by the recorder.
        recorder: keeps the messages.

    Returns:
        The answers, and what is left on the nodes all the same, one sentence each.

    Raises:
        OperationError: the run lock could not be taken, so that nothing was asked; or the task was stopped, and everything was undone.
    """
    found = task.membership()
    fleet = task.fleet(found.cluster, found.nodes)
    owner = RunOwner(new_run_id(), controller_name(), user_name(), task.clock.utc(), process=process_identity())
    journal = Journal(fleet, owner, task.clock)
    stranger = new_run_id()
    keeper = Keeper(fleet.sibling(), owner, task.clock, is_orphan=task.stop.is_orphan)

    def check() -> None:
        task.stop.check()
        keeper.check()

    changes = Changes(client, task.clock, owner.run_id, stranger, scan_seconds=task.arguments["scan_timeout"], check=check)
    # No node is taken out of service, so that the state of the cluster does not matter.
    run_lock.acquire(fleet, owner, journal, task.clock, task.progress, never_stop)
    try:
        with keeper:
            results = ask_all(client, recorder, changes.questions(), check)
    except BaseException:
        for sentence in _undo(fleet, journal, changes, stranger):
            task.progress.say(None, "verify", sentence)
        raise
    left = _undo(fleet, journal, changes, stranger)
    if not left:
        task.progress.say(None, "lock", f"released on {len(fleet.names)} nodes, nothing is left of the questions")
    return results, left


def _undo(fleet: Fleet, journal: Journal, changes: Changes, stranger: str) -> list[str]:
    """Undo everything, whatever fails on the way, and return what is left."""
    steps: tuple[Callable[[], object], ...] = (changes.undo, lambda: run_lock.release(fleet, journal.owner.run_id, journal))
    failed = []
    for step in steps:
        try:
            step()
        except OperationError as error:
            failed.append(error.sentence())
    left = left_behind(fleet, journal, stranger)
    # What could not be done and is not there all the same is nobody's concern.
    return [*left, *failed] if left else []


def left_error(task: TaskRun, left: list[str]) -> LeftBehindError:
    """Return the error for what is left on the nodes."""
    return LeftBehindError(
        "; ".join(left),
        node=task.host,
        operation="verify",
        remedy="The next run takes over what stands of this one; the node itself drops a lock or a session an hour after its last use",
        outcome=Outcome.UNKNOWN,
    )
