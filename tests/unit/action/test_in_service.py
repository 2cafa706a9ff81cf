# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installing on a node while it serves, and what keeps that from being done without the turn."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import OfferedUpdate

from ..fakes.world import FakeUpdate, FakeWorld
from .playbook import Playbook

RESTARTS = FakeUpdate(OfferedUpdate("11111111-0000-4000-8000-000000000001", "Cumulative Update (KB5000001)"), needs_restart=True)


@pytest.fixture
def in_turn(playbook: Playbook, world: FakeWorld) -> Playbook:
    world.machine("node1").offered = [RESTARTS]
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="in_turn")
    return playbook


def test_node_is_updated_while_it_serves_and_drained_for_its_restart(in_turn: Playbook, world: FakeWorld) -> None:
    result = in_turn.run("wua_install", "hv-a", in_service=True)
    assert (result["installed_update_count"], result["reboot_required"]) == (1, True)
    assert not world.calls("pause")
    in_turn.run("cluster_node", "hv-a", state="drained")
    assert in_turn.run("node_reboot", "hv-a")["rebooted"] is True
    assert in_turn.run("wua_install", "hv-a")["another_round"] is False
    in_turn.run("cluster_node", "hv-a", state="active")
    assert world.machine("node1").node_session is None
    assert len(world.calls("pause")) == len(world.calls("install")) == 1


def test_turn_is_given_back_without_a_drain(in_turn: Playbook, world: FakeWorld) -> None:
    assert world.machine("node1").node_session is not None
    assert in_turn.run("cluster_node", "hv-a", state="active")["changed"] is False
    assert world.machine("node1").node_session is None
    assert not world.calls("pause", "resume")


def test_no_other_node_is_drained_while_one_has_the_turn(in_turn: Playbook, world: FakeWorld) -> None:
    in_turn.run("run_lock", "hv-b")
    assert in_turn.failure("cluster_node", "hv-b", state="drained")[1]["error"] == "TurnTakenError"
    assert in_turn.failure("cluster_node", "hv-b", state="in_turn")[1]["error"] == "TurnTakenError"
    assert not world.calls("pause")


def test_nothing_is_installed_in_service_without_the_turn(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node1").offered = [RESTARTS]
    playbook.run("run_lock", "hv-a")
    assert playbook.failure("wua_install", "hv-a", in_service=True)[1]["error"] == "TurnLostError"
    assert not world.calls("install")


def test_nothing_is_installed_in_service_on_a_node_that_somebody_pauses(in_turn: Playbook, world: FakeWorld) -> None:
    world.machine("node1").state = NodeState.PAUSED
    message, fields = in_turn.failure("wua_install", "hv-a", in_service=True)
    assert "it is to be worked on while it serves, and node1 is paused" in message
    assert fields["error"] == "GateRefusedError"
    assert not world.calls("install")


def test_node_that_the_cluster_needs_does_not_get_the_turn(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    world.loses_quorum = True
    assert playbook.failure("cluster_node", "hv-a", state="in_turn")[1]["error"] == "GateRefusedError"
    assert world.machine("node1").node_session is None


def test_node_that_is_out_of_service_does_not_get_the_turn_to_serve(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    assert "out of service because of this run" in playbook.failure("cluster_node", "hv-a", state="in_turn")[0]


def test_check_mode_takes_no_turn(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    assert playbook.run("cluster_node", "hv-a", state="in_turn", check=True)["changed"] is False
    assert world.machine("node1").node_session is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"drain_mode": "none", "separate_reboots": True}, "separate_reboots has no restart to separate"),
        ({"drain_mode": "none", "install_order": "install_first"}, "install_order=install_first drains a node for its restart alone"),
        ({"drain_mode": "drain", "accept_offline": ["VM1"]}, "happens with drain_mode=forced alone"),
        ({"drain_mode": "forced", "accept_offline": []}, "drain_mode=forced needs accept_offline"),
        ({"install_order": "sideways"}, "value of install_order must be one of"),
        ({"separate_reboots": "perhaps"}, "separate_reboots"),
    ],
)
def test_contradicting_options_of_later_tasks_are_refused(
    options: dict[str, object], says: str, playbook: Playbook, world: FakeWorld
) -> None:
    assert says in playbook.failure("run_lock", "hv-a", later_options=options)[0]
    assert not world.log
