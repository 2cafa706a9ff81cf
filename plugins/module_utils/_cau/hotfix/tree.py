# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files and folders of a hotfix root folder: what is asked of a share, and each folder listed once.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..._smb.records import SecurityDescriptor, ShareEntry
from .errors import HotfixFolderError

ENTRY_LIMIT = 20_000
"""Files and folders below one root folder: far beyond any real one, so that a wrong path ends in a sentence and not in hours."""


class ShareReader(t.Protocol):
    """What is asked of the share; paths are relative to the root folder, with backslashes, "" is the root folder itself."""

    @property
    def is_dfs(self) -> bool:
        """Whether the root folder lies in a DFS namespace."""

    def list(self, relative: str) -> list[ShareEntry]:
        """Return what a folder holds."""

    def read(self, relative: str, limit_bytes: int) -> bytes:
        """Return the content of a file, which may not be longer than the limit."""

    def require_readable(self, relative: str) -> None:
        """Raise when a file cannot be opened for reading."""

    def security(self, relative: str) -> SecurityDescriptor:
        """Return owner and access control list."""

    def names_of(self, sids: Collection[str]) -> Mapping[str, str]:
        """Return the names of those SIDs that can be resolved."""


@dataclass(frozen=True)
class TreeEntry:
    """One file or folder.

    Args:
        path: relative to the root folder, with backslashes.
        name: as the server spells it.
        is_directory: whether it is a folder.
        size: bytes; 0 for a folder.
        is_link: whether it leads elsewhere, so that it is never followed.
    """

    path: str
    name: str
    is_directory: bool
    size: int = 0
    is_link: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder that may be looked into."""
        return self.is_directory and not self.is_link


def file_key(name: str) -> str:
    """Return a name as Windows compares it: letter by letter, unlike str.casefold, for which "Maß" and "MASS" are one name."""
    return "".join(lower if len(lower := letter.lower()) == 1 else letter for letter in name)


def joined(folder: str, name: str) -> str:
    """Return the path of something in a folder; the root folder is ""."""
    return f"{folder}\\{name}" if folder else name


class Tree:
    """Lists each folder once, in the order of names without regard to case, and counts what it has seen.

    Args:
        share: where the root folder is.
        limit: files and folders that may be seen.
    """

    def __init__(self, share: ShareReader, limit: int = ENTRY_LIMIT) -> None:
        self._share = share
        self._limit = limit
        self._left = limit
        self._listed: dict[str, tuple[TreeEntry, ...]] = {}

    def children(self, folder: str) -> tuple[TreeEntry, ...]:
        """Return what a folder holds.

        Raises:
            HotfixFolderError: the root folder holds more than can be meant.
        """
        known = self._listed.get(folder)
        if known is not None:
            return known
        entries = [
            TreeEntry(joined(folder, entry.name), entry.name, entry.is_directory, entry.size, entry.is_link)
            for entry in self._share.list(folder)
        ]
        self._left -= len(entries)
        if self._left < 0:
            raise HotfixFolderError(
                f"the hotfix root folder holds more than {self._limit} files and folders",
                remedy="Point hotfix_root_folder_path at the folder that holds CAUHotfix_All, and move away what is no hotfix",
            )
        entries.sort(key=lambda entry: (file_key(entry.name), entry.name))
        self._listed[folder] = tuple(entries)
        return self._listed[folder]
