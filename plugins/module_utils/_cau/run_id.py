# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ids, which are the OrchestratorGuid of the remote classes, and how two of them compare.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import uuid

from .._wmi.guid import plain_guid


def new_run_id() -> str:
    """Return a run id that no other run has: lower case, without braces (cau.md 1.4)."""
    return str(uuid.uuid4())


def normal_guid(text: str | None) -> str | None:
    """Return a GUID as this collection spells it, whatever case or braces it came with; None stays None."""
    return None if text is None else plain_guid(text)


def is_same_guid(one: str | None, other: str | None) -> bool:
    """Whether both are the same GUID; a missing one is like nothing."""
    return one is not None and normal_guid(one) == normal_guid(other)


def short_id(run_id: str) -> str:
    """Return the first group of a run id, as progress lines name it."""
    return plain_guid(run_id).partition("-")[0]
