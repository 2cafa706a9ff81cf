# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP layer of the wire, used rightly and wrongly."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from simulator.wire.server import NotLoopbackError, check_loopback

from .conftest import AT_ONCE, Twin
from .messages import PASSWORD, RawClient, enumerate_class, get, invoke


def raw(twin: Twin, data: bytes, *, waits: float = 5.0) -> bytes:
    """Send bytes and return everything until the twin closes."""
    with socket.create_connection((twin.address, twin.port), timeout=waits) as sock:
        sock.sendall(data)
        received = b""
        while piece := sock.recv(65536):
            received += piece
        return received


def test_two_requests_share_a_connection(twin: Twin) -> None:
    client = twin.client()
    assert [client.post(get("full")).status, client.post(get("empty")).status] == [200, 200]
    assert {line["connection"] for line in twin.log_lines(2)} == {1}


@pytest.mark.parametrize(("path", "method", "status"), [("/other", "POST", 404), ("/wsman", "GET", 405), ("/wsman", "PUT", 405)])
def test_wrong_path_or_method_is_refused(twin: Twin, path: str, method: str, status: int) -> None:
    answer = twin.client().post(get("full"), path=path, method=method)
    assert (answer.status, answer.content) == (status, b"")


def test_path_in_other_case_with_query_is_served(twin: Twin) -> None:
    assert twin.client().post(get("full"), path="/WSMan?PSVersion=5.1").status == 200


def test_other_content_type_is_415(twin: Twin) -> None:
    assert twin.client().post(get("full"), {"Content-Type": "text/plain"}).status == 415


def test_body_above_the_envelope_limit_is_413_without_soap(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(limits={"MaxEnvelopeSizekb": 32})
    answer = twin.client().post(get("full") + b" " * 40_000)
    assert (answer.status, answer.content) == (413, b"")


def test_huge_body_is_413_although_the_client_goes_on_sending(twin: Twin) -> None:
    assert twin.client().post(b"x" * 8_000_000).status == 413


def test_bad_xml_is_400_and_the_connection_lives_on(twin: Twin) -> None:
    client = twin.client()
    for body in (b"<not xml", b"\xff\xfe\x00", b"<a/>", get("full").replace(b"2003/05", b"1999/05")):
        assert client.post(body).status == 400
    assert client.post(get("full")).status == 200


def test_document_type_declaration_is_400(twin: Twin) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + get("full")
    assert twin.client().post(bomb).status == 400


def test_external_entity_is_not_read(twin: Twin) -> None:
    body = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + get("full").replace(b"full", b"&a;")
    assert twin.client().post(body).status == 400


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GARBAGE\r\n\r\n",
        b"POST /wsman HTTP/1.1\r\nno colon here\r\n\r\n",
        b"POST /wsman HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /wsman HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST /wsman HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /wsman HTTP/1.1\r\nX: " + b"a" * 80_000 + b"\r\n\r\n",
    ],
)
def test_garbage_is_400(twin: Twin, garbage: bytes) -> None:
    assert raw(twin, garbage).startswith(b"HTTP/1.1 400 ")


def test_other_http_version_is_505(twin: Twin) -> None:
    assert raw(twin, b"POST /wsman HTTP/2.0\r\n\r\n").startswith(b"HTTP/1.1 505 ")


def test_pipelined_garbage_ends_the_connection_after_the_first_answer(twin: Twin) -> None:
    client = twin.client()
    request = (
        f"POST /wsman HTTP/1.1\r\nAuthorization: {client.authorization}\r\nContent-Type: application/soap+xml\r\n"
        f"Content-Length: {len(get('full'))}\r\n\r\n"
    ).encode()
    answers = raw(twin, request + get("full") + b"\x00\x01garbage")
    assert answers.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 400 " in answers


def test_chunked_request_is_served(twin: Twin) -> None:
    client, body = twin.client(), get("full")
    client.connection.request(
        "POST",
        "/wsman",
        iter([body[:100], body[100:]]),
        {"Content-Type": "application/soap+xml", "Authorization": client.authorization},
        encode_chunked=True,
    )
    assert client.connection.getresponse().status == 200


def test_expect_continue_is_answered(twin: Twin) -> None:
    client, body = twin.client(), get("full")
    with socket.create_connection((twin.address, twin.port), timeout=5) as sock:
        sock.sendall(
            f"POST /wsman HTTP/1.1\r\nExpect: 100-continue\r\nAuthorization: {client.authorization}\r\n"
            f"Content-Type: application/soap+xml\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        assert sock.recv(100).startswith(b"HTTP/1.1 100 ")
        sock.sendall(body)
        assert sock.recv(100).startswith(b"HTTP/1.1 200 ")


def test_slow_header_is_408(twin: Twin) -> None:
    assert raw(twin, b"POST /wsman HTTP/1.1\r\n").startswith(b"HTTP/1.1 408 ")


def test_slow_body_is_500_and_empty(twin: Twin) -> None:
    answer = raw(twin, b"POST /wsman HTTP/1.1\r\nContent-Length: 100\r\n\r\n<s:Env")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"\r\n\r\n")


def test_idle_connection_is_closed(twin: Twin) -> None:
    with socket.create_connection((twin.address, twin.port), timeout=5) as sock:
        assert sock.recv(1) == b""


def test_http_1_0_is_answered_and_closed(twin: Twin) -> None:
    assert raw(twin, b"POST /wsman HTTP/1.0\r\nContent-Length: 0\r\n\r\n").startswith(b"HTTP/1.1 401 ")


def test_utf_16_envelope_is_read(twin: Twin) -> None:
    body = get("full").decode().encode("utf-16")
    assert twin.client().post(body, {"Content-Type": "application/soap+xml;charset=UTF-16"}).status == 200


def test_hundred_clients_at_once_are_served(twin: Twin) -> None:
    statuses: list[int] = []

    def one() -> None:
        client = RawClient(twin.address, twin.port)
        statuses.extend(client.post(body).status for body in (get("full"), invoke("Ping"), enumerate_class()))
        client.close()

    threads = [threading.Thread(target=one) for _unused in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 300
    lines = twin.log_lines(300)
    assert sorted(line["seq"] for line in lines) == list(range(1, 301))


def test_connections_above_the_limit_get_503(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(limits={"MaxConnections": 2})
    held = [socket.create_connection((twin.address, twin.port), timeout=5) for _unused in range(2)]
    first = twin.client()
    assert first.post(get("full")).status == 503
    for sock in held:
        sock.close()


def test_half_open_connections_do_not_disturb_others(twin: Twin) -> None:
    held = [socket.create_connection((twin.address, port), timeout=5) for port in (twin.port, twin.tls_port) * 10]
    assert twin.client().post(get("full")).status == 200
    for sock in held:
        sock.close()


def test_stop_ends_all_threads_while_clients_are_connected(make_twin: Callable[..., Twin]) -> None:
    before = set(threading.enumerate())
    twin = make_twin()
    held = [socket.create_connection((twin.address, twin.port), timeout=5) for _unused in range(20)]
    client = twin.client()
    client.post(get("full"))
    started = time.monotonic()
    twin.server.stop()
    assert time.monotonic() - started < AT_ONCE
    assert not [thread for thread in set(threading.enumerate()) - before if thread.is_alive()]
    for sock in held:
        sock.close()


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.1", "::", "localhost", "", "fe80::1%lo", "128.0.0.1"])  # noqa: S104
def test_other_addresses_than_loopback_are_refused(address: str) -> None:
    with pytest.raises(NotLoopbackError):
        check_loopback(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.200.3.4", "::1"])
def test_loopback_addresses_are_taken(address: str) -> None:
    check_loopback(address)


def test_password_is_in_no_log(twin: Twin) -> None:
    twin.client().post(invoke("Echo", f"<p:Password>{PASSWORD}</p:Password>"))
    assert twin.log_lines(1)[0]["arguments"] == {"Password": "***"}
    assert PASSWORD not in twin.log_path.read_text()
