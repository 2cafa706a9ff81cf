# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the installation of updates, as records.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from .._errors import OperationError
from .._wmi.cluster_update import OfferedUpdate, UpdateResult, UpdateResultCode
from .._wmi.codes import explain
from .errors import UpdatesFailedError
from .evidence import Evidence
from .updates import ScanOutcome, label


class InstallState(enum.StrEnum):
    """What became of one update."""

    INSTALLED = "installed"
    FAILED = "failed"
    CANCELED = "canceled"
    NOT_TAKEN = "not_taken"
    """The node gave no result for it: it does not apply any more, or wants a licence or a user."""
    DEFERRED = "deferred"
    """It is still offered, and a restart decides whether it was installed; the next scan tells."""


_BAD_STATES = frozenset({InstallState.FAILED, InstallState.CANCELED})


@dataclass(frozen=True)
class InstallRecord:
    """What became of one update.

    Args:
        update: the update as it was offered.
        state: what became of it.
        error_code: HRESULT, unsigned, 0 when there is none.
        reason: why it is not installed, or how it is known.
        reboot_required: whether it asks for a restart.
        is_by_evidence: whether the node's answer was lost, so that this follows from what was found afterwards.
    """

    update: OfferedUpdate
    state: InstallState
    error_code: int = 0
    reason: str = ""
    reboot_required: bool = False
    is_by_evidence: bool = False

    def sentence(self) -> str:
        """Return the record in words."""
        how = " (by evidence)" if self.is_by_evidence and self.state is InstallState.INSTALLED else ""
        words = {
            InstallState.INSTALLED: f"succeeded{how}",
            InstallState.FAILED: f"FAILED {self.reason}",
            InstallState.CANCELED: f"CANCELED {self.reason}",
            InstallState.NOT_TAKEN: f"not installed: {self.reason}",
            InstallState.DEFERRED: f"undecided: {self.reason}",
        }
        return f"{label(self.update)} {words[self.state]}"


@dataclass(frozen=True)
class InstallPlan:
    """What an installation means at this moment.

    Args:
        scan: what the node is offered.
        to_install: the updates to install, in order.
        awaiting: updates that this run has installed and that wait for the restart.
        is_restart_first: whether a restart is pending that has to come before anything is installed.
        was_restarted: whether this run has restarted the node since it last installed something there.
        rounds: how many rounds with an installation the node has had in this run.
    """

    scan: ScanOutcome
    to_install: tuple[OfferedUpdate, ...]
    awaiting: tuple[OfferedUpdate, ...] = ()
    is_restart_first: bool = False
    was_restarted: bool = False
    rounds: int = 0

    @property
    def reboot_required(self) -> bool:
        """Whether a restart is due before anything is installed: a sign that a restart left standing would outlive the next one too."""
        return self.scan.reboot_required and not self.was_restarted


@dataclass(frozen=True)
class InstallOutcome:
    """What became of a round's installation.

    Args:
        plan: what was to be done.
        records: per update that was tried, in order.
        reboot_required: whether a restart is due; a sign that the last one left standing asks for none.
        rounds: how many rounds with an installation the node has had in this run, this one included.
        is_more_offered: whether a scan after the installation offers updates that this round has not tried.
        is_stay_over: whether the node has to serve again, and be drained again, before the restart.
        is_restart_left: whether a restart is due that may not be made in this stay out of service, so that nothing more is done in it.
    """

    plan: InstallPlan
    records: tuple[InstallRecord, ...]
    reboot_required: bool
    rounds: int
    is_more_offered: bool = False
    is_stay_over: bool = False
    is_restart_left: bool = False

    @property
    def installed(self) -> tuple[InstallRecord, ...]:
        """The updates that were installed."""
        return tuple(record for record in self.records if record.state is InstallState.INSTALLED)

    @property
    def failed(self) -> tuple[InstallRecord, ...]:
        """The updates that failed or were cancelled."""
        return tuple(record for record in self.records if record.state in _BAD_STATES)

    @property
    def another_round(self) -> bool:
        """Whether the node has to be scanned again, after its restart if it needs one."""
        if self.is_restart_left:
            return False
        return self.reboot_required or self.is_more_offered or bool(self.plan.awaiting) or has_effect(self.records)

    def failure(self, node: str) -> UpdatesFailedError | None:
        """Return the error of a round in which an update failed, None when none did."""
        if not self.failed:
            return None
        count = len(self.failed)
        return UpdatesFailedError(
            f"{count} update{'' if count == 1 else 's'} not installed: {'; '.join(record.sentence() for record in self.failed)}",
            results=self.failed,
            node=node,
            operation="install",
            code=self.failed[0].error_code or None,
            remedy="Look the code up in the node's update log (Get-WindowsUpdateLog), mend the cause, or put the update on the list reject",
        )


def has_effect(records: Iterable[InstallRecord]) -> bool:
    """Return whether an update was installed, or may have been."""
    return any(record.state in {InstallState.INSTALLED, InstallState.DEFERRED} for record in records)


def records_of_results(batch: Sequence[OfferedUpdate], results: Sequence[UpdateResult]) -> list[InstallRecord]:
    """Return what the node's own answer says about each update of a batch, matched by update id."""
    by_id = {result.update_id: result for result in results}
    return [_record_of_result(update, by_id.get(update.update_id)) for update in batch]


def _record_of_result(update: OfferedUpdate, result: UpdateResult | None) -> InstallRecord:
    if result is None:
        reason = "the node left it out; it does not apply any more, or wants a licence to be accepted or a user to answer"
        return InstallRecord(update, InstallState.NOT_TAKEN, reason=reason)
    state = {
        UpdateResultCode.SUCCEEDED: InstallState.INSTALLED,
        UpdateResultCode.FAILED: InstallState.FAILED,
        UpdateResultCode.CANCELED: InstallState.CANCELED,
    }[result.result]
    reason = "" if state is InstallState.INSTALLED else explain(result.error_code) if result.error_code else "without a code"
    return InstallRecord(update, state, result.error_code, reason, result.reboot_required)


def records_of_last_scan(records: Sequence[InstallRecord], offered: Iterable[OfferedUpdate]) -> list[InstallRecord]:
    """Return the records with those as failed that the node did not take and that a scan afterwards still offers."""
    still = {update.update_id for update in offered}
    reason = "the node leaves it out and is still offered it; it may want a licence to be accepted or a user to answer"
    return [
        replace(record, state=InstallState.FAILED, reason=reason)
        if record.state is InstallState.NOT_TAKEN and record.update.update_id in still
        else record
        for record in records
    ]


def records_of_evidence(batch: Sequence[OfferedUpdate], evidence: Evidence) -> list[InstallRecord]:
    """Return what the evidence decides about each update of a batch; those that certainly were not installed are left out."""
    records = []
    for update in batch:
        if update.update_id not in evidence.still_offered:
            asks = bool(evidence.restart_signals)
            records.append(
                InstallRecord(update, InstallState.INSTALLED, reason="not offered any more", reboot_required=asks, is_by_evidence=True)
            )
        elif evidence.restart_signals or evidence.has_restarted:
            why = f"a restart is pending ({', '.join(evidence.restart_signals)})" if evidence.restart_signals else "the node has restarted"
            records.append(
                InstallRecord(
                    update,
                    InstallState.DEFERRED,
                    reason=f"it is still offered and {why}",
                    reboot_required=bool(evidence.restart_signals),
                    is_by_evidence=True,
                )
            )
    return records


def records_of_failure(batch: Sequence[OfferedUpdate], decided: Collection[InstallRecord], error: OperationError) -> list[InstallRecord]:
    """Return failures for the updates of a batch that the evidence shows as not installed."""
    known = {record.update.update_id for record in decided}
    return [
        InstallRecord(update, InstallState.FAILED, error.code or 0, error.message, is_by_evidence=True)
        for update in batch
        if update.update_id not in known
    ]
