# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions of a hotfix root folder: who may write, whether Users may read, who owns it (cau.md 6.3).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..._smb.records import Ace, AceType, SecurityDescriptor
from . import rights
from .findings import Fault, FaultKind, Finding, Origin, merge
from .folder import Hotfix
from .tree import ShareReader, Tree, TreeEntry, file_key


def check_permissions(share: ShareReader, tree: Tree, root: str, hotfixes: Collection[Hotfix]) -> tuple[Finding, ...]:
    """Return what is wrong with the root folder, the configuration file and everything below, what is ignored included.

    Whether Microsoft's check goes down the tree is not documented; a file below that somebody else may write is run all the same
    (cau.md 6.3). Links are left out: they are never followed.

    Args:
        share: where the root folder is.
        tree: its files and folders.
        root: UNC path of the root folder, without a backslash at its end.
        hotfixes: those that are applied to any node.

    Raises:
        HotfixFolderError: the root folder holds more than can be meant.
        OperationError: a folder or an access control list could not be read.
    """
    run = frozenset(hotfix.path for hotfix in hotfixes if hotfix.rule.runs_the_hotfix or file_key(hotfix.name).endswith(".exe"))
    faults = _Check(share, tree, run).faults()
    return merge(faults, lambda path: f"{root}\\{path}" if path else root, share.names_of)


class _Check:
    """Goes through one tree from the root folder down."""

    def __init__(self, share: ShareReader, tree: Tree, run: frozenset[str]) -> None:
        self._share = share
        self._tree = tree
        self._run = run
        self._seen: dict[str, SecurityDescriptor] = {}
        self._unreadable: dict[str, Origin] = {}
        self._owners: dict[str, Origin] = {}

    def faults(self) -> list[Fault]:
        found: list[Fault] = []
        waiting = [TreeEntry("", "", is_directory=True)]
        while waiting:
            entry = waiting.pop()
            found += self._faults_of(entry)
            if entry.is_directory:
                waiting += [child for child in self._tree.children(entry.path) if not child.is_link]
        return found

    def _faults_of(self, entry: TreeEntry) -> Iterator[Fault]:
        found = self._seen[entry.path] = self._share.security(entry.path)
        yield from self._owner_fault(entry, found.owner)
        if found.dacl is None:
            origin = Origin(entry.path, entry.is_directory, rights.EVERYONE)
            yield Fault(FaultKind.NO_LIST, entry.path, rights.EVERYONE, 0x1F01FF, origin)
            return
        for ace in found.dacl:
            if rights.is_writing(ace):
                kind = FaultKind.WRITE if ace.type is AceType.ALLOW else FaultKind.UNCLEAR
                yield Fault(kind, entry.path, ace.sid, ace.mask, self._origin(entry, ace))
        yield from self._reading_fault(entry, found.dacl)

    def _reading_fault(self, entry: TreeEntry, dacl: tuple[Ace, ...]) -> Iterator[Fault]:
        wanted = rights.READ_EXECUTE if entry.path in self._run else rights.READ
        missing, denier = rights.reading_gap(dacl, wanted)
        if denier is not None:
            yield Fault(FaultKind.DENIED, entry.path, denier.sid, wanted, self._origin(entry, denier))
        elif missing:
            origin = self._chained(self._unreadable, entry, rights.USERS)
            yield Fault(FaultKind.UNREADABLE, entry.path, rights.USERS, wanted, origin)

    def _owner_fault(self, entry: TreeEntry, owner: str | None) -> Iterator[Fault]:
        if owner is not None and owner not in rights.WRITERS:
            yield Fault(FaultKind.OWNER, entry.path, owner, 0, self._chained(self._owners, entry, owner))

    def _chained(self, known: dict[str, Origin], entry: TreeEntry, sid: str) -> Origin:
        """Return the highest folder from which on down to this entry everything has the same fault."""
        above = known.get(_parent(entry.path)) if entry.path else None
        origin = above if above is not None and above.sid == sid else Origin(entry.path, entry.is_directory, sid)
        known[entry.path] = origin
        return origin

    def _origin(self, entry: TreeEntry, ace: Ace) -> Origin:
        """Return the entry that an inherited one comes from; an entry of its own is its own origin."""
        if not ace.is_inherited:
            return Origin(entry.path, entry.is_directory, ace.sid)
        path = entry.path
        while path:
            path = _parent(path)
            sid = self._giver(path, ace, is_inherited=False)
            if sid:
                return Origin(path, is_directory=True, sid=sid)
        sid = self._giver("", ace, is_inherited=True)
        if sid:
            return Origin("", is_directory=True, sid=sid, is_from_above=True)
        return Origin(entry.path, entry.is_directory, ace.sid, is_from_above=True)

    def _giver(self, folder: str, ace: Ace, *, is_inherited: bool) -> str | None:
        """Return whose entry of a folder gives this one to what is below: its own, or CREATOR OWNER's, which names whoever creates."""
        given = {other.sid for other in self._seen[folder].dacl or () if other.type is ace.type and other.is_inherited is is_inherited}
        return next((sid for sid in (ace.sid, rights.CREATOR_OWNER) if sid in given), None)


def _parent(path: str) -> str:
    return path.rpartition("\\")[0]
