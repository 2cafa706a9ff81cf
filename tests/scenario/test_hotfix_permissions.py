# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Permissions of a hotfix root folder that are not those it must have (cau.md 6.3), read from a real server."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest

from tests.harness import nt_acl
from tests.harness.nt_acl import Ace
from tests.harness.samba import LOCKED_FILE, LOCKED_FOLDER, USER

from .hotfixes import CONFIG, FOLDER_RULE, HotfixShare, Open, installed, is_untouched, sample_config

Finding = dict[str, t.Any]

EVERYONE_CHANGES = Ace(nt_acl.ALLOW, nt_acl.EVERYONE, nt_acl.MODIFY)
READER = "S-1-22-1-70002"
"""The user of the server whose name only the server knows."""
STRANGER = "S-1-5-21-1111111111-2222222222-3333333333-1234"


@pytest.fixture
def checked(opened: Open, share: HotfixShare) -> Callable[..., list[Finding]]:
    """Return a function that gives the findings on the folder, which are an error or not."""

    def check(*, is_error: bool = True) -> list[Finding]:
        stage = opened(share.cluster())
        answer = share.ask(stage)
        assert answer.is_failed is is_error, answer.screen
        assert is_untouched(stage.twin.events())
        findings: list[Finding] = answer.fields["findings"]
        for found in findings:
            told = answer.message if is_error else " ".join(answer.fields["notes"])
            # Whoever reads the message alone has all of it.
            assert all(command in told for command in (found["fact"], *found["commands"])), answer.screen
        return findings

    return check


Checked = Callable[..., list[Finding]]


def unreadable(*sids: str) -> list[Ace]:
    return [ace for ace in LOCKED_FILE if ace.sid not in {nt_acl.USERS, *sids}]


def test_folder_as_it_must_be_has_no_finding(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "MIN01-N1/FolderRule1/fw.exe", config=sample_config(FOLDER_RULE))
    assert checked(is_error=False) == []


@pytest.mark.parametrize(
    ("where", "base", "flags"), [("", LOCKED_FOLDER, "(OI)(CI)"), (CONFIG, LOCKED_FILE, ""), (r"CAUHotfix_All\a.msu", LOCKED_FILE, "")]
)
def test_somebody_who_may_write_is_found_at_every_level(
    where: str, base: tuple[Ace, ...], flags: str, checked: Checked, share: HotfixShare
) -> None:
    share.put("CAUHotfix_All/a.msu")
    share.samba.set_acl(share.name, where.replace("\\", "/"), aces=[*base, EVERYONE_CHANGES])
    (found,) = checked()
    path = rf"{share.path}\{where}".rstrip("\\")
    assert (found["path"], found["trustee"], found["right"], found["severity"]) == (path, "Everyone", "modify", "error")
    assert found["commands"] == [f'icacls "{path}" /grant:r "*S-1-1-0:{flags}(RX)"']


def test_file_that_is_ignored_is_checked_too(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "notes/readme.txt")
    share.samba.set_acl(share.name, "notes/readme.txt", aces=[*LOCKED_FILE, EVERYONE_CHANGES])
    assert [found["path"] for found in checked()] == [rf"{share.path}\notes\readme.txt"]


def test_account_of_the_server_is_named_and_its_entry_is_taken_away(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    share.samba.set_acl(share.name, "CAUHotfix_All/a.msu", aces=[*LOCKED_FILE, Ace(nt_acl.ALLOW, READER, 0x2)])
    (found,) = checked()
    assert (found["trustee"], found["right"]) == (rf"Unix User\{USER}", "write data or create files")
    assert found["commands"] == [rf'icacls "{share.path}\CAUHotfix_All\a.msu" /remove:g "*{READER}"']


def test_account_that_nobody_knows_is_named_by_its_sid(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    share.samba.set_acl(share.name, "CAUHotfix_All/a.msu", aces=[*LOCKED_FILE, Ace(nt_acl.ALLOW, STRANGER, nt_acl.FULL)])
    (found,) = checked()
    assert (found["trustee"], found["right"]) == (STRANGER, "full control")
    assert found["commands"] == [rf'icacls "{share.path}\CAUHotfix_All\a.msu" /remove:g "*{STRANGER}"']


def test_file_that_users_may_not_read_is_found(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    share.samba.set_acl(share.name, "CAUHotfix_All/a.msu", aces=unreadable())
    (found,) = checked()
    path = rf"{share.path}\CAUHotfix_All\a.msu"
    assert (found["path"], found["trustee"], found["right"]) == (path, r"BUILTIN\Users", "read")
    assert found["commands"] == [f'icacls "{path}" /grant "*S-1-5-32-545:(R)"']


def test_entry_that_denies_what_nobody_needs_is_no_finding(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    denial = Ace(nt_acl.DENY, nt_acl.AUTHENTICATED_USERS, 0x20)
    readers = Ace(nt_acl.DENY, STRANGER, nt_acl.READ)
    share.samba.set_acl(share.name, "CAUHotfix_All/a.msu", aces=[denial, readers, *LOCKED_FILE])
    # Nothing of it is executed, so that the denial concerns nobody.
    assert checked(is_error=False) == []


def test_entry_that_keeps_users_from_reading_is_found(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    denial = Ace(nt_acl.DENY, nt_acl.USERS, nt_acl.READ)
    # The controller reads as an administrator who is one of Users too, so its right stands first.
    share.samba.set_acl(share.name, "CAUHotfix_All/a.msu", aces=[LOCKED_FILE[0], denial, *LOCKED_FILE[1:]])
    (found,) = checked()
    path = rf"{share.path}\CAUHotfix_All\a.msu"
    assert (found["trustee"], found["right"]) == (r"BUILTIN\Users", "read")
    assert found["commands"] == [f'icacls "{path}" /remove:d "*S-1-5-32-545"']


def test_program_that_users_may_read_and_not_execute_is_found(checked: Checked, share: HotfixShare) -> None:
    share.put("MIN01-N1/FolderRule1/fw.exe", "MIN01-N1/a.msu", config=sample_config(FOLDER_RULE))
    for name in ("FolderRule1/fw.exe", "a.msu"):
        share.samba.set_acl(share.name, f"MIN01-N1/{name}", aces=[*unreadable(), Ace(nt_acl.ALLOW, nt_acl.USERS, nt_acl.READ)])
    (found,) = checked()
    path = rf"{share.path}\MIN01-N1\FolderRule1\fw.exe"
    assert (found["path"], found["trustee"], found["right"]) == (path, r"BUILTIN\Users", "read and execute")
    assert found["commands"] == [f'icacls "{path}" /grant "*S-1-5-32-545:(RX)"']


def test_owner_outside_the_list_is_only_warned_of(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    share.samba.set_acl(share.name, "CAUHotfix_All/a.msu", READER, LOCKED_FILE)
    share.samba.set_acl(share.name, CONFIG, nt_acl.TRUSTED_INSTALLER, LOCKED_FILE)
    (found,) = checked(is_error=False)
    assert (found["trustee"], found["severity"]) == (rf"Unix User\{USER}", "warning")
    assert found["commands"] == [rf'icacls "{share.path}\CAUHotfix_All\a.msu" /setowner "*S-1-5-32-544"']


def test_writers_of_the_list_may_write(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    allowed = (nt_acl.ADMINISTRATORS, nt_acl.SYSTEM, nt_acl.CREATOR_OWNER, nt_acl.TRUSTED_INSTALLER)
    readers = Ace(nt_acl.ALLOW, nt_acl.EVERYONE, nt_acl.READ_EXECUTE)
    aces = [*(Ace(nt_acl.ALLOW, sid, nt_acl.FULL) for sid in allowed), readers]
    share.samba.set_acl(share.name, "CAUHotfix_All/a.msu", aces=aces)
    assert checked(is_error=False) == []


def test_every_cause_is_named_at_once(checked: Checked, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "MIN01-N2/b.msu")
    share.samba.set_acl(share.name, CONFIG, aces=[*LOCKED_FILE, EVERYONE_CHANGES])
    share.samba.set_acl(share.name, "MIN01-N2/b.msu", aces=unreadable())
    assert {found["path"] for found in checked()} == {rf"{share.path}\{CONFIG}", rf"{share.path}\MIN01-N2\b.msu"}


def test_open_folder_ends_the_run_before_the_first_drain_unless_the_checks_are_disabled(opened: Open, share: HotfixShare) -> None:
    share.put("MIN01-N2/a.msu")
    share.samba.set_acl(share.name, "MIN01-N2", aces=[*LOCKED_FOLDER, EVERYONE_CHANGES])
    stage = opened(share.cluster(), rate=100)
    run = share.play(stage)
    assert run.exit_code == 2, run.screen
    assert f"the permissions of {share.path} are not those that a hotfix root folder must have" in run.screen
    assert rf"{share.path}\MIN01-N2: Everyone may write (modify)" in run.screen
    assert "Run these commands on Windows as an administrator of the file server, or disable the ACL checks" in run.screen
    assert is_untouched(stage.twin.events())
    run = share.play(stage, disable_acl_checks=True)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert installed(stage.twin.events()) == [("MIN01-N2", "a.msu")]


def test_permissions_that_change_under_way_stop_the_node_before_its_installer(opened: Open, share: HotfixShare) -> None:
    share.put("MIN01-N1/a.msu", "MIN01-N1/b.msu")
    stage = opened(share.cluster())
    hold = stage.twin.control.send("hold", operation="Invoke MSFT_CAUNode.RunUpdateInstaller", node="MIN01-N1")["hold"]
    running = share.begin(stage)
    assert stage.twin.control.send("wait", hold=hold)["reached"], running.screen()
    share.samba.set_acl(share.name, "MIN01-N1/b.msu", aces=[*LOCKED_FILE, EVERYONE_CHANGES])
    stage.twin.control.send("release", hold=hold)
    run = running.finish(120)
    assert run.exit_code == 2, run.screen
    assert rf"the permissions of {share.path}\MIN01-N1\b.msu have changed since the folder was checked" in run.screen
    assert stage.verdict() == []
    assert installed(stage.twin.events()) == [("MIN01-N1", "a.msu")]
