# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import (
    AnswerError,
    AuthenticationError,
    NotReachableError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .loopback import PASSWORD, SEALED_TYPE, Connection, HttpRequest, LoopbackHost
from .scripted import envelope, failure_of, fault, keep_alive, output, robust, service, streamed, wsman_fault
from .settings import QuickClock, get, invoke, sealed_answer, sealed_endpoint

Hosts = Callable[..., LoopbackHost]


def hang_up(connection: Connection, request: HttpRequest) -> None:
    connection.close()


@pytest.mark.usefixtures("ntlm_users")
def test_sealed_messages_travel_over_one_signed_in_connection(host: Hosts) -> None:
    started = host(
        sealed_answer(envelope(service())),
        sealed_answer(fault("s:Sender", detail=wsman_fault(5)), 500),
        sealed_answer(envelope(service())),
        needs_ntlm=True,
    )
    with Client(sealed_endpoint(started.url), QuickClock()) as found:
        assert found.get("root/cimv2", "X").text("Name") == "exampled"
        assert failure_of(lambda: get(found)).code == 5
        get(found)
    assert started.connections == 1


@pytest.mark.usefixtures("ntlm_users")
def test_sealed_stream_is_read_as_it_arrives(host: Hosts) -> None:
    heard: list[object] = []

    def stream(connection: Connection, request: HttpRequest) -> None:
        connection.unseal(request.body)
        connection.begin_chunks('Multipart/Encrypted; protocol="application/HTTP-SPNEGO-session-encrypted"; boundary="Encrypted Boundary"')
        connection.chunk(connection.seal(keep_alive()))
        for number in (1, 2):
            data = connection.seal(streamed("Info", "x" * 50_000 + str(number), number))
            for start in range(0, len(data), 7000):
                connection.chunk(data[start : start + 7000])
            # The next block leaves only after the client has told of this one.
            assert arrived.acquire(timeout=5)
        connection.chunk(connection.seal(robust(output("ScanUpdates", "<p:ReturnValue>0</p:ReturnValue>"), 3)))
        connection.end_chunks()

    arrived = threading.Semaphore(0)

    def on_event(event: object) -> None:
        heard.append(event)
        if len(heard) > 1:
            arrived.release()

    started = host(stream, needs_ntlm=True)
    with Client(sealed_endpoint(started.url), QuickClock()) as found:
        result = found.invoke_robust("root/cimv2", "X", "ScanUpdates", kind=Kind.ONCE_ONLY, deadline_seconds=60, on_event=on_event)
    assert [text[-1] for text in result.texts("Info")] == ["1", "2"]


@pytest.mark.usefixtures("ntlm_users")
def test_lost_sealed_stream_is_taken_up_with_a_new_context(host: Hosts) -> None:
    def lose(connection: Connection, request: HttpRequest) -> None:
        connection.unseal(request.body)
        connection.begin_chunks(SEALED_TYPE)
        connection.chunk(connection.seal(streamed("Info", "a", 1)))
        connection.close()

    rest = keep_alive("Acknowledge") + streamed("Info", "b", 2) + robust(output("ScanUpdates", ""), 3)
    started = host(lose, sealed_answer(rest), needs_ntlm=True)
    with Client(sealed_endpoint(started.url), QuickClock()) as found:
        result = found.invoke_robust("root/cimv2", "X", "ScanUpdates", kind=Kind.ONCE_ONLY, deadline_seconds=60)
    assert result.texts("Info") == ["a", "b"]
    assert started.connections == 2


def garbled(connection: Connection, request: HttpRequest) -> None:
    connection.unseal(request.body)
    block = bytearray(connection.seal(envelope(service())))
    block[-60] ^= 1
    connection.answer(bytes(block), content_type=SEALED_TYPE)


@pytest.mark.usefixtures("ntlm_users")
def test_sealed_message_that_was_changed_is_refused(host: Hosts) -> None:
    started = host(garbled, needs_ntlm=True)
    with Client(sealed_endpoint(started.url), QuickClock()) as found:
        error = failure_of(lambda: invoke(found))
    assert isinstance(error, AnswerError)
    assert error.outcome is Outcome.UNKNOWN


@pytest.mark.usefixtures("ntlm_users")
def test_error_in_clear_on_a_sealed_connection_is_read(host: Hosts) -> None:
    def refuse(connection: Connection, request: HttpRequest) -> None:
        connection.send(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")

    started = host(refuse, needs_ntlm=True)
    with Client(sealed_endpoint(started.url), QuickClock(), read_tries=1) as found:
        assert failure_of(lambda: get(found)).outcome is Outcome.NOT_DONE


@pytest.mark.usefixtures("ntlm_users")
def test_read_on_a_broken_context_is_repeated_on_a_new_one(host: Hosts) -> None:
    def close_after(connection: Connection, request: HttpRequest) -> None:
        sealed_answer(envelope(service()))(connection, request)
        connection.close()
        closed.set()

    closed = threading.Event()

    def unreadable(connection: Connection, request: HttpRequest) -> None:
        connection.answer(b"", 400)

    started = host(close_after, unreadable, sealed_answer(envelope(service())), needs_ntlm=True)
    with Client(sealed_endpoint(started.url), QuickClock()) as found:
        get(found)
        assert closed.wait(5)
        get(found)
    assert started.connections == 3


@pytest.mark.usefixtures("ntlm_users")
def test_wrong_password_is_told_without_it(host: Hosts) -> None:
    started = host(needs_ntlm=True)
    with Client(sealed_endpoint(started.url, password="wrong-" + PASSWORD), QuickClock()) as found:
        error = failure_of(lambda: get(found))
    assert isinstance(error, AuthenticationError)
    assert PASSWORD not in str(error)


def test_host_that_closes_during_the_sign_in_did_nothing(host: Hosts) -> None:
    started = host(hang_up)
    with Client(sealed_endpoint(started.url), QuickClock()) as found:
        error = failure_of(lambda: invoke(found))
    assert isinstance(error, NotReachableError)
    assert error.outcome is Outcome.NOT_DONE
