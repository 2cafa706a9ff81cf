# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security descriptors from bytes, by hand and at random."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.records import Ace, AceType, SecurityDescriptor
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.security_descriptor import (
    GarbledDescriptorError,
    parse_security_descriptor,
    parse_sid,
)
from hypothesis import given
from hypothesis import strategies as st

EVERYONE = bytes([1, 1, 0, 0, 0, 0, 0, 1]) + struct.pack("<I", 0)
USERS = bytes([1, 2, 0, 0, 0, 0, 0, 5]) + struct.pack("<2I", 32, 545)
PRESENT = 0x8004
ABSENT = 0x8000


def packed_ace(kind: int, flags: int, body: bytes) -> bytes:
    return struct.pack("<BBH", kind, flags, 4 + len(body)) + body


def packed(dacl: list[bytes] | None, *, control: int = PRESENT, owner: bytes | None = USERS) -> bytes:
    """A descriptor whose owner follows the header, and whose list follows the owner."""
    entries = b"".join(dacl or [])
    acl = b"" if dacl is None else struct.pack("<BxHHxx", 2, 8 + len(entries), len(dacl)) + entries
    owner_at = 20 if owner else 0
    dacl_at = 20 + len(owner or b"") if dacl is not None else 0
    return struct.pack("<BxH4I", 1, control, owner_at, 0, 0, dacl_at) + (owner or b"") + acl


def test_grant_and_refusal_are_read_in_order() -> None:
    data = packed([packed_ace(1, 0, struct.pack("<I", 2) + EVERYONE), packed_ace(0, 0x10, struct.pack("<I", 0x1F01FF) + USERS)])

    assert parse_security_descriptor(data) == SecurityDescriptor(
        "S-1-5-32-545",
        (Ace(AceType.DENY, "S-1-1-0", 2), Ace(AceType.ALLOW, "S-1-5-32-545", 0x1F01FF, is_inherited=True)),
    )


def test_entry_for_children_alone_is_marked() -> None:
    data = packed([packed_ace(0, 0x0B, struct.pack("<I", 1) + USERS)])

    assert parse_security_descriptor(data).dacl == (Ace(AceType.ALLOW, "S-1-5-32-545", 1, is_inherit_only=True),)


def test_empty_list_is_another_thing_than_none() -> None:
    assert parse_security_descriptor(packed([])).dacl == ()


@pytest.mark.parametrize("control", [PRESENT, ABSENT])
def test_missing_list_is_none(control: int) -> None:
    assert parse_security_descriptor(packed(None, control=control)).dacl is None


def test_list_without_its_flag_does_not_count() -> None:
    data = packed([packed_ace(0, 0, struct.pack("<I", 1) + USERS)], control=ABSENT)

    assert parse_security_descriptor(data).dacl is None


def test_missing_owner_is_none() -> None:
    assert parse_security_descriptor(packed([], owner=None)).owner is None


@pytest.mark.parametrize("present", [0, 1, 2, 3])
def test_object_entry_is_of_another_kind_with_its_trustee(present: int) -> None:
    guids = bytes(16) * present.bit_count()
    data = packed([packed_ace(5, 0, struct.pack("<II", 0x100, present) + guids + USERS)])

    assert parse_security_descriptor(data).dacl == (Ace(AceType.OTHER, "S-1-5-32-545", 0x100),)


def test_callback_entry_is_of_another_kind_and_its_condition_is_passed_over() -> None:
    data = packed([packed_ace(9, 0, struct.pack("<I", 1) + USERS + b"artx condition")])

    assert parse_security_descriptor(data).dacl == (Ace(AceType.OTHER, "S-1-5-32-545", 1),)


def test_entry_of_an_unknown_kind_is_kept_without_trustee() -> None:
    data = packed([packed_ace(0x77, 0, b"whatever"), packed_ace(0, 0, struct.pack("<I", 1) + USERS)])

    assert parse_security_descriptor(data).dacl == (Ace(AceType.OTHER, "", 0), Ace(AceType.ALLOW, "S-1-5-32-545", 1))


def test_sid_with_a_large_authority_is_written_in_hexadecimal() -> None:
    assert parse_sid(bytes([1, 1, 1, 0, 0, 0, 0, 0, 7, 0, 0, 0]), 0) == ("S-1-0x010000000000-7", 12)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "its header breaks off"),
        (b"\x02" + packed([])[1:], "its revision is 2"),
        (packed([], control=0x0004), "it is not self-relative"),
        (packed([])[:30], "a SID breaks off"),
        (packed([], owner=b"\x02" + USERS[1:]), "a SID has an unknown form"),
        (packed([], owner=b"\x01\x10" + USERS[2:]), "a SID has an unknown form"),
        (packed([packed_ace(0, 0, struct.pack("<I", 1) + USERS)])[:-1], "its access control list breaks off"),
        (packed([struct.pack("<BBH", 0, 0, 3)]), "an access control entry breaks off"),
        (packed([struct.pack("<BBH", 0, 0, 400)]), "an access control entry breaks off"),
        (packed([packed_ace(0, 0, struct.pack("<I", 1) + USERS[:8])]), "a SID breaks off"),
    ],
)
def test_descriptor_that_contradicts_itself_is_refused_with_the_place(data: bytes, reason: str) -> None:
    with pytest.raises(GarbledDescriptorError, match=reason):
        parse_security_descriptor(data)


def test_sid_of_an_entry_never_reaches_into_the_next_one() -> None:
    short = packed_ace(0, 0, struct.pack("<I", 1) + USERS[:12])

    with pytest.raises(GarbledDescriptorError, match="a SID breaks off"):
        parse_security_descriptor(packed([short, packed_ace(0, 0, struct.pack("<I", 1) + USERS)]))


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_its_own_error(data: bytes) -> None:
    try:
        parse_security_descriptor(data)
    except GarbledDescriptorError:
        return
    assert data[0] == 1


@given(st.data())
def test_damaged_descriptor_raises_nothing_but_its_own_error(data: st.DataObject) -> None:
    sound = packed([packed_ace(5, 0, struct.pack("<II", 1, 3) + bytes(32) + USERS), packed_ace(0, 0, struct.pack("<I", 1) + EVERYONE)])
    at = data.draw(st.integers(0, len(sound) - 1))
    damaged = sound[:at] + bytes([data.draw(st.integers(0, 255))]) + sound[at + 1 : data.draw(st.integers(at + 1, len(sound)))]

    try:
        found = parse_security_descriptor(damaged)
    except GarbledDescriptorError:
        return
    assert found.dacl is None or all(ace.sid == "" or ace.sid.startswith("S-1-") for ace in found.dacl)
