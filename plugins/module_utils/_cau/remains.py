# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands on the nodes of other runs, put together over all of them; reads only.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .._errors import OperationError
from .errors import RunLockUnreadableError
from .fleet import Fleet
from .journal_records import ClusterEntry, NodeEntry, RunOwner, age_order
from .journal_view import RecordedRun, read_all
from .lock_view import LockView, inspect, reasons
from .recovery import FoundRun
from .run_id import is_same_guid, normal_guid


def never_running(_owner: RunOwner) -> bool:
    """Know of no process: what tells whether one is alive where nobody can look."""
    return False


@dataclass(frozen=True)
class Remains:
    """What one look found.

    Args:
        views: the lock and the session of each node.
        recorded: what each node's journal says about runs other than the one that looks.
        clocks: the time of each node whose journal holds a run without a heartbeat.
        own: the run that looked, None when it has no id yet.
    """

    views: tuple[LockView, ...]
    recorded: Mapping[str, Sequence[RecordedRun]]
    clocks: Mapping[str, datetime] = field(default_factory=dict)
    own: str | None = None


def look(fleet: Fleet, run_id: str | None = None) -> Remains:
    """Read every node's lock, session and journal.

    Args:
        fleet: the nodes to look at.
        run_id: the run whose own things are not meant.

    Raises:
        RunLockUnreadableError: a node gave no answer.
    """
    views = inspect(fleet, run_id)
    recorded: dict[str, list[RecordedRun]] = {}
    clocks: dict[str, datetime] = {}
    silent: dict[str, OperationError] = {}
    for name in fleet.names:
        client = fleet.node(name)
        try:
            recorded[name] = [run for run in read_all(client) if not is_same_guid(run.run_id, run_id)]
            if any(run.run is None for run in recorded[name]):
                clocks[name] = client.system.utc_now()
        except OperationError as error:
            silent[name] = error
    if silent:
        raise RunLockUnreadableError(
            f"the journal could not be read on {reasons(silent)}",
            nodes=tuple(silent),
            operation="journal",
            code=next(iter(silent.values())).code,
            remedy="Bring every node of the cluster up and within reach, then run again",
        )
    return Remains(tuple(views), recorded, clocks, run_id)


class Watch:
    """For how long the heartbeats of other runs have stood still, over several looks.

    A clock that was set back makes a heartbeat look young for ever; what counts then is how long it has been seen to stand still, by
    the same clock.

    Args:
        is_running: whether the process that drives a run is known to be alive.
    """

    def __init__(self, is_running: Callable[[RunOwner], bool] = never_running) -> None:
        self._is_running = is_running
        self._first: dict[tuple[str, str], tuple[datetime | None, datetime]] = {}
        self._moved: set[str] = set()

    def runs(self, remains: Remains) -> list[FoundRun]:
        """Return every other run of a look, in the order of their ids.

        Args:
            remains: the look.
        """
        ids: dict[str, None] = {}
        for view in remains.views:
            ids |= dict.fromkeys(guid for guid in (view.guid, view.session) if guid is not None and not is_same_guid(guid, remains.own))
        for runs in remains.recorded.values():
            ids |= dict.fromkeys(normal_guid(run.run_id) or run.run_id for run in runs)
        return [self._found(run_id, remains) for run_id in sorted(ids)]

    def _found(self, run_id: str, remains: Remains) -> FoundRun:
        recorded = {node: run for node, runs in remains.recorded.items() for run in runs if is_same_guid(run.run_id, run_id)}
        known = [run.run for run in recorded.values() if run.run is not None]
        owner = known[0].owner if known else None
        quiet = [self._quiet(run_id, node, run, remains.clocks) for node, run in recorded.items()]
        problems = tuple(f"{node}: {run.problem}" for node, run in recorded.items() if run.problem)
        clusters = [run.cluster for run in recorded.values() if run.cluster is not None]
        return FoundRun(
            run_id=run_id,
            owner=owner,
            locks=tuple(view.node for view in remains.views if is_same_guid(view.guid, run_id)),
            sessions=tuple(view.node for view in remains.views if is_same_guid(view.session, run_id)),
            journals=tuple(recorded),
            quiet_seconds=min((seconds for seconds in quiet if seconds is not None), default=None),
            is_ended=bool(known) and all(run.is_released for run in known),
            is_stopped=any(run.is_stopped for run in known),
            is_seen_alive=run_id in self._moved or (owner is not None and self._is_running(owner)),
            is_misread=owner is None and bool(problems),
            entries=tuple(_newest(entry for run in recorded.values() for entry in run.nodes)),
            problems=problems,
            cluster=next(iter(clusters), ClusterEntry()),
            stop=next((run.stop for run in recorded.values() if run.stop is not None), None),
        )

    def _quiet(self, run_id: str, node: str, run: RecordedRun, clocks: Mapping[str, datetime]) -> float | None:
        """Return for how long a run has shown nothing on one node, by that node's clock."""
        if run.run is not None:
            heartbeat, age = run.run.heartbeat, run.run.age_seconds
            now = run.run.read_at
        elif node in clocks:
            heartbeat, age, now = None, 0.0, clocks[node]
        else:
            return None
        first, seen_at = self._first.setdefault((run_id, node), (heartbeat, now))
        if first != heartbeat:
            self._moved.add(run_id)
        return max(age, (now - seen_at).total_seconds())


def _newest(entries: Iterable[NodeEntry]) -> list[NodeEntry]:
    """Return the newest copy of each node's entry, all of one run, in name order."""
    newest: dict[str, NodeEntry] = {}
    for entry in entries:
        known = newest.get(entry.node.casefold())
        if known is None or age_order(known) < age_order(entry):
            newest[entry.node.casefold()] = entry
    return [newest[name] for name in sorted(newest)]
