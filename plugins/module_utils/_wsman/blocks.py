# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sealed messages inside HTTP: a stream of multipart blocks, cut as they arrive (wsman-cim.md 9.1, pywinrm-streaming.md 2).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_DELIMITER = re.compile(rb"--[ ]?Encrypted Boundary(--)?\r?\n?")
_DELIMITER_BYTES = 26
_PART_TYPE = re.compile(rb"[\r\n]*[\t ]*Content-Type: application/octet-stream\r?\n", re.IGNORECASE)
_LENGTH = re.compile(rb"Length=([0-9]{1,10})\s*$", re.IGNORECASE)
_HEADER_LIMIT = 4096
_SIGNATURE_LIMIT = 4096
SEALED_LIMIT = 8 * 1024 * 1024
"""Bytes of one block: beyond every envelope that is read at all."""


class BlockRefusedError(ValueError):
    """The bytes are no sealed message; the message says why."""


@dataclass(frozen=True)
class Block:
    """One sealed message: the plain length that its header promises, and signature length, signature and sealed bytes."""

    plain_length: int
    payload: bytes

    def canonical(self, protocol: str) -> bytes:
        """Return the block as a whole answer in the one spelling that pywinrm takes apart."""
        return (
            b"--Encrypted Boundary\r\n"
            b"\tContent-Type: " + protocol.encode("ascii") + b"\r\n"
            b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=" + str(self.plain_length).encode("ascii") + b"\r\n"
            b"--Encrypted Boundary\r\n"
            b"\tContent-Type: application/octet-stream\r\n" + self.payload + b"--Encrypted Boundary--\r\n"
        )


class BlockSplitter:
    """Takes bytes in pieces of any cut and gives each block as soon as it is complete.

    Args:
        is_size_known: True for NTLM and Kerberos, whose sealed bytes are as long as the plain ones, so that a block ends where its
            header says; False for CredSSP, whose blocks end at the next delimiter.
    """

    def __init__(self, *, is_size_known: bool) -> None:
        self._is_size_known = is_size_known
        self._buffer = b""
        self._plain_length: int | None = None
        self._searched = 0

    def feed(self, data: bytes) -> Iterator[Block]:
        """Yield the blocks that these bytes complete.

        Raises:
            BlockRefusedError: the bytes are no multipart/encrypted content.
        """
        self._buffer += data
        while True:
            if self._plain_length is None and not self._take_header():
                return
            block = self._take_sized() if self._is_size_known else self._take_delimited()
            if block is None:
                return
            yield block

    def finish(self) -> Iterator[Block]:
        """Yield the block that only the end of the stream completes.

        Raises:
            BlockRefusedError: the last block is cut off.
        """
        if self._plain_length is None:
            if _DELIMITER.sub(b"", self._buffer).strip():
                raise BlockRefusedError("it breaks off in the header of a sealed message")
            return
        if self._is_size_known or not self._buffer:
            raise BlockRefusedError("it breaks off inside a sealed message")
        block = Block(self._plain_length, self._buffer)
        self._buffer, self._plain_length = b"", None
        yield block

    def _take_header(self) -> bool:
        """Consume delimiters and the header part up to the sealed bytes; False when more bytes are needed."""
        rest = self._buffer.lstrip(b"\r\n")
        while match := _DELIMITER.match(rest):
            rest = rest[match.end() :].lstrip(b"\r\n")
        second = _DELIMITER.search(rest)
        if second is None or second.end() == len(rest):
            if len(rest) > _HEADER_LIMIT:
                raise BlockRefusedError("it is not in the form of sealed messages")
            return False
        part_type = _PART_TYPE.match(rest, second.end())
        if part_type is None:
            if len(rest) - second.end() > 256:
                raise BlockRefusedError("the sealed part of a message has no type")
            return False
        length = _LENGTH.search(rest[: second.start()].rstrip())
        if length is None:
            raise BlockRefusedError("a sealed message does not tell its length")
        self._plain_length = int(length[1])
        if self._plain_length > SEALED_LIMIT:
            raise BlockRefusedError(f"a sealed message is longer than {SEALED_LIMIT} bytes")
        self._buffer = rest[part_type.end() :]
        self._searched = 0
        return True

    def _take_sized(self) -> Block | None:
        if self._plain_length is None or len(self._buffer) < 4:
            return None
        (signature_length,) = struct.unpack("<I", self._buffer[:4])
        if signature_length > _SIGNATURE_LIMIT:
            raise BlockRefusedError("a sealed message has a signature beyond sense")
        size = 4 + signature_length + self._plain_length
        return self._cut(size, size) if len(self._buffer) >= size else None

    def _take_delimited(self) -> Block | None:
        match = _DELIMITER.search(self._buffer, self._searched)
        if match is None:
            self._searched = max(0, len(self._buffer) - _DELIMITER_BYTES)
            if len(self._buffer) > SEALED_LIMIT:
                raise BlockRefusedError(f"a sealed message is longer than {SEALED_LIMIT} bytes")
            return None
        # The delimiter may be the first one of the next block, so it stays.
        return self._cut(match.start(), match.start())

    def _cut(self, size: int, start: int) -> Block:
        block = Block(self._plain_length or 0, self._buffer[:size])
        self._buffer, self._plain_length = self._buffer[start:], None
        return block
