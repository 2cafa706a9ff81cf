# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host on loopback that follows a script: plain HTTP, or NTLM with sealed messages."""

from __future__ import annotations

import base64
import contextlib
import socket
import struct
import threading
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import spnego

PASSWORD = "canary-Pa55"
LINGER_RESET = struct.pack("ii", 1, 0)

Handler = t.Callable[["Connection", "HttpRequest"], None]


@dataclass
class HttpRequest:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Connection:
    """One TCP connection with the verbs that a script needs."""

    sock: socket.socket
    reader: t.BinaryIO
    context: t.Any = None

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes, status: int = 200, content_type: str = "application/soap+xml;charset=UTF-8", extra: str = "") -> None:
        self.send(f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def begin_chunks(self, content_type: str = "application/soap+xml;charset=UTF-8") -> None:
        self.send(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())

    def chunk(self, data: bytes) -> None:
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end_chunks(self) -> None:
        self.send(b"0\r\n\r\n")

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        self.close()

    def close(self) -> None:
        # The reader holds the descriptor as well; without this the peer would hear nothing.
        self.reader.close()
        self.sock.close()

    def seal(self, plain: bytes) -> bytes:
        wrapped = self.context.wrap_winrm(plain)
        sealed: bytes = (
            b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
            + f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(plain) + wrapped.padding_length}\r\n".encode()
            + b"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
            + struct.pack("<I", len(wrapped.header))
            + wrapped.header
            + wrapped.data
            + b"--Encrypted Boundary--\r\n"
        )
        return sealed

    def unseal(self, body: bytes) -> bytes:
        payload = body.split(b"Content-Type: application/octet-stream\r\n", 1)[1].rsplit(b"--Encrypted Boundary--", 1)[0]
        (length,) = struct.unpack("<I", payload[:4])
        plain: bytes = self.context.unwrap_winrm(payload[4 : 4 + length], payload[4 + length :])
        return plain


SEALED_TYPE = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'


@dataclass
class LoopbackHost:
    """Gives each request to the next handler of the script; sign-in requests are answered by itself."""

    handlers: list[Handler]
    needs_ntlm: bool = False
    is_raw: bool = False
    connections: int = 0
    requests: list[HttpRequest] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.open: list[socket.socket] = []
        self.threads: list[threading.Thread] = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/wsman"

    def stop(self) -> None:
        self.hold.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self.open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self.threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                sock, _unused = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        connection = Connection(sock, sock.makefile("rb"))
        try:
            if self.is_raw:
                self.handlers.pop(0)(connection, HttpRequest("", {}, sock.recv(65536)))
            while not self.is_raw and (request := self._read(connection.reader)):
                if self.needs_ntlm and not self._signed_in(connection, request):
                    continue
                self.requests.append(request)
                self.handlers.pop(0)(connection, request)
        except (OSError, ValueError):
            return
        except BaseException as error:
            self.errors.append(error)
        finally:
            connection.close()

    def _read(self, reader: t.BinaryIO) -> HttpRequest | None:
        line = reader.readline().decode("latin-1").strip()
        if not line:
            return None
        headers = {}
        while text := reader.readline().decode("latin-1").strip():
            name, _unused, value = text.partition(":")
            headers[name.lower()] = value.strip()
        return HttpRequest(line, headers, reader.read(int(headers.get("content-length", "0"))))

    def _signed_in(self, connection: Connection, request: HttpRequest) -> bool:
        if connection.context is not None and connection.context.complete:
            return True
        scheme, _unused, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            connection.answer(b"", 401, extra="WWW-Authenticate: Negotiate\r\n")
            return False
        if connection.context is None:
            connection.context = spnego.server(protocol="ntlm")
        try:
            out = connection.context.step(base64.b64decode(token))
        except spnego.exceptions.SpnegoError:
            connection.context = None
            connection.answer(b"", 401, extra="WWW-Authenticate: Negotiate\r\n")
            return False
        if not connection.context.complete:
            connection.answer(b"", 401, extra=f"WWW-Authenticate: {scheme} {base64.b64encode(out).decode()}\r\n")
            return False
        if not request.body:
            connection.answer(b"")
            return False
        return True


@pytest.fixture
def host() -> Iterator[Callable[..., LoopbackHost]]:
    """Start hosts that end with the test, none of them with a step left over or an error."""
    hosts: list[LoopbackHost] = []

    def start(*handlers: Handler, needs_ntlm: bool = False, is_raw: bool = False) -> LoopbackHost:
        hosts.append(LoopbackHost(list(handlers), needs_ntlm=needs_ntlm, is_raw=is_raw))
        return hosts[-1]

    yield start
    for started in hosts:
        started.stop()
        assert not started.errors
        assert not started.handlers


@pytest.fixture
def ntlm_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell the acceptor of this process the one user it knows."""
    users = tmp_path / "users"
    users.write_text(f"HOST:admin:{PASSWORD}\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
