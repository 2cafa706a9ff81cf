# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that no host should give: every one must end in a typed error or a value, soon, and without a trace of the password."""

from __future__ import annotations

import time
import traceback
import typing as t
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import AnswerError, WsmanError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .loopback import PASSWORD, Connection, HttpRequest, LoopbackHost
from .scripted import Step, client_for, envelope, failure_of, fault, keep_alive, output, robust, service, streamed, wsman_fault
from .settings import QuickClock, client, endpoint
from .test_client import CONFIG, CREATED, IDENTITY
from .test_enumeration_and_retries import enumerated, w_items

SECONDS = 20.0
Operation = Callable[[Client], object]
OPERATIONS: dict[str, tuple[Operation, bytes]] = {
    "identify": (lambda c: c.identify(), envelope(IDENTITY)),
    "get": (lambda c: c.get("root/cimv2", "X").untyped(), envelope(service())),
    "put": (lambda c: c.put("root/cimv2", "X", {}, {}), envelope(service())),
    "create": (lambda c: c.create("root/cimv2", "X", {}), envelope(CREATED)),
    "enumerate": (lambda c: c.enumerate("root/cimv2", "X"), enumerated(w_items("a", "b"), "", is_end=True)),
    "invoke": (lambda c: c.invoke("root/cimv2", "X", "M", kind=Kind.ONCE_ONLY), envelope(output("M", "<p:ReturnValue>0</p:ReturnValue>"))),
    "class": (lambda c: c.get_class("root/cimv2", "X"), envelope('<CLASS NAME="X"><METHOD NAME="M"/></CLASS>')),
    "configuration": (lambda c: c.configuration(), envelope(CONFIG)),
    "fault": (lambda c: c.get("root/cimv2", "X"), fault(detail=wsman_fault(5))),
    "robust": (
        lambda c: c.invoke_robust("root/cimv2", "X", "M", kind=Kind.ONCE_ONLY, deadline_seconds=60),
        keep_alive() + streamed("Info", "a", 1) + robust(output("M", ""), 2),
    ),
}


def ends_well(operation: Operation, *pieces: bytes) -> None:
    """Run the operation; only a value or a typed error without the password may come out, and soon."""
    found, _unused = client_for(*[Step(list(pieces))] * 300)
    started = time.process_time()
    told = ""
    try:
        operation(found)
    except WsmanError as error:
        told = "".join(traceback.format_exception(error))
    assert PASSWORD not in told
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("name", OPERATIONS)
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_truncated_and_garbled_answers_end_in_a_typed_error(name: str, data: st.DataObject) -> None:
    operation, good = OPERATIONS[name]
    mutated = bytearray(good[: data.draw(st.integers(0, len(good)))])
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, max(0, len(mutated) - 1)), st.integers(0, 255)), max_size=4)):
        if mutated:
            mutated[place] = value
    ends_well(operation, bytes(mutated))


@pytest.mark.parametrize("name", OPERATIONS)
@given(data=st.data())
@settings(deadline=None)
def test_answers_with_texts_of_the_wrong_type_end_in_a_typed_error(name: str, data: st.DataObject) -> None:
    operation, good = OPERATIONS[name]
    pieces = good.decode().split(">")
    number = data.draw(st.integers(0, len(pieces) - 1))
    pieces[number] = data.draw(st.sampled_from(["", "-1", "9" * 50, "x", "<a/", "&#0;", "&x;", "true", " ", "\u20ac"])) + pieces[number]
    ends_well(operation, ">".join(pieces).encode())


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "utf-7", "cp037", "shift-jis"])
def test_answers_in_other_encodings_are_read_or_refused(name: str, encoding: str) -> None:
    operation, good = OPERATIONS[name]
    text = good.decode().replace("exampled", "exämpled")
    ends_well(operation, text.encode(encoding, "replace"))
    ends_well(operation, f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding, "replace"))


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "fault"])
def test_answer_in_utf_16_is_understood(name: str) -> None:
    operation, good = OPERATIONS[name]
    found, _unused = client_for(Step([good.decode().encode("utf-16")]))
    operation(found)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("other", OPERATIONS)
def test_answer_of_another_operation_is_a_value_or_a_typed_error(name: str, other: str) -> None:
    ends_well(OPERATIONS[name][0], OPERATIONS[other][1])


def endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


ENDLESS = {
    "text": (b"<s:Envelope>", b"x" * 65536),
    "elements": (b"<s:Envelope>", b"<a>b</a>" * 8192),
    "depth": (b"", b"<a>" * 20000),
    "attributes": (b"<a ", b"b" * 65536),
    "comment": (b"<!--", b"-x" * 32768),
    "white space": (b"", b" " * 65536),
    "nothing known": (b"", b"\x00" * 65536),
    "side messages": (b"", keep_alive() * 50),
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("operation", ["get", "invoke", "robust"])
def test_endless_answer_is_cut_off(name: str, operation: str) -> None:
    lead, piece = ENDLESS[name]

    class EndlessStep(Step):
        pass

    found, wire = client_for(EndlessStep())
    wire.steps[0].pieces = t.cast("list[bytes]", _Chain(lead, piece))
    # Nothing is waited for, so that only our own work counts, and not that of a busy machine.
    started = time.process_time()
    assert isinstance(failure_of(lambda: OPERATIONS[operation][0](found)), AnswerError)
    assert time.process_time() - started < SECONDS


class _Chain:
    """An iterable of one lead and then the same piece for ever."""

    def __init__(self, lead: bytes, piece: bytes) -> None:
        self.lead, self.piece = lead, piece

    def __iter__(self) -> Iterator[bytes]:
        yield self.lead
        yield from endless(self.piece)


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE s [<!ENTITY a "x">]>' + envelope("&a;"),
        b'<!DOCTYPE s SYSTEM "http://127.0.0.1:1/x.dtd">' + envelope(""),
        b"<!DOCTYPE s [" + b"".join(b'<!ENTITY e%d "%s">' % (n + 1, b"&e%d;" % n * 10) for n in range(20)) + b"]><s>&e20;</s>",
        b'<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]><s>&e;</s>',
    ],
)
@pytest.mark.parametrize("operation", ["get", "invoke", "robust"])
def test_document_types_and_entities_are_refused(data: bytes, operation: str) -> None:
    found, _unused = client_for(Step([data]))
    assert isinstance(failure_of(lambda: OPERATIONS[operation][0](found)), AnswerError)


def endless_chunk(connection: Connection, request: HttpRequest) -> None:
    connection.begin_chunks()
    connection.send(b"7fffffff\r\n<s:Envelope>")
    while True:
        connection.send(b"x" * 65536)


def endless_length(connection: Connection, request: HttpRequest) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n<s:Envelope>")
    while True:
        connection.send(b"x" * 65536)


def endless_without_length(connection: Connection, request: HttpRequest) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n\r\n<s:Envelope>")
    while True:
        connection.send(b"x" * 65536)


def endless_headers(connection: Connection, request: HttpRequest) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.send(b"X: y\r\n" * 1000)


@pytest.mark.parametrize("behaviour", [endless_chunk, endless_length, endless_without_length, endless_headers])
def test_endless_answer_over_http_is_cut_off(
    host: Callable[..., LoopbackHost], behaviour: Callable[[Connection, HttpRequest], None]
) -> None:
    started = time.monotonic()
    error = failure_of(lambda: client(host(behaviour).url).get("root/cimv2", "X"))
    assert PASSWORD not in str(error)
    assert time.monotonic() - started < SECONDS


def test_answer_that_trickles_over_http_is_cut_off(host: Callable[..., LoopbackHost]) -> None:
    def trickle(connection: Connection, request: HttpRequest) -> None:
        connection.begin_chunks()
        connection.send(b"ffff\r\n")
        while not started.hold.wait(0.02):
            connection.send(b"<")

    started = host(trickle)
    begun = time.monotonic()
    failure_of(lambda: client(started.url, limit=0.4).get("root/cimv2", "X"))
    assert time.monotonic() - begun < SECONDS


def test_password_appears_in_no_text_about_an_endpoint_or_client() -> None:
    shown = endpoint("http://h:5985/wsman", proxy=f"http://u:{PASSWORD}@proxy:3128")
    found = Client(shown, QuickClock())
    assert PASSWORD not in f"{shown!r} {shown} {found!r} {found}"


@pytest.mark.parametrize("auth", ["basic", "ntlm", "kerberos", "credssp", "certificate", "nonsense"])
@pytest.mark.parametrize("proxy", [None, f"http://u:{PASSWORD}@127.0.0.1:1"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/wsman", "https://127.0.0.1:1/wsman", "nonsense", "http://[::1/", "http:///wsman"])
def test_password_appears_in_no_error(auth: str, proxy: str | None, url: str) -> None:
    error = failure_of(lambda: client(url, auth=auth, proxy=proxy, message_encryption="auto").get("root/cimv2", "X"))
    assert PASSWORD not in "".join(traceback.format_exception(error))
    assert PASSWORD not in repr(error)
    assert error.remedy
