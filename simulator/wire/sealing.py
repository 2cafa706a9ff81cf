# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Message encryption: the framing of sealed messages in HTTP bodies (wsman-cim.md 9.1)."""

from __future__ import annotations

import re
import struct

from .contexts import CREDSSP_SEALING, SPNEGO_SEALING, Acceptor, ContextError

_BOUNDARY = b"--Encrypted Boundary"
_CLOSING = re.compile(rb"--Encrypted Boundary--(\r\n)?\Z")
_HEAD = re.compile(
    rb"--Encrypted Boundary\r\n\s*Content-Type:\s*application/HTTP-(SPNEGO|CredSSP)-session-encrypted\s*\r\n"
    rb"\s*OriginalContent:\s*type=([^;\r\n]+);\s*charset=([A-Za-z0-9-]+);\s*Length=(\d{1,10})\s*\r\n"
    rb"--Encrypted Boundary\r\n\s*Content-Type:\s*application/octet-stream\s*\r\n",
    re.IGNORECASE,
)
# CredSSP cuts longer messages into pairs of this many bytes of plain text.
_PAIR_BYTES = 16 * 1024


class SealError(Exception):
    """A sealed message that is badly framed or does not open."""


def is_sealed(content_type: str) -> bool:
    """Return True when the header announces a sealed message in a form that this server knows."""
    return _protocol_of(content_type) is not None


def _protocol_of(content_type: str) -> str | None:
    folded = content_type.lower().replace(" ", "")
    if folded.startswith("multipart/encrypted;") and SPNEGO_SEALING.lower() in folded:
        return SPNEGO_SEALING
    if folded.startswith(("multipart/encrypted;", "multipart/x-multi-encrypted;")) and CREDSSP_SEALING.lower() in folded:
        return CREDSSP_SEALING
    return None


def open_sealed(context: Acceptor, content_type: str, body: bytes) -> tuple[bytes, str]:
    """Return the plain text of a sealed message and its charset.

    Raises:
        SealError: the framing is wrong, the length does not fit, or the context does not open it.
    """
    heads = list(_HEAD.finditer(body))
    closing = _CLOSING.search(body)
    if _protocol_of(content_type) != context.sealing or closing is None or not heads or heads[0].start() != 0:
        raise SealError("not framed as an encrypted message")
    if len(heads) > 1 and context.sealing != CREDSSP_SEALING:
        raise SealError("more than one part")
    ends = [*(head.start() for head in heads[1:]), closing.start()]
    plain = b"".join(_open_part(context, head, body[head.end() : end]) for head, end in zip(heads, ends, strict=True))
    return plain, heads[0].group(3).decode("ascii")


def _open_part(context: Acceptor, head: re.Match[bytes], payload: bytes) -> bytes:
    if len(payload) < 4:
        raise SealError("no signature")
    # Of CredSSP the number is the length of the TLS trailer, which nothing depends on (9.1).
    length = struct.unpack("<I", payload[:4])[0] if context.sealing == SPNEGO_SEALING else 0
    if length > len(payload) - 4 or length > 1024:
        raise SealError("signature longer than the message")
    try:
        plain = context.unseal(payload[4 : 4 + length], payload[4 + length :])
    except ContextError as error:
        raise SealError(str(error)) from None
    if len(plain) != int(head.group(4)):
        raise SealError("announced length does not fit")
    return plain


def content_type(context: Acceptor, plain: bytes) -> str:
    """Return the Content-Type of a sealed answer; of a stream, pass its first message."""
    kind = "x-multi-encrypted" if context.sealing == CREDSSP_SEALING and len(plain) > _PAIR_BYTES else "encrypted"
    return f'multipart/{kind};protocol="{context.sealing}";boundary="Encrypted Boundary"'


def seal(context: Acceptor, plain: bytes) -> bytes:
    """Return a plain text as one sealed and framed message."""
    size = _PAIR_BYTES if context.sealing == CREDSSP_SEALING else max(len(plain), 1)
    pairs = [_seal_pair(context, plain[start : start + size]) for start in range(0, max(len(plain), 1), size)]
    return b"".join(pairs) + _BOUNDARY + b"--\r\n"


def _seal_pair(context: Acceptor, plain: bytes) -> bytes:
    sealed = context.seal(plain)
    return b"".join(
        (
            _BOUNDARY,
            f"\r\n\tContent-Type: {context.sealing}\r\n".encode("ascii"),
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(plain) + sealed.padding_length}\r\n".encode("ascii"),
            _BOUNDARY,
            b"\r\n\tContent-Type: application/octet-stream\r\n",
            struct.pack("<I", len(sealed.header)),
            sealed.header,
            sealed.data,
        )
    )
