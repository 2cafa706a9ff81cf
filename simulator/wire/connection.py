# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One TCP connection: requests one after another, each authenticated, opened, carried out and answered."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from .authentication import Authenticator
from .credentials import Credentials
from .exchange import CloseConnectionError, ExchangeRunner, Surroundings
from .http import Channel, ConnectionGoneError, Head, HttpError
from .message import BadEnvelopeError, read_envelope
from .names import IDENTITY
from .node_state import NodeState
from .responder import Responder
from .sealing import SealError, is_sealed, open_sealed
from .xml import find

_POLL_SECONDS = 0.1
_DISCARD_SECONDS = 2.0
# Boundaries, part headers and signature around a sealed body.
_SEAL_OVERHEAD = 4096
_CHARSET = re.compile(r'charset\s*=\s*"?([A-Za-z0-9-]+)', re.IGNORECASE)


class Connection:
    """Serves one accepted socket until either side ends it.

    Args:
        sock: the accepted socket.
        number: for the request log.
        node: the service behind the listener.
        shared: what all exchanges share.
        credentials: who may log on.
        tls: the context of an HTTPS listener.
        on_end: called with the connection once it is closed.
        is_refused: its first request is read and answered with 503.
    """

    def __init__(
        self,
        sock: socket.socket,
        number: int,
        node: NodeState,
        shared: Surroundings,
        credentials: Credentials,
        tls: ssl.SSLContext | None,
        on_end: Callable[[Connection], None],
        *,
        is_refused: bool = False,
    ) -> None:
        self.number = number
        self.is_tls = tls is not None
        self.user: str | None = None
        self._sock = sock
        self._node = node
        self._shared = shared
        self._tls = tls
        self._on_end = on_end
        self._is_refused = is_refused
        self._credentials = credentials
        self._auth = Authenticator(credentials, is_tls=self.is_tls, allow_unencrypted=shared.allow_unencrypted)
        self._aborted = threading.Event()
        self.cancel_reason: str | None = None
        # A second handle on the same socket: it can be cut from any thread while TLS objects may not be touched from two.
        self._handle = sock.dup()
        self._handle_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"connection {number}", daemon=True)
        self._unreported_handshakes = 0

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def discard(self) -> None:
        """Close a connection that could not be started: no thread was to be had."""
        for sock in (self._sock, self._handle):
            with contextlib.suppress(OSError):
                sock.close()

    @property
    def is_aborted(self) -> bool:
        """True once the twin has cut the connection."""
        return self._aborted.is_set()

    def reset(self, cancel_reason: str | None = None) -> None:
        """Cut the connection the hard way; safe from any thread.

        Args:
            cancel_reason: what a provider that works for this connection is told, None when it is to hear nothing.
        """
        self.cancel_reason = cancel_reason
        self._aborted.set()
        with self._handle_lock, contextlib.suppress(OSError):
            # Lingering for zero seconds turns the close into a reset.
            self._handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._handle.shutdown(socket.SHUT_RDWR)

    def join(self, seconds: float) -> None:
        """Wait for the connection's thread."""
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def check_peer(self) -> None:
        """See Link: finds a closed peer without reading, which also works below TLS."""
        poll = select.poll()
        with self._handle_lock:
            if self._handle.fileno() < 0:
                raise ConnectionGoneError("closed")
            poll.register(self._handle.fileno(), select.POLLRDHUP)
            events = poll.poll(0)
        if events:
            raise ConnectionGoneError("closed by the peer")

    def pause(self, real_seconds: float) -> None:
        """See Link."""
        if self._aborted.wait(real_seconds):
            raise ConnectionGoneError("cut by the twin")

    def wait_for_end(self) -> None:
        """See Link."""
        with contextlib.suppress(ConnectionGoneError):
            while not self._aborted.wait(_POLL_SECONDS):
                self.check_peer()

    def _run(self) -> None:
        try:
            sock = self._handshake()
            if sock is not None:
                self._sock = sock
                floors = self._node.options.floors
                channel = Channel(sock, self._node.real(self._node.limits["MaxPacketRetrievalTimeSeconds"], floors.send))
                while self._serve_one(channel):
                    pass
        except (ConnectionGoneError, CloseConnectionError):
            pass
        finally:
            self._close()
            self._on_end(self)

    def _handshake(self) -> socket.socket | None:
        if self._tls is None:
            return self._sock
        try:
            self._sock.settimeout(self._header_seconds)
            sock = self._tls.wrap_socket(self._sock, server_side=True)
            self._auth.certificate_user = self._credentials.certificate_user(sock.getpeercert(binary_form=True))
            return sock
        except (OSError, ValueError):
            # A client that speaks no TLS or does not trust the certificate: nothing to answer.
            return None

    @property
    def _header_seconds(self) -> float:
        return self._node.real(self._node.options.header_timeout, self._node.options.floors.header)

    def _serve_one(self, channel: Channel) -> bool:
        """Serve one request; False when the connection ends."""
        options = self._node.options
        if not channel.wait(self._node.real(options.idle_timeout, options.floors.idle)) or self._aborted.is_set():
            return False
        try:
            head = channel.read_head(self._header_seconds)
            self._check_head(head)
            body = channel.read_body(
                head, self._node.real(self._node.limits["MaxPacketRetrievalTimeSeconds"], options.floors.body), self._body_limit(head)
            )
        except HttpError as error:
            Responder(channel, None, (), keeps_alive=False).empty(error.status)
            # A client in the middle of its body reads the refusal only when somebody takes the rest.
            channel.discard(error.unread, _DISCARD_SECONDS)
            return False
        if self._is_refused:
            Responder(channel, None, (), keeps_alive=False).empty(503)
            return False
        return not self._aborted.is_set() and self._answer(channel, head, body)

    def _answer(self, channel: Channel, head: Head, body: bytes) -> bool:
        keeps = not head.wants_close
        verdict = self._auth.judge(head.headers.get("authorization"))
        if verdict.user is None:
            if "authorization" not in head.headers and self._is_anonymous_identify(head, body):
                self._exchange(Responder(channel, None, (), keeps_alive=keeps), body, "utf-8", user="", bytes_in=len(body))
                return keeps
            Responder(channel, None, verdict.headers, keeps_alive=keeps).empty(401)
            return keeps
        self.user = verdict.user
        status = self._refusal(head, body)
        if status is not None:
            # Also the empty POST with which clients set up a context ends here (wsman-cim.md 9.2).
            Responder(channel, None, verdict.headers, keeps_alive=keeps).empty(status)
            return keeps
        plain, charset = body, self._charset(head)
        context = self._auth.context if is_sealed(head.headers.get("content-type", "")) else None
        if context is not None:
            try:
                plain, charset = open_sealed(context, head.headers["content-type"], body)
            except SealError:
                # wsman-cim.md 6.3: a stale context; what was sealed with its keys is lost.
                self._auth.forget()
                Responder(channel, None, (), keeps_alive=keeps).empty(400)
                return keeps
        responder = Responder(channel, context, verdict.headers, keeps_alive=keeps)
        self._exchange(responder, plain, charset, user=verdict.user, bytes_in=len(body))
        return keeps

    def _exchange(self, responder: Responder, plain: bytes, charset: str, *, user: str, bytes_in: int) -> None:
        handshakes, self._auth.handshakes = self._auth.handshakes, 0
        runner = ExchangeRunner(self._node, self._shared, self, responder, user=user, bytes_in=bytes_in, handshakes=handshakes)
        runner.run(plain, charset)

    def _refusal(self, head: Head, body: bytes) -> int | None:
        """Return the status of a request that authentication let in but that carries no message to run."""
        kind = head.headers.get("content-type", "").lower()
        if not body:
            self._auth.handshakes += 1
            return 200
        if is_sealed(kind):
            return None if self._auth.context is not None else 400
        if not kind.startswith("application/soap+xml"):
            return 400 if kind.startswith("multipart/") else 415
        if not self.is_tls and not self._shared.allow_unencrypted:
            return 500
        return None

    def _is_anonymous_identify(self, head: Head, body: bytes) -> bool:
        if head.headers.get("wsmanidentify", "").strip().lower() != "unauthenticated":
            return False
        try:
            _unused, soap_body = read_envelope(body, "utf-8")
        except BadEnvelopeError:
            return False
        return find(soap_body, IDENTITY, "Identify") is not None

    def _check_head(self, head: Head) -> None:
        # Through a proxy the whole URL stands in the first line.
        path = urlsplit(head.path).path
        if path.casefold().strip("/") != self._node.options.url_prefix.casefold().strip("/"):
            raise HttpError(404, unread=head.announced)
        if head.method != "POST":
            raise HttpError(405, unread=head.announced)

    def _body_limit(self, head: Head) -> int:
        limit = self._node.limits["MaxEnvelopeSizekb"] * 1024
        return limit + _SEAL_OVERHEAD if is_sealed(head.headers.get("content-type", "")) else limit

    @staticmethod
    def _charset(head: Head) -> str:
        match = _CHARSET.search(head.headers.get("content-type", ""))
        return match[1] if match else "utf-8"

    def _close(self) -> None:
        # TLS first says goodbye when the peer still listens; a cut connection does not.
        if not self.is_aborted:
            with contextlib.suppress(OSError, ValueError):
                self._sock.settimeout(0.5)
                if isinstance(self._sock, ssl.SSLSocket):
                    self._sock.unwrap()
                self._sock.shutdown(socket.SHUT_WR)
                _drain(self._sock)
        with contextlib.suppress(OSError):
            self._sock.close()
        with self._handle_lock, contextlib.suppress(OSError):
            self._handle.close()


def _drain(sock: socket.socket) -> None:
    """Read what is still under way for a moment: closing with unread bytes would reset the connection and eat the answer."""
    deadline = time.monotonic() + 0.2
    sock.settimeout(0.2)
    while time.monotonic() < deadline and sock.recv(65536):
        pass
