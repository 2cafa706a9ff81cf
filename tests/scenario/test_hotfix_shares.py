# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hotfixes on shares that protect too much, too little or nothing, that are not there, or that go away."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.harness import nt_acl
from tests.harness.controller import Finished
from tests.harness.invariants import check
from tests.harness.nt_acl import Ace
from tests.harness.samba import FORBIDS_ENCRYPTION, SMB1_ONLY, SMB2_ONLY, UNSIGNED_GUESTS, USER, Samba
from tests.harness.stage import Stage

from .hotfixes import SECRETS, Answer, HotfixShare, Open, installed, is_untouched
from .plays import PLAYBOOK, count, nodes_of, role_play

Serve = Callable[[Mapping[str, str]], HotfixShare]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Serve]:
    """Return a function that starts a server of its own, with options for the whole of it, and gives its share with one hotfix."""
    with contextlib.ExitStack() as stack:

        def serve(options: Mapping[str, str]) -> HotfixShare:
            samba = stack.enter_context(Samba(tmp_path / "samba", options))
            return HotfixShare(samba).put("CAUHotfix_All/a.msu")

        yield serve


def refused(stage: Stage, share: HotfixShare, says: str, **changes: t.Any) -> None:  # noqa: ANN401
    """Play the role and make sure that it ends in a sentence before anything was begun."""
    run = share.play(stage, **changes)
    assert run.exit_code == 2, run.screen
    assert says in run.screen, run.screen
    assert "Traceback" not in run.screen
    assert "undefined" not in run.screen
    assert stage.verdict() == []
    assert is_untouched(stage.twin.events())


def refusal(stage: Stage, share: HotfixShare, **changes: t.Any) -> str:  # noqa: ANN401
    """Ask for the folder and return why that was refused."""
    answer = share.ask(stage, **changes)
    assert answer.is_failed, answer.screen
    assert "Traceback" not in answer.screen
    return answer.message


def accepted(answer: Answer) -> dict[str, object]:
    assert not answer.is_failed, answer.screen
    assert answer.fields["found_hotfix_count"] == 1
    return dict(answer.fields["share"])


def without_server_from(stage: Stage, share: HotfixShare, operation: str, playbook: str | None = None) -> Finished:
    """Play the playbook, or the role, and let the file server vanish while the first node is asked for something."""
    hold = stage.twin.control.send("hold", operation=operation, node="MIN01-N1")["hold"]
    running = share.begin(stage, playbook)
    assert stage.twin.control.send("wait", hold=hold)["reached"], running.screen()
    share.samba.vanish()
    stage.twin.control.send("release", hold=hold)
    return running.finish(120)


def test_share_that_requires_encryption_is_read_encrypted_by_controller_and_node(opened: Open, samba: Samba) -> None:
    share = HotfixShare(samba, encryption="required").put("MIN01-N1/a.msu")
    stage = opened(share.cluster(), rate=100)
    run = share.play(stage, require_smb_encryption=True)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert installed(stage.twin.events()) == [("MIN01-N1", "a.msu")]
    sent = [request["arguments"] for request in stage.twin.requests() if request.get("method") == "RunUpdateInstaller"]
    assert [str(arguments["RequireSmbEncryption"]).lower() for arguments in sent] == ["true"]


def test_server_without_encryption_is_refused_only_where_that_is_required(opened: Open, served: Serve) -> None:
    share = served(FORBIDS_ENCRYPTION)
    stage = opened(share.cluster())
    assert accepted(share.ask(stage)) == {"dialect": "SMB 3.1.1", "encrypted": False, "signed": True}
    refused(stage, share, "encrypt", require_smb_encryption=True)


def test_signed_share_of_an_old_server_is_applied_from(opened: Open, served: Serve) -> None:
    share = served(SMB2_ONLY)
    stage = opened(share.cluster(), rate=100)
    assert accepted(share.ask(stage)) == {"dialect": "SMB 2.1", "encrypted": False, "signed": True}
    assert "offers no encryption" in refusal(stage, share, require_smb_encryption=True)
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert len(installed(stage.twin.events())) == 2


def test_server_that_lets_guests_in_unsigned_is_refused(opened: Open, served: Serve) -> None:
    share = served(UNSIGNED_GUESTS)
    stage = opened(share.cluster())
    refused(stage, share, "let nobody-knows in as a guest, and nothing of a guest is signed or encrypted", share_username="nobody-knows")


def test_server_that_speaks_smb_1_alone_is_refused(opened: Open, served: Serve) -> None:
    share = served(SMB1_ONLY)
    stage = opened(share.cluster())
    refused(stage, share, "speaks SMB 1 alone, which protects nothing")


def test_dfs_namespace_needs_the_checks_disabled(opened: Open, samba: Samba) -> None:
    share = HotfixShare(samba, server=samba.address).put("CAUHotfix_All/a.msu")
    samba.dfs_root("names", {"link": share.name})
    stage = opened(share.cluster())
    path = rf"\\{samba.address}\names\link"
    options: dict[str, t.Any] = {"hotfix_root_folder_path": path, "share_host": None}
    said = refusal(stage, share, **options)
    assert f"{path} lies in a DFS namespace, where permissions cannot be checked" in said
    assert "Set disable_acl_checks to true" in said
    found = share.ask(stage, disable_acl_checks=True, **options)
    accepted(found)
    assert found.fields["hotfixes"][0]["update_path"] == rf"{path}\CAUHotfix_All\a.msu"


def test_wrong_names_and_passwords_are_told_apart(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    stage = opened(share.cluster())
    missing = rf"\\FILES01\{share.name}\no such folder"
    assert f"has no share named {share.name}x" in refusal(stage, share, hotfix_root_folder_path=f"{share.path}x")
    assert f"{missing} does not exist" in refusal(stage, share, hotfix_root_folder_path=missing)
    assert "does not know fileadmin with this password" in refusal(stage, share, share_password="not this one")
    assert "refuses connections, so no file service runs at that port" in refusal(stage, share, share_port=share.samba.port + 1)
    assert "has no address" in refusal(stage, share, share_host="no-such-server.invalid")
    assert stage.verdict(is_check_mode=True) == []
    assert is_untouched(stage.twin.events())


def test_wrong_password_ends_the_run_before_the_first_drain(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    refused(opened(share.cluster()), share, "does not know fileadmin with this password", share_password="not this one")


def test_file_that_the_controller_cannot_read_ends_the_run_before_the_first_drain(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "MIN01-N2/b.msu")
    share.samba.set_acl(share.name, "MIN01-N2/b.msu", aces=[Ace(nt_acl.ALLOW, nt_acl.SYSTEM, nt_acl.FULL)])
    stage = opened(share.cluster())
    refused(stage, share, rf"the user may not open {share.path}\MIN01-N2\b.msu", disable_acl_checks=True)


def test_folder_that_the_controller_cannot_list_is_named(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    share.samba.set_acl(share.name, "CAUHotfix_All", aces=[Ace(nt_acl.ALLOW, nt_acl.SYSTEM, nt_acl.FULL)])
    assert rf"the user may not open {share.path}\CAUHotfix_All" in refusal(opened(share.cluster()), share)


@pytest.mark.parametrize("play", ["role", "playbook"])
def test_server_that_goes_away_after_the_first_node_leaves_the_others_untouched(play: str, opened: Open, served: Serve) -> None:
    share = served({})
    stage = opened(share.cluster(size=3))
    run = without_server_from(stage, share, "Invoke MSCluster_Node.Resume", PLAYBOOK if play == "playbook" else None)
    assert run.exit_code == 2, run.screen
    assert "MIN01-N2 FAILED share: the file server FILES01 (" in run.screen, run.screen
    assert "refuses connections, so no file service runs at that port" in run.screen
    assert "undefined" not in run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert installed(events) == [("MIN01-N1", "a.msu")]
    assert nodes_of(events, "pause_requested") == nodes_of(events, "resumed") == ["MIN01-N1"]


def test_server_that_goes_away_while_the_node_drains_fails_the_node_and_lets_it_serve(opened: Open, served: Serve) -> None:
    share = served({})
    stage = opened(share.cluster())
    run = without_server_from(stage, share, "Invoke MSCluster_Node.Pause")
    assert run.exit_code == 2, run.screen
    assert stage.verdict() == []
    events = stage.twin.events()
    assert "MIN01-N1 FAILED share: the file server FILES01 (" in run.screen, run.screen
    assert installed(events) == []
    assert nodes_of(events, "pause_requested") == nodes_of(events, "resumed") == ["MIN01-N1"]


NAMES = ("with blanks.msu", "Grüße aus Köln.msu", "$price$ 100%.msu", "%TEMP%.msu", "Dave's fix.msu", "a & b; (c) [d].msu", "日本.msu")


def test_names_reach_the_node_as_they_are(opened: Open, share: HotfixShare) -> None:
    share.put(*(f"MIN01-N1/{name}" for name in NAMES))
    stage = opened(share.cluster(), rate=100)
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert sorted(name for _node, name in installed(stage.twin.events())) == sorted(NAMES)


def test_path_of_the_root_folder_may_hold_slashes_and_blanks(opened: Open, samba: Samba) -> None:
    share = HotfixShare(samba, "hot fixes of Köln")
    (share.folder / "the root").mkdir()
    share.put("the root/CAUHotfix_All/a.msu")
    (share.folder / "DefaultHotfixConfig.xml").rename(share.folder / "the root" / "My Config.xml")
    stage = opened(share.cluster())
    found = share.ask(
        stage, hotfix_root_folder_path="//FILES01/hot fixes of Köln/the root/", hotfix_config_file_name="my config.XML"
    )
    accepted(found)
    assert found.fields["hotfixes"][0]["update_path"] == r"\\FILES01\hot fixes of Köln\the root\CAUHotfix_All\a.msu"


def test_two_thousand_files_are_listed_in_order(opened: Open, share: HotfixShare) -> None:
    names = [f"kb{number:07}.msu" for number in range(2000)]
    share.put(*(f"CAUHotfix_All/{name}" for name in names))
    answer = share.ask(opened(share.cluster()))
    assert not answer.is_failed, answer.screen[:2000]
    assert [row["path"] for row in answer.fields["hotfixes"]] == [rf"CAUHotfix_All\{name}" for name in names]


def test_password_of_the_share_is_seen_nowhere(opened: Open, share: HotfixShare) -> None:
    share.put("MIN01-N1/a.msu")
    stage = opened(share.cluster(), rate=100)
    extra = {"ANSIBLE_LOG_PATH": "ansible.log", "ANSIBLE_DEBUG": "1"}
    run = stage.playbook(stage.write_playbook(role_play()), "-vvvv", *share.variables(), extra=extra, watched=True)
    assert run.exit_code == 0, run.screen[-4000:]
    assert share.ask(stage, "-vvvv", share_username=USER).is_failed
    assert stage.controller.argument_lists
    record = stage.record(secrets=(stage.password, *SECRETS))
    assert [str(violation) for violation in check(record)] == []
    assert count(record.events, "installer_started") == 1
