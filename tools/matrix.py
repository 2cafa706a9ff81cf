# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs tests with every release of ansible-core that is supported: `python -m tools.matrix [release ...]`.

Each row has an environment of its own below build/matrix. The exit code is 0 when every row passed, 1 when a row failed, and 3 when every
row that could run has passed but one could not, as this machine has not its Python.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import typing as t
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / "build" / "matrix"

EXIT_FAILED = 1
EXIT_LEFT_OUT = 3


class Row(t.NamedTuple):
    """A release of ansible-core and the Python that runs it."""

    core: str
    python: str

    @property
    def folder(self) -> Path:
        """Where its environment is."""
        return FOLDER / f"core-{self.core}-python-{self.python}"


# Releases 2.18 and 2.19 run on Python 3.11 to 3.13, the ones after them on 3.12 to 3.14.
ROWS = (Row("2.18", "3.11"), Row("2.19", "3.11"), Row("2.20", "3.12"), Row("2.21", "3.13"))

LIBRARIES = ("pytest", "pytest-xdist", "hypothesis", "ansible-runner", "requests-credssp")
"""What the tests below need of requirements-dev.txt."""

TESTS = (
    "tests/unit",
    "tests/scenario/test_good_runs.py",
    "tests/scenario/test_preview.py",
    "tests/scenario/test_failures.py",
    "tests/scenario/test_inventory_plugin.py",
)
"""All of the unit tests, and scenarios that together start each play of the role: a run, check mode, a failure, the inventory."""


def find_python(version: str) -> Path | None:
    """Return an interpreter that can make environments: of the search path, or one that pyenv has installed.

    Args:
        version: such as 3.12.
    """
    named = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [Path(named)] if named else []
    candidates += sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)
    probe = f"import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != tuple(map(int, '{version}'.split('.'))))"
    for candidate in candidates:
        if subprocess.run([candidate, "-c", probe], check=False, capture_output=True).returncode == 0:
            return candidate
    return None


def libraries_of(text: str) -> list[str]:
    """Return the lines of requirements-dev.txt that name a library of the tests.

    Args:
        text: what the file says.
    """
    found = {re.split(r"[ <>=~!]", line, maxsplit=1)[0]: line for line in text.splitlines() if line and not line.startswith(("#", "-"))}
    return [found[name] for name in LIBRARIES]


def make_environment(row: Row, python: Path) -> None:
    """Make the environment of a row, or make it anew when what it needs has changed.

    Args:
        row: the row.
        python: its interpreter.
    """
    files = [CHECKOUT / "requirements.txt", CHECKOUT / "simulator" / "requirements.txt"]
    needed = [f"ansible-core == {row.core}.*", *libraries_of((CHECKOUT / "requirements-dev.txt").read_text(encoding="utf-8"))]
    wanted = "\n".join([*needed, *(file.read_text(encoding="utf-8") for file in files)])
    stamp = row.folder / ".ready"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"Making {row.folder.relative_to(CHECKOUT)} (once, takes a minute)", flush=True)
    shutil.rmtree(row.folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", row.folder], check=True)
    own = str(row.folder / "bin" / "python")
    pip = [own, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    given = [argument for file in files for argument in ("-r", str(file))]
    subprocess.run([*pip, *needed, *given], check=True, env=os.environ | {"PIP_CACHE_DIR": str(CHECKOUT / "build" / "pip")})
    found = subprocess.run(
        [own, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True
    ).stdout.strip()
    (Path(found) / "cluster_aware_updating.pth").write_text(f"{CHECKOUT / 'build' / 'collections'}\n{CHECKOUT}\n", encoding="utf-8")
    stamp.write_text(wanted, encoding="utf-8")


def run_row(row: Row, tests: Sequence[str]) -> bool:
    """Run the tests of a row; return whether they passed.

    Args:
        row: the row; its environment is there.
        tests: files and folders of tests.
    """
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [str(row.folder / "bin" / "python"), "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", *tests]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode == 0


def how_to_bring(version: str) -> str:
    """Return the commands that install a missing Python, the first that fits the machine."""
    return f"apt-get install python{version} python{version}-venv, dnf install python{version}, or pyenv install {version}"


def main(arguments: list[str]) -> int:
    """Run the rows; returns the exit code that the module's text explains."""
    parser = argparse.ArgumentParser(prog="python -m tools.matrix", description=__doc__)
    parser.add_argument("release", nargs="*", metavar="release", help="only these releases of ansible-core, such as 2.18")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="other tests than the usual ones")
    options = parser.parse_args(arguments)
    unknown = set(options.release) - {row.core for row in ROWS}
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))} is no release of the matrix: {', '.join(row.core for row in ROWS)}")
    lines: list[str] = []
    code = 0
    for row in ROWS:
        if options.release and row.core not in options.release:
            continue
        title = f"ansible-core {row.core} on Python {row.python}"
        python = find_python(row.python)
        if python is None:
            lines.append(f"{title}: LEFT OUT, as this machine has no Python {row.python}: {how_to_bring(row.python)}")
            code = code or EXIT_LEFT_OUT
            continue
        make_environment(row, python)
        print(f"--- {title}", flush=True)
        begun = time.monotonic()
        is_good = run_row(row, options.tests)
        lines.append(f"{title}: {'passed' if is_good else 'FAILED'} after {time.monotonic() - begun:.0f} s")
        code = code if is_good else EXIT_FAILED
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
