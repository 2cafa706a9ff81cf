# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks run_plan and plugin_round."""

from __future__ import annotations

import pytest

from ..fakes.world import FakeWorld
from .playbook import Playbook

UPDATES, HOTFIX = "Microsoft.WindowsUpdatePlugin", "Microsoft.HotfixPlugin"
ROOT = r"\\files\hotfixes"


def test_plan_tells_the_options_and_asks_no_node(playbook: Playbook, world: FakeWorld) -> None:
    plugins = [{"name": HOTFIX, "arguments": f"HotfixRootFolderPath={ROOT}"}, UPDATES]
    result = playbook.run("run_plan", "hv-a", plugins=plugins)
    assert result["options"]["hotfix_root_folder_path"] == ROOT
    assert [plugin["name"] for plugin in result["before_updates"]] == [HOTFIX]
    assert result["goes_on"] is True
    assert not world.log


def test_one_plugin_alone_never_goes_on(playbook: Playbook) -> None:
    assert playbook.run("run_plan", "hv-a")["goes_on"] is False


def test_failure_stops_the_others_where_that_is_asked_for(playbook: Playbook) -> None:
    assert playbook.run("run_plan", "hv-a", hotfix_root_folder_path=ROOT, stop_on_plugin_failure=True)["goes_on"] is False


@pytest.mark.parametrize("host", ["hv-a", "hv-c"])
def test_wrong_plugin_of_any_host_is_refused_before_the_lock(host: str, playbook: Playbook, world: FakeWorld) -> None:
    playbook.hostvars["hv-c"]["rolling_update_plugins"] = [] if host == "hv-a" else ["No.Plugin"]
    plugins = ["No.Plugin"] if host == "hv-a" else []
    message, _fields = playbook.failure("run_lock", "hv-a", later_options={"plugins": plugins})
    assert "there is no plug-in No.Plugin" in message
    assert not world.log


def test_failed_plugin_fails_the_round_with_what_the_others_did(playbook: Playbook) -> None:
    results = [
        {"plugin": UPDATES, "result": {"failed": True, "reason": "0x80240016", "error": "UpdatesFailedError", "outcome": "failed"}},
        {"plugin": HOTFIX, "result": {"changed": True, "applied_hotfix_count": 1, "reboot_required": True}},
    ]
    message, fields = playbook.failure("plugin_round", "hv-a", results=results)
    assert message.startswith(f"hv-a: {UPDATES}: 0x80240016")
    assert fields["reboot_required"] is True
    assert fields["errors"] == ["UpdatesFailedError"]


def test_lock_that_a_plugin_has_lost_ends_the_run(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a", state="acquired")
    error = {"error": "PluginsFailedError", "errors": ["UpdatesFailedError", "RunLockLostError"], "reason": "lost"}
    result = playbook.run("node_outcome", "hv-a", state="failed", error=error, max_failed_nodes=2)
    assert result["run_ends"] is True


def test_plugin_of_ones_own_never_installs_while_the_node_serves(playbook: Playbook) -> None:
    options = {"plugins": ["contoso.hardware.firmware"], "install_order": "install_first"}
    message, _fields = playbook.failure("run_lock", "hv-a", later_options=options)
    assert "a plug-in of your own installs on a drained node alone" in message
    assert playbook.run("run_lock", "hv-a", later_options=options | {"plugins": [UPDATES]})["changed"] is True
