# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The twin's WS-Management server: listeners of all nodes, their connections, and the switch that takes a node off the net."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..cim import Interceptor, NodeEndpoint, TwinClock
from .certificate import make_client_certificates
from .connection import Connection
from .credentials import Credentials
from .enumeration import Enumerations
from .exchange import Surroundings
from .node_state import NodeState
from .options import WireOptions
from .request_log import RequestLog
from .robust import RobustOperation, RobustOperations

_JOIN_SECONDS = 5.0
_REFUSAL_FACTOR = 2


class NotLoopbackError(ValueError):
    """An endpoint that is not on the loopback interface: the twin must never be reachable from elsewhere."""


class WireServer:
    """All endpoints of a twin.

    Args:
        endpoints: where each node listens, and what answers there.
        users: password by user name.
        clock: twin time.
        interceptor: scripted faults and holds.
        request_log: None writes no log.
        certificate: paths of certificate and key, needed when an endpoint has a TLS port.
        allow_unencrypted: Basic and plain bodies over HTTP.
        options: see WireOptions.

    Raises:
        NotLoopbackError: an address is not of 127.0.0.0/8 or ::1.
    """

    def __init__(
        self,
        endpoints: Sequence[NodeEndpoint],
        users: Mapping[str, str],
        clock: TwinClock,
        interceptor: Interceptor,
        request_log: RequestLog | None = None,
        certificate: tuple[Path, Path] | None = None,
        *,
        allow_unencrypted: bool = False,
        options: WireOptions | None = None,
    ) -> None:
        for endpoint in endpoints:
            check_loopback(endpoint.address)
        self._counter = itertools.count(1)
        self._shared = Surroundings(interceptor, request_log, lambda: next(self._counter), allow_unencrypted)
        self._credentials = Credentials(users, [name for endpoint in endpoints for name in (endpoint.node, endpoint.cluster)])
        self._certificate = certificate
        self._users = tuple(users)
        numbers = itertools.count(1)
        chosen = options or WireOptions()
        self._services = [
            NodeService(NodeState(endpoint, chosen, clock, Enumerations(), RobustOperations()), self._shared, self._credentials, numbers)
            for endpoint in endpoints
        ]
        self._is_running = False

    def start(self) -> None:
        """Open every endpoint; returns when all of them answer."""
        self._credentials.open()
        if self._certificate is not None:
            make_client_certificates(*self._certificate, self._users)
        self._is_running = True
        try:
            tls = self._tls_context()
            for service in self._services:
                service.open(tls)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Close everything and end every thread; more than once is once."""
        self._is_running = False
        for service in self._services:
            service.close(None)
        for service in self._services:
            service.join()
        self._credentials.close()

    def set_reachable(self, node: str, reachable: bool) -> None:
        """Close a node's listeners and reset its connections (False), or open them again (True).

        Running robust operations of the node vanish. Never waits for a thread, so that the model may call it from anywhere.

        Args:
            node: its name, or cluster/node where several clusters have a node of that name.
            reachable: whether it answers from now on.
        """
        for service in self._services:
            if not service.is_named(node):
                continue
            if not reachable:
                service.close("shutdown")
            elif self._is_running:
                service.open(self._tls_context())

    def reset(self) -> None:
        """Drop all connections and running operations, as after a restored snapshot."""
        for service in self._services:
            service.drop(None)

    def skip_to(self, number: int) -> None:
        """Give later exchanges higher numbers than this one."""
        self._counter = itertools.count(max(next(self._counter), number + 1))

    def ports(self) -> list[tuple[str, str, str, int | None, int | None]]:
        """Return cluster, node, address, port and TLS port of each endpoint; a port given as 0 is the one that was found."""
        return [service.address() for service in self._services]

    def _tls_context(self) -> ssl.SSLContext | None:
        if self._certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(str(self._certificate[0]), str(self._certificate[1]))
        # Who shows a certificate must show one of ours; it counts only when the request says so (wsman-cim.md 9).
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(str(self._certificate[0]))
        return context


def check_loopback(address: str) -> None:
    """Refuse every address but 127.0.0.0/8 and ::1.

    Raises:
        NotLoopbackError: any other address, names included.
    """
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback and "%" not in address
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise NotLoopbackError(f"the twin listens on loopback addresses only, not on {address}")


class NodeService:
    """Listeners and connections of one node."""

    def __init__(self, state: NodeState, shared: Surroundings, credentials: Credentials, numbers: itertools.count[int]) -> None:
        self._state = state
        self._shared = shared
        self._credentials = credentials
        self._numbers = numbers
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._retired: list[Listener] = []
        self._connections: set[Connection] = set()
        self._stopped: list[RobustOperation] = []
        self._found: dict[bool, int] = {}

    def is_named(self, node: str) -> bool:
        """Return True when the name means this node."""
        endpoint = self._state.endpoint
        return node.casefold() in (endpoint.node.casefold(), f"{endpoint.cluster}/{endpoint.node}".casefold())

    def address(self) -> tuple[str, str, str, int | None, int | None]:
        """Return where the node listens."""
        endpoint = self._state.endpoint
        ports = self._found.get(False, endpoint.port), self._found.get(True, endpoint.tls_port)
        return endpoint.cluster, endpoint.node, endpoint.address, *ports

    def open(self, tls: ssl.SSLContext | None) -> None:
        """Listen; does nothing when it listens already.

        Raises:
            OSError: the port is taken.
            ValueError: a TLS port without certificate.
        """
        endpoint = self._state.endpoint
        with self._lock:
            if self._listeners:
                return
            for port, is_tls in ((endpoint.port, False), (endpoint.tls_port, True)):
                if port is None:
                    continue
                if is_tls and tls is None:
                    raise ValueError("an HTTPS endpoint needs a certificate")
                listener = Listener(endpoint.address, self._found.get(is_tls, port), tls if is_tls else None, self)
                self._found[is_tls] = listener.port
                self._listeners.append(listener)
            for listener in self._listeners:
                listener.start()

    def close(self, cancel_reason: str | None) -> None:
        """Stop to listen, and drop everything that runs; see RobustOperation.stop for the reason."""
        with self._lock:
            listeners, self._listeners = self._listeners, []
            self._retired = [item for item in self._retired if item.is_alive()] + listeners
        for listener in listeners:
            listener.close()
        self.drop(cancel_reason)

    def drop(self, cancel_reason: str | None) -> None:
        """Reset all connections; running operations and enumerations are forgotten."""
        stopped = self._state.operations.stop_all(cancel_reason)
        self._state.enumerations.clear()
        with self._lock:
            self._stopped = [item for item in self._stopped if item.is_alive()] + stopped
            connections = list(self._connections)
        for connection in connections:
            connection.reset(cancel_reason)

    def join(self) -> None:
        """Wait for all threads of the node."""
        deadline = time.monotonic() + _JOIN_SECONDS
        with self._lock:
            waited: list[Listener | Connection | RobustOperation] = [*self._retired, *self._connections, *self._stopped]
        for item in waited:
            item.join(max(0.1, deadline - time.monotonic()))

    def accept(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Serve a new connection; above MaxConnections its one request is answered with 503, far above it is closed unread."""
        with self._lock:
            limit = self._state.limits["MaxConnections"]
            if not self._listeners or len(self._connections) >= _REFUSAL_FACTOR * limit:
                sock.close()
                return
            is_full = len(self._connections) >= limit
            connection = Connection(
                sock, next(self._numbers), self._state, self._shared, self._credentials, tls, self._ended, is_refused=is_full
            )
            self._connections.add(connection)
        try:
            connection.start()
        except RuntimeError:
            connection.discard()
            self._ended(connection)

    def _ended(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)


class Listener:
    """One listening socket and the thread that accepts."""

    def __init__(self, address: str, port: int, tls: ssl.SSLContext | None, service: NodeService) -> None:
        self._tls = tls
        self._service = service
        self._closing = threading.Event()
        self._sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._sock.bind((address, port))
            self._sock.listen(128)
        except OSError:
            self._sock.close()
            raise
        self.port: int = self._sock.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"listener {address}:{self.port}", daemon=True)

    def start(self) -> None:
        """Begin to accept."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Return True while the thread runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop to accept at once."""
        self._closing.set()
        with contextlib.suppress(OSError):
            # A plain close would leave the thread in accept; shutting a listening socket down wakes it.
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def join(self, seconds: float) -> None:
        """Wait for the thread."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _unused = self._sock.accept()
            except OSError:
                if self._closing.is_set():
                    return
                # Out of file descriptors or a client that left before it was accepted: the next one may do better.
                self._closing.wait(0.05)
                continue
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._service.accept(sock, self._tls)
            except OSError:
                # Out of file descriptors: this client is lost, the listener is not.
                sock.close()
