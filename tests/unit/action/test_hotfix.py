# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks hotfix_info and hotfix_apply: options, results, check mode, and who reads the share."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.records import ShareAuthentication, ShareCredentials
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.unc import UncPath
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.plugin_utils import _hotfix, _peers

from ..fakes.world import FakeInstaller, FakeWorld, Held
from ..hotfix.fake_share import EVERYONE, FULL, FakeShare, allow
from .playbook import PASSWORD, Argument, Playbook

ROOT = r"\\files\hotfixes"
CONFIG = b"""<R><ExtensionRules><Extension name="msu"><Template path="%windir%\\wusa.exe" parameters="$update$ /quiet"/>
<ExitConditions><Success>0</Success><Success_RebootRequired>3010</Success_RebootRequired>
<AlreadyInstalled>2359302</AlreadyInstalled></ExitConditions></Extension></ExtensionRules></R>"""
A, B = r"CAUHotfix_All\a.msu", r"NODE1\b.msu"


class OpenShare(FakeShare):
    """A share as open_share gives it."""

    dialect = "SMB 3.1.1"
    is_encrypted = True
    is_signed = False

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.asked.append("close")


@dataclass
class Server:
    """A file server that notes who asked for what."""

    share: OpenShare
    paths: list[str] = field(default_factory=list)
    credentials: list[ShareCredentials] = field(default_factory=list)
    options: list[dict[str, object]] = field(default_factory=list)

    def open(self, path: UncPath, credentials: ShareCredentials, **options: object) -> OpenShare:
        self.paths.append(str(path))
        self.credentials.append(credentials)
        self.options.append(options)
        return self.share


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, playbook: Playbook) -> Server:
    """A server with one hotfix for all nodes and one for node1, patched after the playbook's own connections."""
    folder = {"a.msu": b"x", "readme.txt": b"x"}
    made = Server(OpenShare({"DefaultHotfixConfig.xml": CONFIG, "CAUHotfix_All": folder, "NODE1": {"b.msu": b"x"}}))
    monkeypatch.setattr(_hotfix, "open_share", made.open)
    monkeypatch.setattr(
        _peers,
        "endpoint_from_connection",
        lambda connection, name: Endpoint(
            name=name, url=f"http://{connection.host}:5985/wsman", auth="ntlm", username="HV\\admin", password=PASSWORD
        ),
    )
    assert playbook.play_hosts
    return made


def info(playbook: Playbook, **arguments: Argument) -> dict[str, t.Any]:
    return playbook.run("hotfix_info", "hv-a", hotfix_root_folder_path=ROOT, **arguments)


def apply(playbook: Playbook, **arguments: Argument) -> dict[str, t.Any]:
    return playbook.run("hotfix_apply", "hv-a", hotfix_root_folder_path=ROOT, **arguments)


def drained(playbook: Playbook) -> None:
    playbook.run("run_lock", "hv-a")
    playbook.run("cluster_node", "hv-a", state="drained")


@pytest.mark.parametrize(
    ("given", "username", "password"),
    [
        ({}, "HV\\admin", PASSWORD),
        ({"share_username": "FS\\reader", "share_password": "own"}, "FS\\reader", "own"),
        # A password belongs to its user: another user never gets the connection's.
        ({"share_username": "FS\\reader"}, "FS\\reader", None),
        ({"share_password": "own"}, "HV\\admin", "own"),
    ],
)
def test_share_is_read_as_the_user_that_the_password_belongs_to(
    given: dict[str, str], username: str, password: str | None, playbook: Playbook, server: Server
) -> None:
    info(playbook, **given)
    assert server.credentials == [ShareCredentials(username, password, ShareAuthentication.NEGOTIATE)]


def test_options_of_the_share_reach_it(playbook: Playbook, server: Server) -> None:
    given: dict[str, t.Any] = {"share_host": "10.0.0.9", "share_port": 1445, "share_authentication": "kerberos"}
    playbook.run("hotfix_info", "hv-a", hotfix_root_folder_path="//files/hotfixes/", require_smb_encryption=True, **given)
    assert server.share.asked[-1] == "close"
    assert server.paths == [ROOT]
    assert server.options == [{"host": "10.0.0.9", "port": 1445, "require_encryption": True}]
    assert server.credentials[0].authentication is ShareAuthentication.KERBEROS


@pytest.mark.parametrize("task", ["hotfix_info", "hotfix_apply"])
def test_no_password_stands_in_result_or_progress(task: str, playbook: Playbook, server: Server) -> None:
    drained(playbook)
    result = playbook.run(task, "hv-a", hotfix_root_folder_path=ROOT, share_username="FS\\reader", share_password="own-S3cret")
    seen = json.dumps(result, default=str) + " ".join(playbook.shown)
    assert server.credentials[0].password == "own-S3cret"
    assert "own-S3cret" not in seen
    assert PASSWORD not in seen


def test_info_lists_order_rule_and_what_is_ignored_for_every_node(playbook: Playbook, server: Server, world: FakeWorld) -> None:
    result = info(playbook)
    assert server.paths == [ROOT]
    assert result["changed"] is False
    assert result["found_hotfix_count"] == 2
    assert result["hotfixes"][0] == {
        "path": A,
        "update_path": rf"{ROOT}\{A}",
        "rule": "extension rule msu",
        "program": r"%windir%\wusa.exe",
        "parameters": "$update$ /quiet",
    }
    assert result["nodes"] == {"node1": [A, B], "node2": [A], "node3": [A]}
    assert [row["path"] for row in result["ignored"]] == [r"CAUHotfix_All\readme.txt"]
    assert result["share"] == {"dialect": "SMB 3.1.1", "encrypted": True, "signed": False}
    assert not world.calls("create_run_lock", "create_node_session", "set_text", "run_update_installer")


def test_findings_are_in_the_result_of_a_refusal(playbook: Playbook, server: Server) -> None:
    server.share.dacls = {B: (allow(EVERYONE, FULL),)}
    message, fields = playbook.failure("hotfix_info", "hv-a", hotfix_root_folder_path=ROOT)
    assert fields["error"] == "HotfixPermissionError"
    assert fields["outcome"] == "not_done"
    (found,) = fields["findings"]
    assert (found["path"], found["trustee"], found["right"], found["severity"]) == (rf"{ROOT}\{B}", "Everyone", "full control", "error")
    assert found["commands"][0] in message


def test_disabled_checks_leave_permissions_unread(playbook: Playbook, server: Server) -> None:
    server.share.dacls = {B: (allow(EVERYONE, FULL),)}
    assert info(playbook, disable_acl_checks=True)["findings"] == []
    assert not [line for line in server.share.asked if line.startswith("security")]


def test_apply_without_a_run_is_refused_and_reads_no_share(playbook: Playbook, server: Server) -> None:
    message, _fields = playbook.failure("hotfix_apply", "hv-a", hotfix_root_folder_path=ROOT)
    assert "run_lock first" in message
    assert not server.paths


def test_apply_on_a_node_that_serves_is_refused(playbook: Playbook, server: Server, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a")
    _message, fields = playbook.failure("hotfix_apply", "hv-a", hotfix_root_folder_path=ROOT)
    assert fields["error"] == "NotOurPauseError"
    assert server.paths
    assert not world.calls("run_update_installer")


def test_apply_counts_states_and_asks_for_the_restart(playbook: Playbook, server: Server, world: FakeWorld) -> None:
    world.machine("node1").installers[rf"{ROOT}\{A}"] = FakeInstaller(3010)
    world.machine("node1").installers[rf"{ROOT}\{B}"] = FakeInstaller(2359302)
    drained(playbook)
    result = apply(playbook, diff=True, hotfix_installer_timeout_minutes=5)
    assert server.paths == [ROOT]
    assert [(row["path"], row["state"], row["exit_code"], row["launch_hresult"]) for row in result["hotfixes"]] == [
        (A, "succeeded_reboot_required", 3010, 0),
        (B, "already_installed", 2359302, 0),
    ]
    counts = {name: result[name] for name in ("changed", "found_hotfix_count", "applied_hotfix_count", "failed_hotfix_count")}
    assert counts == {"changed": True, "found_hotfix_count": 2, "applied_hotfix_count": 1, "failed_hotfix_count": 0}
    assert (result["reboot_required"], result["another_round"], result["resume_first"]) == (True, True, False)
    assert result["diff"] == [{"before": {"applied": []}, "after": {"applied": [A]}}]
    assert world.calls("run_update_installer")[0].arguments[-1] == 300


def test_next_round_deals_with_no_file_again(playbook: Playbook, server: Server, world: FakeWorld) -> None:
    drained(playbook)
    assert apply(playbook)["another_round"] is True
    again = apply(playbook, diff=True)
    assert [row["state"] for row in again["hotfixes"]] == ["dealt_with", "dealt_with"]
    assert (again["changed"], again["another_round"], again["diff"]) == (False, False, [])
    assert len(world.calls("run_update_installer")) == 2
    assert len(server.paths) == 2


def test_failed_hotfix_fails_the_task_and_tells_of_all_of_them(playbook: Playbook, server: Server, world: FakeWorld) -> None:
    world.machine("node1").installers[rf"{ROOT}\{A}"] = FakeInstaller(1618)
    drained(playbook)
    message, fields = playbook.failure("hotfix_apply", "hv-a", hotfix_root_folder_path=ROOT)
    assert server.paths
    assert "ERROR_INSTALL_ALREADY_RUNNING" in message
    assert [row["state"] for row in fields["hotfixes"]] == ["failed", "succeeded"]
    assert fields["hotfixes"][0]["failure_msg"].startswith("1618 ERROR_INSTALL_ALREADY_RUNNING")
    assert (fields["applied_hotfix_count"], fields["failed_hotfix_count"]) == (1, 1)
    assert fields["reboot_required"] is False


def test_applied_hotfixes_are_counted_for_the_outcome(playbook: Playbook, server: Server) -> None:
    drained(playbook)
    apply(playbook)
    playbook.run("cluster_node", "hv-a", state="active")
    outcome = playbook.run("node_outcome", "hv-a", state="finished")["outcome"]
    assert server.paths
    assert (outcome["updates"], outcome["hotfixes"]) == (0, 2)


def test_check_mode_lists_what_would_be_applied_and_starts_nothing(playbook: Playbook, server: Server, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    result = apply(playbook, check=True)
    assert server.paths == [ROOT]
    assert (result["changed"], result["another_round"]) == (True, False)
    assert [row["state"] for row in result["hotfixes"]] == ["not_tried", "not_tried"]
    assert rf"[node1]        install   {B} would be applied by the extension rule msu" in playbook.shown
    assert not world.calls("run_update_installer", "create_run_lock", "set_text", "pause")
    assert world.machine("node1").node_session is None


def test_check_mode_beside_a_foreign_lock_is_refused(playbook: Playbook, server: Server, world: FakeWorld) -> None:
    playbook.run("run_lock", "hv-a", check=True)
    world.machine("node1").run_lock = Held("99999999-0000-4000-8000-000000000000", 0)
    _message, fields = playbook.failure("hotfix_apply", "hv-a", hotfix_root_folder_path=ROOT, check=True)
    assert server.paths
    assert fields["error"] == "RunLockHeldError"
