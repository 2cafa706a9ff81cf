# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NT security descriptors as files of a Samba share carry them: self-relative, in an extended attribute (MS-DTYP 2.4)."""

from __future__ import annotations

import os
import struct
import typing as t
from collections.abc import Iterable
from pathlib import Path

ATTRIBUTE = "user.NTACL"
"""Where the module acl_xattr keeps the descriptor; the usual security.NTACL is for root only."""

EVERYONE = "S-1-1-0"
CREATOR_OWNER = "S-1-3-0"
AUTHENTICATED_USERS = "S-1-5-11"
SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
USERS = "S-1-5-32-545"
TRUSTED_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

ALLOW = 0
DENY = 1

READ = 0x00120089
READ_EXECUTE = 0x001200A9
MODIFY = 0x001301BF
FULL = 0x001F01FF

OBJECT_INHERIT = 0x01
CONTAINER_INHERIT = 0x02
INHERIT_ONLY = 0x08
INHERIT = OBJECT_INHERIT | CONTAINER_INHERIT

_DACL_PROTECTED_SELF_RELATIVE = 0x9004
_HEADER = 20
# Samba's xattr.idl: version 1 is the descriptor alone, here as version, the union's tag and the pointer's referent.
_PREFIX = struct.pack("<HHI", 1, 1, 0x00020000)


class Ace(t.NamedTuple):
    """One entry: ALLOW or DENY, whom, which rights, and how it is inherited."""

    kind: int
    sid: str
    mask: int
    flags: int = 0


def stored(owner: str, aces: Iterable[Ace], group: str = ADMINISTRATORS) -> bytes:
    """Return the value of the attribute: a security descriptor whose list is protected from what it would inherit.

    Args:
        owner: SID of the owner.
        aces: the discretionary list, in its order.
        group: SID of the primary group.
    """
    entries = [struct.pack("<BBHI", ace.kind, ace.flags, 8 + len(packed_sid(ace.sid)), ace.mask) + packed_sid(ace.sid) for ace in aces]
    dacl = struct.pack("<BBHHH", 2, 0, 8 + sum(map(len, entries)), len(entries), 0) + b"".join(entries)
    owner_part, group_part = packed_sid(owner), packed_sid(group)
    # Samba counts the offsets from the start of the value, not of the descriptor.
    owner_at = len(_PREFIX) + _HEADER
    group_at = owner_at + len(owner_part)
    header = struct.pack("<BBHIIII", 1, 0, _DACL_PROTECTED_SELF_RELATIVE, owner_at, group_at, 0, group_at + len(group_part))
    return _PREFIX + header + owner_part + group_part + dacl


def packed_sid(text: str) -> bytes:
    """Return the binary form of a SID such as S-1-5-18."""
    _s, revision, authority, *rest = text.split("-")
    return struct.pack("<BB", int(revision), len(rest)) + int(authority).to_bytes(6, "big") + struct.pack(f"<{len(rest)}I", *map(int, rest))


def write(path: Path, owner: str, aces: Iterable[Ace]) -> None:
    """Give a file or folder a security descriptor, whoever owns it for the file system."""
    os.setxattr(path, ATTRIBUTE, stored(owner, aces))
