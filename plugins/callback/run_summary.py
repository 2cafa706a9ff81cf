# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ruff: noqa: E402 - ansible-test wants the documentation before the imports
"""Shows the summary of all runs of a playbook at its end."""

from __future__ import annotations

DOCUMENTATION = r"""
name: run_summary
type: aggregate
short_description: One screen about what became of each node, at the end of ansible-playbook
version_added: 0.2.0
description:
  - At the end of a playbook that has run updates, it shows each cluster with its run, and each node with how its update ended. What has
    failed comes first and with its reason.
  - It reads the results of M(cluster_aware.updating.run_lock) and M(cluster_aware.updating.node_outcome), asks no node and writes nothing.
    Other playbooks end as without it.
  - It shows nothing when C(ansible-playbook) is killed, which no callback hears of.
requirements:
  - Enable it in the configuration of Ansible, with C(callbacks_enabled=cluster_aware.updating.run_summary) in the section C([defaults]), or
    with the environment variable E(ANSIBLE_CALLBACKS_ENABLED).
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

import typing as t

from ansible import constants
from ansible.plugins.callback import CallbackBase

from ..plugin_utils._summary import RunSummary

COLLECTION = "cluster_aware.updating."


class CallbackModule(CallbackBase):  # type: ignore[misc] # Ansible's own classes are not typed
    """The callback run_summary."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "cluster_aware.updating.run_summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: t.Any, **options: t.Any) -> None:  # noqa: ANN401 - what Ansible gives
        super().__init__(*arguments, **options)
        self._summary = RunSummary()

    def v2_runner_on_ok(self, result: t.Any) -> None:  # noqa: ANN401 - differs between versions of Ansible
        """Take in a result."""
        self._saw(result, is_failed=False)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:  # noqa: ANN401
        """Take in a failure."""
        self._saw(result, is_failed=True)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:  # noqa: ANN401
        """Show the summary."""
        for line in self._summary.lines():
            self._display.display(line.text, color=constants.COLOR_ERROR if line.is_bad else None)

    def _saw(self, result: t.Any, *, is_failed: bool) -> None:  # noqa: ANN401
        # The names without underscore are those of ansible-core 2.19 and later.
        task, values = result._task, result._result  # noqa: SLF001
        name = str(getattr(task, "resolved_action", None) or task.action)
        if name == f"{COLLECTION}run_lock":
            arguments = result._task_fields.get("args") or {}  # noqa: SLF001
            told = {"host": result._host.get_name(), **values}  # noqa: SLF001
            self._summary.saw_lock(told, str(arguments.get("state") or "acquired"), is_failed=is_failed)
        elif name == f"{COLLECTION}node_outcome" and not is_failed:
            self._summary.saw_outcome(values)
