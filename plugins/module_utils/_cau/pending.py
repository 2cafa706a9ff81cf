# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tells that a node waits for a restart (cau.md 3.3).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .._errors import OperationError
from .._wmi.node_client import NodeClient
from .errors import CauError
from .fleet import NodeWork

_CBS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
_WUA = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
_SESSION_MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"
_CBS_KEYS = ("RebootPending", "RebootInProgress", "PackagesPending")
# Antivirus and printer drivers leave entries here all the time.
_RENAMES = ("PendingFileRenameOperations", "PendingFileRenameOperations2")


@dataclass(frozen=True)
class Signal:
    """One sign that something waits for a restart.

    Args:
        name: who says so, in words.
        blocks: whether it asks for a restart; otherwise it is only told.
    """

    name: str
    blocks: bool


def signals(client: NodeClient, session: str | None = None) -> list[Signal]:
    """Read every sign that the node waits for a restart.

    Args:
        client: the node.
        session: id of the node session that stands there, through which the provider is asked; None leaves that sign out.

    Raises:
        OperationError: a sign that asks for a restart could not be read.
    """
    found: list[Signal] = []
    if session is not None and client.cluster_update.reboot_required(session):
        found.append(Signal("Windows Update Agent", blocks=True))
    return found + asking_keys(client) + _informing(client)


def asking_keys(client: NodeClient) -> list[Signal]:
    """Read the signs in the registry that ask for a restart, and no others; two short messages.

    Raises:
        OperationError: one could not be read.
    """
    pending = {name.casefold() for name in client.registry.subkeys(_CBS) or []}
    found = [Signal(f"Component Based Servicing ({key})", blocks=True) for key in _CBS_KEYS if key.casefold() in pending]
    if "rebootrequired" in {name.casefold() for name in client.registry.subkeys(_WUA) or []}:
        found.append(Signal("Automatic Updates", blocks=True))
    return found


def _informing(client: NodeClient) -> list[Signal]:
    try:
        values = {name.casefold() for name in client.registry.value_names(_SESSION_MANAGER) or []}
    except OperationError:
        # It decides nothing, so not knowing it stops nothing.
        return []
    return [Signal(name, blocks=False) for name in _RENAMES if name.casefold() in values]


def blocking(found: Iterable[Signal]) -> list[str]:
    """Return the names of the signs that ask for a restart."""
    return [signal.name for signal in found if signal.blocks]


def is_restart_due(work: NodeWork, session: str, stale: Collection[str] = ()) -> bool:
    """Return whether the node waits for a restart after an installation; what cannot be read counts as waiting.

    Args:
        work: the node in work.
        session: id of the node session that stands there.
        stale: names of signs that a restart has left standing, which the next one would leave standing too.

    Raises:
        CauError: the run has to stop.
    """
    try:
        return bool(set(blocking(signals(work.client, session))) - set(stale))
    except CauError:
        raise
    except OperationError as error:
        # A restart that was not needed costs minutes; one that was left out leaves the node half installed.
        work.say("install", f"whether a restart is needed could not be read, so it is: {error.message}")
        return True
