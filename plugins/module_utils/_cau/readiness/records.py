# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was read of a cluster, and what a rule says about it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..._wmi.cluster import ClusterInfo, ClusterNode, ResourceGroup
from ..._wmi.operating_system import LogicalDisk, OperatingSystemInfo, Service
from ..._wsman.client import ServerConfiguration
from .winhttp import WinHttpProxy

T = t.TypeVar("T")


class Severity(enum.StrEnum):
    """How bad a finding is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Unread:
    """Stands where something could not be read.

    Args:
        reason: why not.
    """

    reason: str


Reading: t.TypeAlias = "T | Unread"
"""What was read, or why it could not be."""


@dataclass(frozen=True)
class Clock:
    """How far a node's clock is from seconds that the controller counts; the zero point is the same for all nodes of a snapshot.

    Args:
        low: the least that it may be: by the moment when the answer was there.
        high: the most that it may be: by the moment when the question was sent.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The likeliest value."""
        return (self.low + self.high) / 2

    def ahead_of(self, other: Clock) -> float:
        """Return by how many seconds this clock is certainly ahead of another, below 0 behind, 0 when they may be equal."""
        if self.low > other.high:
            return self.low - other.high
        return min(0.0, self.high - other.low)


@dataclass(frozen=True)
class UpdatePolicy:
    """What group policy says about Automatic Updates and the update source.

    Args:
        options: AUOptions, None when the policy does not say; it need not be read, and is None, where is_off.
        is_off: whether NoAutoUpdate is 1; it need not be read, and is False, where AUOptions is harmless by itself.
        server: the WSUS server in use, None for Windows Update.
    """

    options: int | None
    is_off: bool
    server: str | None


@dataclass(frozen=True)
class UpdateMethods:
    """What a node's MSFT_CAUNode can do, as its own class definition says.

    Args:
        missing: methods that a run calls and the class does not have.
        has_feature_updates: whether the update methods take FeatureUpdatesOnly (cau.md 1.2).
    """

    missing: tuple[str, ...]
    has_feature_updates: bool


@dataclass(frozen=True)
class NodeSnapshot:
    """What was read of one node.

    Args:
        name: the node, as the cluster spells it.
        host: its inventory host.
        system: its Windows.
        clock: its clock.
        run_lock: run id of its run lock, None without one.
        node_session: run id of its node session, None without one.
        journals: the runs that left something in its journal; None on a node that need not be asked, since each entry stands on two nodes.
        methods: the update methods; read on one node of each build, None on the others.
        limits: of its WinRM service.
        services: of those that a run needs, wuauserv if it exists and the others if they are not in order, by lower-case name.
        drive: its system drive.
        pending: what asks for a restart, in words.
        policy: what group policy says about updates.
        proxy: the WinHTTP proxy, None without one.
        installer_rule: what the Defender policy says about processes that WMI starts, None when it says nothing or no hotfixes are meant.
    """

    name: str
    host: str
    system: OperatingSystemInfo
    clock: Clock
    run_lock: Reading[str | None]
    node_session: Reading[str | None]
    journals: Reading[tuple[str, ...] | None]
    methods: Reading[UpdateMethods | None]
    limits: Reading[ServerConfiguration]
    services: Reading[Mapping[str, Service]]
    drive: Reading[LogicalDisk]
    pending: Reading[tuple[str, ...]]
    policy: Reading[UpdatePolicy]
    proxy: Reading[WinHttpProxy | None]
    installer_rule: Reading[str | None]


@dataclass(frozen=True)
class ShareProblem:
    """Something about the hotfix root folder.

    Args:
        what: one sentence without a full stop.
        mend: what to do about it.
        is_error: whether a run would end because of it.
    """

    what: str
    mend: str
    is_error: bool


@dataclass(frozen=True)
class Snapshot:
    """What was read of one cluster, at one moment.

    Args:
        info: what the cluster says about itself.
        members: its nodes, as the cluster sees them.
        nodes: the nodes that answered.
        no_answer: inventory hosts that did not, each with the reason.
        cau_roles: its clustered CAU roles (self-updating).
        loses_quorum: per member, what the cluster answers to whether it would lose quorum without it.
        storage: every reason why the storage cannot do without a node.
        share: what the check of the hotfix root folder found, None when no folder was named.
        own_run: the run of this playbook, whose lock and journal are no hindrance.
        min_free_bytes: what the system drive should have free.
    """

    info: ClusterInfo
    members: tuple[ClusterNode, ...]
    nodes: tuple[NodeSnapshot, ...]
    no_answer: Mapping[str, str] = field(default_factory=dict)
    cau_roles: Reading[tuple[ResourceGroup, ...]] = ()
    loses_quorum: Mapping[str, Reading[bool]] = field(default_factory=dict)
    storage: tuple[str, ...] = ()
    share: tuple[ShareProblem, ...] | None = None
    own_run: str | None = None
    min_free_bytes: int = 0


@dataclass(frozen=True)
class Problem:
    """What a rule found.

    Args:
        what: one sentence without a full stop.
        node: the node, None when the whole cluster is meant.
        severity: None for the rule's own.
        mend: None for the rule's own.
    """

    what: str
    node: str | None = None
    severity: Severity | None = None
    mend: str | None = None


@dataclass(frozen=True)
class Rule:
    """One rule.

    Args:
        name: its short name, for results.
        severity: how bad it is when it does not hold, and when that cannot be told.
        checks: what it looks at, for the documentation.
        mend: what to do when it does not hold.
        judge: the function that judges a snapshot.
        cau_rule: number of the rule of Test-CauSetup that it answers (cau.md 5.7), None for one that CAU does not have.
    """

    name: str
    severity: Severity
    checks: str
    mend: str
    judge: Callable[[Snapshot], list[Problem]]
    cau_rule: int | None = None


@dataclass(frozen=True)
class Finding:
    """A rule that does not hold, as results show it.

    Args:
        rule: its short name.
        cau_rule: the number of CAU's rule, None for one that CAU does not have.
        severity: how bad it is.
        node: the node, None when the whole cluster is meant.
        what: what was found.
        mend: what to do about it.
    """

    rule: str
    cau_rule: int | None
    severity: Severity
    node: str | None
    what: str
    mend: str


def known(
    snapshot: Snapshot, read: Callable[[NodeSnapshot], Reading[T]], what: str, mend: str | None = None
) -> tuple[list[tuple[str, T]], list[Problem]]:
    """Return the nodes of which something could be read, with what was read, and a problem for each of the others.

    Args:
        snapshot: the snapshot.
        read: takes the reading from a node.
        what: what is read, as the beginning of a sentence.
        mend: what to do when it cannot be read, None for the mend of the rule.
    """
    good: list[tuple[str, T]] = []
    bad: list[Problem] = []
    for node in snapshot.nodes:
        reading = read(node)
        if isinstance(reading, Unread):
            bad.append(Problem(f"{what} could not be read: {reading.reason}", node.name, mend=mend))
        else:
            good.append((node.name, reading))
    return good, bad
