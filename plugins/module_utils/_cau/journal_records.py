# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal's records, and how they are written down on a node.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field
from datetime import datetime


class Phase(enum.StrEnum):
    """How far a run is with a node."""

    LOCKED = "locked"
    STAGED = "staged"
    DRAINING = "draining"
    DRAINED = "drained"
    INSTALLING = "installing"
    RESTARTING = "restarting"
    RESTARTED = "restarted"
    RESUMING = "resuming"
    RESUMED = "resumed"
    LEFT_OUT = "left_out"
    DONE = "done"


@dataclass(frozen=True)
class RunOwner:
    """Who drives a run.

    Args:
        run_id: the run's id.
        controller: host name of the controller.
        user: who started it there.
        started_at: the controller's time, for people.
    """

    run_id: str
    controller: str
    user: str
    started_at: datetime


@dataclass(frozen=True)
class RunEntry:
    """What the journal on one node says about a run.

    Args:
        owner: who drives it.
        cluster: name of the cluster that it updates.
        heartbeat: its last sign of life, by that node's clock.
        age_seconds: how old that is by the same clock; below 0 when the clock was set back.
    """

    owner: RunOwner
    cluster: str
    heartbeat: datetime
    age_seconds: float


@dataclass(frozen=True)
class NodeEntry:
    """What a run has done to one node.

    Args:
        node: the node, as the cluster spells it.
        phase: how far the run is with it.
        was_paused_before: whether it was paused when the run came to it; None before anybody looked.
        paused_by_us: whether this run asked for the pause and has not resumed it.
        reason: why it was left out, or what it waits for.
        boot_time: its boot time before the restart that was asked.
        batch: update ids of the batch whose outcome is open.
        installed: update ids that this run installed, oldest first.
        services_before: names of the services that ran before the drain.
        online_groups_before: names of the clustered groups that were online before the drain.
        attempts: how often an attempt on this node was begun.
        changed_at: the controller's time of the last change, for people.
        sequence: counts the changes, so that the newer of two copies is known.
    """

    node: str
    phase: Phase = Phase.LOCKED
    was_paused_before: bool | None = None
    paused_by_us: bool = False
    reason: str | None = None
    boot_time: datetime | None = None
    batch: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    services_before: tuple[str, ...] = ()
    online_groups_before: tuple[str, ...] = ()
    attempts: int = 0
    changed_at: datetime | None = None
    sequence: int = field(default=0)


class EntryChanges(t.TypedDict, total=False):
    """The fields of a NodeEntry that a step may change."""

    phase: Phase
    was_paused_before: bool | None
    paused_by_us: bool
    reason: str | None
    boot_time: datetime | None
    batch: tuple[str, ...]
    installed: tuple[str, ...]
    services_before: tuple[str, ...]
    online_groups_before: tuple[str, ...]
    attempts: int
