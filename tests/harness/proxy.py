# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small HTTP proxy on loopback: it hands on requests for http, and opens tunnels for https, and remembers what it was asked for."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import typing as t
from urllib.parse import urlsplit

_READ_BYTES = 65536
_IDLE_SECONDS = 60.0


class Proxy:
    """A proxy in threads of this process."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked: list[str] = []
        """The first line of each connection."""
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> t.Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            # A plain close would leave the thread in accept.
            self._listener.shutdown(socket.SHUT_RDWR)
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                self._sockets.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), client:
            head = b""
            while b"\r\n" not in head:
                head += client.recv(_READ_BYTES)
            line, _unused, rest = head.partition(b"\r\n")
            method, target, _version = line.decode("ascii").split(" ")
            self.asked.append(f"{method} {target}")
            place = urlsplit(f"//{target}" if method == "CONNECT" else target)
            with socket.create_connection((place.hostname or "", place.port or 80), timeout=10) as host:
                self._sockets.append(host)
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    host.sendall(line + b"\r\n" + rest)
                self._join(client, host)

    @staticmethod
    def _join(client: socket.socket, host: socket.socket) -> None:
        # Requests keep the whole URL in their first line, which servers have to take as well (RFC 9112, 3.2.2).
        other = {client: host, host: client}
        while ready := select.select([client, host], [], [], _IDLE_SECONDS)[0]:
            for each in ready:
                data = each.recv(_READ_BYTES)
                if not data:
                    return
                other[each].sendall(data)
