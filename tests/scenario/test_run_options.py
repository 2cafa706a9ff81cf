# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each option of a run does, seen in the event log."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable

from tests.harness.controller import Finished
from tests.harness.inventory import write_inventory
from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count, nodes_of, role_play

Open = Callable[..., Stage]


def run_role(stage: Stage, **options: t.Any) -> Finished:  # noqa: ANN401 - as YAML has it
    """Run the role with options, by their names without the prefix."""
    return stage.playbook(stage.write_playbook(role_play()), "-e", variables(**options))


def variables(**options: t.Any) -> str:  # noqa: ANN401
    return json.dumps({f"rolling_update_{name}": value for name, value in options.items()})


def test_limits_of_time_and_nodes_end_the_run_at_a_safe_point(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3))
    # Both pass while the first node is worked on, or before that where the machine is slow.
    options = {"only_nodes": ["min01-n3", "MIN01-N2"], "node_order": ["MIN01-N3"], "warn_after": 20, "stop_after": 40}
    run = stage.playbook(PLAYBOOK, "-e", variables(**options))
    assert run.exit_code == 2, run.screen
    assert "warning: the run takes longer than warn_after (20 s)" in run.screen
    assert "stop_after allows (40 s)" in run.screen
    events = stage.twin.events()
    assert sorted(nodes_of(events, "run_lock_released")) == ["MIN01-N1", "MIN01-N2", "MIN01-N3"]
    assert nodes_of(events, "resumed") == nodes_of(events, "pause_requested")
    assert set(nodes_of(events, "pause_requested")) <= {"MIN01-N3"}
    assert count(events, "scan", "MIN01-N1") == 0
    assert stage.verdict() == []


def test_node_is_tried_again_as_a_whole_and_counts_once(opened: Open) -> None:
    failing = clusters.QUIET_UPDATE | {"failure": {"hresult": "0x80240016", "nodes": ["MIN01-N1"]}}
    once = {"model": "drain_fails", "node": "MIN01-N2", "group": "MIN01-VM2", "times": 1}
    stage = opened(clusters.cluster(updates=[failing]), faults=[once])
    run = run_role(stage, max_retries_per_node=1, max_failed_nodes=1)
    assert run.exit_code == 2, run.screen
    assert "attempt 2 of 2 begins" in run.screen
    assert "MIN01-N2 ok at attempt 2 1 update" in run.screen
    events = stage.twin.events()
    assert nodes_of(events, "pause_requested") == nodes_of(events, "resumed") == ["MIN01-N1", "MIN01-N1", "MIN01-N2", "MIN01-N2"]
    assert count(events, "update_failed") == count(events, "run_lock_released") == 2
    assert nodes_of(events, "update_installed") == ["MIN01-N2"]
    assert stage.verdict() == []


def test_role_that_cannot_leave_goes_offline_by_force_and_comes_back(opened: Open) -> None:
    locked = [{"name": "MIN01-VM1", "owner": "MIN01-N1", "locked": True}, {"name": "MIN01-VM2", "owner": "MIN01-N2"}]
    stage = opened(clusters.cluster(groups=locked))
    run = run_role(stage, drain_mode="forced", accept_offline=["MIN01-VM1"])
    assert run.exit_code == 0, run.screen
    assert run.screen.index("with force MIN01-VM1 will go offline") < run.screen.index("MIN01-VM1 is brought online again")
    events = stage.twin.events()
    forced = [(event["node"], event["drain_type"]) for event in events if event["event"] == "pause_requested"]
    # On the other node, where it is brought online again, the role cannot leave either.
    assert forced == [("MIN01-N1", 1), ("MIN01-N1", 2), ("MIN01-N2", 1), ("MIN01-N2", 2)]
    states = [event["to"] for event in events if event["event"] == "group_state_changed" and event["group"] == "MIN01-VM1"]
    assert (states[0], states[-1]) == ("offline", "online")
    assert stage.verdict(accepted_offline=frozenset({"MIN01-VM1"})) == []


def test_node_that_is_paused_without_drain_keeps_its_roles_and_is_not_restarted(opened: Open) -> None:
    stage = opened()
    run = run_role(stage, drain_mode="none")
    assert run.exit_code == 0, run.screen
    assert "MIN01-VM1 stay on it, and it is not restarted" in run.screen
    assert "MIN01-N1 ok 1 update" in run.screen
    assert "it serves with a restart pending" in run.screen
    events = stage.twin.events()
    assert [event["drain_type"] for event in events if event["event"] == "pause_requested"] == [0, 0]
    assert sorted(nodes_of(events, "update_installed")) == nodes_of(events, "resumed") == ["MIN01-N1", "MIN01-N2"]
    assert count(events, "restart_requested") == count(events, "group_moved") == 0
    # The scan that would tell what the restart brings to light is that of the next run.
    assert stage.verdict(may_not_finish=True) == []


def test_run_ends_only_when_the_storage_is_repaired(opened: Open) -> None:
    storage = {"s2d": True, "virtual_disks": ["Volume1"], "repair_seconds": 200}
    stage = opened(clusters.cluster(size=3, storage=storage))
    run = run_role(stage, only_nodes=["MIN01-N1"], wait_for_storage_repair=3600)
    assert run.exit_code == 0, run.screen
    order = [event["event"] for event in stage.twin.events() if event["event"] in {"resumed", "storage_job_ended", "run_lock_released"}]
    assert order[0] == "resumed"
    assert order.index("storage_job_ended") < order.index("run_lock_released")
    assert stage.verdict(may_not_finish=True) == []


def test_node_is_updated_before_it_is_drained_for_its_restart_alone(opened: Open) -> None:
    quiet = clusters.QUIET_UPDATE | {"nodes": ["MIN01-N2"]}
    stage = opened(clusters.cluster(updates=[clusters.UPDATE | {"nodes": ["MIN01-N1"]}, quiet]))
    run = run_role(stage, install_order="install_first")
    assert run.exit_code == 0, run.screen
    order = [
        (event["node"], event["event"])
        for event in stage.twin.events()
        if event["event"] in {"update_installed", "pause_requested", "restart_requested", "resume_requested"}
    ]
    restarted = [("MIN01-N1", what) for what in ("update_installed", "pause_requested", "restart_requested", "resume_requested")]
    assert [entry for entry in order if entry[0] == "MIN01-N1"] == restarted
    assert [entry for entry in order if entry[0] == "MIN01-N2"] == [("MIN01-N2", "update_installed")]
    assert stage.verdict() == []


def test_roles_come_back_as_the_mode_says_and_nodes_go_in_the_named_order(opened: Open) -> None:
    def made(name: str) -> clusters.Data:
        groups = [{"name": f"{name}-{kind}", "owner": f"{name}-N1", "auto_failback": kind == "HOME"} for kind in ("HOME", "AWAY")]
        return clusters.cluster(name, groups=groups, updates=[clusters.QUIET_UPDATE])

    stage = opened(made("ONE"), made("TWO"))
    own = {
        node.node.lower(): {
            "rolling_update_failback": "policy" if node.cluster == "ONE" else "none",
            "rolling_update_node_order": ["ONE-N1" if node.cluster == "ONE" else "TWO-N2"],
        }
        for node in stage.twin.nodes
    }
    path = stage.directory / "own.yml"
    stage.inventory = write_inventory(path, stage.twin.nodes, user=stage.user, password=stage.password, extra=own)
    run = stage.playbook(PLAYBOOK)
    assert run.exit_code == 0, run.screen
    events = stage.twin.events()
    paused = nodes_of(events, "pause_requested")
    assert [node for node in paused if node.startswith("ONE")] == ["ONE-N1", "ONE-N2"]
    assert [node for node in paused if node.startswith("TWO")] == ["TWO-N2", "TWO-N1"]
    # By the host that works on both of them.
    assert "  TWO-N1  next, 1 update staged" in run.screen
    back = {event["node"]: (event["failback"], event["groups_moved"]) for event in events if event["event"] == "resumed"}
    assert (back["ONE-N1"], back["TWO-N2"]) == ((2, ["ONE-HOME"]), (0, []))
    assert stage.verdict() == []


def test_storage_is_waited_for_no_longer_than_the_limit(opened: Open) -> None:
    storage = {"s2d": True, "virtual_disks": ["Volume1"], "repair_seconds": 1_000_000}
    stage = opened(clusters.cluster(size=3, storage=storage))
    run = run_role(stage, only_nodes=["MIN01-N1", "MIN01-N2"], suspend_timeout=30, max_failed_nodes=0)
    assert run.exit_code == 2, run.screen
    assert "MIN01-N2 FAILED" in run.screen
    assert nodes_of(stage.twin.events(), "pause_requested") == ["MIN01-N1"]
    assert stage.verdict() == []
