# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environments of their own, below build/, for tools whose packages would burden .venv or contradict it."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def make_environment(folder: Path, requirements: str) -> Path:
    """Return the folder of an environment's programs, after making it anew when the requirements have changed.

    Args:
        folder: where it goes.
        requirements: the text of a file of requirements.
    """
    programs = folder / "bin"
    listed = folder / "requirements.txt"
    stamp = folder / ".ready"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != requirements:
        print(f"Making {folder.relative_to(CHECKOUT)} (once, takes a minute)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        listed.write_text(requirements, encoding="utf-8")
        environment = os.environ | {"PIP_CACHE_DIR": str(CHECKOUT / "build" / "pip")}
        command = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--quiet", "-r", str(listed)]
        subprocess.run(command, env=environment, check=True)
        stamp.write_text(requirements, encoding="utf-8")
    return programs
