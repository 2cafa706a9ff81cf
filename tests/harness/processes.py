# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the processes that the harness starts have in common: a clean environment, an end when we end, and no orphans."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import typing as t
import uuid
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

MARK = "CLUSTER_AWARE_UPDATING_HARNESS"

LONGEST_FOLDER = 70
"""A socket's path has 107 characters; multiprocessing adds about 35 to the folder for temporary files."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def clean_environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for a process of ours: nothing of the user's settings, no proxy, everything it writes below `home`.

    Args:
        home: a directory that may be written.
        extra: further variables.
    """
    binaries = Path(sys.executable).parent
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TZ") if name in os.environ}
    return kept | {
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": _temporary(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **(extra or {}),
    }


def _temporary(home: Path) -> str:
    """Return where temporary files go: below `home` unless the sockets that Python makes there would have too long a path."""
    return str(home) if len(str(home)) <= LONGEST_FOLDER else tempfile.gettempdir()


class Child(subprocess.Popen[bytes]):
    """A process that was started here; whatever it starts carries the same mark in its environment.

    Args:
        command: program and arguments.
        mark: a text that no other process carries.
        options: see subprocess.Popen.
    """

    def __init__(self, command: list[str], mark: str, **options: t.Any) -> None:  # noqa: ANN401 - as Popen has them
        self.mark = mark
        super().__init__(command, **options)

    def family(self) -> list[int]:
        """Return the ids of all processes that carry the mark: Ansible's workers leave the group and the session of their parent."""
        wanted = f"{MARK}={self.mark}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if any(entry.startswith(wanted) for entry in (path / "environ").read_bytes().split(b"\0")):
                    found.append(int(path.name))
        return found


def _prepare_child() -> None:
    """End with the parent, and hear Ctrl-C even where a shell in the background has us ignore it."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(command: list[str], *, environment: Mapping[str, str], directory: Path, output: Path | None) -> Child:
    """Start a process in a group of its own; it is told to end when this process ends, however that happens.

    Args:
        command: program and arguments.
        environment: its whole environment.
        directory: its working directory.
        output: file for what it says, None to let it speak to our own screen.
    """
    # The mark of whoever started us comes first, so that it holds for this family too.
    mark = f"{os.environ.get(MARK, '')}/{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(output.open("wb")) if output else None
        return Child(
            command,
            mark,
            env=dict(environment) | {MARK: mark},
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT if sink else None,
            start_new_session=True,
            preexec_fn=_prepare_child,
        )


def stop(process: Child, seconds: float = 15.0) -> int:
    """End a process that was started here, and whatever is left of its family; return its exit code."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
    kill(process)
    return process.returncode


def kill(process: Child) -> None:
    """Kill a process that was started here and all of its family, one that is being started right now included."""
    while family := process.family():
        for number in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        process.poll()
    process.wait()
