# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the report of a run that has ended, and completes those of runs that were killed.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ansible import constants
from ansible.release import __version__ as ansible_version

from ..module_utils._cau.recovery import FoundRun, Life
from ..module_utils._cau.report.files import RECORD, Record, RunFolder, folder_of, run_folders
from ..module_utils._cau.report.record import Ending, RunState, build
from ..module_utils._cau.report.table import to_csv
from ..module_utils._cau.report.text import to_json
from ..module_utils._cau.run_id import short_id
from ._controller_facts import collection_version
from ._facts import RunFact
from ._process import is_running
from ._recorder import display, reason_of, run_folder
from ._report_page import to_html

if t.TYPE_CHECKING:
    from ._task import TaskRun

FORMATS = ("json", "html", "csv")


def default_directory() -> Path:
    """Return where reports are kept unless the user says otherwise: beside what Ansible itself keeps for the user."""
    return Path(str(constants.config.get_config_value("ANSIBLE_HOME"))) / "cluster_aware_updating" / "reports"


def directory_of(given: str | None) -> Path:
    """Return the report directory.

    Args:
        given: as the user named it, None or empty for the default.
    """
    return Path(given).expanduser().absolute() if given else default_directory()


def versions() -> dict[str, str]:
    """Return the versions of what drives a run."""
    return {"collection": own_version(), "ansible_core": str(ansible_version)}


def own_version() -> str:
    """Return the version of the collection."""
    return collection_version(Path(__file__).parents[2])


def rendered(record: Record, formats: Iterable[str]) -> dict[str, str]:
    """Return the text of each form of a report.

    Args:
        record: the record.
        formats: the forms.
    """
    makers = {"json": to_json, "html": to_html, "csv": to_csv}
    return {name: makers[name](record) for name in formats}


def write_report(folder: RunFolder, ending: Ending, formats: Iterable[str], nodes: Mapping[str, str], cluster: str) -> dict[str, str]:
    """Write the report of a run, and return its files by their forms; the one in JSON is always there.

    Args:
        folder: of the run, with what its tasks have left.
        ending: what else is known about its end.
        formats: the forms that are wanted.
        nodes: the inventory host of each node, for a run that has left nothing here.
        cluster: its cluster, for the same.

    Raises:
        OSError: something could not be read or written.
        ValueError: nothing says what run it was.
    """
    record = build(folder.pieces(), ending, nodes, cluster, own_version())
    wanted = [name for name in FORMATS if name in {*formats, "json"}]
    files = {name: str(folder.write(f"report.{name}", text)) for name, text in rendered(record, wanted).items()}
    if record["lock"]["is_released"] or record["run"]["state"] is RunState.REFUSED or ending.completed_by is not None:
        folder.forget_pieces()
    return files


def finish_report(task: TaskRun) -> dict[str, t.Any] | None:
    """Write the report when a task has ended its run, or was stopped itself.

    Returns:
        Where it is, or why it could not be written; None when no report is due.
    """
    fact, folder = task.recorder.fact, task.recorder.folder
    if fact is None or folder is None or not task.recorder.is_concluded:
        return None
    try:
        files = write_report(folder, Ending(), fact.report_formats, fact.nodes, fact.cluster)
    except Exception as error:  # whatever is wrong with a report, the run comes first
        reason = reason_of(error)
        display.warning(f"The report of run {short_id(str(fact.run_id))} could not be written to {folder.path}: {reason}")
        task.progress.say(None, "report", f"NOT WRITTEN to {folder.path}: {reason}")
        return {"directory": str(folder.path), "files": {}, "problem": reason}
    task.progress.say(None, "report", str(shown_file(files)))
    return {"directory": str(folder.path), "files": files, "problem": None}


def shown_file(files: Mapping[str, str]) -> str | None:
    """Return the file of a report in which a user reads it, None when there is none.

    Args:
        files: its files by their forms.
    """
    return files.get("html") or files.get("json")


def report_of(fact: RunFact) -> str | None:
    """Return the file in which a user reads the report of a run, None when there is none."""
    folder = run_folder(fact)
    if folder is None:
        return None
    return next((str(path) for name in ("html", "json") if (path := folder.path / f"report.{name}").exists()), None)


def complete_earlier(task: TaskRun, over: Sequence[FoundRun]) -> list[str]:
    """Complete the reports of runs that were killed, once their lock is taken over; what cannot be written is told.

    Args:
        task: the task that has taken the lock.
        over: what was found of the runs that it took over.

    Returns:
        The reports that were completed.
    """
    fact = task.recorder.fact
    if fact is None or not fact.report_directory:
        return []
    done: list[str] = []
    directory = Path(fact.report_directory)
    try:
        for folder, found in _unfinished(directory, fact.cluster, fact.run_id, over):
            ending = Ending(found=found, completed_by=fact.run_id)
            files = write_report(folder, ending, fact.report_formats, fact.nodes, fact.cluster)
            shown = str(shown_file(files))
            task.progress.say(None, "report", f"of run {short_id(folder.run_id)}, which did not end by itself: {shown}")
            done.append(shown)
    except Exception as error:  # whatever is wrong with a report, the run comes first
        reason = reason_of(error)
        display.warning(f"The report of an earlier run could not be completed in {directory}: {reason}")
        task.progress.say(None, "report", f"of an earlier run NOT COMPLETED in {directory}: {reason}")
    return done


def _unfinished(
    directory: Path, cluster: str, own: str | None, over: Sequence[FoundRun]
) -> Iterable[tuple[RunFolder, FoundRun | None]]:
    """Give the runs of a cluster whose report lacks its end, each with what the journal says."""
    known = {folder.run_id: folder for folder in run_folders(directory)}
    dead = {run.run_id.casefold(): run for run in over if run.owner is not None}
    for run_id, run in dead.items():
        folder = known.get(run_id)
        if folder is None and run.life is not Life.ENDED and run.owner is not None:
            # Another controller drove it. One that has ended has its report there.
            yield folder_of(directory, cluster, run.owner.started_at, run_id), run
    for run_id, folder in known.items():
        pieces = folder.pieces()
        begun = pieces.run
        if run_id == own or begun is None or begun["cluster"] != cluster or is_running(str(begun["process"])):
            continue
        yield folder, dead.get(run_id)


def read_record(folder: RunFolder) -> Record:
    """Return the record of a run: the finished one, or what its tasks have left so far.

    Raises:
        OSError: it could not be read.
        ValueError: what stands there is no record.
    """
    pieces = folder.pieces()
    record = None if pieces.run is not None else folder.record()
    if record is not None:
        return record
    if pieces.run is None:
        raise ValueError(f"{folder.path / RECORD} is missing, and nothing else in the folder says what run it was")
    ending = Ending(is_running=is_running(str(pieces.run["process"])))
    return build(pieces, ending, {}, "", own_version())
