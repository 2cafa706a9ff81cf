# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One whole run, and everything that its death at any moment would have left behind."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.harness.record import Entry, read_log
from tests.harness.stage import Stage
from tests.scenario.plays import PLAYBOOK

from .scenes import RATE, Scene

Mark = dict[str, t.Any]
"""One moment at which the run may have died; simulator/scenario/README.md, `trail`, tells what it holds."""


class PastError(Exception):
    """The run whose deaths are to be tried did not succeed by itself."""


@dataclass(frozen=True)
class Past:
    """A run that succeeded, with a snapshot of the twin around each of its requests that changed state.

    Args:
        folder: where its files are.
    """

    folder: Path

    @classmethod
    def play(cls, scene: Scene, folder: Path, *arguments: str) -> Past:
        """Play a run.

        Raises:
            PastError: it failed.
        """
        with Stage(scene.write(folder), folder, rate=RATE) as stage:
            stage.twin.control.send("trail", folder=str(folder / "trail"))
            run = stage.playbook(PLAYBOOK, *arguments)
            marks = stage.twin.control.send("trail")["marks"]
        if run.exit_code or stage.verdict():
            raise PastError(f"the run itself is wrong already:\n{run.screen}\n{stage.verdict()}")
        (folder / "marks.json").write_text(json.dumps(marks), encoding="utf-8")
        return cls(folder)

    @property
    def trail(self) -> Path:
        """The folder of the snapshots."""
        return self.folder / "trail"

    @cached_property
    def marks(self) -> list[Mark]:
        """All moments, in their order."""
        found: list[Mark] = json.loads((self.folder / "marks.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def _events(self) -> list[Entry]:
        return list(read_log(self.folder / "twin" / "events.jsonl"))

    @cached_property
    def _requests(self) -> list[Entry]:
        return list(read_log(self.folder / "twin" / "requests.jsonl"))

    def events(self, mark: Mark) -> list[Entry]:
        """Return what had happened until then."""
        return [event for event in self._events if event["seq"] <= mark["event"]]

    def requests(self, mark: Mark) -> list[Entry]:
        """Return what had been sent until then; the dead client has not seen the answers that were still to come."""
        sent = []
        for request in self._requests:
            if request["seq"] > mark["last"] or (mark["when"] == "before" and request["seq"] == mark["seq"]):
                continue
            is_lost = request["seq"] in mark["open"] and request["outcome"] == "answered"
            sent.append({**request, "outcome": "dropped_after"} if is_lost else request)
        return sent

    def controller(self, mark: Mark) -> list[Entry]:
        """Return the controller's log of a run that was killed then."""
        return [
            {"seq": 0, "at": self._events[0]["at"], "event": "controller_started", "run": "past"},
            {"seq": 0, "at": mark["at"], "event": "controller_killed", "run": "past", "signal": "SIGKILL"},
        ]
