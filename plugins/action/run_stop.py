# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks the run that works on a cluster to stop at its next safe point."""

from __future__ import annotations

import contextlib
import typing as t

from ..module_utils._cau.errors import MembershipError, RunLockHeldError, TimeLimitError
from ..module_utils._cau.fleet import Fleet
from ..module_utils._cau.recovery import FoundRun, Life
from ..module_utils._cau.remains import Watch, look
from ..module_utils._cau.stop_request import MOST_MISSED, ask_to_stop
from ..module_utils._cau.waiting import Deadline, Heartbeat, duration, names
from ..module_utils._errors import OperationError, Outcome
from ..plugin_utils._absent import find_hosts
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._process import controller_name, is_running, user_name
from ..plugin_utils._task import TaskRun

POLL_SECONDS = 15.0


class ActionModule(UpdatingAction):
    """The task run_stop."""

    TASK = "run_stop"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Write the request on every node that answers, and wait as long as the user wants."""
        with contextlib.closing(task.peers.opener(task.host)()) as me:
            info, members = me.cluster.info(), me.cluster.nodes()
        task.progress.cluster = info.name
        hosts, unreachable = find_hosts(task, info, members)
        missing = [node.name for node in members if node.name not in hosts]
        if len(missing) > MOST_MISSED:
            raise MembershipError(
                f"too few nodes of the cluster {info.name} can be asked, {names(missing)} cannot, so the run might not hear of it",
                missing=missing,
                no_answer=unreachable,
                operation="stop",
                remedy="Name the group of its nodes in the option members",
                outcome=Outcome.NOT_DONE,
            )
        fleet = task.fleet(info.name, hosts)
        found = _runs(fleet)
        at_work = [run for run in found if run.owner is not None and run.life in {Life.ALIVE, Life.QUIET}]
        if not at_work:
            return _nobody(task, found)
        asked = [run for run in at_work if run.stop is None]
        for run in asked:
            _ask(task, fleet, run)
        if not task.is_check:
            _wait(task, fleet, at_work)
        return {"changed": bool(asked), "runs": [run.run_id for run in at_work]}


def _runs(fleet: Fleet) -> list[FoundRun]:
    return Watch(lambda owner: is_running(owner.process)).runs(look(fleet))


def _nobody(task: TaskRun, found: list[FoundRun]) -> dict[str, t.Any]:
    """Return the result when nobody is there to hear.

    Raises:
        RunLockHeldError: somebody is who does not listen.
    """
    foreign = [run for run in found if run.life is Life.FOREIGN and (run.locks or run.sessions)]
    if foreign:
        raise RunLockHeldError(
            f"the run lock is held by coordinator {foreign[0].run_id}, which is none of this collection and cannot be asked",
            holder=foreign[0].run_id,
            operation="stop",
            remedy="End it where it was started, Microsoft's own CAU with Stop-CauRun",
            outcome=Outcome.NOT_DONE,
        )
    dead = [run for run in found if run.life is Life.DEAD]
    if dead:
        task.progress.say(None, "stop", f"{dead[0].name} is dead and hears nothing; the playbook recover brings the cluster into order")
    else:
        task.progress.say(None, "stop", "no run is at work")
    return {"changed": False, "runs": []}


def _ask(task: TaskRun, fleet: Fleet, run: FoundRun) -> None:
    if task.is_check:
        task.progress.say(None, "stop", f"{run.name} would be asked to stop")
        return
    failed = ask_to_stop(fleet, run.run_id, run.journals, controller_name(), user_name(), task.clock)
    if len(failed) > MOST_MISSED or len(failed) == len(run.journals):
        reasons = "; ".join(f"{name} ({reason})" for name, reason in failed.items())
        raise OperationError(
            f"too few nodes took the request, so the run might not hear of it: {reasons}",
            operation="stop",
            outcome=Outcome.FAILED,
        )
    task.progress.say(None, "stop", f"{run.name} was asked to stop at its next safe point")
    if failed:
        task.progress.say(None, "stop", f"{names(failed)} did not take the request, the others did")


def _wait(task: TaskRun, fleet: Fleet, runs: list[FoundRun]) -> None:
    """Wait until the runs have given their locks back.

    Raises:
        TimeLimitError: one has not in time.
    """
    limit = Deadline(task.clock, task.arguments["wait_timeout"])
    if not limit.limit_seconds:
        return
    beat = Heartbeat(task.clock, lambda text: task.progress.say(None, "stop", text), "waiting for the run to stop", task.stop.check)
    ids = {run.run_id for run in runs}
    while True:
        beat.tick()
        try:
            left = [run for run in _runs(fleet) if run.run_id in ids and run.life is not Life.ENDED]
        except OperationError as error:
            # One of its nodes may just be restarting.
            left, seen = runs, error.message
        else:
            seen = f"{names(run.name for run in left)} at work"
        if not left:
            task.progress.say(None, "stop", "the run has stopped and given the run lock back")
            return
        if limit.has_passed:
            raise TimeLimitError(
                f"the run has not stopped within {duration(limit.limit_seconds)}: {seen}",
                limit_seconds=limit.limit_seconds,
                operation="stop",
                remedy="It stops at its next safe point; what it does shows run_status",
                outcome=Outcome.UNKNOWN,
            )
        beat.beat(seen)
        task.clock.sleep(min(POLL_SECONDS, limit.remaining))
