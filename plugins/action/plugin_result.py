# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes what a plug-in of a user's own says about its step."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ..module_utils._cau.errors import CauError
from ..module_utils._cau.plugins.shape import read_found, read_results
from ..module_utils._errors import Outcome
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._plugin_facts import plugin_fact
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task plugin_result."""

    TASK = "plugin_result"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Check the shape where its author sees it, and keep it for the task that ends the step."""
        fact = plugin_fact(task)
        if not fact.plugin:
            raise CauError(
                f"no step of a plug-in is at work on {task.host}",
                operation="plug-ins",
                remedy="Use it in the files scan, stage and install of a role that is a plug-in, and without delegate_to",
                outcome=Outcome.NOT_DONE,
            )
        rows, run = task.arguments["updates"], task.run_fact()
        node = run.node if run is not None and run.nodes else task.host
        if fact.step == "scan":
            count = len(read_found(fact.plugin, node, rows))
        else:
            count = len(read_results(fact.plugin, node, rows, fact.updates_wanted(), is_install=fact.step == "install"))
        new = replace(fact, told=rows, is_busy=task.arguments["busy"])
        return {"count": count, "step": fact.step, "ansible_facts": new.as_facts()}
