# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run lock and the node session: whatever a node says to a conflict, the holder is read back."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError, Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import ClusterUpdate
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import InstanceHeldError, ProviderMissingError, WmiError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.guid import plain_guid
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import FaultError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.instance import CimInstance
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from hypothesis import given
from hypothesis import strategies as st

from .scripted import GUID, OTHER, Call, ScriptedClient, fault, instance, lost, not_found, unreachable

RUN = "MSFT_CAURun"
KEY = "OrchestratorGuid"

CONFLICTS: dict[str, dict[str, t.Any]] = {
    "MI 11": {"cim_status": 11},
    "WBEM_E_ALREADY_EXISTS": {"cim_status": 1, "error_code": 0x80041019},
    "WS-Man already exists": {"subcode": "AlreadyExists", "wsman_code": 0x80338033},
    "something else": {"subcode": "InternalError", "wsman_code": 2152992672, "is_sender": False},
}


def held_by(guid: str) -> list[CimInstance]:
    return [instance(RUN, OrchestratorGuid=guid)]


@pytest.fixture
def client() -> ScriptedClient:
    return ScriptedClient()


@pytest.fixture
def update(client: ScriptedClient) -> ClusterUpdate:
    return ClusterUpdate(client)


def test_a_free_node_has_no_holder(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("enumerate", RUN, [])
    assert update.run_lock() is None


def test_a_holder_with_braces_and_capitals_is_normalised(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("enumerate", RUN, held_by("{" + OTHER.upper() + "}"))
    assert update.run_lock() == OTHER


def test_two_holders_at_once_are_an_error(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("enumerate", RUN, held_by(GUID) + held_by(OTHER))
    with pytest.raises(WmiError, match="held 2 times"):
        update.run_lock()


def test_taking_a_free_lock_sends_the_plain_guid_once(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("create", RUN, {KEY: GUID})
    update.create_run_lock("{" + GUID.upper() + "}")
    assert client.calls == [Call("create", RUN, None, {KEY: GUID}, Kind.IDEMPOTENT)]


@pytest.mark.parametrize("evidence", CONFLICTS.values(), ids=CONFLICTS.keys())
def test_a_conflict_in_any_form_names_the_holder(client: ScriptedClient, update: ClusterUpdate, evidence: dict[str, t.Any]) -> None:
    client.on("create", RUN, fault(Kind.IDEMPOTENT, **evidence)).on("enumerate", RUN, held_by(OTHER))
    with pytest.raises(InstanceHeldError, match=OTHER) as caught:
        update.create_run_lock(GUID)
    assert caught.value.holder == OTHER
    assert caught.value.node == "node1"


@pytest.mark.parametrize("evidence", CONFLICTS.values(), ids=CONFLICTS.keys())
def test_a_conflict_with_ourselves_is_success(client: ScriptedClient, update: ClusterUpdate, evidence: dict[str, t.Any]) -> None:
    client.on("create", RUN, fault(Kind.IDEMPOTENT, **evidence)).on("enumerate", RUN, held_by(GUID.upper()))
    update.create_run_lock(GUID)


def test_a_conflict_with_a_holder_who_has_gone_is_still_a_refusal(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("create", RUN, fault(Kind.IDEMPOTENT, cim_status=11)).on("enumerate", RUN, [])
    with pytest.raises(InstanceHeldError) as caught:
        update.create_run_lock(GUID)
    assert caught.value.holder is None


def test_another_failure_on_a_free_node_stays_itself(client: ScriptedClient, update: ClusterUpdate) -> None:
    refusal = fault(Kind.IDEMPOTENT, cim_status=2, error_code=0x80041003)
    client.on("create", RUN, refusal).on("enumerate", RUN, [])
    with pytest.raises(FaultError) as caught:
        update.create_run_lock(GUID)
    assert caught.value is refusal


def test_a_lost_answer_that_took_the_lock_is_success(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("create", RUN, lost(Kind.IDEMPOTENT)).on("enumerate", RUN, held_by(GUID))
    update.create_run_lock(GUID)


def test_a_lost_answer_that_nobody_can_look_into_stays_unknown(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("create", RUN, lost(Kind.IDEMPOTENT)).on("enumerate", RUN, unreachable())
    with pytest.raises(OperationError) as caught:
        update.create_run_lock(GUID)
    assert caught.value.outcome is Outcome.UNKNOWN


LATE: list[dict[str, t.Any]] = [
    {"cim_status": 11},
    {"wsman_code": 0x803381A6, "is_sender": False},
    {"wsman_code": 0x80338000},
    {"cim_status": 5, "error_code": 0x80041010},
    {"wsman_code": 5},
]


@pytest.mark.parametrize("evidence", LATE, ids=str)
def test_a_late_fault_about_a_lock_is_read_back(client: ScriptedClient, update: ClusterUpdate, evidence: dict[str, t.Any]) -> None:
    late = fault(Kind.IDEMPOTENT, http_status=200, **evidence)
    client.on("create", RUN, late).on("enumerate", RUN, held_by(GUID))
    update.create_run_lock(GUID)
    client.on("enumerate", RUN, held_by(OTHER))
    with pytest.raises(InstanceHeldError):
        update.create_run_lock(GUID)
    client.on("enumerate", RUN, [])
    with pytest.raises(FaultError) as caught:
        update.create_run_lock(GUID)
    assert caught.value.outcome is Outcome.UNKNOWN


def test_an_unreachable_node_is_not_asked_again(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("create", RUN, unreachable())
    with pytest.raises(OperationError) as caught:
        update.create_run_lock(GUID)
    assert caught.value.outcome is Outcome.NOT_DONE
    assert client.did() == [f"create {RUN}"]


def test_a_created_instance_of_somebody_else_is_not_ours(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("create", RUN, {KEY: OTHER})
    with pytest.raises(InstanceHeldError) as caught:
        update.create_run_lock(GUID)
    assert caught.value.holder == OTHER


@pytest.mark.parametrize("evidence", [{"cim_status": 3}, {"cim_status": 5}, {"wsman_code": 0x80338000}, {"error_code": 0x8004100E}])
def test_a_machine_without_the_provider_is_told_apart(client: ScriptedClient, update: ClusterUpdate, evidence: dict[str, t.Any]) -> None:
    client.on("enumerate", RUN, fault(**evidence)).on("create", RUN, fault(Kind.IDEMPOTENT, **evidence))
    with pytest.raises(ProviderMissingError, match="Install the Failover Clustering feature"):
        update.run_lock()
    with pytest.raises(ProviderMissingError):
        update.create_run_lock(GUID)


def test_touching_reads_by_key_in_one_message(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("get", RUN, held_by(GUID)[0])
    assert update.touch_run_lock(GUID)
    assert client.calls == [Call("get", RUN, {KEY: GUID})]


def test_touching_a_lock_that_aged_out_is_false(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("get", RUN, not_found()).on("enumerate", RUN, [])
    assert not update.touch_run_lock(GUID)


def test_a_node_that_answers_with_another_lock_does_not_count(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("get", RUN, held_by(OTHER)[0]).on("enumerate", RUN, held_by(OTHER))
    assert not update.touch_run_lock(GUID)


def test_a_lock_kept_in_another_spelling_is_found_and_addressed_so(client: ScriptedClient, update: ClusterUpdate) -> None:
    stored = "{" + GUID.upper() + "}"

    def get(call: Call) -> CimInstance:
        if call.keys != {KEY: stored}:
            raise not_found()
        return held_by(stored)[0]

    client.on("get", RUN, get).on("enumerate", RUN, held_by(stored)).on("delete", RUN, None)
    assert update.touch_run_lock(GUID)
    assert update.delete_run_lock(GUID)
    assert client.calls[-1] == Call("delete", RUN, {KEY: stored}, {}, Kind.IDEMPOTENT)


def test_giving_back_what_is_not_ours_deletes_nothing(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("get", RUN, held_by(OTHER)[0]).on("enumerate", RUN, held_by(OTHER))
    assert not update.delete_run_lock(GUID)
    assert f"delete {RUN}" not in client.did()


def test_a_lost_answer_to_delete_is_read_back(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("get", RUN, held_by(GUID)[0]).on("delete", RUN, lost(Kind.IDEMPOTENT)).on("enumerate", RUN, [])
    assert update.delete_run_lock(GUID)


def test_a_delete_that_did_not_delete_is_an_error(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("get", RUN, held_by(GUID)[0]).on("delete", RUN, lost(Kind.IDEMPOTENT)).on("enumerate", RUN, held_by(GUID))
    with pytest.raises(OperationError, match="reset"):
        update.delete_run_lock(GUID)


def test_the_node_session_is_an_instance_of_its_own(client: ScriptedClient, update: ClusterUpdate) -> None:
    client.on("create", "MSFT_CAUNode", fault(Kind.IDEMPOTENT, cim_status=11))
    client.on("enumerate", "MSFT_CAUNode", [instance("MSFT_CAUNode", OrchestratorGuid=OTHER)])
    with pytest.raises(InstanceHeldError, match="the node session is held by"):
        update.create_node_session(GUID)


@given(st.uuids(), st.booleans(), st.booleans())
def test_any_spelling_of_a_guid_has_one_plain_form(value: object, has_braces: bool, is_upper: bool) -> None:
    text = str(value).upper() if is_upper else str(value)
    assert plain_guid(f"{{{text}}}" if has_braces else text) == str(value)
