# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an endpoint is asked without changing anything, and the file that may be given away."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Callable

from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK
from .test_recovery import killed

Open = Callable[..., Stage]

VERIFY = "cluster_aware.updating.verify_endpoint"
FOREIGN = "11111111-2222-4333-8444-555555555555"


def verified(stage: Stage, host: str = "min01-n1", *options: str) -> dict[str, t.Any]:
    """Run the playbook for one host and return the answers of its file by name."""
    run = stage.playbook(VERIFY, "-e", f"verify_endpoint_hosts={host} verify_endpoint_dest={stage.directory}", *options)
    assert run.exit_code == 0, run.screen
    text = (stage.directory / f"{host}-endpoint.json").read_text(encoding="utf-8")
    return {answer["name"]: answer for answer in json.loads(text)["answers"]}


def test_answers_are_confirmed_and_nothing_is_changed(opened: Open) -> None:
    stage = opened()
    answers = verified(stage)
    assert {answer["verdict"] for answer in answers.values()} == {"confirmed", "seen"}
    assert all(answer["exchanges"] and answer["exchanges"][0]["answer"].startswith("<") for answer in answers.values())
    assert answers["feature_updates"]["answer"] == "InstallUpdates takes FeatureUpdatesOnly"
    assert not [event for event in stage.twin.events() if event["actor"] == "client"]
    assert stage.verdict(is_check_mode=True) == []


def test_file_holds_no_name_and_no_address(opened: Open) -> None:
    stage = opened()
    verified(stage)
    text = (stage.directory / "min01-n1-endpoint.json").read_text(encoding="utf-8")
    assert re.findall(rf"MIN01|{clusters.USER}|127\.\d|{re.escape(clusters.CANARY)}", text, re.IGNORECASE) == []
    assert "http://NODE" in text


def test_endpoint_that_is_unlike_the_papers_differs(opened: Open) -> None:
    limits = {"MaxTimeoutms": 1_800_000}
    stage = opened(clusters.cluster(generation="2019", limits=limits), wire={"unknown_parameter_code": 2150858793})
    answers = verified(stage)
    assert answers["limits"]["verdict"] == answers["unknown_parameter"]["verdict"] == "differs"
    assert answers["feature_updates"]["answer"] == "InstallUpdates does not take FeatureUpdatesOnly"


def test_foreign_lock_is_not_touched(opened: Open) -> None:
    stage = opened(clusters.cluster(nodes=[{"name": "MIN01-N1", "run_lock": FOREIGN}, "MIN01-N2"]))
    answers = verified(stage)
    assert answers["missing_instance"]["verdict"] == answers["empty_list"]["verdict"] == "not_seen"
    assert not [event for event in stage.twin.events() if event["actor"] == "client"]


def test_check_mode_writes_no_file_and_a_folder_that_is_missing_is_told(opened: Open) -> None:
    stage = opened()
    file = stage.directory / "answers.json"
    run = stage.module("min01-n1", VERIFY, f"dest={file}", "--check")
    assert run.exit_code == 0, run.screen
    assert not file.exists()
    run = stage.module("min01-n1", VERIFY, f"dest={stage.directory}/none/answers.json")
    assert run.exit_code == 2, run.screen
    assert "the answers could not be written to" in run.screen
    assert "No such file or directory" in run.screen


CHANGING = ("-e", "verify_endpoint_changing=true")
CHANGES = frozenset({"run_lock_taken", "run_lock_released", "node_session_opened", "node_session_closed"})


def standing(stage: Stage) -> list[object]:
    """What stands of locks, sessions and journals on the nodes now."""
    nodes = stage.twin.control.send("state")["clusters"]["MIN01"]["nodes"].values()
    return [found for node in nodes for found in (node["run_lock"], node["node_session"], *journal_keys(node["registry"])) if found]


def journal_keys(registry: dict[str, t.Any]) -> list[str]:
    return [key for key in registry if "journal\\" in key.lower()]


def test_changing_questions_are_confirmed_and_undone(opened: Open) -> None:
    stage = opened(clusters.cluster(updates=[clusters.UPDATE, clusters.QUIET_UPDATE]))
    answers = verified(stage, "min01-n1", *CHANGING)
    odd = {name: answer["answer"] for name, answer in answers.items() if answer["verdict"] not in {"confirmed", "seen"}}
    # The scan of the twin is quick.
    assert list(odd) == ["long_method"]
    assert answers["scan"]["answer"].startswith("2 updates in 2 streamed messages")
    assert standing(stage) == []
    events = stage.twin.events()
    assert {event["event"] for event in events if event["actor"] == "client"} >= CHANGES | {"run_lock_refused", "node_session_refused"}
    assert not [event for event in events if event["event"] in {"pause_requested", "install_started", "update_downloaded"}]
    assert stage.verdict(may_not_finish=True) == []


def test_changing_questions_are_undone_after_a_failure_half_way(opened: Open) -> None:
    faults = [{"action": "drop_after", "operation": "Create MSFT_CAUNode", "times": 0}]
    stage = opened(faults=faults)
    answers = verified(stage, "min01-n1", *CHANGING)
    assert answers["session_created"]["verdict"] == "not_seen"
    assert standing(stage) == []
    assert stage.verdict(may_not_finish=True) == []


def test_changing_questions_are_not_asked_while_somebody_holds_the_lock(opened: Open) -> None:
    stage = opened(clusters.cluster(nodes=["MIN01-N1", {"name": "MIN01-N2", "run_lock": FOREIGN}]))
    run = stage.playbook(VERIFY, "-e", f"verify_endpoint_hosts=min01-n1 verify_endpoint_dest={stage.directory}", *CHANGING)
    assert run.exit_code == 2
    assert "the run lock is held on MIN01-N2" in run.screen
    assert not [event for event in stage.twin.events() if event["event"] in CHANGES]


def test_run_after_a_killed_task_takes_over_what_stands(opened: Open) -> None:
    stage = opened()
    options = ("-e", f"verify_endpoint_hosts=min01-n1 verify_endpoint_dest={stage.directory}", *CHANGING)
    killed(stage, VERIFY, "Create MSFT_CAUNode", options=options)
    assert len(standing(stage)) > 2
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    assert standing(stage) == []
    assert stage.verdict() == []
