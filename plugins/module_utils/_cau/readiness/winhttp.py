# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy of WinHTTP, as `netsh winhttp set proxy` stores it in the registry.

The value WinHttpSettings below VALUE_KEY is binary and its layout is not published; what is read here is what hosts hold: five numbers of
four bytes, lowest byte first (version, counter, flags, length of the proxy), the proxy in ASCII, the length of the bypass list, the list.
What does not fit this layout is refused rather than guessed at.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

VALUE_KEY = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
VALUE_NAME = "WinHttpSettings"

_HEADER = struct.Struct("<IIII")
_LENGTH = struct.Struct("<I")
_USES_PROXY = 0x02


@dataclass(frozen=True)
class WinHttpProxy:
    """A proxy that services of a node use.

    Args:
        server: name and port.
        bypass: what is reached without it, as netsh was given it.
    """

    server: str
    bypass: str

    def __str__(self) -> str:
        return f"{self.server}, bypassed for {self.bypass}" if self.bypass else f"{self.server}, bypassed for nothing"


def parse_settings(data: bytes) -> WinHttpProxy | None:
    """Return the proxy that the value names, None when it says that there is none.

    Args:
        data: the value.

    Raises:
        ValueError: it has another layout.
    """
    try:
        _version, _counter, flags, length = _HEADER.unpack_from(data)
        server, rest = _text(data, _HEADER.size, length)
        (length,) = _LENGTH.unpack_from(data, rest)
        bypass, _rest = _text(data, rest + _LENGTH.size, length)
    except struct.error:
        raise ValueError("the value is too short") from None
    return WinHttpProxy(server, bypass) if flags & _USES_PROXY and server else None


def _text(data: bytes, start: int, length: int) -> tuple[str, int]:
    end = start + length
    if end > len(data):
        raise ValueError("a length in the value goes beyond its end")
    return data[start:end].decode("ascii"), end
