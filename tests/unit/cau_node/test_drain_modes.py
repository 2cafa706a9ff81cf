# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draining with force, and pausing without drain."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.drain import drain
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.drain_modes import DrainMode
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.drain_plan import DrainOptions, plan_drain
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    DrainFailedError,
    NotOurPauseError,
    RestartFailedError,
    RestartNotAllowedError,
    RunLockLostError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install import install
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.recovery import is_unfinished
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.restart import restart
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.resume import resume
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.updates import UpdateOptions
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import DrainStatus, DrainType, GroupState, NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError

from ..fakes.world import FakeMachine
from .helpers import Bench, fake_update, lose_lock

BOTH = frozenset({"vm WEB01", "VM web02"})
FORCED = DrainOptions(mode=DrainMode.FORCED, accept_offline=BOTH)
UNDRAINED = DrainOptions(mode=DrainMode.NONE)


def requests(bench: Bench) -> list[object]:
    return [call.arguments[1] for call in bench.world.calls("pause")]


def states(bench: Bench) -> dict[str, GroupState]:
    return {name: group.state for name, group in bench.world.groups.items()}


def test_roles_that_leave_by_themselves_are_not_forced(bench: Bench) -> None:
    drain(bench.work, FORCED)
    assert requests(bench) == [DrainType.DRAIN]
    assert set(states(bench).values()) == {GroupState.ONLINE}


def test_roles_that_may_go_offline_are_named_and_then_forced(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    result = drain(bench.work, FORCED)
    assert result.is_changed
    assert requests(bench) == [DrainType.DRAIN, DrainType.FORCE_DRAIN]
    assert states(bench) == {"VM web01": GroupState.OFFLINE, "VM web02": GroupState.OFFLINE, "VM db01": GroupState.ONLINE}
    named = next(index for index, text in enumerate(bench.progress.texts) if "with force VM web01, VM web02 will go offline" in text)
    assert named < len(bench.progress.texts) - 1
    entry = bench.entry()
    assert (entry.phase, entry.taken_offline) == (Phase.DRAINED, ("VM web01", "VM web02"))


def test_role_that_is_not_named_is_never_forced_and_the_node_comes_back(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    options = DrainOptions(mode=DrainMode.FORCED, accept_offline=frozenset({"VM web01"}))
    with pytest.raises(DrainFailedError, match="with force VM web02 would go offline, and accept_offline does not name that"):
        drain(bench.work, options)
    assert requests(bench) == [DrainType.DRAIN]
    assert node1.state is NodeState.UP
    assert set(states(bench).values()) == {GroupState.ONLINE}


def test_force_that_is_refused_brings_the_node_back(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    bench.world.fault("node1", "pause", when="refuse", skip=1, error=MethodFailedError("no", return_value=5962))
    with pytest.raises(DrainFailedError, match="the cluster refused the drain with force"):
        drain(bench.work, FORCED)
    assert node1.state is NodeState.UP
    assert bench.entry().taken_offline == ()


def test_force_without_answer_is_known_by_what_it_does(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    bench.world.fault("node1", "pause", when="after", skip=1)
    drain(bench.work, FORCED)
    assert requests(bench) == [DrainType.DRAIN, DrainType.FORCE_DRAIN]
    assert bench.entry().phase is Phase.DRAINED


def test_force_without_effect_is_not_sent_again(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    bench.world.fault("node1", "pause", when="before", skip=1)
    with pytest.raises(DrainFailedError, match="had no effect"):
        drain(bench.work, FORCED)
    assert len(requests(bench)) == 2
    assert node1.state is NodeState.UP


def test_force_needs_the_lock(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    bench.world.fault("node2", "set_text", when="act", skip=1, then=lambda: lose_lock(bench))
    with pytest.raises(RunLockLostError):
        drain(bench.work, FORCED)
    assert DrainType.FORCE_DRAIN not in requests(bench)


def test_roles_that_went_offline_are_online_again_after_the_resume(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    drain(bench.work, FORCED)
    resume(bench.work)
    assert set(states(bench).values()) == {GroupState.ONLINE}
    assert bench.entry().taken_offline == ()


def test_role_that_stays_offline_is_remembered(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    drain(bench.work, FORCED)
    bench.world.fault("node1", "bring_group_online", when="refuse", count=9, error=MethodFailedError("no", return_value=5))
    with pytest.raises(MethodFailedError):
        resume(bench.work)
    assert node1.state is NodeState.UP
    assert is_unfinished(bench.entry())
    bench.world.clear_faults()
    resume(bench.work)
    assert set(states(bench).values()) == {GroupState.ONLINE}
    assert not is_unfinished(bench.entry())


def test_role_that_an_earlier_drain_took_offline_is_brought_online_by_the_next_resume(bench: Bench, node1: FakeMachine) -> None:
    node1.drain_fails = True
    drain(bench.work, FORCED)
    bench.world.fault("node1", "bring_group_online", when="refuse", count=9, error=MethodFailedError("no", return_value=5))
    with pytest.raises(MethodFailedError):
        resume(bench.work)
    bench.world.clear_faults()
    node1.drain_fails, node1.drain_type = False, DrainType.DRAIN
    drain(bench.work)
    resume(bench.work)
    assert set(states(bench).values()) == {GroupState.ONLINE}


def test_pause_without_drain_leaves_the_roles_where_they_are(bench: Bench, node1: FakeMachine) -> None:
    result = drain(bench.work, UNDRAINED)
    assert result.is_changed
    assert requests(bench) == [DrainType.NONE]
    assert bench.world.groups["VM web01"].owner_node == "node1"
    assert (node1.state, node1.drain_status) == (NodeState.PAUSED, DrainStatus.NOT_INITIATED)
    assert "paused without drain: VM web01, VM web02 stay on it, and it is not restarted" in bench.progress.texts
    entry = bench.entry()
    assert (entry.phase, entry.paused_by_us, entry.undrained) == (Phase.DRAINED, True, True)


def test_pause_without_drain_is_not_asked_for_twice(bench: Bench) -> None:
    drain(bench.work, UNDRAINED)
    assert not drain(bench.work, UNDRAINED).is_changed
    assert len(requests(bench)) == 1
    assert plan_drain(bench.work).is_undrained


def test_node_that_is_paused_without_drain_is_never_restarted(bench: Bench) -> None:
    drain(bench.work, UNDRAINED)
    with pytest.raises(RestartFailedError, match="paused without drain is never restarted"):
        restart(bench.work)
    assert bench.count("restart") == 0


def test_node_that_somebody_drained_in_our_pause_is_not_restarted_either(bench: Bench, node1: FakeMachine) -> None:
    drain(bench.work, UNDRAINED)
    node1.drain_status = DrainStatus.COMPLETED
    bench.world.groups.clear()
    with pytest.raises(RestartFailedError, match="never restarted"):
        restart(bench.work)


def test_node_that_is_paused_without_drain_is_resumed(bench: Bench, node1: FakeMachine) -> None:
    drain(bench.work, UNDRAINED)
    assert resume(bench.work).is_changed
    assert node1.state is NodeState.UP
    assert not bench.entry().undrained


def test_node_that_somebody_resumed_meanwhile_is_theirs(bench: Bench, node1: FakeMachine) -> None:
    drain(bench.work, UNDRAINED)
    node1.state = NodeState.UP
    with pytest.raises(NotOurPauseError):
        install(bench.work, UpdateOptions())


def test_restart_that_updates_ask_for_is_left_and_remembered(bench: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1, needs_restart=True)]
    drain(bench.work, UNDRAINED)
    outcome = install(bench.work, UpdateOptions())
    assert len(outcome.installed) == 1
    assert (outcome.reboot_required, outcome.is_restart_left, outcome.another_round) == (False, True, False)
    assert bench.entry().restart_due


def test_installation_that_a_restart_has_to_precede_is_refused(bench: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    node1.reboot_required = True
    drain(bench.work, UNDRAINED)
    with pytest.raises(RestartNotAllowedError):
        install(bench.work, UpdateOptions())
    assert bench.count("install") == 0
