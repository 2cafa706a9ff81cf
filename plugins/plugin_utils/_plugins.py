# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks about plug-ins share: the list of plug-ins and the options that it stands for.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import importlib
import typing as t
from collections.abc import Mapping
from pathlib import Path

from ..module_utils._cau.errors import CauError, PluginError
from ..module_utils._cau.plugins.plan import OPTIONS, PluginPlan, resolve

ENTRY_POINTS = ("scan", "stage", "install")
"""The files of tasks of a role that is a plug-in (cau.md 5.5, IClusterNodeUpdater)."""

LONG_TASKS_SECONDS = 3600
"""For how long a run may show no sign of life in which tasks of a user's own have a place, as nothing of ours runs meanwhile; the node's
provider drops the lock after the same time (cau.md 1.4)."""


def plugin_plan(options: Mapping[str, t.Any], defaults: Mapping[str, t.Any]) -> PluginPlan:
    """Return what a run does with plug-ins.

    Args:
        options: options of the run, plain, the list `plugins` among them; those that plug-ins do not stand for are passed over.
        defaults: what options are when nobody has said anything.

    Raises:
        PluginError: see resolve.
    """
    given = {name: options[name] for name in OPTIONS if options.get(name) is not None}
    return resolve(options.get("plugins") or [], given, {name: defaults.get(name) for name in OPTIONS}, why_no_plugin)


def task_file(path: str, option: str, folder: str) -> str:
    """Return the whole path of a file with tasks of the user's own, empty when there is none.

    Args:
        path: as the user gave it.
        option: the option that names it, for the error.
        folder: the folder of the playbook, which a relative path is meant from.

    Raises:
        PluginError: there is no such file.
    """
    if not path:
        return ""
    whole = Path(folder, path)
    if not whole.is_file():
        raise PluginError(f"{option} names {path}, and there is no file {whole}", remedy="Give a path on the controller")
    return str(whole)


class PluginSilentError(CauError):
    """A plug-in of a user's own ended a step without a result.

    Args:
        plugin: its name.
        step: the step.
        node: the node.
    """

    def __init__(self, plugin: str, step: str, node: str) -> None:
        super().__init__(
            f"the plug-in {plugin} has ended its step {step} without a result",
            node=node,
            operation=step,
            remedy="Its author has to use cluster_aware.updating.plugin_result at the end of each step",
        )


def why_no_plugin(name: str) -> str | None:
    """Return why a role cannot be a plug-in, None when it can.

    Args:
        name: its full name, with namespace and collection.
    """
    namespace, collection, role = name.split(".")
    try:
        package = importlib.import_module(f"ansible_collections.{namespace}.{collection}.roles.{role}")
    except ImportError:
        return "there is no such role in an installed collection"
    tasks = Path(next(iter(package.__path__)), "tasks")
    missing = [entry for entry in ENTRY_POINTS if not any((tasks / f"{entry}.{ending}").is_file() for ending in ("yml", "yaml"))]
    return f"the role lacks tasks/{missing[0]}.yml" if missing else None
