# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demonstration of hotfixes: from a real SMB share, in one run with Windows updates, with `python -m tools.demo_hotfix`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.harness.controller import Finished
from tests.harness.invariants import check
from tests.harness.processes import CHECKOUT
from tests.harness.record import Entry
from tests.harness.stage import Stage
from tools.demo import LIMIT_SECONDS, PLAYBOOK, QUIET, RATE, SCENARIO
from tools.hotfix_stage import ROOT_PATH, HotfixStage
from tools.show import follow, node_table, print_table, print_verdict, run_in, shown_path

DIRECTORY = CHECKOUT / "build" / "demo-hotfix"

FILES = (
    "CAUHotfix_All/10-windows-kb5070001-x64.msu",
    "CAUHotfix_All/20-backup-agent.msi",
    "CAUHotfix_All/release-notes.txt",
    "HV01-N3/storage-driver.msp",
    "HV01-N2/FolderRule1/firmware-2.7.exe",
    "Archive/old.msu",
)
INSTALLERS = ({"match": "*.msu", "exit_code": 3010, "seconds": 180}, {"match": "*.exe", "seconds": 240}, {"seconds": 60})


def main(arguments: list[str]) -> int:
    """Run the demonstration; returns 0 when it went as it should and its event log satisfies every invariant."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo_hotfix", description=__doc__)
    parser.add_argument("--rate", type=float, default=RATE, help="twin seconds per real second")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where its files go")
    options = parser.parse_args(arguments)
    return run_in(options.directory, lambda: demonstrate(options.directory, options.rate))


def demonstrate(directory: Path, rate: float) -> int:
    """Show a folder that is refused, what would be applied, and the run."""
    directory.mkdir(parents=True)
    with HotfixStage(directory) as hotfixes:
        hotfixes.fill(*FILES)
        with Stage(hotfixes.write_scenario(SCENARIO, INSTALLERS), directory, rate=rate) as stage:
            print(f"A failover cluster and a file server (Samba) are up on this machine. On {ROOT_PATH} lie:\n")
            print("".join(f"  {name}\n" for name in hotfixes.listing()))
            variables = hotfixes.write_variables()
            refused = _refused(stage, hotfixes, variables)
            listed = _play(stage, variables, "What would be done", "--check")
            finished = _play(stage, variables, "Updates and hotfixes in one run, with one restart for both")
        record = stage.record()
    print("What happened, from the twin's own event log:\n")
    print_table(node_table(record.events))
    print(f"\n  {len(record.requests)} messages over WS-Management; playbook exit code {finished.exit_code}\n")
    violations = check(record)
    print_verdict(violations)
    print(f"Event log: {shown_path(stage.twin.events_file)}   request log: {shown_path(stage.twin.requests_file)}")
    return int(not refused or listed.exit_code != 0 or finished.exit_code != 0 or bool(violations))


def _refused(stage: Stage, hotfixes: HotfixStage, variables: Path) -> bool:
    """Show that a folder in which anybody may write ends the run before it begins; return whether it did."""
    hotfixes.let_everybody_write("CAUHotfix_All/20-backup-agent.msi")
    finished = _play(stage, variables, "Everybody may write to a file, so nothing is begun")
    hotfixes.protect()
    is_untouched = not any(_is_change(event) for event in stage.twin.events())
    print(f"\nExit code {finished.exit_code}; {'nothing on the cluster was changed.' if is_untouched else 'the cluster WAS CHANGED.'}\n")
    return finished.exit_code != 0 and is_untouched


def _is_change(event: Entry) -> bool:
    return bool(event["actor"] == "client")


def _play(stage: Stage, variables: Path, title: str, *extra: str) -> Finished:
    print(f"--- {title}\n")
    arguments = ("-e", f"@{variables}", *extra)
    shown = f"ansible-playbook -i {shown_path(stage.inventory)} {PLAYBOOK} -e @{shown_path(variables)} {' '.join(extra)}".rstrip()
    print(f"$ {shown}\n", flush=True)
    running = stage.controller.begin("ansible-playbook", "-i", str(stage.inventory), PLAYBOOK, *arguments, extra=QUIET)
    return follow(running, LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
