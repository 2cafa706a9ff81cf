# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run lock by itself: hosts that take it at the same time, and commands that are each a process of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness.stage import Stage

from . import clusters
from .plays import count, nodes_of

Open = Callable[..., Stage]

PREFIX = "cluster_aware.updating."


def lock_play(**options: object) -> dict[str, object]:
    tasks = [
        {PREFIX + "run_lock": {}, "register": "taken", **options},
        {PREFIX + "run_lock": {"state": "released"}, **options},
    ]
    return {"hosts": "all", "gather_facts": False, "tasks": tasks}


@pytest.mark.parametrize("forks", ["1", "8"])
def test_hosts_without_serial_join_the_run_of_the_first(forks: str, opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    run = stage.playbook(stage.write_playbook([lock_play()]), "--forks", forks)
    assert run.exit_code == 0, run.screen
    events = stage.twin.events()
    assert sorted(nodes_of(events, "run_lock_taken")) == ["MIN01-N1", "MIN01-N2", "MIN01-N3"]
    assert count(events, "run_lock_released") == 3
    assert stage.verdict(may_not_finish=True) == []


def test_two_clusters_without_serial_have_a_run_each(opened: Open) -> None:
    stage = opened(clusters.cluster("ONE"), clusters.cluster("TWO"))
    run = stage.playbook(stage.write_playbook([lock_play()]))
    assert run.exit_code == 0, run.screen
    taken = [event for event in stage.twin.events() if event["event"] == "run_lock_taken"]
    assert len({event["guid"] for event in taken}) == 2
    assert stage.verdict(may_not_finish=True) == []


def test_one_host_takes_the_lock_for_all(opened: Open) -> None:
    stage = opened()
    run = stage.playbook(stage.write_playbook([lock_play(run_once=True)]))
    assert run.exit_code == 0, run.screen
    assert count(stage.twin.events(), "run_lock_taken") == count(stage.twin.events(), "run_lock_released") == 2
    assert stage.verdict(may_not_finish=True) == []


def test_lock_taken_ad_hoc_is_named_and_left_by_the_next_command(opened: Open) -> None:
    stage = opened()
    taken = stage.module("all", PREFIX + "run_lock")
    assert taken.exit_code == 0, taken.screen
    released = stage.module("all", PREFIX + "run_lock", "state=released")
    assert released.exit_code == 0, released.screen
    assert "it is not this playbook's but held by run " in released.screen
    again = stage.module("all", PREFIX + "run_lock")
    assert again.exit_code == 2, again.screen
    events = stage.twin.events()
    assert count(events, "run_lock_taken") == 2
    assert count(events, "run_lock_released") == 0
    assert stage.verdict(may_leave_lock=True, may_not_finish=True) == []
