# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings of folders from bytes, by hand and at random."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.listing import GarbledListingError, parse_listing
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.records import ShareEntry
from hypothesis import given
from hypothesis import strategies as st

FILE, FOLDER, REPARSE = 0x20, 0x10, 0x400
SYMBOLIC_LINK, JUNCTION, DEDUPLICATED, DFS = 0xA000000C, 0xA0000003, 0x80000013, 0x8000000A


def entry(name: str, *, attributes: int = FILE, size: int = 0, tag: int = 0, following: int = 0) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack("<II6qIII", following, 0, 0, 0, 0, 0, size, 0, attributes, len(text), tag) + text


def chained(*entries: bytes) -> bytes:
    """Entries that name the distance to the next one, each on a multiple of eight."""
    padded = [one + bytes(-len(one) % 8) for one in entries]
    return b"".join(struct.pack("<I", len(one)) + one[4:] for one in padded[:-1]) + entries[-1]


def test_files_and_folders_are_read_with_size() -> None:
    itself, above = entry(".", attributes=FOLDER), entry("..", attributes=FOLDER)
    data = chained(itself, above, entry("Größe $1.msu", size=7), entry("all", attributes=FOLDER, size=9))

    assert parse_listing(data) == [ShareEntry("Größe $1.msu", False, 7), ShareEntry("all", True, 0)]


@pytest.mark.parametrize(("tag", "is_link"), [(SYMBOLIC_LINK, True), (JUNCTION, True), (DFS, True), (DEDUPLICATED, False)])
def test_what_stands_for_another_place_is_a_link(tag: int, is_link: bool) -> None:
    (found,) = parse_listing(entry("x", attributes=FOLDER | REPARSE, tag=tag))

    assert found.is_link is is_link


def test_extended_attributes_are_no_link() -> None:
    (found,) = parse_listing(entry("x", tag=SYMBOLIC_LINK))

    assert not found.is_link


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an entry breaks off"),
        (entry("abc")[:-1], "a name breaks off"),
        (entry(""), "a name breaks off"),
        (entry(r"..\..\x"), "a name holds a separator"),
        (entry("a/b"), "a name holds a separator"),
        (entry("a\0"), "a name holds a separator"),
        (entry("abc", following=8) + entry("d"), "two entries overlap"),
        (entry("abc", following=80), "an entry breaks off"),
    ],
)
def test_listing_that_contradicts_itself_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(GarbledListingError, match=reason):
        parse_listing(data)


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_its_own_error(data: bytes) -> None:
    try:
        entries = parse_listing(data)
    except GarbledListingError:
        return
    assert all(one.name not in {"", ".", ".."} for one in entries)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\/\0"), min_size=1, max_size=20), min_size=1))
def test_names_arrive_as_they_were(names: list[str]) -> None:
    found = [one.name for one in parse_listing(chained(*map(entry, names)))]

    assert found == [name for name in names if name not in {".", ".."}]
