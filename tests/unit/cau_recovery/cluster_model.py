# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster in memory, and runs that work on it in steps between which anything can happen.

The runs do what design.md says and ask the pure functions of recovery.py what to do; everything else here is a stand-in.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import NodeEntry, Phase, RunEntry, RunOwner
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_view import RecordedRun
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.lock_view import LockKind, LockView
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.recovery import Action, Decision, decide, take_over
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.remains import Remains, Watch
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import ClusterNode, DrainStatus, NodeState

ADMINISTRATOR = "administrator"
FOREIGN = "0f0e0d0c-0b0a-4909-8807-060504030201"
UPDATE = "kb1"
START = datetime(2026, 3, 10, 22, 0, tzinfo=UTC)


@dataclass
class Record:
    """What one node's journal holds of one run."""

    owner: RunOwner
    heartbeat: datetime
    is_released: bool = False
    entries: dict[str, NodeEntry] = field(default_factory=dict)


@dataclass
class Machine:
    """One node."""

    name: str
    offset: float = 0.0
    is_down: bool = False
    paused_by: str | None = None
    lock: str | None = None
    session: str | None = None
    missing: set[str] = field(default_factory=lambda: {UPDATE})
    journal: dict[str, Record] = field(default_factory=dict)

    @property
    def view(self) -> ClusterNode:
        """The node as the cluster shows it."""
        state = NodeState.DOWN if self.is_down else NodeState.PAUSED if self.paused_by else NodeState.UP
        return ClusterNode(self.name, state, DrainStatus.COMPLETED if self.paused_by else DrainStatus.NOT_INITIATED)


class ClusterModel:
    """Three nodes, their clocks, locks and journals."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.machines = {name: Machine(name) for name in ("N1", "N2", "N3")}
        self.installed: list[tuple[str, str]] = []

    def clock(self, machine: Machine) -> datetime:
        """Return a node's own time."""
        return START + timedelta(seconds=self.seconds + machine.offset)

    def members(self) -> Mapping[str, ClusterNode]:
        """Return the nodes as the cluster shows them."""
        return {name: machine.view for name, machine in self.machines.items()}

    def remains(self, own: str | None = None) -> Remains:
        """Return what a new run sees when it looks."""
        views = [LockView(m.name, m.lock, m.session, None, LockKind.NONE) for m in self.machines.values()]
        recorded = {m.name: [self._recorded(m, run, at) for run, at in m.journal.items() if run != own] for m in self.machines.values()}
        return Remains(tuple(views), recorded, {}, own)

    def _recorded(self, machine: Machine, run_id: str, record: Record) -> RecordedRun:
        age = (self.clock(machine) - record.heartbeat).total_seconds()
        entry = RunEntry(record.owner, "HV01", record.heartbeat, age, is_released=record.is_released)
        return RecordedRun(run_id, entry, tuple(record.entries[name] for name in sorted(record.entries)))


class ModelRun:
    """One controller process; `steps` goes on by one step each time, and a run that is never asked again is dead."""

    def __init__(self, cluster: ClusterModel, decision: Decision) -> None:
        self.cluster = cluster
        self.decision = decision
        self.run_id = str(uuid.uuid4())
        took_over = tuple(run.run_id for run in decision.over)
        self.owner = RunOwner(self.run_id, "controller", "svc", START, took_over=took_over)
        self.steps = self._work()
        self.is_over = False

    def beat(self) -> None:
        """Show a sign of life on every node that has an entry of this run."""
        for machine in self.cluster.machines.values():
            if self.run_id in machine.journal:
                machine.journal[self.run_id].heartbeat = self.cluster.clock(machine)

    def go_on(self) -> None:
        """Do one step."""
        self.beat()
        try:
            next(self.steps)
        except StopIteration:
            self.is_over = True

    def owns(self) -> bool:
        """Return whether this run holds the lock on every node."""
        return all(machine.lock == self.run_id for machine in self.cluster.machines.values())

    def _work(self) -> Iterator[None]:
        yield from self._open()
        yield from self._take()
        if not self.owns():
            return
        yield from self._adopt()
        away = [entry.node for entry in self.decision.unfinished]
        for name in dict.fromkeys([*away, *self.cluster.machines]):
            if not self.owns():
                return
            yield from self._update(self.cluster.machines[name])
        yield from self._release()

    def _open(self) -> Iterator[None]:
        for machine in self.cluster.machines.values():
            machine.journal[self.run_id] = Record(self.owner, self.cluster.clock(machine))
            yield

    def _take(self) -> Iterator[None]:
        dead = {run.run_id for run in self.decision.over}
        for machine in self.cluster.machines.values():
            if machine.session in dead:
                machine.session = None
            if machine.lock in dead:
                machine.lock = None
                yield
            if machine.lock is not None:
                yield from self._back_out()
                return
            machine.lock = self.run_id
            yield

    def _back_out(self) -> Iterator[None]:
        for machine in self.cluster.machines.values():
            if machine.lock == self.run_id:
                machine.lock = None
                yield
        for machine in self.cluster.machines.values():
            machine.journal.pop(self.run_id, None)
            yield

    def _adopt(self) -> Iterator[None]:
        over = {run.run_id for run in self.decision.over}
        found = [run for run in Watch().runs(self.cluster.remains(self.run_id)) if run.run_id in over]
        taken = take_over(found, self.cluster.members()) if found else Decision(Action.GO_ON)
        self.decision = replace(taken, over=self.decision.over)
        for entry in taken.adopted:
            yield from self._write(entry)
        for machine in self.cluster.machines.values():
            for run_id in over:
                machine.journal.pop(run_id, None)
            yield

    def _write(self, entry: NodeEntry) -> Iterator[None]:
        names = list(self.cluster.machines)
        copy = names[(names.index(entry.node) + 1) % len(names)]
        for place in (entry.node, copy):
            self.cluster.machines[place].journal[self.run_id].entries[entry.node] = entry
            yield

    def _entry(self, machine: Machine) -> NodeEntry:
        return machine.journal[self.run_id].entries.get(machine.name) or NodeEntry(machine.name)

    def _change(self, machine: Machine, **changes: object) -> Iterator[None]:
        entry = self._entry(machine)
        yield from self._write(replace(entry, **changes, sequence=entry.sequence + 1))  # type: ignore[arg-type]

    def _update(self, machine: Machine) -> Iterator[None]:
        if machine.is_down or (machine.paused_by and not self._entry(machine).paused_by_us):
            return
        if not self._entry(machine).paused_by_us:
            if not machine.missing or any(other.view.state is not NodeState.UP for other in self.cluster.machines.values()):
                return
            machine.session = self.run_id
            yield from self._change(machine, phase=Phase.DRAINING, paused_by_us=True, was_paused_before=False)
        if machine.paused_by is None and self.owns():
            machine.paused_by = self.run_id
            yield
        yield from self._install(machine)
        if machine.paused_by == ADMINISTRATOR or not self.owns():
            return
        machine.paused_by = None
        yield
        yield from self._change(machine, phase=Phase.RESUMED, paused_by_us=False)
        machine.session = None
        yield

    def _install(self, machine: Machine) -> Iterator[None]:
        if not machine.missing or not self.owns():
            return
        yield from self._change(machine, phase=Phase.INSTALLING, batch=(UPDATE,))
        if machine.missing and self.owns():
            machine.missing.clear()
            self.cluster.installed.append((machine.name, UPDATE))
            yield
        yield from self._change(machine, phase=Phase.DRAINED, batch=())

    def _release(self) -> Iterator[None]:
        for machine in self.cluster.machines.values():
            if machine.session == self.run_id:
                machine.session = None
            if machine.lock == self.run_id:
                machine.lock = None
                yield
        for machine in self.cluster.machines.values():
            machine.journal.pop(self.run_id, None)
            yield


def look_and_decide(cluster: ClusterModel, watch: Watch) -> Decision:
    """Return what a new run decides now."""
    return decide(watch.runs(cluster.remains()), cluster.members())
