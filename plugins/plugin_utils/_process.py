# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ansible-playbook process this is, so that nothing of another one is taken for this run's.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path

PROC = Path("/proc")

# Field 22 of /proc/<pid>/stat, counted from the field after the command name, which may hold blanks.
_START_TIME_AFTER_COMMAND = 19

_UNKNOWN_BOOT = "unknown-boot"
_UNKNOWN_START = "unknown-start"


def process_identity(pid: int | None = None) -> str:
    """Return a text that names one process on one machine and that no later process has.

    Tasks run in children of ansible-playbook, and facts may outlive it in a fact cache. The process number alone is soon used again, so
    the time at which it started and the boot of the machine are part of the name.

    Args:
        pid: the process, the parent of this one by default.
    """
    number = os.getppid() if pid is None else pid
    return f"{socket.gethostname()}/{_boot_id()}/{number}/{_start_time(number)}"


def is_running(identity: str) -> bool:
    """Return whether a process of this machine is known to be alive; False says nothing.

    Args:
        identity: what process_identity() returned for it.
    """
    host, _slash, rest = identity.partition("/")
    boot, _slash, rest = rest.partition("/")
    number, _slash, start = rest.partition("/")
    is_here = host == socket.gethostname() and boot == _boot_id() != _UNKNOWN_BOOT
    return is_here and number.isdigit() and start != _UNKNOWN_START and _start_time(int(number)) == start


def controller_name() -> str:
    """Return the name of this machine, for people."""
    return socket.gethostname()


def user_name() -> str:
    """Return who started the run here, for people; a container may know its user by number only."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return str(os.getuid())


def _boot_id() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return _UNKNOWN_BOOT


def _start_time(pid: int) -> str:
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _UNKNOWN_START
    return stat.rpartition(")")[2].split()[_START_TIME_AFTER_COMMAND]
