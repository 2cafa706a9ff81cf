# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each rule of readiness over a snapshot that breaks it, and one that does not."""

from __future__ import annotations

import typing as t
from dataclasses import fields, replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness.records import (
    Clock,
    Finding,
    NodeSnapshot,
    Severity,
    ShareProblem,
    Snapshot,
    Unread,
    UpdateMethods,
    UpdatePolicy,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness.rules import (
    RULES,
    count,
    is_ready,
    judge,
    lines,
    summary,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness.winhttp import WinHttpProxy
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import (
    ClusterNode,
    DrainStatus,
    GroupState,
    NodeState,
    ResourceGroup,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.operating_system import LogicalDisk
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import ServerConfiguration

from .made import GIB, NAMES, SERVICES, node, snapshot

ERROR, WARNING, INFO = Severity
RUN = "5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7"
OTHER = "99999999-0000-4000-8000-000000000001"


def limits(timeout: int | None, envelope: int | None = 500) -> ServerConfiguration:
    return ServerConfiguration(max_timeout_ms=timeout, max_envelope_kb=envelope, max_batch_items=None)


def service(name: str, **changes: t.Any) -> dict[str, t.Any]:  # noqa: ANN401
    return {"services": SERVICES | {name: replace(SERVICES[name], **changes)}}


def without(name: str) -> dict[str, t.Any]:
    return {"services": {key: value for key, value in SERVICES.items() if key != name}}


def policy(options: int | None, *, is_off: bool = False, server: str | None = "http://wsus01:8530") -> dict[str, t.Any]:
    return {"policy": UpdatePolicy(options, is_off, server)}


def members(**changes: t.Any) -> tuple[ClusterNode, ...]:  # noqa: ANN401
    """Return the members, the second of which is changed."""
    made = snapshot().members
    return (made[0], replace(made[1], **changes), made[2])


def role(state: GroupState) -> Snapshot:
    return snapshot(cau_roles=(ResourceGroup("CAU01", state, "node1", group_type=117),))


def found(given: Snapshot) -> list[tuple[str, str | None, Severity]]:
    return [(finding.rule, finding.node, finding.severity) for finding in judge(given)]


def test_cluster_in_order_has_no_finding() -> None:
    assert judge(snapshot()) == []


@pytest.mark.parametrize(
    ("rule", "severity", "changes"),
    [
        ("builds_are_equal", WARNING, {"system": replace(node("node2").system, build=17763)}),
        ("cluster_service_runs", ERROR, service("clussvc", state="Stopped")),
        ("cluster_service_runs", ERROR, service("clussvc", start_mode="Manual")),
        ("winrm_starts", ERROR, service("winrm", start_mode="Manual")),
        ("update_service_starts", ERROR, service("wuauserv", start_mode="Disabled")),
        ("update_service_starts", ERROR, without("wuauserv")),
        ("nothing_installs_by_itself", ERROR, policy(4)),
        ("nothing_installs_by_itself", WARNING, policy(5)),
        ("nothing_installs_by_itself", WARNING, policy(None)),
        ("sources_are_equal", WARNING, policy(3, server=None)),
        ("sources_are_equal", WARNING, policy(3, server="http://wsus02:8530")),
        ("locks_are_free", ERROR, {"run_lock": OTHER}),
        ("locks_are_free", ERROR, {"node_session": OTHER}),
        ("journals_are_empty", WARNING, {"journals": (OTHER,)}),
        ("methods_are_known", ERROR, {"methods": UpdateMethods(("InstallUpdates",), has_feature_updates=True)}),
        ("messages_have_room", WARNING, {"limits": limits(59_999)}),
        ("messages_have_room", INFO, {"limits": limits(60_000)}),
        ("messages_have_room", WARNING, {"limits": limits(7_200_000, 499)}),
        ("messages_have_room", WARNING, {"limits": limits(None)}),
        ("no_restart_is_pending", WARNING, {"pending": ("Automatic Updates",)}),
        ("system_drive_has_room", WARNING, {"drive": LogicalDisk("C:", None, 15 * GIB - 1)}),
        ("system_drive_has_room", ERROR, {"drive": LogicalDisk("C:", None, 5 * GIB - 1)}),
        ("system_drive_has_room", WARNING, {"drive": LogicalDisk("C:", None, None)}),
        ("clocks_agree", WARNING, {"clock": Clock(low=161.0, high=162.0)}),
        ("clocks_agree", ERROR, {"clock": Clock(low=-203.0, high=-201.0)}),
        ("installers_may_start", ERROR, {"installer_rule": "1"}),
        ("installers_may_start", ERROR, {"installer_rule": "6"}),
    ],
)
def test_node_out_of_order_is_found_by_its_rule_alone(rule: str, severity: Severity, changes: dict[str, t.Any]) -> None:
    assert found(snapshot(node("node2", **changes))) == [(rule, "node2", severity)]


@pytest.mark.parametrize(
    "changes",
    [
        policy(2),
        policy(7),
        policy(None, is_off=True),
        policy(4, is_off=True),
        policy(3, server="HTTP://WSUS01:8530/"),
        {"installer_rule": "0"},
        {"installer_rule": "2"},
        {"clock": Clock(low=158.0, high=300.0)},
        {"drive": LogicalDisk("C:", None, 15 * GIB)},
        {"limits": limits(7_200_001, 501)},
        {"journals": None},
        {"methods": None},
        service("wuauserv", state="Running"),
    ],
)
def test_node_that_is_unlike_the_others_and_in_order_is_not_found(changes: dict[str, t.Any]) -> None:
    assert judge(snapshot(node("node2", **changes))) == []


def test_old_release_is_found() -> None:
    old = [node(name, system=replace(node(name).system, build=7601)) for name in NAMES]
    assert found(snapshot(*old)) == [("windows_is_supported", name, ERROR) for name in NAMES]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": NodeState.DOWN},
        {"state": NodeState.PAUSED},
        {"status_information": 2},
        {"drain_status": DrainStatus.IN_PROGRESS},
    ],
)
def test_node_that_does_not_serve_is_found(changes: dict[str, t.Any]) -> None:
    assert ("nodes_serve", "node2", ERROR) in found(snapshot(members=members(**changes)))


def test_node_without_answer_is_found_with_the_silent_host() -> None:
    given = snapshot()
    silent = replace(given, nodes=given.nodes[:2], no_answer={"host-c": "no route"})
    assert found(silent) == [("nodes_answer", None, ERROR), ("nodes_answer", "node3", ERROR)]


def test_silent_host_that_is_no_node_does_not_matter() -> None:
    assert judge(snapshot(no_answer={"file-server": "no route"})) == []


def test_quorum_that_the_cluster_or_the_votes_would_lose_is_found() -> None:
    assert found(snapshot(loses_quorum={"node1": False, "node2": True, "node3": False})) == [("quorum_survives", "node2", ERROR)]
    one_vote = tuple(replace(member, dynamic_weight=int(member.name == "node1")) for member in snapshot().members)
    given = snapshot(members=one_vote, info=replace(snapshot().info, witness_dynamic_weight=0))
    assert found(given) == [("quorum_survives", "node1", ERROR)]


def test_quorum_that_nobody_tells_is_found() -> None:
    assert found(snapshot(loses_quorum={"node1": False, "node2": Unread("no answer")})) == [
        ("quorum_survives", "node2", ERROR),
        ("quorum_survives", "node3", ERROR),
    ]


def test_storage_out_of_order_is_found() -> None:
    assert found(snapshot(storage=("virtual disk V1 is warning",))) == [("storage_is_healthy", None, ERROR)]


@pytest.mark.parametrize("state", [GroupState.ONLINE, GroupState.PARTIAL_ONLINE, GroupState.PENDING, GroupState.UNKNOWN])
def test_role_of_self_updating_that_may_be_online_is_found(state: GroupState) -> None:
    assert found(role(state)) == [("no_own_schedule", None, WARNING)]


@pytest.mark.parametrize("state", [GroupState.OFFLINE, GroupState.FAILED])
def test_role_of_self_updating_at_rest_is_not_found(state: GroupState) -> None:
    assert judge(role(state)) == []


def test_roles_that_cannot_be_read_are_found() -> None:
    assert found(snapshot(cau_roles=Unread("no answer"))) == [("no_own_schedule", None, WARNING)]


def test_own_run_is_no_hindrance() -> None:
    own = [node(name, run_lock=RUN, node_session=RUN, journals=(RUN.upper(),)) for name in NAMES]
    assert judge(snapshot(*own, own_run=RUN)) == []


def test_journal_of_the_own_run_without_its_lock_is_no_hindrance_either() -> None:
    assert judge(snapshot(node("node2", journals=(RUN,)), own_run=RUN)) == []


def test_lock_of_another_run_of_the_collection_is_told_apart() -> None:
    given = snapshot(node("node1", run_lock=OTHER), node("node2", journals=(OTHER,)))
    (finding,) = judge(given)
    assert finding.what == f"the run lock is held by {OTHER}, a run of this collection, by the journal"


def test_signatures_that_differ_are_told_for_information() -> None:
    older = node("node2", methods=UpdateMethods((), has_feature_updates=False))
    assert found(snapshot(older)) == [("methods_are_known", None, INFO)]


def test_proxy_is_compared_and_its_bypass_list_looked_at() -> None:
    good = WinHttpProxy("proxy:8080", "<local>;*.example.test")
    assert judge(snapshot(*(node(name, proxy=good) for name in NAMES))) == []
    bare = WinHttpProxy("proxy:8080", "")
    assert found(snapshot(*(node(name, proxy=bare) for name in NAMES))) == [("proxies_are_equal", name, WARNING) for name in NAMES]
    assert found(snapshot(node("node2", proxy=good))) == [("proxies_are_equal", "node2", WARNING)]


def test_share_is_told_with_its_own_mends() -> None:
    given = snapshot(share=(ShareProblem("Users may write", "icacls x", is_error=True), ShareProblem("odd name", "rename", is_error=False)))
    told = [(each.rule, each.severity, each.what, each.mend) for each in judge(given)]
    rule = "hotfix_share_is_right"
    assert told == [(rule, ERROR, "Users may write", "icacls x"), (rule, WARNING, "odd name", "rename")]


UNREAD = {
    "run_lock": {"locks_can_be_read"},
    "node_session": {"locks_can_be_read"},
    "journals": {"journals_are_empty"},
    "methods": {"methods_are_known"},
    "limits": {"messages_have_room"},
    "services": {"cluster_service_runs", "winrm_starts", "update_service_starts"},
    "drive": {"system_drive_has_room"},
    "pending": {"no_restart_is_pending"},
    "policy": {"nothing_installs_by_itself", "sources_are_equal"},
    "proxy": {"proxies_are_equal"},
    "installer_rule": {"installers_may_start"},
}


@pytest.mark.parametrize("field", sorted(each.name for each in fields(NodeSnapshot) if "Reading" in str(each.type)))
def test_what_cannot_be_read_is_a_finding_of_every_rule_about_it(field: str) -> None:
    told = judge(snapshot(node("node2", **{field: Unread("access is denied")})))
    assert {finding.rule for finding in told} == UNREAD[field]
    assert all(finding.node == "node2" and "could not be read: access is denied" in finding.what for finding in told)
    assert all(finding.severity is not INFO for finding in told)


def finding(severity: Severity, name: str | None, what: str = "bad") -> Finding:
    return Finding("rule", None, severity, name, what, "Mend it")


@pytest.mark.parametrize(
    ("worst", "fail_on", "ready"),
    [
        (ERROR, "error", False),
        (ERROR, "warning", False),
        (ERROR, "never", True),
        (WARNING, "error", True),
        (WARNING, "warning", False),
        (INFO, "warning", True),
    ],
)
def test_readiness_depends_on_what_is_asked(worst: Severity, fail_on: str, ready: bool) -> None:
    assert is_ready([finding(worst, None)], fail_on) is ready


def test_short_list_says_once_what_nodes_share() -> None:
    told = lines([finding(ERROR, "node1"), finding(ERROR, "node2"), finding(WARNING, "node3"), finding(WARNING, None, "odd")])
    assert told == [
        (None, "error: node1, node2: bad. Mend it"),
        ("node3", "warning: bad. Mend it"),
        (None, "warning: odd. Mend it"),
    ]


def test_numbers_are_told_in_words() -> None:
    findings = [finding(ERROR, None), finding(WARNING, None), finding(WARNING, None), finding(INFO, None)]
    assert summary(findings) == "1 error, 2 warnings, 1 for information"
    assert count(findings) == {"error": 1, "warning": 2, "info": 1}
    assert summary([]) == "nothing found"


def test_worst_findings_come_first() -> None:
    given = snapshot(node("node1", limits=limits(60_000)), node("node2", pending=("x",)), node("node3", run_lock=OTHER))
    assert [each.severity for each in judge(given)] == [ERROR, WARNING, INFO]


def test_names_of_rules_are_unique_and_every_text_is_there() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.checks.endswith(".") and rule.mend and not rule.mend.endswith(".") for rule in RULES)
