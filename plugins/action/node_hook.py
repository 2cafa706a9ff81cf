# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says when the tasks of a user's own around a node have their place, and keeps account of them."""

from __future__ import annotations

import posixpath
import typing as t
from collections.abc import Mapping

from ..module_utils._cau import hooks
from ..module_utils._cau.errors import PostNodeTasksError, PreNodeTasksError
from ..module_utils._cau.fleet import NodeWork
from ..module_utils._cau.waiting import Deadline
from ..module_utils._errors import Outcome
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._facts import RunFact
from ..plugin_utils._plugin_facts import plugin_fact
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task node_hook."""

    TASK = "node_hook"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Do what the hook and the state ask for."""
        fact = task.require_run()
        if fact.run_id is None or task.is_check:
            return _preview(task, fact)
        work = {"begun": _begun, "ended": _ended, "failed": _failed}
        return work[task.arguments["state"]](task, fact)


def _preview(task: TaskRun, fact: RunFact) -> dict[str, t.Any]:
    file = task.arguments["file"]
    if file and task.arguments["state"] == "begun":
        task.progress.say(fact.node, "drain" if task.arguments["hook"] != "post" else "resume", f"{_short(file)} would be run")
    return {"due": False, "since": int(task.clock.now()), "plan": _plan(task, fact), "result": _result(task, fact)}


def _begun(task: TaskRun, fact: RunFact) -> dict[str, t.Any]:
    hook = task.arguments["hook"]
    with task.work(fact, is_kept=False, heeds_stop=hook != "post") as work:
        is_due = _is_due(task, work, hook)
    return {"due": is_due, "since": int(task.clock.now()), "plan": _plan(task, fact), "result": _result(task, fact)}


def _is_due(task: TaskRun, work: NodeWork, hook: str) -> bool:
    if hook == "blocker":
        return hooks.is_before_drain(work)
    if hook == "pre":
        hooks.begin_pre_node(work)
        return True
    if not hooks.is_post_node_due(work):
        return False
    if not task.arguments["file"]:
        hooks.close(work)
        return False
    return True


def _ended(task: TaskRun, fact: RunFact) -> dict[str, t.Any]:
    with task.work(fact, is_kept=False, heeds_stop=False) as work:
        hooks.close(work)
    return {"due": False, "since": int(task.clock.now()), "plan": _plan(task, fact), "result": _result(task, fact)}


def _failed(task: TaskRun, fact: RunFact) -> dict[str, t.Any]:
    error, hook, file = task.arguments["error"], task.arguments["hook"], task.arguments["file"]
    reason = _reason(error)
    if hook == "blocker":
        deadline = Deadline(task.clock, task.arguments["blocker_timeout"])
        deadline.began = deadline.began if task.arguments["since"] is None else task.arguments["since"]
        with task.work(fact) as work:
            hooks.wait_to_try_again(work, deadline, task.arguments["blocker_interval"], _short(file), reason)
        return {"due": True, "since": int(deadline.began), "plan": _plan(task, fact), "result": _result(task, fact)}
    with task.work(fact, is_kept=False, heeds_stop=False) as work:
        hooks.close(work)
    kinds = [str(error.get("error") or "")]
    said = f"the tasks {'before' if hook == 'pre' else 'after'} the node failed ({_short(file)}): {reason}"
    if hook == "pre":
        remedy = "The node was not touched; mend what is named, then run the same playbook again"
        raise PreNodeTasksError(
            said, errors=kinds, node=fact.node, operation="drain", remedy=remedy, outcome=Outcome.NOT_DONE
        )
    raise PostNodeTasksError(said, errors=kinds, node=fact.node, operation="resume", remedy="Mend what is named")


def _plan(task: TaskRun, fact: RunFact) -> dict[str, t.Any]:
    """Return what the run is about to do to the node, for the user's own tasks."""
    found, hotfixes = task.arguments["found"], task.arguments["hotfixes"]
    return {
        "node": fact.node,
        "host": task.host,
        "cluster": fact.cluster,
        "run_id": fact.run_id,
        "updates": [{"update_id": key, **value} for key, value in (found.get("updates") or {}).items()],
        "plugin_updates": [{"plugin": name, **row} for name, rows in plugin_fact(task).found.items() for row in rows],
        "hotfixes": [each["path"] for each in hotfixes.get("hotfixes") or ()] if hotfixes.get("left_hotfix_count") else [],
        "left_by_dead_run": task.arguments["left"] or None,
    }


def _result(task: TaskRun, fact: RunFact) -> dict[str, t.Any]:
    """Return what the run has done to the node, for the user's own tasks."""
    error = task.arguments["error"]
    is_failed = bool(error) or (fact.outcome or {}).get("state") in {"failed", "left_out"}
    counts = fact.outcome or {"updates": fact.updates, "hotfixes": fact.hotfixes, "restarts": fact.restarts}
    return {
        "state": "failed" if is_failed else "ok",
        "reason": _reason(error) if error else (fact.outcome or {}).get("reason"),
        **{name: counts[name] for name in ("updates", "hotfixes", "restarts")},
    }


def _reason(error: Mapping[str, t.Any]) -> str:
    return str(error.get("reason") or error.get("msg") or "the reason is not known").rstrip(".")


def _short(file: str) -> str:
    return posixpath.basename(file)
