# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can go wrong between the controller and a share, sorted by what the user must do.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import OperationError, Outcome


class ShareError(OperationError):
    """Root of everything that reading a share raises.

    Args:
        message: what failed, one sentence without a full stop, with the server, share or path.
        remedy: what the user should do next, one sentence.
        code: the NTSTATUS that the server gave, None without one.
    """

    OUTCOME = Outcome.FAILED
    """A share is only read, so nothing is ever unknown; what may pass by itself is NOT_DONE."""

    def __init__(self, message: str, *, remedy: str | None = None, code: int | None = None) -> None:
        super().__init__(message, operation="share", code=code, remedy=remedy, outcome=self.OUTCOME)


class SharePathError(ShareError):
    """The text is no path of a share."""


class ShareLibraryError(ShareError):
    """A Python package that reads shares is missing."""


class ServerUnreachableError(ShareError):
    """The file server's name is unknown, or nothing answers at its address."""

    OUTCOME = Outcome.NOT_DONE


class ServerRefusedError(ShareError):
    """The machine is there, but no file service that can be used answers at the port."""


class OldProtocolError(ShareError):
    """The server speaks SMB 1 alone."""


class CredentialsError(ShareError):
    """The file server did not accept the user."""


class EncryptionError(ShareError):
    """Encryption is required and the server cannot give it."""


class UnprotectedError(ShareError):
    """Messages would travel, or came, neither signed nor encrypted."""


class ShareNotFoundError(ShareError):
    """The server has no share of that name."""


class ShareAccessError(ShareError):
    """The user may not use the share."""


class DfsError(ShareError):
    """A path of a DFS namespace leads nowhere that can be read."""


class PathNotFoundError(ShareError):
    """A file or folder does not exist, or is the other of the two."""


class PathAccessError(ShareError):
    """The user may not open a file or folder."""


class PathIsLinkError(ShareError):
    """A path leads through a symbolic link, which nodes do not follow on a share."""


class FileInUseError(ShareError):
    """A file is open elsewhere in a way that keeps readers out."""

    OUTCOME = Outcome.NOT_DONE


class FileTooLongError(ShareError):
    """A file is longer than its reader accepts."""


class ShareLostError(ShareError):
    """The connection ended or fell silent while the share was being read."""

    OUTCOME = Outcome.NOT_DONE


class ShareAnswerError(ShareError):
    """The server's answer cannot be understood, or is an error that has no sentence of its own."""
