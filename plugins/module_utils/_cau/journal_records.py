# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal's records: who drives a run, and what it has done to a node.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import hashlib
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

DEAD_AFTER_SECONDS = 900
"""What a run that keeps its heartbeats while it works promises; one that only holds the lock for others promises more."""

DIGEST_CHARACTERS = 16


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


_TURN_PHASES = frozenset({Phase.DRAINING, Phase.DRAINED, Phase.INSTALLING, Phase.RESTARTING, Phase.RESTARTED, Phase.RESUMING})


@dataclass(frozen=True)
class RunOwner:
    """Who drives a run.

    Args:
        run_id: the run's id.
        controller: host name of the controller.
        user: who started it there.
        started_at: the controller's time, for people.
        process: the process on the controller that drives it, empty when nobody wrote it down.
        took_over: the dead runs whose work it goes on with.
        forced_by: who said in its stead that they are dead, None when the evidence said so.
        dead_after: for how long it may show no sign of life before others take it for dead, in seconds of a node's clock.
    """

    run_id: str
    controller: str
    user: str
    started_at: datetime
    process: str = ""
    took_over: tuple[str, ...] = ()
    forced_by: str | None = None
    dead_after: int = DEAD_AFTER_SECONDS


@dataclass(frozen=True)
class RunEntry:
    """What the journal on one node says about a run.

    Args:
        owner: who drives it.
        cluster: name of the cluster that it updates.
        heartbeat: its last sign of life, by that node's clock.
        age_seconds: how old that is by the same clock; below 0 when the clock was set back.
        is_released: whether the run has ended, and the entry stands only for nodes that it left out of service.
        is_stopped: whether its controller was stopped, by Ctrl-C for instance, and drives it no more.
    """

    owner: RunOwner
    cluster: str
    heartbeat: datetime
    age_seconds: float
    is_released: bool = False
    is_stopped: bool = False

    @property
    def read_at(self) -> datetime:
        """The time of that node's clock at which it was read."""
        return self.heartbeat + timedelta(seconds=self.age_seconds)


@dataclass(frozen=True)
class ClusterEntry:
    """What a run has done to the cluster as a whole.

    Args:
        cau_role_offline: the clustered role of Microsoft's own CAU that the run took offline, None when it did not.
    """

    cau_role_offline: str | None = None


@dataclass(frozen=True)
class StopRecord:
    """That somebody asked a run to stop at its next safe point.

    Args:
        controller: host name of the controller from which it was asked.
        user: who asked there.
        asked_at: the time of the node that it stands on, for people.
    """

    controller: str
    user: str
    asked_at: datetime

    def sentence(self) -> str:
        """Return it in words."""
        return f"{self.user} on {self.controller} asked the run to stop at {self.asked_at:%H:%M} UTC"


@dataclass(frozen=True)
class NodeEntry:
    """What a run has done to one node.

    Args:
        node: the node, as the cluster spells it.
        phase: how far the run is with it.
        was_paused_before: whether it was paused when the run came to it; None before anybody looked.
        paused_by_us: whether this run asked for the pause and has not resumed it.
        undrained: whether that pause was one without drain, so that the node is never restarted in it.
        taken_offline: clustered groups that a drain with force has taken offline and that are not online again.
        left_from: how far the run was with it when it left it out of service, None as long as it has not.
        reason: why it was left out, or what it waits for.
        boot_time: its boot time before the restart that was asked.
        batch: update ids of the batch whose outcome is open.
        installed: update ids that this run installed, oldest first.
        restart_due: whether something that this run installed asks for a restart that has not been made.
        services_before: names of the services that ran before the drain.
        online_groups_before: names of the clustered groups that were online before the drain.
        attempts: how many attempts on this node were begun, 0 before its first drain.
        rounds: how many rounds with an installation it has had.
        installer: path of the hotfix whose installer was started and is not known to have ended.
        installer_image: name of that installer's process.
        hotfixes: paths below the hotfix root folder of the hotfixes that were applied or had nothing to do, oldest first; the one whose
            installer is open is the last.
        failed_hotfixes: paths of those that failed; a run that takes this one over tries them again.
        unknown_hotfixes: paths of those whose outcome nobody knows; they are never tried again by a run that remembers them.
        hooks_open: whether the tasks before the node were begun and those after it have not run.
        plugin: name of the own plug-in whose installation was begun and is not known to have ended.
        plugin_updates: ids of the updates that it was to install.
        plugin_installed: the updates that own plug-ins installed, as plug-in and id, oldest first.
        plugin_rounds: the own plug-ins that have installed, once for each time.
        changed_at: the controller's time of the last change, for people.
        phase_since: the controller's time at which this phase began, for people.
        sequence: counts the changes, so that the newer of two copies is known.
    """

    node: str
    phase: Phase = Phase.LOCKED
    was_paused_before: bool | None = None
    paused_by_us: bool = False
    undrained: bool = False
    taken_offline: tuple[str, ...] = ()
    left_from: Phase | None = None
    reason: str | None = None
    boot_time: datetime | None = None
    batch: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    restart_due: bool = False
    services_before: tuple[str, ...] = ()
    online_groups_before: tuple[str, ...] = ()
    attempts: int = 0
    rounds: int = 0
    installer: str | None = None
    installer_image: str | None = None
    hotfixes: tuple[str, ...] = ()
    failed_hotfixes: tuple[str, ...] = ()
    unknown_hotfixes: tuple[str, ...] = ()
    hooks_open: bool = False
    plugin: str | None = None
    plugin_updates: tuple[str, ...] = ()
    plugin_installed: tuple[str, ...] = ()
    plugin_rounds: tuple[str, ...] = ()
    changed_at: datetime | None = None
    phase_since: datetime | None = None
    sequence: int = 0

    @property
    def holds_turn(self) -> bool:
        """Whether the node is out of service because of this run, or about to be, so that its node session is the turn."""
        return self.paused_by_us or self.phase in _TURN_PHASES

    def has_dealt_with(self, hotfix: str) -> bool:
        """Return whether this run has dealt with a hotfix.

        Args:
            hotfix: its path below the hotfix root folder.
        """
        known = {path.casefold() for path in (*self.hotfixes, *self.failed_hotfixes, *self.unknown_hotfixes)}
        return hotfix.casefold() in known or digest_of(hotfix) in known

    def has_installed(self, plugin: str, update_id: str) -> bool:
        """Return whether an own plug-in has installed an update in this run.

        Args:
            plugin: its name.
            update_id: the update.
        """
        name = installed_name(plugin, update_id)
        return name in self.plugin_installed or digest_of(name) in self.plugin_installed


class EntryChanges(t.TypedDict, total=False):
    """The fields of a NodeEntry that a step may change."""

    phase: Phase
    was_paused_before: bool | None
    paused_by_us: bool
    undrained: bool
    taken_offline: tuple[str, ...]
    reason: str | None
    boot_time: datetime | None
    batch: tuple[str, ...]
    installed: tuple[str, ...]
    restart_due: bool
    services_before: tuple[str, ...]
    online_groups_before: tuple[str, ...]
    attempts: int
    rounds: int
    installer: str | None
    installer_image: str | None
    hotfixes: tuple[str, ...]
    failed_hotfixes: tuple[str, ...]
    unknown_hotfixes: tuple[str, ...]
    hooks_open: bool
    plugin: str | None
    plugin_updates: tuple[str, ...]
    plugin_installed: tuple[str, ...]
    plugin_rounds: tuple[str, ...]


def age_order(entry: NodeEntry) -> tuple[int, float]:
    """Return what sorts the copies of an entry from old to new.

    The time decides between two with the same number: a change that only one place took, and another that only the other took.
    """
    return entry.sequence, entry.changed_at.timestamp() if entry.changed_at is not None else 0.0


def installed_name(plugin: str, update_id: str) -> str:
    """Return how an update that an own plug-in installed is noted."""
    return f"{plugin} {update_id}"


def digest_of(hotfix: str) -> str:
    """Return what stands for the path of a hotfix, or an update of a plug-in, where the text itself takes too much room."""
    return hashlib.sha256(hotfix.casefold().encode()).hexdigest()[:DIGEST_CHARACTERS]
