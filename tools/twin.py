# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A twin to play with: `python -m tools.twin`. It runs until Ctrl-C and says how to reach it."""

from __future__ import annotations

import argparse
import select
import sys
import threading
from pathlib import Path

from tests.harness.controller import RATE_VARIABLE
from tests.harness.processes import CHECKOUT
from tests.harness.stage import Stage
from tools.hotfix_stage import ALL_NODES, ROOT_PATH, HotfixStage
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
    parser.add_argument("--hotfixes", action="store_true", help="start a file server with a hotfix root folder too")
    options = parser.parse_args(arguments)
    work = serve_with_hotfixes if options.hotfixes else serve
    return run_in(options.directory, lambda: work(options.scenario, options.directory, options.rate), interrupted=0)


def serve(scenario: str, directory: Path, rate: float, hotfixes: HotfixStage | None = None) -> int:
    """Keep a twin until somebody interrupts us; returns only when it ended by itself."""
    with Stage(scenario, directory, rate=rate) as stage:
        explain(stage)
        if hotfixes is not None:
            explain_hotfixes(hotfixes, stage)
        print("Ctrl-C ends it.", flush=True)
        while stage.twin.is_running:
            if hotfixes is not None and select.select([sys.stdin], [], [], 0.5)[0] and sys.stdin.readline():
                hotfixes.protect()
                print("Everything in the folder has its permissions.", flush=True)
            else:
                threading.Event().wait(0.5)
    print(stage.twin.log())
    return 1


def serve_with_hotfixes(scenario: str, directory: Path, rate: float) -> int:
    """Keep a twin and a file server whose hotfix root folder the nodes read."""
    directory.mkdir(parents=True)
    with HotfixStage(directory) as hotfixes:
        hotfixes.fill(f"{ALL_NODES}/windows-kb5070001-x64.msu")
        return serve(str(hotfixes.write_scenario(scenario)), directory, rate, hotfixes)


def explain_hotfixes(hotfixes: HotfixStage, stage: Stage) -> None:
    """Print where the hotfix root folder is and how to use it."""
    playbook = f".venv/bin/ansible-playbook -i {shown_path(stage.inventory)} cluster_aware.updating.rolling_update"
    print(f"The hotfix root folder {ROOT_PATH} is {shown_path(hotfixes.folder)}. Put files into it, and press Enter here, which")
    print("gives everything in it the permissions that it must have. Then:\n")
    print(f"  {playbook} -e @{shown_path(hotfixes.write_variables())} --check\n")


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
