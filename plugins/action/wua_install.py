# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs updates on a drained node; one call is one round without its restart."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import replace

from ..module_utils._cau.fleet import NodeWork
from ..module_utils._cau.install import install, plan_install
from ..module_utils._cau.install_records import InstallOutcome, InstallRecord, InstallState
from ..module_utils._cau.query import validate
from ..module_utils._cau.updates import UpdateOptions
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._facts import RunFact
from ..plugin_utils._task import TaskRun
from ..plugin_utils._updates import Updates, scan_result, scanning_work, update_fields, update_options


class ActionModule(UpdatingAction):
    """The task wua_install."""

    TASK = "wua_install"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Scan the node and install what was selected, where that is allowed."""
        options = update_options(task.arguments)
        validate(options.query)
        if task.is_check:
            return _preview(task, options)
        if task.arguments["stand_alone"]:
            return _install(task, None, task.stand_alone_work(), options)
        fact = task.require_run()
        with task.work(fact) as work:
            work.in_service = task.arguments["in_service"]
            return _install(task, fact, work, options)


def _install(task: TaskRun, fact: RunFact | None, work: NodeWork, options: UpdateOptions) -> dict[str, t.Any]:
    done = install(work, options)
    result = _result(done)
    failure = done.failure(work.node)
    if failure is not None:
        task.partial.update(result)
        raise failure
    if fact is not None:
        result["ansible_facts"] = replace(fact, updates=fact.updates + len(done.installed)).as_facts()
    return result


def _preview(task: TaskRun, options: UpdateOptions) -> dict[str, t.Any]:
    if task.arguments["stand_alone"]:
        task.stand_alone_work()
    with scanning_work(task) as work:
        plan = plan_install(work, options)
        if plan.to_install:
            work.say("install", f"{len(plan.to_install)} would be installed, with a restart where an update asks for one")
    nothing_done = InstallOutcome(plan, (), plan.reboot_required, plan.rounds)
    result = _result(nothing_done) | {"changed": bool(plan.to_install), "another_round": False}
    fact = task.run_fact()
    if fact is not None and fact.run_id is None:
        result["ansible_facts"] = replace(fact, updates=len(plan.to_install)).as_facts()
    return result


def _result(done: InstallOutcome) -> dict[str, t.Any]:
    result = scan_result(done.plan.scan)
    _mark(result["updates"], done.records)
    titles = [record.update.title for record in done.installed]
    return result | {
        "changed": bool(done.installed),
        "installed_update_count": len(done.installed),
        "failed_update_count": len(done.failed),
        "reboot_required": done.reboot_required,
        "resume_first": done.is_stay_over,
        "restart_left": done.is_restart_left,
        "another_round": done.another_round,
        "rounds": done.rounds,
        "diff": [{"before": {"installed": []}, "after": {"installed": titles}}] if titles else [],
    }


def _mark(updates: Updates, records: Iterable[InstallRecord]) -> None:
    """Enter what became of each update; one that an earlier task left open may not be among those of the scan."""
    for record in records:
        entry = updates.setdefault(record.update.update_id, update_fields(record.update))
        entry["state"] = record.state
        entry["reboot_required"] = record.reboot_required
        entry["installed"] = record.state is InstallState.INSTALLED
        entry["downloaded"] = entry["installed"]
        if record.state is not InstallState.INSTALLED:
            entry["failure_msg"] = record.reason
        if record.error_code:
            entry["failure_hresult_code"] = record.error_code
