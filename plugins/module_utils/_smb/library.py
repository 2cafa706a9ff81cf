# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place that imports smbprotocol, and its connection made strict.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import inspect
import logging
import typing as t
import uuid
import warnings

try:
    from smbprotocol.connection import Capabilities, Commands, Connection, Dialects, Smb2Flags
    from smbprotocol.dfs import DFSReferralRequest, DFSReferralResponse
    from smbprotocol.exceptions import SMBAuthenticationError, SMBConnectionClosed, SMBException, SMBResponseException
    from smbprotocol.file_info import FileAttributes, FileInformationClass, InfoType
    from smbprotocol.ioctl import CtlCode, IOCTLFlags, SMB2IOCTLRequest, SMB2IOCTLResponse
    from smbprotocol.open import (
        CreateDisposition,
        CreateOptions,
        ImpersonationLevel,
        Open,
        QueryDirectoryFlags,
        ShareAccess,
        SMB2CreateResponse,
        SMB2QueryDirectoryResponse,
        SMB2QueryInfoRequest,
        SMB2QueryInfoResponse,
        SMB2ReadResponse,
    )
    from smbprotocol.session import Session
    from smbprotocol.tree import TreeConnect
except ImportError as missing:
    MISSING: str | None = str(missing)
else:
    # An older release is often there for something else, and fails only in the middle of a sign-in.
    MISSING = None if "hostname_override" in inspect.signature(Session).parameters else "smbprotocol is older than 1.17.0"

    class SilenceError(SMBException):  # type: ignore[misc] # smbprotocol is not typed
        """The server did not answer within the time limit."""

    class BareAnswerError(SMBException):  # type: ignore[misc] # smbprotocol is not typed
        """An answer came without the signature or encryption that the session has."""

    class StrictConnection(Connection):  # type: ignore[misc] # smbprotocol is not typed
        """A connection that waits for no answer without limit, and takes none that anybody on the way could have written.

        The library itself verifies a signature where there is one, and so would take an answer whose signature was removed.

        Args:
            host: name or address of the file server.
            port: TCP port.
            answer_timeout: seconds for each answer.
        """

        # Before a session has keys nothing can be signed; the negotiation is verified afterwards (MS-SMB2 3.2.5.5, 3.2.5.3.1).
        _BEFORE_THE_KEYS = frozenset({Commands.SMB2_NEGOTIATE, Commands.SMB2_SESSION_SETUP})

        # An interim answer need not be signed (MS-SMB2 3.2.5.1.3), and a server that has lost the session has no keys for it any more:
        # STATUS_PENDING, STATUS_USER_SESSION_DELETED, STATUS_NETWORK_SESSION_EXPIRED.
        _WITHOUT_KEYS = frozenset({0x00000103, 0xC0000203, 0xC000035C})

        def __init__(self, host: str, port: int, answer_timeout: float) -> None:
            super().__init__(uuid.uuid4(), host, port, require_signing=True)
            self.answer_timeout = answer_timeout

        def receive(self, request: t.Any, wait: bool = True, timeout: float | None = None, resolve_symlinks: bool = False) -> t.Any:  # noqa: ANN401
            """Wait for an answer within the limit; links are never followed behind the caller's back."""
            limit = self.answer_timeout if timeout is None else timeout
            try:
                return super().receive(request, wait=wait, timeout=limit, resolve_symlinks=resolve_symlinks)
            except SMBException:
                if self.transport.connected and not request.response_event.is_set():
                    raise SilenceError(f"no answer within {limit:g} seconds") from None
                raise

        def verify_signature(self, header: t.Any, session_id: int, force: bool = False) -> None:  # noqa: ANN401
            """Verify an answer that came in the clear, which is called for those alone."""
            is_exempt = header["command"].get_value() in self._BEFORE_THE_KEYS or header["status"].get_value() in self._WITHOUT_KEYS
            session = self.session_table.get(session_id)
            if not force and not is_exempt:
                is_signed = header["flags"].has_flag(Smb2Flags.SMB2_FLAGS_SIGNED)
                if not is_signed or (session is not None and session.encrypt_data):
                    raise BareAnswerError("an answer is neither signed nor encrypted as the session is")
            super().verify_signature(header, session_id, force=force)


for _library in ("smbprotocol", "spnego"):
    # Without a handler the logging module prints warnings of a library on stderr, which Ansible reports as stray output.
    logging.getLogger(_library).addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", module=rf"{_library}(\.|$)")

__all__ = [
    "MISSING",
    "BareAnswerError",
    "Capabilities",
    "CreateDisposition",
    "CreateOptions",
    "CtlCode",
    "DFSReferralRequest",
    "DFSReferralResponse",
    "Dialects",
    "FileAttributes",
    "FileInformationClass",
    "IOCTLFlags",
    "ImpersonationLevel",
    "InfoType",
    "Open",
    "QueryDirectoryFlags",
    "SMB2CreateResponse",
    "SMB2IOCTLRequest",
    "SMB2IOCTLResponse",
    "SMB2QueryDirectoryResponse",
    "SMB2QueryInfoRequest",
    "SMB2QueryInfoResponse",
    "SMB2ReadResponse",
    "SMBAuthenticationError",
    "SMBConnectionClosed",
    "SMBException",
    "SMBResponseException",
    "Session",
    "ShareAccess",
    "SilenceError",
    "StrictConnection",
    "TreeConnect",
]
