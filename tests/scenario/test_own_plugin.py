# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plug-in of a user's own in runs: the worked example, and ones that do not keep to the rules."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.harness.controller import Finished
from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count, nodes_of, role_play

Open = Callable[..., Stage]

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLE = CHECKOUT / "examples" / "own_plugin"
FIRMWARE, UPDATES = "contoso.hardware.firmware", "Microsoft.WindowsUpdatePlugin"

BIOS: clusters.Data = {"device": "BIOS", "name": "Contoso BIOS", "installed": "1.0", "available": "1.2", "seconds": 20}
CARD: clusters.Data = {"device": "NIC", "name": "Contoso NIC", "installed": "3", "available": "4", "seconds": 10, "needs_restart": False}


def cluster(*devices: clusters.Data, **changes: t.Any) -> clusters.Data:  # noqa: ANN401 - as YAML has it
    """Return a cluster without Windows updates whose first node has devices."""
    firmware = [{"node": "MIN01-N1", **device} for device in devices]
    return clusters.cluster(**({"updates": [], "firmware": firmware} | changes))


def extra(*plugins: object, **more: object) -> list[str]:
    values = {"plugins": list(plugins or [FIRMWARE]), "max_retries_per_node": 0, **more}
    return ["-e", json.dumps({f"rolling_update_{name}": value for name, value in values.items()})]


def places(*folders: Path) -> dict[str, str]:
    return {"ANSIBLE_COLLECTIONS_PATH": ":".join(str(folder) for folder in (CHECKOUT / "build" / "collections", *folders))}


def play(stage: Stage, *arguments: str, playbook: str = PLAYBOOK, folder: Path = EXAMPLE) -> Finished:
    return stage.playbook(playbook, *arguments, extra=places(folder))


def order(stage: Stage, *events: str) -> list[str]:
    """Return which of these happened to the first node, in order."""
    return [event["event"] for event in stage.twin.events() if event.get("node") == "MIN01-N1" and event["event"] in events]


def journal_of(stage: Stage) -> list[dict[str, t.Any]]:
    """Return what the journal of the first node said, from change to change."""
    entries = [
        event["values"]["Entry"]
        for event in stage.twin.events()
        if event["event"] == "registry_written" and event.get("node") == "MIN01-N1" and "Entry" in event["values"]
    ]
    return [entry for entry in map(json.loads, entries) if entry["node"] == "MIN01-N1"]


def other_plugin(stage: Stage, **tasks: t.Any) -> Path:  # noqa: ANN401 - as YAML has it
    """Write a plug-in fabrikam.tools.own with these entry points; one that is not given says what is given it succeeded."""
    folder = stage.directory / "own"
    role = folder / "ansible_collections" / "fabrikam" / "tools" / "roles" / "own" / "tasks"
    role.mkdir(parents=True)
    result = {"update_id": "tool 2", "result_code": "Succeeded", "reboot_required": False}
    told = [{"cluster_aware.updating.plugin_result": {"updates": [result]}}]
    found = [{"cluster_aware.updating.plugin_result": {"updates": [{"update_id": "tool 2", "update_title": "Tool 2"}]}}]
    for name, default in {"scan": found, "stage": told, "install": told}.items():
        (role / f"{name}.yml").write_text(yaml.safe_dump(tasks.get(name, default)), encoding="utf-8")
    return folder


def test_example_takes_part_in_a_run_with_one_restart_for_all(opened: Open) -> None:
    stage = opened(cluster(BIOS, CARD, updates=[clusters.QUIET_UPDATE | {"nodes": ["MIN01-N1"]}]))
    run = play(stage, *extra(FIRMWARE, UPDATES))
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    kinds = ("installer_started", "update_installed", "node_down", "resumed")
    assert order(stage, *kinds) == ["installer_started", "installer_started", "update_installed", "node_down", "resumed"]
    assert nodes_of(stage.twin.events(), "pause_requested") == ["MIN01-N1"]
    assert "MIN01-N1 ok 3 updates 1 restart" in run.screen
    announced = next(entry for entry in journal_of(stage) if entry["plugin"] == FIRMWARE)
    assert announced["plugin_updates"] == ["BIOS 1.2", "NIC 4"]
    assert journal_of(stage)[-1]["plugin_installed"] == [f"{FIRMWARE} BIOS 1.2", f"{FIRMWARE} NIC 4"]


def test_second_run_finds_nothing_and_arguments_reach_the_plugin(opened: Open) -> None:
    stage = opened(cluster(BIOS, CARD))
    chosen = {"name": FIRMWARE, "arguments": "Devices=NIC"}
    assert play(stage, *extra(chosen)).exit_code == 0
    run = play(stage, *extra(chosen))
    assert run.exit_code == 0, run.screen
    assert "nothing to do" in run.screen
    events = [event for event in stage.twin.events() if event["event"] == "installer_started"]
    assert [event["parameters"] for event in events] == ["/device NIC /version 4"]
    assert count(stage.twin.events(), "node_down") == 0
    assert stage.verdict() == []


def test_check_mode_and_preview_tell_what_the_plugin_would_install(opened: Open) -> None:
    stage = opened(cluster(BIOS))
    run = play(stage, *extra(), "--check")
    assert run.exit_code == 0, run.screen
    assert "1 would be installed by contoso.hardware.firmware: Contoso BIOS 1.2" in run.screen
    shown = play(stage, *extra(), playbook="cluster_aware.updating.preview")
    assert shown.exit_code == 0, shown.screen
    assert "1. Contoso BIOS 1.2 (contoso.hardware.firmware)" in shown.screen
    assert count(stage.twin.events(), "installer_started") == 0
    assert stage.verdict(is_check_mode=True) == []


def test_failure_of_the_vendors_tool_fails_the_node_which_serves_again(opened: Open) -> None:
    stage = opened(cluster(BIOS | {"exit_code": 1603}))
    run = play(stage, *extra())
    assert run.exit_code == 2, run.screen
    assert "Contoso BIOS 1.2 FAILED 0x00000643" in run.screen
    assert order(stage, "installer_started", "node_down", "resumed") == ["installer_started", "resumed"]
    assert stage.verdict() == []


def test_connection_that_breaks_during_an_installation_starts_nothing_twice(opened: Open) -> None:
    lost = {"action": "drop_after", "node": "MIN01-N1", "operation": "Invoke Contoso_Firmware.Install"}
    stage = opened(cluster(CARD), faults=[lost])
    run = play(stage, *extra())
    assert run.exit_code == 0 or "MIN01-N1 FAILED" in run.screen, run.screen
    assert count(stage.twin.events(), "fault_played") == 1
    assert order(stage, "installer_started", "installer_ended", "resumed") == ["installer_started", "installer_ended", "resumed"]
    assert stage.verdict() == []


def test_run_that_takes_over_lets_the_plugin_scan_before_it_goes_on(opened: Open) -> None:
    stage = opened(cluster(BIOS | {"seconds": 1200}))
    running = stage.controller.begin("ansible-playbook", "-i", str(stage.inventory), PLAYBOOK, *extra(), extra=places(EXAMPLE))
    stage.twin.wait_for(lambda event: event["event"] == "installer_started")
    running.kill()
    stage.twin.control.send("advance", seconds=3700)
    without = stage.playbook(PLAYBOOK, *extra(UPDATES, max_failed_nodes=0))
    assert without.exit_code == 2, without.screen
    assert "the plug-in contoso.hardware.firmware has begun is not known, so the node stays as it is" in without.screen
    run = play(stage, *extra())
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    # A restart is pending that the dead run's installation asks for: it comes, and then nothing is found any more.
    assert order(stage, "installer_started", "node_down", "resumed") == ["installer_started", "node_down", "resumed"]


@pytest.mark.parametrize(
    ("tasks", "says"),
    [
        ({"scan": [{"cluster_aware.updating.plugin_result": {"updates": [{"update_id": "tool 2"}]}}]}, "has no update_title"),
        ({"scan": [{"ansible.builtin.debug": {}}]}, "has ended its step scan without a result"),
        ({"install": [{"cluster_aware.updating.plugin_result": {"updates": []}}]}, "gives no result for tool 2"),
    ],
)
def test_wrong_shape_fails_the_node_in_one_sentence(tasks: dict[str, t.Any], says: str, opened: Open) -> None:
    stage = opened(cluster())
    folder = other_plugin(stage, **tasks)
    # Beside another plug-in, whose success must not hide it.
    run = play(stage, *extra("fabrikam.tools.own", UPDATES, max_failed_nodes=1), "--limit", "min01-n1", folder=folder)
    assert run.exit_code == 2, run.screen
    assert says in run.screen
    assert count(stage.twin.events(), "node_down") == 0
    assert stage.verdict() == []


def test_role_without_an_entry_point_is_refused_before_the_lock(opened: Open) -> None:
    stage = opened(cluster())
    folder = other_plugin(stage)
    next(folder.rglob("stage.yml")).unlink()
    run = play(stage, *extra("fabrikam.tools.own"), playbook=stage.write_playbook(role_play()), folder=folder)
    assert run.exit_code == 2, run.screen
    assert "there is no plug-in fabrikam.tools.own: the role lacks tasks/stage.yml" in run.screen
    assert count(stage.twin.events(), "run_lock_taken") == 0


@pytest.mark.parametrize("serially", [False, True])
def test_plugins_scan_together_before_anything_is_staged_unless_serially(serially: bool, opened: Open) -> None:
    stage = opened(cluster(CARD, updates=[clusters.QUIET_UPDATE]))
    # The plug-in that comes last cannot scan.
    folder = other_plugin(stage, scan=[{"ansible.builtin.fail": {"msg": "no licence"}}])
    variables = extra(UPDATES, "fabrikam.tools.own", stop_on_plugin_failure=True, run_plugins_serially=serially, max_failed_nodes=0)
    run = play(stage, *variables, playbook=stage.write_playbook(role_play()), folder=folder)
    assert run.exit_code == 2, run.screen
    assert "fabrikam.tools.own: no licence" in run.screen
    events = stage.twin.events()
    assert count(events, "update_downloaded") == (1 if serially else 0)
    assert count(events, "pause_requested") == 0
    assert stage.verdict() == []


def test_plugin_on_a_node_that_is_paused_without_drain_leaves_its_restart_undone(opened: Open) -> None:
    stage = opened(cluster(BIOS, updates=[clusters.UPDATE | {"nodes": ["MIN01-N1"]}]))
    run = play(stage, *extra(FIRMWARE, UPDATES, drain_mode="none"))
    assert run.exit_code == 0, run.screen
    assert "a restart is due and is left undone, as the node is paused without drain" in run.screen
    assert "it serves with a restart pending" in run.screen
    kinds = ("installer_started", "update_installed", "node_down", "resumed")
    assert order(stage, *kinds) == ["installer_started", "update_installed", "resumed"]
    assert stage.verdict(may_not_finish=True, may_not_drain=True) == []


def test_plugin_that_would_need_a_restart_first_installs_nothing_without_a_drain(opened: Open) -> None:
    nodes = [{"name": "MIN01-N1", "pending_restart": ["cbs"]}, {"name": "MIN01-N2"}]
    stage = opened(cluster(BIOS, nodes=nodes))
    run = play(stage, *extra(drain_mode="none"))
    assert run.exit_code == 2, run.screen
    assert "a node that is paused without drain is never restarted" in run.screen
    assert order(stage, "installer_started", "node_down", "resumed") == ["resumed"]
    assert stage.verdict(may_not_finish=True) == []
