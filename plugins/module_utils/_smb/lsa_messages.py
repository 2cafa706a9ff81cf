# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages by which a server is asked for the names of SIDs: DCE/RPC (C706) and MS-LSAT, written and read strictly.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import struct
import typing as t
import uuid
from collections.abc import Sequence

from .security_descriptor import GarbledDescriptorError, parse_sid

OPEN_POLICY = 44
LOOKUP_SIDS = 15
CLOSE = 0
"""Operation numbers of MS-LSAT 3.1.4."""

HANDLE_BYTES = 20

# MS-LSAD 1.9 and C706 appendix I: the interface, and the transfer syntax NDR.
_INTERFACE = uuid.UUID("12345778-1234-abcd-ef00-0123456789ab").bytes_le + struct.pack("<I", 0)
_NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)

# C706 12.6: the header that all messages share.
_HEADER = struct.Struct("<BBBBIHHI")
_REQUEST, _RESPONSE, _BIND, _BIND_ANSWER = 0, 2, 11, 12
_WHOLE = 0x03
_LITTLE_ENDIAN = 0x00000010
_FRAGMENT_BYTES = 4280

_POLICY_LOOKUP_NAMES = 0x00000800
_LOOKUP_ON_THIS_SERVER = 1
_POINTER = 0x00020000
_SOME_NOT_MAPPED = 0x00000107
_NAMELESS_KINDS = frozenset({6, 7, 8})
_DOMAIN_KIND = 3


class GarbledAnswerError(ValueError):
    """The bytes are no answer to what was asked, or one that says no."""


def bind() -> bytes:
    """Return the message that asks for the interface."""
    context = struct.pack("<HBx", 0, 1) + _INTERFACE + _NDR
    return _message(_BIND, struct.pack("<HHIB3x", _FRAGMENT_BYTES, _FRAGMENT_BYTES, 0, 1) + context, 1)


def require_bound(answer: bytes) -> None:
    """Check that the interface was granted.

    Raises:
        GarbledAnswerError: it was not.
    """
    reader = _Reader(_body(answer, _BIND_ANSWER))
    reader.take(8)
    reader.take(reader.number("<H"))
    reader.align()
    count = reader.number("<B")
    reader.take(3)
    if count != 1 or reader.number("<H") != 0:
        raise GarbledAnswerError("the interface was not granted")


def open_policy() -> bytes:
    """Return the request for a handle that can look up names (LsarOpenPolicy2, MS-LSAT 3.1.4.2)."""
    attributes = struct.pack("<6I", 24, 0, 0, 0, 0, 0)
    return _request(OPEN_POLICY, struct.pack("<I", 0) + attributes + struct.pack("<I", _POLICY_LOOKUP_NAMES))


def read_policy(answer: bytes) -> bytes:
    """Return the handle.

    Raises:
        GarbledAnswerError: none was given.
    """
    reader = _Reader(_body(answer, _RESPONSE)[8:])
    handle = reader.take(HANDLE_BYTES)
    if reader.number("<I") != 0:
        raise GarbledAnswerError("no policy handle was given")
    return handle


def close_policy(handle: bytes) -> bytes:
    """Return the request that gives the handle back (LsarClose)."""
    return _request(CLOSE, handle)


def lookup_sids(handle: bytes, sids: Sequence[str]) -> bytes:
    """Return the request for names (LsarLookupSids, MS-LSAT 3.1.4.11).

    Args:
        handle: of `read_policy`.
        sids: as text, such as S-1-5-32-545.

    Raises:
        ValueError: a text is no SID.
    """
    pointers = struct.pack(f"<{len(sids)}I", *(_POINTER + 4 * number for number in range(1, len(sids) + 1)))
    array = struct.pack("<I", len(sids)) + pointers + b"".join(map(_packed_sid, sids))
    no_names = struct.pack("<II", 0, 0)
    return _request(
        LOOKUP_SIDS, handle + struct.pack("<II", len(sids), _POINTER) + array + no_names + struct.pack("<HxxI", _LOOKUP_ON_THIS_SERVER, 0)
    )


def read_names(answer: bytes, count: int) -> list[str | None]:
    r"""Return the names in the order of the request, DOMAIN\name, None for what the server does not know.

    Args:
        answer: to `lookup_sids`.
        count: how many SIDs were asked for.

    Raises:
        GarbledAnswerError: the server did not answer that.
    """
    reader = _Reader(_body(answer, _RESPONSE)[8:])
    domains = _domains(reader) if reader.number("<I") else []
    entries = reader.number("<I")
    names = _names(reader, domains) if reader.number("<I") else []
    reader.number("<I")
    status = reader.number("<I")
    if status not in {0, _SOME_NOT_MAPPED}:
        raise GarbledAnswerError("the server knows none of the names")
    if entries != count or len(names) != count:
        raise GarbledAnswerError("the server gave another number of names")
    return names


def _domains(reader: _Reader) -> list[str]:
    entries = reader.number("<I")
    has_list = reader.number("<I")
    reader.number("<I")
    if not has_list:
        return []
    heads = [reader.unpack("<HHII") for _ignored in range(_counted(reader, entries))]
    domains = []
    for _ignored, _ignored, name_at, sid_at in heads:
        domains.append(reader.text() if name_at else "")
        if sid_at:
            reader.number("<I")
            reader.sid()
    return domains


def _names(reader: _Reader, domains: list[str]) -> list[str | None]:
    heads = [reader.unpack("<HxxHHIi") for _ignored in range(_counted(reader))]
    names: list[str | None] = []
    for kind, _ignored, _ignored, name_at, domain_number in heads:
        name = reader.text() if name_at else ""
        domain = domains[domain_number] if 0 <= domain_number < len(domains) else ""
        if kind in _NAMELESS_KINDS or not (name or domain):
            names.append(None)
        elif kind == _DOMAIN_KIND or not name:
            names.append(domain or name)
        else:
            names.append(f"{domain}\\{name}" if domain else name)
    return names


def _counted(reader: _Reader, expected: int | None = None) -> int:
    count = reader.number("<I")
    if count * 12 > reader.rest or (expected is not None and count != expected):
        raise GarbledAnswerError("a list has another length than it says")
    return count


class _Reader:
    """Takes values from bytes in turn, aligned as NDR wants them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def rest(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        if count > self.rest:
            raise GarbledAnswerError("the answer breaks off")
        self._at += count
        return self._data[self._at - count : self._at]

    def align(self) -> None:
        """Go on to the next multiple of four."""
        self.take(-self._at % 4)

    def unpack(self, form: str) -> tuple[t.Any, ...]:
        """Return the next values."""
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def number(self, form: str) -> int:
        """Return the next number."""
        return int(self.unpack(form)[0])

    def text(self) -> str:
        """Return a conformant and varying string of UTF-16."""
        _ignored, offset, length = self.unpack("<III")
        text = self.take(2 * length).decode("utf-16-le", "replace").rstrip("\0")
        self.align()
        if offset:
            raise GarbledAnswerError("a text does not begin at its beginning")
        return text

    def sid(self) -> str:
        """Return a SID."""
        try:
            sid, end = parse_sid(self._data, self._at)
        except GarbledDescriptorError as error:
            raise GarbledAnswerError(str(error)) from None
        self._at = end
        return sid


def _packed_sid(sid: str) -> bytes:
    first, revision, authority, *parts = sid.split("-")
    if first != "S" or revision != "1":
        raise ValueError("no SID")
    head = struct.pack("<IBB", len(parts), 1, len(parts)) + int(authority, 0).to_bytes(6, "big")
    return head + b"".join(int(part).to_bytes(4, "little") for part in parts)


def _request(operation: int, stub: bytes) -> bytes:
    return _message(_REQUEST, struct.pack("<IHH", len(stub), 0, operation) + stub, operation + 2)


def _message(kind: int, body: bytes, call: int) -> bytes:
    return _HEADER.pack(5, 0, kind, _WHOLE, _LITTLE_ENDIAN, _HEADER.size + len(body), 0, call) + body


def _body(message: bytes, kind: int) -> bytes:
    if len(message) < _HEADER.size + 8:
        raise GarbledAnswerError("the answer breaks off")
    major, _ignored, found, flags, representation, length, signed, _ignored = _HEADER.unpack_from(message)
    is_plain = representation & 0xFF == _LITTLE_ENDIAN and not signed
    if major != 5 or found != kind or flags & _WHOLE != _WHOLE or not is_plain or length != len(message):
        raise GarbledAnswerError("the answer is of another kind")
    return message[_HEADER.size :]
