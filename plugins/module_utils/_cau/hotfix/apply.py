# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applying hotfixes on a drained node: one RunUpdateInstaller call per file, never repeated (cau.md 1.2, 6).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import ntpath
from collections.abc import Callable, Sequence

from ..._errors import OperationError, Outcome
from ..._wmi.cluster_update import InstallerResult
from ..._wmi.errors import MethodFailedError
from ..._wsman.errors import TimeLimitError
from .. import pending, stay
from ..errors import JournalError
from ..fleet import NodeWork
from ..journal_records import EntryChanges, NodeEntry, Phase
from ..node_session import NodeSession, session_for
from ..permission import entry_of, require_permission, require_run, require_standing
from ..waiting import Heartbeat, duration, names
from .folder import Hotfix
from .open_installer import wait_for_open_installer
from .records import HotfixOptions, HotfixOutcome, HotfixPlan, HotfixRecord
from .rules import HotfixState, explain_exit, explain_launch, judge

_TRIES = 2
_RETRY_SECONDS = 15.0


def plan_apply(work: NodeWork, hotfixes: Sequence[Hotfix]) -> HotfixPlan:
    """Find out what would be applied, through a node session that is held for the question alone where none stands.

    Args:
        work: the node in work.
        hotfixes: those of the node, in order.

    Raises:
        RunLockLostError: this run does not hold the lock.
        OperationError: what waits for a restart could not be read.
    """
    if work.ownership is not None:
        work.ownership.verify_lock()
    with session_for(work) as session:
        return _plan(work, session, hotfixes)


def apply(work: NodeWork, hotfixes: Sequence[Hotfix], options: HotfixOptions, recheck: Callable[[Hotfix], None]) -> HotfixOutcome:
    """Apply the hotfixes that this run has not dealt with on the node; one call is one round without its restart.

    A hotfix that fails does not keep the others from being tried; one whose installer may still be running does.

    Args:
        work: the node in work, paused by this run.
        hotfixes: those of the node, in order.
        options: how.
        recheck: raises unless a file is still as it was when everything was checked; asked right before its installer is started.

    Raises:
        CauError: lock, turn or pause refused it.
        OperationError: the node could not be asked before anything was started.
    """
    require_run(work, "install")
    require_standing(work)
    _settle_open_installer(work, options)
    records = _unknown_before(work)
    with session_for(work, is_verified=True) as session:
        plan = _plan(work, session, hotfixes)
        if plan.is_restart_first:
            stay.refuse_restart_first(work)
            work.say("install", f"a restart is pending and has to come first ({names(plan.signs)})")
        if not plan.to_apply:
            work.say("scan", "no hotfix left to apply")
        if plan.is_restart_first or not plan.to_apply:
            return _outcome(work, plan, records, is_due=plan.reboot_required)
        tried, broken_off = _apply_all(work, session, plan.to_apply, options, recheck)
        asked = any(record.state.reboot_required for record in tried)
        has_effect = any(not record.state.is_failure for record in tried)
        stale = plan.signs if plan.was_restarted and not has_effect else ()
        # After an installer that may still run nothing else is asked of the node: it stays as it is.
        is_due = asked or (broken_off is None and pending.is_restart_due(work, session.guid, stale))
        return _outcome(work, plan, [*records, *tried], is_due=is_due, broken_off=broken_off)


def _outcome(
    work: NodeWork, plan: HotfixPlan, records: Sequence[HotfixRecord], *, is_due: bool, broken_off: OperationError | None = None
) -> HotfixOutcome:
    if broken_off is None and stay.leaves_restart(work, is_due=is_due):
        return HotfixOutcome(plan, tuple(records), reboot_required=False, is_restart_left=True)
    is_over = broken_off is None and stay.is_over_before_restart(work, is_due=is_due)
    return HotfixOutcome(plan, tuple(records), is_due, is_over, broken_off)


def _plan(work: NodeWork, session: NodeSession, hotfixes: Sequence[Hotfix]) -> HotfixPlan:
    entry = entry_of(work)
    to_apply = tuple(hotfix for hotfix in hotfixes if entry is None or not entry.has_dealt_with(hotfix.path))
    done = tuple(hotfix for hotfix in hotfixes if hotfix not in to_apply)
    signs = tuple(pending.blocking(pending.signals(work.client, session.guid)))
    was_restarted = entry is not None and entry.phase is Phase.RESTARTED
    # What this run has installed since the last restart shares its restart with the hotfixes; a sign that a restart left standing would
    # outlive the next one too.
    waits = bool(signs) or (entry is not None and entry.restart_due)
    is_due = waits and not was_restarted and not (to_apply and entry is not None and entry.phase is Phase.INSTALLING)
    return HotfixPlan(to_apply, done, is_due, was_restarted, signs)


def _settle_open_installer(work: NodeWork, options: HotfixOptions) -> None:
    """Wait first for an installer that an earlier task left open; how it ended can no longer be known."""
    entry = wait_for_open_installer(work, "install", options.settle_seconds)
    if entry is not None and entry.installer is not None:
        _write_end(work, HotfixState.UNKNOWN)


def _unknown_before(work: NodeWork) -> list[HotfixRecord]:
    """Return the hotfixes of which an earlier task, or a dead run, has left nobody knowing how they ended."""
    entry = entry_of(work)
    reason = "its installer has ended, and its exit code was not seen"
    records = [HotfixRecord(path, HotfixState.UNKNOWN, reason=reason) for path in (entry.unknown_hotfixes if entry is not None else ())]
    for record in records:
        work.say("install", record.sentence())
    return records


def _apply_all(
    work: NodeWork, session: NodeSession, hotfixes: Sequence[Hotfix], options: HotfixOptions, recheck: Callable[[Hotfix], None]
) -> tuple[list[HotfixRecord], OperationError | None]:
    records: list[HotfixRecord] = []
    for number, hotfix in enumerate(hotfixes, start=1):
        try:
            work.heed()
            recheck(hotfix)
            record = _apply_one(work, session, hotfix, options)
        except OperationError as error:
            if not records:
                raise
            work.say("install", f"{hotfix.path} and what follows it was not tried: {error.message}")
            return records, error
        records.append(record)
        work.say("install", f"{record.sentence()} ({number} of {len(hotfixes)})")
    return records, None


def _apply_one(work: NodeWork, session: NodeSession, hotfix: Hotfix, options: HotfixOptions) -> HotfixRecord:
    for attempt in range(1, _TRIES + 1):
        require_permission(work)
        before = _announce(work, hotfix)
        try:
            result = _send(work, session, hotfix, options)
        except OperationError as error:
            # A method that says no may have started the installer before it did.
            if error.outcome is Outcome.UNKNOWN or isinstance(error, MethodFailedError):
                return _without_answer(work, hotfix, options, error)
            _take_back(work, before)
            if error.outcome is Outcome.FAILED or attempt == _TRIES:
                raise
            work.say("install", f"nothing was sent ({error.message}), trying again")
            work.clock.sleep(_RETRY_SECONDS)
            continue
        break
    record = _judged(hotfix, result)
    _write_end(work, record.state)
    return record


def _judged(hotfix: Hotfix, result: InstallerResult) -> HotfixRecord:
    if result.return_code is None:
        reason = f"the installer could not be started: {explain_launch(result.launch_hresult).sentence().rstrip('.')}"
        return HotfixRecord(hotfix.path, HotfixState.FAILED, None, result.launch_hresult, reason)
    state = judge(hotfix.rule, result.return_code)
    reason = explain_exit(result.return_code).sentence().rstrip(".") if state.is_failure else ""
    return HotfixRecord(hotfix.path, state, result.return_code, result.launch_hresult, reason)


def _send(work: NodeWork, session: NodeSession, hotfix: Hotfix, options: HotfixOptions) -> InstallerResult:
    beat = Heartbeat.of(work, "install", f"running the installer of {hotfix.name}")
    # The wait is not broken off when the run has to stop: the exit code would be lost with it.
    return work.client.cluster_update.run_update_installer(
        session.guid,
        _program(hotfix),
        hotfix.rule.parameters,
        hotfix.update_path,
        options.require_smb_encryption,
        deadline_seconds=options.timeout_seconds,
        on_event=beat.on_event,
        should_stop=beat.beat,
    )


def _announce(work: NodeWork, hotfix: Hotfix) -> NodeEntry:
    """Write down which installer is about to be started; from then on it is never started again by this run."""
    _ownership, journal = require_run(work, "install")
    before = entry_of(work) or NodeEntry(work.node)
    try:
        journal.write(
            work.node,
            phase=Phase.INSTALLING,
            installer=hotfix.update_path,
            installer_image=_image(hotfix),
            hotfixes=(*before.hotfixes, hotfix.path),
        )
    except JournalError:
        _take_back(work, before)
        raise
    return before


def _program(hotfix: Hotfix) -> str:
    """Return the program to start; the provider is seen to replace $update$ in the parameters alone (cau.md 1.2)."""
    return hotfix.update_path if hotfix.rule.runs_the_hotfix else hotfix.rule.program


def _image(hotfix: Hotfix) -> str:
    """Return the name of the process that the installer will be."""
    return ntpath.basename(_program(hotfix))


def _take_back(work: NodeWork, before: NodeEntry) -> None:
    _ownership, journal = require_run(work, "install")
    journal.write_where_possible(work.node, phase=before.phase, installer=None, installer_image=None, hotfixes=before.hotfixes)


def _write_end(work: NodeWork, state: HotfixState) -> None:
    """Write down how the hotfix ended whose installer is open."""
    _ownership, journal = require_run(work, "install")
    entry = entry_of(work) or NodeEntry(work.node)
    changes: EntryChanges = {"installer": None, "installer_image": None}
    # Its path was noted last, before it was started.
    others, own = entry.hotfixes[:-1], entry.hotfixes[-1:]
    if state is HotfixState.UNKNOWN:
        changes |= {"hotfixes": others, "unknown_hotfixes": (*entry.unknown_hotfixes, *own)}
    elif state.is_failure:
        changes |= {"hotfixes": others, "failed_hotfixes": (*entry.failed_hotfixes, *own)}
    if state.reboot_required:
        changes["restart_due"] = True
    journal.write(work.node, **changes)


def _without_answer(work: NodeWork, hotfix: Hotfix, options: HotfixOptions, error: OperationError) -> HotfixRecord:
    """Wait until an installer without an answer has ended; it is not killed, and what its exit code was nobody can tell any more."""
    is_late = isinstance(error, TimeLimitError)
    lost = f"it had not ended after {duration(options.timeout_seconds)}" if is_late else f"the answer was lost: {error.message}"
    work.say("install", f"{hotfix.path}: {lost}; the installer is not killed, and the node waits until it has ended")
    wait_for_open_installer(work, "install", options.settle_seconds)
    _write_end(work, HotfixState.UNKNOWN)
    return HotfixRecord(
        hotfix.path, HotfixState.UNKNOWN, reason=f"its installer has ended by now, but its exit code was not seen ({lost})"
    )
