# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file server with a hotfix root folder beside a twin, for the tools that show hotfixes."""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml

from tests.harness import nt_acl
from tests.harness.nt_acl import Ace
from tests.harness.processes import CHECKOUT
from tests.harness.samba import ADMINISTRATOR, PASSWORDS, USER, Samba
from tests.harness.stage import scenario_file

SHARE = "hotfixes"
ALL_NODES = "CAUHotfix_All"
ROOT_PATH = rf"\\FILES01\{SHARE}"
SAMPLE = CHECKOUT / "files" / "hotfix" / "DefaultHotfixConfig.xml"

FOLDER_RULE = """  <FolderRules>
    <Folder name="FolderRule1" alwaysReboot="true">
      <Template path="$update$" parameters="/silent"/>
      <ExitConditions>
        <Success>0</Success>
      </ExitConditions>
    </Folder>
  </FolderRules>
</HotfixConfig>
"""


class HotfixStage:
    """A Samba with one hotfix root folder; a context manager.

    Args:
        directory: where its files go.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.samba = Samba(directory / "samba")

    def __enter__(self) -> t.Self:
        self.folder = self.samba.share(SHARE)
        self.samba.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.samba.stop()

    def fill(self, *files: str) -> None:
        """Put files into the root folder, and the sample configuration with a rule folder beside them.

        Args:
            files: paths below the root folder.
        """
        config = SAMPLE.read_text(encoding="utf-8").replace("</HotfixConfig>\n", FOLDER_RULE)
        (self.folder / SAMPLE.name).write_text(config, encoding="utf-8")
        for name in files:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"This stands for {path.name}.\n", encoding="utf-8")
        self.protect()

    def protect(self) -> None:
        """Give everything in the root folder the permissions that it must have, as an administrator of a Windows file server would."""
        self.samba.lock_down(SHARE)

    def let_everybody_write(self, name: str) -> None:
        """Let everybody write to something in the root folder, which nobody should.

        Args:
            name: path below the root folder.
        """
        aces = [Ace(nt_acl.ALLOW, nt_acl.ADMINISTRATORS, nt_acl.FULL), Ace(nt_acl.ALLOW, nt_acl.EVERYONE, nt_acl.FULL)]
        self.samba.set_acl(SHARE, name, aces=aces)

    def listing(self) -> list[str]:
        """Return what lies in the root folder, as paths below it."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def write_scenario(self, scenario: str, installers: t.Sequence[dict[str, t.Any]] = ()) -> Path:
        """Write a scenario whose nodes read the share, and return its file.

        Args:
            scenario: file of a scenario, or the name of one that comes with the twin.
            installers: what installers of hotfixes answer (simulator/scenario/README.md).
        """
        data = yaml.safe_load(scenario_file(scenario).read_text(encoding="utf-8"))
        share = {"path": ROOT_PATH, "host": self.samba.address, "port": self.samba.port, "username": USER, "password": PASSWORDS[USER]}
        for cluster in data["clusters"]:
            cluster["shares"] = [share]
            cluster["installers"] = [*installers, *cluster.get("installers", [])]
        file = self.directory / "scenario.yml"
        file.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return file

    def write_variables(self) -> Path:
        """Write the role's variables for the share, and return their file."""
        file = self.directory / "hotfixes.yml"
        variables = {
            "rolling_update_hotfix_root_folder_path": ROOT_PATH,
            "rolling_update_share_host": self.samba.address,
            "rolling_update_share_port": self.samba.port,
            "rolling_update_share_username": ADMINISTRATOR,
            "rolling_update_share_password": PASSWORDS[ADMINISTRATOR],
        }
        file.write_text(yaml.safe_dump(variables, sort_keys=False), encoding="utf-8")
        return file
