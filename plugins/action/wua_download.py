# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stages updates on a node while it serves."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ..module_utils._cau.query import validate
from ..module_utils._cau.updates import download
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._task import TaskRun
from ..plugin_utils._updates import mark, preview, scan_result, update_options


class ActionModule(UpdatingAction):
    """The task wua_download."""

    TASK = "wua_download"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Scan the node and download what was selected."""
        options = update_options(task.arguments)
        validate(options.query)
        fact = task.require_run()
        if task.is_check:
            return preview(task, options, "stage", "downloaded") | {"downloaded_update_count": 0, "failed_update_count": 0}
        with task.work(fact) as work:
            done = download(work, options)
        result = scan_result(done.scan)
        downloaded = mark(result["updates"], done.results, "downloaded")
        return result | {
            "changed": bool(downloaded),
            "downloaded_update_count": downloaded,
            "failed_update_count": len(done.scan.accepted) - downloaded,
            **_noted(task, len(done.scan.accepted)),
        }


def _noted(task: TaskRun, staged: int) -> dict[str, t.Any]:
    """Return the fact of a host that has joined the run, with what stands ready for its turn."""
    own = task.facts.of(task.host)
    is_its_own = own is not None and own.host == task.host == str(task.variables["inventory_hostname"])
    return {"ansible_facts": replace(own, staged=staged).as_facts()} if own is not None and is_its_own else {}
