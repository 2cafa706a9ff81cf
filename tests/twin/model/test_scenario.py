# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from simulator.scenario import loader
from simulator.scenario.build import build
from simulator.twin import start_of, wire_options

from .lab import START, two_nodes


@pytest.mark.parametrize("path", sorted(loader.SCENARIOS.glob("*.yml")), ids=lambda path: path.stem)
def test_shipped_scenario_is_right(path: Path) -> None:
    data = loader.load(path)
    assert build(data, START, name=str(path)).clusters
    wire_options(data, str(path))


def test_shipped_scenario_is_found_by_name() -> None:
    assert loader.find("minimal") == loader.find("minimal.yml")


def test_unknown_scenario_is_refused_with_those_there_are() -> None:
    with pytest.raises(loader.ScenarioError, match="hyperv-four-nodes"):
        loader.find("nothing")


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "scenario.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        ("clusters: [", "", "is no YAML"),
        ("", "", "is no scenario, which is a mapping"),
        ("clusters: [{name: A, nodes: [N1], nodes: [N2]}]", "", "the key 'nodes' stands twice"),
        ("nodes: []", "", "unknown key 'nodes'; known here: clusters, description, faults"),
        ("{}", "", "'clusters' is a required property"),
        ("clusters: [{name: A, nodes: [N1], updatse: []}]", "clusters[0]", "unknown key 'updatse'; known here: behaviour, domain"),
        ("clusters: [{name: A, nodes: [{name: N1, state: sleeping}]}]", "clusters[0].nodes[0].state", "one of: up, paused, down"),
        ("clusters: [{name: A, nodes: [{name: N1, wait: 1}]}]", "clusters[0].nodes[0]", "unknown key 'wait'"),
        ("clusters: [{name: A, nodes: [N1], timings: {down: -1}}]", "clusters[0].timings.down", "less than the minimum"),
        ("clusters: [{name: A, nodes: [N1]}]\nfaults: [{node: N1}]", "faults[0]", "is not valid"),
    ],
)
def test_scenario_outside_the_schema_is_refused_with_file_path_and_reason(tmp_path: Path, text: str, where: str, reason: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(loader.ScenarioError, match=re.escape(str(path))) as caught:
        loader.load(path)
    assert caught.value.where == where
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"groups": [{"name": "VM1", "owner": "N9"}]}, "clusters[0].groups[0].owner"),
        ({"groups": [{"name": "VM1"}, {"name": "VM1"}]}, "clusters[0].groups[1].name"),
        ({"updates": [{"title": "A", "requires": ["B"]}]}, "clusters[0].updates[0].requires"),
        (
            {"updates": [{"title": "A", "requires": ["B"]}, {"title": "B", "requires": ["C"]}, {"title": "C", "requires": ["A"]}]},
            "clusters[0].updates[0].requires",
        ),
        ({"updates": [{"title": "A"}, {"title": "A"}]}, "clusters[0].updates[1]"),
        ({"updates": [{"title": "A", "installed_on": ["N9"]}]}, "clusters[0].updates[0].installed_on"),
        ({"nodes": ["N1", "N1"]}, "clusters[0].nodes[1]"),
        ({"nodes": [{"name": "N1", "state": "down"}], "groups": []}, "clusters[0].nodes"),
    ],
)
def test_names_that_do_not_fit_together_are_refused(changes: dict[str, t.Any], where: str) -> None:
    with pytest.raises(loader.ScenarioError) as caught:
        build(two_nodes(**changes), START)
    assert caught.value.where == where


def test_node_names_are_unique_over_all_clusters() -> None:
    first, second = two_nodes(), two_nodes(name="LAB2")
    with pytest.raises(loader.ScenarioError, match="stands in LAB as well"):
        build({"clusters": first["clusters"] + second["clusters"]}, START)


@pytest.mark.parametrize(
    ("fault", "where", "known"),
    [
        ({"action": "drop_after", "node": "N9"}, "faults[0].node", "nodes: N1, N2"),
        ({"model": "no_return", "cluster": "LAB9"}, "faults[0].cluster", "clusters: LAB"),
        ({"model": "drain_fails", "group": "VM9"}, "faults[0].group", "groups: Available Storage, Cluster Group, VM1, VM2"),
        ({"model": "update_fails", "update": "KB9"}, "faults[0].update", "updates: none"),
        ({"model": "storage_degraded", "disk": "D"}, "faults[0].disk", "disks: none"),
        ({"model": "service_fails", "service": "Nothing"}, "faults[0].service", "ClusSvc"),
        ({"model": "no_return", "trigger": {"event": "drained"}}, "faults[0].trigger.event", "drain_completed"),
        ({"model": "no_return", "trigger": {"event": "scan", "node": "N9"}}, "faults[0].trigger.node", "nodes: N1, N2"),
    ],
)
def test_fault_that_could_never_play_is_refused_with_what_there_is(fault: dict[str, t.Any], where: str, known: str) -> None:
    with pytest.raises(loader.ScenarioError) as caught:
        build(two_nodes() | {"faults": [fault]}, START)
    assert caught.value.where == where
    assert known in caught.value.reason


def test_fault_may_name_an_update_by_each_of_its_names() -> None:
    data = two_nodes(updates=[{"key": "one", "title": "An update (KB5000001)", "id": "00000000-0000-4000-8000-000000000001"}])
    faults = [{"model": "update_fails", "update": name} for name in ("one", "KB5000001", "00000000-0000-4000-8000-000000000001")]
    assert len(build(data | {"faults": faults}, START).faults) == 3


def test_start_is_read_as_text_and_checked(tmp_path: Path) -> None:
    data = loader.load(write(tmp_path, "start: 2026-01-15T20:00:00Z\nclusters: [{name: A, nodes: [N1]}]"))
    assert start_of(data, "f") == START
    with pytest.raises(loader.ScenarioError):
        start_of({"start": "tomorrow"}, "f")


def test_unknown_wire_option_is_refused() -> None:
    with pytest.raises(loader.ScenarioError, match="robust_mode"):
        wire_options({"wire": {"robust": True}}, "f")


def test_counted_group_is_spread_over_the_nodes() -> None:
    world = build(two_nodes(groups=[{"name": "VM", "count": 4}]), START)
    groups = world.clusters["LAB"].groups
    assert [groups[f"VM0{number}"].owner for number in range(1, 5)] == ["N1", "N2", "N1", "N2"]


def test_stand_alone_machine_needs_no_cluster() -> None:
    world = build({"clusters": [{"name": "NONE", "nodes": [{"name": "SRV1", "member": False}]}]}, START)
    assert world.clusters["NONE"].members() == []


def test_machine_may_be_unlike_its_release() -> None:
    value = {"KEY": {"Data": {"binary": "00ff"}, "Text": "a"}}
    odd = {"name": "N1", "build": "7601", "free_gb": 1.5, "registry": value}
    node = build(two_nodes(nodes=[odd, "N2"]), START).clusters["LAB"].nodes["N1"]
    assert (node.build, node.free_bytes) == ("7601", 1_610_612_736)
    assert [(each.name, each.kind, each.data) for each in node.registry.keys["key"].values.values()] == [
        ("Data", 3, [0, 255]),
        ("Text", 1, "a"),
    ]
