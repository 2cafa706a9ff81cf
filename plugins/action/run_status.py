# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells who works on the cluster, how far each node is, and what a run that is started now would do."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Sequence

from ..module_utils._cau import run_report
from ..module_utils._cau.recovery import FoundRun, newest_entries
from ..module_utils._cau.remains import Watch
from ..module_utils._cau.takeover import TakeoverOptions, look_once
from ..module_utils._wmi.cluster import ClusterNode
from ..plugin_utils._absent import find_hosts
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._process import is_running
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task run_status."""

    TASK = "run_status"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Look at every node that answers; nothing is written anywhere."""
        with contextlib.closing(task.peers.opener(task.host)()) as me:
            info, members = me.cluster.info(), me.cluster.nodes()
        task.progress.cluster = info.name
        hosts, unreachable = find_hosts(task, info, members)
        silent = {node.name: _reason(node, unreachable) for node in members if node.name not in hosts}
        options = TakeoverOptions(accept_down=frozenset(task.arguments["accept_down"]), is_running=lambda owner: is_running(owner.process))
        own = task.run_fact()
        _remains, found, decision = look_once(task.fleet(info.name, hosts), own.run_id if own else None, Watch(options.is_running), options)
        result = {
            "runs": [_run(run, members) for run in found],
            "nodes": [_node(node, hosts.get(node.name), found) for node in members],
            "next": run_report.next_sentences(decision, members, silent, found),
            "to_decide": run_report.questions(decision, members, silent, found),
            "no_answer": unreachable,
        }
        _tell(task, result)
        return result


def _reason(node: ClusterNode, unreachable: dict[str, str]) -> str:
    named = [reason for host, reason in unreachable.items() if host.partition(".")[0].casefold() == node.name.casefold()]
    return named[0] if named else "no host of the inventory that answers is this node"


def _run(run: FoundRun, members: Sequence[ClusterNode]) -> dict[str, t.Any]:
    owner = run.owner
    return {
        "run_id": run.run_id,
        "state": run.life,
        "controller": owner.controller if owner else None,
        "user": owner.user if owner else None,
        "started_at": owner.started_at if owner else None,
        "took_over": owner.took_over if owner else (),
        "forced_by": owner.forced_by if owner else None,
        "quiet_seconds": run.quiet_seconds,
        "locks": run.locks,
        "sessions": run.sessions,
        "journals": run.journals,
        "stop": run.stop,
        "nodes": [dict(vars(entry)) for entry in run.entries],
        "counts": run_report.counts(run, members) if run.owner is not None else None,
        "cluster": run.cluster,
        "problems": run.problems,
        "description": run_report.run_sentence(run),
    }


def _node(node: ClusterNode, host: str | None, found: list[FoundRun]) -> dict[str, t.Any]:
    doing = [
        f"run {run.run_id[:8]}: {run_report.entry_sentence(entry)}"
        for run in found
        for entry in run.entries
        if entry.node.casefold() == node.name.casefold()
    ]
    entry = next((one for one in newest_entries(found) if one.node.casefold() == node.name.casefold()), None)
    return {
        "name": node.name,
        "host": host,
        "state": node.state,
        "drain_status": node.drain_status,
        "phase": entry.phase.value if entry is not None else None,
        "since": entry.phase_since if entry is not None else None,
        "doing": doing,
    }


def _tell(task: TaskRun, result: dict[str, t.Any]) -> None:
    """Say it to whoever looks at the screen."""
    for run in result["runs"]:
        task.progress.say(None, "status", run["description"])
        if run["counts"] is not None:
            task.progress.say(None, "status", f"run {run['run_id'][:8]}: {run['counts'].sentence()}")
    if not result["runs"]:
        task.progress.say(None, "status", "no run holds anything")
    for node in result["nodes"]:
        for line in node["doing"]:
            task.progress.say(node["name"], "status", line)
    for line in result["next"]:
        task.progress.say(None, "next", line)
    for line in result["to_decide"]:
        task.progress.say(None, "decide", line)
