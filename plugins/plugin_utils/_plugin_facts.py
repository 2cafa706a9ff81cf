# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks about plug-ins of a user's own tell each other, in a fact on the host that the plug-in works on.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass, field, replace

from ..module_utils._cau.plugins.outcome import PluginResult
from ..module_utils._cau.plugins.shape import PluginRecord, PluginUpdate, ResultCode
from ._task import TaskRun
from ._values import plain

FACT = "cluster_aware_updating_plugins"


@dataclass(frozen=True)
class PluginFact:
    """How far the plug-ins are on a host.

    Args:
        process: the ansible-playbook process that it is of.
        host: the inventory host.
        plugin: the plug-in that works now, empty when none does.
        step: what it does, scan, stage or install.
        told: what it has said in this step, as it was given; None until it has.
        is_busy: whether it has said that an installation of its own still goes on.
        wanted: the updates that it is to stage or to install in this step.
        found: what the last scan of each plug-in found.
        done: what each plug-in has done, as the results of its tasks would say it.
    """

    process: str
    host: str
    plugin: str = ""
    step: str = ""
    told: list[dict[str, t.Any]] | None = None
    is_busy: bool = False
    wanted: list[dict[str, str]] = field(default_factory=list)
    found: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    done: dict[str, dict[str, t.Any]] = field(default_factory=dict)

    def as_facts(self) -> dict[str, t.Any]:
        """Return what a task gives back as ansible_facts."""
        return {FACT: asdict(self)}

    def updates_found(self, plugin: str) -> tuple[PluginUpdate, ...]:
        """Return what the last scan of a plug-in found."""
        return tuple(PluginUpdate(**each) for each in self.found.get(plugin, ()))

    def updates_wanted(self) -> tuple[PluginUpdate, ...]:
        """Return the updates of the step."""
        return tuple(PluginUpdate(**each) for each in self.wanted)

    def begun(self, plugin: str, step: str, wanted: t.Iterable[PluginUpdate] = ()) -> PluginFact:
        """Return the fact of a plug-in that begins a step."""
        rows = [as_row(update) for update in wanted]
        return replace(self, plugin=plugin, step=step, told=None, is_busy=False, wanted=rows)

    def forgotten(self, plugin: str) -> PluginFact:
        """Return the fact without what a plug-in has done before, such as an attempt that failed."""
        return replace(self, done={name: result for name, result in self.done.items() if name != plugin})

    def with_done(self, plugin: str, result: dict[str, t.Any]) -> PluginFact:
        """Return the fact with what a plug-in has done, and no step at work."""
        return replace(self, plugin="", step="", told=None, wanted=[], done=self.done | {plugin: plain(result)})

    def results(self) -> list[PluginResult]:
        """Return what each plug-in has done."""
        return [PluginResult(name, result) for name, result in self.done.items()]


def plugin_fact(task: TaskRun) -> PluginFact:
    """Return the fact of the task's host, an empty one when it has none of this process."""
    found = ((task.variables_of(task.host) or {}).get("ansible_facts") or {}).get(FACT)
    if not isinstance(found, dict) or found.get("process") != task.facts.process or found.get("host") != task.host:
        return PluginFact(task.facts.process, task.host)
    return PluginFact(**plain(found))


def as_row(update: PluginUpdate) -> dict[str, str]:
    """Return an update as the fact keeps it."""
    return {"update_id": update.update_id, "title": update.title, "description": update.description}


def as_plugin_row(update: PluginUpdate, node: str) -> dict[str, str]:
    """Return an update in the shape that plug-ins are given and give back (cau.md 5.5)."""
    return {
        "node_name": node,
        "update_id": update.update_id,
        "update_title": update.title,
        "update_description": update.description,
    }


def step_result(plugin: str, records: t.Sequence[PluginRecord]) -> dict[str, t.Any]:
    """Return what a plug-in did with updates, with the keys that the tasks for Windows updates have."""
    installed = [record for record in records if record.result is ResultCode.SUCCEEDED]
    return {
        "changed": bool(installed),
        "updates": {f"{plugin} {record.update.update_id}": _fields(plugin, record) for record in records},
        "installed_update_count": len(installed),
        "failed_update_count": len(records) - len(installed),
    }


def _fields(plugin: str, record: PluginRecord) -> dict[str, t.Any]:
    is_good = record.result is ResultCode.SUCCEEDED
    fields: dict[str, t.Any] = {
        "id": record.update.update_id,
        "title": record.update.title,
        "plugin": plugin,
        "installed": is_good,
        "reboot_required": record.reboot_required,
    }
    if not is_good:
        fields |= {"failure_hresult_code": record.error_code, "failure_msg": record.sentence()}
    return fields
