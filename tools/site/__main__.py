# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the documentation's site, build/docs/html, or checks what it is made from: `python -m tools.site [lint]`. Warnings are errors.

The guides are the Markdown files of the checkout. Each keeps its place in the tree that Sphinx reads, so that the links between them hold
there as they do in the checkout. What they have links to goes along.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import typing as t
import zlib
from collections.abc import Iterator
from pathlib import Path

from tools.environment import CHECKOUT, make_environment

FOLDER = CHECKOUT / "build" / "docs"
SOURCE = FOLDER / "source"
OVERVIEW = CHECKOUT / "docs" / "README.md"
REFERENCE = "reference"
COLLECTION = "cluster_aware.updating"
INSTALLED = CHECKOUT / "build" / "collections" / "ansible_collections" / "cluster_aware" / "updating"

FRONT = '<!DOCTYPE html>\n<meta charset="utf-8">\n<meta http-equiv="refresh" content="0; url=docs/README.html">\n'
"""The overview is the front page, and stands where it does in the checkout."""

# A page that is met by a link alone stands in no table of contents.
_ALONE = "---\norphan: true\n---\n\n"

_LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def links(page: Path) -> Iterator[Path]:
    """Return the files of the checkout to which a page in Markdown has links, in their order.

    Args:
        page: its file.
    """
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            yield (page.parent / target).resolve()


def reachable(page: Path) -> list[Path]:
    """Return a page and every file that a reader reaches from it, in the order in which they are met.

    Args:
        page: its file.
    """
    found = [page]
    for each in found:
        if each.suffix == ".md":
            found += [target for target in dict.fromkeys(links(each)) if target not in found]
    return found


def chapters() -> dict[str, list[Path]]:
    """Return the headings of the overview, with the pages to which there are links below each."""
    _head, *parts = _HEADING.split(OVERVIEW.read_text(encoding="utf-8"))
    targets = {title: _LINK.findall(body) for title, body in zip(parts[::2], parts[1::2], strict=True)}
    return {title: [(OVERVIEW.parent / name).resolve() for name in names] for title, names in targets.items()}


def navigation() -> str:
    """Return the site's tables of contents: the chapters of the overview and the reference."""
    trees = {title: ["/" + _name(page) for page in pages] for title, pages in chapters().items()}
    trees["Reference"] = [f"Modules, plugins and roles </{REFERENCE}/index>"]
    blocks = (["```{toctree}", ":hidden:", f":caption: {title}", "", *names, "```"] for title, names in trees.items())
    return "\n".join(itertools.chain.from_iterable(blocks))


def _name(page: Path) -> str:
    return page.relative_to(CHECKOUT).with_suffix("").as_posix()


def gather() -> None:
    """Make the tree that Sphinx reads, without the reference."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    listed = {OVERVIEW, *(page for pages in chapters().values() for page in pages)}
    for path in reachable(OVERVIEW):
        target = SOURCE / path.relative_to(CHECKOUT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md" and path not in listed:
            target.write_text(_ALONE + path.read_text(encoding="utf-8"), encoding="utf-8")
        else:
            shutil.copyfile(path, target)
    with (SOURCE / OVERVIEW.relative_to(CHECKOUT)).open("a", encoding="utf-8") as overview:
        overview.write("\n" + navigation())
    (FOLDER / "ansible.inv").write_bytes(elsewhere())
    # antsibull-docs refuses a folder into which others might write.
    (SOURCE / REFERENCE).mkdir(mode=0o700)


def elsewhere() -> bytes:
    """Return Sphinx's inventory of those places of Ansible's own documentation to which the reference has links."""
    entries = Path(__file__).with_name("ansible.txt").read_bytes()
    return b"# Sphinx inventory version 2\n# Project: Ansible\n# Version: \n# zlib\n" + zlib.compress(entries)


def commands(programs: Path) -> list[list[str]]:
    """Return what makes the reference and the site.

    Args:
        programs: folder of the environment's programs.
    """
    antsibull = [f"{programs}/antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"]
    sphinx = [f"{programs}/sphinx-build", "-M", "html", str(SOURCE), str(FOLDER), "-c", str(Path(__file__).parent)]
    return [
        [*antsibull, "--dest-dir", str(SOURCE / REFERENCE), COLLECTION],
        [*sphinx, "--fail-on-warning", "--keep-going", "--quiet", "--fresh-env", "--jobs", "auto"],
    ]


def lint_command(programs: Path) -> list[str]:
    """Return what checks the documentation of modules, plugins and roles without building the site.

    Args:
        programs: folder of the environment's programs.
    """
    checks = ["--plugin-docs", "--validate-collection-refs", "self", "--disallow-unknown-collection-refs", "--skip-rstcheck"]
    return [f"{programs}/antsibull-docs", "lint-collection-docs", *checks, str(INSTALLED)]


def main(arguments: t.Sequence[str]) -> int:
    """Build the site or check its sources; returns 0 when nothing was found.

    Args:
        arguments: `lint`, or none.
    """
    programs = make_environment(FOLDER / "venv", Path(__file__).with_name("requirements.txt").read_text(encoding="utf-8"))
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    steps = [lint_command(programs)] if "lint" in arguments else commands(programs)
    if "lint" not in arguments:
        gather()
    for step in steps:
        done = subprocess.run(step, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(done.stdout + done.stderr)
            return 1
    if "lint" not in arguments:
        front = FOLDER / "html" / "index.html"
        front.write_text(FRONT, encoding="utf-8")
        print(f"The documentation is {front.relative_to(CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
