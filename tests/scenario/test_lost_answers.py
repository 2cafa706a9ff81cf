# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Once-only operations whose answer is lost: the evidence decides, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.harness.stage import Stage

from .clusters import UPDATE, cluster
from .plays import count, role_play

Open = Callable[..., Stage]

OPERATIONS = (
    ("Invoke MSCluster_Node.Pause", "drain_started"),
    ("Invoke MSFT_CAUNode.InstallUpdates", "update_installed"),
    ("Invoke Win32_OperatingSystem.Win32ShutdownTracker", "node_down"),
    ("Invoke MSCluster_Node.Resume", "resumed"),
)
"""Each once-only request, and the event that it leads to once."""


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "garble", "truncate"])
def test_lost_answer_never_makes_anything_happen_twice(action: str, opened: Open) -> None:
    stage, screen = played(opened, action, [operation for operation, _effect in OPERATIONS])
    events = stage.twin.events()
    assert [count(events, effect, "MIN01-N1") for _operation, effect in OPERATIONS] == [1] * len(OPERATIONS), screen


def test_silence_after_the_effect_is_resolved_by_evidence(opened: Open) -> None:
    stage, screen = played(opened, "silent", [operation for operation, _effect in OPERATIONS])
    events = stage.twin.events()
    assert [count(events, effect, "MIN01-N1") for _operation, effect in OPERATIONS] == [1] * len(OPERATIONS), screen


@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
def test_lost_answer_about_a_lock_is_read_back(action: str, opened: Open) -> None:
    played(opened, action, [f"{verb} {name}" for verb in ("Create", "Delete") for name in ("MSFT_CAURun", "MSFT_CAUNode")])


def played(opened: Open, action: str, operations: Sequence[str]) -> tuple[Stage, str]:
    """Play the role while the first request of each operation meets a fault, and make sure that the run succeeded all the same."""
    faults = [{"action": action, "operation": operation, "node": "MIN01-N1", "times": 1} for operation in operations]
    stage = opened(cluster(updates=[UPDATE | {"nodes": ["MIN01-N1"]}]), faults=faults)
    run = stage.playbook(stage.write_playbook(role_play()))
    assert stage.verdict() == []
    assert count(stage.twin.events(), "fault_played") == len(operations), run.screen
    assert run.exit_code == 0, run.screen
    return stage, run.screen


def test_quota_fault_on_a_read_is_tried_again(opened: Open) -> None:
    stage = opened(faults=[{"action": "quota", "operation": "Enumerate MSCluster_Node", "times": 2}])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
