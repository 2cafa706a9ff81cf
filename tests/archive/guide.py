# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that a guide shows, as its readers would write them."""

from __future__ import annotations

import re
from pathlib import Path

_FILE = re.compile(r"^```yaml\n# (?P<name>\S+\.yml)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def write_files(guide: Path, folder: Path) -> list[str]:
    """Write every file whose block begins with its name as a comment, and return the names.

    Args:
        guide: a page.
        folder: where the reader's repository is.
    """
    names = []
    for found in _FILE.finditer(guide.read_text(encoding="utf-8")):
        path = folder / found["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("---\n" + found["text"], encoding="utf-8")
        names.append(found["name"])
    return names
