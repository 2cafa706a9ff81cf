# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports as the tasks of a playbook write them, and the task report that reads them."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.plugin_utils import _recorder

from ..fakes.world import FakeWorld, Held
from .playbook import PASSWORD, Playbook


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user is warned of."""
    seen: list[str] = []
    monkeypatch.setattr(_recorder.display, "warning", seen.append)
    return seen


@pytest.fixture
def ended(playbook: Playbook) -> Playbook:
    """A playbook whose run has ended well."""
    for host in ("hv-a", "hv-b", "hv-c"):
        playbook.run("run_lock", host)
        playbook.run("wua_download", host)
        playbook.run("node_outcome", host, state="finished")
    playbook.run("run_lock", "hv-c", state="released")
    return playbook


def records(playbook: Playbook) -> list[dict[str, t.Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(playbook.reports.glob("*/report.json"))]


def test_run_that_ended_has_its_report_and_names_it(ended: Playbook) -> None:
    (record,) = records(ended)
    assert (record["run"]["state"], [node["state"] for node in record["nodes"]]) == ("succeeded", ["nothing_to_do"] * 3)
    assert record["traffic"]["messages"] > 0
    assert ended.shown[-1].endswith("report.html")
    assert not list(ended.reports.glob("*/pieces.jsonl"))


def test_report_is_in_the_result_of_what_ends_the_run(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a", report_formats=["csv"])
    report = playbook.run("run_lock", "hv-a", state="released")["report"]
    assert sorted(report["files"]) == ["csv", "json"]
    assert report["problem"] is None


def test_runs_of_two_clusters_leave_a_report_each(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = [FakeWorld("ONE", ["one1", "one2"]), FakeWorld("TWO", ["two1", "two2"])]
    worlds[1].clock = worlds[0].clock
    playbook = Playbook(worlds, {"h1": "one1", "h2": "one2", "h3": "two1", "h4": "two2"}, monkeypatch)
    for state in ("acquired", "released"):
        for host in ("h1", "h3"):
            playbook.run("run_lock", host, state=state)
    made = {record["run"]["cluster"]: (record["run"]["state"], [task["host"] for task in record["tasks"]]) for record in records(playbook)}
    assert made == {"ONE": ("ended", ["h1", "h1"]), "TWO": ("ended", ["h3", "h3"])}


def test_conclusion_names_the_report(ended: Playbook) -> None:
    (report,) = ended.run("node_outcome", "hv-c", state="concluded")["reports"]
    assert Path(report).name == "report.html"


def test_no_formats_keep_no_record(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a", report_formats=[])
    result = playbook.run("run_lock", "hv-a", state="released")
    assert "report" not in result
    assert not playbook.reports.exists()


def test_check_mode_leaves_no_record(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    playbook.run("wua_download", "hv-a", check=True)
    assert not playbook.reports.exists()


def test_run_that_is_refused_leaves_a_report_that_says_why(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node3").run_lock = Held("99999999-0000-4000-8000-000000000000", 0)
    message, fields = playbook.failure("run_lock", "hv-a", later_options={"max_rounds": 3})
    (record,) = records(playbook)
    assert (record["run"]["state"], record["run"]["reason"]) == ("refused", message)
    assert [(node["host"], node["state"], node["errors"]) for node in record["nodes"]] == [
        ("hv-a", "not_reached", []),
        ("hv-b", "not_reached", []),
        ("hv-c", "not_reached", []),
    ]
    assert (record["lock"]["taken"], record["lock"]["is_released"]) == (None, False)
    assert record["options"]["max_rounds"] == 3
    assert record["traffic"]["messages"] > 0
    assert fields["report"]["files"]["html"] == playbook.shown[-1].split()[-1]
    assert not list(playbook.reports.glob("*/pieces.jsonl"))


def test_run_that_is_refused_although_it_found_a_dead_one_has_taken_over_nothing(playbook: Playbook, world: FakeWorld) -> None:
    playbook.restart("a process that is gone")
    playbook.run("run_lock", "hv-a", dead_after=900)
    world.clock.sleep(1000)
    playbook.restart()
    world.machine("node2").state = NodeState.PAUSED
    playbook.failure("run_lock", "hv-a")
    (refused,) = records(playbook)
    assert (refused["run"]["state"], refused["run"]["took_over"]) == ("refused", [])
    assert len(list(playbook.reports.glob("*/pieces.jsonl"))) == 1


def test_node_that_gives_no_answer_refuses_the_run_in_a_report(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").is_reachable = False
    message, _fields = playbook.failure("run_lock", "hv-a")
    (record,) = records(playbook)
    assert (record["run"]["state"], record["run"]["reason"]) == ("refused", message)
    assert [(node["node"], node["host"]) for node in record["nodes"]] == [("node1", "hv-a"), ("node2", ""), ("node3", "hv-c")]


def test_mistake_in_inventory_or_options_is_no_run_that_could_be_reported(playbook: Playbook) -> None:
    playbook.failure("run_lock", "hv-a", members=["hv-a", "hv-b"])
    playbook.failure("run_lock", "hv-a", node_order=["nowhere"])
    assert not playbook.reports.exists()


def test_check_mode_that_fails_leaves_no_record(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node3").run_lock = Held("99999999-0000-4000-8000-000000000000", 0)
    playbook.failure("run_lock", "hv-a", check=True)
    world.machine("node2").is_reachable = False
    playbook.failure("run_lock", "hv-a", check=True)
    assert not playbook.reports.exists()


def test_folder_that_cannot_be_written_is_told_and_ends_nothing(playbook: Playbook, world: FakeWorld, warnings: list[str]) -> None:
    playbook.reports.write_text("in the way", encoding="utf-8")
    playbook.run("run_lock", "hv-a")
    result = playbook.run("run_lock", "hv-a", state="released")
    assert result["changed"] is True
    assert all(machine.run_lock is None for machine in world.machines.values())
    assert result["report"]["files"] == {}
    assert result["report"]["problem"]
    assert "NOT WRITTEN" in playbook.shown[-1]
    assert any("is not complete" in warning for warning in warnings)


def test_no_secret_and_no_password_is_recorded(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a", later_options={"share_password": "hunter2hunter2", "comment": f"with {PASSWORD} in it"})
    playbook.run("run_lock", "hv-a", state="released")
    text = "".join(path.read_text(encoding="utf-8") for path in playbook.reports.rglob("*") if path.is_file())
    assert "hunter2hunter2" not in text
    assert PASSWORD not in text


def test_run_that_was_killed_is_completed_by_the_one_that_takes_it_over(playbook: Playbook, world: FakeWorld) -> None:
    playbook.restart("a process that is gone")
    dead = playbook.run("run_lock", "hv-a", dead_after=900)["run"]["run_id"]
    playbook.run("cluster_node", "hv-a", state="drained")
    world.clock.sleep(1000)
    playbook.restart()
    result = playbook.run("run_lock", "hv-a")
    assert len(result["completed_reports"]) == 1
    (record,) = records(playbook)
    assert (record["run"]["run_id"], record["run"]["state"]) == (dead, "killed")
    assert record["run"]["completed_by"] == result["run"]["run_id"]
    assert [node["node"] for node in record["nodes"] if node["is_out_of_service"]] == ["node1"]


def test_run_that_another_controller_has_finished_is_completed_when_this_one_comes_back(playbook: Playbook, world: FakeWorld) -> None:
    playbook.restart("a process that is gone")
    dead = playbook.run("run_lock", "hv-a")["run"]["run_id"]
    playbook.run("cluster_node", "hv-a", state="drained")
    for machine in world.machines.values():
        machine.run_lock = machine.node_session = None
        machine.registry.clear()
    world.machine("node1").state = NodeState.UP
    playbook.restart()
    assert len(playbook.run("run_lock", "hv-a")["completed_reports"]) == 1
    (record,) = records(playbook)
    assert (record["run"]["run_id"], record["run"]["state"], record["run"]["source"]) == (dead, "killed", "controller")


def test_list_shows_the_newest_first_and_names_what_is_damaged(ended: Playbook) -> None:
    broken = ended.reports / "HV01_20200101T000000Z_99999999-0000-4000-8000-000000000001"
    broken.mkdir()
    (broken / "report.json").write_text("{", encoding="utf-8")
    result = ended.run("report", "hv-a")
    assert [report["state"] for report in result["reports"]] == ["succeeded"]
    assert result["damaged"][0]["directory"] == str(broken)
    assert "JSON" in result["damaged"][0]["problem"]


def test_query_filters_a_list_and_a_record(ended: Playbook) -> None:
    assert ended.run("report", "hv-a", query="[?state=='failed']")["reports"] == []
    assert ended.run("report", "hv-a", state="read", query="nodes[].node")["record"] == ["node1", "node2", "node3"]


def test_run_at_work_is_shown(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    assert playbook.run("report", "hv-a", state="read", query="run.state")["record"] in {"running", "killed"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"query": "[?"}, "query is no JMESPath expression"),
        ({"state": "read", "query": "length(run)", "run_id": "ffffffff"}, "there is no such report"),
        ({"after": "yesterday"}, "after is no time"),
        ({"state": "exported"}, "needs dest"),
        ({"state": "stored"}, "does not go with source controller"),
        ({"state": "exported", "source": "nodes"}, "does not go with source nodes"),
        ({"state": "stored", "source": "nodes"}, "is experimental"),
        ({"state": "read", "source": "nodes"}, "needs timestamp"),
    ],
)
def test_mistake_is_told_in_one_sentence_before_a_node_is_asked(
    ended: Playbook, world: FakeWorld, arguments: dict[str, str], words: str
) -> None:
    before = len(world.log)
    message, fields = ended.failure("report", "hv-a", **arguments)
    assert words in message
    assert "\n" not in message
    assert fields["error"] == "ReportError"
    assert len(world.log) == before


def test_query_that_does_not_fit_is_told_in_one_sentence(ended: Playbook) -> None:
    message, _fields = ended.failure("report", "hv-a", query="length(@[0].seconds)")
    assert "query cannot be applied" in message


def test_export_writes_once(ended: Playbook, tmp_path: Path) -> None:
    options: dict[str, t.Any] = {"state": "exported", "formats": ["html", "csv"], "dest": str(tmp_path / "out")}
    assert ended.run("report", "hv-a", check=True, **options)["changed"] is True
    assert not (tmp_path / "out").exists()
    assert ended.run("report", "hv-a", **options)["changed"] is True
    assert ended.run("report", "hv-a", **options)["changed"] is False
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".csv", ".html"]


@pytest.mark.parametrize(
    ("arguments", "count"),
    [({"cluster": "hv01"}, 1), ({"cluster": "other"}, 0), ({"after": "2026-01-01"}, 1), ({"before": "2026-01-01"}, 0), ({"last": True}, 1)],
)
def test_reports_are_chosen_by_cluster_and_time(ended: Playbook, arguments: dict[str, t.Any], count: int) -> None:
    assert len(ended.run("report", "hv-a", **arguments)["reports"]) == count
