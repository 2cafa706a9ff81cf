# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the state of the model from a checked scenario."""

from __future__ import annotations

import dataclasses
import random
import typing as t
import uuid
from datetime import datetime, timedelta

from ..model import quorum, registry
from ..model.settings import Behaviour, FileShare, Firmware, Installer, Timings
from ..model.state import (
    Cause,
    Cluster,
    Group,
    GroupState,
    Lock,
    Node,
    NodeState,
    PhysicalDisk,
    Power,
    Process,
    RegistryData,
    RegistryKey,
    ReportChunks,
    Schedule,
    Service,
    Storage,
    VirtualDisk,
    World,
)
from . import defaults
from .catalogue import build_updates, number
from .fault_names import check_fault
from .loader import ScenarioError

Data = dict[str, t.Any]

_REG_KINDS = {str: registry.REG_SZ, int: registry.REG_DWORD, list: registry.REG_MULTI_SZ}

PENDING_FILES = [r"\??\C:\Windows\System32\spool\PRTPROCS\x64\old.tmp", ""]


def build(data: Data, now: datetime, seed: int = 0, name: str = "scenario") -> World:
    """Return the world of a scenario.

    Args:
        data: what `loader.load` returned.
        now: twin time at the beginning.
        seed: of everything that is random.
        name: the file, for messages.

    Raises:
        ScenarioError: names in it do not fit together.
    """
    world = World(now=now, seed=seed, rng=random.Random(seed))  # noqa: S311 - repeatable, not secret
    seen: dict[str, str] = {}
    for index, entry in enumerate(data["clusters"]):
        where = f"clusters[{index}]"
        cluster = _Builder(name, where, now, world.rng).cluster(entry)
        if cluster.name in world.clusters:
            raise ScenarioError(name, f"{where}.name", f"cluster {cluster.name} stands twice in the scenario")
        for node in cluster.nodes:
            if node.casefold() in seen:
                raise ScenarioError(name, f"{where}.nodes", f"node {node} stands in {seen[node.casefold()]} as well")
            seen[node.casefold()] = cluster.name
        world.clusters[cluster.name] = cluster
    world.faults = [dict(fault) for fault in data.get("faults", [])]
    for index, fault in enumerate(world.faults):
        check_fault(world, fault, f"faults[{index}]", name)
    return world


class _Builder:
    """Builds one cluster."""

    def __init__(self, file: str, where: str, now: datetime, rng: random.Random) -> None:
        self.file = file
        self.where = where
        self.now = now
        self.rng = rng

    def refuse(self, where: str, reason: str) -> ScenarioError:
        return ScenarioError(self.file, f"{self.where}.{where}", reason)

    def cluster(self, data: Data) -> Cluster:
        generation = str(data.get("generation", "2022"))
        release = defaults.RELEASES[generation]
        votes = data.get("quorum", {})
        cluster = Cluster(
            name=data["name"],
            domain=data.get("domain", "example.test"),
            witness=votes.get("witness", "none"),
            dynamic_quorum=votes.get("dynamic", True),
            functional_level=data.get("functional_level", release.functional_level),
            timings=Timings(**data.get("timings", {})),
            behaviour=Behaviour(**data.get("behaviour", {})),
        )
        for index, entry in enumerate(data["nodes"]):
            node = self.node({"name": entry} if isinstance(entry, str) else entry, data, generation, cluster)
            if node.name in cluster.nodes:
                raise self.refuse(f"nodes[{index}]", f"node {node.name} stands twice in the cluster")
            cluster.nodes[node.name] = node
        self.groups(cluster, data)
        build_updates(cluster, data.get("updates", []), self.refuse)
        cluster.installers = [self.installer(entry) for entry in data.get("installers", [])]
        self.reports(cluster, data)
        cluster.firmware = [Firmware(**entry) for entry in data.get("firmware", [])]
        cluster.shares = [FileShare(**entry) for entry in data.get("shares", [])]
        cluster.storage = self.storage(cluster, data.get("storage", {}))
        self.settle(cluster)
        return cluster

    def reports(self, cluster: Cluster, data: Data) -> None:
        for index, entry in enumerate(data.get("reports", [])):
            self.known(cluster, entry["node"], f"reports[{index}].node")
            stamp = datetime.fromisoformat(entry["timestamp"])
            report = ReportChunks(stamp, {0: entry.get("text", "").encode()}, is_complete=True, damage=entry.get("damage", ""))
            cluster.nodes[entry["node"]].reports[stamp] = report

    def node(self, data: Data, cluster: Data, generation: str, built: Cluster) -> Node:
        own = str(data.get("generation", generation))
        release = defaults.RELEASES[own]
        has_hyper_v = any(group.get("type", "virtual_machine") == "virtual_machine" for group in cluster.get("groups", []))
        # Nodes of a cluster were seldom all started in the same minute.
        hours = data.get("uptime_hours", 24.0 * self.rng.randint(5, 40) + self.rng.random() * 20)
        state = data.get("state", "up")
        node = Node(
            name=data["name"],
            is_member=data.get("member", True),
            has_feature=data.get("feature", True),
            weight=data.get("weight", 1),
            site=data.get("site", ""),
            state=NodeState[state.upper()],
            power=Power.OFF if state == "down" else Power.RUNNING,
            boot_time=self.now - timedelta(hours=hours),
            clock_offset=data.get("clock_offset", 0.0),
            utc_offset_minutes=data.get("utc_offset_minutes", 60),
            generation=own,
            build=data.get("build", release.build),
            version=release.version,
            caption=release.caption,
            services=defaults.services(has_hyper_v=has_hyper_v),
            free_bytes=round(data.get("free_gb", 80) * 1024**3),
        )
        if state == "paused":
            node.paused_by = Cause("scenario")
        if "timings" in data:
            node.timings = dataclasses.replace(built.timings, **data["timings"])
        for entry in [*cluster.get("services", []), *data.get("services", [])]:
            self.service(node, entry)
        for index, entry in enumerate(data.get("processes", [])):
            started = self.now - timedelta(seconds=entry.get("age_seconds", 60.0))
            path = entry.get("path", rf"C:\Windows\System32\{entry['name']}")
            node.processes.append(Process(8000 + 4 * index, entry["name"], entry.get("command_line", path), path, started))
        self.machine(node, data)
        return node

    def service(self, node: Node, data: Data) -> None:
        known = node.services.get(data["name"]) or Service(data["name"], data["name"])
        mode = data.get("start_mode", known.start_mode)
        node.services[known.name] = dataclasses.replace(
            known,
            display_name=data.get("display_name", known.display_name),
            start_mode=mode,
            is_running=data.get("running", known.is_running if data["name"] in node.services else mode == "Auto"),
            is_delayed=data.get("delayed", known.is_delayed),
            is_trigger_started=data.get("trigger", known.is_trigger_started),
            start_seconds=data.get("start_seconds", known.start_seconds),
            comes_back=data.get("comes_back", known.comes_back),
            account=data.get("account", known.account),
        )

    def machine(self, node: Node, data: Data) -> None:
        """Fill the registry, the signs of a pending restart and the locks."""
        root = node.registry
        registry.make(root, registry.COMPONENT_SERVICING)
        registry.make(root, registry.AUTO_UPDATE)
        registry.make(root, registry.SESSION_MANAGER)
        control = r"SYSTEM\CurrentControlSet\Control\ComputerName"
        for key in ("ComputerName", "ActiveComputerName"):
            registry.put(root, rf"{control}\{key}", "ComputerName", registry.REG_SZ, node.name)
        version = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
        registry.put(root, version, "CurrentBuild", registry.REG_SZ, node.build)
        registry.put(root, version, "ProductName", registry.REG_SZ, node.caption.removeprefix("Microsoft "))
        for service in node.services.values():
            registry.make(root, rf"{registry.SERVICES}\{service.name}")
            if service.is_trigger_started or service.name in defaults.TRIGGERED:
                registry.make(root, rf"{registry.SERVICES}\{service.name}\TriggerInfo\0")
        for path, values in data.get("registry", {}).items():
            registry.make(root, path)
            for name, value in values.items():
                self.value(root, path, name, value)
        if not node.is_member:
            node.services["ClusSvc"].is_running = False
            node.services["ClusSvc"].start_mode = "Disabled"
        self.pending(node, set(data.get("pending_restart", [])))
        for kind in ("run_lock", "node_session"):
            if kind in data:
                setattr(node, kind, Lock(data[kind], self.now))
        if not node.is_reachable:
            node.processes = []
            for service in node.services.values():
                service.is_running = False

    @staticmethod
    def value(root: RegistryKey, path: str, name: str, value: RegistryData | dict[str, str]) -> None:
        """Set a value of the type that YAML gives it; binary ones are mappings with their bytes as hexadecimal digits."""
        if isinstance(value, dict):
            registry.put(root, path, name, registry.REG_BINARY, list(bytes.fromhex(value["binary"])))
        else:
            registry.put(root, path, name, _REG_KINDS[type(value)], value)

    @staticmethod
    def pending(node: Node, signals: set[str]) -> None:
        node.pending_signals = signals
        if signals & {"cbs", "wu"}:
            # Installing on top of a restart that is pending from before is refused (cau.md 3.3, 0x80240016).
            node.pending_signals = signals | {"mandatory"}
        for signal in signals & set(registry.PENDING_KEYS):
            registry.make(node.registry, registry.PENDING_KEYS[signal])
        if "file_rename" in signals:
            registry.put(node.registry, registry.SESSION_MANAGER, registry.RENAMES, registry.REG_MULTI_SZ, list(PENDING_FILES))

    def groups(self, cluster: Cluster, data: Data) -> None:
        up = [node.name for node in cluster.members() if node.state is NodeState.UP]
        if not cluster.members() and not data.get("groups"):
            # Stand-alone machines: they share a catalogue and nothing else.
            return
        if not up:
            raise self.refuse("nodes", "at least one node must be up and a member")
        core: tuple[tuple[str, str], ...] = (("Cluster Name", "Network Name"), ("Cluster IP Address", "IP Address"))
        if cluster.witness in {"file_share", "cloud"}:
            core += (("File Share Witness" if cluster.witness == "file_share" else "Cloud Witness",) * 2,)
        cluster.groups["Cluster Group"] = Group("Cluster Group", up[0], group_type=1, is_core=True, priority=4000, resources=core)
        state, disk = GroupState.OFFLINE, (("Witness Disk", "Physical Disk"),) if cluster.witness == "disk" else ()
        available = Group("Available Storage", up[-1], group_type=2, is_core=True, state=state, was_online=False, resources=disk)
        cluster.groups["Available Storage"] = available
        position = 0
        for index, entry in enumerate(data.get("groups", [])):
            count = entry.get("count")
            for name in [entry["name"]] if count is None else [f"{entry['name']}{ordinal + 1:02d}" for ordinal in range(count)]:
                if name in cluster.groups:
                    raise self.refuse(f"groups[{index}].name", f"group {name} stands twice in the cluster")
                cluster.groups[name] = self.group(cluster, entry, name, up[position % len(up)], f"groups[{index}]")
                position += "owner" not in entry

    def group(self, cluster: Cluster, data: Data, name: str, default_owner: str, where: str) -> Group:
        owner = data.get("owner", default_owner)
        for key in ("possible_owners", "preferred_owners"):
            for node in data.get(key, []):
                self.known(cluster, node, f"{where}.{key}")
        self.known(cluster, owner, f"{where}.owner")
        kind = data.get("type", "virtual_machine")
        if "schedule" in data and kind != "cau":
            raise self.refuse(f"{where}.schedule", "only a group of the type cau has a schedule")
        state = GroupState[data.get("state", "online").upper()]
        resources: tuple[tuple[str, str], ...] = ((name, kind.replace("_", " ").title()),)
        if kind == "virtual_machine":
            resources += ((f"{name} Configuration", "Virtual Machine Configuration"),)
        return Group(
            name=name,
            owner=owner,
            group_type=defaults.GROUP_TYPES[kind],
            state=state,
            is_locked=data.get("locked", False),
            possible_owners=tuple(data.get("possible_owners", ())),
            preferred_owners=tuple(data.get("preferred_owners", ())),
            auto_failback=data.get("auto_failback", False),
            priority=data.get("priority", 2000),
            move_seconds=data.get("move_seconds"),
            was_online=state is GroupState.ONLINE,
            resources=resources,
            schedule=Schedule(**data["schedule"]) if "schedule" in data else None,
        )

    def known(self, cluster: Cluster, node: str, where: str) -> None:
        if node not in cluster.nodes:
            raise self.refuse(where, f"there is no node {node} in the cluster; nodes: {', '.join(sorted(cluster.nodes))}")

    @staticmethod
    def installer(data: Data) -> Installer:
        return Installer(**(data | {"launch_hresult": number(data.get("launch_hresult", 0))}))

    def storage(self, cluster: Cluster, data: Data) -> Storage:
        s2d = data.get("s2d", False)
        storage = Storage(s2d=s2d, repair_seconds=data.get("repair_seconds", 120.0), auto_maintenance=data.get("auto_maintenance", False))
        if s2d:
            for name in data.get("virtual_disks", ["Volume01"]):
                storage.virtual_disks[name] = VirtualDisk(name)
        for node in cluster.nodes.values():
            for slot in range(data.get("disks_per_node", 2)):
                serial = uuid.uuid5(uuid.NAMESPACE_DNS, f"{slot}.{node.name}").hex[:12].upper()
                storage.physical_disks.append(PhysicalDisk("ATA SSD", serial, node.name))
        return storage

    @staticmethod
    def settle(cluster: Cluster) -> None:
        """Work out the votes that the nodes have from the beginning."""
        quorum.assign_votes(cluster)
        down = {node.name for node in cluster.members() if node.state is NodeState.DOWN}
        for disk in cluster.storage.virtual_disks.values():
            disk.missing = set(down)
            disk.health = min(len(down), 2)
