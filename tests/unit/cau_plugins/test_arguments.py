# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plug-in arguments as CAU writes them."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import PluginError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.plugins.arguments import (
    folded_quotes,
    given_arguments,
    parse_arguments,
)
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,15}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters='"', exclude_categories=["Cs", "Cc"]), max_size=40)
TABLES = st.lists(st.tuples(NAMES, VALUES), max_size=5, unique_by=lambda pair: pair[0].casefold())


def test_text_of_pairs_is_read() -> None:
    text = 'QueryString="IsInstalled=0 and Type=\'Software\'";IncludeRecommendedUpdates=True'
    assert parse_arguments(text) == {"QueryString": "IsInstalled=0 and Type='Software'", "IncludeRecommendedUpdates": "True"}


def test_semicolon_inside_quotes_does_not_split() -> None:
    assert parse_arguments('A="1;2"; B = 3 ;') == {"A": "1;2", "B": "3"}


@pytest.mark.parametrize("text", ["A", "=1", "A=1;B", 'A="1', 'A="1"2"', 'A=1"2"', "A=1;a=2", 'A="1""2"'])
def test_text_that_is_not_of_pairs_is_refused(text: str) -> None:
    with pytest.raises(PluginError):
        parse_arguments(text)


@given(TABLES)
def test_written_table_is_read_back(table: list[tuple[str, str]]) -> None:
    text = ";".join(f'{name}="{value}"' for name, value in table)
    assert parse_arguments(text) == dict(table)


@given(TABLES)
def test_plain_values_are_read_back_without_blanks_around_them(table: list[tuple[str, str]]) -> None:
    plain = [(name, value.replace(";", " ").strip()) for name, value in table]
    assert parse_arguments("; ".join(f"{name} = {value}" for name, value in plain)) == dict(plain)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(PluginError):
        assert all(name and '"' not in value for name, value in parse_arguments(text).items())


def test_table_is_taken_as_it_is() -> None:
    assert given_arguments("any", {"A": True}) == {"A": True}
    assert given_arguments("any", None) == {}


@pytest.mark.parametrize("arguments", [["A=1"], 5, {"A": 1, "a": 2}])
def test_anything_else_is_refused(arguments: object) -> None:
    with pytest.raises(PluginError):
        given_arguments("any", arguments)


GUID = "11111111-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("query", "folded"),
    [
        (f"UpdateID=''{GUID}''", f"UpdateID='{GUID}'"),
        (f"Type=''Software'' and UpdateID=''{GUID}''", f"Type='Software' and UpdateID='{GUID}'"),
        ("Type='Software'", "Type='Software'"),
        ("Type=''Software'", "Type=''Software'"),
        ("no query", "no query"),
    ],
)
def test_doubled_quotes_become_single_ones_where_that_makes_the_query_right(query: str, folded: str) -> None:
    assert folded_quotes(query) == folded


TERMS = st.sampled_from(["IsInstalled=0", "Type='Driver'", "IsHidden=0", f"UpdateID='{GUID}'", "BrowseOnly=1"])


@given(st.lists(TERMS, min_size=1, max_size=4).map(" and ".join))
def test_folding_undoes_doubling_and_leaves_single_ones(query: str) -> None:
    assert folded_quotes(query.replace("'", "''")) == query
    assert folded_quotes(query) == query
