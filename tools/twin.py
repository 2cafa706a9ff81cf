# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A twin to play with: `python -m tools.twin`. It runs until Ctrl-C and says how to reach it."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from tests.harness.controller import RATE_VARIABLE
from tests.harness.processes import CHECKOUT
from tests.harness.stage import Stage
from tools.show import run_in, shown_path

DIRECTORY = CHECKOUT / "build" / "twin"


def main(arguments: list[str]) -> int:
    """Run a twin until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m tools.twin", description=__doc__)
    parser.add_argument(
        "scenario", nargs="?", default="hyperv-four-nodes", help="file of a scenario, or the name of one that comes with the twin"
    )
    parser.add_argument("--rate", type=float, default=60.0, help="twin seconds per real second")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where its files go")
    options = parser.parse_args(arguments)
    return run_in(options.directory, lambda: serve(options.scenario, options.directory, options.rate), interrupted=0)


def serve(scenario: str, directory: Path, rate: float) -> int:
    """Keep a twin until somebody interrupts us; returns only when it ended by itself."""
    with Stage(scenario, directory, rate=rate) as stage:
        explain(stage)
        while stage.twin.is_running:
            threading.Event().wait(0.5)
    print(stage.twin.log())
    return 1


def explain(stage: Stage) -> None:
    """Print how to reach the twin."""
    inventory = shown_path(stage.inventory)
    print(f"The twin is up; one second here lasts {stage.twin.rate:g} seconds there. Its inventory, {inventory}:\n")
    print(stage.inventory.read_text(encoding="utf-8"))
    print("Try in another shell:\n")
    print(f"  export {RATE_VARIABLE}={stage.twin.rate:g} ANSIBLE_COLLECTIONS_PATH={CHECKOUT / 'build' / 'collections'}")
    print(f"  .venv/bin/ansible -i {inventory} all -m cluster_aware.updating.cluster_info")
    print(f"  .venv/bin/ansible-playbook -i {inventory} cluster_aware.updating.rolling_update --check")
    print(f"  .venv/bin/ansible-playbook -i {inventory} cluster_aware.updating.rolling_update\n")
    print(f"Event log: {shown_path(stage.twin.events_file)}   control socket: {shown_path(stage.twin.socket_file)}")
    print("Ctrl-C ends it.", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
