# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adds up what the plug-ins of a run did on a node."""

from __future__ import annotations

import typing as t

from ..module_utils._cau.plugins.outcome import PluginResult, added_up, failure
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._plugin_facts import plugin_fact
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task plugin_round."""

    TASK = "plugin_round"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Add up, and fail when one of them has failed; no node is asked."""
        results = [PluginResult(str(each["plugin"]), each["result"]) for each in task.arguments["results"]]
        fact = plugin_fact(task)
        results += fact.results()
        total = added_up(results)
        total["found_update_count"] += sum(len(rows) for rows in fact.found.values())
        error = failure(results, _node(task))
        has_work = task.arguments["step"] == "stage" and (total["found_update_count"] or task.arguments["left_hotfix_count"])
        # What cannot be staged now is tried again when the node is drained for what can.
        if error is not None and not has_work:
            task.partial.update(total)
            raise error
        return total


def _node(task: TaskRun) -> str:
    fact = task.run_fact()
    return fact.node if fact is not None else task.host
