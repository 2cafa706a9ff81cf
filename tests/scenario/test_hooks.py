# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of a user's own around the nodes, and blockers."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable

import yaml

from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count, nodes_of

Open = Callable[..., Stage]


class Files:
    """Task files that note in a file when they ran, and what they were given.

    Args:
        stage: the stage.
    """

    def __init__(self, stage: Stage) -> None:
        self.folder = stage.directory / "hooks"
        self.folder.mkdir()
        self.notes = self.folder / "notes.jsonl"

    def note(self, name: str, *values: str) -> dict[str, t.Any]:
        """Return a task that notes its name and the values of variables."""
        words = "".join(f", {value!r}: {value}" for value in values)
        # The time makes each line another one, so that it is added.
        line = f"{{{{ {{'name': '{name}', 'at': now().isoformat(), 'node': rolling_update_node_plan.node{words}}} | to_json }}}}"
        return {
            "name": f"Note {name}",
            "ansible.builtin.lineinfile": {"path": str(self.notes), "line": line, "create": True, "mode": "0600"},
            "delegate_to": "localhost",
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        }

    def write(self, name: str, *tasks: dict[str, t.Any]) -> str:
        """Write a file of tasks and return its path."""
        path = self.folder / f"{name}.yml"
        path.write_text(yaml.safe_dump(list(tasks), sort_keys=False), encoding="utf-8")
        return str(path)

    @property
    def noted(self) -> list[dict[str, t.Any]]:
        """What the files have noted, in order."""
        text = self.notes.read_text(encoding="utf-8") if self.notes.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def variables(self, *blockers: str, **more: object) -> list[str]:
        """Return the arguments of a playbook with a file before, one after, and blockers."""
        values: dict[str, object] = {
            "pre_node_tasks": self.write("pre", self.note("pre", "rolling_update_node_plan.updates")),
            "post_node_tasks": self.write("post", self.note("post", "rolling_update_node_result")),
            "blockers": list(blockers),
        }
        return ["-e", json.dumps({f"rolling_update_{name}": value for name, value in (values | more).items()})]


def one_node(**changes: t.Any) -> clusters.Data:  # noqa: ANN401 - as YAML has it
    """Return a cluster in which one node has something to install."""
    return clusters.cluster(**{"updates": [clusters.QUIET_UPDATE | {"nodes": ["MIN01-N1"]}], **changes})


def said_no(text: str, when: str = "true") -> dict[str, t.Any]:
    return {"name": "Say no", "ansible.builtin.fail": {"msg": text}, "when": when}


def test_files_run_around_a_node_that_is_updated_and_have_its_plan_and_result(opened: Open) -> None:
    stage = opened(one_node())
    files = Files(stage)
    health = files.write("health", files.note("blocker"))
    run = stage.playbook(PLAYBOOK, *files.variables(health))
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    # The node with nothing to install has no tasks of its own either.
    assert [(note["name"], note["node"]) for note in files.noted] == [(name, "MIN01-N1") for name in ("blocker", "pre", "post")]
    _blocker, before, after = files.noted
    assert [update["title"] for update in before["rolling_update_node_plan.updates"]] == [clusters.QUIET_UPDATE["title"]]
    assert after["rolling_update_node_result"] == {"state": "ok", "reason": None, "updates": 1, "hotfixes": 0, "restarts": 0}


def test_blocker_is_tried_again_and_then_lets_the_node_go(opened: Open) -> None:
    stage = opened(one_node())
    files = Files(stage)
    seen = f"lookup('ansible.builtin.file', '{files.notes}') | split('asked') | length < 3"
    health = files.write("health", files.note("asked"), said_no("the queue is not empty", seen))
    run = stage.playbook(PLAYBOOK, *files.variables(health, blocker_timeout=600, blocker_interval=60))
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert [note["name"] for note in files.noted] == ["asked", "asked", "pre", "post"]
    assert "blocked by health.yml, tried again for up to " in run.screen


def test_blocker_that_never_agrees_leaves_the_node_untouched_and_the_budget_decides(opened: Open) -> None:
    stage = opened(clusters.cluster(updates=[clusters.QUIET_UPDATE]))
    files = Files(stage)
    health = files.write("health", said_no("the queue is not empty", "rolling_update_node_plan.node == 'MIN01-N1'"))
    run = stage.playbook(PLAYBOOK, *files.variables(health, max_failed_nodes=1))
    assert run.exit_code == 2, run.screen
    assert "MIN01-N1 failed: drain: the blocker health.yml did not let the node be drained: the queue is not empty" in run.screen
    events = stage.twin.events()
    assert nodes_of(events, "pause_requested") == nodes_of(events, "update_installed") == ["MIN01-N2"]
    assert [note["node"] for note in files.noted] == ["MIN01-N2", "MIN01-N2"]
    assert stage.verdict() == []


def test_file_before_a_node_that_fails_leaves_it_untouched_and_ends_a_run_without_budget(opened: Open) -> None:
    stage = opened(clusters.cluster(updates=[clusters.QUIET_UPDATE]))
    files = Files(stage)
    before = files.write("no", said_no("the silence could not be set"))
    run = stage.playbook(PLAYBOOK, *files.variables(pre_node_tasks=before, max_failed_nodes=0))
    assert run.exit_code == 2, run.screen
    assert "the tasks before the node failed (no.yml): the silence could not be set" in run.screen
    events = stage.twin.events()
    assert count(events, "pause_requested") == 0
    assert count(events, "run_lock_released") == 2
    assert files.noted == []
    assert stage.verdict() == []


def test_file_after_a_node_runs_for_one_that_failed_and_serves_again(opened: Open) -> None:
    failing = clusters.QUIET_UPDATE | {"failure": {"hresult": "0x80240016"}, "nodes": ["MIN01-N1"]}
    stage = opened(one_node(updates=[failing]))
    files = Files(stage)
    run = stage.playbook(PLAYBOOK, *files.variables())
    assert run.exit_code == 2, run.screen
    assert stage.verdict() == []
    result = files.noted[-1]["rolling_update_node_result"]
    assert result["state"] == "failed"
    assert "0x80240016" in result["reason"]


def test_file_after_a_node_that_fails_counts_the_node_as_failed(opened: Open) -> None:
    stage = opened(one_node())
    files = Files(stage)
    after = files.write("no", files.note("post"), said_no("the silence could not be lifted"))
    run = stage.playbook(PLAYBOOK, *files.variables(post_node_tasks=after))
    assert run.exit_code == 2, run.screen
    assert "the tasks after the node failed (no.yml): the silence could not be lifted" in run.screen
    assert [note["name"] for note in files.noted] == ["pre", "post"]
    assert count(stage.twin.events(), "resumed") == 1
    assert stage.verdict() == []


def killed_at(stage: Stage, operation: str, *arguments: str) -> None:
    """Kill a run when an operation has come to the first node, and let it be taken for dead."""
    hold = stage.twin.control.send("hold", operation=operation, node="MIN01-N1", when="after")["hold"]
    running = stage.controller.begin("ansible-playbook", "-i", str(stage.inventory), PLAYBOOK, *arguments)
    assert stage.twin.control.send("wait", hold=hold)["reached"], running.screen()
    running.kill()
    stage.twin.control.send("release", drop=True)
    stage.twin.control.send("advance", seconds=3700)


def test_run_that_takes_over_runs_the_files_that_the_dead_one_owed(opened: Open) -> None:
    stage = opened(one_node())
    files = Files(stage)
    variables = files.variables()
    killed_at(stage, "Invoke MSCluster_Node.Pause", *variables)
    assert [note["name"] for note in files.noted] == ["pre"]
    run = stage.playbook(PLAYBOOK, *variables)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    # Out of service already, so that what comes before that is not run again.
    assert [note["name"] for note in files.noted] == ["pre", "post"]
