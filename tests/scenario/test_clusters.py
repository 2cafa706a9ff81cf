# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several clusters in one run: each at its own pace, never two nodes of one of them, and none held up or stopped by another."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator

import pytest

from tests.harness.controller import Finished
from tests.harness.record import Entry
from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count, nodes_of

Open = Callable[..., Stage]

LONG, FAILING = "BBB", "CCC"
HEALTHY = ("AAA", "DDD", "EEE")
REJECTING = "AAA-N2"

OPTIONS = {"rolling_update_max_failed_nodes": 0, "rolling_update_max_retries_per_node": 0}


def scenario() -> list[clusters.Data]:
    """Return five clusters of four nodes, of which two have something to install."""
    made = []
    for name in ("AAA", LONG, FAILING, "DDD", "EEE"):
        update = clusters.QUIET_UPDATE | {"nodes": [f"{name}-N1", f"{name}-N2"]}
        if name == LONG:
            update |= {"install_seconds": 2400, "nodes": [f"{name}-N1"]}
        if name == FAILING:
            update |= {"failure": {"hresult": "0x80240016", "nodes": [f"{name}-N1"]}}
        made.append(clusters.cluster(name, size=4, updates=[update]))
    return made


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Finished]]:
    """One run of all five, which every test here judges by its logs."""
    folder = tmp_path_factory.mktemp("five")
    with Stage(clusters.write(folder / "scenario.yml", *scenario()), folder, rate=60.0) as stage:
        own = stage.inventory.parent / "host_vars" / f"{REJECTING.lower()}.yml"
        own.parent.mkdir()
        own.write_text("rolling_update_reject: [KB5000002]\n", encoding="utf-8")
        run = stage.playbook(PLAYBOOK, "-e", json.dumps(OPTIONS), seconds=300)
        yield stage, run


def events_of(stage: Stage, name: str) -> list[Entry]:
    return [event for event in stage.twin.events() if event.get("cluster") == name]


def moment(events: list[Entry], event: str, node: str) -> str:
    return next(str(entry["at"]) for entry in events if entry["event"] == event and entry.get("node") == node)


def test_every_cluster_keeps_the_invariants_and_has_a_run_of_its_own(finished: tuple[Stage, Finished]) -> None:
    stage, run = finished
    assert run.exit_code == 2, run.screen
    assert stage.verdict(may_not_finish=True) == []
    locks = {name: {event["guid"] for event in events_of(stage, name) if event["event"] == "run_lock_taken"} for name in (LONG, *HEALTHY)}
    assert [len(each) for each in locks.values()] == [1, 1, 1, 1]
    assert len(set().union(*locks.values())) == 4
    assert count(stage.twin.events(), "run_lock_released") == 20


def test_long_installation_of_one_cluster_holds_up_no_other_one(finished: tuple[Stage, Finished]) -> None:
    stage, run = finished
    long = events_of(stage, LONG)
    begin, end = (moment(long, event, f"{LONG}-N1") for event in ("install_started", "install_ended"))
    for name in ("DDD", "EEE"):
        # Each of them is done with its first node and has begun the second one meanwhile.
        assert begin < moment(events_of(stage, name), "drain_started", f"{name}-N2") < end, run.screen


def test_all_nodes_of_a_cluster_are_staged_before_one_is_drained(finished: tuple[Stage, Finished]) -> None:
    stage, run = finished
    for name in ("DDD", "EEE"):
        events = events_of(stage, name)
        first = moment(events, "drain_started", f"{name}-N1")
        assert all(moment(events, "update_downloaded", f"{name}-N{number}") < first for number in (1, 2)), run.screen


def test_clusters_have_nodes_out_of_service_at_the_same_time(finished: tuple[Stage, Finished]) -> None:
    stage, _run = finished
    away: set[str] = set()
    together: set[tuple[str, str]] = set()
    for event in stage.twin.events():
        if event["event"] == "drain_started":
            away.add(str(event["cluster"]))
            together |= set(itertools.permutations(away, 2))
        elif event["event"] == "resumed":
            away.discard(str(event["cluster"]))
    assert {(LONG, name) for name in ("DDD", "EEE")} <= together


def test_failed_cluster_stops_no_other_one(finished: tuple[Stage, Finished]) -> None:
    stage, run = finished
    assert nodes_of(events_of(stage, FAILING), "pause_requested") == [f"{FAILING}-N1"]
    for name in ("DDD", "EEE"):
        assert nodes_of(events_of(stage, name), "update_installed") == [f"{name}-N1", f"{name}-N2"]
    failed = [line.split()[0] for line in run.screen.splitlines() if "failed=1" in line]
    assert failed == [f"{FAILING.lower()}-n1"]


def test_node_keeps_the_variables_of_its_own_host(finished: tuple[Stage, Finished]) -> None:
    stage, _run = finished
    assert nodes_of(events_of(stage, "AAA"), "update_installed") == ["AAA-N1"]
