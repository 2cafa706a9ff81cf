# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has done to a node, kept on that node and on one other, so that another controller can take over.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection

from .._clock import Clock
from .fleet import Fleet
from .journal_records import EntryChanges, NodeEntry, RunEntry, RunOwner


class Journal:
    """The journal of one run, on every node of its cluster.

    Args:
        fleet: the nodes of the cluster.
        owner: who drives the run.
        clock: the controller's clock.
    """

    def __init__(self, fleet: Fleet, owner: RunOwner, clock: Clock) -> None:
        self.fleet = fleet
        self.owner = owner
        self.clock = clock

    def open_on(self, name: str) -> None:
        """Write the run's own entry with a heartbeat on a node, before the lock is created there."""
        raise NotImplementedError

    def beat(self, name: str) -> None:
        """Set the run's heartbeat on a node, by that node's own clock."""
        raise NotImplementedError

    def write(self, node: str, **changes: t.Unpack[EntryChanges]) -> NodeEntry:
        """Change the entry of a node, on the node and in its copy; both must take it, or the step is refused (JournalError)."""
        raise NotImplementedError

    def write_where_possible(self, node: str, **changes: t.Unpack[EntryChanges]) -> list[str]:
        """Change the entry wherever that can be done and return the nodes that could not take it, for a node that gives no answer."""
        raise NotImplementedError

    def read(self, node: str) -> NodeEntry | None:
        """Return the newer one of a node's own entry and its copy; None when the run wrote neither."""
        raise NotImplementedError

    def read_run(self, name: str, run_id: str | None = None) -> RunEntry | None:
        """Return what the journal on a node says about a run, this one when none is named; None when it has no entry."""
        raise NotImplementedError

    def close_on(self, name: str, keep_nodes: Collection[str] = ()) -> None:
        """Remove this run's journal from a node, but for the entries of nodes that stay out of service."""
        raise NotImplementedError
