# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Symbol and meaning of HRESULT, Win32, Windows Update and installer codes.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "wu_codes.csv"

_FACILITY_WIN32 = 0x80070000
_FACILITY_MASK = 0xFFFF0000


@dataclass(frozen=True)
class Code:
    """One known code.

    Attributes:
        hex: "0x" and eight upper-case digits.
        symbol: name in the SDK header, such as WU_E_INSTALL_NOT_ALLOWED.
        meaning: what it means, in a few words.
        category: where it comes from: wua-agent, cluster, shutdown, msi ...
        hint: what to do about it where the table knows: retry, reboot_then_retry, not_applicable ...; else empty.
        provenance: the kind of source that the entry was taken from.
    """

    hex: str
    symbol: str
    meaning: str
    category: str
    hint: str
    provenance: str


def unsigned(code: int) -> int:
    """Return a code as the unsigned 32-bit number that people search for; CAU and the registry give HRESULTs signed (cau.md 1.3)."""
    return code & 0xFFFFFFFF


def win32_code(code: int) -> int:
    """Return the Win32 code inside an HRESULT of the Win32 facility (0x8007xxxx), any other code unchanged but unsigned.

    A cluster method's 5987 arrives plain or as 0x80071763, by the provider's taste (wsman-cim.md 6.2); callers compare with 5987.
    """
    number = unsigned(code)
    return number & 0xFFFF if number & _FACILITY_MASK == _FACILITY_WIN32 else number


def describe(code: int) -> Code | None:
    """Return what is known about a code, signed or unsigned, plain Win32 or as HRESULT; None when nothing is."""
    table = _codes()
    return table.get(unsigned(code)) or table.get(win32_code(code))


def explain(code: int) -> str:
    """Return the code as people read it, such as "0x80240016 WU_E_INSTALL_NOT_ALLOWED: ..." or "5987 ERROR_...: ..."."""
    number = unsigned(code)
    shown = f"{number}" if number <= 0xFFFF else f"0x{number:08X}"
    known = describe(code)
    return f"{shown} {known.symbol}: {known.meaning}" if known else f"{shown} (meaning not known)"


@functools.cache
def _codes() -> Mapping[int, Code]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {
            int(row["hex"], 16): Code(
                hex=row["hex"],
                symbol=row["symbol"],
                meaning=row["meaning"],
                category=row["category"],
                hint=row["hint"],
                provenance=row["provenance"],
            )
            for row in csv.DictReader(file)
        }
