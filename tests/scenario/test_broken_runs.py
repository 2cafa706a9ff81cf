# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checker on the logs of a real run: green as they are, and red for each invariant when one thing in them is broken."""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from tests.harness.invariants import check
from tests.harness.record import Entry, RunRecord
from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK

Line = dict[str, t.Any]


@dataclass
class Logs:
    """The logs of a run, to be broken."""

    events: list[Line]
    requests: list[Line]
    controller: list[Line]
    outputs: dict[str, str]

    def first(self, event: str, node: str | None = None) -> Line:
        return next(line for line in self.events if line["event"] == event and node in {None, line["node"]})

    def drop(self, *events: str, node: str | None = None) -> None:
        self.events = [line for line in self.events if line["event"] not in events or node not in {None, line["node"]}]

    def before(self, line: Line, **changes: t.Any) -> None:  # noqa: ANN401 - fields of a log are of any type
        self.events.insert(self.events.index(line), line | changes)


def copied(log: Sequence[Entry]) -> list[Line]:
    return copy.deepcopy([dict(line) for line in log])


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    folder = tmp_path_factory.mktemp("run")
    scenario = clusters.write(folder / "scenario.yml", clusters.cluster(size=3, storage={"s2d": True, "virtual_disks": ["Volume1"]}))
    with Stage(scenario, folder, rate=60.0) as stage:
        run = stage.playbook(PLAYBOOK)
        assert run.exit_code == 0, run.screen
    return stage.record()


def test_real_run_is_green(record: RunRecord) -> None:
    assert check(record) == []


def drain_without_resume(logs: Logs) -> None:
    logs.drop("resumed", "node_state_changed", node=logs.first("pause_requested")["node"])


def other_node_down(logs: Logs) -> None:
    logs.before(logs.first("scan"), node="MIN01-N3", event="node_state_changed", actor="scenario", to="down")


def sick_disk(logs: Logs) -> None:
    logs.before(logs.first("scan"), event="virtual_disk_health_changed", actor="scenario", disk="Volume1", health=1)


def single_look(logs: Logs) -> None:
    looks = [line for line in logs.requests if line["class"] == "MSCluster_Node" and line["action"] != "Get" and not line["method"]]
    logs.requests = [line for line in logs.requests if line not in looks]


def lock_missing(logs: Logs) -> None:
    logs.drop("run_lock_taken", node="MIN01-N2")


def lock_not_read_again(logs: Logs) -> None:
    logs.requests = [line for line in logs.requests if not (line["class"] == "MSFT_CAURun" and line["node"] == "MIN01-N3")]


def install_repeated(logs: Logs) -> None:
    line = next(line for line in logs.requests if line["method"] == "InstallUpdates")
    lost = line | {"outcome": "dropped_after", "operation_id": "uuid:another", "message_id": "uuid:another"}
    logs.requests.insert(logs.requests.index(line), lost)


def paused_by_others(logs: Logs) -> None:
    resume = logs.first("resume_requested")
    for line in logs.events:
        if line["event"] == "pause_requested" and line["node"] == resume["node"]:
            line.update(actor="scenario", user=None)


def journal_late(logs: Logs) -> None:
    logs.drop("registry_written", node="MIN01-N2")


def failed_update(logs: Logs) -> None:
    installed = logs.first("update_installed")
    installed.update(event="update_failed", hresult=1)


def password_on_the_screen(logs: Logs) -> None:
    logs.outputs["run1.screen"] += clusters.CANARY


def group_offline(logs: Logs) -> None:
    line = logs.first("drain_completed")
    logs.before(line, event="group_state_changed", group="MIN01-VM1", to="offline", **{"from": "online"})


def restart_with_a_group(logs: Logs) -> None:
    line = logs.first("restart_requested")
    logs.before(line, event="group_moved", actor="scenario", group="MIN01-VM2", to=line["node"])


def installed_twice(logs: Logs) -> None:
    line = logs.first("update_installed")
    logs.before(line)


def lock_left(logs: Logs) -> None:
    logs.drop("run_lock_released", node="MIN01-N1")


@pytest.mark.parametrize(
    ("rule", "damage"),
    [
        ("1", drain_without_resume),
        ("2", other_node_down),
        ("2", sick_disk),
        ("2", single_look),
        ("2", restart_with_a_group),
        ("3", lock_missing),
        ("3", lock_not_read_again),
        ("4", install_repeated),
        ("5", paused_by_others),
        ("6", journal_late),
        ("7", failed_update),
        ("8", password_on_the_screen),
        ("9", group_offline),
        ("once", installed_twice),
        ("clean", lock_left),
    ],
)
def test_broken_run_is_red(rule: str, damage: Callable[[Logs], None], record: RunRecord) -> None:
    logs = Logs(copied(record.events), copied(record.requests), copied(record.controller), dict(record.outputs))
    damage(logs)
    broken = replace(record, events=logs.events, requests=logs.requests, controller=logs.controller, outputs=logs.outputs)
    assert rule in {violation.rule for violation in check(broken)}
