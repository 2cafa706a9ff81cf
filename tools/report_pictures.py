# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws reports as they look in a browser, light, dark, on a phone and on paper: `python -m tools.report_pictures REPORT.html ...`.

The browser is Debian's Chromium, unpacked below build/debian where the machine has none. The pictures go to build/pictures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .debian import CHECKOUT, DebianError, unpack

FOLDER = CHECKOUT / "build" / "pictures"

SECONDS = 120.0
"""The longest that one picture may take."""

# A page is drawn as high as this; what is beyond it is cut off.
HEIGHT = 2600

LOOKS: Mapping[str, tuple[str, ...]] = {
    "light": (f"--window-size=1200,{HEIGHT}", "--blink-settings=preferredColorScheme=1"),
    "dark": (f"--window-size=1200,{HEIGHT}", "--blink-settings=preferredColorScheme=0"),
    # Chromium makes no window narrower than 500, so that the phone is drawn at two points per pixel of the page.
    "phone": (f"--window-size=500,{HEIGHT}", "--blink-settings=preferredColorScheme=1"),
}


def browser() -> tuple[str, dict[str, str]]:
    """Return Chromium, and the environment that it needs.

    Raises:
        DebianError: there is none, and it could not be unpacked.
    """
    installed = shutil.which("chromium")
    if installed is not None:
        return installed, dict(os.environ)
    root = unpack(["chromium", "fonts-dejavu-core"])
    libraries = [str(root / "usr/lib/x86_64-linux-gnu"), str(root / "usr/lib/chromium"), str(root / "lib/x86_64-linux-gnu")]
    libraries += [str(path) for path in (root / "usr/lib/x86_64-linux-gnu").glob("*/") if path.is_dir()]
    fonts = FOLDER / "fonts.conf"
    folders = "".join(f"<dir>{folder}</dir>" for folder in (root / "usr/share/fonts", "/usr/share/fonts"))
    fonts.write_text(f"<fontconfig>{folders}<cachedir>{FOLDER}/fonts</cachedir></fontconfig>\n", encoding="utf-8")
    return str(root / "usr/lib/chromium/chromium"), {
        **os.environ,
        "LD_LIBRARY_PATH": ":".join(libraries),
        "FONTCONFIG_FILE": str(fonts),
    }


def draw(page: Path, folder: Path = FOLDER) -> list[Path]:
    """Draw a page in every look, and return the pictures and the PDF.

    Args:
        page: the HTML file.
        folder: where they go.

    Raises:
        DebianError: there is no browser.
        subprocess.CalledProcessError: the browser failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    program, environment = browser()
    made = []
    with tempfile.TemporaryDirectory() as profile:
        common = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        name = page.parent.name.partition("_")[0] + "-" + page.stem
        jobs = {f"{name}-{look}.png": (*flags, "--screenshot={file}") for look, flags in LOOKS.items()}
        jobs[f"{name}-paper.pdf"] = ("--no-pdf-header-footer", "--print-to-pdf={file}")
        for file, flags in jobs.items():
            target = folder / file
            command = [*common, *(flag.replace("{file}", str(target)) for flag in flags), page.resolve().as_uri()]
            subprocess.run(command, check=True, capture_output=True, env=environment, timeout=SECONDS)
            made.append(target)
    return made


def main(pages: Sequence[str]) -> int:
    """Draw the pages and print where the pictures are."""
    try:
        for page in pages:
            print(*draw(Path(page)), sep="\n")
    except DebianError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
