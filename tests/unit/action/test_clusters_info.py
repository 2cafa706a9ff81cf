# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task clusters_info."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible_collections.cluster_aware.updating.plugins.plugin_utils import _peers

from ..fakes.world import FakeWorld
from .playbook import Playbook


@pytest.fixture
def other() -> FakeWorld:
    """A second cluster, FS01 with fs1."""
    return FakeWorld("FS01", ["fs1"])


@pytest.fixture
def both(world: FakeWorld, other: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> Playbook:
    """A playbook over the hosts of both clusters, mixed."""
    return Playbook([world, other], {"hv-a": "node1", "fs-a": "fs1", "hv-b": "node2"}, monkeypatch)


def test_hosts_are_sorted_by_their_clusters_in_the_order_of_the_play(both: Playbook) -> None:
    result = both.run("clusters_info", "hv-a")
    assert result["clusters"] == [{"name": "HV01", "hosts": ["hv-a", "hv-b"]}, {"name": "FS01", "hosts": ["fs-a"]}]
    assert result["no_cluster"] == {}


def test_host_without_an_answer_is_named_and_keeps_no_cluster_from_being_found(both: Playbook, world: FakeWorld) -> None:
    world.machine("node1").is_reachable = False
    result = both.run("clusters_info", "hv-a")
    assert [cluster["hosts"] for cluster in result["clusters"]] == [["fs-a"], ["hv-b"]]
    assert list(result["no_cluster"]) == ["hv-a"]
    assert "node1" in result["no_cluster"]["hv-a"] or "hv-a" in result["no_cluster"]["hv-a"]


def test_mistake_in_the_variables_of_a_host_is_told_for_it_alone(both: Playbook, monkeypatch: pytest.MonkeyPatch) -> None:
    real = vars(_peers)["endpoint_from_connection"]

    def endpoint(connection: t.Any, name: str) -> object:  # noqa: ANN401 - the fake of a connection
        if name == "hv-b":
            raise AnsibleError("'vault_password' is undefined")
        return real(connection, name)

    monkeypatch.setattr(_peers, "endpoint_from_connection", endpoint)
    result = both.run("clusters_info", "hv-a")
    assert result["no_cluster"] == {"hv-b": "hv-b: 'vault_password' is undefined"}
    assert [cluster["hosts"] for cluster in result["clusters"]] == [["hv-a"], ["fs-a"]]
