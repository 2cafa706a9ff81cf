# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that come inside HTTP 200, when the method has begun: whatever their code says, the evidence decides."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from tests.harness.stage import Stage

from .clusters import UPDATE, Data, cluster
from .plays import count, role_play

Open = Callable[..., Stage]

# Codes that mean "nothing was done" when they come before a method has begun (wsman-cim.md 6.2).
QUOTA: Data = {"code": 0x803381A6}
SCHEMA: Data = {"code": 0x80338041, "sender": True}
DENIED: Data = {"code": 0x80070005, "sender": True}
NOT_FOUND: Data = {"code": 0x80338000, "sender": True}
TOO_LONG: Data = {"code": 0x80338035, "sender": True}
NO_CLASS: Data = {"code": 0x80041010, "style": "wmi_error"}
REFUSED: Data = {"code": 0x80071763, "style": "wmi_error"}

DRAIN = ("Invoke MSCluster_Node.Pause", "drain_started")
INSTALL = ("Invoke MSFT_CAUNode.InstallUpdates", "install_started")
RESTART = ("Invoke Win32_OperatingSystem.Win32ShutdownTracker", "restart_requested")
RESUME = ("Invoke MSCluster_Node.Resume", "resumed")

FIRST_ONLY: Data = UPDATE | {"nodes": ["MIN01-N1"]}

Fault = tuple[tuple[str, str], Data]
"""An operation with its effect, and the code that its fault has."""


def late_fault(operation: str, code: Data, node: str = "MIN01-N1", **more: object) -> Data:
    return {"action": "late_fault", "operation": operation, "node": node, "times": 1} | code | more


def require_once(stage: Stage, *effects: tuple[str, str]) -> None:
    """Play the role and make sure that the run succeeded with each effect once on its node, although as many faults were played."""
    run = stage.playbook(stage.write_playbook(role_play()))
    assert stage.verdict() == []
    events = stage.twin.events()
    assert count(events, "fault_played") == len(effects), run.screen
    assert [count(events, effect, node) for effect, node in effects] == [1] * len(effects), run.screen
    assert run.exit_code == 0, run.screen


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            [(DRAIN, QUOTA), (INSTALL, QUOTA), (RESTART, QUOTA), (RESUME, QUOTA)],
            [(DRAIN, DENIED), (INSTALL, DENIED), (RESTART, NOT_FOUND), (RESUME, DENIED)],
        ),
        ([(DRAIN, REFUSED), (INSTALL, SCHEMA), (RESTART, SCHEMA)], [(INSTALL, NOT_FOUND)]),
        ([(INSTALL, TOO_LONG)], [(INSTALL, NO_CLASS)]),
    ],
)
def test_method_that_ran_and_ended_in_a_fault_runs_once(first: list[Fault], second: list[Fault], opened: Open) -> None:
    met = [("MIN01-N1", fault) for fault in first] + [("MIN01-N2", fault) for fault in second]
    stage = opened(faults=[late_fault(operation, code, node) for node, ((operation, _effect), code) in met])
    require_once(stage, *((effect, node) for node, ((_operation, effect), _code) in met))


def test_installation_that_goes_on_after_its_fault_is_waited_for(opened: Open) -> None:
    slow = copy.deepcopy(UPDATE) | {"install_seconds": 600}
    met = [("MIN01-N1", QUOTA), ("MIN01-N2", NOT_FOUND)]
    faults = [late_fault(INSTALL[0], code, node, seconds=20) for node, code in met]
    require_once(opened(cluster(updates=[slow]), faults=faults, rate=200), *((INSTALL[1], node) for node, _code in met))


def test_long_drain_whose_request_ended_in_a_fault_is_waited_for(opened: Open) -> None:
    groups = [{"name": f"MIN01-VM{number}", "owner": f"MIN01-N{number}", "move_seconds": 200} for number in (1, 2)]
    require_once(opened(cluster(groups=groups, updates=[FIRST_ONLY]), faults=[late_fault(DRAIN[0], QUOTA)]), (DRAIN[1], "MIN01-N1"))


def test_slow_shutdown_whose_request_ended_in_a_fault_is_waited_for(opened: Open) -> None:
    timings = cluster()["timings"] | {"shutdown": 100}
    require_once(opened(cluster(timings=timings, updates=[FIRST_ONLY]), faults=[late_fault(RESTART[0], QUOTA)]), (RESTART[1], "MIN01-N1"))


def test_lock_that_was_created_with_a_fault_is_read_back(opened: Open) -> None:
    codes = {"MIN01-N1": QUOTA, "MIN01-N2": NOT_FOUND, "MIN01-N3": NO_CLASS}
    created = [(node, name) for node in codes for name in ("MSFT_CAURun", "MSFT_CAUNode")]
    stage = opened(cluster(size=3), faults=[late_fault(f"Create {name}", codes[node], node) for node, name in created])
    run = stage.playbook(stage.write_playbook(role_play()))
    assert stage.verdict() == []
    assert run.exit_code == 0, run.screen
    events = stage.twin.events()
    assert count(events, "fault_played") == len(created)
    assert min(count(events, effect, node) for effect in ("run_lock_taken", "node_session_opened") for node in codes) >= 1
