# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leads a plug-in of a user's own through its steps: what comes before and after what it does by itself."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..module_utils._cau.errors import UpdatesFailedError
from ..module_utils._cau.plugins import steps
from ..module_utils._cau.plugins.shape import PluginRecord, PluginUpdate, ResultCode, read_found, read_results
from ..module_utils._cau.waiting import names
from ..module_utils._errors import Outcome
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._facts import RunFact
from ..plugin_utils._plugin_facts import PluginFact, as_plugin_row, as_row, plugin_fact, step_result
from ..plugin_utils._plugins import PluginSilentError
from ..plugin_utils._task import TaskRun

_NO_RESTART = {"reboot_required": False, "resume_first": False}


class ActionModule(UpdatingAction):
    """The task plugin_step."""

    TASK = "plugin_step"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Do what the step and the state ask for."""
        work = {
            ("scan", "begun"): _scan_begun,
            ("scan", "ended"): _scan_ended,
            ("stage", "begun"): _stage_begun,
            ("stage", "ended"): _stage_ended,
            ("install", "begun"): _install_begun,
            ("install", "ended"): _install_ended,
        }
        whole = {"open": _is_open, "settled": _settled, "failed": _failed}
        state = task.arguments["state"]
        return whole[state](task) if state in whole else work[task.arguments["step"], state](task)


def _run(task: TaskRun) -> RunFact | None:
    """Return the run of the host; a scan needs none, as in a preview."""
    fact = task.run_fact()
    return fact if fact is not None and fact.nodes else None


def _answer(task: TaskRun, new: PluginFact, run: RunFact | None = None, **values: object) -> dict[str, t.Any]:
    """Return a result with what the plug-in is given for its step."""
    known = run or _run(task)
    call = {
        "name": task.arguments["plugin"],
        "step": new.step,
        "host": task.host,
        "node": known.node if known else task.host,
        "cluster": known.cluster if known else "",
        "run_id": known.run_id if known else None,
        "updates": [as_plugin_row(update, known.node if known else task.host) for update in new.updates_wanted()],
    }
    facts = new.as_facts() | (run.as_facts() if run is not None else {})
    return {"proceed": True, "call": call, "open": False, "found_update_count": 0, **_NO_RESTART, **values, "ansible_facts": facts}


def _node(task: TaskRun) -> str:
    run = _run(task)
    return run.node if run is not None else task.host


def _require_lock(task: TaskRun) -> bool:
    """Read the lock, and return whether the outcome of an installation by the plug-in is to be found out."""
    run = _run(task)
    if run is None or run.run_id is None or task.is_check:
        return False
    with task.work(run, is_kept=False) as work:
        steps.require_lock(work)
        return steps.is_open(work, task.arguments["plugin"])


def _told(task: TaskRun, fact: PluginFact) -> Sequence[Mapping[str, t.Any]]:
    """Return what the plug-in has said in this step; nothing said is no result."""
    plugin, step = task.arguments["plugin"], task.arguments["step"]
    if fact.plugin != plugin or fact.step != step or fact.told is None:
        raise PluginSilentError(plugin, step, _node(task))
    return fact.told


def _scan_begun(task: TaskRun) -> dict[str, t.Any]:
    fact, plugin = plugin_fact(task), task.arguments["plugin"]
    # A scan that is to settle an installation which has failed does not make it undone.
    known = fact if _require_lock(task) else fact.forgotten(plugin)
    return _answer(task, known.begun(plugin, "scan"))


def _scan_ended(task: TaskRun) -> dict[str, t.Any]:
    fact, plugin = plugin_fact(task), task.arguments["plugin"]
    found = read_found(plugin, _node(task), _told(task, fact))
    _require_lock(task)
    task.progress.say(_node(task), "scan", f"{plugin} {f'finds {len(found)}: {_titles(found)}' if found else 'finds nothing'}")
    rows = [as_row(update) for update in found]
    return _answer(task, replace(fact, plugin="", step="", found=fact.found | {plugin: rows}), found_update_count=len(found))


def _stage_begun(task: TaskRun) -> dict[str, t.Any]:
    _require_lock(task)
    fact, plugin = plugin_fact(task), task.arguments["plugin"]
    found = fact.updates_found(plugin)
    return _answer(task, fact.begun(plugin, "stage", found), proceed=bool(found) and not task.is_check, found_update_count=len(found))


def _stage_ended(task: TaskRun) -> dict[str, t.Any]:
    fact, plugin = plugin_fact(task), task.arguments["plugin"]
    records = read_results(plugin, _node(task), _told(task, fact), fact.updates_wanted(), is_install=False)
    _require_lock(task)
    failure = _failure(task, records, "stage")
    if failure is not None:
        raise failure
    task.progress.say(_node(task), "stage", f"{plugin} has staged {len(records)}")
    return _answer(task, replace(fact, plugin="", step=""), changed=bool(records))


def _install_begun(task: TaskRun) -> dict[str, t.Any]:
    run, fact, plugin = task.require_run(), plugin_fact(task), task.arguments["plugin"]
    found = fact.updates_found(plugin)
    if run.run_id is None or task.is_check:
        return _preview(task, run, fact, found)
    with task.work(run) as work:
        start = steps.begin_install(work, plugin, found, task.arguments["max_rounds"])
        restart = steps.PluginRestart() if start.is_begun else steps.restart_of(work, is_due=start.reboot_required)
    if start.is_begun:
        return _answer(task, fact.begun(plugin, "install", start.to_install), found_update_count=len(start.to_install))
    told = _restart_fields(restart)
    # What awaits a restart asks for it, and where it is left undone another round would find the same.
    done = step_result(plugin, ()) | told | {"another_round": restart.is_due}
    return _answer(task, fact.with_done(plugin, done), proceed=False, **told)


def _preview(task: TaskRun, run: RunFact, fact: PluginFact, found: Sequence[PluginUpdate]) -> dict[str, t.Any]:
    """Say what would be installed; the plug-in itself is not asked to."""
    plugin = task.arguments["plugin"]
    if found:
        task.progress.say(run.node, "install", f"{len(found)} would be installed by {plugin}: {_titles(found)}")
    counted = replace(run, updates=run.updates + len(found)) if run.run_id is None else None
    done = step_result(plugin, ()) | {"changed": bool(found)}
    return _answer(task, fact.with_done(plugin, done), counted, proceed=False, changed=bool(found))


def _install_ended(task: TaskRun) -> dict[str, t.Any]:
    run, fact, plugin = task.require_run(), plugin_fact(task), task.arguments["plugin"]
    records = read_results(plugin, run.node, _told(task, fact), fact.updates_wanted(), is_install=True)
    # What has been done is written down even when the run is to stop.
    with task.work(run, heeds_stop=False) as work:
        is_due = steps.end_install(work, plugin, records)
        restart = steps.restart_of(work, is_due=is_due)
    done = step_result(plugin, records)
    done |= _restart_fields(restart) | {"another_round": restart.is_due or (done["changed"] and not is_due)}
    failure = _failure(task, records, "install")
    if failure is not None:
        done |= _failed_fields(failure.message, type(failure).__name__, Outcome.FAILED.value)
    counted = replace(run, updates=run.updates + done["installed_update_count"])
    new = fact.with_done(plugin, done)
    return _answer(task, new, counted, changed=done["changed"], **_restart_fields(restart))


def _is_open(task: TaskRun) -> dict[str, t.Any]:
    run, fact = task.require_run(), plugin_fact(task)
    if run.run_id is None or task.is_check:
        return _answer(task, fact)
    with task.work(run, is_kept=False, heeds_stop=False) as work:
        return _answer(task, fact, open=steps.is_open(work, task.arguments["plugin"]))


def _settled(task: TaskRun) -> dict[str, t.Any]:
    run, fact, plugin = task.require_run(), plugin_fact(task), task.arguments["plugin"]
    with task.work(run, heeds_stop=False) as work:
        records = steps.settle(work, plugin, fact.updates_found(plugin), is_busy=fact.is_busy)
        restart = steps.restart_of(work, is_due=any(record.reboot_required for record in records))
    done = step_result(plugin, records)
    counted = replace(run, updates=run.updates + done["installed_update_count"])
    before = fact.done.get(plugin, {})
    done |= {name: before[name] for name in ("failed", "reason", "error", "outcome") if name in before}
    done |= _restart_fields(restart) | {"another_round": restart.is_due}
    return _answer(task, fact.with_done(plugin, done), counted, changed=bool(records))


def _failed(task: TaskRun) -> dict[str, t.Any]:
    """Note that the plug-in has failed, and say whether the outcome of its installation is to be found out."""
    fact, plugin, error = plugin_fact(task), task.arguments["plugin"], task.arguments["error"]
    reason = str(error.get("reason") or error.get("msg") or "the reason is not known").rstrip(".")
    outcome = str(error.get("outcome") or Outcome.FAILED.value)
    done = step_result(plugin, ()) | _failed_fields(reason, str(error.get("error") or ""), outcome)
    is_open = False
    run = _run(task)
    if run is not None and run.run_id is not None and not task.is_check:
        with task.work(run, is_kept=False, heeds_stop=False) as work:
            is_open = steps.is_open(work, plugin)
    task.progress.say(_node(task), fact.step or "scan", f"{plugin} FAILED: {reason}")
    return _answer(task, fact.with_done(plugin, done), open=is_open)


def _restart_fields(restart: steps.PluginRestart) -> dict[str, t.Any]:
    return {"reboot_required": restart.is_due, "resume_first": restart.resume_first}


def _failed_fields(reason: str, kind: str, outcome: str) -> dict[str, t.Any]:
    return {"failed": True, "reason": reason, "error": kind, "outcome": outcome}


def _failure(task: TaskRun, records: Sequence[PluginRecord], operation: str) -> UpdatesFailedError | None:
    bad = [record for record in records if record.result is not ResultCode.SUCCEEDED]
    if not bad:
        return None
    verb = "staged" if operation == "stage" else "installed"
    return UpdatesFailedError(
        f"{len(bad)} not {verb}: {names((record.sentence() for record in bad), most=20)}",
        results=bad,
        node=_node(task),
        operation=operation,
        code=bad[0].error_code or None,
        remedy="Look at what the plug-in and the vendor's tool say",
    )


def _titles(updates: Sequence[PluginUpdate]) -> str:
    return names(update.title for update in updates)
