# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scenarios that come with the twin, each with the shipped playbook."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.stage import Stage

from .plays import PLAYBOOK, count


@pytest.mark.parametrize(
    ("scenario", "exit_code", "nodes"),
    [
        ("file-server-two-nodes", 0, 2),
        ("hyperv-2016", 0, 3),
        ("hyperv-four-nodes", 0, 4),
        ("s2d-three-nodes", 0, 3),
        # One of the two nodes holds the only vote, so that the run does not begin.
        ("two-nodes-no-witness", 2, 0),
    ],
)
def test_shipped_scenario_ends_as_it_should(scenario: str, exit_code: int, nodes: int, tmp_path: Path) -> None:
    with Stage(scenario, tmp_path, rate=300.0) as stage:
        run = stage.playbook(PLAYBOOK, seconds=240)
        assert run.exit_code == exit_code, run.screen
    assert stage.verdict() == []
    assert count(stage.twin.events(), "drain_completed") == nodes
