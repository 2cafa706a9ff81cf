# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from simulator.cim import CimFault
from simulator.model.state import GroupState, NodeState, Power

from .lab import CIMV2, CLUSTER, Lab, fault_code, two_nodes


def would_lose(lab: Lab, node: str) -> bool:
    reply = lab.invoke(node, CLUSTER, "MSCluster_Node", "WillOfflineLoseQuorum", {"Name": node})
    return bool(reply.return_value)


def test_two_nodes_with_a_witness_may_lose_either() -> None:
    lab = Lab(two_nodes())
    assert not would_lose(lab, "N1")
    assert not would_lose(lab, "N2")
    assert lab.rows("N1", CLUSTER, "MSCluster_Cluster")[0]["WitnessDynamicWeight"] == 1


def test_two_nodes_without_a_witness_may_lose_only_the_one_without_a_vote() -> None:
    lab = Lab(two_nodes(quorum={"witness": "none"}))
    assert [lab.node(name).dynamic_weight for name in ("N1", "N2")] == [1, 0]
    assert would_lose(lab, "N1")
    assert not would_lose(lab, "N2")


def test_static_quorum_of_two_may_lose_neither() -> None:
    lab = Lab(two_nodes(quorum={"witness": "none", "dynamic": False}))
    assert would_lose(lab, "N1")
    assert would_lose(lab, "N2")


def test_static_quorum_of_three_loses_the_second_node_that_goes() -> None:
    lab = Lab(two_nodes(nodes=["N1", "N2", "N3"], quorum={"witness": "none", "dynamic": False}))
    assert not would_lose(lab, "N1")
    lab.act("power_off", node="N1")
    assert would_lose(lab, "N2")


def test_dynamic_quorum_of_three_gives_one_vote_to_the_two_that_are_left() -> None:
    lab = Lab(two_nodes(nodes=["N1", "N2", "N3"], quorum={"witness": "none"}))
    lab.act("power_off", node="N3")
    assert lab.events("vote_changed")[-1]["votes"] == {"N1": 1, "N2": 0, "N3": 0}


def test_loss_of_quorum_takes_all_groups_offline_and_a_return_brings_them_back() -> None:
    lab = Lab(two_nodes(quorum={"witness": "none"}))
    lab.act("power_off", node="N1")
    assert lab.events("quorum_lost")
    assert lab.events("group_state_changed")[-1]["to"] == "offline"
    with pytest.raises(CimFault):
        lab.rows("N2", CLUSTER, "MSCluster_Node")
    lab.act("power_on", node="N1")
    lab.model.advance(60)
    assert lab.cluster.groups["VM2"].state is GroupState.ONLINE
    assert lab.node("N2").state is NodeState.UP


def test_restart_goes_down_comes_up_and_joins_paused() -> None:
    lab = Lab(two_nodes())
    lab.pause("N1")
    lab.model.advance(30)
    before = lab.get("N1", CIMV2, "Win32_OperatingSystem")["LastBootUpTime"]
    told: list[tuple[str, bool]] = []
    lab.model.on_reachable.append(lambda node, reachable: told.append((node, reachable)))
    assert lab.restart("N1") == 0
    lab.model.advance(60)
    assert told == [("N1", False), ("N1", True)]
    assert lab.get("N1", CIMV2, "Win32_OperatingSystem")["LastBootUpTime"] > before
    assert lab.node("N1").state is NodeState.PAUSED
    names = ["restart_requested", "node_down", "node_up", "node_joined"]
    assert [entry["event"] for entry in lab.events(*names)] == names


def test_restart_asked_twice_is_in_progress_or_scheduled() -> None:
    lab = Lab(two_nodes())
    assert lab.restart("N1", Timeout=30) == 0
    assert lab.restart("N1") == 1190
    lab.model.advance(31)
    assert lab.restart("N1") == 1115


def test_restart_without_a_flag_for_it_does_nothing() -> None:
    lab = Lab(two_nodes())
    assert lab.restart("N1", Flags=0) == 0
    lab.model.advance(60)
    assert lab.node("N1").power is Power.RUNNING


def test_undrained_restart_fails_the_groups_over() -> None:
    lab = Lab(two_nodes())
    lab.restart("N1")
    lab.model.advance(60)
    states = [entry["to"] for entry in lab.events("group_state_changed") if entry["group"] == "VM1"]
    assert states == ["failed", "online"]
    assert lab.cluster.groups["VM1"].owner == "N2"


def test_services_come_back_one_after_the_other_but_those_that_triggers_start() -> None:
    lab = Lab(two_nodes(services=[{"name": "Slow", "start_seconds": 20}, {"name": "Broken", "comes_back": False}]))
    lab.restart("N1")
    lab.model.advance(15.5)
    running = {row["Name"] for row in lab.rows("N1", CIMV2, "Win32_Service") if row["State"] == "Running"}
    assert "RpcSs" not in running
    lab.model.advance(30)
    running = {row["Name"] for row in lab.rows("N1", CIMV2, "Win32_Service") if row["State"] == "Running"}
    assert {"Slow", "ClusSvc"} <= running
    assert not {"Broken", "W32Time"} & running


def test_cluster_classes_do_not_answer_before_the_node_has_joined() -> None:
    lab = Lab(two_nodes())
    lab.restart("N1")
    lab.model.advance(16)
    with pytest.raises(CimFault) as caught:
        lab.rows("N1", CLUSTER, "MSCluster_Node")
    assert fault_code(caught.value) == 1722
    assert lab.get("N2", CLUSTER, "MSCluster_Node", Name="N1")["State"] == NodeState.DOWN


def test_machine_that_is_off_does_not_answer() -> None:
    lab = Lab(two_nodes())
    lab.act("power_off", node="N1")
    with pytest.raises(CimFault):
        lab.rows("N1", CIMV2, "Win32_Service")


def test_clock_step_moves_boot_time_and_clock_of_the_node_alone() -> None:
    lab = Lab(two_nodes())
    before = lab.get("N1", CIMV2, "Win32_OperatingSystem")
    lab.act("step_clock", node="N1", seconds=90)
    after = lab.get("N1", CIMV2, "Win32_OperatingSystem")
    for name in ("LastBootUpTime", "LocalDateTime"):
        assert (after[name] - before[name]).total_seconds() == 90
    assert lab.get("N1", CIMV2, "Win32_UTCTime")["Minute"] == 1
    assert lab.get("N2", CIMV2, "Win32_UTCTime")["Minute"] == 0


def test_node_that_was_added_joins_again_after_a_restart() -> None:
    lab = Lab(two_nodes(nodes=["N1", "N2", {"name": "N3", "member": False}]))
    lab.act("add_node", node="N3")
    lab.restart("N3")
    lab.model.advance(120)
    assert lab.node("N3").state is NodeState.UP


def test_evicted_node_votes_no_more_and_can_be_added_again() -> None:
    lab = Lab(two_nodes(nodes=["N1", "N2", "N3"]))
    lab.act("evict_node", node="N3")
    assert [row["Name"] for row in lab.rows("N1", CLUSTER, "MSCluster_Node")] == ["N1", "N2"]
    assert lab.rows("N3", CLUSTER, "MSCluster_Cluster") == []
    lab.act("add_node", node="N3")
    assert len(lab.rows("N3", CLUSTER, "MSCluster_Node")) == 3


def test_stopped_cluster_service_leaves_the_cluster_and_a_started_one_joins() -> None:
    lab = Lab(two_nodes())
    lab.act("stop_service", node="N2", service="ClusSvc")
    assert lab.node("N2").state is NodeState.DOWN
    lab.act("start_service", node="N2", service="ClusSvc")
    lab.model.advance(10)
    assert lab.node("N2").state is NodeState.UP
