# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are told their plug-ins and arguments as CAU writes them."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable

import pytest

from tests.harness.stage import Stage

from . import clusters
from .hotfixes import HotfixShare, installed
from .plays import PLAYBOOK, count, nodes_of, role_play

Open = Callable[..., Stage]

UPDATES, HOTFIX = "Microsoft.WindowsUpdatePlugin", "Microsoft.HotfixPlugin"
FAILING = clusters.QUIET_UPDATE | {"failure": {"hresult": "0x80240016"}}


def extra(**variables: t.Any) -> list[str]:  # noqa: ANN401 - as YAML has it
    return ["-e", json.dumps({f"rolling_update_{name}": value for name, value in variables.items()})]


def test_saved_arguments_with_doubled_quotes_choose_the_update(opened: Open) -> None:
    one = clusters.UPDATE | {"id": "11111111-0000-4000-8000-000000000001"}
    stage = opened(clusters.cluster(updates=[one, clusters.QUIET_UPDATE]))
    text = "QueryString=\"IsInstalled=0 and UpdateID=''11111111-0000-4000-8000-000000000001''\""
    run = stage.playbook(PLAYBOOK, *extra(plugins=[{"name": UPDATES, "arguments": text}]))
    assert run.exit_code == 0, run.screen
    events = stage.twin.events()
    chosen = [event["update"] for event in events if event["event"] == "update_installed"]
    assert len(chosen) == 2
    assert len(set(chosen)) == 1
    assert nodes_of(events, "update_installed") == nodes_of(events, "node_down")


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"plugins": [{"name": "Contoso.Plugin"}]}, f"there is no plug-in Contoso.Plugin. Known are {UPDATES} and {HOTFIX}"),
        ({"plugins": [{"name": UPDATES, "arguments": "Colour=red"}]}, f"{UPDATES} has no argument Colour"),
        (
            {"plugins": [{"name": UPDATES, "arguments": "QueryString=IsInstalled=1"}], "query_string": "IsHidden=1"},
            "say 'IsInstalled=1' for query_string, and the option itself says 'IsHidden=1'",
        ),
    ],
)
def test_mistake_in_the_list_ends_the_run_before_the_lock(variables: dict[str, t.Any], says: str, opened: Open) -> None:
    stage = opened()
    run = stage.playbook(stage.write_playbook(role_play()), *extra(**variables))
    assert run.exit_code == 2, run.screen
    assert says in run.screen
    assert count(stage.twin.events(), "run_lock_taken") == 0
    assert stage.verdict() == []


def test_plugins_install_in_the_order_of_the_list_with_one_restart(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    stage = opened(share.cluster(updates=[clusters.UPDATE], installers=[{"match": "*.msu", "exit_code": 3010, "seconds": 5}]))
    arguments = f"HotfixRootFolderPath={share.path};HotfixInstallerTimeoutMinutes=5"
    plugins = [{"name": HOTFIX, "arguments": arguments}, {"name": UPDATES}]
    run = share.play(stage, *extra(plugins=plugins), windows_updates=True, hotfix_root_folder_path="")
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    order = [
        event["event"]
        for event in events
        if event.get("node") == "MIN01-N1" and event["event"] in {"installer_started", "update_installed", "node_down"}
    ]
    assert order == ["installer_started", "update_installed", "node_down"]


@pytest.mark.parametrize("stops", [False, True])
def test_plugin_that_fails_stops_the_others_only_where_that_is_asked_for(stops: bool, opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    stage = opened(share.cluster(updates=[FAILING], installers=[{"match": "*.msu", "exit_code": 3010, "seconds": 5}]))
    run = share.play(stage, *extra(stop_on_plugin_failure=stops), windows_updates=True)
    assert run.exit_code == 2, run.screen
    assert "0x80240016" in run.screen
    events = stage.twin.events()
    assert len(installed(events)) == (0 if stops else 1)
    assert count(events, "resumed") == 1
    # What the other one installed is complete only after its restart.
    assert count(events, "node_down") == len(installed(events))
    assert stage.verdict() == []
