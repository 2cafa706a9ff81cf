# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists, reads, filters and exports the reports of runs, and the native ones that the nodes keep."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ..module_utils._cau.expression import compiled
from ..module_utils._cau.report.moments import moment
from ..module_utils._cau.report.native import write
from ..module_utils._errors import Outcome
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._native_reports import cluster_fleet, find_native, read_native, store_native
from ..plugin_utils._report_store import ReportError, Wanted, export, find, find_one, summary_of
from ..plugin_utils._reports import directory_of
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task report."""

    TASK = "report"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Do what the state asks for."""
        state, source = task.arguments["state"], task.arguments["source"]
        search = _search(task.arguments["query"])
        works = {
            ("listed", "controller"): _listed,
            ("read", "controller"): _read,
            ("exported", "controller"): _exported,
            ("listed", "nodes"): _listed_native,
            ("read", "nodes"): _read_native,
            ("stored", "nodes"): _stored,
        }
        if (state, source) not in works:
            raise _wrong(f"state {state} does not go with source {source}", "Look at the table in docs/reports.md")
        return works[state, source](task, search)


Search: t.TypeAlias = Callable[[object], object]


def _search(query: str | None) -> Search:
    """Return what filters a result; everything passes without an expression."""
    if query is None or not query.strip():
        return lambda data: data

    def wrong(message: str) -> ReportError:
        return _wrong(message, "Write a JMESPath expression, such as [?state=='failed'] for a list of reports")

    return compiled("query", query, wrong)


def _wrong(message: str, remedy: str) -> ReportError:
    return ReportError(message, operation="report", remedy=remedy, outcome=Outcome.NOT_DONE)


def _listed(task: TaskRun, search: Search) -> dict[str, t.Any]:
    found, damaged = find(_directory(task), _wanted(task))
    for each in damaged:
        task.progress.say(None, "report", f"damaged: {each['directory']}: {each['problem']}")
    return {"reports": search([summary_of(stored) for stored in found]), "damaged": damaged}


def _read(task: TaskRun, search: Search) -> dict[str, t.Any]:
    return {"record": search(find_one(_directory(task), _wanted(task)).record), "damaged": []}


def _exported(task: TaskRun, _search: Search) -> dict[str, t.Any]:
    if task.arguments["dest"] is None:
        raise _wrong("state exported needs dest, the folder to write to", "Name it")
    stored = find_one(_directory(task), _wanted(task))
    files, is_changed = export(stored, task.arguments["formats"], Path(task.arguments["dest"]), is_check=task.is_check)
    return {"changed": is_changed, "files": files, "damaged": []}


def _listed_native(task: TaskRun, search: Search) -> dict[str, t.Any]:
    fleet, unreachable = cluster_fleet(task)
    found, damaged = find_native(fleet, _wanted(task))
    for each in damaged:
        task.progress.say(each["node"], "report", f"damaged: {each['timestamp'] or 'no time'}: {each['problem']}")
    return {"reports": search(found), "damaged": damaged, "no_answer": unreachable}


def _read_native(task: TaskRun, search: Search) -> dict[str, t.Any]:
    if task.arguments["timestamp"] is None:
        raise _wrong("reading a native report needs timestamp, the time by which the list names it", "Name it")
    _moment(task, "timestamp")
    fleet, unreachable = cluster_fleet(task)
    record, damaged = read_native(fleet, task.arguments["timestamp"])
    return {"record": search(record), "damaged": damaged, "no_answer": unreachable}


def _stored(task: TaskRun, _search: Search) -> dict[str, t.Any]:
    if not task.arguments["experimental"]:
        raise _wrong(
            "writing a report into the native store is experimental: its form is not documented, and one that CAU cannot read breaks "
            "Get-CauRun and Get-CauReport on the cluster",
            "Set experimental to true only on a cluster that you can spare",
        )
    record = find_one(_directory(task), _wanted(task)).record
    if record["run"]["ended_at"] is None:
        raise _wrong("the run has not ended", "Store its report when it has")
    fleet, unreachable = cluster_fleet(task)
    if unreachable or fleet.cluster.casefold() != str(record["run"]["cluster"]).casefold():
        why = f"{', '.join(unreachable)} gives no answer" if unreachable else f"the report is of {record['run']['cluster']}"
        raise _wrong(f"the report is not stored on {fleet.cluster}: {why}", "Name hosts of the cluster of the report, all of which answer")
    at = moment(record["run"]["ended_at"])
    changed = store_native(fleet, at, write(record), is_check=task.is_check)
    stamp = at.replace(microsecond=0).isoformat()
    return {"changed": any(changed.values()), "timestamp": stamp, "nodes": changed, "damaged": []}


def _directory(task: TaskRun) -> Path:
    return directory_of(task.arguments["directory"])


def _wanted(task: TaskRun) -> Wanted:
    return Wanted(
        cluster=task.arguments["cluster"],
        run_id=task.arguments["run_id"],
        after=_moment(task, "after"),
        before=_moment(task, "before"),
        is_last=task.arguments["last"],
    )


def _moment(task: TaskRun, option: str) -> datetime | None:
    """Return a time that the user wrote; without a time zone it is UTC."""
    text = task.arguments[option]
    if text is None:
        return None
    try:
        found = moment(text)
    except ValueError:
        raise _wrong(f"{option} is no time: {text!r}", "Write it as 2026-03-01 or 2026-03-01T20:00:00+00:00") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
