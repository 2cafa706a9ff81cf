# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a server that does not speak SMB 2 speaks SMB 1 (MS-CIFS 2.2.4.52), so that the user learns what to mend.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import socket
import struct

_MAGIC = b"\xffSMB"
_NEGOTIATE = 0x72
_HEADER = struct.Struct("<4sBIBHH8sHHHHH")
_DIALECT = b"\x02NT LM 0.12\0"
_NO_DIALECT = 0xFFFF
_ANSWER_BYTES = 4 + _HEADER.size + 3


def speaks_smb1(host: str, port: int, timeout_seconds: float) -> bool:
    """Ask a server for the newest dialect of SMB 1, and for nothing more.

    Args:
        host: name or address.
        port: TCP port.
        timeout_seconds: for the connection and for the answer.

    Returns:
        Whether it took the dialect; false also when nothing answered.
    """
    header = _HEADER.pack(_MAGIC, _NEGOTIATE, 0, 0x18, 0xC801, 0, bytes(8), 0, 0xFFFF, 0, 0, 0)
    message = header + struct.pack("<BH", 0, len(_DIALECT)) + _DIALECT
    try:
        with socket.create_connection((host, port), timeout=timeout_seconds) as connection:
            connection.sendall(struct.pack(">I", len(message)) + message)
            answer = b""
            while len(answer) < _ANSWER_BYTES:
                piece = connection.recv(_ANSWER_BYTES - len(answer))
                if not piece:
                    return False
                answer += piece
    except OSError:
        return False
    words, dialect = struct.unpack_from("<BH", answer, 4 + _HEADER.size)
    return answer[4:8] == _MAGIC and answer[8] == _NEGOTIATE and words > 0 and dialect != _NO_DIALECT
