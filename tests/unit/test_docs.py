# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guides can be found, and what they have links to is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tools.environment import CHECKOUT
from tools.messages import BEGIN, PAGE, collect, scopes, written
from tools.site.__main__ import OVERVIEW, chapters, links, navigation, reachable

GUIDES = CHECKOUT / "docs"


def test_every_guide_is_named_once_in_the_overview() -> None:
    """A new page wants a line in docs/README.md, below the heading where a reader looks for it."""
    named = [page for pages in chapters().values() for page in pages]
    assert sorted(set(named)) == sorted(named)
    guides = {page for page in GUIDES.glob("*.md") if page != OVERVIEW}
    assert sorted(guides - set(named)) == []


def test_readme_leads_to_every_guide() -> None:
    assert OVERVIEW in links(CHECKOUT / "README.md")
    assert set(GUIDES.glob("*.md")) <= set(reachable(CHECKOUT / "README.md"))


def test_readme_names_every_task_playbook_and_plugin() -> None:
    folders = ("plugins/modules", "plugins/inventory", "plugins/callback", "playbooks")
    names = {path.stem for folder in folders for path in (CHECKOUT / folder).iterdir() if path.suffix in {".py", ".yml"}}
    named = set(re.findall(r"`(?:cluster_aware\.updating\.)?(\w+)`", (CHECKOUT / "README.md").read_text(encoding="utf-8")))
    assert sorted(names - named - {"__init__"}) == []


def test_links_of_all_pages_lead_to_files() -> None:
    pages = [page for page in reachable(CHECKOUT / "README.md") if page.suffix == ".md"]
    broken = [(page.name, target.name) for page in pages for target in links(page) if not target.is_file()]
    assert len(pages) >= 15
    assert broken == []


def test_links_are_found_where_a_reader_sees_them(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](b.md#part) ![c](../d.svg) [e](https://example.com/f.md) [here](#part)\n", encoding="utf-8")
    assert list(links(page)) == [tmp_path / "b.md", tmp_path.parent / "d.svg"]


def test_site_has_the_reference_and_a_table_of_contents_for_each_chapter() -> None:
    text = navigation()
    assert text.count("```{toctree}") == len(chapters()) + 1
    assert "\n/docs/run\n" in text
    assert "</reference/index>" in text


BROKEN, MEND = "it is broken now", "Mend it now"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (f"raise Bad('{BROKEN}', remedy='{MEND}')", [(BROKEN, MEND)]),
        ("raise Bad(5, f'{name} is not there', remedy=f'Look at {name}')", [("… is not there", "Look at …")]),
        (f"def f():\n    text = '{BROKEN}'\n    raise Bad(text, remedy=R)\nR = '{MEND}'", [(BROKEN, MEND)]),
        (f"raise Bad('{BROKEN}', remedy='{MEND}' if x else 'Leave it')", [(BROKEN, "Leave it"), (BROKEN, MEND)]),
        (f"T = {{1: ('{BROKEN}', '{MEND}', 5)}}", [(BROKEN, MEND)]),
        (
            f"a, b = '{BROKEN}', '{MEND}'\na, b = 'it is gone now', 'Make one'\nraise Bad(a, remedy=b)",
            [(BROKEN, MEND), ("it is gone now", "Make one")],
        ),
        (f"x = x or y\nraise Bad(x, remedy='{MEND}')", []),
        (f"raise Bad('{BROKEN}')", []),
    ],
)
def test_messages_are_read_out_of_the_source(source: str, found: list[tuple[str, str]]) -> None:
    messages = {message for scope in scopes(ast.parse(source)) for message in scope.messages()}
    assert sorted((message.text, message.remedy) for message in messages) == found


def test_every_error_message_stands_on_its_page() -> None:
    """`python -m tools.messages` writes the page anew."""
    assert sum(map(len, collect().values())) > 180
    assert written() == PAGE.read_text(encoding="utf-8")


def test_messages_that_are_met_first_are_messages() -> None:
    head, _mark, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _start, table = head.split("## The ones that people meet first")
    first = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| ") and not line.startswith(("| message", "| ---"))]
    assert len(first) > 5
    assert [message for message in first if f"\n{message} |" not in rest] == []
