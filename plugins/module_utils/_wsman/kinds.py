# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often an operation may be sent, which decides what a lost answer means.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum


class Kind(enum.Enum):
    """The three sorts of operation of the design; each call of the client is exactly one of them."""

    READ = "read"
    """Harmless: the client itself tries it again after a loss, a quota fault or a busy service."""

    IDEMPOTENT = "idempotent"
    """A write that the caller may repeat after reading back; never repeated by the client, a lost answer means unknown."""

    ONCE_ONLY = "once_only"
    """Never sent twice; goes out on a connection of its own making, a lost answer means unknown."""
