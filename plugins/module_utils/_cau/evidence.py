# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of an installation without an answer: waiting until it has ended, then looking at what is left (wsman-cim.md 8.4, C).

Private to this collection; it may change at any time.
"""

# pylint: disable=bad-exception-cause  # pylint loses the base class of our errors on its way through the relative imports

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._errors import OperationError
from . import pending
from .errors import OutcomeUnknownError, TimeLimitError
from .fleet import NodeWork
from .node_session import NodeSession
from .query import batch_query
from .quiet import QUIET_SECONDS, wait_until_quiet
from .restart_wait import Boot
from .waiting import Deadline, Tolerant, duration, names, wait_until


@dataclass(frozen=True)
class EvidenceOptions:
    """How long to look; all times in clock seconds.

    Args:
        limit_seconds: for the whole look.
        quiet_seconds: how long no installer may have been seen before the old work counts as ended.
        gap_seconds: between the scans that have to agree.
        scan_seconds: for one scan.
        include_recommended: as in the request whose outcome is looked for.
    """

    limit_seconds: float = 7200
    quiet_seconds: float = QUIET_SECONDS
    gap_seconds: float = 15
    scan_seconds: float = 1800
    include_recommended: bool = False


@dataclass(frozen=True)
class Evidence:
    """What was found after the old work had ended.

    Args:
        still_offered: the updates of the batch that two scans in a row still offered.
        restart_signals: what waits for a restart.
        has_restarted: whether the node has restarted since the request.
    """

    still_offered: frozenset[str]
    restart_signals: tuple[str, ...]
    has_restarted: bool


def settle(work: NodeWork, session: NodeSession, batch: Sequence[str], before: Boot | None, options: EvidenceOptions) -> Evidence:
    """Wait until nothing is being installed on the node any more, then read two equal scans, the restart signals and the boot time.

    Args:
        work: the node in work.
        session: its node session, opened again when it is gone.
        batch: update ids of the request whose outcome is looked for.
        before: the node's start before the request, None when nobody read it.
        options: how long to look.

    Raises:
        OutcomeUnknownError: the old work may still be going on, or the evidence does not agree.
    """
    limit = Deadline(work.clock, options.limit_seconds)
    work.say("install", f"the outcome is not known; looking at the evidence for up to {duration(options.limit_seconds)}")
    try:
        wait_until_quiet(work, limit.remaining, options.quiet_seconds)
        offered = _two_equal_scans(work, session, batch, limit, options)
        signals = tuple(pending.blocking(pending.signals(work.client, session.guid)))
        has_restarted = before is not None and before.is_before(Boot.of(work.client.system.info(), work.clock.now()))
    except OutcomeUnknownError:
        raise
    except TimeLimitError as error:
        raise _unknown(work, batch, error) from error
    except OperationError as error:
        raise _unknown(work, batch, error) from error
    if has_restarted:
        work.say("install", "the node has restarted meanwhile")
    return Evidence(offered, signals, has_restarted)


def _unknown(work: NodeWork, batch: Sequence[str], error: OperationError) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"the outcome of the installation of {names(batch)} is not known: {error.message}",
        node=work.node,
        operation="install",
        remedy="Wait until no installer runs on the node, then run it again: it looks at the evidence first",
    )


def _two_equal_scans(
    work: NodeWork, session: NodeSession, batch: Sequence[str], limit: Deadline, options: EvidenceOptions
) -> frozenset[str]:
    last: list[frozenset[str] | None] = [None]
    query = batch_query(batch)

    def look() -> frozenset[str] | None:
        before, last[0] = last[0], None
        # A node that has restarted, or was silent for an hour, may have lost the session.
        session.open()
        found = work.client.cluster_update.scan(
            session.guid,
            query,
            options.include_recommended,
            deadline_seconds=min(options.scan_seconds, max(limit.remaining, 1.0)),
            should_stop=work.check,
        )
        last[0] = frozenset(update.update_id for update in found) & frozenset(batch)
        return last[0] if before == last[0] else None

    watch = Tolerant(look)
    return wait_until(work, limit.remaining, options.gap_seconds, watch.look, step="install", what="two equal scans", detail=watch.describe)
