# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One signed-in connection to a file server, always signed or encrypted.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import ipaddress
import typing as t
from dataclasses import dataclass

from . import library
from .errors import EncryptionError, OldProtocolError, ServerRefusedError, ShareAnswerError, ShareError, UnprotectedError
from .failures import connect_failure, library_missing, path_failure, share_failure, sign_in_failure
from .records import ShareCredentials
from .smb1 import speaks_smb1
from .unc import UncPath

SUCCESS = 0
_CLOSE_SECONDS = 5.0
_USUAL_PORT = 445
_DIALECTS = {0x0202: "SMB 2.0.2", 0x0210: "SMB 2.1", 0x0300: "SMB 3.0", 0x0302: "SMB 3.0.2", 0x0311: "SMB 3.1.1"}


@dataclass(frozen=True)
class LinkSettings:
    """How file servers are reached.

    Args:
        credentials: who reads.
        host: name or address to connect to, None for the server's name in the path.
        port: TCP port.
        require_encryption: whether signing alone is refused.
        timeout_seconds: for the connection and for each answer.
    """

    credentials: ShareCredentials
    host: str | None = None
    port: int = _USUAL_PORT
    require_encryption: bool = False
    timeout_seconds: float = 60.0


class Answer(t.NamedTuple):
    """What a server answered to one message: an NTSTATUS and the bytes behind the header."""

    status: int
    data: bytes


class ServerLink:
    """A signed-in connection, made by `open_link`."""

    def __init__(self, server: str, connection: t.Any, session: t.Any) -> None:  # noqa: ANN401
        self.server = server
        self._connection = connection
        self._session = session
        self._trees: dict[str, t.Any] = {}

    @property
    def dialect(self) -> str:
        """The dialect in words, such as SMB 3.1.1."""
        return _DIALECTS.get(self._connection.dialect, f"SMB 0x{self._connection.dialect:04X}")

    @property
    def is_encrypted(self) -> bool:
        """Whether every message is encrypted."""
        return bool(self._session.encrypt_data)

    @property
    def is_signed(self) -> bool:
        """Whether every message is signed; encryption, which proves the sender too, takes its place."""
        return bool(self._session.signing_required)

    @property
    def knows_dfs(self) -> bool:
        """Whether the server can be asked for DFS referrals."""
        return bool(self._connection.server_capabilities.has_flag(library.Capabilities.SMB2_GLOBAL_CAP_DFS))

    def enter(self, share: str) -> t.Any:  # noqa: ANN401
        """Connect to a share, once.

        Args:
            share: its name.

        Returns:
            The library's tree.

        Raises:
            ShareError: the share does not exist, or the user may not use it.
        """
        if share not in self._trees:
            tree = library.TreeConnect(self._session, rf"\\{self.server}\{share}")
            try:
                tree.connect()
            except Exception as error:
                raise share_failure(error, UncPath(self.server, share)) from None
            self._trees[share] = tree
        return self._trees[share]

    def exchange(self, tree: t.Any, messages: list[t.Any], path: UncPath) -> list[Answer]:  # noqa: ANN401
        """Send messages that build on one another in one go, and wait for all answers.

        Args:
            tree: of `enter`.
            messages: the library's structures; the file of the first is that of the others.
            path: what they are about, for errors.

        Raises:
            ShareError: the connection failed; an NTSTATUS is no error here.
        """
        try:
            requests = self._connection.send_compound(messages, self._session.session_id, tree.tree_connect_id, related=len(messages) > 1)
            return [self._answer(request) for request in requests]
        except Exception as error:
            raise path_failure(error, path) from None

    def _answer(self, request: t.Any) -> Answer:  # noqa: ANN401
        try:
            return Answer(SUCCESS, bytes(self._connection.receive(request)["data"].get_value()))
        except library.SMBResponseException as error:
            return Answer(error.status, bytes(error.header["data"].get_value()))

    def close(self) -> None:
        """Sign off, as far as the server still listens, and end the connection."""
        self._connection.answer_timeout = min(self._connection.answer_timeout, _CLOSE_SECONDS)
        with contextlib.suppress(Exception):
            self._connection.disconnect(True, timeout=_CLOSE_SECONDS)
        _drop(self._connection)


def open_link(server: str, settings: LinkSettings) -> ServerLink:
    """Connect to a file server and sign in.

    Args:
        server: its name in the path.
        settings: how and as whom.

    Raises:
        ShareError: it cannot be reached or used, or does not let the user in, or protects no messages.
    """
    if library.MISSING is not None:
        raise library_missing()
    host = settings.host or server
    address = _shown_address(server, host, settings.port)
    connection = _negotiate(host, address, settings)
    try:
        session = _sign_in(connection, server, host, address, settings)
    except BaseException:
        _drop(connection)
        raise
    return ServerLink(server, connection, session)


def _negotiate(host: str, address: str, settings: LinkSettings) -> t.Any:  # noqa: ANN401
    connection = library.StrictConnection(host, settings.port, settings.timeout_seconds)
    try:
        connection.connect(timeout=settings.timeout_seconds)
    except Exception as error:
        _drop(connection)
        raise _connect_error(connect_failure(error, address), host, address, settings) from None
    return connection


def _connect_error(failure: ShareError, host: str, address: str, settings: LinkSettings) -> ShareError:
    is_other_service = isinstance(failure, ServerRefusedError | ShareAnswerError)
    if is_other_service and speaks_smb1(host, settings.port, min(settings.timeout_seconds, _CLOSE_SECONDS)):
        return OldProtocolError(
            f"the file server {address} speaks SMB 1 alone, which protects nothing", remedy="Enable SMB 2 or newer on the file server"
        )
    return failure


def _sign_in(connection: t.Any, server: str, host: str, address: str, settings: LinkSettings) -> t.Any:  # noqa: ANN401
    can_encrypt = bool(connection.supports_encryption)
    if settings.require_encryption and not can_encrypt:
        raise EncryptionError(
            f"the file server {address} offers no encryption, which is required for this share",
            remedy="Enable SMB 3 and its encryption on the file server, or require signing alone",
        )
    session = library.Session(
        connection,
        username=settings.credentials.username,
        password=settings.credentials.password,
        # What the server can do is used even where its share would not demand it.
        require_encryption=can_encrypt,
        # Nothing has a service principal by its address, so the name in the path stands for it.
        hostname_override=server if _is_address(host) else host,
        auth_protocol=settings.credentials.authentication.value,
    )
    try:
        session.connect()
    except Exception as error:
        # The library signed in as a guest, and dropped the keys, when it has a key of the sign-in but none to sign with.
        if session.full_session_key and session.signing_key is None:
            raise _guest(address, settings) from None
        raise sign_in_failure(error, address, settings.credentials) from None
    if session.signing_key is None:
        raise _guest(address, settings)
    return session


def _guest(address: str, settings: LinkSettings) -> UnprotectedError:
    return UnprotectedError(
        f"the file server {address} let {settings.credentials.username} in as a guest, and nothing of a guest is signed or encrypted",
        remedy="Set a user that the file server knows, with the right password, and disable guest access there",
    )


def _drop(connection: t.Any) -> None:  # noqa: ANN401
    """End the connection without another word to the server."""
    if connection.transport is not None:
        with contextlib.suppress(Exception):
            connection.disconnect(False)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _shown_address(server: str, host: str, port: int) -> str:
    if host == server and port == _USUAL_PORT:
        return server
    return f"{server} ({host}:{port})"
