# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole state of the twin as plain data: what a snapshot holds and a restore brings back.

Times are aware datetimes in twin UTC, durations are twin seconds. Nothing here does anything.
"""

from __future__ import annotations

import enum
import random
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from .settings import Behaviour, FileShare, Firmware, Installer, Timings

HEALTHY, WARNING, UNHEALTHY = 0, 1, 2
"""HealthStatus of the storage classes (cau.md 2.5)."""


class NodeState(enum.IntEnum):
    """MSCluster_Node.State."""

    UP = 0
    DOWN = 1
    PAUSED = 2
    JOINING = 3


class DrainStatus(enum.IntEnum):
    """MSCluster_Node.NodeDrainStatus."""

    NOT_INITIATED = 0
    IN_PROGRESS = 1
    COMPLETED = 2
    FAILED = 3


class GroupState(enum.IntEnum):
    """MSCluster_ResourceGroup.State."""

    ONLINE = 0
    OFFLINE = 1
    FAILED = 2
    PARTIAL_ONLINE = 3
    PENDING = 4


class Power(enum.StrEnum):
    """How far a machine is; it answers on the network unless it is off."""

    RUNNING = "running"
    SHUTTING_DOWN = "shutting_down"
    OFF = "off"
    STARTING = "starting"


@dataclass
class Cause:
    """Who made something happen: what the event log says of it."""

    actor: str = "model"
    user: str | None = None
    request: int | None = None

    def consequence(self) -> Cause:
        """Return the cause of what the model does later because of it."""
        return Cause("model", self.user, self.request)


RegistryData: t.TypeAlias = "str | int | list[str] | list[int]"


@dataclass
class RegistryValue:
    """A value: its name as first written, the type (REG_ number) and the data."""

    name: str
    kind: int
    data: RegistryData


@dataclass
class RegistryKey:
    """A key; children and values are found by lower-case name."""

    name: str
    keys: dict[str, RegistryKey] = field(default_factory=dict)
    values: dict[str, RegistryValue] = field(default_factory=dict)


@dataclass
class Service:
    """A Windows service."""

    name: str
    display_name: str
    start_mode: str = "Auto"
    is_running: bool = True
    is_delayed: bool = False
    start_seconds: float = 5.0
    comes_back: bool = True
    is_trigger_started: bool = False
    account: str = "LocalSystem"
    path: str = ""


@dataclass
class Process:
    """A process, for Win32_Process; `started` is twin time."""

    process_id: int
    name: str
    command_line: str
    path: str
    started: datetime


@dataclass
class Update:
    """An entry of the catalogue."""

    key: str
    update_id: str
    revision: int
    title: str
    description: str
    kb: str
    kind: str = "Software"
    categories: tuple[str, ...] = ()
    size_mb: float = 50.0
    is_assigned: bool = True
    is_optional: bool = False
    is_recommended: bool = False
    is_feature: bool = False
    is_hidden: bool = False
    nodes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    needs_at_install: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    restart: str = "never"
    needs_licence: bool = False
    needs_user: bool = False
    is_exclusive: bool = False
    download_seconds: float = 30.0
    install_seconds: float = 120.0
    failure: int = 0
    failure_times: int | None = None
    failure_phase: str = "install"
    failure_nodes: tuple[str, ...] = ()
    offered_again: int = 0
    offered_again_after: str = "install"


@dataclass
class NodeUpdate:
    """What one node has done with one update."""

    is_downloaded: bool = False
    is_installed: bool = False
    is_pending_restart: bool = False
    was_installed_at_start: bool = False
    failures: int = 0
    offers_again: int = 0


@dataclass
class Lock:
    """A singleton of the CAU provider."""

    guid: str
    last_access: datetime


@dataclass
class ReportChunks:
    """A report that is being stored or is stored: raw bytes by sequence number, and what is wrong with it in the store."""

    timestamp: datetime
    chunks: dict[int, bytes] = field(default_factory=dict)
    is_complete: bool = False
    damage: str = ""


@dataclass
class Restart:
    """A restart that was asked for."""

    reason_code: int
    comment: str
    returns: bool = True
    cause: Cause = field(default_factory=Cause)
    is_scheduled: bool = False


@dataclass
class Node:
    """A machine, and what the cluster thinks of it."""

    name: str
    is_member: bool = True
    has_feature: bool = True
    state: NodeState = NodeState.UP
    drain_status: DrainStatus = DrainStatus.NOT_INITIATED
    drain_error: int = 0
    drain_target: str = ""
    drain_type: int = 0
    drain_number: int = 0
    status_flags: int = 0
    paused_by: Cause | None = None
    weight: int = 1
    dynamic_weight: int = 1
    site: str = ""
    power: Power = Power.RUNNING
    boot_time: datetime = datetime.min
    boot_number: int = 1
    restart: Restart | None = None
    clock_offset: float = 0.0
    utc_offset_minutes: int = 60
    generation: str = "2022"
    build: str = "20348"
    version: str = "10.0.20348"
    caption: str = "Microsoft Windows Server 2022 Datacenter"
    services: dict[str, Service] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    free_bytes: int = 85_899_345_920
    servicing_until: datetime | None = None
    installing_job: int | None = None
    registry: RegistryKey = field(default_factory=lambda: RegistryKey("HKEY_LOCAL_MACHINE"))
    pending_signals: set[str] = field(default_factory=set)
    updates: dict[str, NodeUpdate] = field(default_factory=dict)
    run_lock: Lock | None = None
    node_session: Lock | None = None
    reports: dict[datetime, ReportChunks] = field(default_factory=dict)
    timings: Timings | None = None
    next_restarts: list[dict[str, t.Any]] = field(default_factory=list)
    drain_faults: list[dict[str, t.Any]] = field(default_factory=list)

    @property
    def is_reachable(self) -> bool:
        """True while the machine answers on the network."""
        return self.power is not Power.OFF

    @property
    def has_voted(self) -> bool:
        """True for a node that takes part in quorum."""
        return self.is_member and self.state in {NodeState.UP, NodeState.PAUSED}


@dataclass
class Schedule:
    """When the coordinator of a self-updating role comes, in twin seconds: first at `at`, then `every`, and for how long its run lasts."""

    at: float
    every: float | None = None
    lasts: float = 600.0


@dataclass
class Group:
    """A clustered role or a core group."""

    name: str
    owner: str
    group_type: int = 111
    state: GroupState = GroupState.ONLINE
    is_core: bool = False
    is_locked: bool = False
    possible_owners: tuple[str, ...] = ()
    preferred_owners: tuple[str, ...] = ()
    auto_failback: bool = False
    priority: int = 2000
    move_seconds: float | None = None
    drained_from: str | None = None
    moving_to: str | None = None
    was_online: bool = True
    resources: tuple[tuple[str, str], ...] = ()
    schedule: Schedule | None = None


@dataclass
class PhysicalDisk:
    """A physical disk of a node."""

    name: str
    serial: str
    node: str
    media: int = 4
    size: int = 3_840_755_982_336
    health: int = HEALTHY
    in_maintenance: bool = False
    is_lost: bool = False


@dataclass
class VirtualDisk:
    """A virtual disk of the pool: `missing` are nodes whose part is away, `stale` those whose part is repaired."""

    name: str
    size: int = 10_995_116_277_760
    health: int = HEALTHY
    missing: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)


@dataclass
class StorageJob:
    """A repair job."""

    job_id: str
    disk: str
    node: str
    started: datetime
    seconds: float


@dataclass
class Storage:
    """Storage of a cluster; without Storage Spaces Direct there are only local disks."""

    s2d: bool = False
    repair_seconds: float = 120.0
    auto_maintenance: bool = False
    virtual_disks: dict[str, VirtualDisk] = field(default_factory=dict)
    physical_disks: list[PhysicalDisk] = field(default_factory=list)
    jobs: dict[str, StorageJob] = field(default_factory=dict)


@dataclass
class Cluster:
    """A failover cluster."""

    name: str
    domain: str = "example.test"
    witness: str = "none"
    witness_weight: int = 0
    dynamic_quorum: bool = True
    has_quorum: bool = True
    votes_at_loss: int = 0
    functional_level: int = 10
    nodes: dict[str, Node] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    updates: dict[str, Update] = field(default_factory=dict)
    installers: list[Installer] = field(default_factory=list)
    shares: list[FileShare] = field(default_factory=list)
    firmware: list[Firmware] = field(default_factory=list)
    storage: Storage = field(default_factory=Storage)
    timings: Timings = field(default_factory=Timings)
    behaviour: Behaviour = field(default_factory=Behaviour)

    def members(self) -> list[Node]:
        """Return the nodes that belong to the cluster, in name order."""
        return sorted((node for node in self.nodes.values() if node.is_member), key=lambda node: node.name.casefold())


@dataclass(order=True)
class Scheduled:
    """Something that will happen: a handler's name and its arguments."""

    due: datetime
    order: int
    handler: str = field(compare=False)
    arguments: dict[str, t.Any] = field(compare=False, default_factory=dict)
    cause: Cause = field(compare=False, default_factory=Cause)


@dataclass
class JobState:
    """A long method in flight: what it still has to do and what it has produced so far.

    `outputs` are tuples of plain data; `read` of them have been fetched by whoever listens.
    """

    number: int
    cluster: str
    node: str
    boot_number: int
    kind: str
    guid: str
    cause: Cause
    query: str = ""
    todo: list[str] = field(default_factory=list)
    done: int = 0
    outputs: list[tuple[str, t.Any]] = field(default_factory=list)
    read: int = 0
    is_over: bool = False
    cancelled: str | None = None
    detail: dict[str, t.Any] = field(default_factory=dict)


@dataclass
class World:
    """Everything."""

    now: datetime
    seed: int = 0
    rng: random.Random = field(default_factory=random.Random)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    queue: list[Scheduled] = field(default_factory=list)
    jobs: dict[int, JobState] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    faults: list[dict[str, t.Any]] = field(default_factory=list)
    fault_hits: dict[int, int] = field(default_factory=dict)

    def number(self, counter: str) -> int:
        """Return the next number of a counter, from 1."""
        self.counters[counter] = self.counters.get(counter, 0) + 1
        return self.counters[counter]
