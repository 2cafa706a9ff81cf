# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks against a twin through the fixture `ansible_adhoc` of pytest-ansible; `make pytest-ansible` loads the plugin.

The plugin has announced its end of life for December 2026. Nothing else in the project needs it: when it goes, this folder, its line in
requirements-dev.txt and its target in the Makefile go with it.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

import pytest

from tests.harness.controller import RATE_VARIABLE
from tests.harness.stage import Stage
from tests.scenario import clusters

Answers = t.Mapping[str, t.Any]
Task = Callable[..., Answers]

RATE = 60.0


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("twin")
    with Stage(clusters.write(folder / "scenario.yml"), folder, rate=RATE) as opened, pytest.MonkeyPatch.context() as patch:
        patch.setenv(RATE_VARIABLE, f"{RATE:g}")
        yield opened


@pytest.fixture
def hosts(ansible_adhoc: Callable[..., t.Any], stage: Stage) -> t.Any:  # noqa: ANN401 - the plugin's object has no type
    """Return the nodes of the twin, as the plugin has them."""
    return ansible_adhoc(inventory=str(stage.inventory), host_pattern="all")


def task(hosts: t.Any, name: str, pattern: str, **arguments: t.Any) -> dict[str, t.Any]:  # noqa: ANN401 - as YAML has it
    """Run one task of the collection on hosts, and return what each has answered."""
    contacted = getattr(hosts[pattern], f"cluster_aware.updating.{name}")(**arguments).contacted
    return {host: dict(answer) for host, answer in contacted.items()}


def test_every_node_tells_of_the_same_cluster(hosts: t.Any) -> None:  # noqa: ANN401
    answers = task(hosts, "cluster_info", "all")
    assert set(answers) == {"min01-n1", "min01-n2"}
    for answer in answers.values():
        assert not answer.get("failed"), answer
        assert answer["changed"] is False
        assert sorted(node["name"] for node in answer["nodes"]) == ["MIN01-N1", "MIN01-N2"]


def test_node_is_not_drained_without_a_run_lock(hosts: t.Any, stage: Stage) -> None:  # noqa: ANN401
    before = len(stage.twin.events())
    answer = task(hosts, "cluster_node", "min01-n1", state="drained")["min01-n1"]
    assert answer["failed"]
    assert "run lock" in answer["msg"]
    assert [event for event in stage.twin.events()[before:] if event["event"] in {"pause_requested", "drain_started"}] == []
