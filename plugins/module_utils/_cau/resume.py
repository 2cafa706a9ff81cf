# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bringing a node back into service: MSCluster_Node.Resume with failback, and waiting on the evidence.

Private to this collection; it may change at any time.
"""

# pylint: disable=bad-exception-cause  # pylint loses the base class of our errors on its way through the relative imports

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from .._errors import OperationError, Outcome
from .._wmi.cluster import ClusterNode, DrainStatus, FailbackType, NodeState, ResourceGroup
from .._wmi.codes import win32_code
from .cluster_view import all_groups, node_view, not_serving
from .drain_modes import bring_online
from .errors import NotOurPauseError, OutcomeUnknownError, ResumeFailedError, TimeLimitError
from .fleet import NodeWork
from .hotfix.open_installer import wait_for_open_installer
from .journal_records import NodeEntry, Phase
from .permission import entry_of, require_run
from .restart_wait import Boot
from .waiting import Deadline, Tolerant, duration, names, wait_until

# ERROR_CLUSTER_NODE_NOT_PAUSED (cau.md 2.1).
_NOT_PAUSED = 5058
LOOK_SECONDS = 5.0
# Looks without a change after which the roles that are not back are taken to stay away.
_STILL_LOOKS = 3
_FAILBACK_WORDS = {
    FailbackType.IMMEDIATE: "roles come back at once",
    FailbackType.POLICY: "roles come back by their own policy",
    FailbackType.NONE: "roles stay where they are",
}


@dataclass(frozen=True)
class ResumeOptions:
    """How a node is brought back.

    Args:
        failback: what becomes of the groups that left it.
        resume_seconds: how long it may take, groups included.
        poll_seconds: between two looks.
        lost_seconds: how long to look for the effect of a request without an answer.
    """

    failback: FailbackType = FailbackType.IMMEDIATE
    resume_seconds: float = 900
    poll_seconds: float = 10
    lost_seconds: float = 30


@dataclass(frozen=True)
class ResumePlan:
    """What bringing the node back means at this moment.

    Args:
        state: the node's state.
        is_needed: whether the node has to be resumed.
        is_resumed_by_others: whether this run paused it and somebody else resumed it.
        groups_before: the groups that were online on it before the drain.
    """

    state: NodeState
    is_needed: bool
    is_resumed_by_others: bool
    groups_before: tuple[str, ...]


@dataclass(frozen=True)
class ResumeResult:
    """What became of it.

    Args:
        is_changed: whether this run resumed the node.
        is_resumed_by_others: whether somebody else did.
        groups_back: the groups of before that are on the node again.
        seconds: how long it took, in clock seconds.
    """

    is_changed: bool
    is_resumed_by_others: bool
    groups_back: tuple[str, ...]
    seconds: float


def plan_resume(work: NodeWork) -> ResumePlan:
    """Find out what bringing the node back means; reads only.

    Raises:
        NotOurPauseError: somebody else paused it.
        OutcomeUnknownError: it is not known whether an installation on it has ended.
        ResumeFailedError: it is not in a state from which it can be resumed.
    """
    _ownership, journal = require_run(work, "resume")
    entry = journal.read(work.node)
    node = node_view(work)
    is_ours = entry is not None and entry.paused_by_us
    groups = entry.online_groups_before if entry is not None else ()
    if entry is not None and entry.batch:
        raise OutcomeUnknownError(
            f"the outcome of an installation is not known ({names(entry.batch)}), so the node stays as it is",
            node=work.node,
            operation="resume",
            remedy="Run the installation task again, which looks at the evidence, or look at the node's update history",
        )
    if entry is not None and entry.phase is Phase.RESTARTING and node.state is not NodeState.DOWN:
        _refuse_an_open_restart(work, entry)
    if node.state is NodeState.UP:
        return ResumePlan(node.state, is_needed=False, is_resumed_by_others=is_ours, groups_before=groups)
    if not is_ours:
        raise NotOurPauseError(
            f"the node is {node.state.name.lower()}, and this run did not pause it",
            node=work.node,
            operation="resume",
            remedy="Whoever took it out of service has to bring it back",
        )
    if node.state is NodeState.DOWN:
        raise ResumeFailedError("the node is down", node=work.node, operation="resume", remedy="Start it, then run it again")
    return ResumePlan(node.state, is_needed=True, is_resumed_by_others=False, groups_before=groups)


def _refuse_an_open_restart(work: NodeWork, entry: NodeEntry) -> None:
    """Refuse as long as a restart that was asked for may still come: it would take the roles down that have just come back."""
    info = work.client.system.info()
    before = Boot(entry.boot_time or info.boot_time, None, work.clock.now())
    if not before.is_before(Boot.of(info, work.clock.now())):
        raise OutcomeUnknownError(
            "the node was asked to restart and has not restarted yet, so it stays as it is",
            node=work.node,
            operation="resume",
            remedy="Run node_reboot again, which looks at the node first, or restart it by hand",
        )


def resume(work: NodeWork, options: ResumeOptions | None = None) -> ResumeResult:
    """Bring the node back into service, if this run took it out.

    Raises:
        ResumeFailedError: it did not become active, or a group that was online before is not now.
        CauError: see plan_resume; or the run lock is lost.
    """
    options = options or ResumeOptions()
    began = work.clock.now()
    ownership, journal = require_run(work, "resume")
    wait_for_open_installer(work, "resume")
    plan = plan_resume(work)
    if not plan.is_needed:
        ownership.verify_lock()
        if plan.is_resumed_by_others:
            work.say("resume", "somebody else has resumed the node already")
            journal.write(work.node, phase=Phase.RESUMED, paused_by_us=False, reason="resumed by somebody else")
        give_back_turn(work)
        _bring_online(work, options, Deadline(work.clock, options.resume_seconds))
        return ResumeResult(False, plan.is_resumed_by_others, (), work.clock.now() - began)
    limit = Deadline(work.clock, options.resume_seconds)
    try:
        is_ours = bring_back(work, options, announce=lambda: journal.write(work.node, phase=Phase.RESUMING))
    except OperationError as error:
        journal.write_where_possible(work.node, reason=f"not resumed: {error.message}")
        raise
    journal.write(work.node, phase=Phase.RESUMED, paused_by_us=False, undrained=False, reason=None)
    give_back_turn(work)
    _bring_online(work, options, limit)
    back = _wait_for_groups(work, plan.groups_before, options, limit)
    seconds = work.clock.now() - began
    work.say("resume", f"node active after {duration(seconds)}, {_FAILBACK_WORDS[options.failback]} ({len(back)} back)")
    return ResumeResult(is_ours, not is_ours, back, seconds)


def _bring_online(work: NodeWork, options: ResumeOptions, limit: Deadline) -> None:
    """Bring back online what a drain with force has taken offline; the journal forgets it once it is."""
    _ownership, journal = require_run(work, "resume")
    offline = bring_online(work)
    if offline:
        _wait_for_groups(work, offline, replace(options, failback=FailbackType.NONE), limit)
        journal.write(work.node, taken_offline=())


def bring_back(work: NodeWork, options: ResumeOptions, announce: Callable[[], object] | None = None) -> bool:
    """Resume a node that this run paused and wait until it is up; the caller writes the journal.

    Args:
        work: the node in work.
        options: how it is brought back.
        announce: called once the lock was read, before the request.

    Returns:
        Whether this run resumed it; False when somebody else was faster.

    Raises:
        ResumeFailedError: it did not become active.
        CauError: the run lock is lost, or the pause is not ours any more.
    """
    ownership, _journal = require_run(work, "resume")
    limit = Deadline(work.clock, options.resume_seconds)
    _wait_for_state(work, options, limit, frozenset(NodeState) - {NodeState.JOINING, NodeState.UNKNOWN}, "the node to join")
    is_resent = False
    while True:
        work.check()
        ownership.verify_lock()
        if announce is not None and not is_resent:
            announce()
        try:
            node = ownership.verify_paused_by_us()
        except NotOurPauseError:
            if node_view(work).state is NodeState.UP:
                return is_resent
            raise
        _refuse_another_pause(work, node)
        try:
            work.client.cluster.resume(work.node, options.failback)
        except OperationError as error:
            if _was_resumed(work, options, error):
                return win32_code(error.code or 0) != _NOT_PAUSED
            if is_resent or error.outcome is Outcome.FAILED:
                raise ResumeFailedError(
                    f"the node could not be resumed: {error.message}",
                    node=work.node,
                    operation="resume",
                    code=error.code,
                    remedy=error.remedy or "Resume it with the cluster's own tools",
                ) from error
            is_resent = True
            work.say("resume", "the request had no effect and the node is still paused, so it is asked again")
        else:
            _wait_for_state(work, options, limit, frozenset({NodeState.UP}), "the node to become active")
            return True


def _refuse_another_pause(work: NodeWork, node: ClusterNode) -> None:
    """Refuse a node that is paused without drain: this run drains, so somebody else resumed it and paused it again.

    Windows may forget over a restart how a drain ended, so a restart in this stay leaves nothing to tell by.
    """
    if node.state is not NodeState.PAUSED or node.drain_status is not DrainStatus.NOT_INITIATED:
        return
    entry = entry_of(work)
    if entry is None or (entry.boot_time is None and not entry.undrained):
        raise NotOurPauseError(
            "the node is paused without drain, so somebody else has paused it",
            node=work.node,
            operation="resume",
            remedy="Whoever paused it has to bring it back",
        )


def give_back_turn(work: NodeWork) -> None:
    """Give the turn back; a failure is told, and stops the next node, which finds the session."""
    ownership, _journal = require_run(work, "resume")
    try:
        ownership.give_back_turn()
    except OperationError as error:
        work.say("resume", f"the node session could not be closed: {error.message}")


def _was_resumed(work: NodeWork, options: ResumeOptions, error: OperationError) -> bool:
    """Look whether a request that ended in `error` had its effect; a refusal is looked at once, a lost answer for a while."""
    if error.outcome is Outcome.NOT_DONE:
        return False
    limit = Deadline(work.clock, options.lost_seconds if error.outcome is Outcome.UNKNOWN else 0)
    while True:
        is_last_look = limit.has_passed
        try:
            node: ClusterNode | None = node_view(work)
        except OperationError:
            node = None
        if node is not None and node.state is NodeState.UP:
            return True
        if is_last_look:
            break
        work.clock.sleep(min(LOOK_SECONDS, limit.remaining))
    if node is None:
        raise OutcomeUnknownError(
            "the request to resume the node got no answer, and nobody could tell whether it happened",
            node=work.node,
            operation="resume",
            remedy="Look at the node with the cluster's own tools",
        ) from error
    return False


def _wait_for_state(work: NodeWork, options: ResumeOptions, limit: Deadline, states: Collection[NodeState], what: str) -> None:
    seen: list[str] = [""]

    def look() -> bool | None:
        state = node_view(work).state
        seen[0] = f"it is {state.name.lower()}"
        return True if state in states else None

    watch = Tolerant(look, lambda: seen[0])
    try:
        wait_until(work, limit.remaining, options.poll_seconds, watch.look, step="resume", what=what, detail=watch.describe)
    except TimeLimitError as error:
        raise ResumeFailedError(
            error.message,
            node=work.node,
            operation="resume",
            remedy="Look at the node with the cluster's own tools",
            outcome=Outcome.UNKNOWN,
        ) from error


def _wait_for_groups(work: NodeWork, before: Collection[str], options: ResumeOptions, limit: Deadline) -> tuple[str, ...]:
    """Wait until the groups of before are online wherever they are and stay where they are, and return those that came back.

    Raises:
        ResumeFailedError: one of them is not online.
    """
    watch = _Return(work, before, comes_back=options.failback is FailbackType.IMMEDIATE)
    tolerant = Tolerant(watch.look, watch.describe)
    try:
        wait_until(
            work,
            limit.remaining,
            options.poll_seconds,
            tolerant.look,
            step="resume",
            what="the roles to be online",
            detail=tolerant.describe,
        )
    except TimeLimitError as error:
        raise ResumeFailedError(
            f"the node is active again, but {error.message}",
            node=work.node,
            operation="resume",
            remedy="Bring the roles online with the cluster's own tools",
        ) from error
    return watch.back


class _Return:
    """The way back of the groups that were on the node before."""

    def __init__(self, work: NodeWork, before: Collection[str], *, comes_back: bool) -> None:
        self._work = work
        self._before = set(before)
        self._comes_back = comes_back
        self._still = 0
        self._missing: list[str] = []
        self.back: tuple[str, ...] = ()

    def look(self) -> bool | None:
        if not self._before:
            return True
        groups = all_groups(self._work)
        self._missing = not_serving(groups, self._before)
        back = _on(groups, self._work.node, self._before)
        self._still = self._still + 1 if back == self.back and not self._missing else 0
        self.back = back
        if self._missing:
            return None
        # Some groups never come back: their policy, their preferred owners or an administrator keep them where they are.
        is_settled = len(back) == len(self._before) or self._still >= _STILL_LOOKS
        return True if is_settled or not self._comes_back else None

    def describe(self) -> str:
        return f"not online: {names(self._missing)}" if self._missing else f"{len(self.back)} of {len(self._before)} back"


def _on(groups: Collection[ResourceGroup], node: str, wanted: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(group.name for group in groups if group.name in wanted and group.owner_node.casefold() == node.casefold()))
