# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restarting a drained node and waiting until it is a member of the cluster again.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .._errors import OperationError, Outcome
from .._wmi.codes import win32_code
from . import gate, pending, stay
from .cluster_view import alive_on
from .errors import CauError, JournalError, OutcomeUnknownError, RestartFailedError
from .fleet import NodeWork
from .hotfix.open_installer import wait_for_open_installer
from .journal_records import NodeEntry, Phase
from .node_session import session_for
from .pending import Signal
from .permission import entry_of, require_permission, require_standing
from .restart_wait import Boot, RestartWait, wait_for_joining
from .services import running_auto_services, wait_for_services
from .waiting import Deadline, duration, names

COMMENT = "Updated by cluster_aware.updating"

# ERROR_SHUTDOWN_IN_PROGRESS and ERROR_SHUTDOWN_IS_SCHEDULED (cau.md 3.1): a restart comes without our asking again.
_ON_ITS_WAY = {1115: "the node is going down already", 1190: "somebody else has scheduled a restart, which is waited for"}
# A restart can come with a second one of its own, after firmware or servicing; more than that is no way to come back.
_MOST_RESTARTS = 4
_TRIES = 3


class StayOverError(CauError):
    """The node cannot be restarted again before it has served for a while."""


@dataclass(frozen=True)
class RestartOptions:
    """How a node is restarted; all times in clock seconds.

    Args:
        reboot_seconds: from the request until the node has joined the cluster again.
        service_seconds: how long its services may take afterwards.
        settle_seconds: between the gate's two looks.
        storage_wait_seconds: how long storage may take to mend itself before the restart.
        poll_seconds: between two looks at the node.
        lost_seconds: how long a node may stay up after a request without an answer before it is taken as not asked.
        comment: what the node's event log says.
        pending_only: restart only when something on the node waits for it.
        accept_down: nodes that may be down or paused, as this run was told.
    """

    reboot_seconds: float = 900
    service_seconds: float = 300
    settle_seconds: float = gate.SETTLE_SECONDS
    storage_wait_seconds: float = 0
    poll_seconds: float = 10
    lost_seconds: float = 120
    comment: str = COMMENT
    pending_only: bool = False
    accept_down: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RestartPlan:
    """What a restart means at this moment.

    Args:
        is_needed: whether the node would be restarted.
        signals: what on it waits for a restart.
    """

    is_needed: bool
    signals: tuple[Signal, ...]


@dataclass(frozen=True)
class RestartResult:
    """What became of it.

    Args:
        is_changed: whether the node was restarted.
        boot_before: its boot time before.
        boot_after: its boot time now.
        restarts: how often it started, once as a rule.
        seconds: from the request until it had joined the cluster again.
        services_missing: services that ran before the drain and do not run now.
        signals: what waited for a restart before.
    """

    is_changed: bool
    boot_before: datetime | None
    boot_after: datetime | None
    restarts: int
    seconds: float
    services_missing: tuple[str, ...]
    signals: tuple[Signal, ...]


def plan_restart(work: NodeWork, options: RestartOptions | None = None) -> RestartPlan:
    """Find out whether the node would be restarted; holds a node session for the question alone where none stands.

    Raises:
        RunLockLostError: this run does not hold the lock.
        OperationError: what waits for a restart could not be read.
    """
    if work.ownership is not None:
        work.ownership.verify_lock()
    with session_for(work):
        return _plan(work, options or RestartOptions())


def _plan(work: NodeWork, options: RestartOptions) -> RestartPlan:
    found = tuple(pending.signals(work.client, work.run_id))
    return RestartPlan(is_needed=not options.pending_only or bool(pending.blocking(found)), signals=found)


def restart(work: NodeWork, options: RestartOptions | None = None) -> RestartResult:
    """Restart the node, once, and wait until it is back.

    Raises:
        RestartFailedError: it was refused, or the node did not come back as it should.
        OutcomeUnknownError: an installation on it may not have ended.
        CauError: lock, turn, pause or gate refused it.
    """
    options = options or RestartOptions()
    require_standing(work)
    wait_for_open_installer(work, "restart")
    entry = entry_of(work)
    if entry is not None and entry.batch:
        raise OutcomeUnknownError(
            f"the outcome of an installation is not known ({names(entry.batch)}), so the node is not restarted",
            node=work.node,
            operation="restart",
            remedy="Run the installation task again, which looks at the evidence",
        )
    with session_for(work, is_verified=work.ownership is not None):
        plan = _plan(work, options)
    is_asked_before = entry is not None and entry.phase is Phase.RESTARTING
    if not plan.is_needed and not is_asked_before:
        return RestartResult(False, None, None, 0, 0.0, (), plan.signals)
    _require_away(work, options)
    before = _boot_before(work, entry)
    services = entry.services_before if entry is not None else running_auto_services(work.client)
    wait = RestartWait(work, before, lost_seconds=options.lost_seconds)
    limit = Deadline(work.clock, options.reboot_seconds)
    if not is_asked_before:
        work.heed()
        _announce(work, before, entry)
        _ask(work, options, entry, wait)
    else:
        wait.expect_lost(send_again=lambda: _send_again(work, options, wait))
    return _come_back(work, options, plan, wait, services, limit)


def _announce(work: NodeWork, before: Boot, entry: NodeEntry | None) -> None:
    """Write down that the node is about to be restarted, or take that back where only one place took it."""
    if work.journal is None:
        return
    try:
        work.journal.write(work.node, phase=Phase.RESTARTING, boot_time=before.boot_time, reason=None)
    except JournalError:
        _take_back(work, entry, "the restart could not be announced")
        raise


def _take_back(work: NodeWork, entry: NodeEntry | None, reason: str) -> None:
    """Note that the restart was not asked for after all."""
    if work.journal is not None:
        phase = entry.phase if entry is not None else Phase.DRAINED
        boot_time = entry.boot_time if entry is not None else None
        work.journal.write_where_possible(work.node, phase=phase, boot_time=boot_time, reason=reason)


def _boot_before(work: NodeWork, entry: NodeEntry | None) -> Boot:
    if entry is not None and entry.phase is Phase.RESTARTING and entry.boot_time is not None:
        return Boot(entry.boot_time, None, work.clock.now())
    return Boot.of(work.client.system.info(), work.clock.now())


def _require_away(work: NodeWork, options: RestartOptions) -> None:
    """Refuse unless the node is drained and empty, and the cluster can do without it (invariant 2)."""
    if work.ownership is None:
        return
    node = work.client.cluster.node(work.node)
    entry = entry_of(work)
    if not stay.was_drained(node, entry):
        raise RestartFailedError(
            f"the node is {node.state.name.lower()} and not drained; a node that was paused without drain is never restarted",
            node=work.node,
            operation="restart",
            remedy="Drain it first, with cluster_node",
        )
    over = stay.why_over(work, entry)
    if over is not None:
        raise StayOverError(
            f"the node has restarted since it was drained, and its storage is repaired only while it serves: {over}",
            node=work.node,
            operation="restart",
            remedy="Resume the node with cluster_node, then drain it again, which waits for the repair, and restart it then",
        )
    gate.check(
        work.fleet,
        work.node,
        clock=work.clock,
        progress=work.progress,
        settle_seconds=options.settle_seconds,
        storage_wait_seconds=options.storage_wait_seconds,
        for_restart=True,
        accept_down=options.accept_down,
        check=work.check,
    )


def _require_empty(work: NodeWork) -> None:
    left = alive_on(work.client.cluster.groups_on(work.node), work.node)
    if left:
        raise RestartFailedError(
            f"roles are on the node ({names(left)})", node=work.node, operation="restart", remedy="Find out who moved them there"
        )


def _ask(work: NodeWork, options: RestartOptions, entry: NodeEntry | None, wait: RestartWait) -> None:
    """Send the request; everything that holds for the first one is asked again before a second one."""
    try:
        _send(work, options, wait)
    except OperationError as error:
        _take_back(work, entry, f"not restarted: {error.message}")
        if isinstance(error, CauError):
            raise
        raise RestartFailedError(
            f"the restart was refused: {error.message}",
            node=work.node,
            operation="restart",
            code=error.code,
            remedy=error.remedy,
            outcome=error.outcome,
        ) from error


def _send(work: NodeWork, options: RestartOptions, wait: RestartWait) -> None:
    for attempt in range(1, _TRIES + 1):
        require_permission(work)
        if work.ownership is not None:
            _require_empty(work)
        try:
            work.client.system.restart(options.comment)
        except OperationError as error:
            code = win32_code(error.code or 0)
            if code in _ON_ITS_WAY:
                work.say("restart", _ON_ITS_WAY[code])
                return
            if error.outcome is Outcome.UNKNOWN:
                wait.expect_lost(send_again=lambda: _send_again(work, options, wait))
                return
            # Nothing reached the node, so the next try is the first one.
            if error.outcome is Outcome.FAILED or attempt == _TRIES:
                raise
            work.clock.sleep(options.poll_seconds)
            _require_away(work, options)
        else:
            work.say("restart", "asked")
            return


def _send_again(work: NodeWork, options: RestartOptions, wait: RestartWait) -> None:
    """Send the request once more; what was seen of the cluster before the first one is old by now."""
    _require_away(work, options)
    if not wait.has_restarted_again():
        _send(work, options, wait)


def _come_back(
    work: NodeWork, options: RestartOptions, plan: RestartPlan, wait: RestartWait, services: tuple[str, ...], limit: Deadline
) -> RestartResult:
    """Wait for the node, the cluster and the services, again when the node restarts once more meanwhile."""
    try:
        wait.until_up(limit, options.poll_seconds)
        while True:
            if work.ownership is not None:
                wait_for_joining(work, limit, options.poll_seconds)
            seconds = limit.elapsed
            missing = wait_for_services(work, services, options.service_seconds)
            if not wait.has_restarted_again():
                break
            if wait.restarts >= _MOST_RESTARTS:
                raise RestartFailedError(f"the node has restarted {wait.restarts} times", node=work.node, operation="restart")
            work.say("restart", "the node has restarted once more")
    except OperationError as error:
        if work.journal is not None:
            work.journal.write_where_possible(work.node, reason=f"not back from its restart: {error.message}")
        raise
    if missing:
        work.say("restart", f"services that do not run again: {names(missing)}")
    work.say("restart", f"up after {duration(seconds)}, {'cluster joined, ' if work.ownership else ''}{_services_words(missing)}")
    if work.journal is not None and work.ownership is not None:
        reason = f"services missing: {names(missing)}" if missing else None
        work.journal.write(work.node, phase=Phase.RESTARTED, restart_due=False, reason=reason)
        work.ownership.verify_lock()
        work.ownership.keep_turn()
    return RestartResult(True, wait.before.boot_time, wait.boot_time, wait.restarts, seconds, tuple(missing), plan.signals)


def _services_words(missing: list[str]) -> str:
    return f"{len(missing)} service{'' if len(missing) == 1 else 's'} missing" if missing else "services running"
