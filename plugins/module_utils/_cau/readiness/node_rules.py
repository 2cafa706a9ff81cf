# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the nodes as machines: Windows, services, WinRM, drives, clocks.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections import Counter

from ..._wmi.operating_system import Service
from .records import Problem, Severity, Snapshot, known

FIRST_BUILD = 9200
"""Windows Server 2012, the first release with the CAU provider (wmi-classes.yml, minimum_server)."""

DEFAULT_TIMEOUT_MS = 60_000
DEFAULT_ENVELOPE_KB = 500
"""What hosts ship with (wsman-cim.md 10)."""

LONG_TIMEOUT_MS = 7_200_000
"""What one installation may take by default (install_timeout)."""

CLOCK_WARNING_SECONDS = 60.0
CLOCK_ERROR_SECONDS = 300.0
"""Kerberos accepts clocks that differ by five minutes, which is the default of Windows domains."""

LEAST_FREE_BYTES = 5 * 1024**3
"""Below this even a cumulative update by itself can fill the drive (cau.md 7, 19, names no figure)."""


def windows_is_supported(snapshot: Snapshot) -> list[Problem]:
    """Every node runs a release that has the CAU provider."""
    old = [node for node in snapshot.nodes if node.system.build < FIRST_BUILD]
    text = "{0.caption}, build {0.build}, is older than Windows Server 2012"
    return [Problem(text.format(node.system), node.name) for node in old]


def builds_are_equal(snapshot: Snapshot) -> list[Problem]:
    """All nodes run the same build, so that a role can go back to where it came from."""
    builds = Counter(node.system.build for node in snapshot.nodes)
    if len(builds) < 2:
        return []
    usual = builds.most_common(1)[0][0]
    other = [node for node in snapshot.nodes if node.system.build != usual]
    most = f"{builds[usual]} of {len(snapshot.nodes)} nodes run {usual}"
    return [Problem(f"it runs build {node.system.build}, {most}", node.name) for node in other]


def cluster_service_runs(snapshot: Snapshot) -> list[Problem]:
    """The cluster service runs and starts by itself."""
    nodes, found = known(snapshot, lambda node: node.services, "the cluster service")
    for name, services in nodes:
        service = services.get("clussvc")
        if service is None:
            # Only one that is not in order is told of.
            continue
        if service.state.casefold() != "running":
            found.append(Problem(f"the cluster service is {service.state.lower() or 'in an unknown state'}", name))
        elif service.start_mode.casefold() != "auto":
            text = f"the cluster service has the start mode {service.start_mode}: the node would not join after a restart"
            found.append(Problem(text, name))
    return found


def winrm_starts(snapshot: Snapshot) -> list[Problem]:
    """WinRM starts by itself, or the node could not be reached after a restart."""
    nodes, found = known(snapshot, lambda node: node.services, "the WinRM service")
    for name, services in nodes:
        service = services.get("winrm")
        if service is not None and service.start_mode.casefold() != "auto":
            found.append(Problem(f"WinRM {_start(service)}: the node would not answer after a restart", name))
    return found


def update_service_starts(snapshot: Snapshot) -> list[Problem]:
    """The Windows Update service can be started, which it is on demand."""
    nodes, found = known(snapshot, lambda node: node.services, "the Windows Update service")
    for name, services in nodes:
        service = services.get("wuauserv")
        if service is None or service.start_mode.casefold() == "disabled":
            found.append(Problem(f"Windows Update (wuauserv) {_start(service)}: no update can be found or installed", name))
    return found


def _start(service: Service | None) -> str:
    return "does not exist" if service is None else f"has the start mode {service.start_mode or 'unknown'}"


def messages_have_room(snapshot: Snapshot) -> list[Problem]:
    """The limits of WinRM: what MaxTimeoutms means for long installations, and messages of the usual size."""
    mend = "Use an account that is an administrator of the node"
    nodes, found = known(snapshot, lambda node: node.limits, "the limits of WinRM", mend)
    for name, limits in nodes:
        if limits.max_timeout_ms is None or limits.max_envelope_kb is None:
            found.append(Problem("WinRM does not show MaxTimeoutms and MaxEnvelopeSizekb", name))
            continue
        if limits.max_timeout_ms < DEFAULT_TIMEOUT_MS:
            text = f"MaxTimeoutms is {limits.max_timeout_ms}, less than the {DEFAULT_TIMEOUT_MS} that short questions count on"
            found.append(Problem(text, name))
        elif limits.max_timeout_ms < LONG_TIMEOUT_MS:
            # wsman-cim.md 8.2: not documented whether the limit also ends a streamed method.
            text = f"MaxTimeoutms is {limits.max_timeout_ms}: a longer installation works in the streamed form alone"
            found.append(Problem(f"{text}, and should the limit end that too, the run looks at the evidence first", name, Severity.INFO))
        if limits.max_envelope_kb < DEFAULT_ENVELOPE_KB:
            usual = f"less than the usual {DEFAULT_ENVELOPE_KB}: long lists of updates may not fit"
            text = f"MaxEnvelopeSizekb is {limits.max_envelope_kb}, {usual}"
            found.append(Problem(text, name))
    return found


def system_drive_has_room(snapshot: Snapshot) -> list[Problem]:
    """The system drive has room for updates, their downloads and what they replace."""
    nodes, found = known(snapshot, lambda node: node.drive, "the free space of the system drive")
    for name, drive in nodes:
        if drive.free is None:
            found.append(Problem(f"the free space of {drive.name} could not be read: the node does not tell", name))
        elif drive.free < snapshot.min_free_bytes:
            severity = Severity.ERROR if drive.free < LEAST_FREE_BYTES else None
            found.append(Problem(f"the system drive {drive.name} has {_gigabytes(drive.free)} GB free", name, severity))
    return found


def _gigabytes(size: int) -> str:
    return f"{size / 1024**3:.1f}"


def clocks_agree(snapshot: Snapshot) -> list[Problem]:
    """The nodes' clocks agree with each other; the controller's own clock plays no part."""
    if len(snapshot.nodes) < 2:
        return []
    ordered = sorted(snapshot.nodes, key=lambda node: node.clock.middle)
    usual = ordered[(len(ordered) - 1) // 2]
    found = []
    for node in snapshot.nodes:
        ahead = node.clock.ahead_of(usual.clock)
        if abs(ahead) >= CLOCK_WARNING_SECONDS:
            severity = Severity.ERROR if abs(ahead) >= CLOCK_ERROR_SECONDS else None
            way = "ahead of" if ahead > 0 else "behind"
            found.append(Problem(f"its clock is at least {abs(ahead):.0f} s {way} that of {usual.name}", node.name, severity))
    return found
