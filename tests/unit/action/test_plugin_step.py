# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks plugin_step and plugin_result: a plug-in of a user's own on a node, step by step."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_format import decode_entry
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import NodeEntry, Phase

from ..fakes.world import FakeWorld
from .playbook import Playbook

CBS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
PLUGIN = "contoso.hardware.firmware"
BIOS = {"update_id": "BIOS 1.2", "update_title": "BIOS 1.2"}
DONE = {"update_id": "BIOS 1.2", "result_code": "Succeeded", "reboot_required": True}
FAILED: dict[str, t.Any] = {"failed": True, "msg": "the tool said no"}


def step(playbook: Playbook, name: str, state: str, **more: t.Any) -> dict[str, t.Any]:  # noqa: ANN401 - as YAML has it
    return playbook.run("plugin_step", "hv-a", plugin=PLUGIN, step=name, state=state, **more)


def told(playbook: Playbook, *rows: dict[str, t.Any], busy: bool = False) -> dict[str, t.Any]:
    return playbook.run("plugin_result", "hv-a", updates=list(rows), busy=busy)


def scan(playbook: Playbook, *rows: dict[str, t.Any], busy: bool = False) -> dict[str, t.Any]:
    step(playbook, "scan", "begun")
    told(playbook, *rows, busy=busy)
    return step(playbook, "scan", "ended")


def begin(playbook: Playbook) -> dict[str, t.Any]:
    """Drain the node, let the plug-in find one update, and begin to install it."""
    playbook.run("run_lock", "hv-a", state="acquired")
    playbook.run("cluster_node", "hv-a", state="drained")
    scan(playbook, BIOS)
    return step(playbook, "install", "begun")


def entry(playbook: Playbook, world: FakeWorld) -> NodeEntry:
    """Return what the journal on node1 says about it."""
    assert playbook.hostvars
    texts = [values["Entry"] for key, values in world.machine("node1").registry.items() if key.lower().endswith("\\nodes\\node1")]
    return decode_entry(str(texts[0]))


def round_of(playbook: Playbook) -> dict[str, t.Any]:
    return playbook.run("plugin_round", "hv-a")


def test_scan_needs_no_run(playbook: Playbook) -> None:
    assert scan(playbook, BIOS)["found_update_count"] == 1


def test_installation_stands_in_the_journal_before_it_begins_and_its_result_after(playbook: Playbook, world: FakeWorld) -> None:
    call = begin(playbook)
    assert call["proceed"] is True
    assert [row["update_id"] for row in call["call"]["updates"]] == ["BIOS 1.2"]
    before = entry(playbook, world)
    assert (before.plugin, before.plugin_updates, before.phase) == (PLUGIN, ("BIOS 1.2",), Phase.INSTALLING)
    told(playbook, DONE)
    step(playbook, "install", "ended")
    after = entry(playbook, world)
    assert (after.plugin, after.plugin_installed, after.restart_due) == (None, (f"{PLUGIN} BIOS 1.2",), True)
    total = round_of(playbook)
    assert (total["installed_update_count"], total["reboot_required"], total["another_round"]) == (1, True, True)


@pytest.mark.parametrize("lost", ["lock", "pause"])
def test_nothing_begins_without_lock_or_pause(lost: str, playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", state="acquired")
    scan(playbook, BIOS)
    if lost == "lock":
        playbook.run("cluster_node", "hv-a", state="drained")
        world.machine("node3").run_lock = None
    _message, fields = playbook.failure("plugin_step", "hv-a", plugin=PLUGIN, state="begun")
    assert fields["error"] == ("RunLockLostError" if lost == "lock" else "NotOurPauseError")
    assert not playbook.hostvars["hv-a"]["ansible_facts"]["cluster_aware_updating_plugins"]["wanted"]


def test_failure_leaves_the_installation_open_and_nothing_else_happens_to_the_node(playbook: Playbook, world: FakeWorld) -> None:
    begin(playbook)
    assert step(playbook, "install", "failed", error=FAILED)["open"] is True
    assert entry(playbook, world).plugin == PLUGIN
    for task, options in {"node_reboot": {}, "cluster_node": {"state": "active"}, "wua_install": {}}.items():
        message, fields = playbook.failure(task, "hv-a", **options)
        assert fields["error"] == "OutcomeUnknownError", message
        assert PLUGIN in message
    assert not world.calls("restart")
    assert not world.calls("resume")


def test_scan_that_finds_it_no_more_settles_it_as_installed(playbook: Playbook, world: FakeWorld) -> None:
    begin(playbook)
    step(playbook, "install", "failed", error=FAILED)
    scan(playbook)
    step(playbook, "install", "settled")
    after = entry(playbook, world)
    # Whether it asks for a restart nobody can tell any more, so it has one.
    assert (after.plugin, after.plugin_installed, after.restart_due) == (None, (f"{PLUGIN} BIOS 1.2",), True)


def test_scan_that_still_finds_it_settles_it_as_not_installed(playbook: Playbook, world: FakeWorld) -> None:
    begin(playbook)
    step(playbook, "install", "failed", error=FAILED)
    scan(playbook, BIOS)
    step(playbook, "install", "settled")
    after = entry(playbook, world)
    assert (after.plugin, after.plugin_installed) == (None, ())
    # Settled is not undone: the plug-in has failed.
    message, _fields = playbook.failure("plugin_round", "hv-a")
    assert "the tool said no" in message


def test_failure_of_an_earlier_attempt_is_forgotten_with_the_next_scan(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a", state="acquired")
    step(playbook, "scan", "failed", error=FAILED)
    playbook.failure("plugin_round", "hv-a")
    scan(playbook)
    assert round_of(playbook)["installed_update_count"] == 0


def test_plugin_that_is_busy_keeps_the_node_as_it_is(playbook: Playbook, world: FakeWorld) -> None:
    begin(playbook)
    step(playbook, "install", "failed", error=FAILED)
    scan(playbook, busy=True)
    message, fields = playbook.failure("plugin_step", "hv-a", plugin=PLUGIN, state="settled")
    assert "its installation still goes on" in message
    assert fields["outcome"] == "unknown"
    assert entry(playbook, world).plugin == PLUGIN


def test_failed_plugin_fails_the_round(playbook: Playbook) -> None:
    begin(playbook)
    told(playbook, DONE | {"result_code": "Failed", "error_code": 5})
    step(playbook, "install", "ended")
    message, fields = playbook.failure("plugin_round", "hv-a")
    assert "BIOS 1.2 FAILED 0x00000005" in message
    assert fields["reboot_required"] is True


def test_update_that_is_found_again_after_its_restart_is_not_installed_again(playbook: Playbook, world: FakeWorld) -> None:
    begin(playbook)
    told(playbook, DONE)
    step(playbook, "install", "ended")
    playbook.run("node_reboot", "hv-a")
    assert entry(playbook, world).phase is Phase.RESTARTED
    scan(playbook, BIOS)
    _message, fields = playbook.failure("plugin_step", "hv-a", plugin=PLUGIN, state="begun")
    assert fields["error"] == "OfferedAgainError"


def test_restart_is_left_and_kept_in_the_journal_on_a_node_paused_without_drain(playbook: Playbook, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", state="acquired")
    playbook.run("cluster_node", "hv-a", state="drained", drain_mode="none")
    scan(playbook, BIOS)
    step(playbook, "install", "begun")
    # The plug-in does not ask for the restart; Windows does.
    world.machine("node1").registry.update({CBS: {}, rf"{CBS}\RebootPending": {}})
    told(playbook, DONE | {"reboot_required": False})
    ended = step(playbook, "install", "ended")
    assert (ended["reboot_required"], ended["resume_first"], entry(playbook, world).restart_due) == (False, False, True)
    total = round_of(playbook)
    assert (total["installed_update_count"], total["reboot_required"], total["another_round"]) == (1, False, False)


def test_step_that_ends_without_a_result_is_none(playbook: Playbook) -> None:
    step(playbook, "scan", "begun")
    message, _fields = playbook.failure("plugin_step", "hv-a", plugin=PLUGIN, step="scan", state="ended")
    assert "has ended its step scan without a result" in message


def test_result_outside_of_a_step_is_refused(playbook: Playbook) -> None:
    message, _fields = playbook.failure("plugin_result", "hv-a", updates=[BIOS])
    assert "no step of a plug-in is at work on hv-a" in message


def test_check_mode_begins_nothing(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a", check=True, state="acquired")
    playbook.run("plugin_step", "hv-a", check=True, plugin=PLUGIN, step="scan", state="begun")
    told(playbook, BIOS)
    playbook.run("plugin_step", "hv-a", check=True, plugin=PLUGIN, step="scan", state="ended")
    result = playbook.run("plugin_step", "hv-a", check=True, plugin=PLUGIN, state="begun")
    assert (result["proceed"], result["changed"]) == (False, True)
