# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node's stay out of service, from its drain to its resume: whether it has to end before the node can be restarted again.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import OperationError
from .._wmi.cluster import ClusterNode, DrainStatus, NodeState
from . import storage_gate
from .cluster_view import is_drained
from .errors import CauError, RestartNotAllowedError
from .fleet import NodeWork
from .journal_records import NodeEntry
from .permission import entry_of
from .waiting import names


def was_drained(node: ClusterNode, entry: NodeEntry | None) -> bool:
    """Return whether the node is paused after a drain of this run; one that it has paused without drain is not.

    Windows may forget over a restart how a drain ended; the journal then tells that this run has restarted the node before, which it does
    only after a drain.
    """
    if entry is not None and entry.undrained:
        return False
    if is_drained(node):
        return True
    is_forgotten = node.state is NodeState.PAUSED and node.drain_status is DrainStatus.NOT_INITIATED
    return is_forgotten and entry is not None and entry.paused_by_us and entry.boot_time is not None


def why_over(work: NodeWork, entry: NodeEntry | None) -> str | None:
    """Return what the storage waits for until the node serves again, None when a restart in this stay may pass the gate.

    Args:
        work: the node in work.
        entry: its entry in the journal, whose boot time tells whether this stay has had a restart.
    """
    if work.ownership is None or entry is None or entry.boot_time is None:
        return None
    try:
        waiting = storage_gate.waits_for_resume(work.client, work.client.cluster.info(), work.node)
    except CauError:
        raise
    except OperationError:
        # What cannot be read is for the gate to refuse.
        return None
    return names(waiting) or None


def is_over_before_restart(work: NodeWork, *, is_due: bool) -> bool:
    """Return whether the node has to serve before the restart that its installations ask for, and say so.

    Args:
        work: the node in work.
        is_due: whether a restart is due at all.
    """
    is_over = is_due and why_over(work, entry_of(work)) is not None
    if is_over:
        work.say("install", "the node has to serve for a while before it can be restarted again, so that the storage is repaired")
    return is_over


def refuse_restart_first(work: NodeWork) -> None:
    """Refuse to install where a restart has to come first and the node is paused without drain.

    Raises:
        RestartNotAllowedError: that is so.
    """
    entry = entry_of(work)
    if entry is not None and entry.undrained:
        raise RestartNotAllowedError(
            "a restart is pending that has to come before the installation, and a node that is paused without drain is never restarted",
            node=work.node,
            operation="install",
            remedy="Run it again with the usual drain",
        )


def leaves_restart(work: NodeWork, *, is_due: bool) -> bool:
    """Return whether a restart that is due stays undone because the node is paused without drain; the journal keeps it then.

    Args:
        work: the node in work.
        is_due: whether a restart is due at all.
    """
    entry = entry_of(work)
    if not is_due or entry is None or not entry.undrained or work.journal is None:
        return False
    if not entry.restart_due and (entry.installed or entry.hotfixes or entry.plugin_installed):
        work.journal.write(work.node, restart_due=True)
    work.say("install", "a restart is due and is left undone, as the node is paused without drain")
    return True
