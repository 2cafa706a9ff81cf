# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drains a node and resumes it."""

from __future__ import annotations

import typing as t
from collections.abc import Collection
from dataclasses import replace

from ..module_utils._cau.cluster_view import node_view
from ..module_utils._cau.drain import drain
from ..module_utils._cau.drain_modes import DrainMode
from ..module_utils._cau.drain_plan import DrainOptions, DrainPlan, check_gate, plan_drain
from ..module_utils._cau.fleet import NodeWork
from ..module_utils._cau.in_turn import take_turn
from ..module_utils._cau.repair import wait_for_repair
from ..module_utils._cau.resume import ResumeOptions, plan_resume, resume
from ..module_utils._cau.waiting import names
from ..module_utils._wmi.cluster import FailbackType
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._facts import RunFact
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task cluster_node."""

    TASK = "cluster_node"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Bring the node into the wanted state."""
        fact = task.require_run()
        state = task.arguments["state"]
        with task.work(fact, is_kept=not task.is_check, heeds_stop=state != "active") as work:
            if state == "active":
                return _active(task, work)
            return (_drained if state == "drained" else _in_turn)(task, work, _drain_options(task, fact))


def _drain_options(task: TaskRun, fact: RunFact) -> DrainOptions:
    return DrainOptions(
        drain_seconds=task.arguments["drain_timeout"],
        suspend_seconds=task.arguments["suspend_timeout"],
        settle_seconds=task.arguments["settle_time"],
        poll_seconds=task.arguments["poll_interval"],
        resume_seconds=task.arguments["resume_timeout"],
        accept_down=frozenset(fact.accept_down),
        mode=DrainMode(task.arguments["drain_mode"]),
        accept_offline=frozenset(task.arguments["accept_offline"]),
    )


def _drained(task: TaskRun, work: NodeWork, options: DrainOptions) -> dict[str, t.Any]:
    if not task.is_check:
        done = drain(work, options)
        return _result(work, "paused", done.groups, is_changed=done.is_changed, before="up")
    # A preview does not wait for storage: it tells what is in the way.
    plan = plan_drain(work, replace(options, suspend_seconds=0))
    if plan.is_needed:
        work.say("drain", _preview(plan, options))
    return _result(work, "paused", plan.groups, is_changed=plan.is_needed, before="up")


def _in_turn(task: TaskRun, work: NodeWork, options: DrainOptions) -> dict[str, t.Any]:
    if task.is_check:
        check_gate(work, replace(options, suspend_seconds=0))
        return _result(work, "up", (), is_changed=False, before="")
    return _result(work, "up", (), is_changed=take_turn(work, options), before="up") | {"diff": []}


def _preview(plan: DrainPlan, options: DrainOptions) -> str:
    roles = f": {names(plan.groups)}" if plan.groups else ""
    if plan.is_undrained:
        return f"would be paused without drain and not restarted, {len(plan.groups)} to stay{roles}"
    accepted = {name.casefold() for name in options.accept_offline}
    at_risk = [name for name in plan.groups if name.casefold() in accepted]
    forced = f"; where they cannot leave, {names(at_risk)} would go offline" if at_risk else ""
    return f"would be drained, {len(plan.groups)} to leave{roles}{forced}"


def _active(task: TaskRun, work: NodeWork) -> dict[str, t.Any]:
    options = ResumeOptions(
        failback=FailbackType[task.arguments["failback"].upper()],
        resume_seconds=task.arguments["resume_timeout"],
        poll_seconds=task.arguments["poll_interval"],
    )
    if not task.is_check:
        done = resume(work, options)
        if done.is_changed:
            wait_for_repair(work, task.arguments["wait_for_storage_repair"])
        return _result(work, "up", done.groups_back, is_changed=done.is_changed, before="paused")
    if work.journal is None:
        # A preview has drained nothing, so there is nothing to undo.
        return _result(work, node_view(work).state.name.lower(), (), is_changed=False, before="")
    plan = plan_resume(work)
    if plan.is_needed:
        work.say("resume", "would be resumed")
    return _result(work, "up", plan.groups_before, is_changed=plan.is_needed, before="paused")


def _result(work: NodeWork, state: str, groups: Collection[str], *, is_changed: bool, before: str) -> dict[str, t.Any]:
    diff = [{"before": {"node": work.node, "state": before}, "after": {"node": work.node, "state": state}}] if is_changed else []
    return {"changed": is_changed, "node": {"name": work.node, "state": state, "groups": list(groups)}, "diff": diff}
