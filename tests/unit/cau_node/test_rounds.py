# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rounds: restarts before, between and after installations, and what is offered again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import (
    OfferedAgainError,
    UpdatesFailedError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install import install
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.install_records import InstallState
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.restart import restart
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.updates import UpdateOptions
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import UpdateResult, UpdateResultCode

from ..fakes.world import FakeMachine
from .helpers import CBS, Bench, fake_update, states, update_id

OPTIONS = UpdateOptions()


def test_a_pending_restart_comes_before_the_first_installation(drained: Bench, node1: FakeMachine) -> None:
    node1.registry[CBS] = {}
    node1.registry[rf"{CBS}\RebootPending"] = {}

    outcome = install(drained.work, OPTIONS)

    assert outcome.plan.is_restart_first
    assert outcome.reboot_required
    assert outcome.another_round
    assert drained.count("install") == 0


def test_a_sign_that_the_restart_left_standing_does_not_stop_the_installation(drained: Bench, node1: FakeMachine) -> None:
    node1.registry[CBS] = {}
    node1.registry[rf"{CBS}\PackagesPending"] = {}
    drained.journal.write("node1", phase=Phase.RESTARTED)

    assert len(install(drained.work, OPTIONS).installed) == 3


def test_an_update_that_is_offered_again_after_its_success_stops_the_node(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1, is_offered_again=True)]
    install(drained.work, OPTIONS)

    with pytest.raises(OfferedAgainError) as caught:
        install(drained.work, OPTIONS)
    assert caught.value.updates == (update_id(1),)
    assert drained.count("install") == 1


def leave_sign(machine: FakeMachine) -> None:
    """Put up a sign of a pending restart that no restart takes away."""
    machine.registry[CBS] = {}
    machine.registry[rf"{CBS}\RebootPending"] = {}


def rounds_of(bench: Bench) -> int:
    """Do what the role does with a node, and return how often it was restarted."""
    for _round in range(10):
        outcome = install(bench.work, OPTIONS)
        if outcome.reboot_required:
            restart(bench.work)
        if not outcome.another_round:
            return bench.count("restart")
    raise AssertionError("the rounds do not end")


def test_an_update_that_is_offered_again_under_a_sign_that_stays_stops_the_node_after_one_restart(
    drained: Bench, node1: FakeMachine
) -> None:
    leave_sign(node1)
    drained.journal.write("node1", phase=Phase.RESTARTED)
    node1.offered = [fake_update(1, is_offered_again=True)]

    with pytest.raises(OfferedAgainError):
        rounds_of(drained)
    assert drained.count("restart") == 1
    assert drained.count("install") == 1


def test_a_sign_that_stays_leads_to_one_restart_before_and_one_after_the_installation(drained: Bench, node1: FakeMachine) -> None:
    leave_sign(node1)

    assert rounds_of(drained) == 2
    assert len(node1.installed) == 3
    assert any("is left after the restart" in text for text in drained.progress.texts)


def test_a_sign_without_an_update_leads_to_one_restart(drained: Bench, node1: FakeMachine) -> None:
    leave_sign(node1)
    node1.offered = []

    assert rounds_of(drained) == 1


def leave_out(monkeypatch: pytest.MonkeyPatch, bench: Bench, number: int) -> None:
    """Let the node leave one update out of every installation."""
    update = bench.work.client.cluster_update
    real = update.install

    def without(guid: str, query: str, include_recommended: bool, **options: Any) -> list[UpdateResult]:  # noqa: ANN401
        results = real(guid, query, include_recommended, **options) if update_id(number) not in query else []
        return [result for result in results if result.update_id != update_id(number)]

    monkeypatch.setattr(update, "install", without)


def test_an_update_that_the_node_leaves_out_and_is_still_offered_fails_the_node_by_name(
    drained: Bench, node1: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_out(monkeypatch, drained, 1)

    outcome = install(drained.work, OPTIONS)
    assert outcome.another_round
    assert outcome.failure("node1") is None
    outcome = install(drained.work, OPTIONS)

    error = outcome.failure("node1")
    assert isinstance(error, UpdatesFailedError)
    assert "KB5000001" in error.message
    assert node1.installed == [update_id(2), update_id(3)]


def test_an_update_that_the_node_leaves_out_before_a_restart_is_named_after_it(
    drained: Bench, node1: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_out(monkeypatch, drained, 1)
    node1.offered = [fake_update(1)]
    node1.reboot_required = True

    assert install(drained.work, OPTIONS).another_round
    restart(drained.work)
    leave_sign(node1)
    outcome = install(drained.work, OPTIONS)

    assert outcome.failure("node1") is not None
    assert not outcome.reboot_required


def test_what_the_last_scan_offers_newly_takes_another_round(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1)]
    later = [fake_update(9)]
    drained.world.fault("node1", "install", when="act", then=lambda: setattr(node1, "offered", later))

    outcome = install(drained.work, OPTIONS)

    assert states(outcome.records) == [InstallState.NOT_TAKEN]
    assert outcome.another_round
    assert outcome.failure("node1") is None


def test_an_update_that_waits_for_its_restart_is_not_offered_again(drained: Bench, node1: FakeMachine) -> None:
    node1.offered = [fake_update(1, is_offered_again=True, needs_restart=True)]
    install(drained.work, OPTIONS)

    outcome = install(drained.work, OPTIONS)

    assert drained.count("install") == 1
    assert outcome.reboot_required
    assert outcome.another_round


def test_the_rounds_of_a_node_are_bounded(drained: Bench) -> None:
    drained.journal.write("node1", rounds=5)

    with pytest.raises(UpdatesFailedError, match="after 5 rounds"):
        install(drained.work, OPTIONS)
    assert drained.count("install") == 0


def test_an_update_that_was_not_downloaded_is_not_installed(drained: Bench, node1: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    update = drained.work.client.cluster_update
    real = update.download

    def one_fails(
        guid: str, query: str, include_recommended: bool, *, deadline_seconds: float, **callbacks: Callable[..., None]
    ) -> list[UpdateResult]:
        results = real(guid, query, include_recommended, deadline_seconds=deadline_seconds)
        return [replace(one, result=UpdateResultCode.FAILED, error_code=0x80246007) if one.kb == "KB5000001" else one for one in results]

    monkeypatch.setattr(update, "download", one_fails)

    outcome = install(drained.work, OPTIONS)

    assert [record.update.kb for record in outcome.failed] == ["KB5000001"]
    assert update_id(1) not in node1.installed
    assert len(outcome.installed) == 2
