# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Going on where a dead run stopped: waiting until it is sure that it is dead, its locks, its journal.

At every moment at least one journal that can be read says what was done to a node: the dead run's entries go only when the new run's
stand on both places of each node, and whoever finds both takes the newer one. So a takeover may itself be killed anywhere.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from .._clock import Clock
from .._progress import Progress
from . import run_lock
from .errors import PersonNeededError, RunLockHeldError, RunLockLostError, RunLockUnreadableError
from .fleet import Fleet, never_stop
from .idempotent import twice
from .journal import Journal, run_key
from .journal_records import ClusterEntry, RunOwner
from .lock_view import raise_when_held
from .recovery import Action, Decision, FoundRun, Life, decide, is_worth_writing, take_over
from .remains import Remains, Watch, look, never_running
from .run_id import short_id
from .run_lock import LockState
from .waiting import Deadline, Heartbeat, duration, names

_POLL_SECONDS = 15.0


@dataclass(frozen=True)
class TakeoverOptions:
    """When another run is taken over.

    Args:
        wait_seconds: how long to wait until it is sure that it is dead, and for nodes that it left down, in clock seconds.
        accept_down: nodes that may be down or paused, as the new run was told.
        is_forced: whether an administrator has said that every other run is dead.
        is_running: whether the process that drives a run is known to be alive.
    """

    wait_seconds: float = 1200
    accept_down: frozenset[str] = frozenset()
    is_forced: bool = False
    is_running: Callable[[RunOwner], bool] = never_running


def look_once(fleet: Fleet, run_id: str | None, watch: Watch, options: TakeoverOptions) -> tuple[Remains, list[FoundRun], Decision]:
    """Look at what stands of other runs and decide; reads only.

    Raises:
        OperationError: a node gave no answer.
    """
    remains = look(fleet, run_id)
    found = watch.runs(remains)
    members = {node.name: node for node in fleet.node(fleet.names[0]).cluster.nodes()} if found else {}
    return remains, found, decide(found, members, accept_down=options.accept_down, is_forced=options.is_forced)


def find_way(
    fleet: Fleet, run_id: str, clock: Clock, progress: Progress, options: TakeoverOptions, check: Callable[[], None] = never_stop
) -> Decision:
    """Decide what a new run does about all others, and wait where that decides it; reads only.

    Args:
        fleet: the nodes of the cluster.
        run_id: the new run.
        clock: what the wait goes through.
        progress: for the line that tells of the wait.
        options: when another run is taken over.
        check: raises when the task has to stop.

    Returns:
        To go on, or what to take over.

    Raises:
        RunLockHeldError: another run is alive, or may be.
        PersonNeededError: a person has to decide first.
        OperationError: a node gave no answer.
    """
    watch = Watch(options.is_running)
    limit = Deadline(clock, options.wait_seconds)
    beat = Heartbeat(clock, lambda text: progress.say(None, "lock", text), "waiting for another run", check)
    awaited: tuple[str, ...] = ()
    said: object = None
    while True:
        check()
        try:
            remains, found, decision = look_once(fleet, run_id, watch, options)
        except RunLockUnreadableError as error:
            # A node that the dead run has asked to restart goes down whenever it likes.
            if said is None or limit.has_passed:
                raise
            beat.beat(error.message)
            clock.sleep(min(_POLL_SECONDS, limit.remaining))
            continue
        gone = [one for one in awaited if one not in {run.run_id for run in found}]
        if gone:
            raise _ended_meanwhile(gone[0])
        if decision.action is Action.REFUSE:
            raise _held(fleet, run_id, remains, decision.holders)
        if decision.action is Action.ASK:
            raise _question(decision.reasons)
        if decision.action is not Action.WAIT:
            return decision
        sentence = waiting_sentence(decision)
        # Whoever is taken for dead is waited for until that is sure, and a node that is down as long as the time allows.
        if limit.has_passed or limit.remaining < decision.wait_seconds:
            raise _waited_in_vain(fleet, run_id, remains, decision, sentence)
        if said != (key := (decision.awaited, [run.run_id for run in decision.holders])):
            beat.say(f"{sentence}; waiting {'up to ' + duration(decision.wait_seconds or limit.remaining)}")
            said = key
        beat.beat(sentence)
        awaited = tuple(run.run_id for run in decision.holders) if not decision.awaited else ()
        clock.sleep(min(_POLL_SECONDS, limit.remaining, decision.wait_seconds or _POLL_SECONDS))


def take(
    fleet: Fleet,
    journal: Journal,
    clock: Clock,
    progress: Progress,
    gate: Callable[[], None],
    decision: Decision,
    options: TakeoverOptions,
) -> tuple[LockState, Decision]:
    """Take the run lock, and with it what dead runs left.

    Args:
        fleet: the nodes of the cluster.
        journal: the new run's journal, whose owner names the runs that it takes over.
        clock: for waits.
        progress: for the user's lines.
        gate: raises unless the new run may begin.
        decision: what find_way() returned.
        options: when another run is taken over.

    Returns:
        The lock, and what was taken over in the end: its entries are the new run's own by now.

    Raises:
        OperationError: see run_lock.acquire; or what was left could not be taken over, and the lock was given back.
    """
    owner = journal.owner
    for run in decision.over:
        if line := over_sentence(run, owner.forced_by):
            progress.say(None, "lock", line)
    state = run_lock.acquire(fleet, owner, journal, clock, progress, gate, dead=[run.run_id for run in decision.over])
    if not decision.over:
        return state, decision
    try:
        taken = _adopt(fleet, journal, decision, options)
    except BaseException:
        # The journals stay, all of them: the next run finds what both have written.
        run_lock.give_up(fleet, owner.run_id, clock)
        raise
    for entry in taken.unfinished:
        where = "out of service" if entry.paused_by_us else "in service"
        progress.say(entry.node, "journal", f"left half-way ({entry.phase.value}, {where}), this run goes on with it")
    if taken.cau_role is not None:
        progress.say(None, "journal", f"the CAU role {taken.cau_role} was taken offline, this run brings it back at its end")
    return state, taken


def _adopt(fleet: Fleet, journal: Journal, decision: Decision, options: TakeoverOptions) -> Decision:
    """Write what dead runs left as this run's own, then remove their journals."""
    over = {run.run_id for run in decision.over}
    # An orphan of theirs may have written until its lock was gone, so only what stands there now counts.
    found = [run for run in Watch().runs(look(fleet, journal.owner.run_id)) if run.run_id in over]
    members = {node.name: node for node in fleet.node(fleet.names[0]).cluster.nodes()}
    taken = take_over(found, members, accept_down=options.accept_down, is_forced=options.is_forced)
    if taken.action in {Action.ASK, Action.WAIT}:
        raise _question(taken.reasons or [f"{names(taken.awaited)} went down while the run was taken over"])
    if taken.cau_role is not None:
        journal.write_cluster(ClusterEntry(taken.cau_role))
    for entry in taken.adopted:
        if is_worth_writing(entry):
            journal.adopt(entry)
    for name in fleet.names:
        for run in found:
            if name in run.journals:
                _remove(fleet, name, run, taken.stays, journal.clock)
    return taken


def _remove(fleet: Fleet, name: str, run: FoundRun, stays: Collection[str], clock: Clock) -> None:
    """Remove a run's journal from a node, but for what it says about nodes that stay as it left them."""
    registry, key = fleet.node(name).registry, run_key(run.run_id)
    entries = registry.subkeys(rf"{key}\nodes") or [] if stays else []
    kept = {node.casefold() for node in stays} & {node.casefold() for node in entries}
    gone = [rf"{key}\nodes\{node}" for node in entries if node.casefold() not in kept] if kept else [key]
    for path in gone:
        twice(clock, lambda path=path: registry.delete_tree(path))  # type: ignore[misc]


def require_own_journal(fleet: Fleet, journal: Journal) -> None:
    """Make sure that nobody has taken this run over, before it takes a lock again that aged out.

    Raises:
        RunLockLostError: its journal is gone from every node, and only whoever takes a run over removes it.
        OperationError: a node gave no answer.
    """
    if not any(journal.is_open_on(name) for name in fleet.names):
        raise RunLockLostError(
            f"run {short_id(journal.owner.run_id)} no longer holds the run lock, and another run has removed its journal",
            nodes=fleet.names,
            operation="run lock",
            remedy="Nothing more is changed by this run; see who holds the lock with cluster_info, then run again",
        )


def over_sentence(run: FoundRun, forced_by: str | None = None) -> str:
    """Return why a run is taken over, empty when it left nothing that anybody would miss."""
    if forced_by is not None:
        name = run.name if run.owner is not None else f"coordinator {run.run_id}"
        return f"{name} is taken over because {forced_by} says that it is dead"
    if run.life is Life.ENDED:
        if run.entries:
            return f"{run.name} has ended and left nodes unfinished, this run goes on with them"
        role = run.cluster.cau_role_offline
        return f"{run.name} has ended and left the CAU role {role} offline" if role is not None else ""
    if run.owner is None:
        return ""
    return f"{run.name} is dead, its last sign of life was {duration(run.quiet_seconds or 0.0)} ago; it is taken over"


def waiting_sentence(decision: Decision) -> str:
    """Return what a decision to wait waits for."""
    first = decision.holders[0]
    if decision.awaited:
        return f"{first.name} left {names(decision.awaited)} down, and it has to come back first"
    sign = f", its last sign of life was {duration(first.quiet_seconds)} ago" if first.quiet_seconds is not None else ""
    return f"{first.name} may be at work{sign}"


def _held(fleet: Fleet, run_id: str, remains: Remains, holders: Sequence[FoundRun]) -> RunLockHeldError:
    try:
        others = {view.guid or view.session for view in remains.views} - {run.run_id for run in holders}
        raise_when_held(fleet, list(remains.views), run_id, [guid for guid in others if guid is not None])
    except RunLockHeldError as error:
        return error
    first = holders[0]
    return RunLockHeldError(
        f"{first.name} is at work: its journal stands on {names(first.journals)}, and its lock comes or has just gone",
        holder=first.run_id,
        description=first.name,
        operation="run lock",
        remedy="Wait until that run has ended, or end it where it was started",
    )


def _waited_in_vain(
    fleet: Fleet, run_id: str, remains: Remains, decision: Decision, sentence: str
) -> RunLockHeldError | PersonNeededError:
    if decision.awaited:
        return _question([f"{sentence}, and did not in time"])
    error = _held(fleet, run_id, remains, decision.holders)
    error.message = f"{error.message}; in {duration(decision.wait_seconds)} without a sign of life it counts as dead"
    error.args = (error.message,)
    error.remedy = "Run it again then, or raise takeover_wait; when you know that it is dead, set force_recovery"
    return error


def _ended_meanwhile(run_id: str) -> RunLockHeldError:
    return RunLockHeldError(
        f"run {run_id} was at work and has ended just now, so this one has not begun",
        holder=run_id,
        description=f"run {run_id}",
        operation="run lock",
        remedy="Look at the summary of that run, and run it again if something is left to do",
    )


def _question(reasons: Sequence[str]) -> PersonNeededError:
    return PersonNeededError(
        "; ".join(reasons),
        questions=reasons,
        operation="takeover",
        remedy="Bring the nodes that are named into service, or start them, then run it again; nothing was changed",
    )
