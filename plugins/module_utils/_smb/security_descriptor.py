# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security descriptors as a server sends them (MS-DTYP 2.4): read strictly, never beyond their end.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import struct

from .records import Ace, AceType, SecurityDescriptor

_HEADER = struct.Struct("<BxH4I")
_ACL_HEADER = struct.Struct("<BxHHxx")
_ACE_HEADER = struct.Struct("<BBH")
_SELF_RELATIVE = 0x8000
_DACL_PRESENT = 0x0004

# MS-DTYP 2.4.4.1: ACE types and flags.
_PLAIN_TYPES = {0x00: AceType.ALLOW, 0x01: AceType.DENY}
_WITH_SID_BEHIND_THE_MASK = frozenset({0x00, 0x01, 0x02, 0x03, 0x09, 0x0A, 0x0D, 0x0E, 0x11, 0x12, 0x13})
_WITH_OBJECT_TYPES = frozenset({0x05, 0x06, 0x07, 0x08, 0x0B, 0x0C, 0x0F, 0x10})
_INHERIT_ONLY = 0x08
_INHERITED = 0x10
_SID_AUTHORITIES_LIMIT = 15
_UNKNOWN_TRUSTEE = ""


class GarbledDescriptorError(ValueError):
    """The bytes are no security descriptor; the message says where they break off, without quoting them."""


def parse_security_descriptor(data: bytes) -> SecurityDescriptor:
    """Read a self-relative security descriptor (MS-DTYP 2.4.6).

    Args:
        data: the whole descriptor.

    Returns:
        Owner and access control list. An entry of a kind without a trustee that can be read has an empty SID.

    Raises:
        GarbledDescriptorError: the bytes contradict themselves.
    """
    revision, control, owner_at, _ignored, _ignored, dacl_at = _unpack(_HEADER, data, 0, "header")
    if revision != 1:
        raise GarbledDescriptorError(f"its revision is {revision}, not 1")
    if not control & _SELF_RELATIVE:
        raise GarbledDescriptorError("it is not self-relative")
    owner = parse_sid(data, owner_at)[0] if owner_at else None
    # Present with offset 0 is a null list, which grants everything just as an absent one does (MS-DTYP 2.4.6).
    has_list = bool(control & _DACL_PRESENT) and dacl_at != 0
    return SecurityDescriptor(owner, _parse_acl(data, dacl_at) if has_list else None)


def parse_sid(data: bytes, at: int) -> tuple[str, int]:
    """Read a SID (MS-DTYP 2.4.2.2).

    Args:
        data: bytes that hold it.
        at: where it begins.

    Returns:
        The SID as text, and the offset behind it.

    Raises:
        GarbledDescriptorError: there is no whole SID.
    """
    if at + 8 > len(data):
        raise GarbledDescriptorError("a SID breaks off")
    revision, count = data[at], data[at + 1]
    if revision != 1 or count > _SID_AUTHORITIES_LIMIT:
        raise GarbledDescriptorError("a SID has an unknown form")
    end = at + 8 + 4 * count
    if end > len(data):
        raise GarbledDescriptorError("a SID breaks off")
    authority = int.from_bytes(data[at + 2 : at + 8], "big")
    parts = struct.unpack_from(f"<{count}I", data, at + 8)
    # MS-DTYP 2.4.2.1: an authority that needs more than 32 bits is written in hexadecimal.
    shown = f"0x{authority:012X}" if authority >> 32 else str(authority)
    return "-".join(["S", "1", shown, *map(str, parts)]), end


def _parse_acl(data: bytes, at: int) -> tuple[Ace, ...]:
    _ignored, size, count = _unpack(_ACL_HEADER, data, at, "access control list")
    end = at + size
    if end > len(data) or size < _ACL_HEADER.size:
        raise GarbledDescriptorError("its access control list breaks off")
    entries = []
    at += _ACL_HEADER.size
    for _ignored in range(count):
        kind, flags, length = _unpack(_ACE_HEADER, data, at, "access control entry")
        if length < _ACE_HEADER.size or at + length > end:
            raise GarbledDescriptorError("an access control entry breaks off")
        entries.append(_parse_ace(kind, flags, data[at + _ACE_HEADER.size : at + length]))
        at += length
    return tuple(entries)


def _parse_ace(kind: int, flags: int, body: bytes) -> Ace:
    mask, sid = 0, _UNKNOWN_TRUSTEE
    if kind in _WITH_SID_BEHIND_THE_MASK or kind in _WITH_OBJECT_TYPES:
        (mask,) = _unpack(struct.Struct("<I"), body, 0, "access control entry")
        sid, _ignored = parse_sid(body, 4 if kind in _WITH_SID_BEHIND_THE_MASK else _behind_object_types(body))
    return Ace(
        type=_PLAIN_TYPES.get(kind, AceType.OTHER),
        sid=sid,
        mask=mask,
        is_inherit_only=bool(flags & _INHERIT_ONLY),
        is_inherited=bool(flags & _INHERITED),
    )


def _behind_object_types(body: bytes) -> int:
    """Return where the SID of an object entry begins: behind none, one or two GUIDs (MS-DTYP 2.4.4.3)."""
    (present,) = _unpack(struct.Struct("<I"), body, 4, "access control entry")
    return 8 + 16 * ((present & 1) + (present >> 1 & 1))


def _unpack(form: struct.Struct, data: bytes, at: int, what: str) -> tuple[int, ...]:
    if at + form.size > len(data):
        raise GarbledDescriptorError(f"its {what} breaks off")
    return form.unpack_from(data, at)
