# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file server with hotfixes for the Molecule scenario `hotfix`: `python -m tools.hotfix_server DIRECTORY SCENARIO`, until SIGTERM.

Once it answers, the directory holds `scenario.yml`, whose nodes read the share, and then `hotfixes.yml`, the role's variables.
`--stop DIRECTORY` ends it.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from simulator.background import BackgroundError, pid_file, stop
from tools.hotfix_stage import ALL_NODES, HotfixStage

PID = "server.pid"
FILES = (f"{ALL_NODES}/10-windows-kb5070001-x64.msu", "MOL02-N2/FolderRule1/firmware-2.7.exe")


def serve(directory: Path, scenario: str) -> None:
    """Keep the server until somebody asks it to end.

    Args:
        directory: where everything goes; it is empty or missing.
        scenario: file of the scenario that gets the share.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    directory.mkdir(parents=True, exist_ok=True)
    with pid_file(directory / PID), HotfixStage(directory) as hotfixes:
        hotfixes.fill(*FILES)
        hotfixes.write_scenario(scenario)
        hotfixes.write_variables()
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


def main(arguments: list[str]) -> int:
    """Start or end the server; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.hotfix_server", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("scenario", nargs="?", default="minimal", help="file of a scenario, or the name of one that comes with the twin")
    parser.add_argument("--stop", action="store_true", help="end the server of the directory")
    options = parser.parse_args(arguments)
    try:
        if options.stop:
            print(stop(options.directory / PID, "file server"))
        else:
            serve(options.directory, options.scenario)
    except BackgroundError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
