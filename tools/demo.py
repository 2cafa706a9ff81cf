# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demonstration: a rolling update of a whole failover cluster, end to end, with `python -m tools.demo`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.harness.invariants import check
from tests.harness.processes import CHECKOUT
from tests.harness.record import Expectations
from tests.harness.stage import Stage
from tools.show import follow, node_table, print_table, print_verdict, run_in, shown_path

DIRECTORY = CHECKOUT / "build" / "demo"
SCENARIO = "hyperv-four-nodes"
PLAYBOOK = "cluster_aware.updating.rolling_update"

# The four nodes take about three hours of twin time; at this rate the protocol's timers still have room on a busy machine.
RATE = 150.0
LIMIT_SECONDS = 600.0

QUIET = {"ANSIBLE_DISPLAY_OK_HOSTS": "no", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "no"}
"""Ansible's own settings for a screen that shows what happened, and not every task that had nothing to do."""


def main(arguments: list[str]) -> int:
    """Run the demonstration; returns 0 when the run succeeded and its event log satisfies every invariant."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument("--scenario", default=SCENARIO, help="file of a scenario, or the name of one that comes with the twin")
    parser.add_argument("--rate", type=float, default=RATE, help="twin seconds per real second")
    parser.add_argument("--check", action="store_true", help="only show what would be done")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where its files go")
    options = parser.parse_args(arguments)
    return run_in(options.directory, lambda: demonstrate(options.scenario, options.rate, options.directory, is_check=options.check))


def demonstrate(scenario: str, rate: float, directory: Path, *, is_check: bool) -> int:
    """Start the twin, run the playbook, and show what happened."""
    with Stage(scenario, directory, rate=rate) as stage:
        names = ", ".join(node.node for node in stage.twin.nodes)
        print(f"A failover cluster is up on this machine: {names}, NTLM with message encryption, {rate:g} twin seconds a second.")
        extra = ("--check",) if is_check else ()
        print(f"\n$ {' '.join(f'{name}={value}' for name, value in QUIET.items())} \\")
        print(f"  ansible-playbook -i {shown_path(stage.inventory)} {' '.join((PLAYBOOK, *extra))}\n", flush=True)
        running = stage.controller.begin("ansible-playbook", "-i", str(stage.inventory), PLAYBOOK, *extra, extra=QUIET)
        finished = follow(running, LIMIT_SECONDS)
    record = stage.record(Expectations(is_check_mode=is_check))
    print("What happened, from the twin's own event log:\n")
    print_table(node_table(record.events))
    print(f"\n  {len(record.requests)} messages over WS-Management; playbook exit code {finished.exit_code}\n")
    violations = check(record)
    print_verdict(violations)
    print(f"Event log: {shown_path(stage.twin.events_file)}   request log: {shown_path(stage.twin.requests_file)}")
    return finished.exit_code or int(bool(violations))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
