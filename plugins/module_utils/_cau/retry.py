# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a node that failed is tried once more as a whole (MaxRetriesPerNode, cau.md 5.2, 5.8).

A pause that the cluster refuses while storage is degraded is repeated inside of one attempt, so that it uses up none (cau.md 2.4).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .cluster_view import all_groups, not_serving
from .fleet import NodeWork
from .journal_records import NodeEntry, Phase
from .permission import entry_of, require_run
from .recovery import is_installing, is_unfinished

# Wrong from the beginning, the work of somebody else, the end of the run, or an outcome that nobody knows: another attempt would find the
# same, or repeat what may have happened.
NEVER_RETRIED = frozenset(
    {
        "ArgumentError",
        "BatchError",
        # It has been tried again for as long as it may.
        "BlockedError",
        "ConnectionOptionError",
        "ConnectionTypeError",
        "MembershipError",
        "NoRunError",
        "NodeSessionHeldError",
        "NotOurPauseError",
        "OfferedAgainError",
        "OutcomeUnknownError",
        "PersonNeededError",
        "PluginError",
        # Nothing is left to install, so that another attempt would pass for a success without them.
        "PostNodeTasksError",
        "QueryError",
        "RestartNotAllowedError",
        "RunLockFailedError",
        "RunLockHeldError",
        "RunLockLostError",
        "RunStoppedError",
        "SelectionError",
        "StoppedError",
        "StorageNotRepairedError",
        "WindowsClassError",
    }
)


@dataclass(frozen=True)
class Retry:
    """Another attempt on a node.

    Args:
        attempt: its number, 2 for the first retry.
        unfinished: how far the node is with what has to be brought to its end, empty when nothing has to be.
    """

    attempt: int
    unfinished: str


def may_retry(entry: NodeEntry | None, errors: Collection[str], most: int) -> bool:
    """Return whether a node that failed and serves may be tried once more.

    Args:
        entry: what the journal says about the node.
        errors: the kinds of the errors with which the attempt ended.
        most: how many retries a node may have.
    """
    if not NEVER_RETRIED.isdisjoint(errors):
        return False
    if entry is None:
        return most > 0
    is_known = not is_installing(entry) and not entry.unknown_hotfixes and not entry.paused_by_us
    return is_known and max(1, entry.attempts) <= most


def lost_groups(work: NodeWork) -> list[str]:
    """Return the groups that were online before this attempt took the node out of service and are not now.

    Another attempt would take them for groups that were never online, and pass for a success without them.

    Raises:
        OperationError: the journal or the cluster could not be read.
    """
    entry = entry_of(work)
    return not_serving(all_groups(work), entry.online_groups_before) if entry is not None and entry.online_groups_before else []


def begin(work: NodeWork) -> Retry:
    """Write down that another attempt on the node begins; the rounds are counted anew, and hotfixes that failed may be tried again.

    Raises:
        JournalError: the journal did not take it, so that no attempt may begin.
    """
    _ownership, journal = require_run(work, "retry")
    entry = entry_of(work) or NodeEntry(work.node)
    new = journal.write(
        work.node,
        phase=Phase.LOCKED,
        attempts=max(1, entry.attempts) + 1,
        rounds=0,
        plugin_rounds=(),
        failed_hotfixes=(),
        boot_time=None,
        reason=None,
    )
    return Retry(new.attempts, new.phase.value if is_unfinished(new) else "")
