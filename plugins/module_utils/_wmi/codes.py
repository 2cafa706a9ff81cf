# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Symbol and meaning of HRESULT, Win32, Windows Update and installer codes.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """One known code."""

    hex: str
    symbol: str
    meaning: str
    category: str
    hint: str


def describe(code: int) -> Code | None:
    """Return what is known about a code, signed or unsigned, None when nothing is."""
    raise NotImplementedError


def explain(code: int) -> str:
    """Return the code as people read it: number, symbol and meaning."""
    raise NotImplementedError
