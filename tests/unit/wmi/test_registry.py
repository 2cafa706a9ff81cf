# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry: static methods, missing things are answers, everything else is an error."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.registry import Registry
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import AnswerError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .scripted import Call, ScriptedClient, instance, output

HKLM = 2147483650
KEY = r"SOFTWARE\cluster_aware.updating"


@pytest.fixture
def client() -> ScriptedClient:
    return ScriptedClient()


@pytest.fixture
def registry(client: ScriptedClient) -> Registry:
    return Registry(client)


def test_a_text_is_read_without_instance_keys(client: ScriptedClient, registry: Registry) -> None:
    client.on("invoke", "StdRegProv.GetStringValue", output("GetStringValue", sValue=" a "))
    assert registry.text(KEY, "RunId") == " a "
    arguments = {"hDefKey": HKLM, "sSubKeyName": KEY, "sValueName": "RunId"}
    assert client.calls == [Call("invoke", "StdRegProv.GetStringValue", None, arguments, Kind.READ)]


@pytest.mark.parametrize("read", ["text", "number", "texts"])
def test_a_missing_value_is_none(client: ScriptedClient, registry: Registry, read: str) -> None:
    for method in ("GetStringValue", "GetDWORDValue", "GetMultiStringValue"):
        client.on("invoke", f"StdRegProv.{method}", output(method, ReturnValue=2))
    assert getattr(registry, read)(KEY, "x") is None


def test_code_one_is_missing_only_when_the_list_of_values_says_so(client: ScriptedClient, registry: Registry) -> None:
    client.on("invoke", "StdRegProv.GetStringValue", output("GetStringValue", ReturnValue=1))
    client.on("invoke", "StdRegProv.EnumValues", output("EnumValues", sNames=["RunId"]))
    assert registry.text(KEY, "Cluster") is None
    with pytest.raises(MethodFailedError):
        registry.text(KEY, "runid")


def test_an_empty_text_is_not_a_missing_one(client: ScriptedClient, registry: Registry) -> None:
    client.on("invoke", "StdRegProv.GetStringValue", output("GetStringValue", sValue=None))
    assert registry.text(KEY, "x") == ""


@pytest.mark.parametrize("values", [[], ["one"], ["one", "two"]])
def test_a_list_of_texts_is_read_whatever_its_length(client: ScriptedClient, registry: Registry, values: list[str]) -> None:
    client.on("invoke", "StdRegProv.GetMultiStringValue", output("GetMultiStringValue", sValue=values))
    assert registry.texts(KEY, "x") == values


def test_a_missing_key_and_an_empty_one_are_kept_apart(client: ScriptedClient, registry: Registry) -> None:
    client.on("invoke", "StdRegProv.EnumKey", output("EnumKey", ReturnValue=2), output("EnumKey"))
    assert registry.subkeys(KEY) is None
    assert registry.subkeys(KEY) == []


@pytest.mark.parametrize("code", [5, 0x80041005])
def test_any_other_code_is_an_error(client: ScriptedClient, registry: Registry, code: int) -> None:
    client.on("invoke", "StdRegProv.GetDWORDValue", output("GetDWORDValue", ReturnValue=code))
    with pytest.raises(MethodFailedError) as caught:
        registry.number(KEY, "x")
    assert caught.value.code == code


def test_writes_are_idempotent_and_carry_their_value(client: ScriptedClient, registry: Registry) -> None:
    for method in ("CreateKey", "SetStringValue", "SetDWORDValue", "SetMultiStringValue"):
        client.on("invoke", f"StdRegProv.{method}", output(method))
    registry.create_key(KEY)
    registry.set_text(KEY, "a", "b")
    registry.set_number(KEY, "n", 1)
    registry.set_texts(KEY, "l", ("x", "y"))
    base = {"hDefKey": HKLM, "sSubKeyName": KEY}
    assert [call.arguments for call in client.calls] == [
        base,
        {**base, "sValueName": "a", "sValue": "b"},
        {**base, "sValueName": "n", "uValue": 1},
        {**base, "sValueName": "l", "sValue": ["x", "y"]},
    ]
    assert {call.kind for call in client.calls} == {Kind.IDEMPOTENT}


def test_a_write_into_a_missing_key_is_an_error(client: ScriptedClient, registry: Registry) -> None:
    client.on("invoke", "StdRegProv.SetStringValue", output("SetStringValue", ReturnValue=2))
    with pytest.raises(MethodFailedError, match="ERROR_FILE_NOT_FOUND"):
        registry.set_text(KEY, "a", "b")


def test_an_answer_to_a_write_without_return_value_is_unknown(client: ScriptedClient, registry: Registry) -> None:
    client.on("invoke", "StdRegProv.CreateKey", instance("CreateKey_OUTPUT"))
    with pytest.raises(AnswerError) as caught:
        registry.create_key(KEY)
    assert caught.value.outcome is Outcome.UNKNOWN


def test_a_list_with_an_empty_text_is_refused_before_sending(client: ScriptedClient, registry: Registry) -> None:
    with pytest.raises(ValueError, match="empty"):
        registry.set_texts(KEY, "l", ["a", ""])
    assert client.calls == []


@pytest.mark.parametrize(("code", "was_there"), [(0, True), (2, False)])
def test_deleting_says_whether_it_was_there(client: ScriptedClient, registry: Registry, code: int, was_there: bool) -> None:
    for method in ("DeleteValue", "DeleteKey"):
        client.on("invoke", f"StdRegProv.{method}", output(method, ReturnValue=code))
    assert registry.delete_value(KEY, "x") is was_there
    assert registry.delete_key(KEY) is was_there


def test_a_tree_is_deleted_from_its_leaves(client: ScriptedClient, registry: Registry) -> None:
    client.on("invoke", "StdRegProv.EnumKey", output("EnumKey", sNames=["a", "b"]), output("EnumKey"))
    client.on("invoke", "StdRegProv.DeleteKey", output("DeleteKey"))
    assert registry.delete_tree(KEY)
    deleted = [call.arguments["sSubKeyName"] for call in client.calls if call.target.endswith("DeleteKey")]
    assert deleted == [rf"{KEY}\a", rf"{KEY}\b", KEY]


@pytest.mark.parametrize("names", [["again"], [""]])
def test_a_tree_without_end_is_an_error(client: ScriptedClient, registry: Registry, names: list[str]) -> None:
    client.on("invoke", "StdRegProv.EnumKey", output("EnumKey", sNames=names))
    with pytest.raises(AnswerError, match="no sensible shape"):
        registry.delete_tree(KEY)


@pytest.mark.parametrize("data", [b"", b"\x18", b"\x00\x18\xff"])
def test_bytes_are_read_whatever_their_length(client: ScriptedClient, registry: Registry, data: bytes) -> None:
    client.on("invoke", "StdRegProv.GetBinaryValue", output("GetBinaryValue", uValue=list(data)))
    assert registry.binary(KEY, "x") == data


def test_missing_bytes_are_none(client: ScriptedClient, registry: Registry) -> None:
    client.on("invoke", "StdRegProv.GetBinaryValue", output("GetBinaryValue", ReturnValue=2))
    assert registry.binary(KEY, "x") is None
