# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients of the loopback host, and the operations that most tests use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .loopback import PASSWORD, SEALED_TYPE, Connection, HttpRequest


class QuickClock(Clock):
    """Real time with short pauses; `limit` is how long a socket may be silent, in seconds."""

    def __init__(self, limit: float = 5.0) -> None:
        super().__init__()
        self.limit = limit

    def socket_timeout(self, seconds: float) -> float:
        return self.limit

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 1000)


def endpoint(url: str, **changes: object) -> Endpoint:
    plain = Endpoint(name="node1", url=url, auth="basic", username="admin", password=PASSWORD, message_encryption="never")
    return replace(plain, **changes)  # type: ignore[arg-type]


def client(url: str, limit: float = 5.0, **changes: object) -> Client:
    return Client(endpoint(url, **changes), QuickClock(limit), read_tries=1)


def get(found: Client) -> object:
    return found.get("root/cimv2", "Win32_Service", {"Name": "x"})


def invoke(found: Client) -> object:
    return found.invoke("root/cimv2", "X", "M", kind=Kind.ONCE_ONLY)


def sealed_endpoint(url: str, **changes: object) -> Endpoint:
    return endpoint(url, auth="ntlm", username="HOST\\admin", message_encryption="auto", **changes)


def sealed_answer(body: bytes, status: int = 200) -> Callable[[Connection, HttpRequest], None]:
    def handle(connection: Connection, request: HttpRequest) -> None:
        assert b"Envelope" in connection.unseal(request.body)
        assert b"Envelope" not in request.body
        connection.answer(connection.seal(body), status, content_type=SEALED_TYPE)

    return handle
