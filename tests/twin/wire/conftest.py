# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running server with one node behind it."""

from __future__ import annotations

import itertools
import json
import threading
import time
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.cim import NodeEndpoint
from simulator.wire.certificate import make_certificate
from simulator.wire.options import Floors, WireOptions
from simulator.wire.request_log import RequestLog
from simulator.wire.server import WireServer

from .fake_provider import FakeClock, FakeInterceptor, FakeProvider
from .messages import PASSWORD, USER, RawClient

FAST = Floors(idle=2.0, header=0.5, body=0.5, keep_alive=0.05, operation_timeout=0.3, reconnect_window=0.4, enumeration=0.3, send=2.0)
SOON = 15.0
"""Seconds within which something has happened that takes a moment at most, on a machine that is busy with other things."""

AT_ONCE = 4.0
"""Seconds within which the server has stopped when no thread of it hangs; it gives such a thread up after five."""

_addresses = itertools.count(10)


def wait_for(condition: Callable[[], bool], seconds: float = SOON) -> None:
    """Wait until something that another thread does has happened."""
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        tick.wait(0.005)


class Twin:
    """The server under test with everything a test wants to look at."""

    def __init__(self, folder: Path, **settings: t.Any) -> None:  # noqa: ANN401
        self.provider = FakeProvider()
        self.clock = FakeClock(settings.pop("rate", 1000.0))
        self.interceptor = FakeInterceptor()
        self.log_path = folder / "requests.jsonl"
        self.log = RequestLog(self.log_path)
        self.address = f"127.77.{next(_addresses) % 250}.1"
        self.certificate = make_certificate(folder, [self.address])
        limits = settings.pop("limits", {})
        endpoint = NodeEndpoint(
            "HV01",
            "node1",
            self.address,
            0,
            0,
            self.provider,
            "OS: 10.0.20348 SP: 0.0 Stack: 3.0",
            limits,
            settings.pop("language", "en-US"),
        )
        settings.setdefault("allow_unencrypted", True)
        settings.setdefault("options", WireOptions(floors=FAST))
        self.server = WireServer([endpoint], {USER: PASSWORD}, self.clock, self.interceptor, self.log, self.certificate, **settings)
        self.server.start()
        _unused, _unused, _unused, port, tls_port = self.server.ports()[0]
        assert port is not None
        assert tls_port is not None
        self.port, self.tls_port = port, tls_port
        self._clients: list[RawClient] = []

    def client(self, **options: t.Any) -> RawClient:  # noqa: ANN401
        client = RawClient(self.address, options.pop("port", self.port), **options)
        self._clients.append(client)
        return client

    def log_lines(self, count: int) -> list[dict[str, t.Any]]:
        """Return the log in order of the requests, once it has `count` lines: a line is written after its answer has left."""
        wait_for(lambda: len(self.log_path.read_text().splitlines()) >= count)
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        assert len(lines) == count
        return sorted(lines, key=lambda line: int(line["seq"]))

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        self.server.stop()
        self.log.close()


@pytest.fixture
def make_twin(tmp_path: Path) -> Iterator[Callable[..., Twin]]:
    started: list[Twin] = []

    def make(**settings: t.Any) -> Twin:  # noqa: ANN401
        started.append(Twin(tmp_path, **settings))
        return started[-1]

    yield make
    for twin in started:
        twin.stop()


@pytest.fixture
def twin(make_twin: Callable[..., Twin]) -> Twin:
    return make_twin()
