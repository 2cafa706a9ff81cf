# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting until nothing is being installed on a node any more, seen from its processes.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import OperationError
from .._wmi.operating_system import Process
from .fleet import NodeWork
from .waiting import Heartbeat, Tolerant, names, wait_until

SERVICING_PROCESSES = ("TiWorker.exe", "TrustedInstaller.exe", "wusa.exe", "msiexec.exe")

QUIET_SECONDS = 120.0
"""How long no installer may have been seen before earlier work counts as ended, in clock seconds."""

_POLL_SECONDS = 15.0


def is_servicing(process: Process) -> bool:
    """Return whether a process may be installing something; the idle Windows Installer service, which lingers for minutes, is not."""
    if process.name.casefold() != "msiexec.exe":
        return True
    words = process.command_line.casefold().split()
    return words[1:] != ["/v"]


def wait_until_quiet(work: NodeWork, limit_seconds: float, quiet_seconds: float = QUIET_SECONDS, *, image: str | None = None) -> None:
    """Wait until no installer has been seen on the node for a while.

    Args:
        work: the node in work.
        limit_seconds: how long to wait, in clock seconds.
        quiet_seconds: how long none may have been seen, in clock seconds.
        image: name of a process that counts as an installer beside those of Windows; any process of that name does, since whether it is
            the same one cannot be told for sure.

    Raises:
        TimeLimitError: something still runs, or the node does not tell.
        CauError: the run has to stop.
    """
    watch = _Watch(work, quiet_seconds, image)
    tolerant = Tolerant(watch.look, watch.describe)
    wait_until(
        work,
        limit_seconds,
        _POLL_SECONDS,
        tolerant.look,
        step="install",
        what="installers on the node to end",
        detail=tolerant.describe,
        heartbeat=Heartbeat.of(work, "install", "waiting for installers to end"),
    )


class _Watch:
    """Looks for installers, and since when there is none."""

    def __init__(self, work: NodeWork, quiet_seconds: float, image: str | None) -> None:
        self._work = work
        self._quiet_seconds = quiet_seconds
        self._images = tuple(dict.fromkeys((*SERVICING_PROCESSES, *([image] if image else []))))
        self._quiet_since: float | None = None
        self._seen = ""

    def look(self) -> bool | None:
        try:
            busy = [process.name for process in self._work.client.system.processes_named(self._images) if is_servicing(process)]
        except OperationError:
            self._quiet_since = None
            raise
        now = self._work.clock.now()
        if busy:
            self._quiet_since, self._seen = None, f"running: {names(sorted(set(busy)))}"
            return None
        self._seen = "nothing is running"
        if self._quiet_since is None:
            self._quiet_since = now
        return True if now - self._quiet_since >= self._quiet_seconds else None

    def describe(self) -> str:
        return self._seen
