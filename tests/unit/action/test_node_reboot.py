# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task node_reboot."""

from __future__ import annotations

from ..fakes.world import FakeWorld, Held
from .playbook import Playbook


def test_drained_node_is_restarted_once(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    result = playbook.run("node_reboot", "hv-a")
    assert result["rebooted"] is True
    assert result["boot_time"]
    assert len(world.calls("restart")) == 1


def test_restarts_are_counted_for_the_outcome(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    playbook.run("node_reboot", "hv-a")
    playbook.run("cluster_node", "hv-a", state="active")
    assert playbook.run("node_outcome", "hv-a", state="finished")["outcome"]["restarts"] == 1


def test_node_that_serves_is_not_restarted(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    message, _fields = playbook.failure("node_reboot", "hv-a")
    assert "the node is not drained by this run, its state is up. Drain it first, with cluster_node." in message
    assert not world.calls("restart")


def test_without_a_run_nothing_is_restarted(playbook: Playbook, world: FakeWorld) -> None:
    message, _fields = playbook.failure("node_reboot", "hv-a")
    assert "run_lock first" in message
    assert not world.calls("restart")


def test_pending_only_leaves_a_node_that_waits_for_nothing(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")
    assert playbook.run("node_reboot", "hv-a", pending_only=True)["changed"] is False
    assert not world.calls("restart")


def test_check_mode_tells_and_leaves_nothing_behind(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    assert playbook.run("node_reboot", "hv-a", check=True)["changed"] is True
    assert not world.calls("restart")
    assert world.machine("node1").node_session is None


def test_check_mode_holds_no_session_beside_a_foreign_lock(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    world.machine("node1").run_lock = Held("99999999-0000-4000-8000-000000000000", 0)
    _message, fields = playbook.failure("node_reboot", "hv-a", check=True)
    assert fields["error"] == "RunLockHeldError"
    assert not world.calls("create_node_session")


def test_stand_alone_is_refused_on_a_cluster_node(playbook: Playbook, world: FakeWorld) -> None:
    message, _fields = playbook.failure("node_reboot", "hv-a", stand_alone=True)
    assert "HV01" in message
    assert not world.calls("restart")
