# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""What a run has done to a node, kept on that node and on one other, so that another controller can take over.

In the registry, below ROOT:

    <run id>                 Format (REG_DWORD), Run (who drives it), Heartbeat (that node's own time), Cluster (what was done to the
                             cluster as a whole), Stop (that somebody asked it to stop), StoppedAt (that node's own time, once its
                             controller was stopped and drives it no more), ReleasedAt (the same, once the run has ended and the key
                             stands only for nodes that it left unfinished)
    <run id>\nodes\<node>      Entry (what was done to the node)

Run, Cluster, Stop and Entry are one text each, so that a reader never meets half of a change.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Collection
from dataclasses import replace

from .._clock import Clock
from .._errors import OperationError
from .._wmi.errors import MethodFailedError
from .errors import JournalError
from .fleet import Fleet
from .idempotent import twice
from .journal_format import (
    FORMAT,
    decode_cluster,
    decode_entry,
    decode_moment,
    decode_owner,
    encode_cluster,
    encode_entry,
    encode_moment,
    encode_owner,
)
from .journal_records import ClusterEntry, EntryChanges, NodeEntry, Phase, RunEntry, RunOwner, age_order
from .run_id import normal_guid

if t.TYPE_CHECKING:
    from .._wmi.node_client import NodeClient

ROOT = r"SOFTWARE\cluster_aware.updating\journal"
"""Below HKEY_LOCAL_MACHINE. Each run has a key of its own below, so that two coordinators that start at the same moment never write
over each other's entry."""

_KEY_MISSING = 2
"""ERROR_FILE_NOT_FOUND, the return value of StdRegProv for a key that does not exist."""


def tell_nobody(_entry: NodeEntry) -> None:
    """Drop an entry: for journals that nobody keeps a record of."""


class Journal:
    """The journal of one run, on every node of its cluster.

    Args:
        fleet: the nodes of the cluster.
        owner: who drives the run.
        clock: the controller's clock.
        told: is given every entry that was written.
    """

    def __init__(self, fleet: Fleet, owner: RunOwner, clock: Clock, told: Callable[[NodeEntry], None] = tell_nobody) -> None:
        self.fleet = fleet
        self.owner = owner
        self.clock = clock
        self._told = told
        self._key = run_key(owner.run_id)
        self._ready: set[tuple[str, str]] = set()
        # What stands on both places of a node: this process is the only one that writes there.
        self._entries: dict[str, NodeEntry | None] = {}

    def places(self, node: str) -> tuple[str, ...]:
        """Return where a node's entry stands: on the node, and as a copy on the next other node in name order."""
        own = self.fleet.spelled(node)
        others = self.fleet.others(own)
        after = [name for name in others if name.casefold() > own.casefold()]
        return (own, *(after or others)[:1])

    def open_on(self, name: str) -> None:
        """Write the run's own entry with a heartbeat on a node, before the lock is created there.

        Raises:
            OperationError: the node did not take it.
        """
        twice(self.clock, lambda: self._open_once(name))

    def is_open_on(self, name: str) -> bool:
        """Whether the run's own entry stands on a node.

        Raises:
            OperationError: the node gave no answer.
        """
        return self.fleet.node(name).registry.text(self._key, "Run") is not None

    def beat(self, name: str) -> None:
        """Set the run's heartbeat on a node, by that node's own clock.

        Raises:
            JournalError: the run's entry is not there any more.
            OperationError: the node did not take it for another reason.
        """
        self.write_heartbeat(name, self.read_clock(name))

    def read_clock(self, name: str) -> str:
        """Return a node's own time as a heartbeat is written."""
        return encode_moment(self.fleet.node(name).system.utc_now())

    def write_heartbeat(self, name: str, moment: str) -> None:
        """Write a heartbeat that read_clock() returned; see beat()."""
        try:
            self.fleet.node(name).registry.set_text(self._key, "Heartbeat", moment)
        except MethodFailedError as error:
            if error.return_value != _KEY_MISSING:
                raise
            raise self._removed(name) from error

    def note_stop(self, name: str) -> None:
        """Write on a node that this controller drives the run no more, so that the next run need not wait until it is sure of that.

        Raises:
            OperationError: the node did not take it.
        """
        self.fleet.node(name).registry.set_text(self._key, "StoppedAt", self.read_clock(name))

    def write(self, node: str, **changes: t.Unpack[EntryChanges]) -> NodeEntry:
        """Change the entry of a node, on the node and in its copy.

        Raises:
            JournalError: one of the two did not take it, so the step that it announces must not begin.
        """
        return self._write_both(self._changed(node, changes))

    def adopt(self, entry: NodeEntry) -> NodeEntry:
        """Take over the entry of a dead run as this run's own, on the node and in its copy; it counts as newer than that run's.

        Raises:
            JournalError: one of the two did not take it, so that run's own entry has to stay.
        """
        now = self.clock.utc()
        return self._write_both(replace(entry, changed_at=now, phase_since=now, sequence=entry.sequence + 1))

    def write_cluster(self, entry: ClusterEntry) -> None:
        """Write down what this run does to the cluster as a whole, on every node.

        Raises:
            OperationError: a node did not take it, so the step that it announces must not begin.
        """
        text = encode_cluster(entry)
        for name in self.fleet.names:
            twice(self.clock, lambda name=name: self.fleet.node(name).registry.set_text(self._key, "Cluster", text))  # type: ignore[misc]

    def read_cluster(self) -> ClusterEntry:
        """Return what this run has done to the cluster as a whole, by the first node that says so.

        Raises:
            JournalError: what stands there is not understood.
            OperationError: a node gave no answer, and none before it says anything.
        """
        for name in self.fleet.names:
            text = self.fleet.node(name).registry.text(self._key, "Cluster")
            if text is not None:
                return decode_cluster(text)
        return ClusterEntry()

    def _write_both(self, entry: NodeEntry) -> NodeEntry:
        text = encode_entry(entry)
        for place in self.places(entry.node):
            try:
                self._put(place, entry.node, text)
            except OperationError as error:
                self._entries.pop(entry.node, None)
                raise JournalError(
                    f"the journal entry of {entry.node} ({entry.phase.value}) could not be written on {place}: {error.message}",
                    node=entry.node,
                    operation="journal",
                    code=error.code,
                    remedy=error.remedy,
                ) from error
        self._entries[entry.node] = entry
        self._told(entry)
        return entry

    def write_where_possible(self, node: str, **changes: t.Unpack[EntryChanges]) -> list[str]:
        """Change the entry wherever that can be done, for a node that may give no answer.

        Returns:
            The nodes that did not take it; all of `places()` means that nothing was written.
        """
        try:
            entry = self._changed(node, changes)
            text = encode_entry(entry)
        except JournalError:
            return list(self.places(node))
        missed = []
        for place in self.places(node):
            try:
                self._put(place, entry.node, text)
            except OperationError:
                missed.append(place)
        if missed:
            self._entries.pop(entry.node, None)
        else:
            self._entries[entry.node] = entry
        # Also one that no place took: it is what this run knows about the node.
        self._told(entry)
        return missed

    def read(self, node: str) -> NodeEntry | None:
        """Return the newer one of a node's own entry and its copy; None when the run wrote neither.

        Both places are asked until both have answered; then this journal's memory serves, until one of its own writes fails.

        Raises:
            JournalError: neither can be read, or one cannot and the other place has none.
        """
        own = self.fleet.spelled(node)
        if own in self._entries:
            return self._entries[own]
        found: list[NodeEntry] = []
        failures: list[OperationError] = []
        for place in self.places(own):
            try:
                entry = self._get(place, own)
            except OperationError as error:
                failures.append(error)
                continue
            if entry is not None:
                found.append(entry)
        newest = max(found, key=age_order, default=None)
        if not failures:
            self._entries[own] = newest
        if newest is None and failures:
            first = failures[0]
            raise JournalError(
                f"the journal entry of {node} could not be read: {first.message}",
                node=node,
                operation="journal",
                code=first.code,
                remedy=first.remedy,
            ) from first
        return newest

    def read_run(self, name: str, run_id: str | None = None) -> RunEntry | None:
        """Return what the journal on a node says about a run, this one when none is named; None when it has no entry.

        Raises:
            JournalError: there is one that this version does not understand.
            OperationError: the node gave no answer.
        """
        return read_run(self.fleet.node(name), run_id or self.owner.run_id)

    def close_on(self, name: str, keep_nodes: Collection[str] = (), *, keeps_cluster: bool = False) -> None:
        """Remove this run's journal from a node, but for what stays to be done after it.

        Args:
            name: the node.
            keep_nodes: nodes whose entries stay, since they stay out of service.
            keeps_cluster: whether what was done to the cluster as a whole stays as well, since the run could not undo it.

        Raises:
            OperationError: the node gave no answer.
        """
        twice(self.clock, lambda: self._close_once(name, keep_nodes, keeps_cluster=keeps_cluster))
        self._ready = {(place, node) for place, node in self._ready if place != name}
        self._entries.clear()

    def _close_once(self, name: str, keep_nodes: Collection[str], *, keeps_cluster: bool) -> None:
        registry = self.fleet.node(name).registry
        kept = {node.casefold() for node in keep_nodes}
        entries = (registry.subkeys(rf"{self._key}\nodes") or []) if kept or keeps_cluster else []
        if any(entry.casefold() in kept for entry in entries) or (keeps_cluster and self.is_open_on(name)):
            for entry in entries:
                if entry.casefold() not in kept:
                    registry.delete_tree(rf"{self._key}\nodes\{entry}")
            registry.set_text(self._key, "ReleasedAt", self.read_clock(name))
        else:
            registry.delete_tree(self._key)

    def _open_once(self, name: str) -> None:
        registry = self.fleet.node(name).registry
        registry.create_key(self._key)
        registry.set_number(self._key, "Format", FORMAT)
        # The run's own entry comes last, so that where it stands the heartbeat does too, wherever the controller was killed.
        self.beat(name)
        registry.set_text(self._key, "Run", encode_owner(self.owner, self.fleet.cluster))

    def _changed(self, node: str, changes: EntryChanges) -> NodeEntry:
        own = self.fleet.spelled(node)
        before = self.read(own) or NodeEntry(own)
        now = self.clock.utc()
        entry = replace(before, **changes, changed_at=now, sequence=before.sequence + 1)
        if entry.phase is not before.phase or entry.phase_since is None:
            entry = replace(entry, phase_since=now)
        if entry.phase is not Phase.LEFT_OUT:
            return replace(entry, left_from=None)
        # Whoever takes the run over has to know how far it was.
        return entry if before.phase is Phase.LEFT_OUT else replace(entry, left_from=before.phase)

    def _removed(self, name: str) -> JournalError:
        return JournalError(
            "the journal of this run was removed", node=name, operation="journal", remedy="Find out who removed it before going on"
        )

    def _put(self, place: str, node: str, text: str) -> None:
        twice(self.clock, lambda: self._put_once(place, node, text))

    def _put_once(self, place: str, node: str, text: str) -> None:
        registry = self.fleet.node(place).registry
        key = rf"{self._key}\nodes\{node}"
        if (place, node) not in self._ready:
            if not self.is_open_on(place):
                # Whoever took this run over has removed it; a new key would be that of a ghost.
                raise self._removed(place)
            registry.create_key(key)
            self._ready.add((place, node))
        registry.set_text(key, "Entry", text)

    def _get(self, place: str, node: str) -> NodeEntry | None:
        text = self.fleet.node(place).registry.text(rf"{self._key}\nodes\{node}", "Entry")
        if text is None:
            return None
        self._ready.add((place, node))
        return decode_entry(text)


def run_key(run_id: str) -> str:
    """Return the registry key of a run's journal."""
    return rf"{ROOT}\{normal_guid(run_id)}"


def read_run(client: NodeClient, run_id: str) -> RunEntry | None:
    """Return what the journal on a node says about a run; see Journal.read_run()."""
    key = run_key(run_id)
    registry = client.registry
    text = registry.text(key, "Run")
    if text is None:
        return None
    version = registry.number(key, "Format")
    if version != FORMAT:
        raise JournalError(
            f"the journal of run {run_id} has format {version}, this version understands {FORMAT}",
            node=client.name,
            operation="journal",
            remedy="Use the version of the collection that wrote it",
        )
    owner, cluster = decode_owner(text)
    written = registry.text(key, "Heartbeat")
    if written is None:
        raise JournalError(f"the journal of run {run_id} has no heartbeat", node=client.name, operation="journal")
    heartbeat = decode_moment(written)
    age = (client.system.utc_now() - heartbeat).total_seconds()
    return RunEntry(
        owner,
        cluster,
        heartbeat,
        age,
        is_released=registry.text(key, "ReleasedAt") is not None,
        is_stopped=registry.text(key, "StoppedAt") is not None,
    )
