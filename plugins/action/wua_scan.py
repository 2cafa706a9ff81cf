# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks which updates a node is offered."""

from __future__ import annotations

import typing as t

from ..module_utils._cau.query import validate
from ..module_utils._cau.updates import scan
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._task import TaskRun
from ..plugin_utils._updates import scan_result, scanning_work, update_options


class ActionModule(UpdatingAction):
    """The task wua_scan."""

    TASK = "wua_scan"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Scan the node."""
        options = update_options(task.arguments)
        validate(options.query)
        with scanning_work(task) as work:
            return scan_result(scan(work, options))
