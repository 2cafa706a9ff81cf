# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readiness on a cluster in order and on deliberately broken ones, one for each rule; nothing is changed by it."""

from __future__ import annotations

import json
import re
import typing as t
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from tests.harness import nt_acl
from tests.harness.nt_acl import Ace
from tests.harness.record import Entry
from tests.harness.stage import Stage

from . import clusters
from .hotfixes import Answer, HotfixShare
from .plays import count

Open = Callable[..., Stage]

READINESS = "cluster_aware.updating.readiness"
FOREIGN = "11111111-2222-4333-8444-555555555555"
POLICY = r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
DEFENDER = r"SOFTWARE\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"
WINHTTP = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
JOURNAL = r"SOFTWARE\cluster_aware.updating\journal"
GOOD_POLICY = {rf"{POLICY}\AU": {"AUOptions": 3}}
LIMITS = {"MaxTimeoutms": 7_200_000}

Found = dict[str, list[tuple[str | None, str]]]


def node(name: str, **changes: t.Any) -> clusters.Data:  # noqa: ANN401 - as YAML has it
    """Return a node in order, with the given keys changed; registry values come on top."""
    registry = GOOD_POLICY | changes.pop("registry", {})
    return {"name": f"MIN01-{name}", "registry": registry, **changes}


def good(*nodes: clusters.Data, **changes: t.Any) -> clusters.Data:  # noqa: ANN401
    """Return a cluster in order but for what is given."""
    members = list(nodes) or [node("N1"), node("N2"), node("N3")]
    return clusters.cluster(size=len(members), **({"nodes": members, "limits": LIMITS, "groups": []} | changes))


def ask(stage: Stage, host: str = "min01-n1", **options: t.Any) -> Answer:  # noqa: ANN401
    """Run the task on one host."""
    given = " ".join(f"{name}={value}" for name, value in ({"fail_on": "never", "members": "all"} | options).items())
    return Answer(stage.module(host, READINESS, given))


def found(answer: Answer) -> Found:
    """Return what was found, by rule: the node and the severity."""
    assert not answer.is_failed, answer.screen
    rules: Found = {}
    for finding in answer.fields["findings"]:
        assert finding["what"]
        assert finding["mend"]
        rules.setdefault(finding["rule"], []).append((finding["node"], finding["severity"]))
    return rules


def said(answer: Answer, rule: str) -> str:
    """Return what was found by one rule, in words."""
    return "; ".join(finding["what"] for finding in answer.fields["findings"] if finding["rule"] == rule)


def changes(events: Iterable[Entry]) -> list[str]:
    """Return every event that a client caused."""
    return [str(event["event"]) for event in events if event["actor"] == "client"]


def messages(stage: Stage) -> Counter[str]:
    """Return how many messages each node was sent."""
    return Counter(str(request["node"]) for request in stage.twin.requests())


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("s2d", [False, True])
def test_cluster_in_order_has_no_finding_and_takes_under_twenty_messages_per_node(size: int, s2d: bool, opened: Open) -> None:
    stage = opened(good(*(node(f"N{number}") for number in range(1, size + 1)), storage={"s2d": s2d}))
    answer = ask(stage, fail_on="warning")
    assert found(answer) == {}
    assert answer.fields["ready"] is True
    assert answer.fields["hosts"] == {f"MIN01-N{number}": f"min01-n{number}" for number in range(1, size + 1)}
    sent = messages(stage)
    assert len(sent) == size
    assert max(sent.values()) < 20, sent
    assert changes(stage.twin.events()) == []
    assert stage.verdict(is_check_mode=True) == []


@pytest.mark.parametrize("switches", [{"AUOptions": 3, "NoAutoUpdate": 0}, {"AUOptions": 4, "NoAutoUpdate": 1}, {"NoAutoUpdate": 1}])
def test_storage_and_all_policies_on_two_nodes_take_under_twenty_messages_per_node(switches: dict[str, int], opened: Open) -> None:
    policies = {rf"{POLICY}\AU": {**switches, "UseWUServer": 1}, POLICY: {"WUServer": "http://wsus01:8530"}}
    storage = {"s2d": True, "virtual_disks": ["V1", "V2", "V3"]}
    stage = opened(good(*(node(name, registry=policies) for name in ("N1", "N2")), storage=storage))
    assert found(ask(stage)) == {}
    assert max(messages(stage).values()) < 20, messages(stage)


@pytest.mark.parametrize("switches", [{"AUOptions": 3}, {"AUOptions": 4, "NoAutoUpdate": 1}, {"AUOptions": 4}])
def test_hotfixes_with_all_of_that_take_under_twenty_messages_per_node(switches: dict[str, int], opened: Open) -> None:
    policies = {rf"{POLICY}\AU": {**switches, "UseWUServer": 1}, POLICY: {"WUServer": "http://wsus01:8530"}}
    storage = {"s2d": True, "virtual_disks": ["V1", "V2", "V3"]}
    stage = opened(good(*(node(name, registry=policies) for name in ("N1", "N2")), storage=storage))
    answer = ask(stage, hotfix_root_folder_path=r"\\127.0.0.1\none")
    by_itself = {"nothing_installs_by_itself"} if switches == {"AUOptions": 4} else set()
    assert set(found(answer)) == {"hotfix_share_is_right"} | by_itself
    assert max(messages(stage).values()) < 20, messages(stage)


def test_disk_that_is_in_maintenance_is_named(opened: Open) -> None:
    stage = opened(good(storage={"s2d": True, "auto_maintenance": True}))
    stage.twin.control.send("act", act="pause_node", node="MIN01-N2")
    answer = ask(stage)
    assert set(found(answer)["storage_is_healthy"]) == {(None, "error")}
    assert "is in maintenance mode" in said(answer, "storage_is_healthy")


def test_machines_that_are_out_of_order_are_named_with_every_rule(opened: Open) -> None:
    services = [{"name": "WinRM", "start_mode": "Manual"}, {"name": "wuauserv", "start_mode": "Disabled"}]
    stage = opened(
        good(
            node("N1"),
            node("N2", build="7601", services=services, free_gb=9.5, clock_offset=100),
            node("N3", services=[{"name": "ClusSvc", "start_mode": "Manual"}], free_gb=2, clock_offset=-900, pending_restart=["cbs"]),
        )
    )
    answer = ask(stage)
    rules = found(answer)
    assert rules == {
        "windows_is_supported": [("MIN01-N2", "error")],
        "builds_are_equal": [("MIN01-N2", "warning")],
        "winrm_starts": [("MIN01-N2", "error")],
        "update_service_starts": [("MIN01-N2", "error")],
        "cluster_service_runs": [("MIN01-N3", "error")],
        "system_drive_has_room": [("MIN01-N3", "error"), ("MIN01-N2", "warning")],
        "clocks_agree": [("MIN01-N3", "error"), ("MIN01-N2", "warning")],
        "no_restart_is_pending": [("MIN01-N3", "warning")],
    }
    assert "9.5 GB free" in said(answer, "system_drive_has_room")
    assert re.search(r"behind that of MIN01-N1", said(answer, "clocks_agree"))
    assert "Component Based Servicing (RebootPending)" in said(answer, "no_restart_is_pending")
    assert changes(stage.twin.events()) == []


def proxy(server: str, bypass: str) -> dict[str, str]:
    """Return the value of WinHttpSettings for a proxy."""
    parts = [number.to_bytes(4, "little") for number in (0x18, 0, 3)]
    parts += [part for text in (server, bypass) for part in (len(text).to_bytes(4, "little"), text.encode())]
    return {"binary": b"".join(parts).hex()}


def test_policies_that_hinder_are_named_with_every_rule(opened: Open) -> None:
    wsus = {POLICY: {"WUServer": "http://wsus01:8530"}}
    stage = opened(
        good(
            node("N1", registry={rf"{POLICY}\AU": {"AUOptions": 4, "UseWUServer": 1}, **wsus}),
            node("N2", registry={rf"{POLICY}\AU": {"NoAutoUpdate": 1, "UseWUServer": 1}, **wsus}),
            node(
                "N3", registry={rf"{POLICY}\AU": {"UseWUServer": 0}, **wsus, WINHTTP: {"WinHttpSettings": proxy("proxy:8080", "<local>")}}
            ),
        )
    )
    answer = ask(stage)
    assert found(answer) == {
        "nothing_installs_by_itself": [("MIN01-N1", "error"), ("MIN01-N3", "warning")],
        "sources_are_equal": [("MIN01-N3", "warning")],
        "proxies_are_equal": [("MIN01-N3", "warning"), ("MIN01-N3", "warning")],
    }
    assert "its updates come from Windows Update, those of 2 nodes from http://wsus01:8530" in said(answer, "sources_are_equal")
    assert "its WinHTTP proxy is proxy:8080, bypassed for <local>, that of 2 nodes is no proxy" in said(answer, "proxies_are_equal")
    assert "lacks .example.test" in said(answer, "proxies_are_equal")


def test_limits_of_winrm_are_told_with_what_they_mean(opened: Open) -> None:
    stage = opened(
        good(
            node("N1", limits={"MaxTimeoutms": 60_000}),
            node("N2", limits={"MaxTimeoutms": 30_000}),
            node("N3", limits={"MaxEnvelopeSizekb": 150}),
        )
    )
    answer = ask(stage)
    assert found(answer) == {"messages_have_room": [("MIN01-N2", "warning"), ("MIN01-N3", "warning"), ("MIN01-N1", "info")]}
    assert "a longer installation works in the streamed form alone" in said(answer, "messages_have_room")


def test_cluster_that_is_in_use_is_told_with_every_rule(opened: Open) -> None:
    stage = opened(
        good(
            node("N1", run_lock=FOREIGN),
            node("N2", registry={rf"{JOURNAL}\{FOREIGN[::-1]}": {"Format": 1}}),
            node("N3", node_session=FOREIGN, state="paused"),
            node("N4", generation="2019"),
            groups=[{"name": "CAUMIN01", "type": "cau", "owner": "MIN01-N1"}],
        )
    )
    answer = ask(stage)
    assert found(answer) == {
        "nodes_serve": [("MIN01-N3", "error")],
        "locks_are_free": [("MIN01-N1", "error"), ("MIN01-N3", "error")],
        "builds_are_equal": [("MIN01-N4", "warning")],
        "journals_are_empty": [("MIN01-N2", "warning")],
        "no_own_schedule": [(None, "warning")],
        "methods_are_known": [(None, "info")],
    }
    assert f"held by {FOREIGN}, another coordinator" in said(answer, "locks_are_free")
    assert "CAUMIN01 is online" in said(answer, "no_own_schedule")
    assert "FeatureUpdatesOnly on MIN01-N1 and not on MIN01-N4" in said(answer, "methods_are_known")
    assert changes(stage.twin.events()) == []


def test_role_of_self_updating_that_is_offline_is_no_finding(opened: Open) -> None:
    stage = opened(good(groups=[{"name": "CAUMIN01", "type": "cau", "owner": "MIN01-N1", "state": "offline"}]))
    assert found(ask(stage)) == {}


def test_node_that_is_down_and_what_follows_from_it_are_named(opened: Open) -> None:
    stage = opened(good(node("N1"), node("N2", state="down"), node("N3"), storage={"s2d": True}, quorum={"witness": "none"}))
    answer = ask(stage)
    rules = found(answer)
    assert rules.pop("nodes_answer") == [(None, "error"), ("MIN01-N2", "error")]
    assert rules.pop("nodes_serve") == [("MIN01-N2", "error")]
    assert {severity for _node, severity in rules.pop("quorum_survives")} == {"error"}
    assert {severity for _node, severity in rules.pop("storage_is_healthy")} == {"error"}
    assert rules == {}
    assert "virtual disk Volume01 is warning" in said(answer, "storage_is_healthy")


def test_node_that_is_no_host_of_the_inventory_is_named(opened: Open) -> None:
    stage = opened(good())
    stage.inventory = stage.write_inventory(stage.twin.nodes[:2], "two.yml")
    assert found(ask(stage)) == {"nodes_answer": [("MIN01-N3", "error")]}


def test_provider_that_is_missing_is_named(opened: Open) -> None:
    stage = opened(good(), faults=[{"action": "fault", "operation": "* MSFT_CAU*", "node": "MIN01-N2", "code": "0x8004100E", "times": 0}])
    answer = ask(stage)
    assert found(answer) == {"locks_can_be_read": [("MIN01-N2", "error")]}
    assert "the run lock could not be read: the CAU provider is missing" in said(answer, "locks_can_be_read")


def test_what_cannot_be_read_is_a_finding_of_its_rule(opened: Open) -> None:
    denied = {"action": "fault", "code": "0x80070005", "node": "MIN01-N2", "times": 0}
    operations = ("Invoke StdRegProv.*", "Config*", "Enumerate Win32_Service", "Get Win32_LogicalDisk", "Enumerate MSFT_CAU*")
    stage = opened(good(), faults=[{**denied, "operation": operation} for operation in operations])
    answer = ask(stage)
    rules = found(answer)
    assert {node for each in rules.values() for node, _severity in each} == {"MIN01-N2"}
    assert all("could not be read" in finding["what"] for finding in answer.fields["findings"])
    assert set(rules) == {
        "locks_can_be_read",
        "journals_are_empty",
        "messages_have_room",
        "cluster_service_runs",
        "winrm_starts",
        "update_service_starts",
        "system_drive_has_room",
        "no_restart_is_pending",
        "nothing_installs_by_itself",
        "sources_are_equal",
        "proxies_are_equal",
    }


def test_hotfix_share_and_what_blocks_its_installers_are_named(opened: Open, share: HotfixShare) -> None:
    blocks = {DEFENDER: {"d1e49aac-8f56-4280-b9ba-993a6d77406c": "1"}}
    stage = opened(share.put("CAUHotfix_All/a.msu").cluster(nodes=[node("N1"), node("N2", registry=blocks)], limits=LIMITS, groups=[]))
    options: dict[str, t.Any] = {"task": READINESS, "fail_on": "never", "members": "all"}
    assert found(share.ask(stage, **options)) == {"installers_may_start": [("MIN01-N2", "error")]}
    missing = share.ask(stage, **options, hotfix_root_folder_path=f"{share.path}x")
    assert found(missing)["hotfix_share_is_right"] == [(None, "error")]
    assert f"no share named {share.name}x" in said(missing, "hotfix_share_is_right")
    everybody = [Ace(nt_acl.ALLOW, trustee, nt_acl.FULL) for trustee in (nt_acl.EVERYONE, nt_acl.SYSTEM)]
    share.samba.set_acl(share.name, "CAUHotfix_All/a.msu", aces=everybody)
    loose = share.ask(stage, **options)
    assert found(loose)["hotfix_share_is_right"] == [(None, "error")]
    assert changes(stage.twin.events()) == []


@pytest.mark.parametrize(("fail_on", "exit_code"), [("error", 0), ("warning", 2), ("never", 0)])
def test_warning_fails_the_task_only_when_that_is_asked(fail_on: str, exit_code: int, opened: Open) -> None:
    stage = opened(good(node("N1"), node("N2", free_gb=10)))
    run = stage.module("min01-n1", READINESS, f"fail_on={fail_on} members=all")
    assert run.exit_code == exit_code, run.screen
    assert "warning: the system drive C: has 10.0 GB free" in run.screen
    assert ("MIN01 is not ready (1 warning)" in run.screen) == (exit_code == 2)


def test_playbook_asks_each_cluster_once_and_fails_for_the_one_that_is_not_ready(opened: Open) -> None:
    other = clusters.cluster("MIN02", nodes=["MIN02-N1", {"name": "MIN02-N2", "run_lock": FOREIGN}])
    stage = opened(other, good(node("N1"), node("N2")))
    run = stage.playbook(READINESS)
    assert run.exit_code == 2, run.screen
    assert run.screen.count("[cluster MIN01] ready     ready: nothing found on 2 nodes") == 1
    assert run.screen.count(f"the run lock is held by {FOREIGN}") == 1
    assert "MIN02 is not ready, see the list above" in run.screen
    assert "MIN01 is not ready" not in run.screen
    assert stage.verdict(is_check_mode=True) == []
    assert count(stage.twin.events(), "node_session_opened") == 0


def test_playbook_goes_on_when_the_first_host_cannot_be_asked(opened: Open) -> None:
    stage = opened(good(node("N1", state="down"), node("N2"), node("N3")))
    options = {"readiness_fail_on": "never", "readiness_options": {"min_free_gb": 90}}
    run = stage.playbook(READINESS, "-e", json.dumps(options))
    assert run.exit_code == 2, run.screen
    assert "the host min01-n1 gave no answer" in run.screen
    assert "MIN01-N2, MIN01-N3: the system drive C: has 80.0 GB free" in run.screen
    assert "[cluster MIN01] ready     ready: " in run.screen


@pytest.mark.parametrize(("changes", "exit_code"), [({}, 0), ({"free_gb": 2}, 2)])
def test_playbook_asks_one_host_of_the_cluster_and_fails_by_what_it_finds(changes: dict[str, t.Any], exit_code: int, opened: Open) -> None:
    stage = opened(good(node("N1"), node("N2", **changes)))
    run = stage.playbook("cluster_aware.updating.readiness")
    assert run.exit_code == exit_code, run.screen
    assert ("MIN01 is not ready" in run.screen) == ("2.0 GB free" in run.screen) == bool(exit_code)
    assert sum(request["class"] == "MSCluster_Cluster" for request in stage.twin.requests()) == 1
    assert stage.verdict(is_check_mode=True) == []
