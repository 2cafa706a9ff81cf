# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks wua_scan, wua_download and wua_install."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import OfferedUpdate, UpdateResultCode

from ..fakes.world import FakeUpdate, FakeWorld, Held
from .playbook import Playbook

STACK = "11111111-0000-4000-8000-000000000001"
DOTNET = "11111111-0000-4000-8000-000000000002"
FOREIGN = "99999999-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def _offered(world: FakeWorld) -> None:
    world.machine("node1").offered = [
        FakeUpdate(OfferedUpdate(STACK, "Servicing Stack Update (KB5066136)", "stack"), needs_restart=True),
        FakeUpdate(OfferedUpdate(DOTNET, "Cumulative Update for .NET (KB5066131)", "dotnet")),
    ]


def test_scan_without_a_run_returns_updates_and_leaves_no_session(playbook: Playbook, world: FakeWorld) -> None:
    result = playbook.run("wua_scan", "hv-a")
    assert result["found_update_count"] == 2
    assert result["updates"][STACK]["kb"] == ["5066136"]
    assert result["changed"] is False
    assert world.machine("node1").node_session is None


def test_scan_without_a_run_holds_no_session_beside_a_foreign_lock(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node1").run_lock = Held(FOREIGN, 0)
    _message, fields = playbook.failure("wua_scan", "hv-a")
    assert fields["holder"] == FOREIGN
    assert not world.calls("create_node_session")


def test_rejected_update_is_returned_with_the_reason(playbook: Playbook) -> None:
    result = playbook.run("wua_scan", "hv-a", reject=["KB5066131"])
    assert result["filtered_updates"][DOTNET]["filtered_reason"] == "in the list reject (KB5066131)"
    assert list(result["updates"]) == [STACK]


def test_wrong_query_is_refused_with_its_position_and_nothing_is_sent(playbook: Playbook, world: FakeWorld) -> None:
    _message, fields = playbook.failure("wua_scan", "hv-a", query_string="IsInstalled=2")
    assert fields["position"] == 12
    assert not world.log


def test_wrong_expression_is_refused_and_nothing_is_sent(playbook: Playbook, world: FakeWorld) -> None:
    playbook.failure("wua_scan", "hv-a", select="[?")
    assert not world.log


def test_scan_in_the_run_uses_the_session_of_the_run(playbook: Playbook, world: FakeWorld) -> None:
    run_id = playbook.run("run_lock", "hv-a")["run"]["run_id"]
    playbook.run("wua_scan", "hv-a")
    assert world.calls("scan")[0].arguments[0] == run_id


def test_download_needs_a_run(playbook: Playbook, world: FakeWorld) -> None:
    playbook.failure("wua_download", "hv-a")
    assert not world.calls("download")


def test_download_counts_what_it_has_downloaded(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    result = playbook.run("wua_download", "hv-a")
    assert result["downloaded_update_count"] == 2
    assert result["updates"][STACK]["downloaded"] is True
    assert world.machine("node1").node_session is None


def test_download_in_check_mode_only_scans(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    assert playbook.run("wua_download", "hv-a", check=True)["changed"] is True
    assert not world.calls("download")
    assert world.machine("node1").node_session is None


def test_download_of_another_host_finds_the_run(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-b")
    assert playbook.run("wua_download", "hv-a")["downloaded_update_count"] == 2


def test_nodes_are_staged_side_by_side_each_with_its_own_options(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").offered = list(world.machine("node1").offered)
    playbook.run("run_lock", "hv-c")
    result = playbook.run("wua_download", "hv-c", hosts={"hv-a": {}, "hv-b": {"reject": ["KB5066131"]}})
    assert {host: each["downloaded_update_count"] for host, each in result["hosts"].items()} == {"hv-a": 2, "hv-b": 1}
    assert result["changed"] is True
    assert all(machine.node_session is None for machine in world.machines.values())


def test_node_that_cannot_be_staged_keeps_no_other_from_it(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    world.machine("node2").node_session = Held(FOREIGN, 0)
    result = playbook.run("wua_download", "hv-a", hosts={"hv-a": {}, "hv-b": {}})
    assert result["hosts"]["hv-a"]["downloaded_update_count"] == 2
    assert FOREIGN in result["not_staged"]["hv-b"]
    assert list(result["hosts"]) == ["hv-a"]
    assert any("tried again before the node is drained" in line for line in playbook.shown)


def test_node_that_the_run_leaves_alone_is_not_scanned(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").state = NodeState.PAUSED
    playbook.run("run_lock", "hv-a", accept_down=["node2"])
    result = playbook.run("wua_download", "hv-a", hosts={"hv-a": {}, "hv-b": {}})
    assert result["not_staged"] == {"hv-b": "the run leaves it as it is"}
    assert {call.node for call in world.calls("scan")} == {"node1"}


def test_wrong_option_of_one_host_sends_nothing_to_any(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.failure("wua_download", "hv-a", hosts={"hv-a": {}, "hv-b": {"query_string": "IsInstalled=2"}})
    assert not world.calls("scan")


def test_host_of_no_node_is_not_staged(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    message, _fields = playbook.failure("wua_download", "hv-a", hosts={"hv-a": {}, "localhost": {}})
    assert "localhost" in message
    assert not world.calls("scan")


def test_nodes_staged_side_by_side_in_check_mode_are_only_scanned(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    result = playbook.run("wua_download", "hv-a", check=True, hosts={"hv-a": {}, "hv-b": {}})
    assert result["hosts"]["hv-a"]["found_update_count"] == 2
    assert not world.calls("download")


def drained(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")


def test_install_counts_what_it_has_installed(playbook: Playbook) -> None:
    drained(playbook)
    result = playbook.run("wua_install", "hv-a")
    assert result["installed_update_count"] == 2
    assert result["reboot_required"] is True
    assert result["another_round"] is True
    assert result["updates"][STACK]["installed"] is True


def test_install_after_the_restart_finds_nothing_left(playbook: Playbook) -> None:
    drained(playbook)
    playbook.run("wua_install", "hv-a")
    playbook.run("node_reboot", "hv-a")
    result = playbook.run("wua_install", "hv-a")
    assert result["found_update_count"] == 0
    assert result["another_round"] is False
    assert playbook.shown[-1] == "[node1]        scan      nothing left after round 1"


def test_installed_updates_are_counted_for_the_outcome(playbook: Playbook) -> None:
    drained(playbook)
    playbook.run("wua_install", "hv-a")
    playbook.run("cluster_node", "hv-a", state="active")
    assert playbook.run("node_outcome", "hv-a", state="finished")["outcome"]["updates"] == 2


def test_install_on_a_node_that_serves_is_refused(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.failure("wua_install", "hv-a")
    assert not world.calls("install")


def test_install_without_a_run_is_refused(playbook: Playbook, world: FakeWorld) -> None:
    message, _fields = playbook.failure("wua_install", "hv-a")
    assert "run_lock first" in message
    assert not world.calls("install")


def test_install_as_stand_alone_is_refused_on_a_cluster_node(playbook: Playbook, world: FakeWorld) -> None:
    playbook.failure("wua_install", "hv-a", stand_alone=True)
    assert not world.calls("install")


def test_failed_update_fails_the_task_and_tells_what_was_installed(playbook: Playbook, world: FakeWorld) -> None:
    failing = world.machine("node1").offered[1]
    failing.result, failing.error_code = UpdateResultCode.FAILED, 0x80240016
    drained(playbook)
    message, fields = playbook.failure("wua_install", "hv-a")
    assert "WU_E_INSTALL_NOT_ALLOWED" in message
    assert fields["installed_update_count"] == 1
    assert fields["failed_update_count"] == 1
    assert fields["updates"][DOTNET]["failure_hresult_code"] == 0x80240016


def test_install_in_check_mode_only_scans(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    result = playbook.run("wua_install", "hv-a", check=True)
    assert result["changed"] is True
    assert result["another_round"] is False
    assert not world.calls("install", "download")


def test_summary_of_a_preview_tells_what_would_be_installed(playbook: Playbook) -> None:
    playbook.play_hosts = ["hv-a"]
    playbook.run("run_lock", "hv-a", check=True)
    playbook.run("wua_install", "hv-a", check=True)
    playbook.run("node_outcome", "hv-a", state="finished", check=True)
    assert playbook.shown[-1] == "HV01  preview: node1 2 to install"


def test_installation_of_staged_updates_tells_no_download(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("wua_download", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    playbook.run("wua_install", "hv-a")
    assert [line for line in playbook.shown if "downloaded" in line] == ["[node1]        stage     2 of 2 downloaded"]


def test_check_mode_says_that_a_restart_may_follow(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    playbook.run("wua_install", "hv-a", check=True)
    assert playbook.shown[-1].endswith("2 would be installed, with a restart where an update asks for one")
