# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever goes wrong in a task comes out as one failed task with one sentence."""

from __future__ import annotations

import traceback
import warnings

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import GateRefusedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError, Outcome
from ansible_collections.cluster_aware.updating.plugins.plugin_utils import _action, _peers, _task
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._action import failure_fields
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._process import process_identity

from ..fakes.world import FakeWorld
from .playbook import PASSWORD, Playbook


def test_a_warning_of_a_library_is_shown_without_the_password(playbook: Playbook, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(_action.display, "vvv", told.append)

    def warn() -> str:
        warnings.warn(f"insecure request with {PASSWORD}", stacklevel=1)
        return process_identity()

    monkeypatch.setattr(_task, "process_identity", warn)
    playbook.run("run_lock", "hv-a")
    assert any("insecure request" in text for text in told)
    assert not any(PASSWORD in text for text in told)


class OlderFail(AnsibleActionFail):  # type: ignore[misc] # Ansible's own classes are not typed
    """As ansible-core 2.18 makes it."""

    def __init__(self, message: str, result: dict[str, object]) -> None:
        super().__init__(message, result=result)
        self.__dict__["result"] = result | {"exception": traceback.format_exc()}


def test_no_traceback_joins_the_result_on_an_older_core(
    playbook: Playbook, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_action, "AnsibleActionFail", OlderFail)
    world.fault("node1", "info", when="refuse", error=ZeroDivisionError(PASSWORD))
    with pytest.raises(OlderFail) as caught:
        playbook.run("run_lock", "hv-a")
    assert PASSWORD not in repr(vars(caught.value)["result"])


def test_fields_tell_node_operation_code_symbol_and_outcome() -> None:
    error = OperationError("no", node="node1", operation="install", code=0x80240016, outcome=Outcome.FAILED)
    assert failure_fields(error) == {
        "node": "node1",
        "operation": "install",
        "code": 0x80240016,
        "symbol": "WU_E_INSTALL_NOT_ALLOWED",
        "outcome": "failed",
        "reason": "install: no",
    }


def test_fields_of_the_error_itself_are_kept() -> None:
    assert failure_fields(GateRefusedError("no", findings=["node2 is down"]))["findings"] == ["node2 is down"]


def test_unexpected_error_is_one_sentence_without_traceback(playbook: Playbook, world: FakeWorld) -> None:
    world.fault("node1", "info", when="refuse", error=ZeroDivisionError("by zero"))
    message, fields = playbook.failure("run_lock", "hv-a")
    assert "ZeroDivisionError: by zero" in message
    assert "Traceback" not in message + repr(fields)
    assert fields["outcome"] == "unknown"


def test_connection_failure_never_escapes(playbook: Playbook, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise AnsibleConnectionFailure("gone")

    monkeypatch.setattr(_peers, "endpoint_from_connection", fail)
    message, fields = playbook.failure("cluster_info", "hv-a")
    assert message == "gone"
    assert "unreachable" not in fields


def test_traceback_is_shown_in_detail_without_the_password(playbook: Playbook, world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    detail: list[str] = []
    monkeypatch.setattr(_action.display, "vvv", detail.append)
    world.fault("node1", "info", when="refuse", error=RuntimeError(f"said {PASSWORD}"))
    playbook.failure("run_lock", "hv-a")
    assert "RuntimeError" in detail[0]
    assert PASSWORD not in detail[0]


def test_unknown_argument_is_named(playbook: Playbook) -> None:
    message, _fields = playbook.failure("run_lock", "hv-a", colour="red")
    assert "colour" in message


@pytest.mark.parametrize("verbosity", [0, 1])
def test_events_of_a_failed_task_are_returned_to_who_asks_for_more(
    verbosity: int, playbook: Playbook, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_action.display, "verbosity", verbosity)
    playbook.run("run_lock", "hv-a")
    world.machine("node1").drain_fails = True
    _message, fields = playbook.failure("cluster_node", "hv-a", state="drained")
    assert ("drain" in [event["step"] for event in fields.get("events", [])]) is bool(verbosity)
    assert any("drain" in line for line in playbook.shown)


def test_task_under_no_log_shows_no_lines(playbook: Playbook) -> None:
    playbook.is_no_log = True
    playbook.run("run_lock", "hv-a")
    assert not playbook.shown
