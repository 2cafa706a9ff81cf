# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task at work: its arguments, its host, the run it belongs to, and the node work that it does there.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import types
import typing as t
from collections.abc import Iterator, Mapping

from ansible.plugins.action import ActionBase

from ..module_utils._cau.errors import CauError
from ..module_utils._cau.fleet import Fleet, NodeWork
from ..module_utils._cau.journal import Journal
from ..module_utils._cau.keeper import Keeper
from ..module_utils._cau.membership import Membership, resolve
from ..module_utils._cau.ownership import Ownership
from ..module_utils._cau.permission import require_stand_alone
from ..module_utils._cau.run_id import new_run_id
from ..module_utils._cau.run_lock import require_free
from ..module_utils._cau.stop_request import heed
from ..module_utils._clock import Clock
from ..module_utils._errors import OperationError, Outcome
from ._display import DisplayProgress
from ._facts import FACT, RunFact, RunFacts
from ._peers import Peers
from ._process import process_identity
from ._recorder import Recorder
from ._stop import StoppedError, StopRequest

# Scans and resumes are over within a minute as a rule, and every step reads the lock by itself.
FIRST_BEAT_SECONDS = 60.0


class NoRunError(CauError):
    """The task needs the run lock, and this playbook holds none for the host."""


class TaskRun:
    """One task on one host; a context manager that closes every connection.

    Args:
        action: the action that runs.
        task_vars: its variables.
        arguments: its validated arguments, plain.
        clock: the client's clock.
        progress: where lines for the user go.
        stop: whether the task was told to stop.
        secrets: where passwords are put, so that they can be taken out of results.
    """

    def __init__(
        self,
        action: ActionBase,
        task_vars: Mapping[str, t.Any],
        arguments: dict[str, t.Any],
        clock: Clock,
        progress: DisplayProgress,
        stop: StopRequest,
        secrets: set[str],
    ) -> None:
        task = action._task  # noqa: SLF001 - what every action uses
        self.arguments = arguments
        self.clock = clock
        self.progress = progress
        self.stop = stop
        self.is_check: bool = bool(task.check_mode)
        self.host = str(task.delegate_to or task_vars["inventory_hostname"])
        self.variables = task_vars
        self.play = task.get_play()
        self.play_id = str(self.play._uuid)  # noqa: SLF001 - the same in every batch of the play
        self._keeps_facts = self.host == str(task_vars["inventory_hostname"]) or bool(task.delegate_facts)
        self.task = str(action.TASK)
        self.recorder = Recorder(self.task, self.host, clock, progress, secrets)
        self.peers = Peers(action, task_vars, self.host, clock, secrets)
        self.facts = RunFacts(process_identity(), self.variables_of)
        self.partial: dict[str, t.Any] = {}
        """What a task that fails has done all the same; it goes into the failed result."""
        self._beaten_at: float | None = None
        self._is_warned = False
        self._open = contextlib.ExitStack()

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        self._open.close()

    def variables_of(self, host: str) -> Mapping[str, t.Any] | None:
        """Return the variables of an inventory host, None when there are none."""
        if host == str(self.variables["inventory_hostname"]):
            return self.variables
        found = self.variables["hostvars"].raw_get(host)
        return found if isinstance(found, Mapping) else None

    @property
    def is_pinned(self) -> bool:
        """Whether every host goes through the play at its own pace and never waits for a free fork between two tasks."""
        return str(self.play.strategy).rpartition(".")[2] == "host_pinned"

    # The run

    def run_fact(self) -> RunFact | None:
        """Return the run of this playbook that the host belongs to, None when there is none."""
        fact = self.facts.run_of(self.host, self.peers.hosts(self.arguments.get("members")))
        if fact is not None:
            self.progress.cluster = fact.cluster
            if not self.is_check:
                self.recorder.join(fact)
        return fact

    def require_run(self) -> RunFact:
        """Return the run of this playbook that the host belongs to.

        Raises:
            NoRunError: there is none, or none with a lock outside check mode.
        """
        fact = self.run_fact()
        if fact is None or (fact.run_id is None and not self.is_check):
            raise NoRunError(
                "no run of this playbook holds the run lock of its cluster",
                node=self.host,
                remedy="Use cluster_aware.updating.run_lock first, in the same playbook",
                outcome=Outcome.NOT_DONE,
            )
        return fact

    def membership(self) -> Membership:
        """Find the inventory host of every node of the cluster that the host belongs to."""
        candidates = {host: self.peers.opener(host) for host in self.peers.hosts(self.arguments.get("members"))}
        candidates[self.host] = self.peers.opener(self.host)
        with contextlib.closing(self.peers.opener(self.host)()) as me:
            found = resolve(me, self.host, candidates)
        self.progress.cluster = found.cluster
        return found

    def fleet(self, cluster: str, nodes: Mapping[str, str]) -> Fleet:
        """Return the nodes of a cluster; connections end with the task.

        Args:
            cluster: its name.
            nodes: the inventory host of each node.
        """
        for node, host in nodes.items():
            self.peers.endpoint(host, node)  # before any other thread needs it
        return self._open.enter_context(Fleet(cluster, {node: self.peers.opener(host, node) for node, host in nodes.items()}))

    def journal(self, fleet: Fleet, fact: RunFact) -> Journal:
        """Return the journal of a run that holds the lock."""
        return Journal(fleet, fact.owner(), self.clock, self.recorder.entry)

    # Work on a node

    @contextlib.contextmanager
    def work(self, fact: RunFact, *, is_kept: bool = True, heeds_stop: bool = True) -> Iterator[NodeWork]:
        """Give what a step on the host's node needs, with a keeper beside it.

        Args:
            fact: the run, which holds the lock unless this is check mode.
            is_kept: whether the step may last so long that the lock must be kept meanwhile.
            heeds_stop: whether the step ends when somebody asked the run to stop; what brings a node back does not.

        Raises:
            RunStoppedError: somebody has asked already.
        """
        fleet = self.fleet(fact.cluster, fact.nodes)
        if fact.run_id is None:
            yield NodeWork(fleet, fact.node, new_run_id(), self.clock, self.progress, check=self.stop.check)
            return
        journal = self.journal(fleet, fact)
        work = NodeWork(fleet, fact.node, fact.run_id, self.clock, self.progress, journal=journal, check=self.stop.check)
        work.ownership = Ownership(fleet, fact.node, fact.run_id, journal, self.clock)
        self._warn_when_long(fact)
        if heeds_stop:
            heed(fleet, fact.run_id, fact.node)
            fact.limits().heed(self.clock)
        with self._noting_a_stop(journal), self._others_kept(fact, is_kept=is_kept):
            yield from self._kept_work(work, fact, is_kept=is_kept, heeds_stop=heeds_stop)

    @contextlib.contextmanager
    def _others_kept(self, fact: RunFact, *, is_kept: bool) -> Iterator[None]:
        """Keep the runs of other clusters that wait for their turn in this playbook, so that nobody takes them for dead.

        What their keepers find comes out in their own next task. Under the strategy host_pinned no run waits for another one.
        """
        with contextlib.ExitStack() as stack:
            for other in self.facts.others_at_work(fact, self.peers.hosts(None)) if is_kept and not self.is_pinned else ():
                fleet = self.fleet(other.cluster, other.nodes)
                stack.enter_context(self._keeper(fleet, other))
            yield

    def _kept_work(self, work: NodeWork, fact: RunFact, *, is_kept: bool, heeds_stop: bool) -> Iterator[NodeWork]:
        if not is_kept:
            yield work
            return
        fleet = work.fleet
        beaten_at = self.facts.beaten_at(fact)
        keeper = self._keeper(fleet, fact, node=fact.node, beaten_at=beaten_at)
        with keeper:

            def check() -> None:
                self.stop.check()
                keeper.check()
                self._warn_when_long(fact)

            def heed_all() -> None:
                keeper.heed()
                fact.limits().heed(self.clock)

            work.check = check
            if heeds_stop:
                work.heed = heed_all
            yield work
        self._beaten_at = keeper.beaten_at

    def _warn_when_long(self, fact: RunFact) -> None:
        """Say once for a run that it takes longer than its user expects."""
        if self._is_warned or self.facts.is_warned(fact):
            return
        text = fact.limits().warning(self.clock)
        if text is not None:
            self._is_warned = True
            self.progress.say(None, "run", text)

    def _keeper(self, fleet: Fleet, fact: RunFact, *, node: str | None = None, beaten_at: float | None = None) -> Keeper:
        return Keeper(
            fleet.sibling(),
            fact.owner(),
            self.clock,
            node=node,
            beaten_at=beaten_at,
            first_seconds=FIRST_BEAT_SECONDS,
            is_orphan=self.stop.is_orphan,
        )

    @contextlib.contextmanager
    def _noting_a_stop(self, journal: Journal) -> Iterator[None]:
        """Write down that this controller was stopped: nothing of the playbook runs any more then."""
        try:
            yield
        except StoppedError:
            for name in journal.fleet.names:
                with contextlib.suppress(OperationError):
                    journal.note_stop(name)
            raise

    def with_signs(self, result: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return a result that also tells the next task when the run had its last heartbeat, and whether it was said that it takes long.

        It does so where this host has joined the run.
        """
        own = self.facts.of(self.host)
        signs: dict[str, t.Any] = {} if self._beaten_at is None else {"beaten_at": self._beaten_at}
        signs |= {"is_warned": True} if self._is_warned else {}
        if not signs or own is None or not self._keeps_facts:
            return result
        facts = own.as_facts() | (result.get("ansible_facts") or {})
        return result | {"ansible_facts": facts | {FACT: facts[FACT] | signs}}

    def lone_work(self) -> NodeWork:
        """Return what a step on the host alone needs, with a session of its own and without lock, turn and journal."""
        with contextlib.closing(self.peers.opener(self.host)()) as client:
            name = client.system.computer_name()
        fleet = self.fleet("", {name: self.host})
        return NodeWork(fleet, name, new_run_id(), self.clock, self.progress, check=self.stop.check)

    def require_nobody_else(self, work: NodeWork, host: str | None = None) -> None:
        """Make sure that nobody else updates the node, before a session is held there without a run (design.md, the lock).

        Args:
            work: the work on the node.
            host: its inventory host, that of the task by default.

        Raises:
            RunLockHeldError: somebody does.
        """
        with Fleet(work.fleet.cluster, {work.node: self.peers.opener(host or self.host, work.node)}) as alone:
            require_free(alone)

    def stand_alone_work(self) -> NodeWork:
        """Return what a step on a stand-alone host needs.

        Raises:
            CauError: the host is in a cluster, or may be.
        """
        work = self.lone_work()
        require_stand_alone(work.client)
        return work
