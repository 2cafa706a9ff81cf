# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody between the controller and a real Samba, who changes or keeps back what the server says."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb import errors
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.records import ShareCredentials
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.share import Share, open_share
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.unc import parse_unc

from ..harness.samba import ADMINISTRATOR, FORBIDS_ENCRYPTION, PASSWORDS, Samba

Change = Callable[[bytes], bytes]
"""What becomes of a packet of the server; nothing when it is kept back."""

SIGNED = 0x00000008
BEFORE_THE_KEYS = frozenset({0, 1})


class Relay:
    """Stands between one client and the server; packets of the server pass through `change`."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.change: Change = bytes
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        """Where the client finds it."""
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """End all connections."""
        for one in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _changed(self, packet: bytes) -> bytes:
        """Change a packet as is wished now, not as it was when the connection began."""
        return self.change(packet)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            client, _ignored = self._listener.accept()
            server = socket.create_connection(self._server)
            self._sockets += [client, server]
            for source, sink, change in ((client, server, bytes), (server, client, self._changed)):
                self._threads.append(threading.Thread(target=pump, args=(source, sink, change)))
                self._threads[-1].start()


def pump(source: socket.socket, sink: socket.socket, change: Change) -> None:
    with contextlib.suppress(OSError):
        while len(head := source.recv(4, socket.MSG_WAITALL)) == 4:
            packet = change(source.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL))
            if packet:
                sink.sendall(struct.pack(">I", len(packet)) + packet)
        sink.shutdown(socket.SHUT_RDWR)


def without_signatures(packet: bytes) -> bytes:
    """Take the signature off every message of a packet that has keys by then (MS-SMB2 2.2.1)."""
    changed = bytearray(packet)
    at = 0
    while packet.startswith(b"\xfeSMB", at):
        (command,) = struct.unpack_from("<H", packet, at + 12)
        (flags,) = struct.unpack_from("<I", packet, at + 16)
        (following,) = struct.unpack_from("<I", packet, at + 20)
        if command not in BEFORE_THE_KEYS:
            struct.pack_into("<I", changed, at + 16, flags & ~SIGNED)
            changed[at + 48 : at + 64] = bytes(16)
        if not following:
            break
        at += following
    return bytes(changed)


def garbled(packet: bytes) -> bytes:
    return packet[:-1] + bytes([packet[-1] ^ 1])


@pytest.fixture(scope="module", params=["signed", "encrypted"])
def samba(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    options = FORBIDS_ENCRYPTION if request.param == "signed" else {}
    with Samba(tmp_path_factory.mktemp("files") / "samba", options) as server:
        (server.share("hotfixes") / "a.msu").write_bytes(b"x")
        yield server


@pytest.fixture
def relay(samba: Samba) -> Iterator[Relay]:
    made = Relay((samba.address, samba.port))
    yield made
    made.close()


def opened(relay: Relay, timeout_seconds: float = 20) -> Share:
    credentials = ShareCredentials(ADMINISTRATOR, PASSWORDS[ADMINISTRATOR])
    return open_share(parse_unc(r"\\fs1\hotfixes"), credentials, host="127.0.0.1", port=relay.port, timeout_seconds=timeout_seconds)


def refused(attempt: Callable[[], object]) -> errors.ShareError:
    with pytest.raises(errors.ShareError) as caught:
        attempt()
    return caught.value


def test_share_is_read_through_somebody_who_changes_nothing(relay: Relay) -> None:
    with opened(relay) as share:
        assert [entry.name for entry in share.list()] == ["a.msu"]


def test_answer_that_was_changed_on_the_way_is_refused(relay: Relay) -> None:
    with opened(relay) as share:
        relay.change = garbled
        failure = refused(lambda: share.read("a.msu", 10))

    assert failure.__class__ is errors.ShareAnswerError


def test_server_that_falls_silent_is_given_up_after_the_time_limit(relay: Relay) -> None:
    with opened(relay, timeout_seconds=1) as share:
        relay.change = lambda _: b""
        started = time.monotonic()
        failure = refused(share.list)
        waited = time.monotonic() - started

    assert failure.__class__ is errors.ShareLostError
    assert r"did not answer in time while reading \\fs1\hotfixes" in failure.message
    assert waited < 10


def test_server_that_falls_silent_at_the_sign_in_is_given_up(relay: Relay) -> None:
    relay.change = lambda packet: packet if packet[12:14] == b"\0\0" else b""

    failure = refused(lambda: opened(relay, timeout_seconds=1))

    assert failure.__class__ is errors.ShareLostError
    assert "while signing in to the file server fs1" in failure.message


def test_connection_that_is_cut_is_told_at_once(relay: Relay) -> None:
    with opened(relay) as share:
        relay.close()
        failure = refused(share.list)

    assert failure.__class__ is errors.ShareLostError


def test_signature_that_was_taken_off_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Samba(tmp_path_factory.mktemp("files") / "samba", FORBIDS_ENCRYPTION) as server:
        server.share("hotfixes")
        relay = Relay((server.address, server.port))
        relay.change = without_signatures
        failure = refused(lambda: opened(relay))
        relay.close()

    assert failure.__class__ is errors.UnprotectedError
    assert "without the signature or encryption" in failure.message
