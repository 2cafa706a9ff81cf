# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applies hotfixes to a drained node; one call is one round without its restart."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ..module_utils._cau.fleet import NodeWork
from ..module_utils._cau.hotfix.apply import apply, plan_apply
from ..module_utils._cau.hotfix.folder import Hotfix
from ..module_utils._cau.hotfix.recheck import require_unchanged
from ..module_utils._cau.hotfix.records import HotfixOptions, HotfixOutcome
from ..module_utils._cau.hotfix.root import HotfixRoot
from ..module_utils._smb.share import Share
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._facts import RunFact
from ..plugin_utils._hotfix import checked_root, root_result
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task hotfix_apply."""

    TASK = "hotfix_apply"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Read and check the folder, then apply what this run has not dealt with on the node."""
        fact = task.require_run()
        with checked_root(task, list(fact.nodes)) as (share, root), task.work(fact, is_kept=not task.is_check) as work:
            if task.is_check:
                return _preview(task, fact, work, share, root)
            work.in_service = task.arguments["in_service"]
            return _applied(task, fact, work, share, root)


def _applied(task: TaskRun, fact: RunFact, work: NodeWork, share: Share, root: HotfixRoot) -> dict[str, t.Any]:
    options = HotfixOptions(
        timeout_seconds=60 * task.arguments["hotfix_installer_timeout_minutes"],
        settle_seconds=task.arguments["installer_settle_timeout"],
        require_smb_encryption=task.arguments["require_smb_encryption"],
    )
    checks_permissions = not task.arguments["disable_acl_checks"]

    def recheck(hotfix: Hotfix) -> None:
        require_unchanged(share, hotfix, checks_permissions=checks_permissions)

    done = apply(work, root.plans[work.node].hotfixes, options, recheck)
    result = _result(done, share, root, work.node)
    failure = done.failure(work.node)
    if failure is not None:
        task.partial.update(result)
        raise failure
    return result | {"ansible_facts": replace(fact, hotfixes=fact.hotfixes + len(done.applied)).as_facts()}


def _preview(task: TaskRun, fact: RunFact, work: NodeWork, share: Share, root: HotfixRoot) -> dict[str, t.Any]:
    if work.journal is None:
        task.require_nobody_else(work)
    plan = plan_apply(work, root.plans[work.node].hotfixes)
    for hotfix in plan.to_apply:
        work.say("install", f"{hotfix.path} would be applied by the {hotfix.rule.label()}")
    result = _result(HotfixOutcome(plan, (), plan.reboot_required), share, root, work.node)
    result |= {"changed": bool(plan.to_apply), "another_round": False}
    if fact.run_id is None:
        result["ansible_facts"] = replace(fact, hotfixes=len(plan.to_apply)).as_facts()
    return result


def _result(done: HotfixOutcome, share: Share, root: HotfixRoot, node: str) -> dict[str, t.Any]:
    result = root_result(share, root, node)
    earlier = {hotfix.path for hotfix in done.plan.done_before}
    records = {record.path: record for record in done.records}
    for entry in result["hotfixes"]:
        record = records.pop(entry["path"], None)
        if record is None:
            entry["state"] = "dealt_with" if entry["path"] in earlier else "not_tried"
            continue
        entry |= {"state": record.state, "exit_code": record.exit_code, "launch_hresult": record.launch_hresult}
        if record.state.is_failure:
            entry["failure_msg"] = record.reason
    # One that an earlier task left open may not be in the folder any more.
    result["hotfixes"] += [{"path": record.path, "state": record.state, "failure_msg": record.reason} for record in records.values()]
    applied = [record.path for record in done.applied]
    return result | {
        "changed": bool(applied),
        "applied_hotfix_count": len(applied),
        "failed_hotfix_count": len(done.failed),
        "reboot_required": done.reboot_required,
        "resume_first": done.is_stay_over,
        "restart_left": done.is_restart_left,
        "another_round": done.another_round,
        "diff": [{"before": {"applied": []}, "after": {"applied": applied}}] if applied else [],
    }
