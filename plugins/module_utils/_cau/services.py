# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services of a node: which ran, and whether they run again.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection

from .._errors import OperationError
from .._wmi.node_client import NodeClient
from .errors import TimeLimitError
from .fleet import NodeWork
from .waiting import Heartbeat, names, wait_until

_SERVICES = r"SYSTEM\CurrentControlSet\Services"
SERVICE_POLL_SECONDS = 15.0


def running_auto_services(client: NodeClient) -> tuple[str, ...]:
    """Return the names of the services that start by themselves and run now.

    A service that is started by hand or on demand ran by chance, so nothing follows from it.
    """
    return tuple(sorted(service.name for service in client.system.auto_services() if service.state.casefold() == "running"))


def is_trigger_started(client: NodeClient, name: str) -> bool:
    """Return whether a service waits for an event rather than for the start of Windows: its key has a subkey TriggerInfo."""
    return "triggerinfo" in {key.casefold() for key in client.registry.subkeys(rf"{_SERVICES}\{name}") or []}


def wait_for_services(
    work: NodeWork, before: Collection[str], limit_seconds: float, poll_seconds: float = SERVICE_POLL_SECONDS
) -> list[str]:
    """Wait until the services that ran before run again, and return those that do not when the time is over.

    Args:
        work: the node in work.
        before: names of the services that ran.
        limit_seconds: how long to wait, in clock seconds.
        poll_seconds: between two looks, in clock seconds.

    Raises:
        OperationError: the services could not be read even at the end.
    """
    waiting = _Waiting(work, before)
    if not before:
        return []
    try:
        wait_until(
            work,
            limit_seconds,
            poll_seconds,
            waiting.look,
            step="restart",
            what="the services",
            detail=waiting.describe,
            heartbeat=waiting.heartbeat,
        )
    except TimeLimitError:
        if waiting.failure is not None:
            raise waiting.failure from None
    return waiting.missing


class _Waiting:
    def __init__(self, work: NodeWork, before: Collection[str]) -> None:
        self._work = work
        self._before = set(before)
        self._triggered: dict[str, bool] = {}
        self.missing: list[str] = []
        self.failure: OperationError | None = None
        self.heartbeat = Heartbeat.of(work, "restart", "waiting for the services")

    def look(self) -> bool | None:
        try:
            running = {name.casefold() for name in running_auto_services(self._work.client)}
            self.missing = sorted(name for name in self._before if name.casefold() not in running and not self._is_triggered(name))
        except OperationError as error:
            # Services of a node that has just started can refuse to answer for minutes (cau.md 7, 15).
            self.failure = error
            return None
        self.failure = None
        return True if not self.missing else None

    def _is_triggered(self, name: str) -> bool:
        if name not in self._triggered:
            self._triggered[name] = is_trigger_started(self._work.client, name)
        return self._triggered[name]

    def describe(self) -> str:
        return f"the node does not tell: {self.failure.message}" if self.failure else names(self.missing)
