# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Paths of shares, as Windows writes them: \\server\share\folder.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import SharePathError

_SEPARATOR = "\\"
_DRIVE = re.compile(r"[A-Za-z]:")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:[\\/]{2}")
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')
"""Characters that no name on a Windows file system may hold, those that steer a terminal, and halves of UTF-16's pairs."""

_SERVER_FORBIDDEN = re.compile(r"[\s@,;=+\[\]]")
_LONGEST_NAME = 255
_LONGEST_PATH = 32767
_EXAMPLE = "Give the path of a share, such as \\\\server\\share\\folder"


@dataclass(frozen=True)
class UncPath:
    """A share of a file server, or a file or folder on it.

    Args:
        server: as the user wrote it: a NetBIOS name, a DNS name, an address, or the name of a DFS namespace's domain.
        share: name of the share.
        path: below the share, parts separated by backslashes; empty for the share itself.
    """

    server: str
    share: str
    path: str = ""

    def __str__(self) -> str:
        below = _SEPARATOR + self.path if self.path else ""
        return rf"\\{self.server}\{self.share}{below}"

    @property
    def tree(self) -> str:
        r"""The share without what is below it: \\server\share."""
        return rf"\\{self.server}\{self.share}"

    def child(self, relative: str) -> UncPath:
        """Return what lies below this path.

        Args:
            relative: parts separated by backslashes or slashes; empty for the path itself.

        Raises:
            SharePathError: the parts are no names that Windows has, or lead out of this path.
        """
        if not relative:
            return self
        text = relative.replace("/", _SEPARATOR)
        for part in text.split(_SEPARATOR):
            _require_name(part, f"{self}{_SEPARATOR}{text}")
        child = UncPath(self.server, self.share, f"{self.path}{_SEPARATOR}{text}" if self.path else text)
        _require_length(child)
        return child


def parse_unc(text: str) -> UncPath:
    r"""Read the path of a share.

    Slashes are taken for backslashes, since an inventory is written on systems that have those; separators at the end are dropped.

    Args:
        text: such as \\server\share\folder or //server/share/folder.

    Returns:
        The parts of the path.

    Raises:
        SharePathError: it is not the path of a share that controller and nodes understand alike.
    """
    if not text.strip():
        raise SharePathError("the path of the share is empty", remedy=_EXAMPLE)
    if _URL.match(text):
        raise SharePathError(f"{_shown(text)} is a URL, which is not how nodes reach a share", remedy=_EXAMPLE)
    if _DRIVE.match(text):
        raise SharePathError(
            f"{_shown(text)} is a local path or a drive letter, which means another folder on each machine",
            remedy="Share the folder and give its UNC path, such as \\\\server\\share\\folder",
        )
    slashed = text.replace("/", _SEPARATOR)
    if slashed.startswith(("\\\\?\\", "\\\\.\\")):
        raise SharePathError(f"{_shown(text)} is a device path, which only programs on one machine understand", remedy=_EXAMPLE)
    if not slashed.startswith("\\\\"):
        raise SharePathError(f"{_shown(text)} does not name a server", remedy=_EXAMPLE)
    server, *names = slashed[2:].rstrip(_SEPARATOR).split(_SEPARATOR)
    _require_server(server, text)
    if not names:
        raise SharePathError(f"{_shown(text)} names a server but no share", remedy=_EXAMPLE)
    for name in names:
        _require_name(name, text)
    if names[0].upper() == "IPC$":
        raise SharePathError(f"{_shown(text)} is the server's share for remote calls, which holds no files", remedy=_EXAMPLE)
    parsed = UncPath(server, names[0], _SEPARATOR.join(names[1:]))
    _require_length(parsed)
    return parsed


def _require_server(server: str, text: str) -> None:
    _require_name(server, text)
    found = _SERVER_FORBIDDEN.search(server)
    if found:
        raise SharePathError(
            f"the server's name in {_shown(text)} holds {_shown(found.group())}, which no server's name has",
            remedy="Give the server's name or IPv4 address; a port or WebDAV is not a part of it",
        )


def _require_name(name: str, text: str) -> None:
    problem = _problem(name)
    if problem:
        raise SharePathError(f"{_shown(text)} {problem}", remedy=_EXAMPLE)


def _problem(name: str) -> str | None:
    if not name:
        return "has an empty part between two separators"
    if name in {".", ".."}:
        return f"has the part {name}, which leads elsewhere"
    found = _FORBIDDEN.search(name)
    if found:
        return f"holds {_shown(found.group())}, which no name on a share may have"
    if name[-1] in ". ":
        return f"has the part {_shown(name)}, whose last character Windows drops"
    if len(name) > _LONGEST_NAME:
        return f"has a part of {len(name)} characters, and {_LONGEST_NAME} are the most that a name may have"
    return None


def _require_length(path: UncPath) -> None:
    length = len(str(path))
    if length > _LONGEST_PATH:
        raise SharePathError(
            f"the path of the share has {length} characters, and {_LONGEST_PATH} are the most that Windows knows", remedy=_EXAMPLE
        )


def _shown(text: str) -> str:
    """Return text that is safe on a terminal, shortened when it would fill the screen."""
    printable = "".join(character if character.isprintable() else f"U+{ord(character):04X}" for character in text)
    return printable if len(printable) <= _LONGEST_NAME else f"{printable[:_LONGEST_NAME]}..."
