# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an NTSTATUS for a file or folder means (MS-ERREF 2.3.1), in one sentence each.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t

from .errors import (
    DfsError,
    FileInUseError,
    PathAccessError,
    PathIsLinkError,
    PathNotFoundError,
    ShareAnswerError,
    ShareError,
    ShareLostError,
)
from .unc import UncPath

NOT_FOUND = frozenset({0xC000000F, 0xC0000033, 0xC0000034, 0xC0000039, 0xC000003A, 0xC000003B, 0xC0000056, 0xC0000225})
"""No file of that name, or one that is being deleted."""

PATH_NOT_COVERED = 0xC0000257
"""A path of a DFS namespace whose target is on another server (MS-DFSC 3.1.5.1)."""


class _Meaning(t.NamedTuple):
    """One kind of answer."""

    statuses: frozenset[int]
    error: type[ShareError]
    message: str
    remedy: str


_MEANINGS = (
    _Meaning(NOT_FOUND, PathNotFoundError, "{path} does not exist", "Check the path, or put the file or folder there"),
    _Meaning(frozenset({0xC0000103}), PathNotFoundError, "{path} is a file where a folder is expected", "Give the path of a folder"),
    _Meaning(frozenset({0xC00000BA}), PathNotFoundError, "{path} is a folder where a file is expected", "Give the path of a file"),
    _Meaning(
        frozenset({0xC0000022, 0xC0000061}),
        PathAccessError,
        "the user may not open {path}",
        "Give the user the right to read it, in the NTFS permissions and in those of the share",
    ),
    _Meaning(
        frozenset({0x8000002D}),
        PathIsLinkError,
        "{path} is or leads through a symbolic link, and by default Windows follows none that lies on a share",
        "Put the files themselves there, or give the path that the link leads to",
    ),
    _Meaning(
        frozenset({0xC0000043, 0xC0000054}),
        FileInUseError,
        "{path} is open elsewhere and cannot be read now",
        "Wait until it is copied completely, or close what holds it",
    ),
    _Meaning(
        frozenset({PATH_NOT_COVERED, 0xC000026D}),
        DfsError,
        "{path} is a link of a DFS namespace that cannot be followed from there",
        "Give the path of the share that the link leads to",
    ),
    _Meaning(
        frozenset({0xC00000C9, 0xC0000203, 0xC000035C, 0xC0000128, 0xC0000466, 0xC00000B5, 0xC000020C, 0xC000020D, 0xC000022D}),
        ShareLostError,
        "the file server {server} ended the session while {path} was read",
        "Check that the file server and the share are there, and try again",
    ),
    _Meaning(
        frozenset({0xC000009A, 0xC0000205, 0xC00000D0}),
        ShareLostError,
        "the file server {server} lacked the resources to read {path}",
        "Try again when the file server is less busy",
    ),
)
_OTHER = _Meaning(
    frozenset(), ShareAnswerError, "the file server {server} answered with an error for {path}", "Look up the code in Microsoft's list"
)


def path_failure_of_status(status: int, path: UncPath) -> ShareError:
    """Say what the server's answer about a file or folder means.

    Args:
        status: the NTSTATUS.
        path: what was asked for.
    """
    meaning = next((meaning for meaning in _MEANINGS if status in meaning.statuses), _OTHER)
    return meaning.error(meaning.message.format(path=path, server=path.server), remedy=meaning.remedy, code=status)
