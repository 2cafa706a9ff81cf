# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stages updates on a node while it serves."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ..module_utils._cau.query import validate
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._staging import staged, staged_side_by_side
from ..plugin_utils._task import TaskRun
from ..plugin_utils._updates import update_options


class ActionModule(UpdatingAction):
    """The task wua_download."""

    TASK = "wua_download"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Scan the node, or those that are named, and download what was selected."""
        options = update_options(task.arguments)
        validate(options.query)
        if task.arguments["hosts"] is not None:
            result = staged_side_by_side(task, task.arguments["hosts"])
            counts = {host: each["found_update_count"] for host, each in result["hosts"].items()}
            return result | _noted(task, staged_on=counts)
        result = staged(task, task.require_run(), options)
        return result if task.is_check else result | _noted(task, staged=result["found_update_count"])


def _noted(task: TaskRun, **stands_ready: t.Any) -> dict[str, t.Any]:  # noqa: ANN401 - fields of the fact
    """Return the fact of a host that has joined the run, with what stands ready for its turn or for those of others."""
    own = task.facts.of(task.host)
    is_its_own = own is not None and own.host == task.host == str(task.variables["inventory_hostname"])
    return {"ansible_facts": replace(own, **stands_ready).as_facts()} if own is not None and is_its_own else {}
