# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which a secret can slip out, and how to look for it in files and argument lists."""

from __future__ import annotations

import base64
import json
import urllib.parse
from pathlib import Path
from xml.sax.saxutils import escape


def forms(secret: str) -> dict[str, str]:
    """Return the texts under which a secret is still the secret, by what they are called."""
    found = {
        "plain": secret,
        "JSON": json.dumps(secret)[1:-1],
        "XML": escape(secret, {'"': "&quot;"}),
        "URL": urllib.parse.quote(secret, safe=""),
        "Base64": _core(secret.encode()),
        "Base64 of UTF-16": _core(secret.encode("utf-16-le")),
        "hexadecimal": secret.encode().hex(),
    }
    return {form: text for form, text in found.items() if form == "plain" or text != secret}


def _core(octets: bytes) -> str:
    """Return the part of the Base64 text that does not depend on what stands before and after."""
    whole = len(octets) - len(octets) % 3
    return base64.b64encode(octets[:whole]).decode()


def read_tree(directory: Path, *, without: frozenset[Path] = frozenset()) -> dict[str, str]:
    """Return the text of every file below a directory by its path, as far as a secret could stand in it."""
    found = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.is_symlink() and path not in without:
            found[str(path.relative_to(directory))] = path.read_bytes().decode("utf-8", errors="replace")
    return found


def argument_lists() -> dict[str, str]:
    """Return the argument list and the environment of every process that can be read, by its id."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                content = (path / name).read_bytes()
            except OSError:
                continue
            found[f"{name} of process {path.name}"] = content.replace(b"\0", b" ").decode("utf-8", errors="replace")
    return found
