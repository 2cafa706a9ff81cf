# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows what a run would do to a node now."""

from __future__ import annotations

import contextlib
import typing as t

from ..module_utils._cau import pending
from ..module_utils._cau.errors import CauError
from ..module_utils._cau.gate import not_normal
from ..module_utils._cau.hotfix.folder import NodePlan
from ..module_utils._cau.membership import own_node, update_order
from ..module_utils._cau.plugins.plan import PluginPlan
from ..module_utils._cau.preview import NodePreview, block, expected_restart
from ..module_utils._cau.query import validate
from ..module_utils._cau.updates import ScanOutcome, scan
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._arguments import defaults_of
from ..plugin_utils._hotfix import checked_root, hotfix_fields
from ..plugin_utils._plugin_facts import plugin_fact
from ..plugin_utils._plugins import plugin_plan
from ..plugin_utils._run_begin import nodes_named, refuse_contradictions
from ..plugin_utils._task import TaskRun
from ..plugin_utils._updates import scanning_work, update_fields, update_options


class ActionModule(UpdatingAction):
    """The task preview."""

    TASK = "preview"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Scan the node, read the hotfix root folder when one is named, and tell what would follow."""
        plan = plugin_plan(task.arguments, defaults_of("run_plan"))
        task.arguments |= plan.options
        options = update_options(task.arguments)
        validate(options.query)
        with contextlib.closing(task.peers.opener(task.host)()) as me:
            info = me.cluster.info()
            members = me.cluster.nodes()
            order = update_order([member.name for member in members], me.cluster.groups())
            node = own_node(me, task.host, info.name, order)
            waiting = tuple(pending.blocking(pending.asking_keys(me)))
        task.progress.cluster = info.name
        hotfixes = self._hotfixes(task, order, node)
        turns = self._turns(task, info.name, node, order)
        found: ScanOutcome | None = None
        if task.arguments["windows_updates"]:
            with scanning_work(task) as work:
                found = scan(work, options)
            waiting = tuple(pending.blocking(found.signals))
        preview = NodePreview(
            node=node,
            turn=turns.index(node) + 1 if node in turns else None,
            count=len(turns),
            is_order_named=bool(task.arguments["node_order"]),
            updates=found.accepted if found else None,
            hotfixes=hotfixes.hotfixes if hotfixes else None,
            own=self._own(task, plan),
            left_out=found.left_out if found else (),
            ignored=hotfixes.ignored if hotfixes else (),
            pending=waiting,
            in_the_way=tuple(text for member in members for text in not_normal(member)),
        )
        lines = block(preview)
        task.progress.say_block(node, "preview", lines)
        return _result(info.name, preview, lines)

    @staticmethod
    def _turns(task: TaskRun, cluster: str, node: str, order: list[str]) -> list[str]:
        """Return the nodes that the run updates, in its order; the inventory hosts of the others are sought only when they are named."""
        nodes = dict.fromkeys(order, "") | {node: task.host}
        named = {name.casefold() for option in ("node_order", "only_nodes") for name in task.arguments[option]}
        if named - {name.casefold() for name in (task.host, *order)}:
            nodes = task.membership().nodes
        first, only = (nodes_named(option, task.arguments[option], nodes, cluster) for option in ("node_order", "only_nodes"))
        refuse_contradictions(first, only, ())
        return [name for name in dict.fromkeys([*first, *order]) if not only or name in only]

    @staticmethod
    def _own(task: TaskRun, plan: PluginPlan) -> tuple[str, ...] | None:
        """Return what the plug-ins of the user's own have found, which the tasks before this one have asked them."""
        if not plan.own:
            return None
        fact = plugin_fact(task)
        unasked = [plugin.name for plugin in plan.own if plugin.name not in fact.found]
        if unasked:
            raise CauError(
                f"the plug-in {unasked[0]} has not scanned the node in this playbook",
                node=task.host,
                operation="preview",
                remedy="Use the playbook cluster_aware.updating.preview, which lets it scan first",
            )
        return tuple(f"{update.title} ({plugin.name})" for plugin in plan.own for update in fact.updates_found(plugin.name))

    @staticmethod
    def _hotfixes(task: TaskRun, nodes: list[str], node: str) -> NodePlan | None:
        if not task.arguments["hotfix_root_folder_path"]:
            return None
        with checked_root(task, nodes) as (_share, root):
            return root.plans[node]


def _result(cluster: str, preview: NodePreview, lines: list[str]) -> dict[str, t.Any]:
    expectation, reason = expected_restart(preview)
    return {
        "cluster": cluster,
        "node": preview.node,
        "turn": preview.turn,
        "updates": [update_fields(each) | {"update_id": each.update_id} for each in preview.updates or ()],
        "hotfixes": [hotfix_fields(each) for each in preview.hotfixes or ()],
        "plugin_updates": preview.own or (),
        "left_out": [update_fields(each.update) | {"reason": each.reason} for each in preview.left_out],
        "ignored": [vars(each) for each in preview.ignored],
        "restart": {"expected": expectation, "reason": reason},
        "in_the_way": preview.in_the_way,
        "would_change": preview.has_work,
        "first_pass_only": True,
        "block": lines,
    }
