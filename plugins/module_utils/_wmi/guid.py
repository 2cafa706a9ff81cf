# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GUIDs as this collection writes them: lower case, without braces.

Private to this collection; it may change at any time.
"""

from __future__ import annotations


def plain_guid(text: str) -> str:
    """Return a GUID in the one form that is compared here, whatever braces and case a node gives it (cau.md 1.4, format unknown).

    Text that is no GUID is treated the same way: whoever holds a lock under a strange name still holds it.
    """
    return text.strip().removeprefix("{").removesuffix("}").strip().lower()
