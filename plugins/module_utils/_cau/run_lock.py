# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run lock: MSFT_CAURun on every node of the cluster, all with this run's id.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection
from dataclasses import dataclass

from .._clock import Clock
from .._progress import Progress
from .fleet import Fleet
from .journal import Journal
from .journal_records import RunEntry, RunOwner


class LockKind(enum.Enum):
    """Whose run lock stands on a node."""

    NONE = "none"
    OURS = "ours"
    DEAD = "dead"
    ALIVE = "alive"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class LockView:
    """The run lock and the node session of one node as they were read.

    Args:
        node: the node.
        guid: run id of its run lock, None without one.
        session: run id of its node session, None without one.
        journal: what its journal says about the lock's run, None without an entry.
        kind: whose lock it is.
        description: the holder in words, empty without one.
    """

    node: str
    guid: str | None
    session: str | None
    journal: RunEntry | None
    kind: LockKind
    description: str = ""


@dataclass(frozen=True)
class LockState:
    """The run lock after it was taken or renewed.

    Args:
        run_id: whose it is.
        nodes: every node that carries it.
        taken: the nodes where it was created just now, in order.
    """

    run_id: str
    nodes: tuple[str, ...]
    taken: tuple[str, ...]

    @property
    def is_changed(self) -> bool:
        """Whether a lock was created."""
        return bool(self.taken)


def inspect(fleet: Fleet, run_id: str | None = None) -> list[LockView]:
    """Read every node's run lock, node session and journal; writes nothing."""
    raise NotImplementedError


def require_free(fleet: Fleet, run_id: str | None = None) -> list[LockView]:
    """Refuse when anybody but this run holds a run lock or node session on any node (RunLockHeldError); writes nothing."""
    raise NotImplementedError


def acquire(fleet: Fleet, owner: RunOwner, journal: Journal, clock: Clock, progress: Progress, gate: Callable[[], None]) -> LockState:
    """Take the run lock on every node in name order, or on none; again for the same run it verifies, and re-creates what aged out."""
    raise NotImplementedError


def verify(fleet: Fleet, run_id: str) -> None:
    """Read the lock on every node, which also keeps it from ageing out; RunLockLostError or RunLockUnreadableError."""
    raise NotImplementedError


def renew(fleet: Fleet, run_id: str, journal: Journal) -> None:
    """Touch the lock and set the heartbeat on every node; RunLockLostError or RunLockUnreadableError."""
    raise NotImplementedError


def release(fleet: Fleet, run_id: str, journal: Journal, keep_nodes: Collection[str] = ()) -> bool:
    """Give the lock back on every node, then close the journal there; never somebody else's. Returns whether anything was removed."""
    raise NotImplementedError
