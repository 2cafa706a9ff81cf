# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task node_hook."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ..fakes.world import FakeWorld
from .playbook import Playbook

FAILED: dict[str, t.Any] = {"failed": True, "msg": "the queue is not empty."}
FILE = "/playbooks/health.yml"


@pytest.fixture(autouse=True)
def _taken(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a", state="acquired")


def hook(playbook: Playbook, name: str, state: str, **more: t.Any) -> dict[str, t.Any]:  # noqa: ANN401 - as YAML has it
    return playbook.run("node_hook", "hv-a", hook=name, state=state, file=FILE, **more)


def test_tasks_before_a_node_have_its_plan(playbook: Playbook) -> None:
    found = {"updates": {"a": {"title": "An update"}}}
    hotfixes = {"hotfixes": [{"path": "x.msu"}], "left_hotfix_count": 1}
    result = hook(playbook, "pre", "begun", found=found, hotfixes=hotfixes)
    assert result["due"] is True
    plan = result["plan"]
    assert (plan["node"], plan["host"], plan["cluster"]) == ("node1", "hv-a", "HV01")
    assert plan["updates"] == [{"update_id": "a", "title": "An update"}]
    assert plan["hotfixes"] == ["x.msu"]


def test_blockers_and_tasks_before_are_not_due_once_the_node_is_out_of_service(playbook: Playbook) -> None:
    assert hook(playbook, "blocker", "begun")["due"] is True
    playbook.run("cluster_node", "hv-a", state="drained")
    assert hook(playbook, "blocker", "begun")["due"] is False


def test_tasks_after_are_due_once_and_only_when_those_before_have_begun_and_the_node_serves(playbook: Playbook) -> None:
    assert hook(playbook, "post", "begun")["due"] is False
    hook(playbook, "pre", "begun")
    playbook.run("cluster_node", "hv-a", state="drained")
    assert hook(playbook, "post", "begun")["due"] is False
    playbook.run("cluster_node", "hv-a", state="active")
    assert hook(playbook, "post", "begun")["due"] is True
    hook(playbook, "post", "ended")
    assert hook(playbook, "post", "begun")["due"] is False


def test_failed_tasks_before_fail_the_node_and_leave_nothing_to_do_after_it(playbook: Playbook) -> None:
    hook(playbook, "pre", "begun")
    message, fields = playbook.failure("node_hook", "hv-a", hook="pre", state="failed", file=FILE, error=FAILED)
    assert message.startswith("node1: drain: the tasks before the node failed (health.yml): the queue is not empty. The node was not")
    assert fields["outcome"] == "not_done"
    assert hook(playbook, "post", "begun")["due"] is False


def test_lock_that_is_lost_keeps_the_tasks_from_running(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").run_lock = None
    for name in ("blocker", "pre", "post"):
        _message, fields = playbook.failure("node_hook", "hv-a", hook=name, state="begun", file=FILE)
        assert fields["error"] == "RunLockLostError"


def test_error_that_ends_the_run_is_passed_on(playbook: Playbook) -> None:
    error = {"error": "RunStoppedError", "reason": "stop"}
    _message, fields = playbook.failure("node_hook", "hv-a", hook="pre", state="failed", file=FILE, error=error)
    result = playbook.run("node_outcome", "hv-a", state="failed", error=fields, max_failed_nodes=2)
    assert result["run_ends"] is True


def test_blocker_is_tried_again_until_its_time_has_passed(playbook: Playbook, world: FakeWorld) -> None:
    since = hook(playbook, "blocker", "begun")["since"]
    options = {"since": since, "blocker_timeout": 100, "blocker_interval": 40, "error": FAILED}
    for _try in range(3):
        assert hook(playbook, "blocker", "failed", **options)["since"] == since
    assert world.clock.now() - since == pytest.approx(100, abs=1)
    message, fields = playbook.failure("node_hook", "hv-a", hook="blocker", state="failed", file=FILE, **options)
    assert "the blocker health.yml did not let the node be drained for 1 min 40 s: the queue is not empty" in message
    assert fields["outcome"] == "not_done"


def test_blocker_without_time_is_tried_once(playbook: Playbook) -> None:
    message, _fields = playbook.failure("node_hook", "hv-a", hook="blocker", state="failed", file=FILE, error=FAILED)
    assert "the blocker health.yml did not let the node be drained: the queue is not empty" in message


def test_tasks_after_have_the_result(playbook: Playbook) -> None:
    assert hook(playbook, "post", "begun")["result"]["state"] == "ok"
    playbook.run("node_outcome", "hv-a", state="failed", error=FAILED, max_failed_nodes=2)
    result = hook(playbook, "post", "begun")["result"]
    assert (result["state"], result["reason"]) == ("failed", "the queue is not empty")


def test_check_mode_runs_none_of_them(playbook: Playbook, world: FakeWorld) -> None:
    before = len(world.log)
    assert playbook.run("node_hook", "hv-a", check=True, hook="pre", state="begun", file=FILE)["due"] is False
    assert len(world.log) == before


@pytest.mark.parametrize("option", ["pre_node_tasks", "post_node_tasks", "blockers"])
def test_file_that_is_not_there_is_refused_before_the_lock(option: str, playbook: Playbook) -> None:
    value = ["/no/such.yml"] if option == "blockers" else "/no/such.yml"
    message, _fields = playbook.failure("run_plan", "hv-a", **{option: value})
    assert f"{option} names /no/such.yml" in message


def test_file_beside_the_playbook_is_found(playbook: Playbook, tmp_path: Path) -> None:
    (tmp_path / "health.yml").write_text("[]\n", encoding="utf-8")
    playbook.hostvars["hv-a"]["playbook_dir"] = str(tmp_path)
    result = playbook.run("run_plan", "hv-a", blockers=["health.yml"])
    assert result["blockers"] == [str(tmp_path / "health.yml")]
    # Nothing of ours gives a sign of life while such tasks run.
    assert result["dead_after"] == 3600


def test_more_tries_than_ansible_takes_are_refused_before_the_lock(playbook: Playbook) -> None:
    options = {"blocker_timeout": 3600, "blocker_interval": 30}
    message, _fields = playbook.failure("run_lock", "hv-b", later_options=options)
    assert "blocker_timeout may be 60 times blocker_interval at most" in message
