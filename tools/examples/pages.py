# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EXAMPLES and RETURN blocks of the modules, as they stand in their files."""

from __future__ import annotations

import ast
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.environment import CHECKOUT

MODULES = CHECKOUT / "plugins" / "modules"
PREFIX = "cluster_aware.updating."

Data = dict[str, t.Any]


@dataclass(frozen=True)
class ModulePage:
    """What a module's file says to its users.

    Args:
        path: the file.
        examples: the text of EXAMPLES.
        returned: the text of RETURN.
    """

    path: Path
    examples: str
    returned: str

    @property
    def name(self) -> str:
        """The module's name."""
        return self.path.stem

    def tasks(self) -> list[Data]:
        """Return the tasks of the examples."""
        return list(yaml.safe_load(self.examples))

    def results(self) -> Data:
        """Return the descriptions of what the module gives back."""
        return dict(yaml.safe_load(self.returned))


def read_page(path: Path) -> ModulePage:
    """Return what a module's file says to its users.

    Args:
        path: the file.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {
        target.id: str(ast.literal_eval(statement.value))
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    return ModulePage(path, texts["EXAMPLES"], texts["RETURN"])


def read_pages() -> dict[str, ModulePage]:
    """Return the pages of all modules by name."""
    return {path.stem: read_page(path) for path in sorted(MODULES.glob("[!_]*.py"))}
