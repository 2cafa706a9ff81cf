# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages of MS-LSAT: bytes of the requests, answers by hand and at random."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb import lsa_messages
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.lsa_messages import GarbledAnswerError
from hypothesis import given
from hypothesis import strategies as st

HANDLE = bytes(range(20))
ALICE, DOMAIN, NOBODY = "S-1-5-21-1-2-3-1105", "S-1-5-21-1-2-3", "S-1-5-21-1-2-3-9999"
USER, DOMAIN_KIND, UNKNOWN = 1, 3, 8


def message(kind: int, body: bytes, *, flags: int = 3) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + len(body), 0, 1) + body


def response(stub: bytes) -> bytes:
    return message(2, struct.pack("<IHBx", len(stub), 0, 0) + stub)


def text(value: str) -> bytes:
    data = value.encode("utf-16-le")
    return struct.pack("<III", len(value), 0, len(value)) + data + bytes(-len(data) % 4)


def names_answer(domains: list[str], names: list[tuple[int, str, int]], status: int = 0) -> bytes:
    """An answer as MS-LSAT 2.2.14 to 2.2.19 lay it out."""
    sid = struct.pack("<I", 4) + bytes([1, 4, 0, 0, 0, 0, 0, 5]) + struct.pack("<4I", 21, 1, 2, 3)
    stub = struct.pack("<IIIII", 1, len(domains), 2, 32, len(domains))
    stub += b"".join(struct.pack("<HHII", 2 * len(name), 2 * len(name), 3, 4) for name in domains)
    stub += b"".join(text(name) + sid for name in domains)
    stub += struct.pack("<III", len(names), 5, len(names))
    stub += b"".join(struct.pack("<HxxHHIi", kind, 2 * len(name), 2 * len(name), 6 if name else 0, domain) for kind, name, domain in names)
    stub += b"".join(text(name) for _ignored, name, _ignored in names if name)
    return response(stub + struct.pack("<II", len(names), status))


def test_request_for_names_is_laid_out_as_the_standard_says() -> None:
    request = lsa_messages.lookup_sids(HANDLE, ["S-1-5-32-545"])
    stub = (
        HANDLE
        + struct.pack("<III", 1, 0x20000, 1)
        + struct.pack("<I", 0x20004)
        + struct.pack("<I", 2)
        + bytes([1, 2, 0, 0, 0, 0, 0, 5])
        + struct.pack("<2I", 32, 545)
        + struct.pack("<II", 0, 0)
        + struct.pack("<HxxI", 1, 0)
    )

    assert request == struct.pack("<BBBBIHHI", 5, 0, 0, 3, 0x10, 24 + len(stub), 0, 17) + struct.pack("<IHH", len(stub), 0, 15) + stub


def test_bind_names_interface_and_transfer_syntax() -> None:
    request = lsa_messages.bind()

    assert len(request) == 72
    assert request[32:52].hex() == "785734123412cdabef000123456789ab00000000"
    assert request[52:72].hex() == "045d888aeb1cc9119fe808002b10486002000000"


@pytest.mark.parametrize(("result", "is_granted"), [(0, True), (2, False)])
def test_bind_answer_says_whether_the_interface_is_granted(result: int, is_granted: bool) -> None:
    pipe = b"\\PIPE\\lsass\0"
    address = struct.pack("<H", len(pipe)) + pipe
    body = bytes(8) + address + bytes(-(len(address)) % 4) + struct.pack("<B3xHH", 1, result, 0) + bytes(20)
    granted = True
    try:
        lsa_messages.require_bound(message(12, body))
    except GarbledAnswerError:
        granted = False

    assert granted is is_granted


def test_policy_handle_is_read() -> None:
    assert lsa_messages.read_policy(response(HANDLE + struct.pack("<I", 0))) == HANDLE


def test_refused_policy_handle_is_an_error() -> None:
    with pytest.raises(GarbledAnswerError, match="no policy handle"):
        lsa_messages.read_policy(response(HANDLE + struct.pack("<I", 0xC0000022)))


def test_names_come_with_their_domain_in_the_order_of_the_request() -> None:
    answer = names_answer(
        ["CONTOSO", "BUILTIN"], [(USER, "alice", 0), (UNKNOWN, "", -1), (USER, "Users", 1), (DOMAIN_KIND, "", 0)], status=0x107
    )

    assert lsa_messages.read_names(answer, 4) == ["CONTOSO\\alice", None, "BUILTIN\\Users", "CONTOSO"]


def test_name_without_domain_stands_alone() -> None:
    assert lsa_messages.read_names(names_answer([], [(5, "Everyone", -1)]), 1) == ["Everyone"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "breaks off"),
        (message(3, bytes(16)), "another kind"),
        (message(2, bytes(64), flags=1), "another kind"),
        (response(bytes(4)), "breaks off"),
        (names_answer([], [(UNKNOWN, "", -1)], status=0xC0000073), "knows none"),
        (names_answer([], [(USER, "a", -1), (USER, "b", -1)]), "another number of names"),
        (names_answer(["D"], [(USER, "a", 0)])[:-2], "another kind"),
        (response(struct.pack("<IIIII", 1, 2**31, 2, 32, 2**31)), "another length"),
    ],
)
def test_answer_that_is_none_is_refused_with_the_reason(answer: bytes, reason: str) -> None:
    with pytest.raises(GarbledAnswerError, match=reason):
        lsa_messages.read_names(answer, 1)


@pytest.mark.parametrize("sid", ["", "S-1", "S-2-5-1", "S-1-x-1", "hello-1-5", "S-1-5--1"])
def test_text_that_is_no_sid_is_refused(sid: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        lsa_messages.lookup_sids(HANDLE, [sid])


@given(st.binary(max_size=200), st.integers(0, 3))
def test_garbage_raises_nothing_but_its_own_error(stub: bytes, count: int) -> None:
    try:
        names = lsa_messages.read_names(response(stub), count)
    except GarbledAnswerError:
        return
    assert len(names) == count


@given(st.data())
def test_damaged_answer_raises_nothing_but_its_own_error(data: st.DataObject) -> None:
    sound = bytearray(names_answer(["CONTOSO"], [(USER, "alice", 0), (UNKNOWN, "", -1)]))
    for at in data.draw(st.lists(st.integers(24, len(sound) - 1), min_size=1, max_size=4)):
        sound[at] = data.draw(st.integers(0, 255))
    try:
        names = lsa_messages.read_names(bytes(sound), 2)
    except GarbledAnswerError:
        return
    assert len(names) == 2
