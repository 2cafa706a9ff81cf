# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a node may be changed now, asked when a step begins and right before each installation and restart.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import OperationError
from .._wmi.errors import NotAClusterNodeError
from .._wmi.node_client import NodeClient
from .errors import CauError, GateRefusedError
from .fleet import NodeWork
from .gate import not_normal
from .journal import Journal
from .journal_records import NodeEntry
from .ownership import Ownership

_CLUSTER_SERVICE = r"SYSTEM\CurrentControlSet\Services\ClusSvc"
# SERVICE_DISABLED: what the feature leaves on a machine that is no member of a cluster.
_DISABLED = 4


def require_permission(work: NodeWork) -> None:
    """Make sure that this run holds the lock on every member, has the turn and has paused the node, or that the host is in no cluster.

    Raises:
        CauError: one of it is not so, or cannot be read.
    """
    _require(work, is_act=True)


def require_standing(work: NodeWork) -> None:
    """Make sure at the beginning of a step that its act may be permitted later: as require_permission, but for other nodes' sessions.

    The node's own session, which keeps them from taking the turn, has to stand already.

    Raises:
        CauError: one of it is not so, or cannot be read.
    """
    _require(work, is_act=False)


def _require(work: NodeWork, *, is_act: bool) -> None:
    work.check()
    if not is_act:
        work.heed()
    if work.ownership is None:
        require_stand_alone(work.client)
        return
    work.ownership.verify_lock()
    if work.in_service:
        _require_serving(work, work.ownership, is_act=is_act)
        return
    entry = entry_of(work)
    if entry is None or not entry.paused_by_us:
        # A node that was never drained has no turn either, and that is not what its user has to know.
        work.ownership.verify_paused_by_us()
    if is_act:
        work.ownership.verify_turn()
    else:
        work.ownership.touch_turn()
    work.ownership.verify_paused_by_us()
    if is_act:
        work.ownership.verify_members()


def _require_serving(work: NodeWork, ownership: Ownership, *, is_act: bool) -> None:
    """Make sure that a node on which the run works while it serves has the turn, and is up and normal.

    Raises:
        CauError: one of it is not so, or cannot be read.
    """
    if is_act:
        ownership.verify_turn()
    else:
        ownership.touch_turn()
    found = not_normal(work.client.cluster.node(work.node))
    if found:
        raise GateRefusedError(
            f"it is to be worked on while it serves, and {'; '.join(found)}",
            findings=found,
            node=work.node,
            operation="verify",
            remedy="Bring it into service, or drain it and leave in_service out",
        )


def require_run(work: NodeWork, operation: str) -> tuple[Ownership, Journal]:
    """Return what proves that the node may be changed, and where it is written.

    Raises:
        CauError: this is stand-alone work, which has neither.
    """
    if work.ownership is None or work.journal is None:
        raise CauError("this needs a run that holds the run lock", node=work.node, operation=operation, remedy="Take the run lock first")
    return work.ownership, work.journal


def require_stand_alone(client: NodeClient) -> None:
    """Refuse a host that is a member of a cluster, or whose membership cannot be read.

    Raises:
        CauError: it is, or may be, a member.
    """
    try:
        info = client.cluster.info()
    except NotAClusterNodeError:
        # A member whose cluster service is stopped says the same, and is still a member.
        start = client.registry.number(_CLUSTER_SERVICE, "Start")
        if start is None or start == _DISABLED:
            return
        found = "the host has a cluster service that is not disabled, so it is a member of a cluster that does not run now"
    except OperationError as error:
        raise CauError(
            f"whether the host is in a cluster could not be read: {error.message}",
            node=client.name,
            operation="stand-alone",
            remedy=error.remedy,
        ) from error
    else:
        found = f"the host is a node of the cluster {info.name}"
    raise CauError(found, node=client.name, operation="stand-alone", remedy="Leave stand_alone out and take the run lock first")


def entry_of(work: NodeWork) -> NodeEntry | None:
    """Return what the journal says about the node in work; None without a journal or an entry."""
    return work.journal.read(work.node) if work.journal is not None else None
