# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of the user's before a node is taken out of service and after it serves again, and what may keep a node from being taken.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import Outcome
from .errors import BlockedError
from .fleet import NodeWork
from .permission import entry_of, require_run
from .waiting import Deadline, Heartbeat, duration

POLL_SECONDS = 5.0
"""How often a wait for a blocker looks whether the run has to stop."""


def is_before_drain(work: NodeWork) -> bool:
    """Return whether the node is still to be taken out of service by this run, so that its blockers and pre-node tasks have their place.

    Raises:
        RunLockLostError: this run does not hold the lock.
        JournalError: what was done to the node could not be read.
    """
    ownership, _journal = require_run(work, "hooks")
    ownership.verify_lock()
    entry = entry_of(work)
    return entry is None or not entry.paused_by_us


def begin_pre_node(work: NodeWork) -> None:
    """Write down that the tasks before the node are about to run, so that whoever takes the run over runs those after it.

    Raises:
        RunLockLostError: this run does not hold the lock.
        JournalError: it could not be written, so they must not run.
    """
    ownership, journal = require_run(work, "hooks")
    ownership.verify_lock()
    journal.write(work.node, hooks_open=True)


def is_post_node_due(work: NodeWork) -> bool:
    """Return whether the tasks after the node are to run: those before it have run, and the node serves as far as this run is concerned.

    Raises:
        RunLockLostError: this run does not hold the lock.
        JournalError: what was done to the node could not be read.
    """
    ownership, _journal = require_run(work, "hooks")
    ownership.verify_lock()
    entry = entry_of(work)
    return entry is not None and entry.hooks_open and not entry.paused_by_us


def close(work: NodeWork) -> None:
    """Write down that the tasks around the node have run; what cannot be written lets a run that takes this one over run them again."""
    _ownership, journal = require_run(work, "hooks")
    entry = entry_of(work)
    if entry is not None and entry.hooks_open:
        journal.write_where_possible(work.node, hooks_open=False)


def wait_to_try_again(work: NodeWork, deadline: Deadline, interval_seconds: float, blocker: str, reason: str) -> None:
    """Wait until a blocker is tried again.

    Args:
        work: the node in work.
        deadline: until when it is tried.
        interval_seconds: between two tries, in clock seconds.
        blocker: its name.
        reason: why it failed.

    Raises:
        BlockedError: its time has passed.
        CauError: the run has to stop.
    """
    if deadline.has_passed:
        tried = f" for {duration(deadline.limit_seconds)}" if deadline.limit_seconds else ""
        raise BlockedError(
            f"the blocker {blocker} did not let the node be drained{tried}: {reason}",
            node=work.node,
            operation="drain",
            remedy="Mend what it names, then run the same playbook again",
            outcome=Outcome.NOT_DONE,
        )
    work.say("drain", f"blocked by {blocker}, tried again for up to {duration(deadline.remaining)}: {reason}")
    beat = Heartbeat.of(work, "drain", f"blocked by {blocker}")
    pause = Deadline(work.clock, min(interval_seconds, deadline.remaining))
    while not pause.has_passed:
        work.safe_point()
        beat.beat()
        work.clock.sleep(min(POLL_SECONDS, pause.remaining))
