# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the work on one node share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import run_lock
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.drain import drain
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.fleet import NodeWork
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install_records import InstallRecord, InstallState
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal import Journal
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import NodeEntry, RunOwner
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.ownership import Ownership
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import GroupState, ResourceGroup
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import OfferedUpdate, UpdateResultCode
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.operating_system import Process, Service

from ..fakes.clock import FakeClock, RecordedProgress
from ..fakes.world import FakeUpdate, FakeWorld

RUN_ID = "aaaaaaaa-0000-4000-8000-00000000000a"
CBS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"


@dataclass
class Bench:
    """A cluster, its run, and the work on node1."""

    world: FakeWorld
    clock: FakeClock
    progress: RecordedProgress
    journal: Journal
    work: NodeWork

    def entry(self) -> NodeEntry:
        """What the journal says about node1."""
        found = self.journal.read("node1")
        assert found is not None
        return found

    def drained(self) -> None:
        """Bring node1 to where an installation may begin."""
        drain(self.work)

    def count(self, operation: str) -> int:
        """How often an operation was asked of node1."""
        return len(self.world.calls(operation, node="node1"))

    def set_group(self, name: str, owner: str, state: GroupState) -> None:
        """Change a group."""
        self.world.groups[name] = ResourceGroup(name, state, owner, False, 111)


def make_bench(nodes: Sequence[str] = ("node1", "node2", "node3")) -> Bench:
    """Return a cluster whose run lock is ours, with two roles on node1 and one on node2."""
    world = FakeWorld("HV01", nodes)
    clock = world.clock
    assert isinstance(clock, FakeClock)
    world.add_group("VM web01", "node1")
    world.add_group("VM web02", "node1")
    world.add_group("VM db01", "node2")
    world.machine("node1").services = [service("WinRM"), service("ClusSvc"), service("Spooler", "Stopped")]
    progress = RecordedProgress()
    fleet = world.fleet()
    journal = Journal(fleet, RunOwner(RUN_ID, "control1", "alice", datetime(2026, 3, 1, 19, 0, tzinfo=UTC)), clock)
    run_lock.acquire(fleet, journal.owner, journal, clock, progress, lambda: None)
    progress.lines.clear()
    ownership = Ownership(fleet, "node1", RUN_ID, journal, clock)
    return Bench(world, clock, progress, journal, NodeWork(fleet, "node1", RUN_ID, clock, progress, ownership, journal))


def service(name: str, state: str = "Running", start_mode: str = "Auto") -> Service:
    """A Windows service."""
    return Service(name, name, state, start_mode, delayed_auto_start=False, start_name="LocalSystem")


def process(name: str, command_line: str = "") -> Process:
    """A running process."""
    return Process(4711, name, command_line, None, "")


def update_id(number: int) -> str:
    """The id of an update of the catalogue."""
    return f"00000000-0000-4000-8000-{number:012d}"


def fake_update(
    number: int,
    title: str | None = None,
    *,
    result: UpdateResultCode = UpdateResultCode.SUCCEEDED,
    error_code: int = 0,
    needs_restart: bool = False,
    is_offered_again: bool = False,
) -> FakeUpdate:
    """An update of the catalogue, KB500000<number> unless a title is given."""
    offered = OfferedUpdate(update_id(number), title or f"Update {number} (KB{5000000 + number})", "")
    return FakeUpdate(offered, result, error_code, needs_restart, is_offered_again)


def lose_lock(bench: Bench) -> None:
    """Let the run lock vanish from one node."""
    bench.world.machine("node3").run_lock = None


def lose_quorum(bench: Bench) -> None:
    """Let the cluster need every node."""
    bench.world.loses_quorum = True


def queries(bench: Bench) -> list[str]:
    """Return what each installation was asked for."""
    return [str(call.arguments[1]) for call in bench.world.calls("install")]


def states(records: Iterable[InstallRecord]) -> list[InstallState]:
    """Return what became of each update."""
    return [record.state for record in records]
