# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Licences stand where they must, and what Galaxy's importer says is read rightly."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.importer import troubles

CHECKOUT = Path(__file__).resolve().parents[2]

HEADER = """# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""


def test_every_python_file_begins_with_its_licence() -> None:
    listed = subprocess.run(["git", "-C", str(CHECKOUT), "ls-files", "-z", "*.py"], check=True, capture_output=True)
    paths = [CHECKOUT / name for name in listed.stdout.decode().split("\0") if name]
    texts = {path: path.read_text(encoding="utf-8") for path in paths if path.is_file()}
    assert len(texts) > 100
    assert [path for path, text in texts.items() if text and not text.startswith(HEADER)] == []


def test_licence_is_the_same_where_reuse_looks_for_it() -> None:
    assert (CHECKOUT / "LICENSES" / "GPL-3.0-or-later.txt").read_bytes() == (CHECKOUT / "LICENSE").read_bytes()


@pytest.mark.parametrize(
    ("line", "is_trouble"),
    [
        ("WARNING: plugins/x.py:1:1: line-length", True),
        ("ERROR: The import failed for the following reason: No role readme found.", True),
        ("Loading module cluster_info", False),
        ("Loading module WARNING: this is a name", False),
        ("WARNING: configure.yml:1:1: couldn't resolve module/action 'awx.awx.project'.", False),
    ],
)
def test_warning_of_the_importer_is_trouble_unless_it_is_expected(line: str, is_trouble: bool) -> None:
    assert troubles(f"Importing\n{line}\ndone") == ([line] if is_trouble else [])
