# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task preview."""

from __future__ import annotations

from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import OfferedUpdate

from ..fakes.world import FakeUpdate, FakeWorld, Held
from .playbook import Playbook

WRITES = ("create_run_lock", "create_key", "set_text", "pause", "resume", "restart", "download", "install", "run_update_installer")
UPDATE = OfferedUpdate("11111111-0000-4000-8000-000000000001", "Cumulative Update (KB5000001)")


def test_scan_is_all_that_is_done(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node1").offered = [FakeUpdate(UPDATE)]
    result = playbook.run("preview", "hv-a")
    assert [update["title"] for update in result["updates"]] == [UPDATE.title]
    assert (result["changed"], result["would_change"], result["first_pass_only"]) == (False, True, True)
    assert not world.calls(*WRITES)
    assert world.machine("node1").node_session is None


def test_block_is_shown_in_one_piece(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node1").offered = [FakeUpdate(UPDATE)]
    result = playbook.run("preview", "hv-a")
    (shown,) = [text for text in playbook.shown if "first pass only" in text]
    assert shown.splitlines()[0].startswith("[node1]        preview   would be taken out of service (first pass only")
    assert shown.splitlines()[1:] == result["block"][1:]


def test_title_of_an_update_writes_no_line_of_its_own(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node1").offered = [FakeUpdate(OfferedUpdate(UPDATE.update_id, "Odd\n[node2] \x1b[31mtitle"))]
    playbook.run("preview", "hv-a")
    (shown,) = [text for text in playbook.shown if "first pass only" in text]
    assert "\x1b" not in shown
    assert not any(line.startswith("[node2]") for line in shown.splitlines())


def test_turn_follows_the_number_of_roles(playbook: Playbook) -> None:
    assert [playbook.run("preview", host)["turn"] for host in ("hv-a", "hv-b", "hv-c")] == [3, 1, 2]


def test_node_in_the_way_of_a_run_is_told(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node3").state = NodeState.PAUSED
    assert playbook.run("preview", "hv-a")["in_the_way"] == ["node3 is paused"]


def test_nothing_is_scanned_without_windows_updates(playbook: Playbook, world: FakeWorld) -> None:
    result = playbook.run("preview", "hv-a", windows_updates=False)
    assert result["would_change"] is False
    assert not world.calls("scan", "create_node_session")


def test_somebody_elses_run_is_not_disturbed(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node1").run_lock = Held("99999999-0000-4000-8000-000000000001", 0)
    message, fields = playbook.failure("preview", "hv-a")
    assert "99999999-0000-4000-8000-000000000001" in message
    assert not world.calls("create_node_session")
    assert fields["error"] == "RunLockHeldError"


def test_wrong_query_is_refused_before_anything_is_sent(playbook: Playbook, world: FakeWorld) -> None:
    playbook.failure("preview", "hv-a", query_string="IsInstalled=")
    assert world.log == []
