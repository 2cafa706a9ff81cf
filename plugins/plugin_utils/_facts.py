# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of one playbook tell each other about their run, in a fact on each host that has joined it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime

from ..module_utils._cau.journal_records import DEAD_AFTER_SECONDS, RunOwner
from ..module_utils._cau.outcome import NodeOutcome, NodeState
from ..module_utils._cau.run_limits import RunLimits
from ._values import plain

FACT = "cluster_aware_updating"


@dataclass(frozen=True)
class RunFact:
    """What one host knows about the run.

    Args:
        process: the ansible-playbook process whose run it is, see process_identity.
        host: the inventory host that has the fact.
        run_id: the run's id, None in check mode and on a host that could not join.
        cluster: name of the cluster, empty on a host that could not join.
        node: the cluster node that the host is.
        nodes: the inventory host of each node.
        order: the inventory hosts in the order in which to update them.
        accept_down: nodes that may be down or paused, as the run was told.
        only: the nodes that the run is limited to, none when it updates all of them.
        left_alone: whether the node stays as it is: it is none of these, or may be down or paused and was when the host joined.
        controller: name of the controller, for the journal.
        user: who started the run, for the journal.
        started_at: when, ISO 8601, for the journal.
        took_over: the dead runs whose work it goes on with.
        forced_by: who said that these are dead, None when the evidence said so.
        run_began: clock seconds at which the run began.
        stop_after: how long it may take, in clock seconds, None for as long as it needs.
        warn_after: after how many clock seconds it says that it takes long, None for never.
        is_warned: whether a task of this host has said so.
        report_directory: where the record of the run is kept, empty when none is.
        report_formats: in which forms it is written when the run ends.
        dead_after: for how long the run may show no sign of life before others take it for dead, in seconds.
        unfinished: the inventory hosts whose nodes such a run left half-way, each with how far it was.
        away: the inventory host among these whose node is out of service, None when none is.
        cau_role: the CAU role that the run keeps offline and brings back at its end, None when there is none.
        role_left: why it stays offline although the run is over, None unless it does.
        play: the play in which the run came to its end, None while it goes on.
        released: whether the lock was given back.
        beaten_at: clock seconds at which every node had the run's last heartbeat, as far as a task of this host knows.
        began: clock seconds at which the work on this host began.
        staged: updates that were downloaded to it before its turn, None before anybody has scanned it.
        staged_on: the same for hosts that were staged side by side by one task.
        updates: updates that were installed on the host.
        hotfixes: hotfixes that were applied to it.
        restarts: how often it was restarted.
        attempts: how many attempts on it were begun, as far as this playbook knows.
        outcome: how the run ended for the host, the fields of NodeOutcome; None until it did.
        refusal: the report of a run that was refused when the host was to begin it, None when there is none.
    """

    process: str
    host: str
    run_id: str | None = None
    cluster: str = ""
    node: str = ""
    nodes: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    accept_down: list[str] = field(default_factory=list)
    only: list[str] = field(default_factory=list)
    left_alone: bool = False
    controller: str = ""
    user: str = ""
    started_at: str = ""
    took_over: list[str] = field(default_factory=list)
    forced_by: str | None = None
    run_began: float = 0.0
    stop_after: int | None = None
    warn_after: int | None = None
    is_warned: bool = False
    report_directory: str = ""
    report_formats: list[str] = field(default_factory=list)
    dead_after: int = DEAD_AFTER_SECONDS
    unfinished: dict[str, str] = field(default_factory=dict)
    away: str | None = None
    cau_role: str | None = None
    role_left: str | None = None
    play: str | None = None
    released: bool = False
    beaten_at: float | None = None
    began: float = 0.0
    staged: int | None = None
    staged_on: dict[str, int] = field(default_factory=dict)
    updates: int = 0
    hotfixes: int = 0
    restarts: int = 0
    attempts: int = 1
    outcome: dict[str, t.Any] | None = None
    refusal: str | None = None

    def owner(self) -> RunOwner:
        """Return who drives the run, as the journal wants it."""
        if self.run_id is None:
            raise ValueError("a run without lock has no owner")
        return RunOwner(
            self.run_id,
            self.controller,
            self.user,
            datetime.fromisoformat(self.started_at),
            process=self.process,
            took_over=tuple(self.took_over),
            forced_by=self.forced_by,
            dead_after=self.dead_after,
        )

    def limits(self) -> RunLimits:
        """Return how long the run may take."""
        return RunLimits(self.run_began, self.stop_after, self.warn_after)

    def node_of(self, host: str) -> str | None:
        """Return the cluster node that an inventory host is, None when it is none of this cluster."""
        return next((node for node, other in self.nodes.items() if other == host), None)

    def node_outcome(self) -> NodeOutcome | None:
        """Return how the run ended for the host, None when it has not."""
        if self.outcome is None:
            return None
        return NodeOutcome(**{**self.outcome, "state": NodeState(self.outcome["state"])})

    def with_outcome(self, outcome: NodeOutcome) -> RunFact:
        """Return the fact with the host's outcome in it."""
        return replace(self, outcome=plain(outcome))

    def as_facts(self) -> dict[str, t.Any]:
        """Return what a task gives back as ansible_facts."""
        return {FACT: asdict(self)}


def read_fact(variables: Mapping[str, t.Any] | None, process: str) -> RunFact | None:
    """Return the fact of a host, None when it has none of this process.

    Args:
        variables: the host's variables.
        process: this ansible-playbook process.
    """
    found = ((variables or {}).get("ansible_facts") or {}).get(FACT)
    if not isinstance(found, Mapping) or found.get("process") != process:
        return None
    known = {part.name for part in fields(RunFact)}
    return RunFact(**{key: value for key, value in plain(found).items() if key in known})


class RunFacts:
    """The facts of this process on the hosts of the inventory, read when they are asked for.

    Args:
        process: this ansible-playbook process.
        variables_of: returns the variables of an inventory host.
    """

    def __init__(self, process: str, variables_of: Callable[[str], Mapping[str, t.Any] | None]) -> None:
        self.process = process
        self._variables_of = variables_of
        self._known: dict[str, RunFact | None] = {}

    def of(self, host: str) -> RunFact | None:
        """Return the fact of one host, None when it has none of this process."""
        if host not in self._known:
            self._known[host] = read_fact(self._variables_of(host), self.process)
        return self._known[host]

    def on(self, hosts: Iterable[str]) -> dict[str, RunFact]:
        """Return the facts of those hosts that have one."""
        return {host: fact for host in hosts if (fact := self.of(host)) is not None}

    def run_of(self, host: str, others: Iterable[str]) -> RunFact | None:
        """Return the run that a host belongs to: its own fact, or that of another host which names it as a node.

        Args:
            host: the inventory host.
            others: hosts that may have a fact about it.
        """
        own = self.of(host)
        # Under run_once, Ansible gives the fact of one host to all of them.
        if own is not None and own.host == host and own.nodes and not self.is_over(own):
            return own
        for fact in self.on(others).values():
            node = fact.node_of(host)
            if node is not None and not self.is_over(fact):
                began = fact.began if host in fact.unfinished else 0.0
                own = replace(fact, host=host, node=node, left_alone=False, began=began, outcome=None)
                return replace(own, staged=None, updates=0, hotfixes=0, restarts=0, attempts=1)
        return None

    def ended_in(self, play: str, host: str, others: Iterable[str]) -> RunFact | None:
        """Return the run of a host's cluster that came to its end in a play, None when none did.

        Args:
            play: the play.
            host: the inventory host.
            others: hosts that may have a fact about it.
        """
        for fact in self.on([host, *others]).values():
            node = fact.node_of(host)
            if node is not None and fact.play == play:
                return replace(fact, host=host, node=node)
        return None

    def is_over(self, fact: RunFact) -> bool:
        """Return whether the run of a fact has given its lock back."""
        return any(other.released for other in self._same_run(fact))

    def end_play(self, fact: RunFact) -> str | None:
        """Return the play in which the run of a fact came to its end, None while it goes on."""
        return next((other.play for other in self._same_run(fact) if other.play), None)

    def others_at_work(self, fact: RunFact, hosts: Iterable[str]) -> list[RunFact]:
        """Return the runs of other clusters that this process holds, one fact of each.

        Args:
            fact: the run of the task.
            hosts: the hosts that may have facts.
        """
        runs = {other.run_id: other for other in self.on(hosts).values() if other.run_id not in {None, fact.run_id} and other.nodes}
        return [other for other in runs.values() if not self.is_over(other)]

    def unfinished(self, fact: RunFact) -> dict[str, str]:
        """Return the hosts whose nodes a dead run left half-way and this one has not brought to an end, each with how far it was."""
        ended = {other.host for other in self._same_run(fact) if other.outcome is not None}
        return {host: phase for host, phase in fact.unfinished.items() if host not in ended}

    def beaten_at(self, fact: RunFact) -> float | None:
        """Return the clock seconds of the last heartbeat that a task of the run has told of, None when none has."""
        return max((other.beaten_at for other in self._same_run(fact) if other.beaten_at is not None), default=None)

    def is_warned(self, fact: RunFact) -> bool:
        """Return whether a task of the run has said that it takes long."""
        return any(other.is_warned for other in self._same_run(fact))

    def outcomes(self, fact: RunFact) -> list[NodeOutcome]:
        """Return the outcomes of the run so far, in the order of the nodes' turns."""
        return [
            outcome
            for other in sorted(self._same_run(fact), key=lambda other: other.began)
            if (outcome := other.node_outcome()) is not None
        ]

    def _same_run(self, fact: RunFact) -> list[RunFact]:
        found = {**self.on(fact.nodes.values()), fact.host: fact}
        return [other for other in found.values() if other.run_id == fact.run_id and other.cluster == fact.cluster]
