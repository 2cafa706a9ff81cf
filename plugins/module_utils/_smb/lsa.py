# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Names of SIDs as the file server itself knows them, over its pipe \PIPE\lsarpc (MS-LSAT).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import re
import typing as t
from collections.abc import Iterator, Sequence

from . import library, lsa_messages
from .link import SUCCESS, Answer, ServerLink
from .unc import UncPath

_PIPE = "lsarpc"
_READ_AND_WRITE_DATA = 0x0012019F
_ANSWER_BYTES = 65536
_SID = re.compile(r"S-1-(\d+|0x[0-9A-F]{12})(-\d{1,10}){0,15}")
_SIDS_AT_A_TIME = 8
"""So that an answer fits into one fragment, however long the names are."""


def names_from_server(link: ServerLink, sids: Sequence[str]) -> dict[str, str]:
    """Ask a file server for the names of SIDs; a name is a courtesy, so whatever fails leaves its SID out.

    Args:
        link: the connection to the server.
        sids: as text; what is none is left out.

    Returns:
        The names that the server knows, by SID.
    """
    names: dict[str, str] = {}
    proper = [sid for sid in sids if _SID.fullmatch(sid)]
    # The library raises whatever it meets in an answer that is none; a message with the SID is better than none.
    with contextlib.suppress(Exception), _pipe(link) as pipe:
        lsa_messages.require_bound(pipe.ask(lsa_messages.bind()))
        policy = lsa_messages.read_policy(pipe.ask(lsa_messages.open_policy()))
        for first in range(0, len(proper), _SIDS_AT_A_TIME):
            part = proper[first : first + _SIDS_AT_A_TIME]
            # None of a part may be known, which is no reason to leave out the next one.
            with contextlib.suppress(ValueError):
                found = lsa_messages.read_names(pipe.ask(lsa_messages.lookup_sids(policy, part)), len(part))
                names.update((sid, name) for sid, name in zip(part, found, strict=True) if name is not None)
        pipe.ask(lsa_messages.close_policy(policy))
    return names


class _Pipe:
    """The open pipe."""

    def __init__(self, link: ServerLink, tree: t.Any, opened: t.Any) -> None:  # noqa: ANN401
        self._link = link
        self._tree = tree
        self._opened = opened
        self._path = UncPath(link.server, "IPC$", _PIPE)

    def open(self) -> None:
        """Open the pipe."""
        request, _ignored = self._opened.create(
            library.ImpersonationLevel.Impersonation,
            _READ_AND_WRITE_DATA,
            0,
            library.ShareAccess.FILE_SHARE_READ | library.ShareAccess.FILE_SHARE_WRITE,
            library.CreateDisposition.FILE_OPEN,
            0,
            send=False,
        )
        created = library.SMB2CreateResponse()
        created.unpack(self._only(request).data)
        self._opened.file_id = created["file_id"].get_value()

    def ask(self, message: bytes) -> bytes:
        """Write a message to the pipe and read the answer in one go."""
        request = library.SMB2IOCTLRequest()
        request["ctl_code"] = library.CtlCode.FSCTL_PIPE_TRANSCEIVE
        request["file_id"] = self._opened.file_id
        request["max_output_response"] = _ANSWER_BYTES
        request["flags"] = library.IOCTLFlags.SMB2_0_IOCTL_IS_FSCTL
        request["buffer"] = message
        envelope = library.SMB2IOCTLResponse()
        envelope.unpack(self._only(request).data)
        return bytes(envelope["buffer"].get_value())

    def close(self) -> None:
        """Close the pipe."""
        self._only(self._opened.close(send=False)[0])

    def _only(self, request: t.Any) -> Answer:  # noqa: ANN401
        (answer,) = self._link.exchange(self._tree, [request], self._path)
        if answer.status != SUCCESS:
            raise lsa_messages.GarbledAnswerError("the pipe does not answer")
        return answer


@contextlib.contextmanager
def _pipe(link: ServerLink) -> Iterator[_Pipe]:
    tree = link.enter("IPC$")
    pipe = _Pipe(link, tree, library.Open(tree, _PIPE))
    pipe.open()
    yield pipe
    pipe.close()
