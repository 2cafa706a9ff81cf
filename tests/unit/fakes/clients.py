# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The remote classes of a FakeMachine, with the signatures of the real clients."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import (
    Cluster,
    ClusterInfo,
    ClusterNode,
    ClusterResource,
    DrainStatus,
    DrainType,
    FailbackType,
    GroupState,
    NodeState,
    ResourceGroup,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import (
    ClusterUpdate,
    InstallerResult,
    OfferedUpdate,
    UpdateResult,
    UpdateResultCode,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import InstanceHeldError, MethodFailedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.operating_system import (
    REASON_HOTFIX_PLANNED,
    LogicalDisk,
    OperatingSystem,
    OperatingSystemInfo,
    Process,
    Service,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.channel import Traffic
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import ServerConfiguration
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.schema import ClassDefinition

from .clock import START
from .stores import FakeRegistry, FakeStorage
from .world import FakeInstaller, FakeMachine, FakeUpdate, Held

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

    def run_update_installer(
        self,
        guid: str,
        program: str,
        parameters: str,
        update_path: str,
        require_smb_encryption: bool,
        *,
        deadline_seconds: float,
        on_event: OnEvent = None,
        should_stop: ShouldStop = None,
    ) -> InstallerResult:
        asked = (guid, program, parameters, update_path, require_smb_encryption, deadline_seconds)
        with self.world.operation(self.machine, "run_update_installer", *asked, kind=Kind.ONCE_ONLY):
            self._require_session(guid)
            script = self.machine.installers.get(update_path, FakeInstaller())
            if script.launch_hresult:
                return InstallerResult(script.launch_hresult, None)
            self.machine.installed.append(update_path)
            self.machine.reboot_required = self.machine.reboot_required or script.needs_restart
            return InstallerResult(0, script.exit_code)

    def reboot_required(self, guid: str) -> bool:
        with self.world.operation(self.machine, "reboot_required", guid):
            self._require_session(guid)
            return self.machine.reboot_required

    def has_feature_updates_argument(self) -> bool:
        return False

    def definition(self) -> ClassDefinition:
        with self.world.operation(self.machine, "definition"):
            return ClassDefinition("MSFT_CAUNode", None, {}, {})


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

    def resources(self) -> list[ClusterResource]:
        with self.world.operation(self.machine, "resources"):
            return list(self.world.resources)

    def groups_on(self, name: str) -> list[ResourceGroup]:
        with self.world.operation(self.machine, "groups_on", name):
            return [group for group in self.world.groups.values() if group.owner_node.casefold() == name.casefold()]

    def groups_of_type(self, group_type: int) -> list[ResourceGroup]:
        with self.world.operation(self.machine, "groups_of_type", group_type):
            return [group for group in self.world.groups.values() if group.group_type == group_type]

    def bring_group_online(self, name: str) -> None:
        with self.world.operation(self.machine, "bring_group_online", name, kind=Kind.IDEMPOTENT):
            self.world.groups[name] = replace(self.world.groups[name], state=GroupState.ONLINE)

    def take_group_offline(self, name: str) -> None:
        with self.world.operation(self.machine, "take_group_offline", name, kind=Kind.IDEMPOTENT):
            self.world.groups[name] = replace(self.world.groups[name], state=GroupState.OFFLINE)

    def would_lose_quorum(self, name: str) -> bool:
        with self.world.operation(self.machine, "would_lose_quorum", name):
            return self.world.loses_quorum

    def pause(self, name: str, drain_type: DrainType = DrainType.DRAIN, target: str | None = None) -> None:
        with self.world.operation(self.machine, "pause", name, drain_type, target, kind=Kind.ONCE_ONLY):
            node = self._named(name)
            node.state = NodeState.PAUSED
            if drain_type is not DrainType.NONE:
                node.drain_type = drain_type
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

    def update_services(self) -> list[Service]:
        with self.world.operation(self.machine, "services"):
            return [service for service in self.machine.services if service.name.casefold() in ("clussvc", "winrm", "wuauserv")]

    def disk(self, name: str) -> LogicalDisk:
        with self.world.operation(self.machine, "disk", name):
            return LogicalDisk(name, 100 * 1024**3, 50 * 1024**3)

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


class FakeConnection:
    """The connection below a FakeNodeClient, as far as anybody asks it directly."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.traffic = Traffic(messages=1, bytes_sent=100, bytes_received=200)
        self._calls_before = len(machine.world.calls(node=machine.name))

    @property
    def messages(self) -> int:
        """One for each operation since the connection was opened."""
        return len(self.machine.world.calls(node=self.machine.name)) - self._calls_before

    def configuration(self) -> ServerConfiguration:
        """The limits that hosts ship with."""
        with self.machine.world.operation(self.machine, "winrm_limits"):
            return ServerConfiguration(max_timeout_ms=60000, max_envelope_kb=500, max_batch_items=None)


class FakeNodeClient:
    """Stands where a NodeClient is expected."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.client = FakeConnection(machine)
        self.name = machine.name
        self.cluster_update = FakeClusterUpdate(machine)
        self.cluster = FakeCluster(machine)
        self.system = FakeOperatingSystem(machine)
        self.registry = FakeRegistry(machine)
        self.storage = FakeStorage(machine)

    def winrm_limits(self) -> ServerConfiguration | None:
        """The limits that hosts ship with."""
        return self.client.configuration()

    def close(self) -> None:
        """Count the close."""
        self.machine.world.closed += 1
