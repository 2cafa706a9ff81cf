# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions, asked of an endpoint that answers from a script."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.verify.changing import Changes
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.verify.questions import (
    ASKED_ON_REQUEST,
    NOT_ASKED,
    QUESTIONS,
    Verdict,
    ask_all,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client, ServerConfiguration
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import FaultError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.recording import Recorder
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.schema import ClassDefinition

from ..fakes.clock import FakeClock
from ..wmi.scripted import ScriptedClient, fault, instance, lost, output

NODE = "MSFT_CAUNode"
RUN = "MSFT_CAURun"
ASK = {question.name: question.ask for question in QUESTIONS}


@pytest.fixture
def client() -> ScriptedClient:
    return ScriptedClient().on("enumerate", RUN, [])


@pytest.mark.parametrize(
    ("name", "operation", "target", "good", "odd"),
    [
        ("unknown_class", "query", "SELECT * FROM CAU_NoSuchClass", fault(wsman_code=0x8033801A), fault(wsman_code=0x80338000)),
        ("unknown_namespace", "enumerate", "Win32_Service", fault(wsman_code=0x80338000), fault(wsman_code=0x80338041)),
        ("missing_key", "get", "Win32_Service", fault(wsman_code=0x803380FA), fault(wsman_code=0x8033805A)),
        ("missing_instance", "get", RUN, fault(cim_status=6), fault(cim_status=4)),
        ("unknown_parameter", "invoke", "StdRegProv.EnumKey", fault(wsman_code=0x80338041), fault(wsman_code=0x80338029)),
    ],
)
def test_refusal_confirms_what_was_expected_and_no_other_does(
    client: ScriptedClient, name: str, operation: str, target: str, good: FaultError, odd: FaultError
) -> None:
    client.on(operation, target, good)
    assert ASK[name](client).verdict is Verdict.CONFIRMED
    client.on(operation, target, odd)
    assert ASK[name](client).verdict is Verdict.DIFFERS
    client.on(operation, target, instance("X") if operation == "get" else output("EnumKey"))
    assert ASK[name](client).text == "it was not refused"


def test_lock_that_stands_is_left_alone(client: ScriptedClient) -> None:
    client.on("enumerate", RUN, [instance(RUN, OrchestratorGuid="x")])
    assert [ASK[name](client).verdict for name in ("empty_list", "missing_instance")] == [Verdict.NOT_SEEN] * 2
    assert client.did() == [f"enumerate {RUN}"] * 2


@pytest.mark.parametrize(("timeout", "verdict"), [(60_000, Verdict.CONFIRMED), (7_200_000, Verdict.DIFFERS)])
def test_limits_are_held_against_the_defaults(
    client: ScriptedClient, monkeypatch: pytest.MonkeyPatch, timeout: int, verdict: Verdict
) -> None:
    monkeypatch.setattr(client, "configuration", lambda: ServerConfiguration(timeout, 500, 32_000))
    assert ASK["limits"](client).verdict is verdict


def test_class_without_methods_differs(client: ScriptedClient) -> None:
    client.on("class", NODE, ClassDefinition(NODE, None, {}, {}))
    assert ASK["class_definition"](client).verdict is Verdict.DIFFERS
    assert ASK["stream"](client).verdict is Verdict.DIFFERS
    assert ASK["feature_updates"](client).text == "InstallUpdates does not take FeatureUpdatesOnly"


def test_namespace_of_windows_update_is_looked_for_by_its_classes(client: ScriptedClient) -> None:
    for name in ("MSFT_WUOperations", "MSFT_WUOperationsSession", "MSFT_WUSettings"):
        client.on("class", name, fault(wsman_code=0x80338000))
    assert ASK["windows_update"](client).text == "it does not exist, or has none of the known classes"
    client.on("class", "MSFT_WUSettings", ClassDefinition("MSFT_WUSettings", None, {}, {}))
    assert ASK["windows_update"](client).text == "it has MSFT_WUSettings"


def test_question_without_answer_does_not_keep_the_next_from_being_asked(client: ScriptedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> t.NoReturn:
        raise lost(Kind.READ)

    names: list[Callable[..., object]] = [ScriptedClient.enumerate, ScriptedClient.get, ScriptedClient.query, ScriptedClient.invoke]
    for name in [*(each.__name__ for each in names), "get_class", "configuration", "identify"]:
        monkeypatch.setattr(client, name, fail)
    results = ask_all(client, Recorder(), QUESTIONS)
    assert {result.answer.verdict for result in results} == {Verdict.NOT_SEEN}
    assert len(results) == len(QUESTIONS)


def test_every_open_point_is_asked_or_named() -> None:
    asked = {part.strip() for question in QUESTIONS for part in question.source.split(";")} | set(NOT_ASKED) | set(ASKED_ON_REQUEST)
    assert {f"wsman-cim.md 14, {number}" for number in range(1, 9)} <= asked
    assert {f"cau.md 8, {number}" for number in range(1, 14)} <= asked


def test_every_point_that_is_named_as_asked_on_request_is() -> None:
    changes = Changes(t.cast(Client, None), FakeClock(), "a", "b", scan_seconds=1, check=lambda: None)
    asked = {part.strip() for question in changes.questions() for part in question.source.split(";")}
    assert set(ASKED_ON_REQUEST) <= asked
    assert not set(NOT_ASKED) & asked
