# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small cluster in memory with scripted faults, behind the interface of NodeClient.

    world = FakeWorld("HV01", ["node1", "node2"])
    fleet = world.fleet()
    world.fault("node2", "create_run_lock", when="after")       # its answer is lost after the effect
    world.machine("node1").is_reachable = False
    world.calls("pause")                                        # what was asked, in order

Operations have the names of the client's methods. Time is `world.clock`.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.fleet import Fleet
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import (
    ClusterInfo,
    ClusterNode,
    ClusterResource,
    DrainStatus,
    DrainType,
    GroupState,
    NodeState,
    ResourceGroup,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import OfferedUpdate, UpdateResultCode
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.operating_system import Process, Service
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import PhysicalDisk, StorageJob, SubSystem, VirtualDisk
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import ConnectionLostError, NotReachableError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .clock import START, FakeClock

if t.TYPE_CHECKING:
    from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.node_client import NodeClient

INSTANCE_LIFE_SECONDS = 3600.0


@dataclass
class Call:
    """One operation that reached a machine, or tried to."""

    node: str
    operation: str
    arguments: tuple[object, ...]
    at: float


@dataclass
class Fault:
    """One scripted fault.

    Args:
        node: where, None for any node.
        operation: which, "*" for any.
        when: "before" (lost before the effect), "after" (lost after it), "refuse" (`error` is raised, no effect), "silent" (not reachable).
        skip: how many matching operations pass first.
        count: how often it plays.
        error: what "refuse" raises.
        then: called when it plays, for a change of the world in the middle of an operation.
    """

    node: str | None
    operation: str
    when: t.Literal["before", "after", "refuse", "silent", "act"]
    skip: int = 0
    count: int = 1
    error: Exception | None = None
    then: Callable[[], None] | None = None


@dataclass
class FakeUpdate:
    """One update of the catalogue and what installing it does."""

    update: OfferedUpdate
    result: UpdateResultCode = UpdateResultCode.SUCCEEDED
    error_code: int = 0
    needs_restart: bool = False
    is_offered_again: bool = False


@dataclass
class FakeInstaller:
    """What the installer of one hotfix does."""

    exit_code: int = 0
    launch_hresult: int = 0
    needs_restart: bool = False


@dataclass
class Held:
    """A run lock or node session."""

    guid: str
    touched_at: float


@dataclass
class FakeMachine:
    """The state of one node; tests change it freely."""

    name: str
    world: FakeWorld
    computer_name: str
    is_reachable: bool = True
    run_lock: Held | None = None
    node_session: Held | None = None
    registry: dict[str, dict[str, object]] = field(default_factory=dict)
    clock_offset: float = 0.0
    booted_at: float = -86400.0
    restart_seconds: float = 120.0
    down_until: float | None = None
    joins_after_restart: bool = True
    state: NodeState = NodeState.UP
    drain_status: DrainStatus | None = DrainStatus.NOT_INITIATED
    status_information: int = 0
    drain_ends_at: float | None = None
    drain_fails: bool = False
    drain_type: DrainType = DrainType.DRAIN
    dynamic_weight: int = 1
    services: list[Service] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    offered: list[FakeUpdate] = field(default_factory=list)
    downloaded: set[str] = field(default_factory=set)
    installed: list[str] = field(default_factory=list)
    reboot_required: bool = False
    installers: dict[str, FakeInstaller] = field(default_factory=dict)

    def utc_now(self) -> datetime:
        """The machine's own clock."""
        return (START + timedelta(seconds=self.world.clock.now() + self.clock_offset)).replace(microsecond=0)

    def age_out(self) -> None:
        """Drop what nobody touched for an hour, as the provider does (cau.md 1.4)."""
        limit = self.world.clock.now() - INSTANCE_LIFE_SECONDS
        if self.run_lock is not None and self.run_lock.touched_at < limit:
            self.run_lock = None
        if self.node_session is not None and self.node_session.touched_at < limit:
            self.node_session = None

    def as_cluster_node(self) -> ClusterNode:
        """The node as the cluster reports it."""
        return ClusterNode(self.name, self.state, self.drain_status, self.status_information, 1, self.dynamic_weight)


class FakeWorld:
    """One cluster.

    Args:
        cluster: its name.
        nodes: the names of its nodes.
        clock: a FakeClock unless a test of threads brings a real one.
    """

    def __init__(self, cluster: str = "HV01", nodes: Sequence[str] = ("node1", "node2", "node3"), *, clock: Clock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.info = ClusterInfo(cluster, f"{cluster}.example.test".lower(), s2d_enabled=False, witness_dynamic_weight=1)
        self.machines = {name: FakeMachine(name, self, name.upper()) for name in nodes}
        self.groups: dict[str, ResourceGroup] = {}
        self.resources: list[ClusterResource] = []
        self.virtual_disks: list[VirtualDisk] = []
        self.storage_jobs: list[StorageJob] = []
        self.physical_disks: list[PhysicalDisk] = []
        self.subsystems: list[SubSystem] = []
        self.drain_seconds = 30.0
        self.loses_quorum = False
        self.log: list[Call] = []
        self.opened = 0
        self.closed = 0
        self.guard = threading.RLock()
        self.before_call: Callable[[], None] | None = None
        self._faults: list[Fault] = []

    # --- what tests do -------------------------------------------------------------------------------------------

    def machine(self, name: str) -> FakeMachine:
        """The state of a node."""
        return self.machines[name]

    def add_node(self, name: str) -> None:
        """Let a machine join the cluster."""
        self.machines[name] = FakeMachine(name, self, name.upper())

    def add_group(
        self, name: str, owner: str, state: GroupState = GroupState.ONLINE, *, is_core: bool = False, group_type: int = 111
    ) -> None:
        """Put a clustered group on a node."""
        self.groups[name] = ResourceGroup(name, state, owner, is_core, group_type)

    def fault(
        self,
        node: str | None,
        operation: str,
        *,
        when: t.Literal["before", "after", "refuse", "silent", "act"] = "before",
        skip: int = 0,
        count: int = 1,
        error: Exception | None = None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Script a fault; see Fault."""
        self._faults.append(Fault(node, operation, when, skip, count, error, then))

    def clear_faults(self) -> None:
        """Take every scripted fault away."""
        self._faults.clear()

    def calls(self, *operations: str, node: str | None = None) -> list[Call]:
        """What was asked so far, of the named operations or of all."""
        return [call for call in self.log if (not operations or call.operation in operations) and node in {None, call.node}]

    def fleet(self) -> Fleet:
        """A fleet of all nodes."""
        return Fleet(self.info.name, {name: self.opener(name) for name in self.machines})

    def opener(self, name: str) -> Callable[[], NodeClient]:
        """What opens a client to one node; opening touches nothing, as with the real one."""
        from .clients import FakeNodeClient

        def open_client() -> NodeClient:
            self.opened += 1
            return t.cast("NodeClient", FakeNodeClient(self.machines[name]))

        return open_client

    # --- what the clients use ------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def operation(self, machine: FakeMachine, name: str, *arguments: object, kind: Kind = Kind.READ) -> Iterator[None]:
        """Wrap the effect of one operation with its record and its faults."""
        if self.before_call is not None:
            self.before_call()
        with self.guard:
            self.log.append(Call(machine.name, name, arguments, self.clock.now()))
            self.settle()
            fault = self._match(machine.name, name)
            if fault is not None and fault.then is not None:
                fault.then()
            if not machine.is_reachable or machine.down_until is not None or (fault is not None and fault.when == "silent"):
                raise NotReachableError("no answer from the node", node=machine.name)
            if fault is not None and fault.when == "before":
                raise ConnectionLostError("the connection was lost", kind=kind, node=machine.name)
            if fault is not None and fault.when == "refuse" and fault.error is not None:
                raise fault.error
            yield
            if fault is not None and fault.when == "after":
                raise ConnectionLostError("the connection was lost", kind=kind, node=machine.name)

    def _match(self, node: str, operation: str) -> Fault | None:
        for fault in self._faults:
            if fault.node not in {None, node} or fault.operation not in {"*", operation} or fault.count <= 0:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.count -= 1
            return fault
        return None

    def settle(self) -> None:
        """Let drains, restarts and ageing happen up to now."""
        now = self.clock.now()
        for machine in self.machines.values():
            machine.age_out()
            if machine.drain_ends_at is not None and now >= machine.drain_ends_at:
                self._end_drain(machine)
            if machine.down_until is not None and now >= machine.down_until and machine.joins_after_restart:
                machine.booted_at, machine.down_until = machine.down_until, None
                machine.reboot_required = False
                machine.state = NodeState.PAUSED if machine.drain_status is DrainStatus.COMPLETED else NodeState.UP

    def _end_drain(self, machine: FakeMachine) -> None:
        machine.drain_ends_at = None
        if machine.drain_fails and machine.drain_type is DrainType.FORCE_DRAIN:
            for name, group in self.groups.items():
                if group.owner_node == machine.name:
                    self.groups[name] = replace(group, state=GroupState.OFFLINE)
        elif machine.drain_fails:
            machine.drain_status = DrainStatus.FAILED
            return
        machine.drain_status = DrainStatus.COMPLETED
        target = next((other.name for other in self.machines.values() if other is not machine and other.state is NodeState.UP), None)
        if target is not None:
            self.move_groups(machine.name, target)

    def move_groups(self, source: str, target: str) -> None:
        """Let every group of one node move to another."""
        for name, group in self.groups.items():
            if group.owner_node.casefold() == source.casefold():
                self.groups[name] = ResourceGroup(
                    name, group.state, target, group.is_core, group.group_type, group.status_information, group.priority
                )
