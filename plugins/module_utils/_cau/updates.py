# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scanning a node for updates, and downloading them.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .._errors import OperationError, Outcome
from .._wmi.cluster_update import OfferedUpdate, UpdateResult, UpdateResultCode
from .._wmi.codes import explain
from . import pending
from .errors import CauError, RunStoppedError, TimeLimitError
from .fleet import NodeWork
from .journal_records import Phase
from .node_session import NodeSession, session_for
from .pending import Signal
from .permission import entry_of, require_stand_alone
from .query import DEFAULT_QUERY, batch_query, validate
from .selection import LeftOut, Selection
from .waiting import HEARTBEAT_SECONDS, Deadline, Heartbeat, duration, names

# A catalogue that is too large for one pass answers 0x80244010 at first (cau.md 7, 20), and a scan changes nothing.
_SCAN_TRIES = 3
_RETRY_SECONDS = 30.0
# WU_E_PT_EXCEEDED_MAX_SERVER_TRIPS.
_KINDS = ("servicing stack", ".NET", "cumulative")
"""What a title says of an update in words that administrators use, the most telling first. Whether an update will ask for a restart
stands in no answer before it is installed (cau.md 1.1), so that is not told."""

_TOO_MANY_TRIPS = 0x80244010
# Keeps the query of a request short, and a lost answer cheap.
_DOWNLOAD_BATCH = 20


@dataclass(frozen=True)
class UpdateOptions:
    """Which updates are meant, and how long things may take; all times in clock seconds.

    Args:
        query: search criteria of the Windows Update Agent.
        include_recommended: whether recommended updates are treated as important ones.
        selection: the choice among what is offered.
        scan_seconds: for a scan with all its tries.
        download_seconds: for the download of everything.
        install_seconds: for one batch; also how long the evidence of an unknown outcome is waited for.
        batch_size: how many updates go into one installation request.
        max_rounds: how many rounds with an installation a node may have in one run.
        quiet_seconds: how long no installer may have been seen before an unknown installation counts as ended.
    """

    query: str = DEFAULT_QUERY
    include_recommended: bool = False
    selection: Selection = field(default_factory=Selection)
    scan_seconds: float = 1800
    download_seconds: float = 7200
    install_seconds: float = 7200
    batch_size: int = 1
    max_rounds: int = 5
    quiet_seconds: float = 120


@dataclass(frozen=True)
class ScanOutcome:
    """What a node is offered.

    Args:
        accepted: the updates to take.
        left_out: the others, with the reasons.
        signals: what on the node waits for a restart.
        warnings: what is doubtful about the query.
    """

    accepted: tuple[OfferedUpdate, ...]
    left_out: tuple[LeftOut, ...]
    signals: tuple[Signal, ...]
    warnings: tuple[str, ...] = ()

    @property
    def reboot_required(self) -> bool:
        """Whether something on the node asks for a restart."""
        return bool(pending.blocking(self.signals))


@dataclass(frozen=True)
class DownloadOutcome:
    """What became of a download.

    Args:
        scan: the scan before it.
        results: per update, as the node gave it.
        missing: updates for which the node gave no result.
    """

    scan: ScanOutcome
    results: tuple[UpdateResult, ...]
    missing: tuple[OfferedUpdate, ...]

    @property
    def failed(self) -> tuple[UpdateResult, ...]:
        """The updates that were not downloaded."""
        return tuple(result for result in self.results if result.result is not UpdateResultCode.SUCCEEDED)


def scan(work: NodeWork, options: UpdateOptions) -> ScanOutcome:
    """Find out what the node is offered, through a node session that is held for the scan alone where none stands.

    Raises:
        QueryError: the query is not in the language; nothing was sent.
        SelectionError: the expression cannot be applied.
        RunLockLostError: this run does not hold the lock.
        NodeSessionHeldError: somebody else works on the node.
        OperationError: the scan failed.
    """
    warnings = validate(options.query)
    if work.ownership is not None:
        work.ownership.verify_lock()
    with session_for(work) as session:
        return scan_in(work, session, options, warnings)


def scan_in(work: NodeWork, session: NodeSession, options: UpdateOptions, warnings: Sequence[str] = (), *, rounds: int = 0) -> ScanOutcome:
    """Scan inside a session that stands, after so many rounds with an installation; see scan()."""
    for warning in warnings:
        work.say("scan", f"warning: {warning}")
    offered = _scan(work, session, options)
    selected = options.selection.apply(offered)
    signals = tuple(pending.signals(work.client, session.guid))
    outcome = ScanOutcome(_servicing_stack_first(selected.accepted), selected.left_out, signals, tuple(warnings))
    work.say("scan", _scan_words(outcome, rounds))
    return outcome


def _scan(work: NodeWork, session: NodeSession, options: UpdateOptions) -> list[OfferedUpdate]:
    # It changes nothing, so the wait is broken off as soon as the run has to stop.
    beat = Heartbeat.of(work, "scan", "scanning", work.safe_point)
    limit = Deadline(work.clock, options.scan_seconds)
    for attempt in range(1, _SCAN_TRIES + 1):
        try:
            return work.client.cluster_update.scan(
                session.guid,
                options.query,
                options.include_recommended,
                deadline_seconds=limit.remaining,
                on_event=beat.on_event,
                should_stop=beat.tick,
            )
        except CauError:
            raise
        except OperationError as error:
            is_worth_it = error.outcome is not Outcome.FAILED or error.code == _TOO_MANY_TRIPS
            if attempt == _SCAN_TRIES or not is_worth_it or limit.remaining <= _RETRY_SECONDS:
                raise
            work.say("scan", f"failed ({error.message}), trying again in {duration(_RETRY_SECONDS)}")
            work.clock.sleep(_RETRY_SECONDS)
            session.open()
    raise AssertionError("the last try returns or raises")


def _servicing_stack_first(updates: Sequence[OfferedUpdate]) -> tuple[OfferedUpdate, ...]:
    """Put servicing stack updates first: an older stack refuses what needs the newer one (cau.md 7, 10)."""
    return tuple(sorted(updates, key=lambda update: "servicing stack" not in update.title.casefold()))


def label(update: OfferedUpdate | UpdateResult) -> str:
    """Return what to call an update in a line: its KB number, else its title."""
    return update.kb or update.title or update.update_id


def _label_with_kind(update: OfferedUpdate) -> str:
    """Return what to call an update where there is room: with its kind, when its title names one."""
    title = update.title.casefold()
    kind = next((kind for kind in _KINDS if kind.casefold() in title), "")
    return f"{label(update)} {kind}".rstrip() if update.kb else label(update)


def _scan_words(outcome: ScanOutcome, rounds: int) -> str:
    left_out = f", {len(outcome.left_out)} left out" if outcome.left_out else ""
    waiting = ", a restart is pending" if outcome.reboot_required else ""
    if not outcome.accepted:
        return f"{f'nothing left after round {rounds}' if rounds else 'nothing to install'}{left_out}{waiting}"
    count = len(outcome.accepted)
    listed = names((_label_with_kind(update) for update in outcome.accepted), 6)
    return f"{count} update{'' if count == 1 else 's'} ({listed}){left_out}{waiting}"


def plan_download(work: NodeWork, options: UpdateOptions) -> ScanOutcome:
    """Find out what would be downloaded; the same as a scan."""
    return scan(work, options)


def download(work: NodeWork, options: UpdateOptions) -> DownloadOutcome:
    """Download the selected updates while the node still serves.

    Raises:
        RunLockLostError: this run does not hold the lock.
        OperationError: the scan or the download failed as a whole.
    """
    warnings = validate(options.query)
    if work.ownership is not None:
        work.ownership.verify_lock()
    else:
        require_stand_alone(work.client)
    with session_for(work) as session:
        found = scan_in(work, session, options, warnings)
        outcome = download_in(work, session, found, found.accepted, options)
    entry = entry_of(work)
    if work.journal is not None and (entry is None or entry.phase is Phase.LOCKED):
        work.journal.write(work.node, phase=Phase.STAGED)
    return outcome


def download_in(
    work: NodeWork,
    session: NodeSession,
    found: ScanOutcome,
    wanted: Sequence[OfferedUpdate],
    options: UpdateOptions,
    *,
    step: str = "stage",
) -> DownloadOutcome:
    """Download some of what a scan accepted, inside a session that stands; what is there already costs nothing."""
    results: list[UpdateResult] = []
    beat = Heartbeat.of(work, step, "downloading", _StopLater(work, step).check)
    limit = Deadline(work.clock, options.download_seconds)
    began = work.clock.now()
    for start in range(0, len(wanted), _DOWNLOAD_BATCH):
        part = wanted[start : start + _DOWNLOAD_BATCH]
        work.safe_point()
        if start and work.ownership is not None:
            # The caller has read it before the scan; every further part takes its time.
            work.ownership.verify_lock()
        results += _repeat_once(work, session, lambda part=part: _download(work, session, part, options, beat, limit), limit)  # type: ignore[misc]
    answered = {result.update_id for result in results}
    outcome = DownloadOutcome(found, tuple(results), tuple(update for update in wanted if update.update_id not in answered))
    good = len(results) - len(outcome.failed)
    # Before an installation nearly all is staged, which the node does not tell; what took no time is no news there.
    is_news = step == "stage" or good < len(wanted) or work.clock.now() - began >= HEARTBEAT_SECONDS
    if wanted and is_news:
        work.say(step, f"{good} of {len(wanted)} downloaded")
    for result in outcome.failed:
        work.say(step, f"{label(result)} not downloaded: {explain(result.error_code)}")
    return outcome


class _StopLater:
    """Says that the run has to stop, and lets what was asked for come to its end.

    A download goes on when nobody waits for it, and the node would still be changed when the lock is given back.
    """

    def __init__(self, work: NodeWork, step: str) -> None:
        self._work = work
        self._step = step
        self._was_said = False

    def check(self) -> None:
        """Raise when the work must end at once."""
        self._work.check()
        try:
            self._work.heed()
        except RunStoppedError as error:
            if not self._was_said:
                self._was_said = True
                self._work.say(self._step, f"{error.message}; the download that has begun is waited for")


def _download(
    work: NodeWork, session: NodeSession, part: Sequence[OfferedUpdate], options: UpdateOptions, beat: Heartbeat, limit: Deadline
) -> list[UpdateResult]:
    if limit.has_passed:
        raise TimeLimitError(
            f"the download did not end within {duration(limit.limit_seconds)}",
            node=work.node,
            operation="download",
            remedy="Run it again, what is there already is not downloaded again; or raise download_timeout",
            limit_seconds=limit.limit_seconds,
        )
    return work.client.cluster_update.download(
        session.guid,
        batch_query(update.update_id for update in part),
        options.include_recommended,
        deadline_seconds=limit.remaining,
        on_event=beat.on_event,
        should_stop=beat.tick,
    )


def _repeat_once(work: NodeWork, session: NodeSession, call: Callable[[], list[UpdateResult]], limit: Deadline) -> list[UpdateResult]:
    """Ask a second time when the answer was lost: what has been downloaded is not downloaded again."""
    try:
        return call()
    except CauError:
        raise
    except OperationError as error:
        if error.outcome is Outcome.FAILED or limit.remaining <= _RETRY_SECONDS:
            raise
        work.say("stage", f"no answer ({error.message}), asking again in {duration(_RETRY_SECONDS)}")
        work.clock.sleep(_RETRY_SECONDS)
        session.open()
        return call()
