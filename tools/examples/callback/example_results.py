# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes what each task gave back, for the examples; found through ANSIBLE_CALLBACK_PLUGINS, not shipped."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: example_results
type: aggregate
short_description: Notes what each task gave back
description:
  - Writes a JSON line per result into the file that the environment variable EXAMPLE_RESULTS names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Writes one line per result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "example_results"
    CALLBACK_NEEDS_ENABLED = True

    def _note(self, outcome: str, given: t.Any) -> None:  # noqa: ANN401 - as ansible-core has it
        # ansible-core 2.18 has these names with an underscore alone.
        task = getattr(given, "task", None) or given._task  # noqa: SLF001
        result = getattr(given, "result", None) or given._result  # noqa: SLF001
        line = {"task": task.name, "action": task.action, "outcome": outcome, "result": result}
        with Path(os.environ["EXAMPLE_RESULTS"]).open("a", encoding="utf-8") as notes:
            notes.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Note a result."""
        self._note("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Note a failure."""
        self._note("failed", result)
