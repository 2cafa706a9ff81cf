# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to restart whose answer was lost."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    GateRefusedError,
    RestartFailedError,
    RunLockLostError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.restart import (
    restart,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError

from ..fakes.world import FakeMachine
from .helpers import Bench, lose_lock, lose_quorum


@pytest.fixture
def drained(bench: Bench) -> Bench:
    bench.drained()
    bench.world.log.clear()
    return bench


def test_an_answer_that_is_lost_after_the_effect_is_found_by_the_boot_time(drained: Bench) -> None:
    drained.world.fault("node1", "restart", when="after")

    assert restart(drained.work).restarts == 1
    assert drained.count("restart") == 1


def test_an_answer_that_is_lost_before_the_effect_is_asked_again_once(drained: Bench) -> None:
    drained.world.fault("node1", "restart", when="before")

    result = restart(drained.work)

    assert result.restarts == 1
    first, second = drained.world.calls("restart")
    assert second.at - first.at >= 120


def test_a_request_that_is_never_heard_is_sent_twice_at_most(drained: Bench) -> None:
    drained.world.fault("node1", "restart", when="before", count=9)

    with pytest.raises(RestartFailedError) as caught:
        restart(drained.work)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert drained.count("restart") == 2
    assert drained.entry().phase is Phase.RESTARTING


def test_a_second_request_waits_for_the_gate(drained: Bench) -> None:
    drained.world.fault("node1", "restart", when="before", then=lambda: lose_quorum(drained))

    with pytest.raises(GateRefusedError):
        restart(drained.work)
    assert drained.count("restart") == 1


def test_a_node_that_goes_down_late_is_not_asked_again(drained: Bench, node1: FakeMachine) -> None:
    def go_down() -> None:
        node1.down_until = drained.clock.now() + 100
        node1.state = NodeState.DOWN

    def expect() -> None:
        drained.world.fault("node1", "nodes", when="act", then=go_down)

    drained.world.fault("node1", "restart", when="before", then=expect)

    assert restart(drained.work).restarts == 1
    assert drained.count("restart") == 1


def test_a_node_that_shuts_down_slowly_is_not_asked_again(drained: Bench, node1: FakeMachine) -> None:
    def go_down() -> None:
        node1.down_until = drained.clock.now() + 100
        node1.state = NodeState.DOWN

    def follow() -> None:
        drained.world.fault("node1", "os_info", when="act", skip=2, then=go_down)

    shutting_down = MethodFailedError("the cluster service ends", return_value=5073, node="node1")

    def expect() -> None:
        drained.world.fault("node1", "node", when="refuse", error=shutting_down, then=follow)

    drained.world.fault("node1", "restart", when="before", then=expect)

    assert restart(drained.work).restarts == 1
    assert drained.count("restart") == 1


def test_a_node_that_has_restarted_in_the_settling_time_is_not_asked_again(drained: Bench, node1: FakeMachine) -> None:
    def expect() -> None:
        drained.world.fault("node1", "nodes", when="act", skip=1, then=lambda: setattr(node1, "booted_at", drained.clock.now()))

    drained.world.fault("node1", "restart", when="before", then=expect)

    assert restart(drained.work).restarts == 1
    assert drained.count("restart") == 1


def test_a_second_request_is_not_sent_without_the_lock(drained: Bench) -> None:
    drained.world.fault("node1", "restart", when="before", then=lambda: lose_lock(drained))

    with pytest.raises(RunLockLostError):
        restart(drained.work)
    assert drained.count("restart") == 1
