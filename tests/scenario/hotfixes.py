# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hotfix root folders on a real share, and what plays and scenarios need to use them."""

from __future__ import annotations

import itertools
import json
import re
import typing as t
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.harness.controller import Finished, Running
from tests.harness.record import Entry
from tests.harness.samba import ADMINISTRATOR, PASSWORDS, USER, Samba
from tests.harness.stage import Stage

from . import clusters
from .plays import role_play

Open = Callable[..., Stage]

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "files" / "hotfix" / "DefaultHotfixConfig.xml"
SERVER = "FILES01"
CONFIG = "DefaultHotfixConfig.xml"
INFO = "cluster_aware.updating.hotfix_info"
APPLY = "cluster_aware.updating.hotfix_apply"
SECRETS = tuple(PASSWORDS.values())
"""The passwords of the file server: none of them may be seen."""

FOLDER_RULE = """
    <FolderRules>
      <Folder name="FolderRule1" alwaysReboot="true">
        <Template path="$update$" parameters="/silent"/>
        <ExitConditions><Success><Exit code="0"/></Success></ExitConditions>
      </Folder>
    </FolderRules>
"""


_numbers = itertools.count(1)


class HotfixShare:
    """One share that holds one hotfix root folder.

    Args:
        samba: the file server.
        name: of the share; one that no other has unless it is given.
        encryption: as the server has it.
        options: further ones of the share.
        server: its name in the path.
    """

    def __init__(
        self,
        samba: Samba,
        name: str | None = None,
        encryption: str = "default",
        options: t.Mapping[str, str] | None = None,
        server: str = SERVER,
    ) -> None:
        self.samba = samba
        self.name = name or f"hotfixes{next(_numbers)}"
        self.folder = samba.share(self.name, encryption, options)
        self.path = rf"\\{server}\{self.name}"

    def put(self, *files: str, config: str | bytes | None = None) -> t.Self:
        """Put files into the folder, with the sample configuration unless another one is given, and give all of it its permissions."""
        text = sample_config() if config is None else config
        (self.folder / CONFIG).write_bytes(text if isinstance(text, bytes) else text.encode())
        for name in files:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"hotfix")
        self.samba.lock_down(self.name)
        return self

    def options(self, **changes: t.Any) -> dict[str, t.Any]:  # noqa: ANN401 - as YAML has it
        """Return what every task that reads the folder is told."""
        values = {
            "hotfix_root_folder_path": self.path,
            "share_host": self.samba.address,
            "share_port": self.samba.port,
            "share_username": ADMINISTRATOR,
            "share_password": PASSWORDS[ADMINISTRATOR],
        }
        return values | changes

    def variables(self, **changes: t.Any) -> list[str]:  # noqa: ANN401 - as YAML has it
        """Return the arguments of a playbook that applies the folder's hotfixes; the password goes by a file."""
        values = self.options(**({"windows_updates": False} | changes))
        return self._file({f"rolling_update_{name}": value for name, value in values.items()})

    def play(self, stage: Stage, *arguments: str, **changes: t.Any) -> Finished:  # noqa: ANN401 - as YAML has it
        """Run the role with the folder's hotfixes."""
        return stage.playbook(stage.write_playbook(role_play()), *self.variables(**changes), *arguments)

    def begin(self, stage: Stage, playbook: str | None = None, **changes: t.Any) -> Running:  # noqa: ANN401 - as YAML has it
        """Start the playbook, or the role, with the folder's hotfixes."""
        path = playbook or stage.write_playbook(role_play())
        return stage.controller.begin("ansible-playbook", "-i", str(stage.inventory), path, *self.variables(**changes))

    def ask(self, stage: Stage, *arguments: str, task: str = INFO, host: str = "min01-n1", **changes: t.Any) -> Answer:  # noqa: ANN401
        """Run one task ad hoc on one node."""
        # Kept out of the argument list, as a person would keep a password.
        given = self.options(**changes)
        named = json.dumps({name: f"{{{{ asked.{name} }}}}" for name in given})
        return Answer(stage.module(host, task, named, *self._file({"asked": given}), *arguments))

    def _file(self, values: dict[str, t.Any]) -> list[str]:
        file = self.samba.directory / f"{self.name}-variables.json"
        file.write_text(json.dumps(values), encoding="utf-8")
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


class Answer:
    """What one task gave back.

    Args:
        run: the command.
    """

    def __init__(self, run: Finished) -> None:
        self.screen = run.screen
        head, _arrow, text = run.screen.partition(" => ")
        assert text, run.screen
        self.is_failed = "FAILED" in head
        self.fields: dict[str, t.Any] = json.JSONDecoder().raw_decode(text)[0]
        self.message = str(self.fields.get("msg", ""))


def sample_config(extra: str = "") -> str:
    """Return the sample that the collection ships, with more rules."""
    text = SAMPLE.read_text(encoding="utf-8")
    return text.replace("</HotfixConfig>", f"{extra}</HotfixConfig>")


def installed(events: Iterable[Entry], node: str | None = None) -> list[tuple[str, str]]:
    """Return the installers that were started, as node and file name, in order."""
    found = []
    for event in events:
        if event["event"] == "installer_started" and node in {None, event["node"]}:
            line = f'"{event["path"]}" {event["parameters"]}'
            update = next(word for word in re.findall('"([^"]*)"', line) if word.startswith("\\\\"))
            found.append((str(event["node"]), update.rpartition("\\")[2]))
    return found


def is_untouched(events: Iterable[Entry]) -> bool:
    """Return whether no run has begun, and nothing was drained, applied or restarted."""
    begun = {"run_lock_taken", "node_session_opened", "registry_written", "pause_requested", "installer_started", "restart_requested"}
    return not any(event["event"] in begun for event in events)
