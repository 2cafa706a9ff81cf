# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting until the storage is whole again after a node was out of service (WaitForStorageRepairTimeoutMinutes, cau.md 2.5, 5.8).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from . import storage_gate
from .errors import StorageNotRepairedError, TimeLimitError
from .fleet import NodeWork
from .gate import STORAGE_POLL_SECONDS
from .waiting import Tolerant, duration, names, wait_until


def wait_for_repair(work: NodeWork, limit_seconds: float) -> None:
    """Wait until no virtual disk is damaged and no repair runs; reads only.

    Args:
        work: the node in work, which serves again.
        limit_seconds: how long to wait, in clock seconds; 0 for not at all.

    Raises:
        StorageNotRepairedError: it is not whole in time.
    """
    if limit_seconds <= 0:
        return
    seen: list[str] = []

    def look() -> bool | None:
        seen[:] = storage_gate.findings(work.client, work.client.cluster.info())
        return None if seen else True

    watch = Tolerant(look, lambda: names(seen, 3))
    try:
        wait_until(
            work,
            limit_seconds,
            STORAGE_POLL_SECONDS,
            watch.look,
            step="resume",
            what="the storage to be repaired",
            detail=watch.describe,
        )
    except TimeLimitError:
        raise StorageNotRepairedError(
            f"the node serves again, and the storage was not repaired within {duration(limit_seconds)}: {watch.describe()}",
            node=work.node,
            operation="resume",
            remedy="Look at the storage jobs and the virtual disks, or raise wait_for_storage_repair",
        ) from None
