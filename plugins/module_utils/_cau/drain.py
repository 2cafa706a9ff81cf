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

from .._errors import OperationError, Outcome
from .._wmi.cluster import DrainStatus, NodeState
from .._wmi.codes import win32_code
from . import gate, stay
from .cluster_view import alive_on, all_groups, node_view, not_serving, serving
from .drain_modes import DrainMode, bring_online, force, wait_for_pause
from .drain_wait import DrainEnd, wait_for_drain
from .errors import CauError, DrainFailedError, GateRefusedError, JournalError, NotOurPauseError, OutcomeUnknownError
from .fleet import NodeWork
from .journal_records import Phase
from .permission import require_run
from .resume import ResumeOptions, bring_back, give_back_turn
from .services import running_auto_services
from .waiting import Deadline, duration, names

# The cluster refuses while storage is degraded, and CAU repeats the pause (cau.md 2.4).
_STORAGE_DEGRADED = 5987
_RETRY_SECONDS = 30.0
_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class DrainOptions:
    """How a node is taken out of service; all times in clock seconds.

    Args:
        drain_seconds: how long the drain may take.
        suspend_seconds: how long to wait for storage, and for a cluster that refuses the pause for the moment.
        settle_seconds: between the gate's two looks.
        poll_seconds: between two looks at the node.
        lost_seconds: how long to look for the effect of a request without an answer.
        groups_seconds: how long groups may take to be online elsewhere when the cluster says that the drain is complete.
        resume_seconds: how long the node may take to come back when the drain failed.
        accept_down: nodes that may be down or paused, as this run was told.
        mode: with or without force, or without drain.
        accept_offline: groups that a drain with force may take offline.
    """

    drain_seconds: float = 1800
    suspend_seconds: float = 1800
    settle_seconds: float = gate.SETTLE_SECONDS
    poll_seconds: float = 10
    lost_seconds: float = 30
    groups_seconds: float = 120
    resume_seconds: float = 900
    accept_down: frozenset[str] = frozenset()
    mode: DrainMode = DrainMode.DRAIN
    accept_offline: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DrainPlan:
    """What taking the node out of service means at this moment.

    Args:
        is_under_way: whether this run has paused it already, so that only the wait is left.
        is_drained: whether that drain has ended well before.
        groups: the groups that have to leave.
        online_before: every group of the cluster that is online now.
        is_undrained: whether it is paused without drain, so that its groups stay.
    """

    is_under_way: bool
    is_drained: bool
    groups: tuple[str, ...]
    online_before: frozenset[str]
    is_undrained: bool = False

    @property
    def is_needed(self) -> bool:
        """Whether the node has to be paused."""
        return not self.is_under_way


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


def plan_drain(work: NodeWork, options: DrainOptions | None = None, limit: Deadline | None = None) -> DrainPlan:
    """Find out whether the node may be drained, and what would move; reads only.

    Args:
        work: the node in work.
        options: how it is taken out of service.
        limit: what is left of the time for storage, None for all of it.

    Raises:
        NotOurPauseError: somebody else paused it.
        GateRefusedError: the cluster cannot do without it.
    """
    options = options or DrainOptions()
    limit = limit or Deadline(work.clock, options.suspend_seconds)
    entry = work.journal.read(work.node) if work.journal is not None else None
    node = node_view(work)
    if node.state is NodeState.PAUSED:
        if entry is None or not entry.paused_by_us:
            raise _not_ours(work, "the node is paused, and this run did not pause it")
        before = frozenset(entry.online_groups_before)
        if entry.undrained:
            return DrainPlan(True, False, entry.online_groups_before, before, is_undrained=True)
        was_done = entry.phase not in {Phase.DRAINING, Phase.LEFT_OUT} and stay.was_drained(node, entry)
        return DrainPlan(is_under_way=True, is_drained=was_done, groups=entry.online_groups_before, online_before=before)
    check_gate(work, options, limit)
    groups = all_groups(work)
    return DrainPlan(
        is_under_way=False,
        is_drained=False,
        groups=tuple(alive_on(groups, work.node)),
        online_before=frozenset(serving(groups)),
        is_undrained=options.mode is DrainMode.NONE,
    )


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
            _announce(work, plan)
            _pause(work, options, limit)
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
        _stand_down(work, "resumed or drained by somebody else")
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


def _announce(work: NodeWork, plan: DrainPlan) -> None:
    """Write down what is about to be done, and what has to be as before afterwards."""
    _ownership, journal = require_run(work, "drain")
    entry = journal.read(work.node)
    own = {name.casefold() for name in plan.groups}
    services = running_auto_services(work.client)
    try:
        journal.write(
            work.node,
            phase=Phase.DRAINING,
            was_paused_before=False,
            paused_by_us=True,
            reason=None,
            boot_time=None,  # of a restart in this stay out of service, which begins now
            services_before=services,
            # Only the node's own groups: the entry has to stay small on a cluster with hundreds of roles.
            online_groups_before=tuple(sorted(name for name in plan.online_before if name.casefold() in own)),
            undrained=plan.is_undrained,
            # Another attempt is counted where it begins; one attempt may drain twice.
            attempts=max(1, entry.attempts) if entry is not None else 1,
        )
    except JournalError:
        # One of its two places may have taken it.
        _stand_down(work, "the drain could not be announced")
        raise
    if not plan.is_undrained:
        work.say("drain", f"{len(plan.groups)} role{'' if len(plan.groups) == 1 else 's'} leaving")


def _stand_down(work: NodeWork, reason: str) -> None:
    """Take back the announcement: nothing was done to the node."""
    _ownership, journal = require_run(work, "drain")
    journal.write_where_possible(work.node, phase=Phase.LOCKED, paused_by_us=False, reason=reason)


def _give_back_unless_paused(work: NodeWork) -> None:
    _ownership, journal = require_run(work, "drain")
    try:
        entry = journal.read(work.node)
    except OperationError:
        return
    if entry is None or not entry.paused_by_us:
        give_back_turn(work)


def _pause(work: NodeWork, options: DrainOptions, limit: Deadline) -> None:
    """Send the pause, once unless the evidence says that it had no effect."""
    is_resent = False
    while True:
        _verify_right_before(work)
        try:
            work.client.cluster.pause(work.node, options.mode.first_request)
        except OperationError as error:
            if error.outcome is not Outcome.UNKNOWN and win32_code(error.code or 0) == _STORAGE_DEGRADED:
                _wait_for_readiness(work, limit, error)
                _look_again(work, options, limit)
                continue
            if error.outcome is Outcome.FAILED:
                raise _refused(work, error) from error
            if error.outcome is Outcome.UNKNOWN and _was_paused(work, options, error):
                return
            if is_resent:
                _stand_down(work, "the request to pause had no effect")
                raise DrainFailedError(
                    f"the request to pause the node had no effect, twice: {error.message}",
                    node=work.node,
                    operation="drain",
                    code=error.code,
                    remedy=error.remedy,
                ) from error
            is_resent = True
            work.say("drain", "the request had no effect and the node is still up, so it is asked again")
            _look_again(work, options, limit)
        else:
            return


def _verify_right_before(work: NodeWork) -> None:
    ownership, _journal = require_run(work, "drain")
    try:
        work.safe_point()
        ownership.verify_lock()
        ownership.verify_turn()
        state = node_view(work).state
    except OperationError:
        _stand_down(work, "stopped before the pause")
        raise
    if state is NodeState.PAUSED:
        _stand_down(work, "paused by somebody else")
        raise _not_ours(work, "somebody else paused the node just now")
    if state is not NodeState.UP:
        _stand_down(work, f"the node is {state.name.lower()}")
        raise GateRefusedError(f"the node is {state.name.lower()}", findings=(), node=work.node, operation="drain")


def _wait_for_readiness(work: NodeWork, limit: Deadline, error: OperationError) -> None:
    """Wait out a refusal for degraded storage."""
    if limit.has_passed:
        _stand_down(work, "the cluster refused the pause for too long")
        raise DrainFailedError(
            f"the cluster refused to pause the node for {duration(limit.limit_seconds)}: {error.message}",
            node=work.node,
            operation="drain",
            code=error.code,
            remedy="Wait for the storage to be repaired, or raise suspend_timeout",
        ) from error
    work.say("drain", f"the cluster refuses the pause for now, storage is degraded; waiting up to {duration(limit.remaining)}")
    work.clock.sleep(min(_RETRY_SECONDS, limit.remaining))


def _look_again(work: NodeWork, options: DrainOptions, limit: Deadline) -> None:
    """Look through the gate once more before a second request; what was seen before the first one is old by now."""
    try:
        check_gate(work, options, limit)
    except OperationError:
        _stand_down(work, "the gate closed before the pause")
        raise


def check_gate(work: NodeWork, options: DrainOptions, limit: Deadline | None = None, *, is_paused: bool = False) -> None:
    """Look at the cluster as before a drain; reads only.

    Args:
        work: the node in work.
        options: the times of the gate, and the nodes that may be down.
        limit: of the wait for storage, when it has begun already.
        is_paused: whether the node is out of service already.

    Raises:
        GateRefusedError: the cluster cannot do without the node.
    """
    gate.check(
        work.fleet,
        work.node,
        clock=work.clock,
        progress=work.progress,
        settle_seconds=options.settle_seconds,
        storage_wait_seconds=options.suspend_seconds if limit is None else limit.remaining,
        for_restart=is_paused,
        accept_down=options.accept_down,
        check=work.safe_point,
    )


def _refused(work: NodeWork, error: OperationError) -> CauError:
    """Return what a definite refusal of the pause means; nothing was done."""
    _stand_down(work, "the pause was refused")
    try:
        is_paused = node_view(work).state is NodeState.PAUSED
    except OperationError:
        is_paused = False
    if is_paused:
        return _not_ours(work, "the pause was refused, and somebody else has paused the node")
    return DrainFailedError(
        f"the cluster refused to pause the node: {error.message}", node=work.node, operation="drain", code=error.code, remedy=error.remedy
    )


def _was_paused(work: NodeWork, options: DrainOptions, error: OperationError) -> bool:
    """Look for a while whether a pause without an answer happened.

    Raises:
        OutcomeUnknownError: nobody could tell at the end.
    """
    limit = Deadline(work.clock, options.lost_seconds)
    while True:
        is_last_look = limit.has_passed
        try:
            node = node_view(work)
        except OperationError:
            if is_last_look:
                raise OutcomeUnknownError(
                    "the request to pause the node got no answer, and nobody could tell whether it happened",
                    node=work.node,
                    operation="drain",
                    remedy="Run it again: it looks at the node first",
                ) from error
        else:
            if node.state is NodeState.PAUSED or node.drain_status is DrainStatus.IN_PROGRESS:
                return True
            if is_last_look:
                return False
        work.clock.sleep(min(_LOOK_SECONDS, limit.remaining))


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
        _stand_down(work, "resumed or paused again by somebody else")
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


def _not_ours(work: NodeWork, message: str) -> NotOurPauseError:
    return NotOurPauseError(message, node=work.node, operation="drain", remedy="Ask whoever paused it, and resume it when they have done")
