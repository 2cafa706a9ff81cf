# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports of Microsoft's own CAU, as the nodes keep them: every node is asked, and what is damaged is named.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Mapping
from datetime import datetime

from ..module_utils._cau.fleet import Fleet
from ..module_utils._cau.report.moments import moment
from ..module_utils._cau.report.native import parse
from ..module_utils._errors import OperationError, Outcome
from ._absent import find_hosts
from ._report_store import ReportError, Wanted
from ._task import TaskRun

# Native tools choke on a report of the minimum date, and CAU itself appeared in 2012 (cau.md 1.5).
_FIRST_YEAR = 2012

_DAMAGED_DATE = (
    "it carries the minimum date, which makes Get-CauRun and Get-CauReport fail on this cluster; remove the file "
    r"CauReport-00000101000000.xml below C:\Windows\Cluster\Reports of the node"
)


def cluster_fleet(task: TaskRun) -> tuple[Fleet, dict[str, str]]:
    """Return the nodes of the host's cluster that answer, and why the other hosts do not.

    Raises:
        OperationError: the host itself gives no answer.
    """
    with contextlib.closing(task.peers.opener(task.host)()) as me:
        info, members = me.cluster.info(), me.cluster.nodes()
    task.progress.cluster = info.name
    hosts, unreachable = find_hosts(task, info, members)
    return task.fleet(info.name, hosts), unreachable


def find_native(fleet: Fleet, wanted: Wanted) -> tuple[list[dict[str, t.Any]], list[dict[str, t.Any]]]:
    """Return the native reports that are meant, the newest first, and what is damaged or could not be read.

    Args:
        fleet: the nodes that answer.
        wanted: which ones; by their times and not by cluster or run.
    """
    places: dict[datetime, list[str]] = {}
    damaged: list[dict[str, t.Any]] = []
    for name in fleet.names:
        try:
            stored = fleet.node(name).cluster_update.report_ids()
        except OperationError as error:
            damaged.append({"timestamp": None, "node": name, "problem": error.message})
            continue
        if stored.nameless:
            damaged.append({"timestamp": None, "node": name, "problem": f"{stored.nameless} reports have no time that can be read"})
        for at in stored.times:
            if at.year < _FIRST_YEAR:
                damaged.append({"timestamp": at.isoformat(), "node": name, "problem": _DAMAGED_DATE})
            elif wanted.has_time(at):
                places.setdefault(at, []).append(name)
    found: list[dict[str, t.Any]] = []
    for at in sorted(places, reverse=True):
        report = _read(fleet, at, places[at], damaged)
        if report is not None:
            found.append({"timestamp": at.isoformat(), "on": places[at], **report})
        if found and wanted.is_last:
            break
    return found, damaged


def _read(fleet: Fleet, at: datetime, places: list[str], damaged: list[dict[str, t.Any]]) -> dict[str, t.Any] | None:
    """Return a report from the first node on which it can be read; what is wrong with the others is noted."""
    for name in places:
        try:
            data = fleet.node(name).cluster_update.get_report(at)
            return {**parse(data), "bytes": len(data)}
        except OperationError as error:
            damaged.append({"timestamp": at.isoformat(), "node": name, "problem": error.message})
        except ValueError as error:
            damaged.append({"timestamp": at.isoformat(), "node": name, "problem": str(error)})
    return None


def read_native(fleet: Fleet, timestamp: str) -> tuple[dict[str, t.Any], list[dict[str, t.Any]]]:
    """Return one native report, and what is damaged of its copies.

    Args:
        fleet: the nodes that answer.
        timestamp: its time, as a list has it.

    Raises:
        ReportError: it is not there, or no copy of it can be read.
    """
    at = moment(timestamp)
    damaged: list[dict[str, t.Any]] = []
    report = _read(fleet, at, list(fleet.names), damaged)
    if report is None:
        told = "; ".join(f"{each['node']}: {each['problem']}" for each in damaged)
        raise ReportError(
            f"no node can give the report of {timestamp} ({told})",
            operation="report",
            remedy="See which there are with state listed",
            outcome=Outcome.NOT_DONE,
        )
    return {"timestamp": at.isoformat(), **report}, damaged


def store_native(fleet: Fleet, at: datetime, data: bytes, *, is_check: bool) -> Mapping[str, bool]:
    """Store a report on every node, and return for each whether that changed anything.

    Args:
        fleet: the nodes.
        at: its time; CAU names the file by its whole second.
        data: the report.
        is_check: whether nothing is written.

    Raises:
        OperationError: a node did not take it.
    """
    second = at.replace(microsecond=0)
    changed: dict[str, bool] = {}
    for name in fleet.names:
        update = fleet.node(name).cluster_update
        is_there = second in update.report_ids().times and update.get_report(second) == data
        if not is_there and not is_check:
            update.put_report(second, data)
        changed[name] = not is_there
    return changed
