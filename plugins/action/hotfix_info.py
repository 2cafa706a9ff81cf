# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists the hotfixes that a node would be given."""

from __future__ import annotations

import contextlib
import typing as t

from ..module_utils._cau.membership import own_node
from ..module_utils._cau.waiting import names
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._hotfix import checked_root, root_result
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task hotfix_info."""

    TASK = "hotfix_info"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Read the folder and check it for all nodes of the cluster."""
        with contextlib.closing(task.peers.opener(task.host)()) as me:
            info = me.cluster.info()
            nodes = [each.name for each in me.cluster.nodes()]
            node = own_node(me, task.host, info.name, nodes)
        task.progress.cluster = info.name
        with checked_root(task, nodes) as (share, root):
            result = root_result(share, root, node)
        plan = root.plans[node]
        # The nodes that join a run later would repeat what its first node has told.
        if task.run_fact() is None:
            for note in root.warnings:
                task.progress.say(None, "scan", f"warning: {note}")
            if plan.ignored:
                task.progress.say(None, "scan", f"ignored in the folder: {names(f'{each.path} ({each.reason})' for each in plan.ignored)}")
        count = len(plan.hotfixes)
        task.progress.say(node, "scan", f"{count} hotfix{'' if count == 1 else 'es'} in the folder")
        return result
