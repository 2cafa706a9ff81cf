# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from simulator.model.engine import Model
from simulator.scenario.build import build
from simulator.scenario.loader import ScenarioError

from .lab import CLUSTER, GUID, START, Lab, two_nodes

ROLE = {"name": "CAULAB", "type": "cau", "schedule": {"at": 60, "every": 1000, "lasts": 100}}


def told(model: Model) -> list[dict[str, t.Any]]:
    """Return what happens to the model from now on, as the event log has it."""
    events: list[dict[str, t.Any]] = []
    model.events.listeners.append(events.append)
    return events


def test_schedule_takes_the_lock_everywhere_and_gives_it_back() -> None:
    lab = Lab(two_nodes(groups=[ROLE]))
    events = told(lab.model)
    lab.model.advance(1200)
    assert [(event["event"], event["node"]) for event in events] == [
        ("run_lock_taken", "N1"),
        ("run_lock_taken", "N2"),
        ("run_lock_released", "N1"),
        ("run_lock_released", "N2"),
    ] * 2


def test_schedule_that_meets_a_lock_goes_away_empty_handed() -> None:
    lab = Lab(two_nodes(groups=[ROLE]))
    lab.create("N2", "MSFT_CAURun", GUID)
    events = told(lab.model)
    lab.model.advance(100)
    assert [event["event"] for event in events] == ["run_lock_taken", "run_lock_refused", "run_lock_released"]
    assert lab.node("N1").run_lock is None


@pytest.mark.parametrize("order", [["TakeOffline"], ["TakeOffline", "BringOnline"]])
def test_schedule_begins_nothing_while_the_role_is_offline(order: list[str]) -> None:
    lab = Lab(two_nodes(groups=[ROLE]))
    for method in order:
        lab.invoke("N1", CLUSTER, "MSCluster_ResourceGroup", method, {"Name": "CAULAB"}, TimeOut=0, Flags=0)
    events = told(lab.model)
    lab.model.advance(100)
    assert bool(events) is (order[-1] == "BringOnline")


def test_schedule_of_another_kind_of_role_is_refused() -> None:
    with pytest.raises(ScenarioError, match="only a group of the type cau has a schedule"):
        build(two_nodes(groups=[ROLE | {"type": "file_server"}]), START)
