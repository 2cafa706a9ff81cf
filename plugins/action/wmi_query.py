# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads instances of a WMI class of a node."""

from __future__ import annotations

import contextlib
import typing as t

from ..module_utils._wmi.errors import ProviderMissingError
from ..module_utils._wmi.named_class import NamedClass
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task wmi_query."""

    TASK = "wmi_query"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Read them; nothing is changed."""
        arguments = task.arguments
        with contextlib.closing(task.peers.opener(task.host)()) as node:
            named = NamedClass(node.client, arguments["namespace"], arguments["class_name"])
            try:
                found = named.instances(arguments["condition"])
            except ProviderMissingError:
                return {"instances": [], "count": 0, "exists": False}
        return {"instances": found, "count": len(found), "exists": True}
