# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a scenario chooses about a cluster: durations, undocumented behaviour, hotfix installers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Timings:
    """How long things last, twin seconds."""

    group_move: float = 6.0
    failover: float = 30.0
    shutdown: float = 30.0
    down: float = 120.0
    services: float = 25.0
    join: float = 15.0
    scan: float = 20.0
    scan_per_update: float = 2.0
    servicing_tail: float = 5.0
    cancel: float = 3.0
    jitter: float = 0.1


@dataclass
class Behaviour:
    """Where the papers leave open what Windows does: which of the candidates this twin plays."""

    create_conflict: str = "already_exists"
    cancel: str = "ignored"
    pending_restart_is_offered: bool = False
    drain_status_after_restart: str = "kept"
    lock_seconds: float = 3600.0
    enumeration_touches: bool = False
    drain_on_shutdown: bool = True
    no_cluster: str = "empty"


@dataclass
class Installer:
    """What a hotfix installer answers, for update files whose path matches."""

    match: str = "*"
    exit_code: int = 0
    launch_hresult: int = 0
    seconds: float = 60.0
    times: int | None = None
    needs_restart: bool = False


@dataclass
class Firmware:
    """A device of a node whose firmware a made-up vendor's tool updates.

    Args:
        node: the node.
        device: id of the device.
        name: what people call it.
        installed: the version that it has.
        available: the newest one.
        seconds: how long an installation takes.
        needs_restart: whether a new version takes effect with the next restart.
        exit_code: what an installation ends with.
        is_installing: whether one is going on.
        is_waiting: whether a new version waits for a restart.
    """

    node: str
    device: str
    name: str
    installed: str
    available: str
    seconds: float = 60.0
    needs_restart: bool = True
    exit_code: int = 0
    is_installing: bool = False
    is_waiting: bool = False


@dataclass
class FileShare:
    """A share that hotfixes are read from, and how the nodes reach the server that stands for it.

    Args:
        path: beginning of its UNC paths.
        host: address of the server, empty when the name in the path reaches it.
        port: its port.
        username: as whom the nodes read it, in place of their computer accounts.
        password: that user's.
    """

    path: str
    host: str = ""
    port: int = 445
    username: str | None = None
    password: str | None = field(default=None, repr=False)
