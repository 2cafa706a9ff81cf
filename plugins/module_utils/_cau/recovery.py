# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a new run does about what it finds of others: locks, sessions and journals; pure functions.

A lock says whose it is and not whether that one is alive (design.md, the lock). The journal says it, by a heartbeat in the clock of the
node that it stands on, which is compared with that same clock alone.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .._wmi.cluster import ClusterNode, DrainStatus, NodeState
from .journal_records import DEAD_AFTER_SECONDS, ClusterEntry, NodeEntry, Phase, RunOwner, StopRecord
from .run_id import short_id

_SERVED = frozenset({Phase.LOCKED, Phase.STAGED, Phase.RESUMED, Phase.DONE})


class Life(enum.Enum):
    """Whether a run still drives anything."""

    ALIVE = "alive"
    QUIET = "quiet"
    """It has shown no sign of life for a while, which is not long enough yet to call it dead."""
    DEAD = "dead"
    ENDED = "ended"
    """It has released its lock, and its journal stands for nodes that it left out of service."""
    FOREIGN = "foreign"
    """Nobody of this collection, or one of another version of it: nothing tells whether it is alive."""


@dataclass(frozen=True)
class FoundRun:
    """One run of somebody else, as it was found on all nodes together.

    Args:
        run_id: its id.
        owner: who drives it, None when no journal says so.
        locks: nodes that carry its lock.
        sessions: nodes that carry its node session.
        journals: nodes whose journal has something of it.
        quiet_seconds: for how long its heartbeats have stood still, by the nodes' own clocks; None when there is no heartbeat.
        is_ended: whether it has released its lock.
        is_stopped: whether its controller has said that it drives it no more.
        is_seen_alive: whether something else than its heartbeat shows that it is alive.
        is_misread: whether its own entry is in a format that is not understood.
        entries: what it did to nodes, the newest copy of each.
        problems: what in its journal could not be understood.
        cluster: what it did to the cluster as a whole.
        stop: that somebody has asked it to stop.
    """

    run_id: str
    owner: RunOwner | None = None
    locks: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    journals: tuple[str, ...] = ()
    quiet_seconds: float | None = None
    is_ended: bool = False
    is_stopped: bool = False
    is_seen_alive: bool = False
    is_misread: bool = False
    entries: tuple[NodeEntry, ...] = ()
    problems: tuple[str, ...] = ()
    cluster: ClusterEntry = field(default_factory=ClusterEntry)
    stop: StopRecord | None = None

    @property
    def life(self) -> Life:
        """Whether it still drives anything."""
        holds = bool(self.locks or self.sessions)
        if self.is_misread or (holds and self.owner is None):
            return Life.FOREIGN
        if self.is_ended and not holds:
            return Life.ENDED
        if self.is_seen_alive:
            return Life.ALIVE
        if self.is_stopped:
            return Life.DEAD
        return Life.DEAD if self.seconds_to_death < 0 else Life.QUIET

    @property
    def seconds_to_death(self) -> float:
        """How long its heartbeats still have to stand still before it is dead; below 0 when it is."""
        dead_after = self.owner.dead_after if self.owner is not None else DEAD_AFTER_SECONDS
        return dead_after - (self.quiet_seconds or 0.0)

    @property
    def name(self) -> str:
        """The run and who drives it, for a sentence."""
        who = f" of {self.owner.user} on {self.owner.controller}" if self.owner is not None else ""
        return f"run {short_id(self.run_id)}{who}"


class Action(enum.Enum):
    """What a new run does."""

    GO_ON = "go on"
    TAKE_OVER = "take over"
    WAIT = "wait"
    REFUSE = "refuse"
    ASK = "ask"
    """A person has to decide."""


@dataclass(frozen=True)
class Decision:
    """What a new run does, and why.

    Args:
        action: what it does.
        over: the runs whose locks, sessions and journals it removes.
        adopted: the entries that it goes on with as its own.
        holders: the runs that it refuses, or waits for.
        wait_seconds: how long it takes at most until the one that it waits for counts as dead.
        stays: nodes that an ended run left out of service and that this one was told to leave as they are; what that run wrote about
            them stays too.
        awaited: nodes that one of these runs left down, which have to come back first.
        cau_role: the CAU role that one of these runs took offline and that this one brings back, None when there is none.
        reasons: what a person has to decide, one sentence each.
    """

    action: Action
    over: tuple[FoundRun, ...] = ()
    adopted: tuple[NodeEntry, ...] = ()
    stays: frozenset[str] = frozenset()
    holders: tuple[FoundRun, ...] = ()
    wait_seconds: float = 0.0
    awaited: tuple[str, ...] = ()
    cau_role: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def away(self) -> str | None:
        """The node that is out of service because of one of these runs, None when none is."""
        return next((entry.node for entry in self.adopted if entry.paused_by_us), None)

    @property
    def unfinished(self) -> tuple[NodeEntry, ...]:
        """The nodes that are half-way, the one that is out of service first."""
        left = [entry for entry in self.adopted if is_unfinished(entry)]
        return tuple(sorted(left, key=lambda entry: (not entry.paused_by_us, entry.node.casefold())))


def is_unfinished(entry: NodeEntry) -> bool:
    """Return whether something was begun on a node that has to be brought to its end."""
    return entry.paused_by_us or is_installing(entry) or entry.restart_due or bool(entry.taken_offline)


def is_installing(entry: NodeEntry) -> bool:
    """Return whether the outcome of something that a run has begun to install is open."""
    return bool(entry.batch) or entry.installer is not None or entry.plugin is not None


def is_out(node: ClusterNode) -> bool:
    """Return whether a node is paused, or just being drained."""
    return node.state is NodeState.PAUSED or node.drain_status is DrainStatus.IN_PROGRESS


def decide(
    found: Sequence[FoundRun], members: Mapping[str, ClusterNode], *, accept_down: Collection[str] = (), is_forced: bool = False
) -> Decision:
    """Decide what a new run does.

    Args:
        found: what was found of other runs.
        members: the nodes of the cluster as it sees them now.
        accept_down: nodes that may be down or paused, as the new run was told.
        is_forced: whether an administrator has said that every other run is dead.
    """
    if not found:
        return Decision(Action.GO_ON)
    if not is_forced:
        refused = [run for run in found if run.life is Life.ALIVE]
        refused += [run for run in found if run.life is Life.FOREIGN and (run.locks or run.sessions)]
        if refused:
            return Decision(Action.REFUSE, holders=tuple(refused))
        quiet = [run for run in found if run.life is Life.QUIET]
        if quiet:
            rest = max(run.seconds_to_death for run in quiet)
            return Decision(Action.WAIT, holders=tuple(quiet), wait_seconds=max(0.0, rest) + 1.0)
    return take_over(found, members, accept_down=accept_down, is_forced=is_forced)


def take_over(
    found: Sequence[FoundRun], members: Mapping[str, ClusterNode], *, accept_down: Collection[str] = (), is_forced: bool = False
) -> Decision:
    """Decide what is taken over of runs that drive nothing any more; see decide().

    Returns:
        TAKE_OVER, or GO_ON when nothing is to be taken over, ASK, or WAIT for nodes that are down.
    """
    accepted = {name.casefold() for name in accept_down}
    # A journal of another format that stands without a lock is not ours to interpret, nor to remove.
    over = tuple(run for run in found if is_forced or run.life is not Life.FOREIGN)
    nodes = {name.casefold(): node for name, node in members.items()}
    adopted, awaited, stays = [], [], set()
    for entry in newest_entries(over):
        node = nodes.get(entry.node.casefold())
        if node is None:
            continue
        if node.name.casefold() in accepted and _was_left_out(entry, over):
            # The run that left it is over, and this one was told to leave it as it is.
            stays.add(node.name)
        elif node.state in {NodeState.UP, NodeState.PAUSED}:
            entry = continued(entry, is_paused=is_out(node), has_ended=_was_left_out(entry, over))  # noqa: PLW2901 - the original is done with
            adopted.append(replace(entry, node=node.name))
        elif entry.paused_by_us:
            awaited.append(node.name)
    reasons = _questions(over, list(members.values()), adopted, accepted, is_forced=is_forced)
    if reasons:
        return Decision(Action.ASK, holders=over, reasons=tuple(reasons))
    if awaited:
        return Decision(Action.WAIT, holders=over, awaited=tuple(awaited))
    over = tuple(run for run in over if not run.entries or any(entry.node not in stays for entry in run.entries))
    if not over:
        return Decision(Action.GO_ON)
    return Decision(Action.TAKE_OVER, over=over, adopted=tuple(adopted), stays=frozenset(stays), cau_role=_role_to_bring_back(over, stays))


def _role_to_bring_back(over: Iterable[FoundRun], stays: Collection[str]) -> str | None:
    """Return the CAU role that a run took offline; it stays so as long as a node of that run stays out of service."""
    roles = (run.cluster.cau_role_offline for run in over if not any(entry.node in stays for entry in run.entries))
    return next((role for role in roles if role is not None), None)


def _was_left_out(entry: NodeEntry, over: Sequence[FoundRun]) -> bool:
    owner = next(run for run in over if entry in run.entries)
    return owner.life is Life.ENDED


def _questions(
    over: Sequence[FoundRun], members: Sequence[ClusterNode], adopted: Sequence[NodeEntry], accepted: Collection[str], *, is_forced: bool
) -> list[str]:
    """Return what a takeover cannot decide by itself, one sentence each."""
    known = {entry.node for entry in newest_entries(over)}
    broken = [run for run in over if run.problems]
    unexplained = [
        node.name
        for node in members
        if node.name not in known and node.name.casefold() not in accepted and (is_out(node) or node.state is not NodeState.UP)
    ]
    questions = []
    if broken and unexplained and not is_forced:
        runs = ", ".join(run.name for run in broken)
        questions += [
            f"{name} is out of service, and whether {runs} has done that cannot be read: {broken[0].problems[0]}" for name in unexplained
        ]
    away = [entry.node for entry in adopted if entry.paused_by_us]
    if len(away) > 1:
        questions.append(f"{' and '.join(away)} are out of service because of earlier runs, and only one node may be at a time")
    return questions


def newest_entries(runs: Iterable[FoundRun]) -> list[NodeEntry]:
    """Return the newest entry of each node over several runs, in name order.

    A run that takes another one over counts on from its numbers. Of two with the same number, that of the run which took the other over
    is newer; the times in them are those of different controllers, and say nothing.
    """
    ordered = sorted(runs, key=lambda run: len(run.owner.took_over) if run.owner is not None else 0)
    newest: dict[str, NodeEntry] = {}
    for run in ordered:
        for entry in run.entries:
            known = newest.get(entry.node.casefold())
            if known is None or entry.sequence >= known.sequence:
                newest[entry.node.casefold()] = entry
    return [newest[name] for name in sorted(newest)]


def continued(entry: NodeEntry, *, is_paused: bool, has_ended: bool = False) -> NodeEntry:
    """Return a dead run's entry as its successor goes on with it.

    Args:
        entry: the entry.
        is_paused: whether the node is out of service now.
        has_ended: whether that run has come to its end, so that the attempts on the node are counted anew.
    """
    if has_ended:
        entry = replace(entry, attempts=0)
    # A failure was that run's own; this one may try again what has failed and ended.
    entry = replace(entry, failed_hotfixes=())
    if entry.paused_by_us and is_paused:
        return replace(entry, phase=_phase_to_go_on(entry), left_from=None, reason=None)
    # What is left is what it remembers: the node serves, or is out of service by somebody else's will.
    phase = Phase.INSTALLING if is_installing(entry) else Phase.LOCKED
    if entry.phase in _SERVED:
        entry = replace(entry, rounds=0, plugin_rounds=())
    return replace(entry, phase=phase, paused_by_us=False, undrained=False, left_from=None, reason=None, boot_time=None)


def _phase_to_go_on(entry: NodeEntry) -> Phase:
    phase = entry.left_from if entry.phase is Phase.LEFT_OUT else entry.phase
    if is_installing(entry):
        return Phase.INSTALLING
    return Phase.DRAINING if phase is None or phase in _SERVED or phase is Phase.LEFT_OUT else phase


def told_about(name: str, runs: Sequence[FoundRun]) -> tuple[str, bool]:
    """Return what the journals say about a node that gives no answer, empty when they hold no run at all.

    Args:
        name: the node.
        runs: what was found of all runs on the other nodes.

    Returns:
        One sentence, and whether a run left the node out of service, so that its return is to be waited for.
    """
    if not runs:
        return "", False
    entry = next((one for one in newest_entries(runs) if one.node.casefold() == name.casefold()), None)
    if entry is None:
        return f"no journal that can be read says what was done to {name}", False
    if not entry.paused_by_us:
        return "", False
    run = next(run for run in runs if entry in run.entries)
    return f"{run.name} left {name} out of service ({(entry.left_from or entry.phase).value})", True


def is_worth_writing(entry: NodeEntry) -> bool:
    """Return whether an entry that was taken over says anything that a run without it would not know."""
    is_worked_on = bool(entry.installed or entry.hotfixes or entry.unknown_hotfixes or entry.plugin_installed)
    is_counted = entry.rounds > 0 or entry.attempts > 1 or bool(entry.plugin_rounds)
    return is_unfinished(entry) or is_worked_on or is_counted or entry.hooks_open
