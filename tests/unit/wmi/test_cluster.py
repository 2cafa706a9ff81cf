# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster: states, economical questions, refusals by their Win32 code."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError, Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import (
    Cluster,
    ClusterNode,
    ClusterResource,
    DrainStatus,
    DrainType,
    FailbackType,
    GroupState,
    NodeState,
    ResourceGroup,
    ResourceState,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError, NotAClusterNodeError, WmiError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.wql import quoted
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import AnswerError, FaultError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.schema import (
    ClassDefinition,
    MethodDefinition,
    ParameterDefinition,
)
from hypothesis import given
from hypothesis import strategies as st

from .scripted import Call, ScriptedClient, Value, fault, instance, lost, not_found, output

NODE = "MSCluster_Node"
GROUP = "MSCluster_ResourceGroup"
RESOURCE = "MSCluster_Resource"
CLUSTER = "MSCluster_Cluster"


@pytest.fixture
def client() -> ScriptedClient:
    return ScriptedClient()


@pytest.fixture
def cluster(client: ScriptedClient) -> Cluster:
    return Cluster(client)


def test_one_node_is_one_get_by_key(client: ScriptedClient, cluster: Cluster) -> None:
    found = instance(NODE, Name="N1", State=2, NodeDrainStatus=1, StatusInformation=4, NodeWeight=1, DynamicWeight=0, BuildNumber=20348)
    client.on("get", NODE, found)
    expected = ClusterNode("N1", NodeState.PAUSED, DrainStatus.IN_PROGRESS, 4, 1, 0, None, 20348)
    assert cluster.node("N1") == expected
    assert client.calls == [Call("get", NODE, {"Name": "N1"})]


@pytest.mark.parametrize(
    ("fault_domain", "site"),
    [
        (["Site:Berlin", "Rack:", "Chassis:"], "Berlin"),
        (["Rack:R1", "site: Bern:West "], "Bern:West"),
        (["Site:", "Rack:", "Chassis:"], None),
        (["Berlin"], None),
        ([], None),
    ],
)
def test_site_of_a_node_is_that_of_its_fault_domain(
    client: ScriptedClient, cluster: Cluster, fault_domain: list[str], site: str | None
) -> None:
    client.on("get", NODE, instance(NODE, Name="N1", State=0, FaultDomain=fault_domain))
    assert cluster.node("N1").site == site


@pytest.mark.parametrize("state", [None, -1, 4294967295, 77])
def test_a_node_state_that_nobody_knows_is_unknown(client: ScriptedClient, cluster: Cluster, state: int | None) -> None:
    client.on("get", NODE, instance(NODE, Name="N1", State=state, NodeDrainStatus=9))
    node = cluster.node("N1")
    assert node.state is NodeState.UNKNOWN
    assert node.drain_status is None


def test_a_name_that_is_no_member_is_answered_with_the_members(client: ScriptedClient, cluster: Cluster) -> None:
    client.on("get", NODE, not_found()).on("enumerate", NODE, [instance(NODE, Name="N2", State=0), instance(NODE, Name="n1", State=0)])
    with pytest.raises(WmiError, match="no node N9, its nodes are n1, N2"):
        cluster.node("N9")


@pytest.mark.parametrize("evidence", [{"cim_status": 3}, {"wsman_code": 0x80338000}, {"error_code": 0x8004100E}])
def test_a_machine_without_a_cluster_is_told_apart(client: ScriptedClient, cluster: Cluster, evidence: dict[str, t.Any]) -> None:
    error = fault(**evidence)
    client.on("get", NODE, error).on("enumerate", NODE, error).on("enumerate", CLUSTER, error)
    with pytest.raises(NotAClusterNodeError):
        cluster.info()
    with pytest.raises(NotAClusterNodeError, match="ClusSvc"):
        cluster.node("N1")


def test_the_feature_without_a_cluster_is_no_cluster_either(client: ScriptedClient, cluster: Cluster) -> None:
    client.on("enumerate", CLUSTER, [])
    with pytest.raises(NotAClusterNodeError):
        cluster.info()


def test_the_cluster_says_what_it_is(client: ScriptedClient, cluster: Cluster) -> None:
    found = instance(
        CLUSTER,
        Name="HV01",
        Fqdn="hv01.example.com",
        QuorumType="Majority",
        DynamicQuorumEnabled=1,
        WitnessDynamicWeight=1,
        S2DEnabled=0,
        DrainOnShutdown=1,
        ClusterFunctionalLevel=11,
        BackupInProgress=0,
    )
    info = Cluster(client.on("enumerate", CLUSTER, [found])).info()
    assert (info.name, info.fqdn, info.quorum_type, info.functional_level) == ("HV01", "hv01.example.com", "Majority", 11)
    assert (info.dynamic_quorum_enabled, info.witness_dynamic_weight, info.drain_on_shutdown) == (True, 1, True)
    assert (info.s2d_enabled, info.backup_in_progress) == (False, False)


@pytest.mark.parametrize(("properties", "is_enabled"), [({}, False), ({"S2DEnabled": None}, True), ({"S2DEnabled": 1}, True)])
def test_storage_spaces_direct_that_is_not_said_is_assumed(
    client: ScriptedClient, cluster: Cluster, properties: dict[str, Value], is_enabled: bool
) -> None:
    client.on("enumerate", CLUSTER, [instance(CLUSTER, Name="HV01", **properties)])
    assert cluster.info().s2d_enabled is is_enabled


def test_groups_of_one_node_are_asked_for_by_owner(client: ScriptedClient, cluster: Cluster) -> None:
    wql = f"SELECT * FROM {GROUP} WHERE OwnerNode = 'N1'"  # noqa: S608
    mine = instance(GROUP, Name="VM2", State=0, OwnerNode="n1", IsCore=False, GroupType=111, StatusInformation=0, Priority=2000)
    client.on("query", wql, [mine, instance(GROUP, Name="VM1", State=4294967295, OwnerNode="N1", IsCore=True, LockedFromMoving=1)])
    first, second = cluster.groups_on("N1")
    assert first == ResourceGroup("VM1", GroupState.UNKNOWN, "N1", True, 9999, 0, None, True)
    assert second == ResourceGroup("VM2", GroupState.ONLINE, "n1", False, 111, 0, 2000, None)


def test_groups_of_one_type_are_asked_for_by_it(client: ScriptedClient, cluster: Cluster) -> None:
    role = instance(GROUP, Name="CAU01", State=1, OwnerNode="N1", IsCore=False, GroupType=117)
    client.on("query", f"SELECT * FROM {GROUP} WHERE GroupType = 117", [role])  # noqa: S608
    assert cluster.groups_of_type(117) == [ResourceGroup("CAU01", GroupState.OFFLINE, "N1", False, 117)]


def test_groups_of_another_node_are_left_out_whatever_the_node_sends(client: ScriptedClient, cluster: Cluster) -> None:
    other = instance(GROUP, Name="VM1", State=0, OwnerNode="N2", IsCore=False)
    client.on("query", f"SELECT * FROM {GROUP} WHERE OwnerNode = 'N1'", [other])  # noqa: S608
    assert cluster.groups_on("N1") == []


def test_a_group_that_hides_whether_it_is_core_is_an_error(client: ScriptedClient, cluster: Cluster) -> None:
    client.on("enumerate", GROUP, [instance(GROUP, Name="VM1", State=0, OwnerNode="N1")])
    with pytest.raises(AnswerError, match="VM1"):
        cluster.groups()


def test_resources_are_read_with_their_groups(client: ScriptedClient, cluster: Cluster) -> None:
    disk = instance(RESOURCE, Name="disk 2", State=4, OwnerGroup="FS01", OwnerNode="N1", Type="Physical Disk")
    client.on("enumerate", RESOURCE, [disk, instance(RESOURCE, Name="Address", State=129)])
    assert cluster.resources() == [
        ClusterResource("Address", ResourceState.ONLINE_PENDING, ""),
        ClusterResource("disk 2", ResourceState.FAILED, "FS01", "N1", "Physical Disk"),
    ]


@pytest.mark.parametrize("state", [None, -1, 4294967295, 77])
def test_a_resource_state_that_nobody_knows_is_unknown(client: ScriptedClient, cluster: Cluster, state: int | None) -> None:
    client.on("enumerate", RESOURCE, [instance(RESOURCE, Name="disk", State=state)])
    assert cluster.resources()[0].state is ResourceState.UNKNOWN


@pytest.mark.parametrize("answer", [True, False])
def test_quorum_is_asked_from_the_cluster(client: ScriptedClient, cluster: Cluster, answer: bool) -> None:
    client.on("invoke", f"{NODE}.WillOfflineLoseQuorum", output("WillOfflineLoseQuorum", ReturnValue=answer))
    assert cluster.would_lose_quorum("N1") is answer
    assert client.calls == [Call("invoke", f"{NODE}.WillOfflineLoseQuorum", {"Name": "N1"}, {}, Kind.READ)]


def test_an_empty_answer_about_quorum_is_an_error(client: ScriptedClient, cluster: Cluster) -> None:
    client.on("invoke", f"{NODE}.WillOfflineLoseQuorum", instance("WillOfflineLoseQuorum_OUTPUT"))
    with pytest.raises(AnswerError):
        cluster.would_lose_quorum("N1")


def test_pause_and_resume_are_one_once_only_message_each(client: ScriptedClient, cluster: Cluster) -> None:
    client.on("invoke", f"{NODE}.Pause", instance("Pause_OUTPUT")).on("invoke", f"{NODE}.Resume", instance("Resume_OUTPUT"))
    cluster.pause("N1")
    cluster.pause("N1", DrainType.FORCE_DRAIN, "N2")
    cluster.resume("N1", FailbackType.POLICY)
    assert [(call.target, call.keys, call.arguments, call.kind) for call in client.calls] == [
        (f"{NODE}.Pause", {"Name": "N1"}, {"DrainType": 1}, Kind.ONCE_ONLY),
        (f"{NODE}.Pause", {"Name": "N1"}, {"DrainType": 2, "TargetNode": "N2"}, Kind.ONCE_ONLY),
        (f"{NODE}.Resume", {"Name": "N1"}, {"FailbackType": 2}, Kind.ONCE_ONLY),
    ]


FORMS: list[dict[str, t.Any]] = [
    {"wsman_code": 5987},
    {"wsman_code": 0x80071763},
    {"cim_status": 1, "error_code": 5987},
    {"cim_status": 1, "error_code": 0x80071763},
    {"wsman_code": 0x80338102, "error_code": 0x80071763},
    {"wsman_code": 0x80071763, "error_code": 0x80041001},
    {"wsman_code": 0x80071763, "is_sender": False, "subcode": "InternalError"},
]


@pytest.mark.parametrize("evidence", FORMS, ids=str)
def test_degraded_storage_is_5987_in_whatever_form_it_comes(client: ScriptedClient, cluster: Cluster, evidence: dict[str, t.Any]) -> None:
    client.on("invoke", f"{NODE}.Pause", fault(Kind.ONCE_ONLY, **evidence))
    with pytest.raises(MethodFailedError, match="5987 ERROR_CLUSTER_SPACE_DEGRADED") as caught:
        cluster.pause("N1")
    assert caught.value.code == 5987
    assert caught.value.outcome is Outcome.FAILED


@pytest.mark.parametrize("evidence", FORMS, ids=str)
def test_a_refusal_in_an_answer_that_has_begun_is_left_to_the_evidence(
    client: ScriptedClient, cluster: Cluster, evidence: dict[str, t.Any]
) -> None:
    client.on("invoke", f"{NODE}.Pause", fault(Kind.ONCE_ONLY, http_status=200, **evidence))
    with pytest.raises(MethodFailedError) as caught:
        cluster.pause("N1")
    assert caught.value.outcome is Outcome.UNKNOWN


def test_a_return_value_of_a_void_method_counts_too(client: ScriptedClient, cluster: Cluster) -> None:
    client.on("invoke", f"{NODE}.Resume", output("Resume", ReturnValue=5058))
    with pytest.raises(MethodFailedError) as caught:
        cluster.resume("N1", FailbackType.IMMEDIATE)
    assert caught.value.code == 5058
    assert caught.value.sentence().startswith("node1: MSCluster_Node.Resume failed with 5058 ERROR_CLUSTER_NODE_NOT_PAUSED: ")
    assert "0x000013C2" not in caught.value.sentence()


def test_another_code_from_the_host_side_leaves_the_pause_unknown(client: ScriptedClient, cluster: Cluster) -> None:
    client.on("invoke", f"{NODE}.Pause", fault(Kind.ONCE_ONLY, is_sender=False, wsman_code=0x800706BA))
    with pytest.raises(MethodFailedError) as caught:
        cluster.pause("N1")
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "evidence", [{"wsman_code": 0x80338029}, {"wsman_code": 5}, {"wsman_code": 0x803381A6}, {"error_code": 0x80041001}]
)
def test_what_the_protocol_says_stays_with_the_protocol(client: ScriptedClient, cluster: Cluster, evidence: dict[str, t.Any]) -> None:
    error = fault(Kind.ONCE_ONLY, is_sender=False, **evidence)
    client.on("invoke", f"{NODE}.Pause", error)
    with pytest.raises(FaultError) as caught:
        cluster.pause("N1")
    assert caught.value is error


def test_a_lost_answer_stays_unknown(client: ScriptedClient, cluster: Cluster) -> None:
    client.on("invoke", f"{NODE}.Pause", lost(Kind.ONCE_ONLY))
    with pytest.raises(OperationError) as caught:
        cluster.pause("N1")
    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(client.calls) == 1


@given(st.text())
def test_a_quoted_text_ends_only_at_its_end(text: str) -> None:
    literal = quoted(text)
    assert literal[0] == literal[-1] == "'"
    inner = literal[1:-1]
    assert inner.replace("\\\\", "").replace("\\'", "").count("'") == 0
    assert inner.replace("\\\\", "\0").replace("\\'", "'").replace("\0", "\\") == text.replace("\0", "\\")


@pytest.mark.parametrize(("parameters", "arguments"), [(("TimeOut",), {"TimeOut": 0}), (("TimeOut", "Flags"), {"TimeOut": 0, "Flags": 0})])
def test_group_changes_with_the_arguments_that_the_node_knows(
    client: ScriptedClient, cluster: Cluster, parameters: tuple[str, ...], arguments: dict[str, int]
) -> None:
    known = {name: ParameterDefinition(name, "uint32") for name in parameters}
    methods = {name: MethodDefinition(name, "void", known) for name in ("TakeOffline", "BringOnline")}
    client.on("class", GROUP, ClassDefinition(GROUP, None, {}, methods))
    client.on("invoke", f"{GROUP}.TakeOffline", instance("TakeOffline_OUTPUT")).on("invoke", f"{GROUP}.BringOnline", instance("O"))
    cluster.take_group_offline("CAU01")
    cluster.bring_group_online("CAU01")
    assert [(call.target, call.keys, call.arguments, call.kind) for call in client.calls if call.operation == "invoke"] == [
        (f"{GROUP}.TakeOffline", {"Name": "CAU01"}, arguments, Kind.IDEMPOTENT),
        (f"{GROUP}.BringOnline", {"Name": "CAU01"}, arguments, Kind.IDEMPOTENT),
    ]
