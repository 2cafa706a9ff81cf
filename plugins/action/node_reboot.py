# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restarts a drained node and waits until it serves the cluster again."""

from __future__ import annotations

import typing as t
from collections.abc import Collection
from dataclasses import replace

from ..module_utils._cau.fleet import NodeWork
from ..module_utils._cau.pending import blocking
from ..module_utils._cau.restart import RestartOptions, plan_restart, restart
from ..module_utils._cau.waiting import names
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task node_reboot."""

    TASK = "node_reboot"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Restart the node where that is allowed."""
        if task.arguments["stand_alone"]:
            return _reboot(task, task.stand_alone_work(), ())
        fact = task.require_run()
        with task.work(fact, is_kept=not task.is_check) as work:
            result = _reboot(task, work, fact.accept_down)
        restarts = fact.restarts + int(result["restarts"])
        return result | {"ansible_facts": replace(fact, restarts=restarts).as_facts()}


def _reboot(task: TaskRun, work: NodeWork, accept_down: Collection[str]) -> dict[str, t.Any]:
    options = RestartOptions(
        reboot_seconds=task.arguments["reboot_timeout"],
        service_seconds=task.arguments["service_timeout"],
        settle_seconds=task.arguments["settle_time"],
        storage_wait_seconds=task.arguments["suspend_timeout"],
        comment=task.arguments["comment"],
        pending_only=task.arguments["pending_only"],
        accept_down=frozenset(accept_down),
    )
    if task.is_check:
        return _preview(task, work, options)
    done = restart(work, options)
    booted = {"before": {"boot_time": done.boot_before}, "after": {"boot_time": done.boot_after}}
    return {
        "changed": done.is_changed,
        "rebooted": done.is_changed,
        "restarts": done.restarts,
        "elapsed": round(done.seconds),
        "boot_time": done.boot_after,
        "pending": [signal.name for signal in done.signals],
        "services_missing": done.services_missing,
        "diff": [booted] if done.is_changed else [],
    }


def _preview(task: TaskRun, work: NodeWork, options: RestartOptions) -> dict[str, t.Any]:
    if work.journal is None:
        task.require_nobody_else(work)
    plan = plan_restart(work, options)
    if plan.is_needed:
        waiting = blocking(plan.signals)
        work.say("restart", f"would be restarted{': ' + names(waiting) if waiting else ''}")
    return {
        "changed": plan.is_needed,
        "rebooted": False,
        "restarts": 0,
        "elapsed": 0,
        "boot_time": None,
        "pending": [signal.name for signal in plan.signals],
        "services_missing": [],
    }
