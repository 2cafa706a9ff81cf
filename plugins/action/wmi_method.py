# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls a method of a WMI class of a node, once, under the run lock."""

from __future__ import annotations

import typing as t

from ..module_utils._cau.fleet import NodeWork
from ..module_utils._cau.permission import require_permission, require_stand_alone
from ..module_utils._cau.plugins.vendor_class import require_vendor_class
from ..module_utils._cau.waiting import Heartbeat
from ..module_utils._errors import OperationError, Outcome
from ..module_utils._wmi.named_class import NamedClass
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._task import TaskRun


class WmiMethodError(OperationError):
    """A method returned what its caller does not take for a success."""


class ActionModule(UpdatingAction):
    """The task wmi_method."""

    TASK = "wmi_method"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Look whether the node may be changed, then call the method and wait for its answer."""
        arguments = task.arguments
        require_vendor_class(arguments["namespace"], arguments["class_name"], arguments["method"], task.host)
        fact = task.require_run()
        if fact.run_id is None or task.is_check:
            return {"changed": True, "output": {}}
        with task.work(fact, heeds_stop=False) as work:
            output = _call(task, work)
        value = output.get("ReturnValue")
        expected = {str(each) for each in arguments["success_values"]}
        if expected and str(value) not in expected:
            task.partial["output"] = output
            raise WmiMethodError(
                f"{arguments['class_name']}.{arguments['method']} returned {'no ReturnValue' if value is None else value}",
                node=work.node,
                operation="install",
                remedy="See what the vendor says about this; a method without a ReturnValue needs an empty list success_values",
                outcome=Outcome.UNKNOWN if value is None else Outcome.FAILED,
            )
        return {"changed": True, "output": output}


def _call(task: TaskRun, work: NodeWork) -> dict[str, t.Any]:
    arguments = task.arguments
    if arguments["node_state"] == "drained":
        require_permission(work)
    elif work.ownership is not None:
        work.ownership.verify_lock()
    else:
        require_stand_alone(work.client)
    name = f"{arguments['class_name']}.{arguments['method']}"
    beat = Heartbeat.of(work, "install", f"waiting for {name}")
    return NamedClass(work.client.client, arguments["namespace"], arguments["class_name"]).call(
        arguments["method"], arguments["arguments"], arguments["keys"] or None, arguments["timeout"], beat.tick
    )
