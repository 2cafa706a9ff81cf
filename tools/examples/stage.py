# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the examples of all modules on a twin, in one playbook.

The twin is what the examples speak of: the group hv_cluster, a file server with hotfixes, a server that is in no cluster, and a second
cluster with a run to stop. What a module must find is brought about by the example of another one: the lock is taken by that of run_lock,
and a node is drained by that of cluster_node.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.harness.controller import Finished
from tests.harness.samba import ADMINISTRATOR, PASSWORDS, USER, Samba
from tests.harness.stage import Stage
from tools.environment import CHECKOUT

from .pages import PREFIX, Data, ModulePage

RATE = 100.0
SHARE = "hotfixes"
HOTFIXES = ("CAUHotfix_All/windows-kb5066790.msu", "CAUHotfix_All/readme.txt")
OWN_PLUGIN = CHECKOUT / "examples" / "own_plugin"
SAMPLE = CHECKOUT / "files" / "hotfix" / "DefaultHotfixConfig.xml"

# Accounts of the examples, and those that stand for them.
STAND_INS = {r"CONTOSO\svc-hotfixes": ADMINISTRATOR}

# What each module wants to find, in the order in which a run comes to them. What is not named here only reads; reports are there last.
CHANGING = (
    *("run_lock", "cluster_node", "node_hook", "plugin_step", "plugin_result"),
    *("wua_download", "wua_install", "wmi_method", "node_reboot", "hotfix_apply", "plugin_round", "report"),
)
WHOLE_RUN = "node_outcome"
STOPPING = "run_stop"
BEFORE: dict[str, Data] = {
    "wua_install": {"name": "Drain the node for the next example", PREFIX + "cluster_node": {"state": "drained"}},
    "plugin_result": {
        "name": "Begin to scan for the next example",
        PREFIX + "plugin_step": {"plugin": "contoso.hardware.firmware", "step": "scan", "state": "begun"},
    },
}
STAND_ALONE = "stand_alone"

IS_FIRST = "inventory_hostname == groups.hv_cluster[0]"

PAUSE = "Invoke MSCluster_Node.Pause"


@dataclass(frozen=True)
class Result:
    """What a task gave back.

    Args:
        task: its name.
        action: the module's name, without that of the collection.
        outcome: ok or failed.
        result: what it gave back.
    """

    task: str
    action: str
    outcome: str
    result: Data


@dataclass(frozen=True)
class Outcome:
    """How the examples ended.

    Args:
        run: the playbook.
        results: what its tasks gave back, in order.
        stage: where it ran; the twin has ended.
    """

    run: Finished
    results: list[Result]
    stage: Stage

    @property
    def succeeded(self) -> set[str]:
        """The names of the tasks that did what they say."""
        return {each.task for each in self.results if each.outcome == "ok"}

    def of(self, module: str) -> list[Data]:
        """Return what a module gave back where it succeeded.

        Args:
            module: its name.
        """
        return [each.result for each in self.results if each.action == module and each.outcome == "ok"]


def run_examples(pages: Iterable[ModulePage], directory: Path) -> Outcome:
    """Run the examples and return what their tasks gave back.

    Args:
        pages: of all modules.
        directory: where everything goes.
    """
    with _file_server(directory) as samba, Stage(_write_scenario(directory, samba), directory, rate=RATE) as stage:
        groups: Data = {"hv_cluster": {"children": {"hv01": {}}}}
        extra = stage.directory / "groups.yml"
        extra.write_text(yaml.safe_dump(groups), encoding="utf-8")
        playbook = stage.write_playbook(plays({page.name: page for page in pages}, samba))
        notes = stage.directory / "results.jsonl"
        callback = {
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback")),
            "ANSIBLE_CALLBACKS_ENABLED": "example_results",
            "EXAMPLE_RESULTS": str(notes),
            "ANSIBLE_COLLECTIONS_PATH": f"{stage.controller.collections}:{OWN_PLUGIN}",
        }
        hold = stage.twin.control.send("hold", operation=PAUSE, when="before")["hold"]
        other = stage.controller.begin(
            "ansible-playbook", "-i", str(stage.inventory), PREFIX + "rolling_update", "-e", "rolling_update_hosts=hv02"
        )
        stage.twin.control.send("wait", hold=hold)
        running = stage.controller.begin("ansible-playbook", "-i", str(stage.inventory), "-i", str(extra), playbook, extra=callback)
        try:
            stage.twin.wait_for(lambda event: event["event"] == "registry_written" and "Stop" in (event.get("values") or ()))
        finally:
            stage.twin.control.send("release")
        run = running.finish(180)
        other.finish(60)
    lines = [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
    return Outcome(run, [Result(**line | {"action": line["action"].removeprefix(PREFIX)}) for line in lines], stage)


def plays(pages: dict[str, ModulePage], samba: Samba) -> list[Data]:
    """Return the plays of the examples: that which stops a run, those that only read, those that change one node, and a whole run.

    Args:
        pages: of all modules by name.
        samba: the file server.
    """
    reading = [name for name in pages if name not in {*CHANGING, STOPPING, WHOLE_RUN}]
    tasks = [task for name in (*reading, *CHANGING) for task in _prepared(pages[name])]
    alone = [task for task in tasks if task.get(PREFIX + "wua_install") and task[PREFIX + "wua_install"].get(STAND_ALONE)]
    on_one_node = [task for task in tasks if task not in alone]
    share = {"share_host": samba.address, "share_port": samba.port}
    account = {"share_username": ADMINISTRATOR, "share_password": PASSWORDS[ADMINISTRATOR]}
    with_share = (PREFIX + name for name in ("hotfix_apply", "hotfix_info", "preview", "readiness"))
    common: Data = {"gather_facts": False, "module_defaults": dict.fromkeys(with_share, share | account)}
    common["vars"] = {"vault_svc_hotfixes": PASSWORDS[ADMINISTRATOR]}
    return [
        common | {"name": "Stop a run", "hosts": "hv02", "tasks": pages[STOPPING].tasks()},
        # The other node is a member of the play, and is left to itself.
        common | {"name": "Update a node", "hosts": "hv_cluster", "serial": 1, "tasks": [{"block": on_one_node, "when": IS_FIRST}]},
        common | {"name": "Update node by node", "hosts": "hv_cluster", "serial": 1, "tasks": pages[WHOLE_RUN].tasks()},
        common | {"name": "Update a server that is in no cluster", "hosts": "alone-n1", "tasks": alone},
    ]


def _prepared(page: ModulePage) -> list[Data]:
    """Return the tasks of a module's examples, after what they want to find."""
    text = page.examples
    for named, stand_in in STAND_INS.items():
        text = text.replace(named, stand_in)
    tasks = list(yaml.safe_load(text))
    if page.name in BEFORE:
        tasks.insert(0, BEFORE[page.name])
    return tasks


@contextlib.contextmanager
def _file_server(directory: Path) -> Iterator[Samba]:
    samba = Samba(directory / "samba")
    root = samba.share(SHARE) / "root"
    for name in HOTFIXES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"This stands for {name}.\n", encoding="utf-8")
    (root / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    samba.lock_down(SHARE)
    with samba:
        yield samba


def _write_scenario(directory: Path, samba: Samba) -> Path:
    data = yaml.safe_load(Path(__file__).with_name("scenario.yml").read_text(encoding="utf-8"))
    share = {"path": rf"\\files\{SHARE}", "host": samba.address, "port": samba.port, "username": USER, "password": PASSWORDS[USER]}
    data["clusters"][0]["shares"] = [share]
    file = directory / "scenario.yml"
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return file
