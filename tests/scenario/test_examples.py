# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of every module run as they stand, and what modules say that they give back is what they give back."""

from __future__ import annotations

from pathlib import Path

from tools.examples.pages import Data, read_pages
from tools.examples.returned import OF_THE_MACHINE, problems
from tools.examples.stage import run_examples

PAGES = read_pages()

# The other branch of an example, for nodes that fail.
NOT_TAKEN = {"Record that the node has failed"}


def names(tasks: list[Data]) -> set[str]:
    """Return the names of tasks, those in blocks included."""
    return {
        name
        for task in tasks
        for name in (names([*task["block"], *task.get("rescue", [])]) if "block" in task else {str(task["name"])})
    }


def test_examples_do_what_they_say_and_give_back_what_their_pages_describe(tmp_path: Path) -> None:
    """`python -m tools.examples` renews samples that are nothing that the examples give back."""
    outcome = run_examples(PAGES.values(), tmp_path)
    assert outcome.run.exit_code == 0, outcome.run.screen
    tasks = [task for page in PAGES.values() for task in page.tasks()]
    assert len(tasks) > 30
    # What is missing has failed, or its condition did not hold.
    assert names(tasks) - outcome.succeeded == NOT_TAKEN
    assert outcome.stage.verdict() == []
    for name, page in PAGES.items():
        results = outcome.of(name)
        assert results, name
        assert problems(page.results(), results, is_shape_enough=name in OF_THE_MACHINE) == [], name
