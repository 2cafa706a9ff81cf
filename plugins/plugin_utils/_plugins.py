# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks about plug-ins share: the list of plug-ins and the options that it stands for.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ..module_utils._cau.plugins.plan import OPTIONS, PluginPlan, resolve


def plugin_plan(options: Mapping[str, t.Any], defaults: Mapping[str, t.Any]) -> PluginPlan:
    """Return what a run does with plug-ins.

    Args:
        options: options of the run, plain, the list `plugins` among them; those that plug-ins do not stand for are passed over.
        defaults: what options are when nobody has said anything.

    Raises:
        PluginError: see resolve.
    """
    given = {name: options[name] for name in OPTIONS if options.get(name) is not None}
    return resolve(options.get("plugins") or [], given, {name: defaults.get(name) for name in OPTIONS}, _no_role)


def _no_role(_name: str) -> str | None:
    return "no role may be a plug-in yet"
