# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP/1.1 on one socket: reading requests under time and size limits, writing answers, whole or chunked."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_HEAD_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_DISCARD_LIMIT = 16 * 1024 * 1024

REASONS: Mapping[int, str] = {
    200: "OK",
    400: "Bad Request",
    401: "",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


class HttpError(Exception):
    """A request that is answered with an HTTP status and an empty body; the connection is closed afterwards."""

    def __init__(self, status: int, *, unread: int = 0) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.unread = unread
        """Announced bytes that nobody has read."""


class ConnectionGoneError(Exception):
    """The peer closed the connection, was silent for too long, or the twin itself closed it."""


@dataclass(frozen=True)
class Head:
    """Request line and headers, before the body is read."""

    method: str
    path: str
    headers: Mapping[str, str]
    is_http_1_0: bool

    @property
    def wants_close(self) -> bool:
        """True when the client does not keep the connection."""
        tokens = {token.strip().lower() for token in self.headers.get("connection", "").split(",")}
        return "close" in tokens or (self.is_http_1_0 and "keep-alive" not in tokens)

    @property
    def announced(self) -> int:
        """Length of the body as the client announces it, 0 when it does not."""
        text = self.headers.get("content-length", "")
        return int(text[:12]) if text.isascii() and text.isdigit() else 0


class Channel:
    """Buffered, deadline-bound reading and writing on one connected socket."""

    def __init__(self, sock: socket.socket, send_seconds: float) -> None:
        self._sock = sock
        self._send_seconds = send_seconds
        self._buffer = bytearray()

    def wait(self, seconds: float) -> bool:
        """Return True when the next request begins within `seconds`, False on a quiet or closed connection."""
        if self._buffer:
            return True
        try:
            return self._fill(time.monotonic() + seconds)
        except ConnectionGoneError:
            return False

    def read_head(self, seconds: float) -> Head:
        """Read request line and headers.

        Raises:
            HttpError: garbled or too long, or not complete in time.
            ConnectionGoneError: the peer left.
        """
        deadline = time.monotonic() + seconds
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise HttpError(400)
            # A request never begins with anything but a letter; waiting for the end of garbage would hold the thread.
            if not self._buffer.lstrip(b"\r\n")[:1].isalpha() and self._buffer.strip(b"\r\n"):
                raise HttpError(400)
            if not self._fill(deadline):
                raise HttpError(408)
        raw, _unused, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        self._buffer = bytearray(rest)
        if len(raw) > MAX_HEAD_BYTES:
            raise HttpError(400)
        return _parse_head(raw.lstrip(b"\r\n"))

    def read_body(self, head: Head, seconds: float, limit: int) -> bytes:
        """Read the body that the head announces.

        Raises:
            HttpError: 413 above `limit` bytes, 400 for a garbled length, 500 when it does not come in time (MaxPacketRetrievalTimeSeconds).
        """
        deadline = time.monotonic() + seconds
        coding = head.headers.get("transfer-encoding", "identity").strip().lower()
        if coding not in ("identity", "chunked"):
            raise HttpError(501)
        if coding == "chunked":
            self._continue(head)
            return self._read_chunked(deadline, limit)
        text = head.headers.get("content-length", "0").strip()
        if not (text.isascii() and text.isdigit()):
            raise HttpError(400)
        length = int(text[:12])
        if length > limit:
            raise HttpError(413, unread=length - len(self._buffer))
        self._continue(head)
        return self._take(length, deadline)

    def send(self, data: bytes) -> None:
        """Send all bytes.

        Raises:
            ConnectionGoneError: the peer left or does not read.
        """
        try:
            self._sock.settimeout(self._send_seconds)
            self._sock.sendall(data)
        except (OSError, ValueError) as error:
            raise ConnectionGoneError(str(error)) from None

    def discard(self, length: int, seconds: float) -> None:
        """Read and forget up to `length` bytes, so that a refused client can read the refusal before the connection is reset."""
        deadline = time.monotonic() + seconds
        left = min(length, _DISCARD_LIMIT)
        try:
            while left > 0 and self._fill(deadline):
                left -= len(self._buffer)
                self._buffer.clear()
        except ConnectionGoneError:
            return

    def _continue(self, head: Head) -> None:
        if head.headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _read_chunked(self, deadline: float, limit: int) -> bytes:
        body = bytearray()
        while True:
            line = self._take_line(deadline).split(b";", 1)[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                raise HttpError(400) from None
            if size < 0:
                raise HttpError(400)
            if len(body) + size > limit:
                raise HttpError(413, unread=size)
            if size == 0:
                while self._take_line(deadline):
                    pass
                return bytes(body)
            body += self._take(size, deadline)
            if self._take(2, deadline) != b"\r\n":
                raise HttpError(400)

    def _take_line(self, deadline: float) -> bytes:
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > 4096:
                raise HttpError(400)
            if not self._fill(deadline):
                raise HttpError(500)
        line, _unused, rest = bytes(self._buffer).partition(b"\r\n")
        self._buffer = bytearray(rest)
        return line

    def _take(self, length: int, deadline: float) -> bytes:
        while len(self._buffer) < length:
            if not self._fill(deadline):
                raise HttpError(500)
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        return data

    def _fill(self, deadline: float) -> bool:
        """Read some bytes; False when the deadline passed."""
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        try:
            self._sock.settimeout(left)
            data = self._sock.recv(_READ_BYTES)
        except TimeoutError:
            return False
        except (OSError, ValueError) as error:
            raise ConnectionGoneError(str(error)) from None
        if not data:
            raise ConnectionGoneError("closed by the peer")
        self._buffer += data
        return True


def answer_head(status: int, headers: Sequence[tuple[str, str]]) -> bytes:
    """Return status line and headers of an answer."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}", "Server: Microsoft-HTTPAPI/2.0"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body; of no data, its end."""
    return f"{len(data):x}\r\n".encode("ascii") + data + b"\r\n"


def _parse_head(raw: bytes) -> Head:
    lines = raw.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/"):
        raise HttpError(400)
    if parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise HttpError(505)
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        key = name.lower()
        if not colon or not name or name != name.strip() or (key == "content-length" and key in headers):
            raise HttpError(400)
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return Head(parts[0], parts[1], headers, parts[2] == "HTTP/1.0")
