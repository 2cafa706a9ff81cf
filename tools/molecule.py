# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays Molecule scenarios side by side: `python -m tools.molecule [scenario ...]`.

`molecule test --all` plays the same ones after each other. Molecule's own --workers has them share one working directory, in which they
overwrite each other's inventory; here each has a folder of its own, build/molecule/<scenario>.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SCENARIOS = CHECKOUT / "extensions" / "molecule"
FOLDER = CHECKOUT / "build" / "molecule"

LIMIT_SECONDS = 900.0


def known_scenarios() -> list[str]:
    """Return the names of all scenarios, the one with the most runs first, as it takes longest."""
    names = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))
    return sorted(names, key=lambda name: name != "failure_and_recovery")


def play(name: str) -> bool:
    """Play a scenario, and say how it went; return whether it passed.

    Args:
        name: of the scenario.
    """
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    if (folder / "state.yml").exists():
        _molecule(name, "destroy")
    is_good = _molecule(name, "test")
    said = "passed" if is_good else "FAILED"
    text = "" if is_good else "\n" + _log(name).read_text(encoding="utf-8", errors="replace")
    print(f"molecule {name}: {said} after {time.monotonic() - begun:.0f} s ({_log(name).relative_to(CHECKOUT)}){text}", flush=True)
    return is_good


def _log(name: str) -> Path:
    return FOLDER / f"{name}.log"


def _molecule(name: str, command: str) -> bool:
    programs = Path(sys.executable).parent
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    environment |= {
        "MOLECULE_EPHEMERAL_DIRECTORY": str(FOLDER / name),
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "NO_COLOR": "1",
    }
    arguments = [str(programs / "molecule"), command, "--scenario-name", name]
    with _log(name).open("wb") as log:
        try:
            done = subprocess.run(
                arguments,
                cwd=CHECKOUT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    """Play the scenarios; returns 0 when all have passed."""
    parser = argparse.ArgumentParser(prog="python -m tools.molecule", description=__doc__)
    parser.add_argument("scenario", nargs="*", help="only these")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (default: %(default)s)")
    options = parser.parse_args(arguments)
    known = known_scenarios()
    unknown = sorted(set(options.scenario) - set(known))
    if unknown:
        parser.error(f"{', '.join(unknown)} is no scenario: {', '.join(known)}")
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        results = list(pool.map(play, options.scenario or known))
    return int(not all(results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
