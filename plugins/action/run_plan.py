# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks what a run is told about plug-ins, and says what follows."""

from __future__ import annotations

import typing as t
from dataclasses import asdict

from ..module_utils._cau.journal_records import DEAD_AFTER_SECONDS
from ..module_utils._cau.plugins.plan import PluginKind
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._arguments import defaults_of
from ..plugin_utils._plugins import LONG_TASKS_SECONDS, plugin_plan, task_file
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task run_plan."""

    TASK = "run_plan"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Read the list of plug-ins and the options beside it; no node is asked."""
        plan = plugin_plan(task.arguments, defaults_of(self.TASK))
        listed = [asdict(plugin) for plugin in plan.plugins]
        return {
            "plugins": listed,
            "windows_updates": PluginKind.WINDOWS_UPDATES in plan.kinds,
            "hotfixes": PluginKind.HOTFIXES in plan.kinds,
            "before_updates": [asdict(plugin) for plugin in plan.before_updates],
            "after_updates": [asdict(plugin) for plugin in plan.after_updates],
            "own": [asdict(plugin) for plugin in plan.own],
            "own_before_updates": [asdict(plugin) for plugin in plan.before_updates if plugin in plan.own],
            "own_after_updates": [asdict(plugin) for plugin in plan.after_updates if plugin in plan.own],
            "serially": task.arguments["run_plugins_serially"],
            "several": len(listed) > 1 or bool(plan.own),
            **self._hooks(task, has_own=bool(plan.own)),
            "goes_on": len(listed) > 1 and not task.arguments["stop_on_plugin_failure"],
            "options": plan.options,
        }

    @staticmethod
    def _hooks(task: TaskRun, *, has_own: bool) -> dict[str, t.Any]:
        folder = str(task.variables.get("playbook_dir") or "")
        files = {name: task_file(task.arguments[name], name, folder) for name in ("pre_node_tasks", "post_node_tasks")}
        blockers = [task_file(name, "blockers", folder) for name in task.arguments["blockers"]]
        has_hooks = bool(blockers or any(files.values()))
        dead_after = LONG_TASKS_SECONDS if has_hooks or has_own else DEAD_AFTER_SECONDS
        return {**files, "blockers": blockers, "has_hooks": has_hooks, "dead_after": dead_after}
