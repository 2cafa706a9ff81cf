# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting, services and the signs of a pending restart."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import RunLockLostError, TimeLimitError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.fleet import NodeWork
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.pending import blocking, signals
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.services import running_auto_services, wait_for_services
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.waiting import Tolerant, duration, names, wait_until
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import WmiError

from ..fakes.clock import FakeClock, RecordedProgress
from ..fakes.world import FakeMachine, Held
from .helpers import CBS, RUN_ID, Bench, service

AUTO_UPDATE = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
SESSION_MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (-3, "0 s"), (41, "41 s"), (60, "1 min"), (192, "3 min 12 s"), (3600, "1 h"), (3900, "1 h 5 min")]
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_long_lists_are_cut_off() -> None:
    assert names("abcdefg", 3) == "a, b, c and 4 more"


def test_a_wait_ends_with_what_the_probe_found(work: NodeWork, clock: FakeClock) -> None:
    found = wait_until(work, 100, 10, lambda: clock.now() if clock.now() >= 30 else None, step="wait", what="time")

    assert found == 30


def test_a_wait_looks_once_more_at_the_very_end(work: NodeWork, clock: FakeClock) -> None:
    assert wait_until(work, 25, 10, lambda: True if clock.now() >= 25 else None, step="wait", what="time")


def test_a_wait_without_time_looks_once(work: NodeWork) -> None:
    looks = []

    with pytest.raises(TimeLimitError):
        wait_until(work, 0, 10, lambda: looks.append(1), step="wait", what="nothing")
    assert len(looks) == 1


def test_a_wait_in_vain_says_for_what_and_what_was_seen(work: NodeWork, progress: RecordedProgress) -> None:
    with pytest.raises(TimeLimitError, match="3 min in vain for the moon: clouds"):
        wait_until(work, 180, 10, lambda: None, step="wait", what="the moon", detail=lambda: "clouds")
    assert [text for text in progress.texts if "still" in text] == [
        "still waiting for the moon after 1 min: clouds",
        "still waiting for the moon after 2 min: clouds",
    ] + ["still waiting for the moon after 3 min: clouds"] * (len(progress.texts) == 3)


def test_a_wait_stops_when_the_run_must_stop(work: NodeWork) -> None:
    def check() -> None:
        raise RunLockLostError("lost")

    work.check = check

    with pytest.raises(RunLockLostError):
        wait_until(work, 100, 10, lambda: None, step="wait", what="nothing")


def test_a_failed_look_counts_as_not_yet_but_a_lost_lock_does_not() -> None:
    def fail(error: OperationError) -> bool | None:
        raise error

    tolerant = Tolerant(lambda: fail(WmiError("gone")))

    assert tolerant.look() is None
    assert "gone" in tolerant.describe()
    with pytest.raises(RunLockLostError):
        Tolerant(lambda: fail(RunLockLostError("lost"))).look()


def test_only_running_services_that_start_by_themselves_count(bench: Bench, node1: FakeMachine) -> None:
    node1.services = [service("A"), service("B", "Stopped"), service("C", start_mode="Manual")]

    assert running_auto_services(bench.work.client) == ("A",)


def test_services_that_cannot_be_read_to_the_end_are_no_success(bench: Bench) -> None:
    bench.world.fault("node1", "services", count=999)

    with pytest.raises(OperationError):
        wait_for_services(bench.work, ["WinRM"], 60)


def test_nothing_to_wait_for_asks_nothing(bench: Bench) -> None:
    assert wait_for_services(bench.work, [], 60) == []
    assert bench.count("services") == 0


def test_no_sign_means_no_restart(bench: Bench) -> None:
    assert signals(bench.work.client) == []


@pytest.mark.parametrize("key", ["RebootPending", "rebootinprogress", "PackagesPending"])
def test_servicing_keys_ask_for_a_restart(bench: Bench, node1: FakeMachine, key: str) -> None:
    node1.registry[CBS] = {}
    node1.registry[rf"{CBS}\{key}"] = {}

    assert len(blocking(signals(bench.work.client))) == 1


def test_the_automatic_updates_key_asks_for_a_restart(bench: Bench, node1: FakeMachine) -> None:
    node1.registry[AUTO_UPDATE] = {}
    node1.registry[rf"{AUTO_UPDATE}\RebootRequired"] = {}

    assert blocking(signals(bench.work.client)) == ["Automatic Updates"]


def test_the_provider_is_asked_through_a_session(bench: Bench, node1: FakeMachine) -> None:
    node1.node_session = Held(RUN_ID, 0)
    node1.reboot_required = True

    assert blocking(signals(bench.work.client, RUN_ID)) == ["Windows Update Agent"]
    assert signals(bench.work.client) == []


def test_pending_renames_inform_and_never_block(bench: Bench, node1: FakeMachine) -> None:
    node1.registry[SESSION_MANAGER] = {"PendingFileRenameOperations": ["x"]}

    found = signals(bench.work.client)

    assert [signal.name for signal in found] == ["PendingFileRenameOperations"]
    assert blocking(found) == []


def test_renames_that_cannot_be_read_stop_nothing(bench: Bench) -> None:
    bench.world.fault("node1", "value_names")

    assert signals(bench.work.client) == []


def test_a_sign_that_cannot_be_read_is_no_all_clear(bench: Bench) -> None:
    bench.world.fault("node1", "subkeys")

    with pytest.raises(OperationError):
        signals(bench.work.client)
