# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole stage for a test or a demonstration: a twin, a controller and an inventory in one directory."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from .controller import Controller, Finished
from .invariants import check
from .inventory import USER, write_inventory
from .record import Expectations, RunRecord, Violation, read_log
from .secrets import read_tree
from .twin import Twin, TwinNode


class Stage:
    """A twin and a controller that may work against it.

    Args:
        scenario: file of the scenario, or the name of a shipped one.
        directory: where everything goes.
        rate: twin seconds per real second.
        collections: folder that holds ansible_collections, None for the checkout's own.
        variables: of all hosts in the inventory.
    """

    def __init__(
        self,
        scenario: str | Path,
        directory: Path,
        *,
        rate: float = 100.0,
        collections: Path | None = None,
        variables: Mapping[str, t.Any] | None = None,
    ) -> None:
        self.directory = directory
        self.variables = dict(variables or {})
        self.twin = Twin(scenario, directory / "twin", rate=rate)
        self.controller = Controller(self.twin, directory / "controller", collections=collections)
        self.user = USER
        self.password = ""

    def __enter__(self) -> t.Self:
        self.twin.__enter__()
        self.password = self._password()
        self.inventory = self.write_inventory(self.twin.nodes)
        return self

    def __exit__(self, *_: object) -> None:
        self.twin.stop()

    def write_inventory(self, nodes: Sequence[TwinNode], name: str = "inventory.yml") -> Path:
        """Write an inventory of some of the twin's nodes and return its path."""
        return write_inventory(self.directory / name, nodes, user=self.user, password=self.password, common=self.variables)

    def _password(self) -> str:
        """Return the password that the scenario has for our account."""
        users = scenario_users(self.twin.scenario)
        self.user = USER if USER in users else next(iter(users))
        return users[self.user]

    def playbook(self, *arguments: str, **options: t.Any) -> Finished:  # noqa: ANN401 - see Controller.playbook
        """Run ansible-playbook with the inventory."""
        return self.controller.playbook("-i", str(self.inventory), *arguments, **options)

    def module(self, pattern: str, module: str, arguments: str = "", *more: str, **options: t.Any) -> Finished:  # noqa: ANN401
        """Run one task ad hoc."""
        given = ("-a", arguments) if arguments else ()
        return self.controller.run("ansible", "-i", str(self.inventory), pattern, "-m", module, *given, *more, **options)

    def write_playbook(self, plays: Sequence[object] | str, name: str = "site.yml") -> str:
        """Write a playbook and return its path."""
        path = self.directory / name
        path.write_text(plays if isinstance(plays, str) else yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
        return str(path)

    def record(self, expectations: Expectations | None = None, *, secrets: Sequence[str] | None = None) -> RunRecord:
        """Return everything that was left behind; the twin is stopped first, so that its logs are complete."""
        self.twin.stop()
        outputs = read_tree(self.controller.directory) | self.controller.argument_lists
        outputs |= read_tree(self.twin.directory)
        return RunRecord(
            self.twin.events(),
            self.twin.requests(),
            read_log(self.controller.log_file),
            outputs,
            (self.password,) if secrets is None else tuple(secrets),
            expectations or Expectations(),
        )

    def verdict(self, **expectations: t.Any) -> list[Violation]:  # noqa: ANN401 - see Expectations
        """Return the violations of the invariants, after the twin was stopped."""
        return check(self.record(Expectations(**expectations)))


def scenario_file(scenario: str | Path) -> Path:
    """Return the file of a scenario that is named by its file or as one that comes with the twin."""
    path = Path(scenario)
    if path.is_file():
        return path
    return Path(__file__).resolve().parents[2] / "simulator" / "scenarios" / f"{path.name.removesuffix('.yml')}.yml"


def scenario_users(scenario: str | Path) -> dict[str, str]:
    """Return the accounts of a scenario and their passwords."""
    found = yaml.safe_load(scenario_file(scenario).read_text(encoding="utf-8")).get("users") or DEFAULT_USERS
    return dict(found)


DEFAULT_USERS = {"Administrator": "Twin-Passw0rd"}
"""Of a scenario that names none."""
