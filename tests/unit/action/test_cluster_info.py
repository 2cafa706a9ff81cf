# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task cluster_info."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import ClusterResource, GroupState, ResourceState

from ..fakes.clients import FakeNodeClient
from ..fakes.world import FakeWorld, Held
from .playbook import Playbook

WRITES = ("create_run_lock", "create_key", "set_text", "create_node_session", "pause", "resume", "restart")


def test_reads_nodes_with_their_hosts_and_writes_nothing(playbook: Playbook, world: FakeWorld) -> None:
    result = playbook.run("cluster_info", "hv-b")
    assert result["cluster"]["name"] == "HV01"
    assert {node["name"]: node["host"] for node in result["nodes"]} == {"node1": "hv-a", "node2": "hv-b", "node3": "hv-c"}
    assert result["nodes"][0]["state"] == "up"
    assert not world.calls(*WRITES)


def test_names_the_holder_of_a_lock(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").run_lock = Held("99999999-0000-4000-8000-000000000000", 0)
    locks = {view["node"]: view for view in playbook.run("cluster_info", "hv-a")["locks"]}
    assert locks["node2"]["kind"] == "foreign"
    assert locks["node1"]["kind"] == "none"


def test_host_that_does_not_answer_is_named(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node3").is_reachable = False
    result = playbook.run("cluster_info", "hv-a")
    assert list(result["no_answer"]) == ["hv-c"]
    assert {view["node"] for view in result["locks"]} == {"node1", "node2"}


def test_own_run_is_told_apart(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    assert {view["kind"] for view in playbook.run("cluster_info", "hv-b")["locks"]} == {"ours"}


def test_failed_resources_are_told_with_their_group(playbook: Playbook, world: FakeWorld) -> None:
    world.groups.clear()
    world.add_group("FS01", "node2", GroupState.FAILED)
    world.add_group("FS02", "node2")
    world.resources = [
        ClusterResource("FS01 disk", ResourceState.FAILED, "fs01", "node2", "Physical Disk"),
        ClusterResource("FS01 name", ResourceState.OFFLINE, "FS01", "node2", "Network Name"),
    ]
    groups = {group["name"]: group["failed_resources"] for group in playbook.run("cluster_info", "hv-a")["groups"]}
    assert groups == {"FS01": [{"name": "FS01 disk", "type": "Physical Disk"}], "FS02": []}


def test_role_of_self_updating_is_found(playbook: Playbook, world: FakeWorld) -> None:
    world.add_group("CAUHV01", "node2", GroupState.OFFLINE, group_type=117)
    assert playbook.run("cluster_info", "hv-a")["cau_role"] == {"name": "CAUHV01", "state": "offline", "owner": "node2", "core": False}


def test_quorum_is_told_for_each_node(playbook: Playbook, world: FakeWorld) -> None:
    world.loses_quorum = True
    assert {row["node"]: row["safe"] for row in playbook.run("cluster_info", "hv-a")["quorum"]} == dict.fromkeys(world.machines, False)


def test_run_whose_lock_aged_out_is_still_told_with_the_node_that_it_left_paused(playbook: Playbook, world: FakeWorld) -> None:
    run_id = playbook.run("run_lock", "hv-a")["run"]["run_id"]
    playbook.run("cluster_node", "hv-a", state="drained")
    for machine in world.machines.values():
        machine.run_lock = machine.node_session = None
    playbook.restart()
    result = playbook.run("cluster_info", "hv-b")
    assert {view["journal"] for view in result["locks"]} == {None}
    assert {(record["node"], record["run_id"]) for record in result["journals"]} == {(node, run_id) for node in world.machines}
    own = next(record for record in result["journals"] if record["node"] == "node1")
    assert [(entry["node"], entry["phase"], entry["paused_by_us"]) for entry in own["nodes"]] == [("node1", "drained", True)]
    assert [sentence.split(" of ")[0] for sentence in result["left_behind"]] == [f"node1 was paused by run {run_id[:8]}"]


def test_cluster_without_a_run_has_nothing_left_behind(playbook: Playbook) -> None:
    result = playbook.run("cluster_info", "hv-a")
    assert (result["journals"], result["left_behind"]) == ([], [])


def test_limits_of_the_host_are_told(playbook: Playbook) -> None:
    assert playbook.run("cluster_info", "hv-a")["winrm"] == {"max_timeout_ms": 60000, "max_envelope_kb": 500}


def test_limits_that_the_host_does_not_show_are_null(playbook: Playbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeNodeClient, "winrm_limits", lambda self: None)
    assert playbook.run("cluster_info", "hv-a")["winrm"] == {"max_timeout_ms": None, "max_envelope_kb": None}
