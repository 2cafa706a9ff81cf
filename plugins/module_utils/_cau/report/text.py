# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record as JSON.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import json

from .files import Record


def to_json(record: Record) -> str:
    """Return a record as JSON that a person can read too."""
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"
