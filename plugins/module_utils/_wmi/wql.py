# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text inside a WQL condition.

Private to this collection; it may change at any time.
"""

from __future__ import annotations


def quoted(text: str) -> str:
    """Return a WQL string literal; backslash and quotation mark are escaped by a backslash."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
