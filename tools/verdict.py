# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judges the invariants from what a twin has logged so far: `python -m tools.verdict DIRECTORY`, for a last run that has said success."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.harness.invariants import check
from tests.harness.record import RunRecord, read_log
from tests.harness.stage import scenario_users
from tools.show import print_verdict


def judge(directory: Path, scenario: str) -> int:
    """Print what did not hold; returns 1 when there is anything, else 0.

    Args:
        directory: of a twin that was started with it.
        scenario: what the twin plays.
    """
    events = read_log(directory / "events.jsonl")
    if not events:
        print(f"There is no event log in {directory}.")
        return 1
    ended = {"seq": 1, "at": events[-1]["at"], "event": "controller_ended", "run": "run1", "exit_code": 0, "result": None}
    secrets = tuple(scenario_users(scenario).values())
    violations = check(RunRecord(events, read_log(directory / "requests.jsonl"), (ended,), secrets=secrets))
    print_verdict(violations)
    return int(bool(violations))


if __name__ == "__main__":
    sys.exit(judge(Path(sys.argv[1]), sys.argv[2]))
