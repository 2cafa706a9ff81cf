# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file share: folders, files and security descriptors below one root folder.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterable

from . import library
from .errors import FileTooLongError, ShareAnswerError, ShareError
from .failures import path_failure
from .link import SUCCESS, Answer, LinkSettings
from .listing import GarbledListingError, parse_listing
from .lsa import names_from_server
from .path_statuses import path_failure_of_status
from .reach import READ_ATTRIBUTES, Reached, create_request, open_below, reach
from .records import SecurityDescriptor, ShareCredentials, ShareEntry
from .security_descriptor import GarbledDescriptorError, parse_security_descriptor
from .sid_names import relative_name, well_known_name
from .unc import UncPath

# MS-SMB2 2.2.13.1: access masks.
_READ_DATA = 0x00000001
_READ_CONTROL = 0x00020000

# MS-DTYP 2.4.7: owner and discretionary list.
_OWNER_AND_DACL = 0x00000001 | 0x00000004

_NO_MORE_FILES = 0x80000006
_NO_SUCH_FILE = 0xC000000F
_END_OF_FILE = 0xC0000011
_PIECE_BYTES = 65536
_ENTRIES_LIMIT = 200_000


def open_share(
    root: UncPath,
    credentials: ShareCredentials,
    *,
    host: str | None = None,
    port: int = 445,
    require_encryption: bool = False,
    timeout_seconds: float = 60,
) -> Share:
    """Sign in to a file server and open a folder of a share; messages are encrypted where the server can, else signed.

    Args:
        root: the folder; all paths of the share are relative to it.
        credentials: who reads.
        host: name or address to connect to where the server's name in the path is none that this machine resolves. A name is also taken
            for the Kerberos principal; for an address the name in the path is.
        port: TCP port.
        require_encryption: whether a connection that is only signed is refused.
        timeout_seconds: for the connection and for each answer.

    Returns:
        The share, to be closed by the caller.

    Raises:
        ShareError: by its class, what the user must do.
    """
    settings = LinkSettings(credentials, host, port, require_encryption, timeout_seconds)
    return Share(root, reach(root, settings))


class Share:
    """A root folder that is open for reading, made by `open_share`."""

    def __init__(self, root: UncPath, reached: Reached) -> None:
        self.root = root
        self._reached = reached
        self._names: dict[str, str] = {}

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def dialect(self) -> str:
        """The dialect in words, such as SMB 3.1.1."""
        return self._reached.link.dialect

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection is encrypted."""
        return self._reached.link.is_encrypted

    @property
    def is_signed(self) -> bool:
        """Whether the messages are signed; false on an encrypted connection, which needs no signatures."""
        return self._reached.link.is_signed

    @property
    def is_dfs(self) -> bool:
        """Whether the root folder was named by a path of a DFS namespace."""
        return self._reached.is_dfs

    def close(self) -> None:
        """Sign off and end the connection."""
        self._reached.link.close()

    def list(self, relative: str = "") -> list[ShareEntry]:
        """Return the entries of a folder, in the server's order.

        Args:
            relative: path of the folder below the root folder; empty for the root folder.

        Raises:
            ShareError: it cannot be listed.
        """
        path = self.root.child(relative)
        opened = self._opened(relative)
        query, _ignored = opened.query_directory("*", library.FileInformationClass.FILE_FULL_DIRECTORY_INFORMATION, send=False)
        create = create_request(opened, _READ_DATA | READ_ATTRIBUTES, library.CreateOptions.FILE_DIRECTORY_FILE)
        created, answer = self._exchange(path, [create, query])
        self._take_handle(opened, created, path)
        entries: list[ShareEntry] = []
        with self._closing(opened, path):
            while answer.status not in {_NO_MORE_FILES, _NO_SUCH_FILE}:
                entries += _entries(answer, path)
                if len(entries) > _ENTRIES_LIMIT:
                    raise ShareAnswerError(f"{path} has more than {_ENTRIES_LIMIT} entries", remedy="Check that it is the right folder")
                query, _ignored = opened.query_directory("*", library.FileInformationClass.FILE_FULL_DIRECTORY_INFORMATION, send=False)
                (answer,) = self._exchange(path, [query])
        return entries

    def read(self, relative: str, limit_bytes: int) -> bytes:
        """Return the content of a file.

        Args:
            relative: path of the file below the root folder.
            limit_bytes: the most that a file of this kind can sensibly have.

        Raises:
            ShareError: it cannot be read, or is longer.
        """
        path = self.root.child(relative)
        opened = self._opened(relative)
        (created,) = self._exchange(
            path, [create_request(opened, _READ_DATA | READ_ATTRIBUTES, library.CreateOptions.FILE_NON_DIRECTORY_FILE)]
        )
        size = self._take_handle(opened, created, path)
        content = b""
        with self._closing(opened, path):
            while size <= limit_bytes and len(content) <= limit_bytes:
                request, _ignored = opened.read(len(content), _PIECE_BYTES, send=False)
                (answer,) = self._exchange(path, [request])
                piece = b"" if answer.status == _END_OF_FILE else _unpacked(library.SMB2ReadResponse, answer, path)["buffer"].get_value()
                if not piece:
                    return content
                content += piece
        raise FileTooLongError(
            f"{path} has {max(size, len(content))} bytes, and {limit_bytes} are the most that are read",
            remedy="Check that it is the right file",
        )

    def require_readable(self, relative: str) -> None:
        """Open a file or folder for reading, and close it.

        Args:
            relative: path below the root folder.

        Raises:
            ShareError: it cannot be opened.
        """
        opened = self._opened(relative)
        create = create_request(opened, _READ_DATA, 0)
        created, _ignored = self._exchange(self.root.child(relative), [create, opened.close(send=False)[0]])
        _require(created, self.root.child(relative))

    def security(self, relative: str = "") -> SecurityDescriptor:
        """Return owner and access control list of a file or folder.

        Args:
            relative: path below the root folder; empty for the root folder.

        Raises:
            ShareError: they cannot be read.
        """
        path = self.root.child(relative)
        opened = self._opened(relative)
        query = library.SMB2QueryInfoRequest()
        query["info_type"] = library.InfoType.SMB2_0_INFO_SECURITY
        query["output_buffer_length"] = _PIECE_BYTES
        query["additional_information"] = _OWNER_AND_DACL
        query["file_id"] = opened.file_id
        created, answer, _ignored = self._exchange(path, [create_request(opened, _READ_CONTROL, 0), query, opened.close(send=False)[0]])
        _require(created, path)
        data = _unpacked(library.SMB2QueryInfoResponse, answer, path)["buffer"].get_value()
        try:
            return parse_security_descriptor(data)
        except GarbledDescriptorError as error:
            raise ShareAnswerError(
                f"the permissions of {path} cannot be understood: {error}", remedy="Write them anew on the file server with icacls"
            ) from None

    def names_of(self, sids: Iterable[str]) -> dict[str, str]:
        r"""Return names for SIDs, asking the file server for those that are not the same everywhere.

        Args:
            sids: as text.

        Returns:
            A name such as CONTOSO\alice for each, or the SID itself where none is known.
        """
        wanted = dict.fromkeys(sids)
        asked = [sid for sid in wanted if sid not in self._names and well_known_name(sid) is None]
        if asked:
            found = names_from_server(self._reached.link, asked)
            self._names.update((sid, found.get(sid) or relative_name(sid) or sid) for sid in asked)
        return {sid: well_known_name(sid) or self._names[sid] for sid in wanted}

    def _opened(self, relative: str) -> t.Any:  # noqa: ANN401
        return open_below(self._reached.tree, self._reached.path.child(relative))

    def _exchange(self, path: UncPath, messages: t.Sequence[t.Any]) -> t.Sequence[Answer]:
        return self._reached.link.exchange(self._reached.tree, [*messages], path)

    def _take_handle(self, opened: t.Any, created: Answer, path: UncPath) -> int:  # noqa: ANN401
        """Note the handle that later messages name, and return the size of the file."""
        answer = _unpacked(library.SMB2CreateResponse, created, path)
        opened.file_id = answer["file_id"].get_value()
        return int(answer["end_of_file"].get_value())

    @contextlib.contextmanager
    def _closing(self, opened: t.Any, path: UncPath) -> t.Iterator[None]:  # noqa: ANN401
        try:
            yield
        finally:
            # The connection closes what stays open; the error that led here says more.
            with contextlib.suppress(ShareError):
                self._exchange(path, [opened.close(send=False)[0]])


def _require(answer: Answer, path: UncPath) -> None:
    if answer.status != SUCCESS:
        raise path_failure_of_status(answer.status, path)


def _unpacked(structure: t.Any, answer: Answer, path: UncPath) -> t.Any:  # noqa: ANN401
    _require(answer, path)
    unpacked = structure()
    try:
        unpacked.unpack(answer.data)
    except Exception as error:
        # The library checks little, so bytes that are none of its structures raise whatever they meet.
        raise path_failure(error, path) from None
    return unpacked


def _entries(answer: Answer, path: UncPath) -> list[ShareEntry]:
    data = _unpacked(library.SMB2QueryDirectoryResponse, answer, path)["buffer"].get_value()
    try:
        return parse_listing(data)
    except GarbledListingError as error:
        raise ShareAnswerError(f"the list of {path} cannot be understood: {error}", remedy="Try again") from None
