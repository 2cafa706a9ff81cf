# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsers and encoders of the wire under arbitrary input."""

from __future__ import annotations

import os
import socket
import struct
import typing as t
from datetime import UTC, datetime, timedelta

import pytest
import spnego
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.cim import CimFault, Reference
from simulator.wire.cim_xml import object_path
from simulator.wire.contexts import SPNEGO_SEALING, Acceptor, Sealed, SpnegoAcceptor
from simulator.wire.credentials import Credentials
from simulator.wire.http import Channel, ConnectionGoneError, HttpError
from simulator.wire.message import BadEnvelopeError, read_envelope, read_message
from simulator.wire.moments import (
    dmtf_interval,
    dmtf_moment,
    format_interval,
    format_moment,
    parse_duration,
    parse_interval,
    parse_moment,
)
from simulator.wire.options import DEFAULT_LIMITS
from simulator.wire.request_log import without_secrets
from simulator.wire.sealing import SealError, content_type, is_sealed, open_sealed, seal
from simulator.wire.wql import Select, WqlError, parse_path, parse_query
from simulator.wire.xml import NotXmlError, child, element, parse, serialize

from .fake_provider import THING, FakeProvider, thing
from .messages import get

MOMENTS = st.datetimes(datetime(1601, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))
INTERVALS = st.timedeltas(timedelta(0), timedelta(days=99_999_999))


@given(MOMENTS)
def test_moments_survive_both_forms(moment: datetime) -> None:
    assert parse_moment(format_moment(moment)) == moment
    assert parse_moment(dmtf_moment(moment)) == moment


@given(INTERVALS)
def test_intervals_survive_both_forms(interval: timedelta) -> None:
    assert parse_interval(dmtf_interval(interval)) == interval
    assert abs(parse_interval(format_interval(interval)) - interval) <= timedelta(microseconds=1)


@given(st.text(max_size=40))
def test_any_text_as_a_time_is_read_or_refused(text: str) -> None:
    for read in (parse_moment, parse_interval, parse_duration):
        try:
            read(text)
        except (ValueError, OverflowError):
            continue


@given(st.text())
def test_any_text_can_be_written_and_read_back(text: str) -> None:
    root = element("root")
    child(root, None, "value", text)
    value = parse(serialize(root)).findtext("value")
    assert len(value) == len(text)
    assert all(left in {right, "?"} for left, right in zip(value.replace("\r", "\n"), text.replace("\r", "\n"), strict=True))


@given(st.binary(max_size=300))
def test_any_bytes_are_no_envelope(data: bytes) -> None:
    for charset in ("utf-8", "utf-16", "latin-1"):
        with pytest.raises(BadEnvelopeError):
            read_envelope(data, charset)


@given(st.integers(0, 1000), st.binary(max_size=8), st.integers(0, 8))
def test_damaged_requests_are_read_or_refused(position: int, patch: bytes, length: int) -> None:
    data = get("full")
    data = data[:position] + patch + data[position + length :]
    try:
        header, body = read_envelope(data, "utf-8")
        read_message(header, body, DEFAULT_LIMITS)
    except (BadEnvelopeError, CimFault):
        return


def test_deep_and_entity_ridden_documents_are_refused() -> None:
    for data in (b"<a>" * 5000 + b"</a>" * 5000, b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', b"<!DOCTYPE a><a/>"):
        with pytest.raises(NotXmlError):
            parse(data)


@given(st.text(max_size=80))
def test_any_text_is_a_query_or_an_error(text: str) -> None:
    for query in (text, f"SELECT * FROM A WHERE {text}", f"ASSOCIATORS OF {{{text}}}"):  # noqa: S608
        try:
            parse_query(query)
        except WqlError:
            continue


@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_quoted_constants_find_exactly_their_value(value: str, other: str) -> None:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    query = parse_query(f"SELECT * FROM Test_Thing WHERE Name = '{escaped}'")  # noqa: S608
    assert isinstance(query, Select)
    assert query.condition is not None
    tree = t.cast(t.Any, None)
    assert query.condition.matches(thing(value), tree)
    assert query.condition.matches(thing(other), tree) == (other.casefold() == value.casefold())


@given(st.text(max_size=20))
def test_like_without_wildcards_is_equality(value: str) -> None:
    literal = "".join(f"[{char}]" if char in "%_" else char for char in value if char not in "[]\\'\"")
    plain = "".join(char for char in value if char not in "[]\\'\"")
    query = parse_query(f"SELECT * FROM Test_Thing WHERE Name LIKE '{literal}'")  # noqa: S608
    assert isinstance(query, Select)
    assert query.condition is not None
    assert query.condition.matches(thing(plain), t.cast(t.Any, None))


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), st.text(max_size=20), min_size=1, max_size=3))
def test_object_paths_survive(keys: dict[str, str]) -> None:
    path = parse_path(object_path(Reference("root/test", "Test_Thing", keys)))
    assert (path.class_name, dict(path.keys)) == ("Test_Thing", keys)


class Client:
    """The other side of an acceptor."""

    sealing = SPNEGO_SEALING

    def __init__(self) -> None:
        self.context = spnego.client("user", "secret", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)

    def seal(self, plain: bytes) -> Sealed:
        sealed = self.context.wrap_winrm(plain)
        return Sealed(sealed.header, sealed.data)


class Pair:
    """Two established NTLM contexts."""

    def __init__(self) -> None:
        credentials = Credentials({"user": "secret"})
        credentials.open()
        self.client = t.cast(Acceptor, Client())
        self.server = SpnegoAcceptor("negotiate", SPNEGO_SEALING)
        context = t.cast("Client", self.client).context
        with credentials.acceptor_environment():
            self.server.step(context.step(self.server.step(context.step() or b"")) or b"")
        credentials.close()

    def open(self, body: bytes) -> tuple[bytes, str]:
        return open_sealed(self.server, content_type(self.server, b""), body)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_sealed_messages_open_in_order(first: bytes, second: bytes) -> None:
    pair = Pair()
    for plain in (first, second):
        assert pair.open(seal(pair.client, plain)) == (plain, "UTF-8")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_seals_do_not_open(data: st.DataObject) -> None:
    pair = Pair()
    sealed = seal(pair.client, b"plain text")
    start = sealed.index(b"octet-stream\r\n") + len(b"octet-stream\r\n")
    position = data.draw(st.integers(start, start + 29))
    broken = sealed[:position] + bytes([sealed[position] ^ data.draw(st.integers(1, 255))]) + sealed[position + 1 :]
    with pytest.raises(SealError):
        pair.open(broken)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_do_not_open(data: bytes) -> None:
    pair = Pair()
    framed = b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
    framed += b"\tOriginalContent: type=application/soap+xml;"
    framed += (
        b"charset=UTF-8;Length=5\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
        + data
        + b"--Encrypted Boundary--\r\n"
    )
    for body in (data, framed, struct.pack("<I", 16) + data):
        with pytest.raises(SealError):
            pair.open(body)


def test_sealed_content_type_is_recognised_in_any_spelling() -> None:
    protocol = "application/HTTP-SPNEGO-session-encrypted"
    assert is_sealed(f'multipart/encrypted;protocol="{protocol}";boundary="Encrypted Boundary"')
    assert is_sealed(f'Multipart/Encrypted; protocol="{protocol.lower()}"; boundary="Encrypted Boundary"')
    assert not is_sealed("application/soap+xml;charset=UTF-8")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_as_a_request_are_read_or_refused(data: bytes) -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(data)
        left.shutdown(socket.SHUT_WR)
        channel = Channel(right, 1.0)
        try:
            head = channel.read_head(1.0)
            channel.read_body(head, 1.0, 1000)
        except (HttpError, ConnectionGoneError):
            return


@given(st.sampled_from(["Password", "SharePassword", "clientSecret", "Credential", "accessToken", "pin"]), st.text(min_size=1))
def test_secrets_are_replaced_at_any_depth(name: str, value: str) -> None:
    assert without_secrets({"a": {name: value}, "b": [{name: value}], name: value, "Title": "t"}) == {
        "a": {name: "***"}, "b": [{name: "***"}], name: "***", "Title": "t",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["DOM\\user", "user@dom.example", "plain"])
def test_users_of_every_form_log_on(name: str) -> None:
    credentials = Credentials({name: "a:b"})
    credentials.open()
    assert credentials.check(name.upper(), "a:b") == name
    assert credentials.check(name, "a:B") is None
    client = spnego.client(name, "a:b", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    before = dict(os.environ)
    with credentials.acceptor_environment():
        server = spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
        server.step(client.step(server.step(client.step())))
    assert dict(os.environ) == before
    assert server.complete
    assert credentials.known_name(server.client_principal or "") == name
    credentials.close()


def test_fake_provider_knows_its_classes() -> None:
    assert FakeProvider().schema("ROOT/TEST", "test_thing") is THING
