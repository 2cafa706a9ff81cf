# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs actions against a FakeWorld as a playbook would: facts go from one task to the next, failed hosts drop out.

playbook = Playbook(world, {"hv-a": "node1", "hv-b": "node2"}, monkeypatch)
result = playbook.run("run_lock", "hv-a", state="acquired")
"""

from __future__ import annotations

import importlib
import tempfile
import types
import typing as t
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.node_client import NodeClient
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.plugin_utils import _action, _peers, _reports, _siblings, _task

from ..fakes.world import FakeWorld

ACTIONS = "ansible_collections.cluster_aware.updating.plugins.action"
PASSWORD = "canary-S3cret"

Argument: t.TypeAlias = t.Any


class FakePlay:
    """What an action sees of its play."""

    def __init__(self, hosts: list[str], strategy: str = "linear") -> None:
        self.hosts = hosts
        self.strategy = strategy
        self._uuid = str(uuid.uuid4())


class FakeInventory:
    """Host patterns are group names, host names or "all"."""

    def __init__(self, groups: Mapping[str, list[str]]) -> None:
        self.groups = groups

    def get_hosts(self, patterns: list[str], *, ignore_limits: bool = False, ignore_restrictions: bool = False) -> list[t.Any]:
        assert ignore_limits
        assert ignore_restrictions
        names = [name for pattern in patterns for name in self.groups.get(pattern, [pattern])]
        return [types.SimpleNamespace(name=name) for name in dict.fromkeys(names)]


class FakeHostVars(dict[str, dict[str, t.Any]]):
    """The variables of all hosts."""

    def __init__(self, inventory: FakeInventory) -> None:
        super().__init__()
        self._inventory = inventory

    def raw_get(self, host: str) -> dict[str, t.Any]:
        return self[host]


class Playbook:
    """One ansible-playbook process.

    Args:
        worlds: the clusters.
        hosts: the node of each inventory host; None for a host that is not of any cluster.
        patch: for the connections.
    """

    def __init__(self, worlds: FakeWorld | list[FakeWorld], hosts: dict[str, str], patch: pytest.MonkeyPatch) -> None:
        self.worlds = worlds if isinstance(worlds, list) else [worlds]
        self.nodes = hosts
        self.inventory = FakeInventory({"all": list(hosts)})
        self.hostvars = FakeHostVars(self.inventory)
        for host in hosts:
            self.hostvars[host] = {"inventory_hostname": host, "ansible_facts": {}}
        self.play = FakePlay(["all"])
        self.play_hosts = list(hosts)
        self.shown: list[str] = []
        self.is_no_log = False
        clock: Clock = self.worlds[0].clock
        patch.setattr(_action, "clock_from_environment", lambda: clock)
        patch.setattr(_action.display, "display", self.shown.append)
        patch.setattr(_peers, "peer_connection", lambda _action, _task_vars, host: types.SimpleNamespace(host=host))
        patch.setattr(
            _peers,
            "endpoint_from_connection",
            lambda connection, name: Endpoint(name=name, url=f"http://{connection.host}:5985/wsman", auth="ntlm", password=PASSWORD),
        )
        patch.setattr(_peers, "open_node", self._open_node)
        self._patch = patch
        self._folder = tempfile.TemporaryDirectory()
        self.reports = Path(self._folder.name) / "reports"
        patch.setattr(_reports, "default_directory", lambda: self.reports)
        patch.setattr(_siblings, "folder", lambda: Path(self._folder.name))

    def _open_node(self, endpoint: Endpoint, _clock: Clock) -> NodeClient:
        node = self.nodes[endpoint.url.split("/")[2].split(":")[0]]
        world = next(world for world in self.worlds if node in world.machines)
        return world.opener(node)()

    def restart(self, process: str = "another process") -> None:
        """Let the facts outlive their process, as a fact cache does."""
        self._folder = tempfile.TemporaryDirectory()
        self._patch.setattr(_task, "process_identity", lambda: process)

    def new_play(self, hosts: list[str] | None = None) -> None:
        """Begin another play of the same playbook."""
        self.play = FakePlay(["all"])
        self.play_hosts = hosts or list(self.nodes)

    def run(
        self, task: str, host: str, *, check: bool = False, diff: bool = False, batch: list[str] | None = None, **arguments: Argument
    ) -> dict[str, t.Any]:
        """Run one task on one host and keep the facts of its result."""
        fake_task = types.SimpleNamespace(
            action=task,
            args=dict(arguments),
            check_mode=check,
            diff=diff,
            no_log=self.is_no_log,
            delegate_to=None,
            delegate_facts=None,
            async_val=0,
            get_play=lambda: self.play,
        )
        variables = {
            **self.hostvars[host],
            "hostvars": self.hostvars,
            "ansible_play_hosts": self.play_hosts,
            "ansible_play_hosts_all": self.play_hosts,
            "ansible_play_batch": batch or [host],
        }
        action = importlib.import_module(f"{ACTIONS}.{task}").ActionModule(
            task=fake_task,
            connection=types.SimpleNamespace(host=host, _shell=types.SimpleNamespace(tmpdir="unused")),
            play_context=None,
            loader=None,
            templar=None,
            shared_loader_obj=None,
        )
        result: dict[str, t.Any] = action.run(task_vars=variables)
        self.hostvars[host]["ansible_facts"].update(result.get("ansible_facts", {}))
        return result

    def failure(self, task: str, host: str, **options: Argument) -> tuple[str, dict[str, t.Any]]:
        """Run a task that must fail, and return its message and the fields of its result."""
        with pytest.raises(AnsibleActionFail) as caught:
            self.run(task, host, **options)
        return str(caught.value.message), dict(caught.value.result)
