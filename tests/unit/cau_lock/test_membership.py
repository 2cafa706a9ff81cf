# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which inventory host is which node."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import MembershipError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.membership import resolve
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import GroupState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import NotAClusterNodeError, ProviderMissingError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.node_client import NodeClient

from ..fakes.world import FakeWorld

Openers = dict[str, Callable[[], NodeClient]]


def hosts(world: FakeWorld, **named: str) -> Openers:
    """Inventory hosts as name=node."""
    return {name: world.opener(node) for name, node in named.items()}


def test_nodes_are_known_by_their_computer_name(world: FakeWorld) -> None:
    found = resolve(world.opener("node2")(), "beta", hosts(world, alpha="node3", beta="node2", gamma="node1"))
    assert found.nodes == {"node1": "gamma", "node2": "beta", "node3": "alpha"}
    assert (found.cluster, found.me) == ("HV01", "node2")


def test_inventory_name_of_another_node_misleads_nobody(world: FakeWorld) -> None:
    found = resolve(world.opener("node1")(), "node2", hosts(world, node2="node1", node1="node3", node3="node2"))
    assert found.nodes == {"node1": "node2", "node2": "node3", "node3": "node1"}


def test_lacking_member_is_named(world: FakeWorld) -> None:
    with pytest.raises(MembershipError) as caught:
        resolve(world.opener("node1")(), "a", hosts(world, a="node1", b="node2"))
    assert caught.value.missing == ("node3",)
    assert "node3" in caught.value.message


def test_silent_host_is_named_when_a_member_lacks(world: FakeWorld) -> None:
    world.machine("node3").is_reachable = False
    with pytest.raises(MembershipError) as caught:
        resolve(world.opener("node1")(), "a", hosts(world, a="node1", b="node2", c="node3"))
    assert list(caught.value.no_answer) == ["c"]
    assert "c (no answer from the node)" in caught.value.message


def test_silent_host_of_another_cluster_hinders_nobody(world: FakeWorld) -> None:
    other = FakeWorld("HV02", ["x1"])
    other.machine("x1").is_reachable = False
    found = resolve(world.opener("node1")(), "a", hosts(world, a="node1", b="node2", d="node3") | hosts(other, c="x1"))
    assert sorted(found.nodes.values()) == ["a", "b", "d"]


def test_hosts_of_another_cluster_are_passed_over(world: FakeWorld) -> None:
    other = FakeWorld("HV02", ["node2", "node3"])
    candidates = hosts(other, node2="node2", node3="node3") | hosts(world, a="node1", p="node2", q="node3")
    assert resolve(world.opener("node1")(), "a", candidates).nodes == {"node1": "a", "node2": "p", "node3": "q"}


@pytest.mark.parametrize("error", [NotAClusterNodeError("no cluster"), ProviderMissingError("no namespace")])
def test_hosts_in_no_cluster_are_passed_over(world: FakeWorld, error: Exception) -> None:
    lone = FakeWorld("none", ["node2"])
    lone.fault("node2", "info", when="refuse", error=error)
    candidates = hosts(lone, node2="node2") | hosts(world, a="node1", p="node2", q="node3")
    assert resolve(world.opener("node1")(), "a", candidates).nodes["node2"] == "p"


def test_host_that_is_no_member_is_refused(world: FakeWorld) -> None:
    world.machine("node1").computer_name = "OLDNODE"
    with pytest.raises(MembershipError, match="OLDNODE"):
        resolve(world.opener("node1")(), "a", hosts(world, a="node1"))


def test_host_that_asks_itself_is_not_asked_twice(world: FakeWorld) -> None:
    resolve(world.opener("node1")(), "a", hosts(world, a="node1", b="node2", c="node3"))
    assert len(world.calls("computer_name", node="node1")) == 1


def test_every_connection_that_was_opened_for_asking_is_closed(world: FakeWorld) -> None:
    me = world.opener("node1")()
    resolve(me, "a", hosts(world, a="node1", b="node2", c="node3"))
    assert world.closed == world.opened - 1


def test_fewest_online_groups_come_first_and_core_groups_do_not_count(world: FakeWorld) -> None:
    for name, owner in (("vm1", "node1"), ("vm2", "NODE1"), ("vm3", "node2")):
        world.add_group(name, owner)
    world.add_group("Cluster Group", "node3", is_core=True)
    world.add_group("off", "node3", GroupState.OFFLINE)
    found = resolve(world.opener("node1")(), "a", hosts(world, a="node1", b="node2", c="node3"))
    assert found.order == ["node3", "node2", "node1"]
