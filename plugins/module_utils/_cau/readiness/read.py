# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a cluster once for the rules of readiness, in fewer than twenty messages per node; writes nothing.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..._clock import Clock as ControllerClock
from ..._errors import OperationError
from ..._wmi.cluster import GROUP_TYPE_CLUSTER_UPDATE_AGENT, ClusterInfo, ClusterNode
from ..._wmi.cluster_update import FEATURE_UPDATES_ONLY
from ..._wmi.node_client import NodeClient
from ..._wmi.operating_system import OperatingSystemInfo
from ..._wmi.storage import StorageJob, SubSystem
from ..._wsman.errors import AnswerError, ConnectionLostError, NotReachableError
from .. import journal, pending, storage_gate
from ..fleet import Opener
from ..run_id import normal_guid
from . import winhttp
from .records import Clock, NodeSnapshot, Reading, ShareProblem, Snapshot, Unread, UpdateMethods, UpdatePolicy

T = t.TypeVar("T")

MOST_MESSAGES = 19
"""What a node of a cluster in order is asked at the most."""

RUN_METHODS = ("ScanUpdates", "DownloadUpdates", "InstallUpdates", "RebootRequired", "RunUpdateInstaller")
"""The methods of MSFT_CAUNode that a run calls (cau.md 1.2)."""

POLICY_KEY = r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
HARMLESS_OPTIONS = frozenset({2, 3, 7})
"""AUOptions with which nothing is installed unasked: notify before the download, download alone, notify before the installation."""

INSTALLER_RULE = "d1e49aac-8f56-4280-b9ba-993a6d77406c"
"""The Defender rule that blocks processes which WMI starts (cau.md 7, 2)."""

INSTALLER_RULE_KEY = r"SOFTWARE\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"


@dataclass(frozen=True)
class Options:
    """What a snapshot is taken for.

    Args:
        own_run: the run of this playbook, None without one.
        share: what the check of the hotfix root folder found; it is given the names of the nodes. None leaves it out.
        min_free_bytes: what the system drive should have free.
    """

    own_run: str | None = None
    share: Callable[[Sequence[str]], tuple[ShareProblem, ...]] | None = None
    min_free_bytes: int = 0


def read_snapshot(me: str, hosts: Mapping[str, Opener], clock: ControllerClock, options: Options) -> Snapshot:
    """Read everything that the rules need.

    Args:
        me: the inventory host whose cluster is meant.
        hosts: the inventory hosts among which its nodes are sought, `me` among them, and what opens a client to each.
        clock: what the nodes' clocks are read against; only the time between two readings counts.
        options: what is to be read beyond the nodes.

    Raises:
        OperationError: `me` did not answer, or is in no cluster.
    """
    with contextlib.ExitStack() as open_clients:
        reader = _Reader(clock, open_clients)
        reader.begin(me, hosts[me])
        for host, opener in hosts.items():
            if host != me:
                reader.add(host, opener)
        return reader.snapshot(options)


@dataclass
class _Found:
    """A node that answered so far."""

    host: str
    client: NodeClient
    system: OperatingSystemInfo
    clock: Clock
    lost: OperationError | None = None

    @property
    def messages(self) -> int:
        """How many messages the node was sent so far."""
        return self.client.client.messages

    def read(self, question: Callable[[], T]) -> Reading[T]:
        """Ask one thing; a node that went away is not asked again, since each question would take its time to fail."""
        if self.lost is not None:
            return Unread(self.lost.message)
        try:
            return question()
        except (NotReachableError, ConnectionLostError) as error:
            self.lost = error
            return Unread(error.message)
        except OperationError as error:
            return Unread(error.message)


class _Wanted(t.NamedTuple):
    """What is read of one node and not of every one."""

    journals: bool
    methods: bool
    installer_rule: bool
    is_switch_first: bool


@dataclass
class _Reader:
    clock: ControllerClock
    open_clients: contextlib.ExitStack
    found: dict[str, _Found] = field(default_factory=dict)
    no_answer: dict[str, str] = field(default_factory=dict)
    info: ClusterInfo = field(init=False)
    members: tuple[ClusterNode, ...] = ()

    def begin(self, host: str, opener: Opener) -> None:
        """Read which nodes there are through the first one."""
        found = self._ask_system(host, opener)
        self.info = found.client.cluster.info()
        self.members = tuple(found.client.cluster.nodes())
        self._keep(found)

    def add(self, host: str, opener: Opener) -> None:
        """See whether a host is another node of the cluster."""
        try:
            self._keep(self._ask_system(host, opener))
        except OperationError as error:
            self.no_answer[host] = error.sentence()

    def _ask_system(self, host: str, opener: Opener) -> _Found:
        client = self.open_clients.enter_context(contextlib.closing(opener()))
        sent = self.clock.now()
        system = client.system.info()
        moment = system.local_time.timestamp()
        return _Found(host, client, system, Clock(low=moment - self.clock.now(), high=moment - sent))

    def _keep(self, found: _Found) -> None:
        own = found.system.computer_name.casefold()
        name = next((member.name for member in self.members if member.name.casefold() == own), None)
        if name is not None:
            self.found.setdefault(name, found)

    def snapshot(self, options: Options) -> Snapshot:
        """Read the rest."""
        described: set[int] = set()
        nodes: list[NodeSnapshot] = []
        # Each entry of a journal stands on two nodes, so that one of them all need not be asked: the one that is asked the most.
        spared = next(iter(self.found)) if len(self.found) == len(self.members) > 1 else None
        for name, found in self.found.items():
            wanted = _Wanted(
                journals=name != spared,
                methods=found.system.build not in described,
                installer_rule=options.share is not None,
                # Nodes of a cluster are mostly under one policy, so that what decided for one decides for the next.
                is_switch_first=bool(nodes) and isinstance(nodes[-1].policy, UpdatePolicy) and nodes[-1].policy.is_off,
            )
            read = _read_node(name, found, wanted)
            if found.lost is None:
                nodes.append(read)
                described.add(found.system.build)
            else:
                # Half of a node would look like a node in half order.
                self.no_answer[found.host] = found.lost.sentence()
        return Snapshot(
            info=self.info,
            members=self.members,
            nodes=tuple(nodes),
            no_answer=self.no_answer,
            cau_roles=self._of_cluster(lambda client: tuple(client.cluster.groups_of_type(GROUP_TYPE_CLUSTER_UPDATE_AGENT))),
            loses_quorum=self._quorum(),
            storage=self._storage(),
            share=options.share([member.name for member in self.members]) if options.share else None,
            own_run=options.own_run,
            min_free_bytes=options.min_free_bytes,
        )

    def _quorum(self) -> dict[str, Reading[bool]]:
        """Ask about one node of those that are alike to the quorum, which counts votes and not names; its answer stands for them all."""
        answers: dict[t.Hashable, Reading[bool]] = {}
        for member in self.members:
            kind = _kind_of_vote(member)
            if kind not in answers:
                answers[kind] = self._of_cluster(lambda client, name=member.name: client.cluster.would_lose_quorum(name))  # type: ignore[misc]
        return {member.name: answers[_kind_of_vote(member)] for member in self.members}

    def _storage(self) -> tuple[str, ...]:
        """Read what storage_gate judges, but only what could matter of it, and each list through the node that has been asked the least."""
        if not self.info.s2d_enabled:
            return ()
        disks = self._of_cluster(lambda client: client.storage.virtual_disks())
        physical = self._of_cluster(lambda client: client.storage.unhealthy_physical_disks())
        # What may be left out when there is no room for all: a repair shows as a virtual disk in service, too (cau.md 2.5).
        is_doubtful = isinstance(disks, Unread) or bool(storage_gate.judge(disks, (), (), ()))
        jobs: Reading[list[StorageJob]] = []
        if is_doubtful or self._has_room():
            jobs = self._of_cluster(lambda client: client.storage.open_jobs())
        systems: Reading[list[SubSystem]] = []
        if is_doubtful or self._has_room():
            systems = self._of_cluster(lambda client: client.storage.unhealthy_subsystems())
        if isinstance(disks, Unread) or isinstance(jobs, Unread) or isinstance(physical, Unread) or isinstance(systems, Unread):
            unread = [reading.reason for reading in (disks, jobs, physical, systems) if isinstance(reading, Unread)]
            return tuple(f"the storage could not be read: {reason}" for reason in dict.fromkeys(unread))
        return tuple(storage_gate.judge(disks, jobs, physical, systems))

    def _of_cluster(self, question: Callable[[NodeClient], T]) -> Reading[T]:
        """Ask about the cluster, through the node that has been asked the least."""
        reached = self._reached()
        if not reached:
            return Unread("no node of the cluster gives an answer")
        found = min(reversed(reached), key=lambda each: each.messages)
        return found.read(lambda: question(found.client))

    def _has_room(self) -> bool:
        """Return whether a node may be asked one thing more; with nodes that are silent the others take over their share."""
        reached = self._reached()
        return len(reached) < len(self.members) or min(found.messages for found in reached) < MOST_MESSAGES

    def _reached(self) -> list[_Found]:
        return [found for found in self.found.values() if found.lost is None]


def _kind_of_vote(member: ClusterNode) -> t.Hashable:
    vote = member.name if member.dynamic_weight is None else member.dynamic_weight
    return (member.state, member.node_weight, vote, member.site)


def _read_node(name: str, found: _Found, wanted: _Wanted) -> NodeSnapshot:
    client = found.client
    drive = found.system.system_drive or "C:"
    return NodeSnapshot(
        name=name,
        host=found.host,
        system=found.system,
        clock=found.clock,
        run_lock=found.read(lambda: normal_guid(client.cluster_update.run_lock())),
        node_session=found.read(lambda: normal_guid(client.cluster_update.node_session())),
        journals=found.read(lambda: tuple(sorted(client.registry.subkeys(journal.ROOT) or []))) if wanted.journals else None,
        # The definition comes with the release, so that one node of each build stands for the others.
        methods=found.read(lambda: _methods(client)) if wanted.methods else None,
        limits=found.read(client.client.configuration),
        services=found.read(lambda: {service.name.casefold(): service for service in client.system.update_services()}),
        drive=found.read(lambda: client.system.disk(drive)),
        pending=found.read(lambda: tuple(pending.blocking(pending.asking_keys(client)))),
        policy=found.read(lambda: _policy(client, is_switch_first=wanted.is_switch_first)),
        proxy=found.read(lambda: _proxy(client)),
        # It blocks hotfixes alone.
        installer_rule=found.read(lambda: client.registry.text(INSTALLER_RULE_KEY, INSTALLER_RULE)) if wanted.installer_rule else None,
    )


def _methods(client: NodeClient) -> UpdateMethods:
    definition = client.cluster_update.definition()
    return UpdateMethods(
        missing=tuple(method for method in RUN_METHODS if method not in definition.methods),
        has_feature_updates=definition.has_parameter("InstallUpdates", FEATURE_UPDATES_ONLY),
    )


def _policy(client: NodeClient, *, is_switch_first: bool) -> UpdatePolicy:
    """Read no more of the policy than decides anything: each value is a message of its own."""
    registry, automatic = client.registry, rf"{POLICY_KEY}\AU"
    is_off = is_switch_first and registry.number(automatic, "NoAutoUpdate") == 1
    options = None if is_off else registry.number(automatic, "AUOptions")
    if options not in HARMLESS_OPTIONS and not is_switch_first:
        is_off = registry.number(automatic, "NoAutoUpdate") == 1
    is_used = registry.number(automatic, "UseWUServer") == 1
    return UpdatePolicy(options, is_off, registry.text(POLICY_KEY, "WUServer") or None if is_used else None)


def _proxy(client: NodeClient) -> winhttp.WinHttpProxy | None:
    data = client.registry.binary(winhttp.VALUE_KEY, winhttp.VALUE_NAME)
    try:
        return None if data is None else winhttp.parse_settings(data)
    except ValueError as error:
        raise AnswerError(f"{winhttp.VALUE_NAME} has a layout that is not known ({error})", node=client.name) from error
