# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small client of the Samba of the harness, straight on smbprotocol: it shares no code with the collection."""

from __future__ import annotations

import contextlib
import typing as t
import uuid
from collections.abc import Iterator

import smbclient
from smbprotocol.connection import Connection, Dialects
from smbprotocol.dfs import DFSReferralRequest, DFSReferralResponse
from smbprotocol.file_info import InfoType
from smbprotocol.ioctl import CtlCode, IOCTLFlags, SMB2IOCTLRequest, SMB2IOCTLResponse
from smbprotocol.open import (
    CreateDisposition,
    CreateOptions,
    FilePipePrinterAccessMask,
    ImpersonationLevel,
    Open,
    ShareAccess,
    SMB2QueryInfoRequest,
    SMB2QueryInfoResponse,
)
from smbprotocol.security_descriptor import SMB2CreateSDBuffer
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

from tests.harness.nt_acl import Ace
from tests.harness.samba import ADMINISTRATOR, PASSWORDS, Samba

_OWNER_GROUP_DACL = 0x7

Tree = t.Any
"""smbprotocol has no types."""


@contextlib.contextmanager
def connected(
    samba: Samba,
    share: str,
    user: str = ADMINISTRATOR,
    password: str | None = None,
    *,
    dialect: Dialects | None = None,
    encryption: bool = False,
    signing: bool = True,
) -> Iterator[Tree]:
    """Connect to a share; the connection ends with the block."""
    connection = Connection(uuid.uuid4(), samba.address, samba.port, require_signing=signing)
    connection.connect(dialect, timeout=10)
    try:
        session = Session(connection, user, password or PASSWORDS.get(user, "nobody-has-this"), require_encryption=encryption)
        session.connect()
        tree = TreeConnect(session, rf"\\{samba.address}\{share}")
        tree.connect(require_secure_negotiate=signing)
        yield tree
    finally:
        connection.disconnect()


@contextlib.contextmanager
def opened(tree: Tree, path: str, access: int, options: int = 0) -> Iterator[t.Any]:
    """Open what is there already."""
    handle = Open(tree, path)
    everybody = ShareAccess.FILE_SHARE_READ | ShareAccess.FILE_SHARE_WRITE | ShareAccess.FILE_SHARE_DELETE
    handle.create(ImpersonationLevel.Impersonation, access, 0, everybody, CreateDisposition.FILE_OPEN, options)
    try:
        yield handle
    finally:
        handle.close()


def read(tree: Tree, path: str) -> bytes:
    """Return the first bytes of a file."""
    with opened(tree, path, FilePipePrinterAccessMask.FILE_READ_DATA, CreateOptions.FILE_NON_DIRECTORY_FILE) as handle:
        return bytes(handle.read(0, 1000))


def write(tree: Tree, path: str, text: bytes) -> None:
    """Write into a file that is there."""
    with opened(tree, path, FilePipePrinterAccessMask.FILE_WRITE_DATA, CreateOptions.FILE_NON_DIRECTORY_FILE) as handle:
        handle.write(text)


def descriptor(tree: Tree, path: str) -> tuple[str, list[Ace]]:
    """Return the owner and the entries of a file or folder."""
    with opened(tree, path, FilePipePrinterAccessMask.READ_CONTROL) as handle:
        request = SMB2QueryInfoRequest()
        request["info_type"] = InfoType.SMB2_0_INFO_SECURITY
        request["output_buffer_length"] = 65536
        request["additional_information"] = _OWNER_GROUP_DACL
        request["file_id"] = handle.file_id
        data = _answer(tree, request, SMB2QueryInfoResponse())
    found = SMB2CreateSDBuffer()
    found.unpack(data)
    fields = ("ace_type", "sid", "mask", "ace_flags")
    aces = [Ace(*(_plain(ace[name].get_value()) for name in fields)) for ace in found.get_dacl()["aces"].get_value()]
    return str(found.get_owner()), aces


def referral(tree: Tree, path: str) -> list[str]:
    r"""Return where a path of a DFS namespace leads, such as \server\share."""
    asked = DFSReferralRequest()
    asked["request_file_name"] = path
    request = SMB2IOCTLRequest()
    request["ctl_code"] = CtlCode.FSCTL_DFS_GET_REFERRALS
    request["file_id"] = b"\xff" * 16
    request["max_output_response"] = 4096
    request["flags"] = IOCTLFlags.SMB2_0_IOCTL_IS_FSCTL
    request["buffer"] = asked
    found = DFSReferralResponse()
    found.unpack(_answer(tree, request, SMB2IOCTLResponse()))
    return [entry.network_address for entry in found["referral_entries"].get_value()]


def names(samba: Samba, share: str) -> list[str]:
    """Return the names in a share's folder."""
    cache: dict[str, Connection] = {}
    user = ADMINISTRATOR
    try:
        return sorted(
            smbclient.listdir(
                rf"\\{samba.address}\{share}", username=user, password=PASSWORDS[user], port=samba.port, connection_cache=cache
            )
        )
    finally:
        smbclient.reset_connection_cache(connection_cache=cache)


def _answer(tree: Tree, request: t.Any, response: t.Any) -> bytes:  # noqa: ANN401
    connection = tree.session.connection
    sent = connection.send(request, tree.session.session_id, tree.tree_connect_id)
    response.unpack(connection.receive(sent, timeout=10)["data"].get_value())
    return bytes(response["buffer"].get_value())


def _plain(value: t.Any) -> t.Any:  # noqa: ANN401
    return value if isinstance(value, int) else str(value)
