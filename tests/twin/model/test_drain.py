# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from simulator.cim import CimFault
from simulator.model.state import DrainStatus, GroupState, NodeState

from .lab import CLUSTER, Lab, fault_code, two_nodes


@pytest.fixture
def lab() -> Lab:
    return Lab(two_nodes())


def owners(lab: Lab) -> dict[str, str]:
    return {group.name: group.owner for group in lab.cluster.groups.values() if not group.is_core}


def test_pause_returns_while_the_drain_goes_on(lab: Lab) -> None:
    lab.pause("N1")
    row = lab.get("N2", CLUSTER, "MSCluster_Node", Name="n1")
    assert (row["State"], row["NodeDrainStatus"]) == (NodeState.PAUSED, DrainStatus.IN_PROGRESS)
    assert owners(lab)["VM1"] == "N1"


def test_drain_moves_the_groups_one_after_the_other_and_completes() -> None:
    lab = Lab(two_nodes(groups=[{"name": f"VM{number}", "owner": "N1"} for number in range(1, 4)]))
    lab.pause("N1")
    lab.model.advance(30)
    moved = [entry for entry in lab.events("group_moved") if entry["group"].startswith("VM")]
    assert [entry["group"] for entry in moved] == ["VM1", "VM2", "VM3"]
    assert len({entry["at"] for entry in moved}) == 3
    assert lab.node("N1").drain_status is DrainStatus.COMPLETED
    assert lab.events("drain_completed")[0]["groups_left"] == []


def test_virtual_machine_stays_online_while_it_migrates(lab: Lab) -> None:
    lab.pause("N1")
    lab.model.advance(30)
    assert [entry for entry in lab.events("group_state_changed") if entry["group"] == "VM1"] == []


def test_file_server_is_pending_while_it_moves() -> None:
    lab = Lab(two_nodes(groups=[{"name": "FS", "owner": "N1", "type": "file_server"}]))
    lab.pause("N1")
    lab.model.advance(30)
    states = [entry["to"] for entry in lab.events("group_state_changed") if entry["group"] == "FS"]
    assert states == ["pending", "online"]


def test_locked_group_makes_the_drain_fail_and_stays() -> None:
    lab = Lab(two_nodes(groups=[{"name": "VM1", "owner": "N1", "locked": True}, {"name": "VM3", "owner": "N1"}]))
    lab.pause("N1")
    lab.model.advance(30)
    assert lab.events("drain_failed")[0]["groups_left"] == ["VM1"]
    assert owners(lab) == {"VM1": "N1", "VM3": "N2"}
    row = lab.get("N1", CLUSTER, "MSCluster_Node", Name="N1")
    assert (row["State"], row["NodeDrainStatus"], row["StatusInformation"], row["DrainErrorCode"]) == (2, 3, 16, 5960)


def test_forced_drain_takes_a_locked_group_offline() -> None:
    lab = Lab(two_nodes(groups=[{"name": "VM1", "owner": "N1", "locked": True}]))
    lab.pause("N1", 2)
    lab.model.advance(30)
    assert lab.cluster.groups["VM1"].state is GroupState.OFFLINE
    assert lab.node("N1").drain_status is DrainStatus.COMPLETED


def test_second_drain_of_a_node_whose_drain_failed_is_a_retry() -> None:
    lab = Lab(two_nodes(groups=[{"name": "VM1", "owner": "N1", "locked": True}]))
    lab.pause("N1")
    lab.model.advance(30)
    lab.act("lock_group", group="VM1", locked=False)
    lab.pause("N1")
    lab.model.advance(30)
    assert lab.node("N1").drain_status is DrainStatus.COMPLETED


def test_group_without_an_owner_that_is_up_makes_the_drain_fail(lab: Lab) -> None:
    lab.pause("N2", 0)
    lab.pause("N1")
    lab.model.advance(30)
    assert "VM1" in lab.events("drain_failed")[0]["groups_left"]


@pytest.mark.parametrize(
    ("prepare", "call", "code"),
    [
        (lambda lab: None, lambda lab: lab.pause("N1", TargetNode="N9"), 5005),
        (lambda lab: lab.pause("N1"), lambda lab: lab.pause("N1"), 5962),
        (lambda lab: lab.pause("N1", 0), lambda lab: lab.pause("N1", 0), 5070),
        (lambda lab: lab.act("power_off", node="N1"), lambda lab: lab.pause("N1", via="N2"), 5050),
    ],
)
def test_pause_that_cannot_be_is_refused_and_logged(lab: Lab, prepare: object, call: object, code: int) -> None:
    assert callable(prepare)
    assert callable(call)
    prepare(lab)
    with pytest.raises(CimFault) as caught:
        call(lab)
    assert fault_code(caught.value) == code
    assert lab.events("pause_refused")[-1]["reason"].startswith(f"{code}:")


def test_pause_without_a_drain_type_has_invalid_parameters(lab: Lab) -> None:
    with pytest.raises(CimFault) as caught:
        lab.invoke("N1", CLUSTER, "MSCluster_Node", "Pause", {"Name": "N1"})
    assert caught.value.code == 0x8004102F
    assert lab.node("N1").state is NodeState.UP


def test_resume_of_a_node_that_is_not_paused_is_refused(lab: Lab) -> None:
    with pytest.raises(CimFault) as caught:
        lab.resume("N1")
    assert fault_code(caught.value) == 5058


@pytest.mark.parametrize(("failback", "owner"), [(0, "N2"), (1, "N1"), (2, "N2")])
def test_resume_sends_groups_back_as_failback_says(lab: Lab, failback: int, owner: str) -> None:
    lab.pause("N1")
    lab.model.advance(30)
    lab.resume("N1", failback)
    lab.model.advance(30)
    assert lab.node("N1").state is NodeState.UP
    assert owners(lab)["VM1"] == owner


def test_failback_by_policy_moves_only_groups_that_allow_it() -> None:
    groups = [{"name": "VM1", "owner": "N1", "auto_failback": True}, {"name": "VM3", "owner": "N1"}]
    lab = Lab(two_nodes(groups=groups))
    lab.pause("N1")
    lab.model.advance(30)
    lab.resume("N1", 2)
    lab.model.advance(30)
    assert owners(lab) == {"VM1": "N1", "VM3": "N2"}
    assert lab.events("resumed")[0]["groups_moved"] == ["VM1"]


def test_resume_in_the_middle_of_a_drain_ends_it(lab: Lab) -> None:
    lab.pause("N1")
    lab.model.advance(0.2)
    lab.resume("N1", 0)
    lab.model.advance(30)
    assert lab.events("drain_completed", "drain_failed") == []
    assert owners(lab)["VM1"] == "N1"


def test_drained_node_answers_for_its_groups_by_association(lab: Lab) -> None:
    lab.pause("N1")
    lab.model.advance(30)
    rows = lab.rows("N1", CLUSTER, "MSCluster_NodeToActiveGroup")
    assert {row["GroupComponent"].keys["Name"] for row in rows} == {"N2"}


def test_group_moved_by_an_administrator_is_not_sent_back(lab: Lab) -> None:
    lab.pause("N1")
    lab.model.advance(30)
    lab.act("resume_node", node="N1", failback=0)
    lab.act("move_group", group="VM1", to="N1")
    lab.model.advance(10)
    assert owners(lab)["VM1"] == "N1"
    assert lab.events("group_moved")[-1]["reason"] == "administrator"


def test_pause_by_an_administrator_is_logged_as_theirs(lab: Lab) -> None:
    lab.act("pause_node", node="N1", drain_type=0)
    entry = lab.events("pause_requested")[0]
    assert (entry["actor"], "user" in entry, "request" in entry) == ("scenario", False, False)


def test_drain_waits_for_a_group_that_is_on_its_way_elsewhere() -> None:
    groups = [{"name": "VM1", "owner": "N2", "move_seconds": 20}]
    lab = Lab(two_nodes(nodes=["N1", "N2", "N3"], groups=groups))
    lab.act("move_group", group="VM1", to="N3")
    lab.pause("N2")
    lab.model.advance(10)
    assert lab.events("drain_completed") == []
    lab.model.advance(20)
    assert lab.events("drain_completed")[0]["groups_left"] == []
    assert owners(lab)["VM1"] == "N3"


def test_drain_goes_on_when_the_target_of_a_move_fails() -> None:
    groups = [{"name": "VM1", "owner": "N1", "move_seconds": 20}]
    lab = Lab(two_nodes(nodes=["N1", "N2", "N3"], groups=groups))
    lab.pause("N1")
    lab.model.advance(5)
    target = lab.cluster.groups["VM1"].moving_to
    assert target is not None
    lab.act("power_off", node=target)
    lab.model.advance(60)
    assert owners(lab)["VM1"] == ({"N2", "N3"} - {target}).pop()
    assert lab.node("N1").drain_status is DrainStatus.COMPLETED
