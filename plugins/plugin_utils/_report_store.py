# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports of this controller: which there are, and one of them in every form.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..module_utils._cau.errors import CauError
from ..module_utils._cau.report.files import Record, RunFolder, run_folders, write_whole
from ..module_utils._cau.report.moments import moment
from ..module_utils._cau.waiting import names
from ..module_utils._errors import Outcome
from ._recorder import reason_of
from ._reports import read_record, rendered

# A run without trouble has its nodes in one of these.
_GOOD_NODES = frozenset({"ok", "nothing_to_do", "left_alone", "not_in_run", "waiting", "in_work"})


class ReportError(CauError):
    """A report is not there, or cannot be read, written or filtered as asked."""


@dataclass(frozen=True)
class Wanted:
    """Which reports are meant.

    Args:
        cluster: of this cluster, None for all.
        run_id: of the run whose id begins so, None for all.
        after: of runs that began then or later.
        before: of runs that began before.
        is_last: the newest of them only.
    """

    cluster: str | None = None
    run_id: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    is_last: bool = False

    def has_time(self, at: datetime) -> bool:
        """Return whether a time is within the limits."""
        return (self.after is None or at >= self.after) and (self.before is None or at < self.before)


@dataclass(frozen=True)
class Stored:
    """A report of this controller.

    Args:
        folder: where it is.
        record: what it says.
    """

    folder: RunFolder
    record: Record


def find(directory: Path, wanted: Wanted) -> tuple[list[Stored], list[dict[str, str]]]:
    """Return the reports that are meant, the newest first, and what could not be read.

    Raises:
        ReportError: the report directory cannot be read.
    """
    found: list[Stored] = []
    damaged = []
    try:
        folders = list(run_folders(directory))
    except OSError as error:
        raise _error(f"the report directory {directory} cannot be read: {reason_of(error)}", "Look at its permissions") from error
    for folder in reversed(folders):
        if wanted.run_id is not None and not folder.run_id.startswith(wanted.run_id.casefold()):
            continue
        try:
            record = read_record(folder)
            is_meant = _is_meant(record, wanted)
        except (OSError, ValueError, KeyError, TypeError) as error:
            damaged.append({"directory": str(folder.path), "problem": reason_of(error)})
            continue
        if is_meant:
            found.append(Stored(folder, record))
    found.sort(key=lambda stored: moment(stored.record["run"]["started_at"]), reverse=True)
    return found[:1] if wanted.is_last else found, damaged


def find_one(directory: Path, wanted: Wanted) -> Stored:
    """Return the one report that is meant.

    Raises:
        ReportError: none or several are, or it is damaged.
    """
    found, damaged = find(directory, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        which = names(f"{stored.record['run']['run_id']} of {stored.record['run']['cluster']}" for stored in found)
        raise _error(f"{len(found)} reports are meant: {which}", "Name one with run_id, or take the newest with last")
    if damaged:
        raise _error(f"the report in {damaged[0]['directory']} cannot be read: {damaged[0]['problem']}", "Read another one")
    raise _error(f"there is no such report in {directory}", "See which there are with state listed")


def summary_of(stored: Stored) -> dict[str, t.Any]:
    """Return what a list of reports shows of one."""
    run, nodes = stored.record["run"], stored.record["nodes"]
    files = {name: path for name in ("json", "html", "csv") if (path := stored.folder.path / f"report.{name}").exists()}
    return {
        **{name: run[name] for name in ("run_id", "cluster", "state", "reason", "started_at", "ended_at", "seconds", "controller", "user")},
        "installed": sum(node["counts"]["installed"] for node in nodes),
        "failed": sum(node["counts"]["failed"] for node in nodes),
        "restarts": sum(node["restarts"] for node in nodes),
        "nodes": [node["node"] for node in nodes],
        "bad_nodes": [node["node"] for node in nodes if node["state"] not in _GOOD_NODES],
        "directory": str(stored.folder.path),
        "files": {name: str(path) for name, path in files.items()},
    }


def export(stored: Stored, formats: Sequence[str], dest: Path, *, is_check: bool) -> tuple[dict[str, str], bool]:
    """Write a report into a folder, and return its files by their forms and whether any was changed.

    Args:
        stored: the report.
        formats: the forms that are wanted.
        dest: the folder.
        is_check: whether nothing is written.

    Raises:
        ReportError: it could not be written.
    """
    files: dict[str, str] = {}
    is_changed = False
    for name, text in rendered(stored.record, formats).items():
        path = dest / f"{stored.folder.path.name}.{name}"
        files[name] = str(path)
        try:
            is_there = path.exists() and path.read_bytes() == text.encode()
            is_changed = is_changed or not is_there
            if not is_there and not is_check:
                write_whole(path, text)
        except OSError as error:
            raise _error(f"{path} cannot be written: {reason_of(error)}", "Name a folder that can be written with dest") from error
    return files, is_changed


def _is_meant(record: Mapping[str, t.Any], wanted: Wanted) -> bool:
    run = record["run"]
    is_cluster = wanted.cluster is None or str(run["cluster"]).casefold() == wanted.cluster.casefold()
    return is_cluster and wanted.has_time(moment(run["started_at"]))


def _error(message: str, remedy: str) -> ReportError:
    return ReportError(message, operation="report", remedy=remedy, outcome=Outcome.NOT_DONE)
