# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stages updates on a node while it serves."""

from __future__ import annotations

import typing as t

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
            return staged_side_by_side(task, task.arguments["hosts"])
        return staged(task, task.require_run(), options)
