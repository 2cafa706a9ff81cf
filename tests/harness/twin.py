# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A twin in a process of its own, on loopback addresses that nobody else uses."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.background import first_free_address

from .control import Control
from .processes import CHECKOUT, Child, clean_environment, start, stop
from .record import Entry, read_log

PORT = 5985
TLS_PORT = 5986
MOST_NODES = 20
START_SECONDS = 60.0


class TwinError(Exception):
    """The twin did not start."""


@dataclass(frozen=True)
class TwinNode:
    """Where a node listens."""

    cluster: str
    node: str
    address: str
    port: int | None
    tls_port: int | None


class Twin:
    """A twin and its files: events.jsonl, requests.jsonl, ready.json, control.sock and twin.log in its directory.

    Args:
        scenario: the scenario file, or the name of a shipped one.
        directory: where its files go.
        rate: twin seconds per real second.
        seed: of the model's dice.
        address: of its first node; a free one by default.
        ports: of HTTP and HTTPS on every node.
        environment: further variables for its process.
    """

    def __init__(
        self,
        scenario: str | Path,
        directory: Path,
        *,
        rate: float = 100.0,
        seed: int = 1,
        address: str | None = None,
        ports: tuple[int, int] = (PORT, TLS_PORT),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        # The twin has a working directory of its own.
        self.scenario = Path(scenario).resolve() if Path(scenario).is_file() else scenario
        self.directory = directory
        self.rate = rate
        self.seed = seed
        self.address = address
        self.ports = ports
        self.environment = dict(environment or {})
        self.nodes: list[TwinNode] = []
        self.certificate: Path | None = None
        self._process: Child | None = None
        self._control: Control | None = None

    def __enter__(self) -> t.Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def events_file(self) -> Path:
        """The event log."""
        return self.directory / "events.jsonl"

    @property
    def requests_file(self) -> Path:
        """The request log."""
        return self.directory / "requests.jsonl"

    @property
    def socket_file(self) -> Path:
        """The control socket: below the system's short paths when the directory's path is too long for a socket."""
        return self.directory / "control.sock"

    def start(self) -> None:
        """Start the twin and wait until all nodes answer.

        Raises:
            TwinError: it ended, or was not ready in time.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        for attempt in range(3):
            try:
                self._start_once()
            except TwinError:
                # Another twin may have taken the same addresses between the look and the start.
                if attempt == 2 or "ddress already in use" not in self.log():
                    raise
            else:
                return

    def _start_once(self) -> None:
        ready = self.directory / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "simulator", "serve", str(self.scenario), "--address", self.address or free_block()]
        command += ["--port", str(self.ports[0]), "--tls-port", str(self.ports[1]), "--rate", str(self.rate), "--seed", str(self.seed)]
        command += ["--events", str(self.events_file), "--requests", str(self.requests_file)]
        command += ["--ready-file", str(ready), "--control", self.socket_file.name]
        # The control socket is named relative to the directory: a socket's path has room for 107 characters only.
        environment = clean_environment(self.directory, {"PYTHONPATH": str(CHECKOUT), **self.environment})
        self._process = start(command, environment=environment, directory=self.directory, output=self.directory / "twin.log")
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(timeout=0.05)
                raise TwinError(self.log()[-2000:].strip() or f"the twin ended with {code} and said nothing")
            if time.monotonic() > deadline:
                raise TwinError(f"the twin was not ready after {START_SECONDS:.0f} s: {self.log()[-2000:]}")
        self._read_ready(json.loads(ready.read_text(encoding="utf-8")))

    def _read_ready(self, ready: dict[str, t.Any]) -> None:
        self.nodes = [TwinNode(row["cluster"], row["node"], row["address"], row.get("port"), row.get("tls_port")) for row in ready["nodes"]]
        if ready.get("certificate"):
            self.certificate = self.directory / ready["certificate"]

    def stop(self) -> None:
        """Stop the twin as an administrator would; its logs are complete afterwards."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            stop(self._process)
            self._process = None

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def control(self) -> Control:
        """A connection to the control socket, opened on first use."""
        if self._control is None:
            with contextlib.chdir(self.directory):
                self._control = Control(Path(self.socket_file.name))
        return self._control

    def now(self) -> str:
        """Return twin time as the logs write it."""
        return str(self.control.send("state")["at"])

    def log(self) -> str:
        """Return what the twin said on its screen."""
        path = self.directory / "twin.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def events(self) -> list[dict[str, t.Any]]:
        """Return the event log so far."""
        return read_log(self.events_file)

    def requests(self) -> list[dict[str, t.Any]]:
        """Return the request log so far."""
        return read_log(self.requests_file)

    def wait_for(self, wanted: t.Callable[[Entry], bool], seconds: float = 60.0) -> Entry:
        """Wait until the event log has a line of a kind.

        Raises:
            TwinError: it did not come in time, or the twin ended.
        """
        deadline = time.monotonic() + seconds
        while True:
            for event in self.events():
                if wanted(event):
                    return event
            if self._process is None or time.monotonic() > deadline:
                raise TwinError("the event did not come in time")
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(timeout=0.05)
                raise TwinError(f"the twin ended with {code}: {self.log()[-2000:]}")


def free_block() -> str:
    """Return the first of some consecutive loopback addresses on which nobody listens."""
    return first_free_address(MOST_NODES, (PORT, TLS_PORT))
