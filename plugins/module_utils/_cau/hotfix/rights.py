# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rights in access control lists: who may write, and whether Users may read (cau.md 6.3).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..._smb.records import Ace, AceType

USERS = "S-1-5-32-545"
EVERYONE = "S-1-1-0"
AUTHENTICATED_USERS = "S-1-5-11"
NETWORK = "S-1-5-2"
ADMINISTRATORS = "S-1-5-32-544"
SYSTEM = "S-1-5-18"
CREATOR_OWNER = "S-1-3-0"
TRUSTED_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

WRITERS = frozenset({ADMINISTRATORS, SYSTEM, CREATOR_OWNER, TRUSTED_INSTALLER})
"""Who may write; nobody else."""

READERS = frozenset({USERS, EVERYONE, AUTHENTICATED_USERS})
"""A grant to one of them is a grant to Users: the other two contain every user and every computer account."""

# A node comes over the network, so what this group is denied no node can do.
_DENIED = READERS | {NETWORK}

READ = 0x120089
READ_EXECUTE = 0x1200A9
_WRITE = 0x120116
_MODIFY = 0x1301BF
_FULL = 0x1F01FF
# The generic bits of a mask, as file systems map them.
_GENERIC = {0x80000000: READ, 0x40000000: _WRITE, 0x20000000: 0x1200A0, 0x10000000: _FULL}

_WRITE_BITS = {
    0x2: "write data or create files",
    0x4: "append data or create folders",
    0x10: "write extended attributes",
    0x40: "delete what is in it",
    0x100: "write attributes",
    0x10000: "delete",
    0x40000: "change permissions",
    0x80000: "take ownership",
}
_ALL_WRITE_BITS = sum(_WRITE_BITS)
_BUNDLES = {_FULL: "full control", _MODIFY: "modify", _WRITE: "write"}


def expanded(mask: int) -> int:
    """Return a mask with its generic bits replaced by what they stand for."""
    for bit, rights in _GENERIC.items():
        if mask & bit:
            mask |= rights
    return mask


def is_writing(ace: Ace) -> bool:
    """Whether an entry gives, or may give, a right to write to somebody who must not have one."""
    return (
        ace.type is not AceType.DENY
        and not ace.is_inherit_only
        and ace.sid not in WRITERS
        and bool(expanded(ace.mask) & _ALL_WRITE_BITS)
    )


def reading_gap(dacl: Iterable[Ace], wanted: int) -> tuple[int, Ace | None]:
    """Return the bits of `wanted` that Users lack, and the entry that denies them if one does.

    The entries are taken in order, as Windows does: what is granted before it is denied is granted.
    """
    missing = wanted
    for ace in dacl:
        if ace.is_inherit_only:
            continue
        concerned = expanded(ace.mask) & missing
        if ace.type is AceType.DENY and ace.sid in _DENIED and concerned:
            return missing, ace
        if ace.type is AceType.ALLOW and ace.sid in READERS:
            missing &= ~concerned
    return missing, None


def write_words(mask: int) -> str:
    """Return the rights to write in a mask, in the words of the security dialog of Windows."""
    rights = expanded(mask)
    for bundle, name in _BUNDLES.items():
        if rights & bundle == bundle:
            further = [word for bit, word in _WRITE_BITS.items() if rights & bit and not bundle & bit]
            return ", ".join([name, *further])
    return ", ".join(word for bit, word in _WRITE_BITS.items() if rights & bit)


def read_words(wanted: int) -> str:
    """Return what Users cannot do."""
    return "read" if wanted == READ else "read and execute"
