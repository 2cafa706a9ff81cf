# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks about updates share: their options, and results with the keys of ansible.windows.win_updates.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterable, Iterator, Mapping

from ..module_utils._cau.fleet import NodeWork
from ..module_utils._cau.selection import Selection, as_plain
from ..module_utils._cau.updates import ScanOutcome, UpdateOptions, scan
from ..module_utils._wmi.cluster_update import OfferedUpdate, UpdateResult, UpdateResultCode
from ..module_utils._wmi.codes import explain
from ._facts import RunFact
from ._task import TaskRun

Updates: t.TypeAlias = dict[str, dict[str, t.Any]]
"""The updates of a result by their ids."""

# The options of the tasks and the fields of UpdateOptions that they fill; not every task has all of them.
OPTIONS = {
    "query_string": "query",
    "include_recommended_updates": "include_recommended",
    "scan_timeout": "scan_seconds",
    "download_timeout": "download_seconds",
    "install_timeout": "install_seconds",
    "batch_size": "batch_size",
    "max_rounds": "max_rounds",
}


def update_options(arguments: Mapping[str, t.Any]) -> UpdateOptions:
    """Return the options of a task as the layer below wants them; mistakes in the lists come out here.

    Args:
        arguments: the validated arguments of the task.
    """
    selection = Selection(arguments["accept"], arguments["reject"], arguments["select"])
    named = {field: arguments[option] for option, field in OPTIONS.items() if option in arguments}
    return UpdateOptions(selection=selection, **named)


@contextlib.contextmanager
def scanning_work(task: TaskRun, fact: RunFact | None = None) -> Iterator[NodeWork]:
    """Give what a scan needs: the work of the run that holds the lock, or a look at the host alone while nobody else updates it.

    Args:
        task: the task.
        fact: the run as the host of the node knows it; that of the task's host by default.
    """
    fact = fact or task.run_fact()
    if fact is not None:
        with task.work(fact, is_kept=not task.is_check) as work:
            if work.journal is None:
                task.require_nobody_else(work, fact.host)
            yield work
        return
    work = task.lone_work()
    task.require_nobody_else(work)
    yield work


def preview(task: TaskRun, options: UpdateOptions, step: str, what: str, fact: RunFact | None = None) -> dict[str, t.Any]:
    """Return the result of a task that would do something with the updates that a scan finds.

    Args:
        task: the task, in check mode.
        options: which updates are meant.
        step: the step that would follow.
        what: what would become of the updates.
        fact: the run as the host of the node knows it; that of the task's host by default.
    """
    with scanning_work(task, fact) as work:
        found = scan(work, options)
        if found.accepted:
            work.say(step, f"{len(found.accepted)} would be {what}")
    return scan_result(found) | {"changed": bool(found.accepted)}


def scan_result(found: ScanOutcome) -> dict[str, t.Any]:
    """Return what a scan found, with the keys of win_updates."""
    return {
        "updates": {update.update_id: update_fields(update) for update in found.accepted},
        "filtered_updates": {
            each.update.update_id: update_fields(each.update) | {"filtered_reason": each.reason} for each in found.left_out
        },
        "found_update_count": len(found.accepted),
        "reboot_required": found.reboot_required,
    }


def update_fields(update: OfferedUpdate) -> dict[str, t.Any]:
    """Return one offered update as a dictionary."""
    return as_plain(update) | {"downloaded": False, "installed": False}


def mark(updates: Updates, results: Iterable[UpdateResult], done: str) -> int:
    """Enter what became of updates, and return how many of them succeeded.

    Args:
        updates: the result's updates by id, which are changed.
        results: what the node says.
        done: the field to set for those that succeeded, "downloaded" or "installed".
    """
    succeeded = 0
    for result in results:
        entry = updates.get(result.update_id)
        is_good = result.result is UpdateResultCode.SUCCEEDED
        succeeded += is_good
        if entry is None:
            continue
        entry[done] = is_good
        if not is_good:
            entry["failure_hresult_code"] = result.error_code
            entry["failure_msg"] = explain(result.error_code) if result.error_code else result.result.name.lower()
    return succeeded
