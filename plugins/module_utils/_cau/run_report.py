# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said about runs that were found, and about what a new one would do now; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._wmi.cluster import ClusterNode, NodeState
from .journal_records import NodeEntry, Phase
from .recovery import Action, Decision, FoundRun, Life, told_about
from .takeover import over_sentence, waiting_sentence
from .waiting import duration, names

_LIVES = {
    Life.ALIVE: "it is at work",
    Life.QUIET: "it may be at work",
    Life.DEAD: "it is dead",
    Life.ENDED: "it has ended",
    Life.FOREIGN: "nothing tells whether it is at work",
}


def run_sentence(run: FoundRun) -> str:
    """Return who a run is, what it holds and whether it is alive."""
    who = run.name if run.owner is not None else f"coordinator {run.run_id}, which is none of this collection or of another version of it"
    parts = [who]
    if run.owner is not None:
        parts.append(f"started {run.owner.started_at:%Y-%m-%d %H:%M} UTC")
    parts.append(f"holds the run lock on {names(run.locks)}" if run.locks else "holds no run lock")
    if run.sessions:
        parts.append(f"has the node session of {names(run.sessions)}")
    if run.quiet_seconds is not None and run.life is not Life.ENDED:
        parts.append(f"last sign of life {duration(run.quiet_seconds)} ago")
    if run.cluster.cau_role_offline is not None:
        parts.append(f"keeps the CAU role {run.cluster.cau_role_offline} offline")
    if run.owner is not None and run.owner.forced_by is not None:
        parts.append(f"it took over by the word of {run.owner.forced_by}")
    parts.append(_LIVES[run.life])
    if run.stop is not None:
        parts.append(run.stop.sentence())
    return ", ".join(parts)


@dataclass(frozen=True)
class Counts:
    """How far a run is with the nodes of its cluster.

    Args:
        done: nodes that it has brought to a good end.
        failed: nodes that failed and serve again, or that it left out of service.
        left: nodes that it has not brought to an end.
    """

    done: int
    failed: int
    left: int

    def sentence(self) -> str:
        """Return it in words."""
        return f"{self.done} done, {self.failed} failed, {self.left} left"


def counts(run: FoundRun, members: Sequence[ClusterNode]) -> Counts:
    """Return how far a run is, as its journal tells.

    Args:
        run: the run.
        members: the nodes of the cluster.
    """
    names_of_members = {node.name.casefold() for node in members}
    ended = [entry for entry in run.entries if entry.phase in {Phase.DONE, Phase.LEFT_OUT} and entry.node.casefold() in names_of_members]
    # A node that ended well has no reason to give.
    done = sum(entry.phase is Phase.DONE and entry.reason is None for entry in ended)
    return Counts(done, len(ended) - done, len(members) - len(ended))


def entry_sentence(entry: NodeEntry) -> str:
    """Return what a run was doing to a node."""
    has_failed = entry.phase is Phase.DONE and entry.reason is not None
    parts = ["out of service" if entry.phase is Phase.LEFT_OUT else "failed" if has_failed else entry.phase.value]
    if entry.phase is Phase.LEFT_OUT and entry.left_from is not None:
        parts.append(f"left while {entry.left_from.value}")
    if entry.attempts > 1:
        parts.append(f"attempt {entry.attempts}")
    if entry.paused_by_us:
        parts.append("paused by the run without drain" if entry.undrained else "paused by the run")
    if entry.taken_offline:
        parts.append(f"{names(entry.taken_offline)} taken offline by the run")
    if entry.batch:
        parts.append(f"installing {names(entry.batch)}")
    if entry.installer is not None:
        parts.append(f"running the installer of {entry.installer}")
    if entry.installed:
        parts.append(f"{len(entry.installed)} installed")
    if entry.unknown_hotfixes:
        parts.append(f"outcome not known of {names(entry.unknown_hotfixes)}")
    since = entry.phase_since or entry.changed_at
    if since is not None:
        parts.append(f"since {since:%H:%M} UTC of the controller")
    if entry.reason:
        parts.append(entry.reason)
    return ", ".join(parts)


def next_sentences(decision: Decision, members: Sequence[ClusterNode], silent: Mapping[str, str], found: Sequence[FoundRun]) -> list[str]:
    """Return what a run that is started now would do, one sentence each.

    Args:
        decision: what it would decide.
        members: the nodes of the cluster.
        silent: the nodes that gave no answer.
        found: the runs that were found.
    """
    for name in silent:
        told, is_left = told_about(name, found)
        if is_left:
            return [f"it would wait for {name} to answer: {told}"]
        return [f"it would be refused, because {name} gives no answer" + (f", and {told}" if told else "")]
    if decision.action is Action.REFUSE:
        return [f"it would be refused by {decision.holders[0].name}"]
    if decision.action is Action.ASK:
        return ["it would be refused until a person has decided"]
    if decision.action is Action.WAIT:
        return [f"it would wait: {waiting_sentence(decision)}"]
    lines = [line for run in decision.over if (line := over_sentence(run))]
    lines += [f"it would go on with {entry.node} ({entry.phase.value})" for entry in decision.unfinished]
    if decision.cau_role is not None:
        lines.append(f"it would bring the CAU role {decision.cau_role} back at its end")
    adopted = {entry.node for entry in decision.unfinished}
    strange = [node for node in members if node.state is not NodeState.UP and node.name not in adopted | decision.stays]
    lines += [f"it would be refused, because {node.name} is {_state(node)} and no run of this collection did that" for node in strange]
    return lines or ["it would begin a new run"]


def questions(decision: Decision, members: Sequence[ClusterNode], silent: Mapping[str, str], found: Sequence[FoundRun]) -> list[str]:
    """Return what a person has to decide, one sentence each; see next_sentences()."""
    asked = list(decision.reasons)
    for name, reason in silent.items():
        told, is_left = told_about(name, found)
        asked.append(f"{name} gives no answer ({reason})" + (f"; {told}" if told else "") + ("; start it" if is_left else "; look at it"))
    adopted = {entry.node for entry in decision.adopted if entry.paused_by_us} | set(decision.awaited) | set(silent)
    is_ours = {entry.node for run in found for entry in run.entries if entry.paused_by_us}
    asked += [
        f"{node.name} is {_state(node)}, and no run of this collection did that: whoever did has to bring it back"
        for node in members
        if node.state is not NodeState.UP and node.name not in adopted | is_ours
    ]
    if decision.action is Action.REFUSE and any(run.life is Life.FOREIGN for run in decision.holders):
        asked.append("whether anybody drives the coordinator that holds the lock: it goes by itself an hour after its last use")
    return asked


def _state(node: ClusterNode) -> str:
    return node.state.name.lower()
