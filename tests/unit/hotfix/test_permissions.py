# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may write below a hotfix root folder, and whether Users may read."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix import rights
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.findings import Finding, Severity
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.folder import Hotfix
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.permissions import check_permissions
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.rules import ExitConditions, Rule
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.tree import Tree
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.records import Ace, AceType
from hypothesis import given
from hypothesis import strategies as st

from .fake_share import (
    ADMINISTRATORS,
    ALICE,
    AUTHENTICATED,
    BOB,
    CREATOR,
    EVERYONE,
    FULL,
    GOOD,
    MODIFY,
    READ,
    READ_EXECUTE,
    SYSTEM,
    TRUSTED_INSTALLER,
    USERS,
    Content,
    FakeShare,
    Link,
    allow,
    deny,
)

ROOT = r"\\fs\share\root"
MSI = Rule("msi", is_folder_rule=False, program=r"C:\m.exe", parameters="$update$", exits=ExitConditions(frozenset({0})))
ITSELF = Rule("fw", is_folder_rule=True, program="$update$", parameters="", exits=ExitConditions(frozenset({0})))
TREE: dict[str, Content] = {"c.xml": b"x", "NODE1": {"a.msi": b"x", "b.exe": b"x", "more": {"c.txt": b"x"}}}
A, B = r"NODE1\a.msi", r"NODE1\b.exe"


def hotfix(path: str, rule: Rule = MSI) -> Hotfix:
    return Hotfix(path, path.rpartition("\\")[2], rule, "NODE1", f"{ROOT}\\{path}", 1)


def check(content: dict[str, Content] | None = None, hotfixes: t.Sequence[Hotfix] = (), **share: t.Any) -> tuple[Finding, ...]:  # noqa: ANN401
    fake = FakeShare(TREE if content is None else content, **share)
    return check_permissions(fake, Tree(fake), ROOT, hotfixes)


def only(found: tuple[Finding, ...]) -> Finding:
    (finding,) = found
    return finding


# --- who may write -----------------------------------------------------------------------------------------------


def test_a_tree_as_it_must_be_has_no_findings() -> None:
    assert check(hotfixes=[hotfix(A), hotfix(B)]) == ()


@pytest.mark.parametrize("sid", [ADMINISTRATORS, SYSTEM, CREATOR, TRUSTED_INSTALLER])
def test_those_who_may_write_are_no_finding(sid: str) -> None:
    assert check(own={A: (allow(sid, FULL),)}) == ()


def test_an_entry_of_one_file_is_named_with_path_trustee_right_and_command() -> None:
    finding = only(check(own={A: (allow(BOB, MODIFY),)}))
    assert (finding.path, finding.trustee, finding.right, finding.count) == (rf"{ROOT}\NODE1\a.msi", "CONTOSO\\bob", "modify", 1)
    assert finding.severity is Severity.ERROR
    assert finding.commands == (rf'icacls "{ROOT}\NODE1\a.msi" /remove:g "CONTOSO\bob"',)
    assert finding.sentence() == (
        rf"{ROOT}\NODE1\a.msi: CONTOSO\bob may write (modify), which only Administrators, SYSTEM, CREATOR OWNER and TrustedInstaller may; "
        rf'run icacls "{ROOT}\NODE1\a.msi" /remove:g "CONTOSO\bob"'
    )


@pytest.mark.parametrize("path", ["", "c.xml", "NODE1", r"NODE1\more", r"NODE1\more\c.txt"])
def test_the_root_the_configuration_and_what_is_ignored_are_checked(path: str) -> None:
    own = (*GOOD, allow(BOB, MODIFY)) if not path else (allow(BOB, MODIFY),)
    assert only(check(own={path: own})).path == (f"{ROOT}\\{path}" if path else ROOT)


def test_a_trustee_without_a_name_is_given_by_its_sid() -> None:
    finding = only(check(own={A: (allow(ALICE, MODIFY),)}))
    assert finding.trustee == ALICE
    assert finding.commands[0].endswith(f'/remove:g "*{ALICE}"')


def test_users_keep_their_right_to_read_when_their_right_to_write_is_taken() -> None:
    finding = only(check(own={"NODE1": (allow(USERS, MODIFY),)}))
    assert finding.commands == (rf'icacls "{ROOT}\NODE1" /grant:r "*S-1-5-32-545:(OI)(CI)(RX)"',)


def test_an_inherited_entry_is_one_finding_where_it_comes_from() -> None:
    content: dict[str, Content] = {"NODE1": {f"{number}.msi": b"x" for number in range(2000)}}
    finding = only(check(content, own={"": (*GOOD, allow(BOB, MODIFY))}))
    assert (finding.path, finding.count) == (ROOT, 2002)
    assert "here and at 2001 files and folders below" in finding.fact
    assert finding.commands == (rf'icacls "{ROOT}" /remove:g "CONTOSO\bob"',)


def test_an_entry_that_is_only_passed_on_is_found_below_and_mended_above() -> None:
    finding = only(check(own={"NODE1": (allow(BOB, MODIFY, is_inherit_only=True),)}))
    assert (finding.path, finding.count) == (rf"{ROOT}\NODE1", 4)
    assert "(at 4 files and folders below)" in finding.fact


def test_an_inherit_only_entry_with_nothing_below_is_no_finding() -> None:
    assert check({"NODE1": {}}, own={"NODE1": (allow(BOB, MODIFY, is_inherit_only=True),)}) == ()


def test_an_entry_made_by_creator_owner_is_mended_there() -> None:
    made = Ace(AceType.ALLOW, BOB, FULL, is_inherited=True)
    own = (*GOOD, allow(CREATOR, FULL, is_inherit_only=True))
    finding = only(check(own={"": own}, dacls={A: (*GOOD, made)}))
    assert (finding.path, finding.trustee) == (ROOT, "CONTOSO\\bob")
    assert finding.commands == (rf'icacls "{ROOT}" /remove:g "*S-1-3-0"',)


def test_an_entry_from_above_the_root_folder_is_detached_there_first() -> None:
    finding = only(check({"NODE1": {}}, own={"": (*GOOD, Ace(AceType.ALLOW, BOB, MODIFY, is_inherited=True))}))
    assert "inherited from above the root folder" in finding.fact
    assert finding.commands == (rf'icacls "{ROOT}" /inheritance:d', rf'icacls "{ROOT}" /remove:g "CONTOSO\bob"')


def test_an_inherited_entry_that_no_folder_gives_is_mended_where_it_stands() -> None:
    finding = only(check(dacls={A: (*GOOD, Ace(AceType.ALLOW, BOB, MODIFY, is_inherited=True))}))
    assert finding.commands[0] == rf'icacls "{ROOT}\NODE1\a.msi" /inheritance:d'
    assert "above" not in finding.fact


def test_users_who_may_write_by_an_entry_from_above_keep_their_right_to_read() -> None:
    finding = only(check({}, own={"": (*GOOD, Ace(AceType.ALLOW, USERS, MODIFY, is_inherited=True))}))
    assert finding.commands[1] == rf'icacls "{ROOT}" /grant:r "*S-1-5-32-545:(OI)(CI)(RX)"'


@pytest.mark.parametrize("folder", ["NODE1", ""])
def test_files_that_were_moved_with_what_they_inherited_are_one_finding(folder: str) -> None:
    files: dict[str, Content] = {f"{number}.msi": b"x" for number in range(4)}
    paths = [f"{folder}\\{name}" if folder else name for name in files]
    stale = (*GOOD, Ace(AceType.ALLOW, BOB, MODIFY, is_inherited=True))
    finding = only(check({folder: files} if folder else files, dacls=dict.fromkeys(paths, stale)))
    path = f"{ROOT}\\{folder}" if folder else ROOT
    assert finding.commands == (rf'icacls "{path}\*" /inheritance:d', rf'icacls "{path}\*" /remove:g "CONTOSO\bob"')
    assert finding.fact.endswith(" (at 4 files and folders below)")


def test_files_that_users_may_write_by_entries_of_their_own_are_mended_from_their_folder() -> None:
    files: dict[str, Content] = {f"{number}.msi": b"x" for number in range(4)}
    finding = only(check({"NODE1": files}, own={f"NODE1\\{name}": (allow(USERS, MODIFY),) for name in files}))
    assert finding.commands == (rf'icacls "{ROOT}\NODE1" /grant:r "*S-1-5-32-545:(OI)(CI)(RX)" /t',)


def test_the_root_folder_is_not_merged_with_what_lies_beside_its_folders() -> None:
    content: dict[str, Content] = {f"{number}.txt": b"x" for number in range(3)}
    own = {"": (*GOOD, allow(BOB, MODIFY)), **{name: (allow(BOB, MODIFY),) for name in content}}
    assert len(check(content, own=own)) == 4


def test_one_thing_below_is_said_in_the_singular() -> None:
    finding = only(check({"NODE1": {}}, own={"": (*GOOD, allow(BOB, MODIFY))}))
    assert finding.fact.endswith(" (here and at 1 file or folder below)")


def test_two_things_of_another_owner_are_mended_with_the_tree() -> None:
    finding = only(check({"NODE1": {}}, owners={"": BOB, "NODE1": BOB}))
    assert finding.commands == (rf'icacls "{ROOT}" /setowner "*S-1-5-32-544" /t',)


def test_many_files_with_entries_of_their_own_are_one_finding() -> None:
    content: dict[str, Content] = {"NODE1": {f"{number}.msi": b"x" for number in range(2000)}}
    own = {rf"NODE1\{number}.msi": (allow(BOB, MODIFY),) for number in range(2000)}
    finding = only(check(content, own=own))
    assert (finding.path, finding.count) == (rf"{ROOT}\NODE1", 2000)
    assert finding.commands == (rf'icacls "{ROOT}\NODE1\*" /remove:g "CONTOSO\bob"',)


def test_three_files_with_entries_of_their_own_are_named_each() -> None:
    content: dict[str, Content] = {"NODE1": {f"{number}.msi": b"x" for number in range(3)}}
    assert len(check(content, own={rf"NODE1\{number}.msi": (allow(BOB, MODIFY),) for number in range(3)})) == 3


def test_a_refusal_to_somebody_else_does_not_take_back_a_grant() -> None:
    assert only(check(own={A: (deny(BOB, FULL), allow(BOB, MODIFY))})).trustee == "CONTOSO\\bob"


def test_no_list_at_all_lets_everybody_write() -> None:
    finding = only(check(dacls={A: None}))
    assert (finding.trustee, finding.right, finding.severity) == ("Everyone", "full control", Severity.ERROR)
    assert '/grant "*S-1-5-32-544:(F)" "*S-1-5-18:(F)" "*S-1-5-32-545:(RX)"' in finding.commands[0]


def test_an_entry_with_a_condition_is_warned_about() -> None:
    finding = only(check(own={A: (Ace(AceType.OTHER, BOB, MODIFY),)}))
    assert (finding.severity, finding.commands) == (Severity.WARNING, ())
    assert "condition" in finding.sentence()


# --- whether Users may read --------------------------------------------------------------------------------------


def test_a_tree_that_users_cannot_read_is_one_finding_at_its_top() -> None:
    finding = only(check(own={"": GOOD[:2]}))
    assert (finding.path, finding.right, finding.count) == (ROOT, "read", 7)
    assert finding.commands == (rf'icacls "{ROOT}" /grant "*S-1-5-32-545:(OI)(CI)(R)" /t',)


def test_a_file_that_users_cannot_read_is_granted_as_a_file() -> None:
    finding = only(check(protected=[A], own={A: GOOD[:2]}))
    assert finding.commands == (rf'icacls "{ROOT}\NODE1\a.msi" /grant "*S-1-5-32-545:(R)"',)


@pytest.mark.parametrize("sid", [USERS, EVERYONE, AUTHENTICATED])
def test_a_grant_to_a_group_that_holds_all_users_is_enough(sid: str) -> None:
    assert check(own={"": (*GOOD[:2], allow(sid, READ))}) == ()


def test_a_grant_to_somebody_else_is_not_enough() -> None:
    assert only(check({}, own={"": (*GOOD[:2], allow(BOB, READ))})).right == "read"


@pytest.mark.parametrize(
    ("used", "right"), [(hotfix(B), "read and execute"), (hotfix(A, ITSELF), "read and execute"), (hotfix(A), None), (None, None)]
)
def test_the_right_to_execute_is_needed_for_what_is_run(used: Hotfix | None, right: str | None) -> None:
    found = check(own={"": (*GOOD[:2], allow(USERS, READ))}, hotfixes=[used] if used else [])
    assert [finding.right for finding in found] == ([right] if right else [])


def test_many_programs_that_users_cannot_execute_are_one_finding() -> None:
    content: dict[str, Content] = {"NODE1": {f"{number}.exe": b"x" for number in range(9)}}
    used = [hotfix(rf"NODE1\{number}.exe") for number in range(9)]
    finding = only(check(content, own={"": (*GOOD[:2], allow(USERS, READ))}, hotfixes=used))
    assert finding.commands == (rf'icacls "{ROOT}\NODE1" /grant "*S-1-5-32-545:(OI)(CI)(RX)" /t',)


@pytest.mark.parametrize("sid", [USERS, EVERYONE, AUTHENTICATED, rights.NETWORK])
def test_a_refusal_before_the_grant_keeps_users_from_reading(sid: str) -> None:
    finding = only(check(own={A: (deny(sid, 0x1),)}))
    assert f"denies {finding.trustee} to read" in finding.fact
    assert finding.commands == (rf'icacls "{ROOT}\NODE1\a.msi" /remove:d "*{sid}"',)


def test_a_refusal_after_the_grant_changes_nothing() -> None:
    assert check(dacls={A: (*GOOD, deny(USERS, 0x1))}) == ()


@pytest.mark.parametrize("ace", [deny(BOB, FULL), deny(USERS, 0x2), Ace(AceType.DENY, USERS, FULL, is_inherit_only=True)])
def test_a_refusal_that_does_not_concern_reading_changes_nothing(ace: Ace) -> None:
    assert check(dacls={A: (ace, *GOOD)}) == ()


def test_an_inherited_refusal_is_one_finding_where_it_comes_from() -> None:
    finding = only(check(own={"NODE1": (deny(USERS, FULL),)}))
    assert (finding.path, finding.count) == (rf"{ROOT}\NODE1", 5)


def test_a_grant_that_is_only_passed_on_does_not_let_users_read_the_folder_itself() -> None:
    finding = only(check({}, own={"": (*GOOD[:2], allow(USERS, READ, is_inherit_only=True))}))
    assert finding.right == "read"


# --- owners, links, order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", [ADMINISTRATORS, SYSTEM, TRUSTED_INSTALLER, None])
def test_an_owner_who_may_write_is_no_finding(owner: str | None) -> None:
    assert check(owners={A: owner}) == ()


def test_another_owner_is_a_warning() -> None:
    finding = only(check(owners={A: BOB}))
    assert (finding.severity, finding.is_error) == (Severity.WARNING, False)
    assert finding.commands == (rf'icacls "{ROOT}\NODE1\a.msi" /setowner "*S-1-5-32-544"',)


def test_the_owner_of_a_whole_tree_is_one_warning() -> None:
    owners = dict.fromkeys(["NODE1", A, B, r"NODE1\more", r"NODE1\more\c.txt"], BOB)
    finding = only(check(owners=owners))
    assert (finding.path, finding.count, finding.commands[0].endswith(" /t")) == (rf"{ROOT}\NODE1", 5, True)


def test_a_link_is_neither_checked_nor_followed() -> None:
    share = FakeShare({"NODE1": Link(is_directory=True)})
    assert check_permissions(share, Tree(share), ROOT, []) == ()
    assert share.asked == ["security ", "list "]


def test_errors_come_before_warnings() -> None:
    found = check(owners={"": BOB}, own={A: (allow(ALICE, FULL),)})
    assert [finding.severity for finding in found] == [Severity.ERROR, Severity.WARNING]


# --- masks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (FULL, "full control"),
        (0x10000000, "full control"),
        (MODIFY, "modify"),
        (MODIFY | 0x40000, "modify, change permissions"),
        (0x40000000, "write"),
        (0x2, "write data or create files"),
        (0x40 | 0x10000, "delete what is in it, delete"),
        (0x80000, "take ownership"),
    ],
)
def test_a_right_has_words(mask: int, words: str) -> None:
    assert rights.write_words(mask) == words


@given(st.integers(0, 0xFFFFFFFF))
def test_a_mask_has_words_exactly_when_it_gives_a_right_to_write(mask: int) -> None:
    assert bool(rights.write_words(mask)) == rights.is_writing(allow(BOB, mask))


@pytest.mark.parametrize("mask", [READ, READ_EXECUTE, 0x80000000, 0x20000000, 0xA0000000])
def test_rights_to_read_give_none_to_write(mask: int) -> None:
    assert not rights.is_writing(allow(BOB, mask))


aces = st.builds(
    Ace, st.sampled_from(list(AceType)), st.sampled_from([USERS, EVERYONE, AUTHENTICATED, BOB]), st.integers(0, 0xFFFFFFFF), st.booleans()
)


@given(st.lists(aces, max_size=6), st.sampled_from([READ, READ_EXECUTE]))
def test_reading_is_decided_bit_by_bit_as_windows_does(dacl: list[Ace], wanted: int) -> None:
    missing, denier = rights.reading_gap(dacl, wanted)
    may_read = True
    for bit in (1 << place for place in range(32) if wanted & 1 << place):
        first = next(
            (
                ace
                for ace in dacl
                if ace.sid != BOB and not ace.is_inherit_only and ace.type is not AceType.OTHER and rights.expanded(ace.mask) & bit
            ),
            None,
        )
        may_read = may_read and first is not None and first.type is AceType.ALLOW
    assert (not missing) == may_read
    assert denier is None or missing
