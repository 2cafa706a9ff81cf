# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.blocks import Block, BlockRefusedError, BlockSplitter
from hypothesis import given
from hypothesis import strategies as st

LEAD = (
    b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
    b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length="
)
MIDDLE = b"\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"


def sealed(
    plain_length: int, sealed_bytes: bytes, *, closing: bytes = b"--Encrypted Boundary--\r\n", signature: bytes = b"S" * 16
) -> bytes:
    payload = struct.pack("<I", len(signature)) + signature + sealed_bytes
    return LEAD + str(plain_length).encode() + MIDDLE + payload + closing


def split(data: bytes, cuts: list[int], *, is_size_known: bool) -> list[Block]:
    splitter = BlockSplitter(is_size_known=is_size_known)
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    found: list[Block] = []
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        found += splitter.feed(data[start:end])
    found += splitter.finish()
    return found


CUTS = st.lists(st.integers(min_value=0, max_value=3000))
CLOSINGS = st.sampled_from(
    [b"--Encrypted Boundary--\r\n", b"--Encrypted Boundary\r\n", b"-- Encrypted Boundary--\r\n", b"\r\n--Encrypted Boundary--\r\n", b""]
)


@given(st.lists(st.tuples(st.binary(max_size=60), CLOSINGS), max_size=4), CUTS)
def test_sized_blocks_are_found_whatever_the_cuts(parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    data = b"".join(sealed(len(part), part, closing=closing) for part, closing in parts)
    blocks = split(data, cuts, is_size_known=True)
    assert [block.payload[20:] for block in blocks] == [part for part, _unused in parts]


@given(st.lists(st.text("abc \r\n", max_size=40).map(str.encode), min_size=1, max_size=4), CUTS, st.booleans())
def test_delimited_blocks_are_found_whatever_the_cuts(parts: list[bytes], cuts: list[int], is_closed: bool) -> None:
    data = b"".join(sealed(len(part) - 5 if len(part) > 5 else 0, part + b"#", closing=b"") for part in parts)
    data += b"--Encrypted Boundary--\r\n" if is_closed else b""
    blocks = split(data, cuts, is_size_known=False)
    assert [block.payload[20:] for block in blocks] == [part + b"#" for part in parts]


def test_sized_block_is_given_with_its_last_byte() -> None:
    data = sealed(5, b"12345", closing=b"")
    splitter = BlockSplitter(is_size_known=True)
    assert not list(splitter.feed(data[:-1]))
    assert len(list(splitter.feed(data[-1:]))) == 1


def test_sealed_bytes_may_hold_the_delimiter() -> None:
    part = b"--Encrypted Boundary\r\n"
    assert split(sealed(len(part), part), [], is_size_known=True)[0].payload[20:] == part


@pytest.mark.parametrize(
    "data",
    [
        b"<s:Envelope/>" * 500,
        b"<s:Envelope/>",
        LEAD + b"x" + MIDDLE + b"abc",
        LEAD + b"99999999999" + MIDDLE,
        LEAD + b"999999999" + MIDDLE,
        LEAD + b"5" + MIDDLE + b"\xff\xff\xff\xff",
        LEAD + b"5\r\n--Encrypted Boundary\r\n" + b"z" * 400,
        sealed(5, b"1234", closing=b""),
        LEAD,
    ],
)
@pytest.mark.parametrize("is_size_known", [True, False])
def test_bytes_that_are_no_sealed_message_are_refused(data: bytes, is_size_known: bool) -> None:
    if not is_size_known and (b"1234" in data or b"\xff" in data):
        assert split(data, [], is_size_known=False)
        return
    with pytest.raises(BlockRefusedError):
        split(data, [], is_size_known=is_size_known)


def test_endless_bytes_that_are_no_sealed_message_are_refused_while_they_arrive() -> None:
    splitter = BlockSplitter(is_size_known=True)
    with pytest.raises(BlockRefusedError, match="form"):
        next(block for data in [b"x" * 1000] * 10 for block in splitter.feed(data))


def test_endless_sealed_bytes_are_refused() -> None:
    splitter = BlockSplitter(is_size_known=False)
    stream = (block for data in [LEAD + b"5" + MIDDLE, *[b"x" * 65536] * 200] for block in splitter.feed(data))
    with pytest.raises(BlockRefusedError, match="longer"):
        next(stream)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_split_or_refused(data: bytes, is_size_known: bool) -> None:
    try:
        split(LEAD + data, [], is_size_known=is_size_known)
    except BlockRefusedError:
        return
