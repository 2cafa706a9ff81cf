# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The remote classes of a FakeMachine, with the signatures of the real clients."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import (
    Cluster,
    ClusterInfo,
    ClusterNode,
    DrainStatus,
    DrainType,
    FailbackType,
    NodeState,
    ResourceGroup,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import (
    ClusterUpdate,
    OfferedUpdate,
    UpdateResult,
    UpdateResultCode,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import InstanceHeldError, MethodFailedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.operating_system import (
    REASON_HOTFIX_PLANNED,
    OperatingSystem,
    OperatingSystemInfo,
    Process,
    Service,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.registry import Registry
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import (
    PhysicalDisk,
    Storage,
    StorageJob,
    SubSystem,
    VirtualDisk,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .clock import START
from .world import FakeMachine, FakeUpdate, Held

if t.TYPE_CHECKING:
    from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.events import Event

OnEvent = t.Optional[Callable[["Event"], None]]  # noqa: UP045 - a name for the checker, with a forward reference inside
ShouldStop = t.Optional[Callable[[], None]]  # noqa: UP045


class FakeClusterUpdate(ClusterUpdate):
    """Run lock, node session and updates."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.world = machine.world

    def _held(self, slot: str) -> Held | None:
        return t.cast("Held | None", getattr(self.machine, slot))

    def _read(self, slot: str) -> str | None:
        with self.world.operation(self.machine, slot):
            held = self._held(slot)
            return held.guid if held else None

    def _touch(self, slot: str, guid: str) -> bool:
        with self.world.operation(self.machine, f"touch_{slot}", guid):
            held = self._held(slot)
            if held is None or held.guid != guid:
                return False
            held.touched_at = self.world.clock.now()
            return True

    def _create(self, slot: str, guid: str) -> None:
        with self.world.operation(self.machine, f"create_{slot}", guid, kind=Kind.IDEMPOTENT):
            held = self._held(slot)
            if held is not None and held.guid != guid:
                raise InstanceHeldError(f"held by {held.guid}", holder=held.guid, node=self.machine.name)
            setattr(self.machine, slot, Held(guid, self.world.clock.now()))

    def _delete(self, slot: str, guid: str) -> bool:
        with self.world.operation(self.machine, f"delete_{slot}", guid, kind=Kind.IDEMPOTENT):
            held = self._held(slot)
            if held is None or held.guid != guid:
                return False
            setattr(self.machine, slot, None)
            return True

    def run_lock(self) -> str | None:
        return self._read("run_lock")

    def touch_run_lock(self, guid: str) -> bool:
        return self._touch("run_lock", guid)

    def create_run_lock(self, guid: str) -> None:
        self._create("run_lock", guid)

    def delete_run_lock(self, guid: str) -> bool:
        return self._delete("run_lock", guid)

    def node_session(self) -> str | None:
        return self._read("node_session")

    def touch_node_session(self, guid: str) -> bool:
        return self._touch("node_session", guid)

    def create_node_session(self, guid: str) -> None:
        self._create("node_session", guid)

    def delete_node_session(self, guid: str) -> bool:
        return self._delete("node_session", guid)

    def _require_session(self, guid: str) -> None:
        if self.machine.node_session is None or self.machine.node_session.guid != guid:
            raise MethodFailedError("no node session of this GUID", return_value=0x80041002, node=self.machine.name)

    def _matching(self, query: str) -> list[FakeUpdate]:
        ids = {found.lower() for found in re.findall(r"UpdateID='([^']+)'", query)}
        return [one for one in self.machine.offered if not ids or one.update.update_id in ids]

    def scan(
        self,
        guid: str,
        query: str,
        include_recommended: bool,
        *,
        deadline_seconds: float,
        on_event: OnEvent = None,
        should_stop: ShouldStop = None,
    ) -> list[OfferedUpdate]:
        with self.world.operation(self.machine, "scan", guid, query, include_recommended):
            self._require_session(guid)
            return [one.update for one in self._matching(query)]

    def download(
        self,
        guid: str,
        query: str,
        include_recommended: bool,
        *,
        deadline_seconds: float,
        on_event: OnEvent = None,
        should_stop: ShouldStop = None,
    ) -> list[UpdateResult]:
        with self.world.operation(self.machine, "download", guid, query, include_recommended, kind=Kind.IDEMPOTENT):
            self._require_session(guid)
            chosen = [one.update for one in self._matching(query)]
            self.machine.downloaded |= {update.update_id for update in chosen}
            return [
                UpdateResult(update.update_id, update.title, update.description, UpdateResultCode.SUCCEEDED, 0, self.machine.utc_now())
                for update in chosen
            ]

    def install(
        self,
        guid: str,
        query: str,
        include_recommended: bool,
        *,
        deadline_seconds: float,
        on_event: OnEvent = None,
        should_stop: ShouldStop = None,
    ) -> list[UpdateResult]:
        with self.world.operation(self.machine, "install", guid, query, include_recommended, kind=Kind.ONCE_ONLY):
            self._require_session(guid)
            return [self._install(one) for one in self._matching(query)]

    def _install(self, one: FakeUpdate) -> UpdateResult:
        if one.result is UpdateResultCode.SUCCEEDED:
            self.machine.installed.append(one.update.update_id)
            self.machine.reboot_required = self.machine.reboot_required or one.needs_restart
            if not one.is_offered_again:
                self.machine.offered.remove(one)
        return UpdateResult(
            one.update.update_id,
            one.update.title,
            one.update.description,
            one.result,
            one.error_code,
            self.machine.utc_now(),
            reboot_required=one.needs_restart,
        )

    def reboot_required(self, guid: str) -> bool:
        with self.world.operation(self.machine, "reboot_required", guid):
            self._require_session(guid)
            return self.machine.reboot_required

    def has_feature_updates_argument(self) -> bool:
        return False


class FakeCluster(Cluster):
    """The cluster as the machine sees it."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.world = machine.world

    def _named(self, name: str) -> FakeMachine:
        return next(machine for machine in self.world.machines.values() if machine.name.casefold() == name.casefold())

    def info(self) -> ClusterInfo:
        with self.world.operation(self.machine, "info"):
            return self.world.info

    def nodes(self) -> list[ClusterNode]:
        with self.world.operation(self.machine, "nodes"):
            return [machine.as_cluster_node() for machine in self.world.machines.values()]

    def node(self, name: str) -> ClusterNode:
        with self.world.operation(self.machine, "node", name):
            return self._named(name).as_cluster_node()

    def groups(self) -> list[ResourceGroup]:
        with self.world.operation(self.machine, "groups"):
            return list(self.world.groups.values())

    def groups_on(self, name: str) -> list[ResourceGroup]:
        with self.world.operation(self.machine, "groups_on", name):
            return [group for group in self.world.groups.values() if group.owner_node.casefold() == name.casefold()]

    def would_lose_quorum(self, name: str) -> bool:
        with self.world.operation(self.machine, "would_lose_quorum", name):
            return self.world.loses_quorum

    def pause(self, name: str, drain_type: DrainType = DrainType.DRAIN, target: str | None = None) -> None:
        with self.world.operation(self.machine, "pause", name, drain_type, target, kind=Kind.ONCE_ONLY):
            node = self._named(name)
            node.state = NodeState.PAUSED
            if drain_type is not DrainType.NONE:
                node.drain_status = DrainStatus.IN_PROGRESS
                node.drain_ends_at = self.world.clock.now() + self.world.drain_seconds

    def resume(self, name: str, failback: FailbackType) -> None:
        with self.world.operation(self.machine, "resume", name, failback, kind=Kind.ONCE_ONLY):
            node = self._named(name)
            if node.state is not NodeState.PAUSED:
                raise MethodFailedError("the node is not paused", return_value=5058, node=self.machine.name)
            node.state, node.drain_status, node.drain_ends_at = NodeState.UP, DrainStatus.NOT_INITIATED, None


class FakeOperatingSystem(OperatingSystem):
    """Clock, boot time, services and processes."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.world = machine.world

    def computer_name(self) -> str:
        with self.world.operation(self.machine, "computer_name"):
            return self.machine.computer_name

    def info(self) -> OperatingSystemInfo:
        with self.world.operation(self.machine, "os_info"):
            booted = START + timedelta(seconds=self.machine.booted_at + self.machine.clock_offset)
            return OperatingSystemInfo(
                self.machine.computer_name, booted, self.machine.utc_now(), "10.0.20348", 20348, "Windows Server 2022 Datacenter"
            )

    def utc_now(self) -> datetime:
        with self.world.operation(self.machine, "utc_now"):
            return self.machine.utc_now()

    def services(self) -> list[Service]:
        with self.world.operation(self.machine, "services"):
            return list(self.machine.services)

    def auto_services(self) -> list[Service]:
        with self.world.operation(self.machine, "services"):
            return [service for service in self.machine.services if service.start_mode.casefold() == "auto"]

    def processes(self) -> list[Process]:
        with self.world.operation(self.machine, "processes"):
            return list(self.machine.processes)

    def processes_named(self, names: t.Iterable[str]) -> list[Process]:
        wanted = {name.casefold() for name in names}
        with self.world.operation(self.machine, "processes"):
            return [process for process in self.machine.processes if process.name.casefold() in wanted]

    def restart(self, comment: str, reason_code: int = REASON_HOTFIX_PLANNED, delay_seconds: int = 0) -> None:
        with self.world.operation(self.machine, "restart", comment, reason_code, delay_seconds, kind=Kind.ONCE_ONLY):
            self.machine.down_until = self.world.clock.now() + self.machine.restart_seconds
            self.machine.state = NodeState.DOWN


class FakeRegistry(Registry):
    """HKEY_LOCAL_MACHINE, with names that ignore case, as Windows has them."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.world = machine.world

    @property
    def _keys(self) -> dict[str, dict[str, object]]:
        return self.machine.registry

    def _find(self, path: str) -> str | None:
        return next((key for key in self._keys if key.casefold() == path.casefold()), None)

    def create_key(self, path: str) -> None:
        with self.world.operation(self.machine, "create_key", path, kind=Kind.IDEMPOTENT):
            parts = path.split("\\")
            for depth in range(1, len(parts) + 1):
                above = "\\".join(parts[:depth])
                if self._find(above) is None:
                    self._keys[above] = {}

    def _below(self, path: str) -> list[str]:
        return [key for key in self._keys if key.casefold().startswith(path.casefold() + "\\")]

    def delete_key(self, path: str) -> bool:
        with self.world.operation(self.machine, "delete_key", path, kind=Kind.IDEMPOTENT):
            found = self._find(path)
            if found is None:
                return False
            if self._below(path):
                raise MethodFailedError("the key has subkeys", return_value=5, node=self.machine.name)
            del self._keys[found]
            return True

    def delete_tree(self, path: str) -> bool:
        with self.world.operation(self.machine, "delete_tree", path, kind=Kind.IDEMPOTENT):
            found = self._find(path)
            for key in self._below(path):
                del self._keys[key]
            if found is not None:
                del self._keys[found]
            return found is not None

    def subkeys(self, path: str) -> list[str] | None:
        with self.world.operation(self.machine, "subkeys", path):
            if self._find(path) is None:
                return None
            depth = path.count("\\") + 1
            return [key.split("\\")[depth] for key in self._below(path) if key.count("\\") == depth]

    def value_names(self, path: str) -> list[str] | None:
        with self.world.operation(self.machine, "value_names", path):
            found = self._find(path)
            return None if found is None else list(self._keys[found])

    def _get(self, path: str, name: str) -> object:
        found = self._find(path)
        return None if found is None else {key.casefold(): value for key, value in self._keys[found].items()}.get(name.casefold())

    def _set(self, path: str, name: str, value: object) -> None:
        found = self._find(path)
        if found is None:
            raise MethodFailedError("the key does not exist", return_value=2, node=self.machine.name)
        self._keys[found][name] = value

    def text(self, path: str, name: str) -> str | None:
        with self.world.operation(self.machine, "text", path, name):
            value = self._get(path, name)
            return value if isinstance(value, str) else None

    def set_text(self, path: str, name: str, value: str) -> None:
        with self.world.operation(self.machine, "set_text", path, name, value, kind=Kind.IDEMPOTENT):
            self._set(path, name, value)

    def number(self, path: str, name: str) -> int | None:
        with self.world.operation(self.machine, "number", path, name):
            value = self._get(path, name)
            return value if isinstance(value, int) else None

    def set_number(self, path: str, name: str, value: int) -> None:
        with self.world.operation(self.machine, "set_number", path, name, value, kind=Kind.IDEMPOTENT):
            self._set(path, name, value)

    def texts(self, path: str, name: str) -> list[str] | None:
        with self.world.operation(self.machine, "texts", path, name):
            value = self._get(path, name)
            return list(value) if isinstance(value, list) else None

    def set_texts(self, path: str, name: str, value: Sequence[str]) -> None:
        with self.world.operation(self.machine, "set_texts", path, name, tuple(value), kind=Kind.IDEMPOTENT):
            self._set(path, name, list(value))

    def delete_value(self, path: str, name: str) -> bool:
        with self.world.operation(self.machine, "delete_value", path, name, kind=Kind.IDEMPOTENT):
            found = self._find(path)
            return found is not None and self._keys[found].pop(name, None) is not None


class FakeStorage(Storage):
    """Storage health, the same from every node."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.world = machine.world

    def virtual_disks(self) -> list[VirtualDisk]:
        with self.world.operation(self.machine, "virtual_disks"):
            return list(self.world.virtual_disks)

    def jobs(self) -> list[StorageJob]:
        with self.world.operation(self.machine, "jobs"):
            return list(self.world.storage_jobs)

    def physical_disks(self) -> list[PhysicalDisk]:
        with self.world.operation(self.machine, "physical_disks"):
            return list(self.world.physical_disks)

    def subsystems(self) -> list[SubSystem]:
        with self.world.operation(self.machine, "subsystems"):
            return list(self.world.subsystems)


class FakeNodeClient:
    """Stands where a NodeClient is expected."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.name = machine.name
        self.cluster_update = FakeClusterUpdate(machine)
        self.cluster = FakeCluster(machine)
        self.system = FakeOperatingSystem(machine)
        self.registry = FakeRegistry(machine)
        self.storage = FakeStorage(machine)

    def close(self) -> None:
        """Count the close."""
        self.machine.world.closed += 1
