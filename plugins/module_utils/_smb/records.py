# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from a share, as records.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class ShareAuthentication(enum.StrEnum):
    """How the controller signs in to the file server."""

    NEGOTIATE = "negotiate"
    NTLM = "ntlm"
    KERBEROS = "kerberos"


@dataclass(frozen=True)
class ShareCredentials:
    r"""Who reads the share.

    Args:
        username: ``DOMAIN\user`` or ``user@REALM``; None takes the Kerberos ticket of the controller's user.
        password: None without one.
        authentication: which mechanism may be used.
    """

    username: str | None
    password: str | None = field(default=None, repr=False)
    authentication: ShareAuthentication = ShareAuthentication.NEGOTIATE


@dataclass(frozen=True)
class ShareEntry:
    """One file or folder in a folder of a share.

    Args:
        name: as the server spells it.
        is_directory: whether it is a folder.
        size: bytes; 0 for a folder.
        is_link: whether it stands for another place: a symbolic link, a junction or a link of a DFS namespace.
    """

    name: str
    is_directory: bool
    size: int = 0
    is_link: bool = False


class AceType(enum.StrEnum):
    """What an entry of an access control list does."""

    ALLOW = "allow"
    DENY = "deny"
    OTHER = "other"
    """An object, callback or audit entry: neither a plain grant nor a plain refusal."""


@dataclass(frozen=True)
class Ace:
    """One entry of an access control list.

    Args:
        type: what it does.
        sid: the trustee, such as S-1-5-32-545.
        mask: the rights, as the bits of an access mask.
        is_inherit_only: whether it says nothing about this object, only about what is made below it.
        is_inherited: whether it came from the folder above.
    """

    type: AceType
    sid: str
    mask: int
    is_inherit_only: bool = False
    is_inherited: bool = False


@dataclass(frozen=True)
class SecurityDescriptor:
    """Who owns a file or folder and what its access control list says.

    Args:
        owner: SID of the owner, None when the server gave none.
        dacl: the list's entries in order; None when there is no list at all, which lets everybody do everything.
    """

    owner: str | None
    dacl: tuple[Ace, ...] | None
