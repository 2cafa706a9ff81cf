# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshot is read once, and a node that goes away is not asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness import read as reading
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness.read import POLICY_KEY, Options, read_snapshot
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness.records import (
    ShareProblem,
    Snapshot,
    Unread,
    UpdatePolicy,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness.rules import judge
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import Health, VirtualDisk
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import NotReachableError

from ..fakes.world import FakeWorld

WRITES = ("create_run_lock", "create_key", "set_text", "create_node_session", "delete_run_lock", "pause", "resume", "restart", "scan")
HOSTS = {"hv-a": "node1", "hv-b": "node2", "hv-c": "node3"}


@pytest.fixture
def world() -> FakeWorld:
    """The cluster HV01 with node1, node2 and node3."""
    return FakeWorld("HV01", ["node1", "node2", "node3"])


def use_storage_spaces_direct(world: FakeWorld) -> None:
    world.info = replace(world.info, s2d_enabled=True)


def read(world: FakeWorld, me: str = "hv-a") -> Snapshot:
    return read_snapshot(me, {host: world.opener(name) for host, name in HOSTS.items()}, world.clock, Options())


def test_everything_is_read_without_a_write_and_every_connection_is_closed(world: FakeWorld) -> None:
    snapshot = read(world)
    assert [(node.name, node.host) for node in snapshot.nodes] == [("node1", "hv-a"), ("node2", "hv-b"), ("node3", "hv-c")]
    assert not world.calls(*WRITES)
    assert (world.opened, world.closed) == (3, 3)


def test_cluster_is_asked_about_quorum_for_one_of_the_nodes_that_are_alike(world: FakeWorld) -> None:
    world.loses_quorum = True
    assert read(world).loses_quorum == dict.fromkeys(("node1", "node2", "node3"), True)
    assert [call.arguments[0] for call in world.calls("would_lose_quorum")] == ["node1"]


def test_cluster_is_asked_about_quorum_for_each_node_with_a_vote_of_its_own(world: FakeWorld) -> None:
    world.machine("node2").dynamic_weight = 0
    world.machine("node3").state = NodeState.PAUSED
    assert set(read(world).loses_quorum) == {"node1", "node2", "node3"}
    assert [call.arguments[0] for call in world.calls("would_lose_quorum")] == ["node1", "node2", "node3"]


def test_one_node_of_a_build_is_asked_for_its_methods(world: FakeWorld) -> None:
    snapshot = read(world)
    assert len(world.calls("definition")) == 1
    assert [node.methods is None for node in snapshot.nodes] == [False, True, True]


def test_all_nodes_but_one_are_asked_for_their_journals(world: FakeWorld) -> None:
    assert [node.journals for node in read(world).nodes] == [None, (), ()]


def test_every_journal_is_asked_for_when_a_node_is_away(world: FakeWorld) -> None:
    world.machine("node3").is_reachable = False
    assert [node.journals for node in read(world).nodes] == [(), ()]


def test_node_that_goes_away_in_between_is_not_asked_again_and_counts_as_silent(world: FakeWorld) -> None:
    world.fault("node2", "node_session", when="silent", count=1)
    snapshot = read(world)
    assert [node.name for node in snapshot.nodes] == ["node1", "node3"]
    assert "no answer from the node" in snapshot.no_answer["hv-b"]
    assert world.calls(node="node2")[-1].operation == "node_session"
    assert {finding.rule for finding in judge(snapshot) if finding.node == "node2"} == {"nodes_answer"}


def test_question_that_is_refused_is_not_read_and_the_next_one_is_asked(world: FakeWorld) -> None:
    world.fault("node2", "disk", when="refuse", error=MethodFailedError("access is denied", return_value=5))
    nodes = {node.name: node for node in read(world).nodes}
    assert nodes["node2"].drive == Unread("access is denied")
    assert nodes["node2"].pending == ()


def test_host_without_answer_fails_only_as_the_first_one(world: FakeWorld) -> None:
    world.machine("node2").is_reachable = False
    assert "hv-b" in read(world).no_answer
    with pytest.raises(NotReachableError):
        read(world, "hv-b")


def test_clock_of_a_node_is_between_question_and_answer(world: FakeWorld) -> None:
    world.machine("node2").clock_offset = 100.0
    world.before_call = lambda: world.clock.sleep(2.0)
    first, second, _third = read(world).nodes
    assert first.clock.high - first.clock.low == 2.0
    assert 98.0 <= second.clock.ahead_of(first.clock) <= 100.0
    assert -100.0 <= first.clock.ahead_of(second.clock) <= -98.0


def test_storage_is_asked_of_different_nodes_and_judged_as_before_a_drain(world: FakeWorld) -> None:
    use_storage_spaces_direct(world)
    world.virtual_disks = [VirtualDisk("V1", Health.WARNING, (2,))]
    assert read(world).storage == ("virtual disk V1 is warning (ok)",)
    assert len({call.node for call in world.calls("virtual_disks", "jobs", "physical_disks", "subsystems")}) > 1


@pytest.mark.parametrize(
    ("most", "health", "is_asked"), [(19, Health.HEALTHY, True), (0, Health.HEALTHY, False), (0, Health.WARNING, True)]
)
def test_jobs_and_subsystems_are_left_out_only_without_room_and_with_virtual_disks_in_order(
    most: int, health: Health, is_asked: bool, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_MESSAGES", most)
    use_storage_spaces_direct(world)
    world.virtual_disks = [VirtualDisk("V1", health, (2,))]
    read(world)
    assert len(world.calls("jobs", "subsystems")) == (2 if is_asked else 0)


def test_jobs_and_subsystems_are_asked_for_in_any_case_when_a_node_is_silent(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_MESSAGES", 0)
    use_storage_spaces_direct(world)
    world.virtual_disks = [VirtualDisk("V1", Health.HEALTHY, (2,))]
    world.machine("node3").is_reachable = False
    read(world)
    assert len(world.calls("jobs", "subsystems")) == 2


def test_storage_that_cannot_be_read_is_told(world: FakeWorld) -> None:
    use_storage_spaces_direct(world)
    world.fault(None, "jobs", when="refuse", error=MethodFailedError("access is denied", return_value=5))
    assert read(world).storage == ("the storage could not be read: access is denied",)


def test_share_is_checked_for_all_members(world: FakeWorld) -> None:
    world.machine("node3").is_reachable = False
    asked: list[str] = []

    def share(nodes: Sequence[str]) -> tuple[ShareProblem, ...]:
        asked.extend(nodes)
        return (ShareProblem("no share", "Make one", is_error=True),)

    options = Options(share=share)
    snapshot = read_snapshot("hv-a", {host: world.opener(name) for host, name in HOSTS.items()}, world.clock, options)
    assert asked == ["node1", "node2", "node3"]
    assert snapshot.share == (ShareProblem("no share", "Make one", is_error=True),)


@pytest.mark.parametrize(
    ("automatic", "policy"),
    [
        (None, UpdatePolicy(None, is_off=False, server=None)),
        ({"AUOptions": 3, "NoAutoUpdate": 1}, UpdatePolicy(3, is_off=False, server=None)),
        ({"AUOptions": 4, "NoAutoUpdate": 1}, UpdatePolicy(4, is_off=True, server=None)),
        ({"NoAutoUpdate": 1, "UseWUServer": 1}, UpdatePolicy(None, is_off=True, server="http://wsus01:8530")),
        ({"NoAutoUpdate": 0, "UseWUServer": 0}, UpdatePolicy(None, is_off=False, server=None)),
    ],
)
def test_policy_is_read_as_far_as_it_decides(world: FakeWorld, automatic: dict[str, object] | None, policy: UpdatePolicy) -> None:
    registry = world.machine("node2").registry
    registry[POLICY_KEY] = {"WUServer": "http://wsus01:8530"}
    if automatic is not None:
        registry[rf"{POLICY_KEY}\AU"] = automatic
    assert {node.name: node.policy for node in read(world).nodes}["node2"] == policy


def test_switch_that_was_off_on_a_node_is_read_first_on_the_next_one(world: FakeWorld) -> None:
    automatic = rf"{POLICY_KEY}\AU"
    for node, switch in (("node1", 1), ("node2", 1), ("node3", 0)):
        world.machine(node).registry[automatic] = {"AUOptions": 4, "NoAutoUpdate": switch}
    policies = [node.policy for node in read(world).nodes]
    assert policies == [
        UpdatePolicy(4, is_off=True, server=None),
        UpdatePolicy(None, is_off=True, server=None),
        UpdatePolicy(4, is_off=False, server=None),
    ]
