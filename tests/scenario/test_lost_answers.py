# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Once-only operations whose answer is lost: the evidence decides, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness.stage import Stage

from .plays import count, role_play

Open = Callable[..., Stage]

OPERATIONS = {
    "drain": ("Invoke MSCluster_Node.Pause", "drain_started"),
    "install": ("Invoke MSFT_CAUNode.InstallUpdates", "update_installed"),
    "restart": ("Invoke Win32_OperatingSystem.Win32ShutdownTracker", "node_down"),
    "resume": ("Invoke MSCluster_Node.Resume", "resumed"),
}


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "garble", "truncate"])
@pytest.mark.parametrize("word", sorted(OPERATIONS))
def test_lost_answer_never_makes_anything_happen_twice(word: str, action: str, opened: Open) -> None:
    operation, effect = OPERATIONS[word]
    stage = opened(faults=[{"action": action, "operation": operation, "node": "MIN01-N1", "times": 1}])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert stage.verdict() == []
    events = stage.twin.events()
    assert count(events, "fault_played") == 1
    assert count(events, effect, "MIN01-N1") <= 1
    # A run may give up on what it cannot know, but then it says so.
    assert run.exit_code == 0 or "MIN01-N1 FAILED" in run.screen, run.screen


@pytest.mark.parametrize("word", sorted(OPERATIONS))
def test_silence_after_the_effect_is_resolved_by_evidence(word: str, opened: Open) -> None:
    operation, effect = OPERATIONS[word]
    stage = opened(faults=[{"action": "silent", "operation": operation, "node": "MIN01-N1", "times": 1}])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert stage.verdict() == []
    assert count(stage.twin.events(), effect, "MIN01-N1") == 1
    assert run.exit_code == 0 or "MIN01-N1 FAILED" in run.screen, run.screen


@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
@pytest.mark.parametrize("operation", ["Create MSFT_CAURun", "Delete MSFT_CAURun", "Create MSFT_CAUNode", "Delete MSFT_CAUNode"])
def test_lost_answer_about_a_lock_is_read_back(operation: str, action: str, opened: Open) -> None:
    stage = opened(faults=[{"action": action, "operation": operation, "node": "MIN01-N1", "times": 1}])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert stage.verdict() == []
    assert run.exit_code == 0, run.screen


def test_quota_fault_on_a_read_is_tried_again(opened: Open) -> None:
    stage = opened(faults=[{"action": "quota", "operation": "Enumerate MSCluster_Node", "times": 2}])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
