# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that the journals on the nodes hold, of whatever run; for reports and for whoever takes a run over.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from .._errors import OperationError
from .errors import JournalError
from .fleet import Fleet
from .journal import ROOT, read_run, run_key
from .journal_format import decode_cluster, decode_entry, decode_stop
from .journal_records import ClusterEntry, NodeEntry, Phase, RunEntry, StopRecord, age_order
from .run_id import is_same_guid, short_id

if t.TYPE_CHECKING:
    from .._wmi.node_client import NodeClient

_Record = t.TypeVar("_Record")


@dataclass(frozen=True)
class RecordedRun:
    """Everything that one node's journal says about one run.

    Args:
        run_id: the run.
        run: its own entry, None when it is missing or not understood.
        nodes: the entries of nodes, in name order.
        problem: what could not be understood.
        cluster: what it has done to the cluster as a whole, None when nothing is written there.
        stop: that somebody has asked it to stop.
    """

    run_id: str
    run: RunEntry | None
    nodes: tuple[NodeEntry, ...]
    problem: str | None = None
    cluster: ClusterEntry | None = None
    stop: StopRecord | None = None


def read_all(client: NodeClient) -> list[RecordedRun]:
    """Return every run that left something in a node's journal, for reports; what is not understood is described, not raised.

    Raises:
        OperationError: the node gave no answer.
    """
    return [recorded_run(client, run_id) for run_id in sorted(client.registry.subkeys(ROOT) or [])]


def left_behind(fleet: Fleet, run_id: str | None = None) -> list[str]:
    """Return a sentence for every node that another run paused and did not resume, as the journals tell that can be read.

    Args:
        fleet: the nodes of the cluster.
        run_id: the run that asks, whose own entries are not meant.
    """
    newest: dict[tuple[str, str], tuple[NodeEntry, RunEntry | None]] = {}
    for name in fleet.names:
        try:
            runs = read_all(fleet.node(name))
        except OperationError:
            continue
        for recorded in runs:
            if is_same_guid(recorded.run_id, run_id):
                continue
            for entry in recorded.nodes:
                key = (recorded.run_id, entry.node.casefold())
                if key not in newest or age_order(newest[key][0]) < age_order(entry):
                    newest[key] = (entry, recorded.run)
    return [_left_paused(run_id, entry, run) for (run_id, _node), (entry, run) in sorted(newest.items()) if entry.paused_by_us]


def _left_paused(run_id: str, entry: NodeEntry, run: RunEntry | None) -> str:
    who = f" of {run.owner.user} on {run.owner.controller}" if run is not None else ""
    when = f" at {entry.changed_at:%Y-%m-%d %H:%M} UTC" if entry.changed_at is not None else ""
    why = f": {entry.reason}" if entry.reason else ""
    state = "out of service" if entry.phase is Phase.LEFT_OUT else entry.phase.value
    return f"{entry.node} was paused by run {short_id(run_id)}{who} and left {state}{when}{why}"


def recorded_run(client: NodeClient, run_id: str) -> RecordedRun:
    """Return everything that a node's journal says about one run; what is not understood is described, not raised."""
    key = run_key(run_id)
    problems: list[str] = []
    run = _understood(problems, lambda: read_run(client, run_id))
    entries = []
    for node in sorted(client.registry.subkeys(rf"{key}\nodes") or []):
        text = client.registry.text(rf"{key}\nodes\{node}", "Entry")
        entry = None if text is None else _understood(problems, lambda text=text: decode_entry(text))  # type: ignore[misc]
        if entry is not None:
            entries.append(entry)
    cluster = stop = None
    if run is not None:
        cluster = _understood(problems, lambda: _decoded(client, key, "Cluster", decode_cluster))
        stop = _understood(problems, lambda: _decoded(client, key, "Stop", decode_stop))
    return RecordedRun(run_id, run, tuple(entries), "; ".join(problems) or None, cluster, stop)


def _decoded(client: NodeClient, key: str, name: str, decode: Callable[[str], _Record]) -> _Record | None:
    text = client.registry.text(key, name)
    return None if text is None else decode(text)


def _understood(problems: list[str], read: Callable[[], _Record | None]) -> _Record | None:
    try:
        return read()
    except JournalError as error:
        problems.append(error.message)
        return None
