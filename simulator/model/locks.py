# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MSFT_CAURun and MSFT_CAUNode of one node: taken, touched, released, aged out (cau.md 1.4)."""

from __future__ import annotations

import re
import typing as t

from ..cim import CimFault, FaultStyle
from .engine import Model, handler
from .state import Cluster, Lock, Node

Kind = t.Literal["run_lock", "node_session"]

_EVENTS: dict[str, dict[str, str]] = {
    "run_lock": {
        "taken": "run_lock_taken",
        "touched": "run_lock_touched",
        "released": "run_lock_released",
        "refused": "run_lock_refused",
        "expired": "run_lock_expired",
    },
    "node_session": {
        "taken": "node_session_opened",
        "touched": "node_session_touched",
        "released": "node_session_closed",
        "refused": "node_session_refused",
        "expired": "node_session_expired",
    },
}

_CLASSES = {"run_lock": "MSFT_CAURun", "node_session": "MSFT_CAUNode"}

_GUID = re.compile(r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?\Z")

_CONFLICTS: dict[str, tuple[int, FaultStyle, int | None]] = {
    # cau.md 1.4: which of the candidates a real host answers is unknown.
    "already_exists": (0x80041019, FaultStyle.WMI_ERROR, 11),
    "mi_failed": (0x80041001, FaultStyle.WMI_ERROR, 1),
    "wsman": (0x80338033, FaultStyle.WSMAN, None),
}


def same(one: str, other: str) -> bool:
    """Compare two GUIDs as Windows does."""
    return one.strip("{}").lower() == other.strip("{}").lower()


def held(node: Node, kind: Kind) -> Lock | None:
    """Return the instance that stands now."""
    return node.run_lock if kind == "run_lock" else node.node_session


def _put(node: Node, kind: Kind, lock: Lock | None) -> None:
    if kind == "run_lock":
        node.run_lock = lock
    else:
        node.node_session = lock


def touch(model: Model, cluster: Cluster, node: Node, kind: Kind) -> None:
    """Count an access: the hour begins anew."""
    lock = held(node, kind)
    if lock is not None:
        lock.last_access = model.now
        model.emit(_EVENTS[kind]["touched"], cluster.name, node.name, guid=lock.guid)


def take(model: Model, cluster: Cluster, node: Node, kind: Kind, guid: str) -> str:
    """Create the instance; the same GUID reconnects, another one is refused.

    Returns:
        The GUID as it is stored.

    Raises:
        CimFault: no GUID, or held by another one.
    """
    if not _GUID.match(guid):
        raise CimFault(0x80041008, f"The OrchestratorGuid '{guid}' is no GUID. ", style=FaultStyle.WMI_ERROR, cim_status=4)
    lock = held(node, kind)
    if lock is None:
        _put(node, kind, Lock(guid, model.now))
        model.emit(_EVENTS[kind]["taken"], cluster.name, node.name, guid=guid)
        model.schedule(cluster.behaviour.lock_seconds, age_lock, cluster=cluster.name, node=node.name, kind=kind, guid=guid)
        return guid
    if same(lock.guid, guid):
        touch(model, cluster, node, kind)
        return lock.guid
    model.emit(_EVENTS[kind]["refused"], cluster.name, node.name, guid=guid, holder=lock.guid)
    code, style, status = _CONFLICTS[cluster.behaviour.create_conflict]
    # Event 2016 names both GUIDs (cau.md 1.6); that the error of the provider does so too is inference.
    text = f"An instance of {_CLASSES[kind]} with the OrchestratorGuid {lock.guid} exists already; {guid} was asked for. "
    raise CimFault(code, text, style=style, cim_status=status)


def release(model: Model, cluster: Cluster, node: Node, kind: Kind) -> None:
    """Delete the instance, whoever asks: nothing binds it to an account."""
    lock = held(node, kind)
    if lock is not None:
        _put(node, kind, None)
        model.emit(_EVENTS[kind]["released"], cluster.name, node.name, guid=lock.guid)


def expire(model: Model, cluster: Cluster, node: Node, kind: Kind) -> None:
    """Remove the instance as the provider does after its hour."""
    lock = held(node, kind)
    if lock is not None:
        _put(node, kind, None)
        model.emit(_EVENTS[kind]["expired"], cluster.name, node.name, guid=lock.guid, last_access=lock.last_access)


@handler
def age_lock(model: Model, cluster: str, node: str, kind: Kind, guid: str) -> None:
    """Look whether a lock's hour is over; while the machine is off its provider cannot remove anything."""
    found, machine = model.node(cluster, node)
    lock = held(machine, kind)
    if lock is None or lock.guid != guid:
        return
    left = found.behaviour.lock_seconds - (model.now - lock.last_access).total_seconds()
    if left <= 0 and machine.is_reachable:
        expire(model, found, machine, kind)
    else:
        model.schedule(max(left, 30.0), age_lock, cluster=cluster, node=node, kind=kind, guid=guid)
