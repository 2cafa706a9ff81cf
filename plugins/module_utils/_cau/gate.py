# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the cluster can do without a node at this moment, seen twice (design.md, what must always hold).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from .._clock import Clock
from .._errors import OperationError
from .._progress import Progress
from .._wmi.cluster import ClusterInfo, ClusterNode, DrainStatus, NodeState, NodeStatus
from .._wmi.node_client import NodeClient
from . import quorum, storage_gate
from .errors import GateRefusedError
from .fleet import Fleet, never_stop
from .waiting import Deadline, Heartbeat, names

SETTLE_SECONDS = 15.0
STORAGE_POLL_SECONDS = 30.0


@dataclass(frozen=True)
class Look:
    """What one look at the cluster found, one sentence for each reason not to go on.

    Args:
        cluster: about members and quorum, and about what could not be read.
        storage: about storage, which may mend itself with time.
    """

    cluster: tuple[str, ...]
    storage: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.cluster and not self.storage


def look(fleet: Fleet, node: str | None, *, for_restart: bool = False, accept_down: Collection[str] = ()) -> Look:
    """Look at the cluster once; reads only.

    Args:
        fleet: the nodes of the cluster.
        node: the node that is to go out of service; None asks whether any node may.
        for_restart: whether the node is paused already.
        accept_down: nodes that may be down or paused, as this run was told.
    """
    client = fleet.node(node or fleet.names[0])
    try:
        info = client.cluster.info()
        nodes = client.cluster.nodes()
    except OperationError as error:
        return Look((f"the cluster could not be read: {error.message}",), ())
    accepted = {name.casefold() for name in accept_down}
    found = _members(fleet, nodes)
    for member in nodes:
        if node is not None and member.name.casefold() == node.casefold():
            found += _target(member, for_restart=for_restart)
        elif member.name.casefold() not in accepted:
            found += not_normal(member)
    targets = [node] if node is not None else [member.name for member in nodes if member.name.casefold() not in accepted]
    for target in targets:
        found += _quorum(client, info, nodes, target)
    storage = storage_gate.findings(client, info, away=node if for_restart else None)
    return Look(tuple(found), tuple(storage))


def check(
    fleet: Fleet,
    node: str | None,
    *,
    clock: Clock,
    progress: Progress,
    settle_seconds: float = SETTLE_SECONDS,
    storage_wait_seconds: float = 0.0,
    for_restart: bool = False,
    accept_down: Collection[str] = (),
    check: Callable[[], None] = never_stop,
) -> None:
    """Look until two looks in a row, a settling time apart, find nothing; reads only.

    Args:
        fleet: the nodes of the cluster.
        node: the node that is to go out of service; None asks whether any node may.
        clock: what the wait goes through.
        progress: where lines go.
        settle_seconds: between the two looks.
        storage_wait_seconds: how long storage may take to mend itself; everything else refuses at once.
        for_restart: whether the node is paused already.
        accept_down: nodes that may be down or paused, as this run was told.
        check: raises when the run must stop.

    Raises:
        GateRefusedError: the cluster cannot do without the node, or cannot tell.
    """
    limit = Deadline(clock, storage_wait_seconds)
    beat = Heartbeat(clock, lambda text: progress.say(node, "wait", text), "waiting for the storage", check)
    clean = 0
    said: tuple[str, ...] = ()
    while True:
        check()
        seen = look(fleet, node, for_restart=for_restart, accept_down=accept_down)
        if seen.cluster or (seen.storage and limit.has_passed):
            raise _refused(node, (*seen.cluster, *seen.storage), for_restart=for_restart)
        if seen.is_clean:
            clean += 1
            if clean == 2:
                return
            clock.sleep(settle_seconds)
            continue
        clean = 0
        if seen.storage != said:
            beat.say(f"waiting for the storage: {names(seen.storage, 3)}")
            said = seen.storage
        beat.beat(names(seen.storage, 3))
        clock.sleep(min(STORAGE_POLL_SECONDS, limit.remaining))


def require_others(fleet: Fleet, away: str, accept_down: Collection[str] = ()) -> None:
    """Refuse unless every node but one that is out of service already is up and normal; reads only.

    Whether that one may be restarted is asked right before it is, and whether another one may leave before that one does.

    Args:
        fleet: the nodes of the cluster.
        away: the node that is out of service.
        accept_down: nodes that may be down or paused, as this run was told.

    Raises:
        GateRefusedError: another one is not.
        OperationError: the cluster gave no answer.
    """
    nodes = fleet.node(fleet.names[0]).cluster.nodes()
    passed = {name.casefold() for name in (away, *accept_down)}
    found = _members(fleet, nodes) + [reason for member in nodes if member.name.casefold() not in passed for reason in not_normal(member)]
    if found:
        raise GateRefusedError(
            f"{away} is out of service because of an earlier run, and so nothing else may be: {'; '.join(found)}",
            findings=found,
            node=away,
            operation="lock",
            remedy="Bring the cluster into order, then run it again",
        )


def _refused(node: str | None, findings: Sequence[str], *, for_restart: bool) -> GateRefusedError:
    what = "no node may leave the cluster now" if node is None else f"{node} may not leave the cluster now"
    return GateRefusedError(
        f"{what}: {'; '.join(findings)}",
        findings=findings,
        node=node,
        operation="restart" if for_restart else "drain" if node else "lock",
        remedy="Bring the cluster into order, then run it again",
    )


def _members(fleet: Fleet, nodes: Sequence[ClusterNode]) -> list[str]:
    known = {name.casefold() for name in fleet.names}
    members = {member.name.casefold() for member in nodes}
    strangers = [f"{member.name} is in the cluster and not in this run" for member in nodes if member.name.casefold() not in known]
    return strangers + [f"{name} is not in the cluster any more" for name in fleet.names if name.casefold() not in members]


def not_normal(member: ClusterNode) -> list[str]:
    """Return why a node cannot be counted on, empty when it is up and normal."""
    if member.state is not NodeState.UP:
        return [f"{member.name} is {member.state.name.lower()}"]
    status = (member.status_information or 0) & ~int(NodeStatus.AVOID_PLACEMENT)
    if status:
        return [f"{member.name} is up and {' and '.join(_words(status))}"]
    if member.drain_status is DrainStatus.IN_PROGRESS:
        return [f"{member.name} is being drained"]
    return []


def _target(member: ClusterNode, *, for_restart: bool) -> list[str]:
    if not for_restart:
        return not_normal(member)
    return [] if member.state is NodeState.PAUSED else [f"{member.name} is {member.state.name.lower()}, not paused"]


def _words(status: int) -> list[str]:
    known = [(flag.name or "").lower().replace("_", " ") for flag in NodeStatus if flag & status]
    rest = status & ~sum(NodeStatus)
    return known + ([f"in a state that is not known ({rest:#x})"] if rest else [])


def _quorum(client: NodeClient, info: ClusterInfo, nodes: Sequence[ClusterNode], target: str) -> list[str]:
    view = quorum.votes(nodes, info.witness_dynamic_weight, target)
    try:
        loses = client.cluster.would_lose_quorum(target)
    except OperationError as error:
        return [f"whether the cluster keeps quorum without {target} could not be read: {error.message} (by the votes, {view.sentence()})"]
    if not loses and view.is_safe:
        return []
    says = "would lose" if loses else "would keep"
    advice = "" if info.witness_dynamic_weight else "; a witness would give it the vote that it lacks"
    return [f"the cluster says that it {says} quorum without {target}, and by the votes {view.sentence()}{advice}"]
