# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A share out of plain dictionaries, with access control lists that are inherited as Windows does it."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError, Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.records import Ace, AceType, SecurityDescriptor, ShareEntry

Content: t.TypeAlias = "bytes | Link | Mapping[str, Content]"

ADMINISTRATORS, SYSTEM, USERS, EVERYONE = "S-1-5-32-544", "S-1-5-18", "S-1-5-32-545", "S-1-1-0"
AUTHENTICATED, CREATOR = "S-1-5-11", "S-1-3-0"
TRUSTED_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
BOB, ALICE = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"

FULL, MODIFY, READ, READ_EXECUTE = 0x1F01FF, 0x1301BF, 0x120089, 0x1200A9
NAMES = {BOB: "CONTOSO\\bob", USERS: "BUILTIN\\Users", EVERYONE: "Everyone", ADMINISTRATORS: "BUILTIN\\Administrators"}


@dataclass(frozen=True)
class Link:
    """A link to a file or folder."""

    is_directory: bool = False


def allow(sid: str, mask: int, *, is_inherit_only: bool = False) -> Ace:
    return Ace(AceType.ALLOW, sid, mask, is_inherit_only=is_inherit_only)


def deny(sid: str, mask: int) -> Ace:
    return Ace(AceType.DENY, sid, mask)


GOOD = (allow(ADMINISTRATORS, FULL), allow(SYSTEM, FULL), allow(USERS, READ_EXECUTE))


@dataclass
class FakeShare:
    """What ShareReader asks for.

    Args:
        content: folders as mappings, files as bytes.
        own: entries that stand at a path itself; everything below inherits them. The root folder has GOOD unless it is named.
        protected: paths that inherit nothing.
        owners: by path; Administrators otherwise.
        unreadable: paths of files that cannot be opened.
        dacls: whole lists by path, which override everything else.
    """

    content: Mapping[str, Content]
    own: Mapping[str, tuple[Ace, ...]] = field(default_factory=dict)
    protected: Collection[str] = ()
    owners: Mapping[str, str | None] = field(default_factory=dict)
    unreadable: Collection[str] = ()
    dacls: Mapping[str, tuple[Ace, ...] | None] = field(default_factory=dict)
    is_dfs: bool = False
    asked: list[str] = field(default_factory=list)

    def list(self, relative: str) -> list[ShareEntry]:
        self.asked.append(f"list {relative}")
        folder = self._at(relative)
        assert isinstance(folder, Mapping)
        return [_entry(name, content) for name, content in folder.items()]

    def read(self, relative: str, limit_bytes: int) -> bytes:
        self.asked.append(f"read {relative}")
        content = self._at(relative)
        assert isinstance(content, bytes)
        if len(content) > limit_bytes:
            raise OperationError(f"{relative} is longer than {limit_bytes} bytes", outcome=Outcome.NOT_DONE)
        return content

    def require_readable(self, relative: str) -> None:
        self.asked.append(f"open {relative}")
        if relative in self.unreadable:
            raise OperationError(f"{relative} cannot be read: access denied", outcome=Outcome.NOT_DONE)

    def security(self, relative: str) -> SecurityDescriptor:
        self.asked.append(f"security {relative}")
        dacl = self.dacls[relative] if relative in self.dacls else self._dacl(relative)
        return SecurityDescriptor(self.owners.get(relative, ADMINISTRATORS), dacl)

    def names_of(self, sids: Collection[str]) -> dict[str, str]:
        self.asked.append("names")
        # As the real one does for what it cannot resolve.
        return {sid: NAMES.get(sid, sid) for sid in sids}

    def _at(self, relative: str) -> Content:
        found: Content = self.content
        for name in relative.split("\\") if relative else []:
            assert isinstance(found, Mapping)
            found = found[name]
        return found

    def _dacl(self, relative: str) -> tuple[Ace, ...]:
        own = self.own.get(relative, () if relative else GOOD)
        if not relative or relative in self.protected:
            return own
        above = self._dacl(relative.rpartition("\\")[0])
        return (*own, *(replace(ace, is_inherited=True, is_inherit_only=False) for ace in above))


def _entry(name: str, content: Content) -> ShareEntry:
    if isinstance(content, Link):
        return ShareEntry(name, content.is_directory, is_link=True)
    if isinstance(content, bytes):
        return ShareEntry(name, is_directory=False, size=len(content))
    return ShareEntry(name, is_directory=True)
