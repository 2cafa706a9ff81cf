# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs as AWX starts them: ansible-runner, a private data directory, a password at the prompt, limits, and a job that is killed."""

from __future__ import annotations

import json
import re
import shutil
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.controller import Finished
from tests.harness.inventory import write_inventory
from tests.harness.processes import CHECKOUT
from tests.harness.secrets import read_tree
from tests.harness.stage import Stage

from . import clusters
from .plays import count, nodes_of

Open = Callable[..., Stage]

PROJECT = CHECKOUT / "examples" / "awx" / "project"

# An installation that is silent for far longer than a job may be, were it not for the heartbeat lines.
LONG = clusters.UPDATE | {"install_seconds": 1200, "nodes": ["MIN01-N1"]}


@pytest.fixture
def job(opened: Open) -> Callable[..., Job]:
    """Return what prepares a job against a cluster."""

    def prepare(*given: clusters.Data, **settings: t.Any) -> Job:  # noqa: ANN401 - as the runner's settings are
        return Job(opened(*given), settings)

    return prepare


class Job:
    """A private data directory, filled as AWX fills it.

    Args:
        stage: the stage.
        settings: of the runner.
    """

    def __init__(self, stage: Stage, settings: dict[str, t.Any]) -> None:
        self.stage = stage
        self.folder = stage.directory / "private"
        shutil.copytree(PROJECT, self.folder / "project")
        (self.folder / "inventory").mkdir()
        write_inventory(self.folder / "inventory" / "hosts.yml", stage.twin.nodes, user=stage.user, password=None)
        stage.inventory.unlink()
        environment = self.folder / "env"
        environment.mkdir()
        (environment / "passwords").write_text(json.dumps({r"^SSH [pP]assword:\s*?$": clusters.CANARY}), encoding="utf-8")
        (environment / "cmdline").write_text(f"--ask-pass -u {stage.user}", encoding="utf-8")
        (environment / "settings").write_text(json.dumps(settings), encoding="utf-8")
        # In AWX nothing names another one.
        (environment / "envvars").write_text(json.dumps({"ANSIBLE_CONFIG": str(self.folder / "project" / "ansible.cfg")}), encoding="utf-8")

    def arguments(self, ident: str, *more: str) -> tuple[str, ...]:
        return ("run", str(self.folder), "-p", "site.yml", "--ident", ident, *more)

    def run(self, ident: str, *more: str) -> Finished:
        """Run the job to its end."""
        return self.stage.controller.run("ansible-runner", *self.arguments(ident, *more), seconds=200)

    def artifact(self, ident: str, name: str) -> str:
        return (self.folder / "artifacts" / ident / name).read_text(encoding="utf-8")

    def status(self, ident: str) -> str:
        return self.artifact(ident, "status").strip()

    def stats(self, ident: str) -> dict[str, t.Any]:
        """Return the artifacts that a workflow would get."""
        events = [json.loads(path.read_text(encoding="utf-8")) for path in self.events(ident)]
        last = next(event for event in events if event["event"] == "playbook_on_stats")
        return t.cast("dict[str, t.Any]", last["event_data"].get("artifact_data", {}))

    def events(self, ident: str) -> list[Path]:
        return sorted((self.folder / "artifacts" / ident / "job_events").glob("*.json"))


def test_job_runs_with_the_password_of_the_prompt_and_gives_artifacts(job: Callable[..., Job]) -> None:
    made = job()
    run = made.run("1")
    assert run.exit_code == 0, run.screen
    assert made.status("1") == "successful"
    assert run.screen.count("CLUSTER UPDATES") == 1
    assert re.search(r"  MIN01-N1  ok  1 update 1 restart in .*\r?\n  MIN01-N2  ok  1 update 1 restart in ", run.screen), run.screen
    told = made.stats("1")["cluster_updates"]["MIN01"]
    assert {node: outcome["state"] for node, outcome in told["nodes"].items()} == {"MIN01-N1": "ok", "MIN01-N2": "ok"}
    assert told["counts"]["ok"] == 2
    assert told["failed_nodes"] == told["not_reached"] == []
    assert set(told["reports"]) == {"json", "html", "csv"}
    assert told["run_id"] in {event.get("guid") for event in made.stage.twin.events() if event["event"] == "run_lock_taken"}
    assert count(made.stage.twin.events(), "update_installed") == 2
    assert made.stage.verdict() == []


def test_password_of_the_prompt_is_in_no_artifact(job: Callable[..., Job]) -> None:
    made = job()
    made.run("1", "-vvvv")
    files = read_tree(made.folder / "artifacts")
    assert [name for name, text in files.items() if clusters.CANARY in text] == []
    assert "1/stdout" in files


def test_long_installation_never_looks_idle(job: Callable[..., Job]) -> None:
    # Twenty real seconds of installation, of which a job may be silent for twelve.
    made = job(clusters.cluster(updates=[LONG]), idle_timeout=12)
    run = made.run("1")
    assert run.exit_code == 0, run.screen
    assert made.status("1") == "successful"
    assert made.stage.verdict() == []


def test_job_over_its_time_is_killed_and_the_next_one_takes_its_run_over(job: Callable[..., Job]) -> None:
    made = job(clusters.cluster(updates=[LONG]), job_timeout=12)
    made.run("1")
    assert made.status("1") == "timeout"
    events = made.stage.twin.events()
    lock = next(str(event["guid"]) for event in events if event["event"] == "run_lock_taken")
    assert nodes_of(events, "run_lock_released") == []
    (made.folder / "env" / "settings").write_text("{}", encoding="utf-8")
    second = made.run("2")
    assert made.status("2") == "successful", second.screen
    assert lock[:8] in second.screen
    assert made.stage.verdict() == []
    assert nodes_of(made.stage.twin.events(), "update_installed") == ["MIN01-N1"]


def test_failed_job_is_failed(job: Callable[..., Job]) -> None:
    failing = clusters.UPDATE | {"failure": {"hresult": "0x80240016"}}
    made = job(clusters.cluster(updates=[failing]))
    run = made.run("1")
    assert run.exit_code == 2
    assert made.status("1") == "failed"
    # The branch of a workflow for failures is told what failed.
    told = made.stats("1")["cluster_updates"]["MIN01"]
    assert told["failed_nodes"] == ["MIN01-N1"]
    assert told["not_reached"] == ["MIN01-N2"]
    assert "0x80240016" in told["nodes"]["MIN01-N1"]["reason"]
    assert "  MIN01-N1  FAILED         " in run.screen.partition("CLUSTER UPDATES")[2]
    assert made.stage.verdict() == []
