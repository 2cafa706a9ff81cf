# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client of the twin's control socket (twin.md, "Command")."""

from __future__ import annotations

import json
import socket
import typing as t
from pathlib import Path


class ControlError(Exception):
    """The twin refused a command."""


class Control:
    """One connection to the control socket.

    Args:
        path: the socket.
        seconds: real seconds to wait for an answer.
    """

    def __init__(self, path: Path, seconds: float = 30.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
        self._socket.close()

    def send(self, command: str, **arguments: t.Any) -> dict[str, t.Any]:  # noqa: ANN401 - as JSON has it
        """Send a command and return its answer.

        Raises:
            ControlError: the twin did not do it.
        """
        self._socket.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
        line = self._lines.readline()
        if not line:
            raise ControlError(f"the twin closed the connection instead of answering to {command}")
        answer: dict[str, t.Any] = json.loads(line)
        if answer.get("ok") is False or "error" in answer:
            raise ControlError(f"{command}: {answer.get('error')}")
        return answer
