# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists the hotfixes that a node would be given."""

from __future__ import annotations

import contextlib
import typing as t

from ..module_utils._cau.hotfix.folder import NodePlan
from ..module_utils._cau.membership import own_node
from ..module_utils._cau.waiting import names
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._facts import RunFact
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
        fact = task.run_fact()
        left = _left(task, fact, plan)
        # The nodes that join a run later would repeat what its first node has told.
        if fact is None:
            for note in root.warnings:
                task.progress.say(None, "scan", f"warning: {note}")
            if plan.ignored:
                task.progress.say(None, "scan", f"ignored in the folder: {names(f'{each.path} ({each.reason})' for each in plan.ignored)}")
        count = len(plan.hotfixes)
        dealt_with = f", {count - left} of them dealt with" if left < count else ""
        task.progress.say(node, "scan", f"{count} hotfix{'' if count == 1 else 'es'} in the folder{dealt_with}")
        return result | {"left_hotfix_count": left}


def _left(task: TaskRun, fact: RunFact | None, plan: NodePlan) -> int:
    """Return how many hotfixes of the node its run has not dealt with, all of them without a run."""
    if fact is None or fact.run_id is None:
        return len(plan.hotfixes)
    entry = task.journal(task.fleet(fact.cluster, fact.nodes), fact).read(fact.node)
    return sum(entry is None or not entry.has_dealt_with(hotfix.path) for hotfix in plan.hotfixes)
