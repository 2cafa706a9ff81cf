# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failure of the library, the network or the server means, in one sentence each.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import importlib.util
import socket

from . import library
from .errors import (
    CredentialsError,
    ServerRefusedError,
    ServerUnreachableError,
    ShareAccessError,
    ShareAnswerError,
    ShareError,
    ShareLibraryError,
    ShareLostError,
    ShareNotFoundError,
    UnprotectedError,
)
from .path_statuses import path_failure_of_status
from .records import ShareAuthentication, ShareCredentials
from .unc import UncPath

_ACCESS_DENIED = 0xC0000022
_PACKAGES = "Install the packages of the collection's requirements.txt into the Python environment that runs this"
_KERBEROS_PACKAGES = "Install smbprotocol[kerberos] into the Python environment that runs this"

# MS-ERREF 2.3.1: why a server does not let a user in.
_WRONG_PASSWORD = frozenset({0xC000006D, 0xC000006A, 0xC0000064})
_ACCOUNT_STATES = {
    0xC000006E: "may not sign in this way: an account restriction forbids it (often an empty password)",
    0xC000006F: "may not sign in at this time of day",
    0xC0000070: "may not sign in from this machine",
    0xC0000071: "has an expired password",
    0xC0000072: "is disabled",
    0xC000015B: "lacks the right to sign in to the file server over the network",
    0xC0000193: "has expired",
    0xC0000224: "must change the password first",
    0xC0000234: "is locked out after too many wrong passwords",
    0xC0000413: "is kept out by the authentication firewall of a trust between forests",
    _ACCESS_DENIED: "is not let in",
}
_NO_DOMAIN = {
    0xC000005E: "the file server finds no domain controller that could check the user",
    0xC000018D: "the file server's trust relationship with its domain is broken",
    0xC000018B: "the file server's own account is missing in its domain",
}

_NO_SHARE = frozenset({0xC00000CC, 0xC00000BE, 0xC0000034, 0xC000000F})
_SHARE_DENIED = frozenset({_ACCESS_DENIED, 0xC00000CA})


def library_missing() -> ShareLibraryError:
    """Return the error for a controller without the library, or with a release that is too old."""
    return ShareLibraryError(f"a Python package that reads shares is missing or too old ({library.MISSING})", remedy=_PACKAGES)


def connect_failure(error: Exception, address: str) -> ShareError:
    """Say why no connection to a file server came about.

    Args:
        error: what was raised.
        address: the server as the user knows it, with the address that was tried where that differs.
    """
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, socket.gaierror | UnicodeError):
        return ServerUnreachableError(
            f"the name of the file server {address} has no address",
            remedy="Check the name, or give a DNS name or an address: a controller does not know NetBIOS names",
        )
    if isinstance(cause, ConnectionRefusedError):
        return ServerRefusedError(
            f"the file server {address} refuses connections, so no file service runs at that port",
            remedy="Check the server's name, the port, the Server service and the firewall",
        )
    if isinstance(cause, TimeoutError | library.SilenceError):
        return ServerUnreachableError(
            f"the file server {address} does not answer",
            remedy="Check that it is up and that no firewall between it and the controller drops the connection",
        )
    if isinstance(cause, library.SMBConnectionClosed | library.SMBException):
        return ServerRefusedError(
            f"what answers as the file server {address} does not speak SMB 2 or 3", remedy="Check the server's name and the port"
        )
    if isinstance(cause, OSError):
        reason = cause.strerror or type(cause).__name__
        return ServerUnreachableError(
            f"the file server {address} cannot be reached: {reason.lower()}", remedy="Check the network between controller and file server"
        )
    return _answer_failure(error, f"the first answer of the file server {address}")


def sign_in_failure(error: Exception, address: str, credentials: ShareCredentials) -> ShareError:
    """Say why a file server did not let the user in.

    Args:
        error: what was raised.
        address: the server as the user knows it.
        credentials: with what it was tried.
    """
    if isinstance(error, ImportError):
        return ShareLibraryError(f"a Python package for signing in by Kerberos is missing ({error})", remedy=_KERBEROS_PACKAGES)
    if isinstance(error, library.SMBAuthenticationError):
        return _unsent(error, address, credentials)
    if isinstance(error, library.SMBResponseException):
        return _not_let_in(error.status, address, credentials)
    return _loss(error, f"signing in to the file server {address}") or _answer_failure(error, f"the sign-in to the file server {address}")


def _unsent(error: Exception, address: str, credentials: ShareCredentials) -> CredentialsError:
    """Say what kept the sign-in from being built, without the library's words, which could quote what was given."""
    kerberos = "" if importlib.util.find_spec("gssapi") else "; Kerberos needs the package smbprotocol[kerberos] too"
    if credentials.username is None:
        return CredentialsError(
            f"there is nobody to sign in as to the file server {address}: no user is set, and no Kerberos ticket was found",
            remedy=f"Set user and password of the share, or get a ticket with kinit{kerberos}",
        )
    if credentials.password is None:
        return CredentialsError(
            f"no password is set for {credentials.username} on the file server {address}, and no Kerberos ticket was found",
            remedy=f"Set the password of the share's user, or get a ticket with kinit{kerberos}",
        )
    is_kerberos = credentials.authentication is ShareAuthentication.KERBEROS
    cause = type(error.__cause__ or error).__name__
    return CredentialsError(
        f"signing in to the file server {address} as {credentials.username} by {credentials.authentication} did not work ({cause})",
        remedy="Check user, password, realm and clock, and that the server's name has a service principal cifs/name"
        if is_kerberos
        else "Check user and password of the share, or try the other ways of signing in",
    )


def _not_let_in(status: int, address: str, credentials: ShareCredentials) -> ShareError:
    user = credentials.username or "the user of the Kerberos ticket"
    if status in _WRONG_PASSWORD:
        return CredentialsError(
            f"the file server {address} does not know {user} with this password",
            remedy="Check user and password of the share, and write the user as DOMAIN\\user or user@realm",
            code=status,
        )
    if status in _ACCOUNT_STATES:
        return CredentialsError(
            f"{user} {_ACCOUNT_STATES[status]}, says the file server {address}",
            remedy="Mend the account, or set another user for the share",
            code=status,
        )
    if status in _NO_DOMAIN:
        return CredentialsError(
            f"{user} cannot sign in to the file server {address}: {_NO_DOMAIN[status]}",
            remedy="Mend the file server's membership of its domain, or use an account of the server itself",
            code=status,
        )
    return ShareAnswerError(
        f"the file server {address} answered the sign-in of {user} with an error",
        remedy="Look up the code in Microsoft's list",
        code=status,
    )


def share_failure(error: Exception, share: UncPath) -> ShareError:
    """Say why a share could not be entered.

    Args:
        error: what was raised.
        share: the share.
    """
    if not isinstance(error, library.SMBResponseException):
        return _loss(error, f"opening the share {share.tree}") or _answer_failure(error, f"the answer of {share.tree}")
    if error.status in _NO_SHARE:
        return ShareNotFoundError(
            f"the file server {share.server} has no share named {share.share}", remedy="Check the name of the share", code=error.status
        )
    if error.status in _SHARE_DENIED:
        return ShareAccessError(
            f"the user may not use the share {share.tree}",
            remedy="Give the user the right to read in the share's permissions, or set another user for the share",
            code=error.status,
        )
    return path_failure_of_status(error.status, UncPath(share.server, share.share))


def path_failure(error: Exception, path: UncPath) -> ShareError:
    """Say why a file or folder could not be read.

    Args:
        error: what was raised.
        path: the file or folder.
    """
    if isinstance(error, library.SMBResponseException):
        return path_failure_of_status(error.status, path)
    return _loss(error, f"reading {path}") or _answer_failure(error, f"the answer for {path}")


def _loss(error: Exception, doing: str) -> ShareError | None:
    """Return what an ended, silent or unprotected connection means; None when it was something else."""
    if isinstance(error, library.BareAnswerError):
        return UnprotectedError(
            f"an answer came without the signature or encryption of the connection while {doing}",
            remedy="Look for a device between controller and file server that changes SMB traffic",
        )
    if isinstance(error, library.SilenceError):
        return ShareLostError(
            f"the file server did not answer in time while {doing}", remedy="Check that the file server is up, and try again"
        )
    if isinstance(error, library.SMBConnectionClosed | OSError):
        return ShareLostError(
            f"the connection to the file server ended while {doing}", remedy="Check that the file server is up, and try again"
        )
    return None


def _answer_failure(error: Exception, what: str) -> ShareAnswerError:
    return ShareAnswerError(
        f"{what} cannot be understood ({type(error).__name__})",
        remedy="Try again; if it stays, something in between changes messages, or the server is no file server",
    )
