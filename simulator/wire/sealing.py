# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Message encryption: the framing of sealed messages in HTTP bodies (wsman-cim.md 9.1)."""

from __future__ import annotations

import re
import struct

from spnego.exceptions import SpnegoError

from .authentication import Context

PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
CONTENT_TYPE = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"'
_BOUNDARY = b"--Encrypted Boundary"
_CLOSING = re.compile(rb"--Encrypted Boundary--\r\n\Z|--Encrypted Boundary--\Z")
_HEAD = re.compile(
    rb"\A--Encrypted Boundary\r\n\s*Content-Type:\s*application/HTTP-SPNEGO-session-encrypted\s*\r\n"
    rb"\s*OriginalContent:\s*type=([^;\r\n]+);\s*charset=([A-Za-z0-9-]+);\s*Length=(\d{1,10})\s*\r\n"
    rb"--Encrypted Boundary\r\n\s*Content-Type:\s*application/octet-stream\s*\r\n",
    re.IGNORECASE,
)


class SealError(Exception):
    """A sealed message that is badly framed or does not open."""


def is_sealed(content_type: str) -> bool:
    """Return True when the header announces a sealed message in the form this server knows."""
    folded = content_type.lower().replace(" ", "")
    return folded.startswith("multipart/encrypted;") and PROTOCOL.lower() in folded


def open_sealed(context: Context, body: bytes) -> tuple[bytes, str]:
    """Return the plain text of a sealed message and its charset.

    Raises:
        SealError: the framing is wrong, the length does not fit, or the context does not open it.
    """
    head = _HEAD.match(body)
    closing = _CLOSING.search(body)
    if head is None or closing is None:
        raise SealError("not framed as an encrypted message")
    payload = body[head.end() : closing.start()]
    if len(payload) < 4:
        raise SealError("no signature")
    length = struct.unpack("<I", payload[:4])[0]
    if length > len(payload) - 4 or length > 1024:
        raise SealError("signature longer than the message")
    try:
        plain = context.unwrap_winrm(payload[4 : 4 + length], payload[4 + length :])
    except (SpnegoError, ValueError, struct.error) as error:
        raise SealError(type(error).__name__) from None
    if len(plain) != int(head.group(3)):
        raise SealError("announced length does not fit")
    return plain, head.group(2).decode("ascii")


def seal(context: Context, plain: bytes) -> bytes:
    """Return a plain text as one sealed and framed message."""
    sealed = context.wrap_winrm(plain)
    return b"".join(
        (
            _BOUNDARY,
            f"\r\n\tContent-Type: {PROTOCOL}\r\n".encode("ascii"),
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(plain) + sealed.padding_length}\r\n".encode("ascii"),
            _BOUNDARY,
            b"\r\n\tContent-Type: application/octet-stream\r\n",
            struct.pack("<I", len(sealed.header)),
            sealed.header,
            sealed.data,
            _BOUNDARY,
            b"--\r\n",
        )
    )
