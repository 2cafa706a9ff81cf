# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the lock, the turn and the journal share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import run_lock
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.fleet import Fleet
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal import Journal
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import RunOwner

from ..fakes.clock import RecordedProgress
from ..fakes.world import FakeWorld

SEPARATOR = chr(92)
RUN_A = "aaaaaaaa-0000-4000-8000-00000000000a"
RUN_B = "bbbbbbbb-0000-4000-8000-00000000000b"


def open_gate() -> None:
    """A gate that finds nothing."""


@dataclass
class Coordinator:
    """One controller with a run of its own."""

    world: FakeWorld
    run_id: str = RUN_A
    controller: str = "control1"

    def __post_init__(self) -> None:
        self.owner = RunOwner(self.run_id, self.controller, "alice", datetime(2026, 3, 1, 19, 0, tzinfo=UTC))
        self.fleet: Fleet = self.world.fleet()
        self.journal = Journal(self.fleet, self.owner, self.world.clock)
        self.progress = RecordedProgress()

    def acquire(self) -> run_lock.LockState:
        """Take the lock with a gate that finds nothing."""
        return run_lock.acquire(self.fleet, self.owner, self.journal, self.world.clock, self.progress, open_gate)

    def release(self, keep_nodes: tuple[str, ...] = ()) -> bool:
        """Give the lock back."""
        return run_lock.release(self.fleet, self.run_id, self.journal, keep_nodes)


def locks(world: FakeWorld) -> dict[str, str | None]:
    """Whose run lock stands on each node."""
    return {name: machine.run_lock.guid if machine.run_lock else None for name, machine in world.machines.items()}


def journals(world: FakeWorld) -> set[str]:
    """The nodes that hold a run's own entry, as node/run id."""
    return {
        f"{name}/{key.rpartition(SEPARATOR)[2]}"
        for name, machine in world.machines.items()
        for key, values in machine.registry.items()
        if "Run" in values
    }
