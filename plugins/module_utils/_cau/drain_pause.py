# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request to pause a node: announced before, sent once, and looked for where its answer was lost.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import OperationError, Outcome
from .._wmi.cluster import DrainStatus, NodeState
from .._wmi.codes import win32_code
from .cluster_view import node_view
from .drain_plan import DrainOptions, DrainPlan, check_gate, not_ours
from .errors import CauError, DrainFailedError, GateRefusedError, JournalError, OutcomeUnknownError
from .fleet import NodeWork
from .journal_records import Phase
from .permission import require_run
from .services import running_auto_services
from .waiting import Deadline, duration

# The cluster refuses while storage is degraded, and CAU repeats the pause (cau.md 2.4).
_STORAGE_DEGRADED = 5987
_RETRY_SECONDS = 30.0
_LOOK_SECONDS = 5.0


def announce(work: NodeWork, plan: DrainPlan) -> None:
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
        stand_down(work, "the drain could not be announced")
        raise
    if not plan.is_undrained:
        work.say("drain", f"{len(plan.groups)} role{'' if len(plan.groups) == 1 else 's'} leaving")


def pause(work: NodeWork, options: DrainOptions, limit: Deadline) -> None:
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
                stand_down(work, "the request to pause had no effect")
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
        stand_down(work, "stopped before the pause")
        raise
    if state is NodeState.PAUSED:
        stand_down(work, "paused by somebody else")
        raise not_ours(work, "somebody else paused the node just now")
    if state is not NodeState.UP:
        stand_down(work, f"the node is {state.name.lower()}")
        raise GateRefusedError(f"the node is {state.name.lower()}", findings=(), node=work.node, operation="drain")


def _wait_for_readiness(work: NodeWork, limit: Deadline, error: OperationError) -> None:
    """Wait out a refusal for degraded storage."""
    if limit.has_passed:
        stand_down(work, "the cluster refused the pause for too long")
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
        stand_down(work, "the gate closed before the pause")
        raise


def _refused(work: NodeWork, error: OperationError) -> CauError:
    """Return what a definite refusal of the pause means; nothing was done."""
    stand_down(work, "the pause was refused")
    try:
        is_paused = node_view(work).state is NodeState.PAUSED
    except OperationError:
        is_paused = False
    if is_paused:
        return not_ours(work, "the pause was refused, and somebody else has paused the node")
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


def stand_down(work: NodeWork, reason: str) -> None:
    """Take back the announcement: nothing was done to the node."""
    _ownership, journal = require_run(work, "drain")
    journal.write_where_possible(work.node, phase=Phase.LOCKED, paused_by_us=False, reason=reason)
