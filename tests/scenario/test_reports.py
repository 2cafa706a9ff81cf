# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of runs that ended in every way, held against what the twin's event log says that really happened."""

from __future__ import annotations

import itertools
import json
import stat
import typing as t
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest

from tests.harness.controller import Controller
from tests.harness.record import Entry
from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count, nodes_of, role_play, task_play
from .test_recovery import INSTALL, PAUSE, STOP, begun, killed, wrote

Open = Callable[..., Stage]
Record = dict[str, t.Any]

SCHEMA = json.loads(Path("docs/run_report.schema.json").read_text(encoding="utf-8"))
SENT_AGAIN = 12
"""Requests to a node that is just going down or coming up may reach no twin that could log them."""


def folders(home: Path) -> list[Path]:
    """Return the folders of the runs that a controller has driven, the oldest first."""
    return sorted((home / "home" / "ansible" / "cluster_aware_updating" / "reports").iterdir(), key=lambda path: path.name.split("_")[1])


def read(folder: Path) -> Record:
    """Return a record, which fits the published schema."""
    record: Record = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(record)
    return record


def told(record: Record, state: str) -> list[tuple[str, str]]:
    """Return the node and the id of every update that is told to have come to a state, in order."""
    return sorted((node["node"], item["id"]) for node in record["nodes"] for item in node["items"] if item["state"] == state)


def happened(events: Sequence[Entry], event: str) -> list[tuple[str, str]]:
    """Return the node and the id of every update to which something happened."""
    return sorted((str(entry["node"]), str(entry["update"])) for entry in events if entry["event"] == event)


def out_in_turn(record: Record) -> list[str]:
    """Return the nodes in the order in which they are told to have left service; no two may overlap."""
    spans = sorted((span["after_seconds"], span["seconds"], node["node"]) for node in record["nodes"] for span in node["out_of_service"])
    assert all(first[0] + first[1] <= second[0] for first, second in itertools.pairwise(spans))
    return [node for _begin, _seconds, node in spans]


def test_good_run_is_told_as_it_was(opened: Open) -> None:
    updates = [clusters.UPDATE, clusters.QUIET_UPDATE]
    stage = opened(clusters.cluster(updates=updates))
    run = stage.playbook(PLAYBOOK, "-e", json.dumps({"rolling_update_reject": ["KB5000002"]}))
    assert run.exit_code == 0, run.screen
    (folder,) = folders(stage.controller.directory)
    assert str(folder / "report.html") in run.screen
    record, events = read(folder), stage.twin.events()
    assert record["run"]["state"] == "succeeded"
    assert told(record, "installed") == happened(events, "update_installed")
    assert {item["reason"] for node in record["nodes"] for item in node["skipped"]} == {"in the list reject (KB5000002)"}
    assert {node["node"]: node["restarts"] for node in record["nodes"]} == dict.fromkeys(nodes_of(events, "node_down"), 1)
    assert out_in_turn(record) == nodes_of(events, "drain_started")
    assert record["lock"]["is_released"]
    assert record["options"]["reject"] == ["KB5000002"]
    logged = sum(entry["bytes_in"] > 0 for entry in stage.twin.requests())
    assert logged <= record["traffic"]["messages"] <= logged + SENT_AGAIN
    assert sorted(path.name for path in folder.iterdir()) == ["report.csv", "report.html", "report.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    asked = len(stage.twin.requests())
    shown = stage.playbook("cluster_aware.updating.report", "-e", json.dumps({"report_cluster": "MIN01", "report_last": True}))
    assert shown.exit_code == 0, shown.screen
    assert record["run"]["run_id"] in shown.screen
    none = stage.playbook("cluster_aware.updating.report", "-e", "report_cluster=OTHER")
    assert record["run"]["run_id"] not in none.screen
    assert len(stage.twin.requests()) == asked
    assert stage.verdict(left_out=frozenset(item["id"] for node in record["nodes"] for item in node["skipped"])) == []


def test_failed_run_tells_the_failure_with_its_code_first(opened: Open) -> None:
    failing = clusters.UPDATE | {"nodes": ["MIN01-N1"], "failure": {"hresult": "0x80240016"}}
    stage = opened(clusters.cluster(updates=[failing]))
    run = stage.playbook(PLAYBOOK, "-e", "rolling_update_max_retries_per_node=1")
    assert run.exit_code == 2, run.screen
    (folder,) = folders(stage.controller.directory)
    assert f"the report is {folder / 'report.html'}" in run.screen
    record, events = read(folder), stage.twin.events()
    assert record["run"]["state"] == "failed"
    assert told(record, "failed") == sorted(set(happened(events, "update_failed")))
    (item,) = [item for node in record["nodes"] for item in node["items"] if item["state"] == "failed"]
    assert (item["code"], item["symbol"]) == ("0x80240016", "WU_E_INSTALL_NOT_ALLOWED")
    assert item["tries"] == count(events, "update_failed")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.index("What needs somebody") < page.index("WU_E_INSTALL_NOT_ALLOWED") < page.index("Who was out of service")
    assert stage.verdict() == []


def test_stopped_run_tells_who_asked_and_what_was_not_reached(opened: Open) -> None:
    stage = opened()
    running = begun(stage, PLAYBOOK, PAUSE, when="before")
    asked = Controller(stage.twin, stage.directory / "other").begin("ansible-playbook", "-i", str(stage.inventory), STOP)
    stage.twin.wait_for(lambda event: wrote(event, "Stop"))
    stage.twin.control.send("release")
    assert running.finish(120).exit_code == 2
    assert asked.finish(120).exit_code == 0, asked.screen()
    record, events = read(folders(stage.controller.directory)[0]), stage.twin.events()
    assert record["run"]["state"] == "stopped"
    assert "asked the run to stop" in record["run"]["reason"]
    assert told(record, "installed") == happened(events, "update_installed")
    assert [node["state"] for node in record["nodes"]].count("not_reached") == 1
    assert record["lock"]["is_released"]
    assert not any(node["is_out_of_service"] for node in record["nodes"])


@pytest.mark.parametrize("play", ["playbook", "role"])
def test_refused_run_tells_why_and_that_nothing_was_done(play: str, opened: Open) -> None:
    stage = opened(clusters.cluster(nodes=["MIN01-N1", {"name": "MIN01-N2", "state": "paused"}]))
    path = PLAYBOOK if play == "playbook" else stage.write_playbook(role_play())
    run = stage.playbook(path, extra={"ANSIBLE_SHOW_CUSTOM_STATS": "1"})
    assert run.exit_code == 2, run.screen
    (folder,) = folders(stage.controller.directory)
    # The role in a play of one's own tells a workflow of runs that have begun, and of no other ones.
    assert (str(folder / "report.json") in run.screen.partition("CUSTOM STATS")[2]) == (play == "playbook")
    assert f"the report is {folder / 'report.html'}" in run.screen
    assert sorted(path.name for path in folder.iterdir()) == ["report.csv", "report.html", "report.json"]
    record, events = read(folder), stage.twin.events()
    assert record["run"]["state"] == "refused"
    assert "MIN01-N2 is paused" in record["run"]["reason"]
    assert count(events, "run_lock_taken") == count(events, "scan") == 0
    assert {node["state"] for node in record["nodes"]} == {"not_reached"}
    assert "The run did not begin" in (folder / "report.html").read_text(encoding="utf-8")
    assert stage.verdict() == []


def test_killed_run_is_told_by_whoever_takes_it_over(opened: Open) -> None:
    stage = opened()
    killed(stage, PLAYBOOK, INSTALL)
    (folder,) = folders(stage.controller.directory)
    assert [path.name for path in folder.iterdir()] == ["pieces.jsonl"]
    other = Controller(stage.twin, stage.directory / "other", host_name="other")
    run = other.playbook("-i", str(stage.inventory), PLAYBOOK)
    assert run.exit_code == 0, run.screen
    first, second = (read(each) for each in folders(other.directory))
    events = stage.twin.events()
    (node,) = [node for node in first["nodes"] if node["is_out_of_service"]]
    assert [node["node"]] == nodes_of(events, "drain_started")[:1]
    assert (first["run"]["state"], first["run"]["source"]) == ("killed", "journal")
    assert first["run"]["completed_by"] == second["run"]["run_id"]
    assert second["run"]["took_over"] == [first["run"]["run_id"]]
    assert [item["state"] for item in node["items"]] == ["unknown"]
    assert told(second, "installed") == happened(events, "update_installed")
    stage.controller = other
    assert stage.verdict() == []


def test_native_reports_are_listed_read_and_stored_and_damaged_ones_named(opened: Open) -> None:
    stamp = "2026-01-01T10:00:0{}+00:00"
    text = "<CauReport><ClusterResult><Status>Succeeded</Status></ClusterResult></CauReport>"
    reports = [
        {"node": "MIN01-N1", "timestamp": stamp.format(1), "text": text},
        {"node": "MIN01-N2", "timestamp": stamp.format(1), "text": text},
        {"node": "MIN01-N1", "timestamp": stamp.format(2), "text": "<half"},
        {"node": "MIN01-N1", "timestamp": stamp.format(3), "text": text, "damage": "missing_chunk"},
        {"node": "MIN01-N2", "timestamp": stamp.format(4), "text": text, "damage": "not_base64"},
        {"node": "MIN01-N2", "timestamp": "0001-01-01T00:00:00+00:00", "text": text},
    ]
    stage = opened(clusters.cluster(updates=[], reports=reports))
    assert stage.playbook(PLAYBOOK).exit_code == 0
    report = "cluster_aware.updating.report"
    tasks: list[Record] = [
        {report: {"source": "nodes"}, "register": "listed"},
        {"ansible.builtin.copy": {"content": "{{ listed | to_json }}", "dest": "{{ playbook_dir }}/listed.json", "mode": "0600"}},
        {report: {"state": "stored", "source": "nodes", "last": True}, "register": "refused", "ignore_errors": True},
        {report: {"state": "stored", "source": "nodes", "last": True, "experimental": True}, "register": "stored"},
        {report: {"state": "stored", "source": "nodes", "last": True, "experimental": True}, "register": "again"},
        {report: {"state": "read", "source": "nodes", "timestamp": "{{ stored.timestamp }}", "query": "status"}, "register": "read"},
        {"ansible.builtin.assert": {"that": ["refused is failed", "stored is changed", "again is not changed"]}},
        {"ansible.builtin.assert": {"that": "read.record == 'Succeeded'"}},
    ]
    local = [task | ({"delegate_to": "localhost"} if "ansible.builtin.copy" in task else {}) for task in tasks]
    play = task_play(*local, hosts="min01-n1", module_defaults={report: {"members": ["all"]}})
    run = stage.playbook(stage.write_playbook([play]))
    assert run.exit_code == 0, run.screen
    assert "is experimental" in run.screen
    listed = json.loads((stage.directory / "listed.json").read_text(encoding="utf-8"))
    assert [(each["timestamp"], each["status"], each["on"]) for each in listed["reports"]] == [
        (stamp.format(1), "Succeeded", ["MIN01-N1", "MIN01-N2"])
    ]
    named = {(each["node"], datetime.fromisoformat(each["timestamp"]).second) for each in listed["damaged"]}
    assert named == {("MIN01-N1", 2), ("MIN01-N1", 3), ("MIN01-N2", 4), ("MIN01-N2", 0)}
    assert sorted(nodes_of(stage.twin.events(), "report_chunk_stored")) == ["MIN01-N1", "MIN01-N2"]
