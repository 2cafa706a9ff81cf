# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs Ansible Galaxy's own checks on the built archive: `python -m tools.importer`. Warnings count as failures.

galaxy-importer wants older releases of some packages than our other tools, so that it has an environment of its own, build/importer.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.environment import CHECKOUT, make_environment

FOLDER = CHECKOUT / "build" / "importer"

# 0.4.44 is the first release that takes the ansible-lint that we use.
REQUIREMENT = "galaxy-importer >= 0.4.44"

# No container, and no network: ansible-test has a target of its own, and whether galaxy.yml's addresses answer is not checked here.
SETTINGS = "[galaxy-importer]\nRUN_ANSIBLE_TEST = False\nRUN_ANSIBLE_LINT = True\nCHECK_REQUIRED_TAGS = True\nCHECK_RUNTIME_YAML = True\n"

_TROUBLE = re.compile(r"^(WARNING|ERROR|CRITICAL): ")

# Galaxy looks at the examples without the collections that they use; our own run of ansible-lint has stand-ins for them.
_EXPECTED = ("couldn't resolve module/action 'awx.awx.", "Failed to find cluster_aware.updating.")


def build() -> Path:
    """Return the archive, built anew."""
    folder = FOLDER / "archive"
    shutil.rmtree(folder, ignore_errors=True)
    command = [str(Path(sys.executable).parent / "ansible-galaxy"), "collection", "build", "--output-path", str(folder), str(CHECKOUT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.tar.gz"))


def troubles(output: str) -> list[str]:
    """Return the lines of an importer's output that tell of something to mend.

    Args:
        output: what it printed.
    """
    lines = [line for line in output.splitlines() if _TROUBLE.match(line)]
    return [line for line in lines if not any(text in line for text in _EXPECTED)]


def main() -> int:
    """Run the checks; returns 0 when there is neither an error nor a warning."""
    programs = make_environment(FOLDER / "venv", REQUIREMENT)
    settings = FOLDER / "galaxy-importer.cfg"
    settings.write_text(SETTINGS, encoding="utf-8")
    environment = os.environ | {
        "GALAXY_IMPORTER_CONFIG": str(settings),
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    command = [str(programs / "python"), "-m", "galaxy_importer.main", str(build())]
    done = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    is_good = done.returncode == 0 and not troubles(output)
    if not is_good:
        print(output)
    print(f"galaxy-importer: {'passed' if is_good else 'failed'}")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
