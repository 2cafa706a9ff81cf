# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hotfix root folders on a real share, and what plays and scenarios need to use them."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterable
from pathlib import Path

from tests.harness.record import Entry
from tests.harness.samba import ADMINISTRATOR, PASSWORDS, USER, Samba

from . import clusters

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "files" / "hotfix" / "DefaultHotfixConfig.xml"
SERVER = "FILES01"

FOLDER_RULE = """
    <FolderRules>
      <Folder name="FolderRule1" alwaysReboot="true">
        <Template path="$update$" parameters="/silent"/>
        <ExitConditions><Success><Exit code="0"/></Success></ExitConditions>
      </Folder>
    </FolderRules>
"""


class HotfixShare:
    """One share that holds one hotfix root folder.

    Args:
        samba: the file server.
        name: of the share.
        encryption: as the server has it.
    """

    def __init__(self, samba: Samba, name: str, encryption: str = "default", options: t.Mapping[str, str] | None = None) -> None:
        self.samba = samba
        self.name = name
        self.folder = samba.share(name, encryption, options)
        self.path = rf"\\{SERVER}\{name}"

    def put(self, *files: str, config: str | None = None) -> None:
        """Put files into the folder, with the sample configuration unless another one is given, and give all of it its permissions."""
        text = SAMPLE.read_text(encoding="utf-8") if config is None else config
        (self.folder / "DefaultHotfixConfig.xml").write_text(text, encoding="utf-8")
        for name in files:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"hotfix")
        self.samba.lock_down(self.name)

    def variables(self, **changes: t.Any) -> list[str]:  # noqa: ANN401 - as YAML has it
        """Return the arguments of a playbook that applies the folder's hotfixes; the password goes by a file."""
        values = {
            "rolling_update_hotfix_root_folder_path": self.path,
            "rolling_update_share_host": self.samba.address,
            "rolling_update_share_port": self.samba.port,
            "rolling_update_share_username": ADMINISTRATOR,
            "rolling_update_share_password": PASSWORDS[ADMINISTRATOR],
            "rolling_update_windows_updates": False,
        }
        file = self.samba.directory / f"{self.name}-variables.json"
        file.write_text(json.dumps(values | changes), encoding="utf-8")
        return ["-e", f"@{file}"]

    def cluster(self, size: int = 2, **changes: t.Any) -> clusters.Data:  # noqa: ANN401 - as YAML has it
        """Return a cluster without updates whose nodes read the share."""
        share = {
            "path": self.path,
            "host": self.samba.address,
            "port": self.samba.port,
            "username": USER,
            "password": PASSWORDS[USER],
        }
        return clusters.cluster(size=size, **({"updates": [], "shares": [share]} | changes))


def installed(events: Iterable[Entry]) -> list[tuple[str, str]]:
    """Return the installers that were started, as node and file name, in order."""
    found = []
    for event in events:
        if event["event"] == "installer_started":
            line = f"{event['path']} {event['parameters']}"
            update = next(word for word in line.replace('"', " ").split(" ") if SERVER in word)
            found.append((str(event["node"]), update.rpartition("\\")[2]))
    return found
