# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failure of library, network or server is told as."""

from __future__ import annotations

import socket
import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb import errors, failures
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.library import (
    BareAnswerError,
    SilenceError,
    SMBAuthenticationError,
    SMBConnectionClosed,
    SMBException,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.path_statuses import path_failure_of_status
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.records import ShareAuthentication, ShareCredentials
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.unc import parse_unc
from smbprotocol.exceptions import SMB2ErrorResponse, SMBResponseException
from smbprotocol.header import SMB2HeaderResponse

PATH = parse_unc(r"\\fs1\hotfixes\CAUHotfix_All\kb1.msu")
SECRET = "Correct-horse-9"
ALICE = ShareCredentials("CONTOSO\\alice", SECRET)
REFUSED = ConnectionRefusedError(111, "Connection refused")


def answered(status: int) -> SMBResponseException:
    """What the library raises for an answer with an NTSTATUS."""
    header = SMB2HeaderResponse()
    header["status"] = status
    header["data"] = SMB2ErrorResponse()
    return SMBResponseException(header)


def wrapped(cause: Exception) -> Exception:
    """How the library hides what a socket raised."""
    error = ValueError(f"Failed to connect: {cause}")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (wrapped(socket.gaierror(-2, "Name or service not known")), errors.ServerUnreachableError, "the file server fs1 has no address"),
        (UnicodeError("label too long"), errors.ServerUnreachableError, "has no address"),
        (wrapped(REFUSED), errors.ServerRefusedError, "refuses connections"),
        (wrapped(TimeoutError("timed out")), errors.ServerUnreachableError, "does not answer"),
        (SilenceError("no answer"), errors.ServerUnreachableError, "does not answer"),
        (wrapped(OSError(113, "No route to host")), errors.ServerUnreachableError, "cannot be reached: no route to host"),
        (SMBConnectionClosed("closed"), errors.ServerRefusedError, "does not speak SMB 2 or 3"),
        (answered(0xC00000BB), errors.ServerRefusedError, "does not speak SMB 2 or 3"),
        (KeyError(7), errors.ShareAnswerError, "cannot be understood (KeyError)"),
    ],
)
def test_failed_connection_is_told_by_what_to_mend(error: Exception, kind: type[errors.ShareError], words: str) -> None:
    failure = failures.connect_failure(error, "fs1")

    assert failure.__class__ is kind
    assert words in failure.message
    assert failure.remedy


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0xC000006D, "does not know CONTOSO\\alice with this password"),
        (0xC0000064, "does not know CONTOSO\\alice with this password"),
        (0xC0000072, "CONTOSO\\alice is disabled"),
        (0xC0000234, "is locked out"),
        (0xC0000071, "has an expired password"),
        (0xC0000224, "must change the password first"),
        (0xC000015B, "lacks the right to sign in to the file server over the network"),
        (0xC0000022, "is not let in"),
        (0xC000005E, "finds no domain controller"),
    ],
)
def test_refused_sign_in_is_told_by_the_account(status: int, words: str) -> None:
    failure = failures.sign_in_failure(answered(status), "fs1", ALICE)

    assert failure.__class__ is errors.CredentialsError
    assert words in failure.message
    assert failure.code == status


def test_unknown_answer_to_the_sign_in_keeps_its_code() -> None:
    failure = failures.sign_in_failure(answered(0xC0000001), "fs1", ALICE)

    assert failure.__class__ is errors.ShareAnswerError
    assert "(0xC0000001)" in str(failure)


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        (ShareCredentials(None), "no user is set, and no Kerberos ticket was found"),
        (ShareCredentials("alice"), "no password is set for alice"),
        (ALICE, "as CONTOSO\\alice by negotiate did not work (SMBAuthenticationError)"),
    ],
)
def test_sign_in_that_was_never_sent_is_told_by_what_is_missing(credentials: ShareCredentials, words: str) -> None:
    failure = failures.sign_in_failure(SMBAuthenticationError(f"bad {SECRET}"), "fs1", credentials)

    assert failure.__class__ is errors.CredentialsError
    assert words in failure.message
    assert SECRET not in str(failure)


def test_failed_kerberos_speaks_of_realm_and_principal() -> None:
    credentials = ShareCredentials("alice@CONTOSO.COM", SECRET, ShareAuthentication.KERBEROS)

    assert "cifs/name" in str(failures.sign_in_failure(SMBAuthenticationError("x"), "fs1", credentials))


def test_missing_kerberos_package_is_named_with_how_to_install_it() -> None:
    failure = failures.sign_in_failure(ImportError("No module named 'gssapi'"), "fs1", ALICE)

    assert failure.__class__ is errors.ShareLibraryError
    assert "smbprotocol[kerberos]" in str(failure)


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (0xC00000CC, errors.ShareNotFoundError, "the file server fs1 has no share named hotfixes"),
        (0xC0000022, errors.ShareAccessError, r"the user may not use the share \\fs1\hotfixes"),
        (0xC00000C9, errors.ShareLostError, "ended the session"),
    ],
)
def test_refused_share_is_told_by_the_share(status: int, kind: type[errors.ShareError], words: str) -> None:
    failure = failures.share_failure(answered(status), PATH)

    assert failure.__class__ is kind
    assert words in failure.message
    assert failure.code == status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (0xC0000034, errors.PathNotFoundError),
        (0xC000003A, errors.PathNotFoundError),
        (0xC0000103, errors.PathNotFoundError),
        (0xC00000BA, errors.PathNotFoundError),
        (0xC0000022, errors.PathAccessError),
        (0xC0000043, errors.FileInUseError),
        (0x8000002D, errors.PathIsLinkError),
        (0xC0000257, errors.DfsError),
        (0xC0000203, errors.ShareLostError),
        (0xC0000205, errors.ShareLostError),
        (0xC0000001, errors.ShareAnswerError),
        (0xDEADBEEF, errors.ShareAnswerError),
    ],
)
def test_refused_path_is_told_with_path_and_code(status: int, kind: type[errors.ShareError]) -> None:
    failure = path_failure_of_status(status, PATH)

    assert failure.__class__ is kind
    assert str(PATH) in failure.message
    assert f"(0x{status:08X})" in str(failure)
    assert failure.remedy


def test_answer_that_came_as_an_exception_is_told_by_its_code() -> None:
    assert failures.path_failure(answered(0xC0000034), PATH).__class__ is errors.PathNotFoundError


Translation = t.Callable[[Exception], errors.ShareError]


@pytest.mark.parametrize(
    "translated",
    [
        lambda error: failures.path_failure(error, PATH),
        lambda error: failures.share_failure(error, PATH),
        lambda error: failures.sign_in_failure(error, "fs1", ALICE),
    ],
)
@pytest.mark.parametrize(
    ("error", "kind", "outcome"),
    [
        (SMBConnectionClosed("closed"), errors.ShareLostError, Outcome.NOT_DONE),
        (BrokenPipeError(32, "Broken pipe"), errors.ShareLostError, Outcome.NOT_DONE),
        (SilenceError("silence"), errors.ShareLostError, Outcome.NOT_DONE),
        (BareAnswerError("bare"), errors.UnprotectedError, Outcome.FAILED),
        (SMBException(f"signature {SECRET}"), errors.ShareAnswerError, Outcome.FAILED),
        (KeyError(SECRET), errors.ShareAnswerError, Outcome.FAILED),
    ],
)
def test_lost_or_garbled_connection_is_the_same_wherever_it_happens(
    error: Exception, kind: type[errors.ShareError], outcome: Outcome, translated: Translation
) -> None:
    failure = translated(error)

    assert failure.__class__ is kind
    assert failure.outcome is outcome
    assert failure.operation == "share"
    assert SECRET not in str(failure)
