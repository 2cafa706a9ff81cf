# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task wmi_method: whose classes it calls, and what it takes for a success."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.named_class import NamedClass

from ..fakes.world import FakeWorld
from .playbook import Playbook


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, t.Any]]:
    """Answers of the node to come; what was called is counted by what is left."""
    answers: list[dict[str, t.Any]] = []
    monkeypatch.setattr(NamedClass, "call", lambda *_args: answers.pop(0))
    return answers


INSTALL: dict[str, t.Any] = {"namespace": "root/contoso/hardware", "class_name": "Contoso_Firmware", "method": "Install"}
START: dict[str, t.Any] = {"namespace": "root/cimv2", "class_name": "Win32_Process", "method": "Create", "node_state": "any"}


@pytest.mark.parametrize("is_check", [False, True])
def test_class_of_windows_is_refused_and_nothing_is_called(
    is_check: bool, playbook: Playbook, world: FakeWorld, calls: list[dict[str, t.Any]]
) -> None:
    calls.append({"ReturnValue": "0"})
    playbook.run("run_lock", "hv-a", state="acquired", check=is_check)
    world.log.clear()
    _message, result = playbook.failure("wmi_method", "hv-a", check=is_check, **START)
    assert (result["error"], result["outcome"]) == ("WindowsClassError", "not_done")
    assert (len(calls), world.log) == (1, [])


def test_expected_return_value_is_a_success(playbook: Playbook, calls: list[dict[str, t.Any]]) -> None:
    calls.append({"ReturnValue": "0"})
    playbook.run("run_lock", "hv-a", state="acquired")
    assert playbook.run("wmi_method", "hv-a", **INSTALL, node_state="any")["output"] == {"ReturnValue": "0"}
    assert calls == []


@pytest.mark.parametrize(("answer", "outcome"), [({"ReturnValue": "5"}, "failed"), ({"Version": "1"}, "unknown")])
def test_any_other_answer_is_none(answer: dict[str, str], outcome: str, playbook: Playbook, calls: list[dict[str, t.Any]]) -> None:
    calls.append(answer)
    playbook.run("run_lock", "hv-a", state="acquired")
    _message, result = playbook.failure("wmi_method", "hv-a", **INSTALL, node_state="any")
    assert (result["error"], result["outcome"], result["output"]) == ("WmiMethodError", outcome, answer)


def test_node_that_is_not_drained_is_not_touched(playbook: Playbook, calls: list[dict[str, t.Any]]) -> None:
    calls.append({"ReturnValue": "0"})
    playbook.run("run_lock", "hv-a", state="acquired")
    _message, result = playbook.failure("wmi_method", "hv-a", **INSTALL)
    assert (result["error"], len(calls)) == ("NotOurPauseError", 1)
