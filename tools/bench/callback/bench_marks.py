# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes when each task begins and ends, for the benchmark; found through ANSIBLE_CALLBACK_PLUGINS, not shipped."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bench_marks
type: aggregate
short_description: Notes when each task begins and ends
description:
  - Writes a JSON line per task and per result into the file that the environment variable BENCH_MARKS names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Writes one line per begin of a task and per result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_marks"
    CALLBACK_NEEDS_ENABLED = True

    def _note(self, kind: str, action: str, host: str | None = None) -> None:
        with Path(os.environ["BENCH_MARKS"]).open("a", encoding="utf-8") as marks:
            marks.write(json.dumps({"time": time.time(), "kind": kind, "action": action, "host": host}) + "\n")

    def v2_playbook_on_task_start(self, task, is_conditional):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Note the begin of a task."""
        self._note("task", task.action)

    def v2_runner_on_ok(self, result):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Note a result."""
        self._note("result", result.task.action, result.host.get_name())

    def v2_playbook_on_stats(self, stats):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Note the end of the playbook."""
        self._note("end", "")
