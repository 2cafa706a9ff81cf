# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of a folder as a server sends them (MS-FSCC 2.4, FileFullDirectoryInformation).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import struct

from .records import ShareEntry

_ENTRY = struct.Struct("<IIqqqqqqIII")
_DIRECTORY = 0x00000010
_REPARSE_POINT = 0x00000400
_NAME_SURROGATE = 0x20000000
_DFS_TAGS = frozenset({0x8000000A, 0x80000012})


class GarbledListingError(ValueError):
    """The bytes are no entries of a folder."""


def parse_listing(data: bytes) -> list[ShareEntry]:
    """Read one piece of a folder's listing.

    Args:
        data: the buffer of one answer.

    Returns:
        The entries, without the two that stand for the folder itself and the one above.

    Raises:
        GarbledListingError: the bytes contradict themselves, or a name holds a separator.
    """
    entries = []
    at = 0
    while True:
        if at + _ENTRY.size > len(data):
            raise GarbledListingError("an entry breaks off")
        following, *_index_and_times, size, _allocated, attributes, name_bytes, tag = _ENTRY.unpack_from(data, at)
        end = at + _ENTRY.size + name_bytes
        if end > len(data) or name_bytes % 2 or not name_bytes:
            raise GarbledListingError("a name breaks off")
        name = data[at + _ENTRY.size : end].decode("utf-16-le", "replace")
        if "\\" in name or "/" in name or "\0" in name:
            raise GarbledListingError("a name holds a separator")
        if name not in {".", ".."}:
            entries.append(_entry(name, size, attributes, tag))
        if following == 0:
            return entries
        if following < _ENTRY.size + name_bytes:
            raise GarbledListingError("two entries overlap")
        at += following


def _entry(name: str, size: int, attributes: int, tag: int) -> ShareEntry:
    is_directory = bool(attributes & _DIRECTORY)
    # The size of extended attributes is the reparse tag where there is one (MS-FSCC 2.4). Deduplicated and archived files have tags too,
    # but only those with the surrogate bit and those of DFS stand for another place (MS-FSCC 2.1.2).
    is_link = bool(attributes & _REPARSE_POINT) and (bool(tag & _NAME_SURROGATE) or tag in _DFS_TAGS)
    return ShareEntry(name, is_directory, 0 if is_directory else max(size, 0), is_link)
