# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layout of a hotfix root folder."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.config import HotfixConfig
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.errors import HotfixFolderError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.folder import Layout, netbios_name, read_layout
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.rules import ExitConditions, Rule
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.tree import Tree, file_key
from hypothesis import given
from hypothesis import strategies as st

from .fake_share import Content, FakeShare, Link

EXITS = ExitConditions(frozenset({0}))
MSU = Rule("MSU", is_folder_rule=False, program=r"C:\w.exe", parameters="$update$", exits=EXITS)
FIRMWARE = Rule("FolderRule1", is_folder_rule=True, program="$update$", parameters="", exits=EXITS)
CONFIG = HotfixConfig({"msu": MSU}, {"folderrule1": FIRMWARE, "drivers": FIRMWARE})
ROOT = r"\\fs\share\root"


def layout(content: dict[str, Content], nodes: t.Sequence[str] = ("NODE1", "node2.contoso.com")) -> Layout:
    return read_layout(Tree(FakeShare({"c.xml": b"<r/>", **content})), CONFIG, nodes, ROOT, "C.XML")


def paths(found: Layout, node: str = "NODE1") -> list[str]:
    return [hotfix.path for hotfix in found.plans[node].hotfixes]


def reasons(found: Layout, node: str = "NODE1") -> dict[str, str]:
    return {ignored.path: ignored.reason for ignored in found.plans[node].ignored}


# --- the three examples of the documentation ---------------------------------------------------------------------


def test_a_hotfix_for_all_nodes_is_applied_to_each() -> None:
    found = layout({"CAUHotfix_All": {"a.msu": b"x"}})
    assert paths(found) == paths(found, "node2.contoso.com") == [r"CAUHotfix_All\a.msu"]


def test_a_hotfix_for_one_node_is_applied_to_that_one() -> None:
    found = layout({"Node2": {"a.MSU": b"x"}})
    assert (paths(found), paths(found, "node2.contoso.com")) == ([], [r"Node2\a.MSU"])


def test_firmware_in_a_rule_folder_of_one_node_is_applied_by_that_rule() -> None:
    (hotfix,) = layout({"NODE1": {"FOLDERRULE1": {"fw.exe": b"xyz"}}}).plans["NODE1"].hotfixes
    assert hotfix.rule is FIRMWARE
    assert (hotfix.name, hotfix.folder, hotfix.size) == ("fw.exe", "NODE1", 3)
    assert hotfix.update_path == r"\\fs\share\root\NODE1\FOLDERRULE1\fw.exe"


# --- order and names ---------------------------------------------------------------------------------------------


def test_the_order_is_all_nodes_then_the_node_and_files_then_rule_folders_by_name() -> None:
    found = layout(
        {
            "NODE1": {"FolderRule1": {"1.exe": b"x"}, "9.msu": b"x"},
            "cauhotfix_ALL": {
                "FolderRule1": {"Z.exe": b"x", "a.exe": b"x"},
                "Drivers": {"z.cmd": b"x"},
                "b.msu": b"x",
                "A.msu": b"x",
                "_.msu": b"x",
                "10.msu": b"x",
                "9.msu": b"x",
            },
        }
    )
    assert [path.partition("\\")[2] for path in paths(found)] == [
        "10.msu",
        "9.msu",
        "_.msu",
        "A.msu",
        "b.msu",
        r"Drivers\z.cmd",
        r"FolderRule1\a.exe",
        r"FolderRule1\Z.exe",
        "9.msu",
        r"FolderRule1\1.exe",
    ]


@pytest.mark.parametrize(
    ("node", "name"),
    [("node1", "NODE1"), ("node1.contoso.com", "NODE1"), ("hv-production-node-01.contoso.com", "HV-PRODUCTION-N")],
)
def test_a_node_has_its_netbios_name(node: str, name: str) -> None:
    assert netbios_name(node) == name
    assert paths(layout({name.lower(): {"a.msu": b"x"}}, [node]), node) == [f"{name.lower()}\\a.msu"]


def test_two_nodes_with_one_netbios_name_are_refused() -> None:
    with pytest.raises(HotfixFolderError, match="HV-PRODUCTION-N"):
        layout({}, ["hv-production-node-01", "hv-production-node-02"])


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ({"CAUHotfix_All": {}, "CAUHOTFIX_ALL": {}}, ("CAUHotfix_All", "CAUHOTFIX_ALL")),
        ({"NODE1": {}, "node1": {}}, ("NODE1", "node1")),
        ({"NODE1": {"FolderRule1": {}, "folderrule1": {}}}, (r"NODE1\FolderRule1", r"NODE1\folderrule1")),
        ({"NODE1": {"a.msu": b"x", "A.msu": b"x"}}, (r"NODE1\a.msu", r"NODE1\A.msu")),
        ({"NODE1": {"FolderRule1": {"ä": b"x", "Ä": b"x"}}}, (r"NODE1\FolderRule1\ä", r"NODE1\FolderRule1\Ä")),
    ],
)
def test_names_that_differ_only_in_case_are_refused_by_name(content: dict[str, Content], names: tuple[str, str]) -> None:
    with pytest.raises(HotfixFolderError) as raised:
        layout(content)
    assert all(name in raised.value.message for name in names)


def test_names_that_only_unicode_folding_makes_equal_are_two_files() -> None:
    assert len(paths(layout({"NODE1": {"Maß.msu": b"x", "Mass.msu": b"x"}}))) == 2


# --- ignored -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "path", "words"),
    [
        ({"readme.txt": b""}, "readme.txt", "belong into CAUHotfix_All"),
        ({"stray.msu": b"x"}, "stray.msu", "belong into CAUHotfix_All"),
        ({"NODE9": {"a.msu": b"x"}}, "NODE9", "no node of the cluster"),
        ({"FolderRule1": {"a.exe": b"x"}}, "FolderRule1", "rule folder belongs into"),
        ({"node2.contoso.com": {}}, "node2.contoso.com", "has to be named NODE2"),
        ({"NODE1": {"a.txt": b"x"}}, r"NODE1\a.txt", "no extension rule in C.XML is for .txt"),
        ({"NODE1": {"README": b"x"}}, r"NODE1\README", "its name has no extension"),
        ({"NODE1": {"more": {"a.msu": b"x"}}}, r"NODE1\more", "no folder rule in C.XML"),
        ({"NODE1": {"FolderRule1": {"deep": {"a.exe": b"x"}}}}, r"NODE1\FolderRule1\deep", "not looked into"),
        ({"NODE1": {"FolderRule1": {"Thumbs.db": b"x"}}}, r"NODE1\FolderRule1\Thumbs.db", "leave such files behind"),
        ({"NODE1": {"FolderRule1": {"DESKTOP.INI": b"x"}}}, r"NODE1\FolderRule1\DESKTOP.INI", "leave such files behind"),
        ({"NODE1": {"~$a.msu": b"x"}}, r"NODE1\~$a.msu", "leave such files behind"),
        ({"NODE1": {"a.msu": Link()}}, r"NODE1\a.msu", "link"),
        ({"NODE1": {"FolderRule1": Link(is_directory=True)}}, r"NODE1\FolderRule1", "link"),
        ({"NODE1": {"FolderRule1": {"a.exe": Link()}}}, r"NODE1\FolderRule1\a.exe", "link"),
        ({"NODE1": Link(is_directory=True)}, "NODE1", "link"),
    ],
)
def test_what_is_ignored_is_named_with_its_reason(content: dict[str, Content], path: str, words: str) -> None:
    found = layout(content)
    assert paths(found) == []
    assert words in reasons(found)[path]
    assert found.plans["NODE1"].ignored[0].sentence().startswith(f"{path} is ignored: ")


def test_the_configuration_file_and_the_folders_of_other_nodes_are_not_among_the_ignored() -> None:
    assert reasons(layout({"NODE2": {"a.txt": b"x"}})) == {}


def test_a_folder_that_is_ignored_is_not_listed() -> None:
    share = FakeShare({"NODE9": {}, "NODE1": {"more": {}}})
    read_layout(Tree(share), CONFIG, ["NODE1"], ROOT, "c.xml")
    assert share.asked == ["list ", "list NODE1"]


# --- problems and warnings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a.msu": b""}, r"\\fs\share\root\NODE1\a.msu is empty"),
        ({'a".msu': b"x"}, "cannot open"),
        ({"a:b.msu": b"x"}, "cannot open"),
        ({"FolderRule1": {"a.exe ": b"x"}}, "cannot open"),
        ({"a" * 236 + ".msu": b"x"}, "is 262 characters long"),
        ({"😀" * 117 + ".msu": b"x"}, "is 260 characters long"),
    ],
)
def test_a_hotfix_that_cannot_be_installed_is_a_problem(content: dict[str, Content], words: str) -> None:
    (problem,) = layout({"NODE1": content}).problems
    assert words in problem


def test_a_path_of_just_the_allowed_length_is_none() -> None:
    found = layout({"NODE1": {"a" * 233 + ".msu": b"x"}})
    assert len(found.hotfixes[0].update_path) == 259
    assert found.problems == ()


def test_spaces_umlauts_dollars_percents_and_single_quotes_are_fine() -> None:
    found = layout({"NODE1": {"Größe 100% $a$ it's (1).msu": b"x"}})
    assert (len(paths(found)), found.problems, found.warnings) == (1, (), ())


def test_a_hotfix_of_all_nodes_with_a_problem_is_named_once() -> None:
    assert len(layout({"CAUHotfix_All": {"a.msu": b""}}).problems) == 1


def test_an_empty_file_that_is_ignored_is_no_problem() -> None:
    assert layout({"NODE1": {"a.txt": b""}}).problems == ()


@pytest.mark.parametrize(
    ("content", "words"), [({}, "there is no CAUHotfix_All and no folder of a node"), ({"NODE1": {"a.txt": b"x"}}, "hold no hotfix")]
)
def test_a_root_folder_without_hotfixes_is_warned_about(content: dict[str, Content], words: str) -> None:
    (warning,) = layout(content).warnings
    assert words in warning


def test_a_variable_in_the_path_of_a_program_is_warned_about() -> None:
    (warning,) = layout({"NODE1": {"FolderRule1": {"%temp%.exe": b"x"}}}).warnings
    assert "%temp%" in warning


def test_a_root_folder_with_too_many_entries_is_refused() -> None:
    tree = Tree(FakeShare({"NODE1": {f"{number}.msu": b"x" for number in range(10)}}), limit=10)
    with pytest.raises(HotfixFolderError, match="more than 10 files"):
        read_layout(tree, CONFIG, ["NODE1"], ROOT, "c.xml")


# --- properties --------------------------------------------------------------------------------------------------

names = st.one_of(
    st.sampled_from(["CAUHotfix_All", "node1", "NODE2", "FolderRule1", "drivers", "a.msu", "b.MSU", "c.txt", "Thumbs.db"]),
    st.text(st.characters(exclude_characters="\\", exclude_categories=["Cs"]), min_size=1, max_size=6),
)
contents: st.SearchStrategy[t.Any] = st.recursive(
    st.one_of(st.binary(max_size=2), st.builds(Link, st.booleans())),
    lambda inner: st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(names, contents, max_size=5))
def test_every_entry_that_is_looked_at_is_either_applied_or_ignored(content: dict[str, Content]) -> None:
    share = FakeShare(content)
    tree = Tree(share)
    try:
        found = read_layout(tree, CONFIG, ["NODE1", "NODE2"], ROOT, "c.xml")
    except HotfixFolderError:
        return
    listed = [entry for asked in share.asked for entry in tree.children(asked.removeprefix("list "))]
    folders = {asked.removeprefix("list ") for asked in share.asked}
    named = {path for node in found.plans for path in (*paths(found, node), *reasons(found, node))}
    assert {entry.path for entry in listed} - folders - {"c.xml"} == named
    assert all(len(set(paths(found, node))) == len(paths(found, node)) for node in found.plans)


@given(st.text(max_size=8))
def test_a_name_has_one_key_however_it_is_written_and_keeps_its_length(name: str) -> None:
    assert file_key(file_key(name)) == file_key(name)
    assert len(file_key(name)) == len(name)
