# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking a node out of service: the gate, MSCluster_Node.Pause with drain, and waiting on the evidence.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from .._errors import OperationError
from .cluster_view import alive_on, all_groups, not_serving
from .drain_modes import DrainMode, bring_online, force, wait_for_pause
from .drain_pause import announce, pause, stand_down
from .drain_plan import DrainOptions, DrainPlan, check_gate, plan_drain
from .drain_wait import DrainEnd, wait_for_drain
from .errors import CauError, DrainFailedError, NotOurPauseError
from .fleet import NodeWork
from .journal_records import Phase
from .permission import require_run
from .resume import ResumeOptions, bring_back, give_back_turn
from .waiting import Deadline, duration, names


@dataclass(frozen=True)
class DrainResult:
    """What became of it.

    Args:
        is_changed: whether this call paused the node.
        groups: the groups that left it.
        seconds: how long it took, in clock seconds.
    """

    is_changed: bool
    groups: tuple[str, ...]
    seconds: float


def drain(work: NodeWork, options: DrainOptions | None = None) -> DrainResult:
    """Take the node out of service and wait until every group has left it and is online elsewhere.

    Raises:
        DrainFailedError: it failed, and the node was resumed unless the message says otherwise.
        NotOurPauseError: somebody else paused or resumed the node; it was left as it is.
        OutcomeUnknownError: whether the node was paused could not be found out.
        CauError: the lock, the turn or the gate refused it.
    """
    options = options or DrainOptions()
    began = work.clock.now()
    ownership, _journal = require_run(work, "drain")
    ownership.verify_lock()
    ownership.take_turn()
    try:
        limit = Deadline(work.clock, options.suspend_seconds)
        plan = plan_drain(work, options, limit)
        if plan.is_needed:
            announce(work, plan)
            pause(work, options, limit)
    except OperationError:
        _give_back_unless_paused(work)
        raise
    if plan.is_undrained:
        return _paused_only(work, plan, options, began)
    if plan.is_drained:
        _require_empty(work)
        return DrainResult(False, plan.groups, work.clock.now() - began)
    _finish(work, plan, options)
    seconds = work.clock.now() - began
    work.say("drain", f"done in {duration(seconds)}")
    return DrainResult(plan.is_needed, plan.groups, seconds)


def _paused_only(work: NodeWork, plan: DrainPlan, options: DrainOptions, began: float) -> DrainResult:
    """Return the result for a node that is paused without drain: its groups go on there, and it is never restarted."""
    _ownership, journal = require_run(work, "drain")
    try:
        wait_for_pause(work, options.lost_seconds)
    except NotOurPauseError:
        stand_down(work, "resumed or drained by somebody else")
        give_back_turn(work)
        raise
    journal.write(work.node, phase=Phase.DRAINED)
    stay_here = f"{names(plan.groups)} stay{'s' if len(plan.groups) == 1 else ''} on it" if plan.groups else "no role is on it"
    work.say("drain", f"paused without drain: {stay_here}, and it is not restarted")
    return DrainResult(plan.is_needed, (), work.clock.now() - began)


def _require_empty(work: NodeWork) -> None:
    """Refuse a drained node to which somebody has moved a role meanwhile; it stays as it is."""
    left = alive_on(all_groups(work), work.node)
    if left:
        raise DrainFailedError(
            f"the node is drained, and yet roles are on it ({names(left)})",
            groups_left=left,
            node=work.node,
            operation="drain",
            remedy="Find out who moved them there, and move them away",
        )


def _give_back_unless_paused(work: NodeWork) -> None:
    _ownership, journal = require_run(work, "drain")
    try:
        entry = journal.read(work.node)
    except OperationError:
        return
    if entry is None or not entry.paused_by_us:
        give_back_turn(work)


def _finish(work: NodeWork, plan: DrainPlan, options: DrainOptions) -> None:
    """Wait for the end of the drain, and undo one that failed."""
    _ownership, journal = require_run(work, "drain")
    try:
        end = _wait(work, plan.online_before, options)
        if not end.is_done and options.mode is DrainMode.FORCED:
            gate_again = partial(check_gate, work, options, Deadline(work.clock, options.suspend_seconds), is_paused=True)
            asked = force(work, end, options.accept_offline, options.lost_seconds, gate_again)
            end = asked if isinstance(asked, DrainEnd) else _wait(work, plan.online_before - set(asked.offline), options)
    except NotOurPauseError:
        stand_down(work, "resumed or paused again by somebody else")
        give_back_turn(work)
        raise
    except CauError as error:
        # The run may change nothing any more, so the node stays as it is and the journal says why.
        journal.write_where_possible(work.node, reason=f"drain interrupted: {error.message}")
        raise
    if end.is_done:
        journal.write(work.node, phase=Phase.DRAINED)
        return
    _undo(work, end, options)


def _wait(work: NodeWork, online_before: Collection[str], options: DrainOptions) -> DrainEnd:
    return wait_for_drain(
        work,
        online_before,
        drain_seconds=options.drain_seconds,
        poll_seconds=options.poll_seconds,
        groups_seconds=options.groups_seconds,
        lost_seconds=options.lost_seconds,
    )


def _undo(work: NodeWork, end: DrainEnd, options: DrainOptions) -> None:
    """Bring the node back after a drain that failed, and say why."""
    _ownership, journal = require_run(work, "drain")
    work.say("drain", f"failed: {end.reason}; the node is brought back")
    left = _sentence(end.groups_left)
    try:
        bring_back(work, ResumeOptions(resume_seconds=options.resume_seconds, poll_seconds=options.poll_seconds))
        # Those that take their time are brought back, and waited for, by the resume that follows.
        offline = not_serving(all_groups(work), bring_online(work))
    except OperationError as error:
        reason = f"{end.reason}{left}; the node could not be brought back: {error.message}"
        journal.write_where_possible(work.node, phase=Phase.LEFT_OUT, reason=reason)
        raise DrainFailedError(
            reason,
            groups_left=end.groups_left,
            node=work.node,
            operation="drain",
            remedy="The node is out of service; resume it with the cluster's own tools",
        ) from error
    journal.write(work.node, phase=Phase.RESUMED, paused_by_us=False, taken_offline=tuple(offline), reason=f"drain failed: {end.reason}")
    give_back_turn(work)
    raise DrainFailedError(
        f"{end.reason}{left}; the node was brought back into service",
        groups_left=end.groups_left,
        node=work.node,
        operation="drain",
        remedy="See why these roles cannot move or start elsewhere" if end.groups_left else "Look at the cluster's event log",
    )


def _sentence(groups: Collection[str]) -> str:
    return f" ({names(groups)})" if groups else ""
