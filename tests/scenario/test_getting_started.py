# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of docs/getting_started.md do what the page says, word for word."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.harness.processes import CHECKOUT, clean_environment
from tests.harness.record import read_log

from .plays import count
from .test_commands import command, wait_for

PAGE = CHECKOUT / "docs" / "getting_started.md"
TWIN = "make twin SCENARIO=minimal"


def blocks() -> list[str]:
    """Return the commands of the page, block by block."""
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_commands_of_the_first_steps_work_as_they_stand(tmp_path: Path) -> None:
    clone, demo, twin, *steps = blocks()
    assert clone.startswith("git clone ")
    assert demo == "make demo\n"
    assert twin == f"{TWIN}\n"
    # The folder looks like a checkout, and what a twin writes there meets no other twin.
    (tmp_path / ".venv").symlink_to(CHECKOUT / ".venv")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "collections").symlink_to(CHECKOUT / "build" / "collections")
    folder, screen = tmp_path / "build" / "twin", tmp_path / "screen"
    with command("tools.twin", "minimal", "--directory", str(folder), output=screen) as process:
        wait_for(process, screen, "Ctrl-C ends it.")
        printed = screen.read_text(encoding="utf-8")
        done = subprocess.run(
            ["sh", "-eux", "-c", "\n".join(steps)],
            cwd=tmp_path,
            env=clean_environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=180,
        )
    assert done.returncode == 0, done.stdout
    assert "CLUSTER_AWARE_UPDATING_CLOCK_RATE=60" in printed
    assert re.search("MIN01-N[12] ok 1 update 1 restart .* MIN01-N[12] ok 1 update 1 restart", done.stdout)
    assert "MIN01-N1 nothing to do" in done.stdout
    assert count(read_log(folder / "twin" / "events.jsonl"), "update_installed") == 2
