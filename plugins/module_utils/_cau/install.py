# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installing updates on a drained node, a few at a time, each request once.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from .._errors import OperationError, Outcome
from .._wmi.cluster_update import OfferedUpdate, UpdateResult
from .._wmi.errors import MethodFailedError
from . import pending, stay
from .errors import JournalError, OfferedAgainError, UpdatesFailedError
from .evidence import EvidenceOptions, settle
from .fleet import NodeWork
from .hotfix.open_installer import wait_for_open_installer
from .install_records import (
    InstallOutcome,
    InstallPlan,
    InstallRecord,
    InstallState,
    has_effect,
    records_of_evidence,
    records_of_failure,
    records_of_last_scan,
    records_of_results,
)
from .journal_records import EntryChanges, NodeEntry, Phase
from .node_session import NodeSession, session_for
from .permission import entry_of, require_permission, require_standing
from .query import batch_query, validate
from .restart_wait import Boot
from .updates import UpdateOptions, download_in, label, scan_in
from .waiting import Heartbeat, names

_RETRY_SECONDS = 15.0
_TRIES = 2


def plan_install(work: NodeWork, options: UpdateOptions) -> InstallPlan:
    """Find out what would be installed, through a node session that is held for the scan alone where none stands.

    Raises:
        RunLockLostError: this run does not hold the lock.
        OfferedAgainError: an update that this run has installed is offered again after its restart.
        UpdatesFailedError: the node has had all the rounds that it may have.
        OperationError: see updates.scan.
    """
    warnings = validate(options.query)
    if work.ownership is not None:
        work.ownership.verify_lock()
    with session_for(work) as session:
        return _plan(work, session, entry_of(work), options, warnings)


def install(work: NodeWork, options: UpdateOptions) -> InstallOutcome:
    """Install the selected updates; one call is one round without its restart.

    Raises:
        OutcomeUnknownError: a request got no answer and the evidence does not tell; the node has to stay as it is.
        OfferedAgainError: an update that this run has installed is offered again after its restart.
        UpdatesFailedError: the node has had all the rounds that it may have. Updates that fail are in the outcome.
        CauError: lock, turn or pause refused it.
        OperationError: the scan or the download failed as a whole.
    """
    warnings = validate(options.query)
    require_standing(work)
    wait_for_open_installer(work, "install")
    with session_for(work, is_verified=work.ownership is not None) as session:
        records = _settle_open_batch(work, session, options)
        plan = _plan(work, session, entry_of(work), options, warnings)
        if plan.is_restart_first:
            stay.refuse_restart_first(work)
            work.say("install", "a restart is pending and has to come first")
        if plan.is_restart_first or not plan.to_install:
            return _outcome(work, plan, records, is_due=plan.reboot_required, rounds=plan.rounds)
        tried = _install_all(work, session, plan, options)
        reboot_required = _needs_restart(work, session, plan, tried)
        is_more_offered = False
        is_left_out = any(record.state is InstallState.NOT_TAKEN for record in tried)
        if is_left_out and not has_effect(tried) and not reboot_required:
            # No other round follows by itself, so this scan is the last one: what it still offers must not pass for done.
            last = scan_in(work, session, options, rounds=plan.rounds + 1)
            tried = records_of_last_scan(tried, last.accepted)
            known = {update.update_id for update in plan.scan.accepted}
            is_more_offered = any(update.update_id not in known for update in last.accepted)
        return _outcome(work, plan, [*records, *tried], is_due=reboot_required, rounds=plan.rounds + 1, is_more_offered=is_more_offered)


def _outcome(
    work: NodeWork, plan: InstallPlan, records: Sequence[InstallRecord], *, is_due: bool, rounds: int, is_more_offered: bool = False
) -> InstallOutcome:
    # A hotfix of this stay, or of a dead run's, may wait for the restart without another sign.
    entry = entry_of(work)
    is_due = is_due or (entry is not None and entry.restart_due)
    if stay.leaves_restart(work, is_due=is_due):
        return InstallOutcome(plan, tuple(records), reboot_required=False, rounds=rounds, is_restart_left=True)
    is_over = stay.is_over_before_restart(work, is_due=is_due)
    return InstallOutcome(plan, tuple(records), is_due, rounds, is_more_offered, is_over)


def _plan(work: NodeWork, session: NodeSession, entry: NodeEntry | None, options: UpdateOptions, warnings: Sequence[str]) -> InstallPlan:
    found = scan_in(work, session, options, warnings, rounds=entry.rounds if entry is not None else 0)
    done = set(entry.installed) if entry is not None else set()
    was_restarted = entry is not None and entry.phase is Phase.RESTARTED
    again = tuple(update for update in found.accepted if update.update_id in done)
    # A restart that is still to come may settle it; one that has been made has not.
    if again and (was_restarted or not found.reboot_required):
        raise OfferedAgainError(
            f"installed with success and offered again: {names(label(update) for update in again)}",
            updates=[update.update_id for update in again],
            node=work.node,
            operation="install",
            remedy="Put it on the list reject, and find out why the node does not keep it",
        )
    to_install = tuple(update for update in found.accepted if update.update_id not in done)
    rounds = entry.rounds if entry is not None else 0
    if to_install and rounds >= options.max_rounds:
        raise UpdatesFailedError(
            f"the node is still offered updates after {rounds} rounds: {names(label(update) for update in to_install)}",
            node=work.node,
            operation="install",
            remedy="Look at the node's update log, or raise max_rounds",
        )
    # A restart that has just been made and left the sign standing would leave it standing again.
    if found.reboot_required and was_restarted:
        signs = names(pending.blocking(found.signals))
        work.say("install", f"a sign of a pending restart is left after the restart ({signs}); it is not restarted again for that alone")
    is_restart_first = bool(to_install) and found.reboot_required and not was_restarted
    return InstallPlan(found, to_install, again, is_restart_first, was_restarted, rounds)


def _settle_open_batch(work: NodeWork, session: NodeSession, options: UpdateOptions) -> list[InstallRecord]:
    """Find out first what became of a batch whose outcome an earlier task left open; nothing is sent."""
    entry = entry_of(work)
    if entry is None or not entry.batch:
        return []
    evidence = settle(work, session, entry.batch, None, _evidence_options(options))
    updates = [OfferedUpdate(update_id, update_id) for update_id in entry.batch]
    records = records_of_evidence(updates, evidence)
    _write_result(work, entry, records)
    for record in records:
        work.say("install", record.sentence())
    return records


def _evidence_options(options: UpdateOptions) -> EvidenceOptions:
    return EvidenceOptions(
        limit_seconds=options.install_seconds,
        quiet_seconds=options.quiet_seconds,
        scan_seconds=options.scan_seconds,
        include_recommended=options.include_recommended,
    )


def _install_all(work: NodeWork, session: NodeSession, plan: InstallPlan, options: UpdateOptions) -> list[InstallRecord]:
    downloads = download_in(work, session, plan.scan, plan.to_install, options, step="install")
    bad = {result.update_id: result for result in downloads.failed}
    records = [record for record in records_of_results(plan.to_install, list(bad.values())) if record.update.update_id in bad]
    ready = [update for update in plan.to_install if update.update_id not in bad]
    before = Boot.of(work.client.system.info(), work.clock.now())
    done = 0
    for start in range(0, len(ready), max(1, options.batch_size)):
        work.heed()
        batch = ready[start : start + max(1, options.batch_size)]
        found = _install_batch(work, session, batch, options, before, rounds=plan.rounds + 1)
        for record in found:
            done += 1
            work.say("install", f"{record.sentence()} ({done} of {len(ready)})")
        records += found
        if any(record.state is InstallState.DEFERRED for record in found):
            break
    return records


def _install_batch(
    work: NodeWork, session: NodeSession, batch: Sequence[OfferedUpdate], options: UpdateOptions, before: Boot, *, rounds: int
) -> list[InstallRecord]:
    """Install one batch; the request goes out a second time only for what the evidence shows as not installed and ended."""
    records: list[InstallRecord] = []
    for attempt in range(1, _TRIES + 1):
        require_permission(work)
        entry = _announce(work, batch, rounds)
        try:
            results = _send(work, session, batch, options)
        except OperationError as error:
            if not _may_have_happened(error):
                _write_result(work, entry, [])
                if error.outcome is Outcome.FAILED or attempt == _TRIES:
                    raise
                work.say("install", f"nothing was sent ({error.message}), trying again")
                work.clock.sleep(_RETRY_SECONDS)
                continue
            work.say("install", f"no clear answer: {error.message}")
            evidence = settle(work, session, [update.update_id for update in batch], before, _evidence_options(options))
            decided = records_of_evidence(batch, evidence)
            records += decided
            undone = records_of_failure(batch, decided, error)
            _write_result(work, entry, decided)
            if not undone or error.outcome is Outcome.FAILED or attempt == _TRIES:
                return records + undone
            work.say("install", f"not installed and nothing is running, so it is asked again: {names(label(one.update) for one in undone)}")
            batch = [one.update for one in undone]
        else:
            found = records_of_results(batch, results)
            _write_result(work, entry, found)
            return records + found
    return records


def _announce(work: NodeWork, batch: Sequence[OfferedUpdate], rounds: int) -> NodeEntry | None:
    """Write down what is about to be installed, or take that back where only one place took it."""
    before = entry_of(work)
    try:
        return _write(work, phase=Phase.INSTALLING, batch=tuple(update.update_id for update in batch), rounds=rounds)
    except JournalError:
        if work.journal is not None and before is not None:
            work.journal.write_where_possible(work.node, phase=before.phase, batch=before.batch, rounds=before.rounds)
        raise


def _may_have_happened(error: OperationError) -> bool:
    """Return whether a request that ended in `error` may have installed something; a method that says no may have done a part."""
    return error.outcome is Outcome.UNKNOWN or isinstance(error, MethodFailedError)


def _send(work: NodeWork, session: NodeSession, batch: Sequence[OfferedUpdate], options: UpdateOptions) -> list[UpdateResult]:
    beat = Heartbeat.of(work, "install", f"installing {names(label(update) for update in batch)}")
    # The wait is not broken off when the run has to stop: the result of what is being installed would be lost with it.
    return work.client.cluster_update.install(
        session.guid,
        batch_query(update.update_id for update in batch),
        options.include_recommended,
        deadline_seconds=options.install_seconds,
        on_event=beat.on_event,
        should_stop=beat.beat,
    )


def _write(work: NodeWork, **changes: t.Unpack[EntryChanges]) -> NodeEntry | None:
    return work.journal.write(work.node, **changes) if work.journal is not None else None


def _write_result(work: NodeWork, entry: NodeEntry | None, records: Sequence[InstallRecord]) -> None:
    """Close the open batch, and note what is installed and whether that asks for a restart."""
    if entry is None:
        return
    new = [record.update.update_id for record in records if record.state is InstallState.INSTALLED]
    is_due = entry.restart_due or any(record.reboot_required for record in records)
    _write(work, batch=(), installed=tuple(dict.fromkeys((*entry.installed, *new))), restart_due=is_due)


def _needs_restart(work: NodeWork, session: NodeSession, plan: InstallPlan, records: Sequence[InstallRecord]) -> bool:
    if any(record.reboot_required for record in records):
        return True
    is_stale_known = plan.was_restarted and not has_effect(records)
    return pending.is_restart_due(work, session.guid, pending.blocking(plan.scan.signals) if is_stale_known else ())
