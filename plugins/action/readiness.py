# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says whether a cluster is ready for a run, and what to mend first."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ..module_utils._cau.errors import CauError
from ..module_utils._cau.readiness.read import Options, read_snapshot
from ..module_utils._cau.readiness.records import Finding
from ..module_utils._cau.readiness.rules import count, is_ready, judge, lines, summary
from ..module_utils._errors import Outcome
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._readiness import share_problems
from ..plugin_utils._task import TaskRun


class NotReadyError(CauError):
    """The cluster is not ready for a run."""


class ActionModule(UpdatingAction):
    """The task readiness."""

    TASK = "readiness"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Read the cluster once, judge it, and fail when that was asked for."""
        arguments = task.arguments
        run = task.run_fact()
        hosts = dict.fromkeys([task.host, *task.peers.hosts(arguments["members"])])
        snapshot = read_snapshot(
            task.host,
            {host: task.peers.opener(host) for host in hosts},
            task.clock,
            Options(
                own_run=run.run_id if run else None,
                share=(lambda nodes: share_problems(task, nodes)) if arguments["hotfix_root_folder_path"] is not None else None,
                min_free_bytes=arguments["min_free_gb"] * 1024**3,
            ),
        )
        findings = judge(snapshot)
        task.progress.cluster = snapshot.info.name
        for node, text in lines(findings):
            task.progress.say(node, "ready", text)
        ready = is_ready(findings, arguments["fail_on"])
        task.progress.say(None, "ready", f"{'ready' if ready else 'not ready'}: {summary(findings)} on {len(snapshot.members)} nodes")
        result = {
            "ready": ready,
            "findings": findings,
            "worst": findings[0].severity if findings else None,
            "counts": count(findings),
            "cluster": snapshot.info.name,
            "hosts": {node.name: node.host for node in snapshot.nodes},
        }
        if not ready:
            task.partial.update(result)
            raise _not_ready(snapshot.info.name, findings)
        return result


def _not_ready(cluster: str, findings: Sequence[Finding]) -> NotReadyError:
    worst = findings[0]
    where = f"{worst.node}: " if worst.node else ""
    return NotReadyError(
        f"{cluster} is not ready ({summary(findings)}); the first is {where}{worst.what}",
        operation="readiness",
        remedy=worst.mend,
        outcome=Outcome.FAILED,
    )
