# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole root folder, read and checked before anything is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.config import CONFIG_LIMIT
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.errors import (
    HotfixConfigError,
    HotfixError,
    HotfixFolderError,
    HotfixPermissionError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.root import HotfixRoot, RootOptions, read_root
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError, Outcome

from .fake_share import BOB, GOOD, MODIFY, Content, FakeShare, Link, allow

SAMPLE = (Path(__file__).parents[3] / "files" / "hotfix" / "DefaultHotfixConfig.xml").read_bytes()
ROOT = r"\\fs\share\root"
NODES = ("node1", "node2")
TREE: dict[str, Content] = {"defaulthotfixconfig.XML": SAMPLE, "CAUHotfix_All": {"a.msu": b"x"}, "NODE2": {"b.msi": b"x"}, "note.txt": b""}


def read(share: FakeShare, options: RootOptions | None = None, root: str = ROOT) -> HotfixRoot:
    return read_root(share, root, options or RootOptions(), NODES)


def refusal(share: FakeShare, options: RootOptions | None = None) -> HotfixError:
    with pytest.raises(HotfixError) as raised:
        read(share, options)
    assert raised.value.outcome is Outcome.NOT_DONE
    return raised.value


def test_a_good_root_folder_gives_the_plan_of_each_node() -> None:
    found = read(FakeShare(TREE))
    assert {node: [hotfix.name for hotfix in plan.hotfixes] for node, plan in found.plans.items()} == {
        "node1": ["a.msu"],
        "node2": ["a.msu", "b.msi"],
    }
    assert (found.warnings, found.findings) == ((), ())


def test_a_backslash_at_the_end_of_the_root_is_not_doubled() -> None:
    found = read(FakeShare(TREE), root=ROOT + "\\")
    assert found.plans["node1"].hotfixes[0].update_path == rf"{ROOT}\CAUHotfix_All\a.msu"


def test_everything_is_read_in_order_and_each_file_once() -> None:
    share = FakeShare(TREE)
    read(share)
    before = share.asked[: share.asked.index("security ")]
    assert before == [
        "list ",
        "read defaulthotfixconfig.XML",
        "list CAUHotfix_All",
        "list NODE2",
        r"open CAUHotfix_All\a.msu",
        r"open NODE2\b.msi",
    ]
    assert len(share.asked) == len(set(share.asked))


def test_a_dfs_path_needs_the_checks_disabled() -> None:
    error = refusal(FakeShare(TREE, is_dfs=True))
    assert isinstance(error, HotfixFolderError)
    assert "DFS" in error.message
    assert "disable_acl_checks" in (error.remedy or "")


def test_a_dfs_path_is_read_with_the_checks_disabled() -> None:
    share = FakeShare(TREE, is_dfs=True)
    assert len(read(share, RootOptions(disable_acl_checks=True)).plans) == 2
    assert not [asked for asked in share.asked if asked.startswith("security")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (RootOptions(), r"DefaultHotfixConfig.xml: there is no such file in \\fs\share\root"),
        (RootOptions(config_file_name="My.xml"), "(the default is DefaultHotfixConfig.xml)"),
    ],
)
def test_a_missing_configuration_file_is_named(options: RootOptions, words: str) -> None:
    error = refusal(FakeShare({"CAUHotfix_All": {}}), options)
    assert isinstance(error, HotfixConfigError)
    assert words in error.message


def test_the_default_is_not_offered_in_place_of_itself() -> None:
    assert "the default is" not in refusal(FakeShare({})).message


def test_a_configuration_file_of_just_the_allowed_length_is_read() -> None:
    found = read(FakeShare({"DefaultHotfixConfig.xml": SAMPLE + b" " * (CONFIG_LIMIT - len(SAMPLE))}))
    assert len(found.config.extension_rules) == 3


@pytest.mark.parametrize("name", ["", r"sub\c.xml", "sub/c.xml"])
def test_a_configuration_file_name_is_no_path(name: str) -> None:
    assert "no plain file name" in refusal(FakeShare(TREE), RootOptions(config_file_name=name)).message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"DefaultHotfixConfig.xml": Link()}, "link"),
        ({"DefaultHotfixConfig.xml": b" " * (CONFIG_LIMIT + 1)}, "longer than"),
        ({"DefaultHotfixConfig.xml": b"<r/>"}, "no rule"),
        ({"DefaultHotfixConfig.xml": {}}, "no such file"),
        ({"DefaultHotfixConfig.xml": SAMPLE, "DEFAULThotfixconfig.xml": SAMPLE}, "differ only in"),
    ],
)
def test_a_configuration_file_that_cannot_be_used_is_refused(content: dict[str, Content], words: str) -> None:
    assert words in refusal(FakeShare(content)).message


def test_a_file_that_is_too_long_is_not_read() -> None:
    share = FakeShare({"DefaultHotfixConfig.xml": b" " * (CONFIG_LIMIT + 1)})
    refusal(share)
    assert share.asked == ["list "]


def test_a_hotfix_that_cannot_be_installed_stops_the_run() -> None:
    error = refusal(FakeShare({**TREE, "NODE1": {"half.msu": b""}}))
    assert isinstance(error, HotfixFolderError)
    assert error.problems == (rf"{ROOT}\NODE1\half.msu is empty; copy it again, or take it out",)
    assert error.problems[0] in error.message


def test_a_hotfix_that_cannot_be_read_stops_the_run() -> None:
    with pytest.raises(OperationError, match=r"b\.msi cannot be read"):
        read(FakeShare(TREE, unreadable=[r"NODE2\b.msi"]))


def test_wrong_permissions_stop_the_run_with_every_finding() -> None:
    error = refusal(FakeShare(TREE, own={"": (*GOOD, allow(BOB, MODIFY))}, owners={"NODE2": BOB}))
    assert isinstance(error, HotfixPermissionError)
    assert [finding.is_error for finding in error.findings] == [True, False]
    assert 'icacls "\\\\fs\\share\\root" /remove:g "CONTOSO\\bob"' in error.message
    assert "owner" not in error.message


def test_wrong_permissions_are_not_looked_at_with_the_checks_disabled() -> None:
    found = read(FakeShare(TREE, own={"": (allow(BOB, MODIFY),)}), RootOptions(disable_acl_checks=True))
    assert found.findings == ()


def test_another_owner_is_among_the_warnings() -> None:
    found = read(FakeShare(TREE, owners={"NODE2": BOB}))
    assert found.warnings == (found.findings[0].sentence(),)


def test_a_long_list_of_problems_is_cut_in_the_message_alone() -> None:
    error = refusal(FakeShare({**TREE, "NODE1": {f"{number}.msu": b"" for number in range(50)}}))
    assert isinstance(error, HotfixFolderError)
    assert len(error.problems) == 50
    assert error.message.count("is empty") == 8
    assert error.message.endswith("and 42 more like these")


def test_a_root_folder_without_hotfixes_is_warned_about() -> None:
    (warning,) = read(FakeShare({"DefaultHotfixConfig.xml": SAMPLE})).warnings
    assert "nothing would be applied" in warning
