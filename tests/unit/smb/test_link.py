# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections to machines that are no file server, or none that can be used."""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import threading
import types
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb import library
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.errors import (
    OldProtocolError,
    ServerRefusedError,
    ServerUnreachableError,
    ShareError,
    ShareLibraryError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.link import LinkSettings, open_link
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.records import ShareCredentials
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.smb1 import speaks_smb1

Reply = Callable[[bytes], bytes]
CREDENTIALS = ShareCredentials("alice", "Correct-horse-9")
SMB1_ANSWER = b"\xffSMB\x72" + bytes(27) + struct.pack("<BH", 17, 0) + bytes(34)
SMB1_REFUSAL = b"\xffSMB\x72" + bytes(27) + struct.pack("<BH", 1, 0xFFFF)


@pytest.fixture
def listen() -> Iterator[Callable[[Reply], int]]:
    """Start a service that answers each message by a function, and hangs up when the answer is empty."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(reply: Reply) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threads.append(threading.Thread(target=serve, args=(listener, reply), daemon=True))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(timeout=10)


def serve(listener: socket.socket, reply: Reply) -> None:
    while True:
        try:
            connection, _ignored = listener.accept()
        except OSError:
            return
        # A client that has seen enough may end the connection at any time.
        with contextlib.suppress(ConnectionError), connection:
            while (message := receive(connection)) and (answer := reply(message)):
                connection.sendall(struct.pack(">I", len(answer)) + answer)


def receive(connection: socket.socket) -> bytes:
    head = connection.recv(4, socket.MSG_WAITALL)
    return connection.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL) if len(head) == 4 else b""


def failure_of(port: int) -> ShareError:
    with pytest.raises(ShareError) as caught:
        open_link("fs1", LinkSettings(CREDENTIALS, "127.0.0.1", port, timeout_seconds=1))
    return caught.value


def smb1_alone(message: bytes) -> bytes:
    return SMB1_ANSWER if message.startswith(b"\xffSMB") else b""


def test_server_with_smb_1_alone_is_told_apart(listen: Callable[[Reply], int]) -> None:
    failure = failure_of(listen(smb1_alone))

    assert failure.__class__ is OldProtocolError
    assert "speaks SMB 1 alone" in failure.message


def test_server_that_refuses_the_dialect_does_not_speak_smb_1(listen: Callable[[Reply], int]) -> None:
    assert not speaks_smb1("127.0.0.1", listen(lambda message: SMB1_REFUSAL), 5)


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(60), bytes(70), b"\xfeSMB" + bytes(60)],
    ids=["end", "http", "zeros", "header"],
)
def test_other_service_on_the_port_is_told_in_one_sentence(listen: Callable[[Reply], int], answer: bytes) -> None:
    failure = failure_of(listen(lambda _: answer))

    assert failure.__class__ is not OldProtocolError
    assert "fs1 (127.0.0.1:" in failure.message
    assert "Traceback" not in str(failure)


def test_port_without_service_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert failure_of(port).__class__ is ServerRefusedError


def test_silent_server_is_given_up_after_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failure = failure_of(silent.getsockname()[1])

    assert failure.__class__ is ServerUnreachableError


def test_unknown_name_is_told_with_the_way_around() -> None:
    with pytest.raises(ServerUnreachableError, match="has no address"):
        open_link("fs1.invalid", LinkSettings(CREDENTIALS, timeout_seconds=1))


def test_failed_connection_leaves_no_thread(listen: Callable[[Reply], int]) -> None:
    failure_of(listen(lambda _: b""))

    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("msg_worker")]


def test_missing_library_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MISSING", "No module named 'smbprotocol'")

    with pytest.raises(ShareLibraryError, match=r"No module named 'smbprotocol'.*Install the packages"):
        open_link("fs1", LinkSettings(CREDENTIALS))


@pytest.mark.parametrize("name", ["smbprotocol", "spnego"])
def test_loggers_of_the_libraries_write_nothing_by_themselves(name: str) -> None:
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger(name).handlers)


SIGNED = 0x00000008
READ, SESSION_SETUP = 8, 1
PENDING, SESSION_GONE, NO_MORE_FILES = 0x00000103, 0xC0000203, 0x80000006


def header_of(command: int, status: int, flags: int) -> dict[str, object]:
    """As much of an answer's header as its verification looks at first."""

    def value(number: int) -> types.SimpleNamespace:
        return types.SimpleNamespace(get_value=lambda: number, has_flag=lambda flag: bool(number & flag))

    return {"message_id": value(7), "command": value(command), "status": value(status), "flags": value(flags)}


@pytest.fixture
def connection() -> library.StrictConnection:
    made = library.StrictConnection("127.0.0.1", 445, 1.0)
    made.session_table[5] = types.SimpleNamespace(encrypt_data=False)
    made.session_table[6] = types.SimpleNamespace(encrypt_data=True)
    return made


@pytest.mark.parametrize(
    ("session", "command", "status", "flags"),
    [(5, READ, 0, 0), (5, READ, NO_MORE_FILES, 0), (6, READ, 0, 0), (6, READ, 0, SIGNED), (99, READ, 0, 0)],
)
def test_bare_answer_is_refused(connection: library.StrictConnection, session: int, command: int, status: int, flags: int) -> None:
    with pytest.raises(library.BareAnswerError):
        connection.verify_signature(header_of(command, status, flags), session)


@pytest.mark.parametrize(("command", "status"), [(SESSION_SETUP, 0), (READ, PENDING), (READ, SESSION_GONE)])
def test_answer_that_nobody_can_sign_is_taken(connection: library.StrictConnection, command: int, status: int) -> None:
    connection.verify_signature(header_of(command, status, 0), 5)
