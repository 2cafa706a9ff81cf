# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The grammar of search queries."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import QueryError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.query import DEFAULT_QUERY, batch_query, validate
from hypothesis import given
from hypothesis import strategies as st

GUID = "51ec9a1e-3ea1-4f4a-bd8e-6f2d2a1d7a11"

criteria = st.one_of(
    st.sampled_from(["IsInstalled", "ishidden", "ISASSIGNED", "BrowseOnly", "IsPresent", "RebootRequired", "AutoSelectOnWebSites"]).flatmap(
        lambda name: st.sampled_from([f"{name}=0", f"{name} = 1"])
    ),
    st.sampled_from(
        ["Type='Driver'", "type != 'software'", "DeploymentAction='Uninstallation'", f"UpdateID='{GUID}'", f"CategoryIDs contains '{GUID}'"]
    ),
)
terms = st.lists(criteria, min_size=1, max_size=4).flatmap(
    lambda found: st.sampled_from([" and ", " AND "]).map(lambda sign: sign.join(found))
)
groups = terms.flatmap(lambda term: st.sampled_from([term, f"({term})", f"( {term} )"]))
queries = st.lists(groups, min_size=1, max_size=3).map(" or ".join)


@given(queries)
def test_every_query_of_the_grammar_is_accepted(text: str) -> None:
    assert all("cannot be installed" in warning for warning in validate(text))


@given(st.text(max_size=60))
def test_any_text_ends_in_a_verdict_with_a_position_inside_it(text: str) -> None:
    try:
        validate(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017


@given(queries, st.integers(min_value=0))
def test_cutting_a_query_off_never_crashes(text: str, cut: int) -> None:
    try:
        validate(text[: cut % (len(text) + 1)])
    except QueryError as error:
        assert error.position <= len(text)  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("IsInstalled", 11),
        ("IsInstalled=", 12),
        ("IsInstalled=2", 12),
        ("IsInstalled='0'", 12),
        ("IsInstalled!=0", 11),
        ("IsInstalled=0 IsHidden=0", 14),
        ("IsInstalled=0 and", 17),
        ("IsInstalled=0 or", 16),
        ("(IsInstalled=0", 0),
        ("IsInstalled=0)", 13),
        ("(IsInstalled=0) and (IsHidden=0 or IsAssigned=1)", 16),
        ("(IsInstalled=0 or IsHidden=0)", 15),
        ("IsInstalled=0 and (IsHidden=0)", 18),
        ("((IsInstalled=0))", 1),
        ("Type=1", 5),
        ("Type='Firmware'", 5),
        ("Type='Software", 5),
        ("UpdateID='KB5066136'", 9),
        (f"UpdateID contains '{GUID}'", 9),
        ("RevisionNumber=1", 0),
        (f"UpdateID!='{GUID}' and RevisionNumber=1", 53),
        (f"UpdateID='{GUID}' or RevisionNumber=1", 51),
        ("IsInstalled=0; drop", 13),
    ],
)
def test_a_mistake_is_found_at_its_position(text: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        validate(text)

    assert caught.value.position == position
    assert f"position {position + 1}" in caught.value.message


def test_the_default_queries_are_accepted_without_warnings() -> None:
    assert validate(DEFAULT_QUERY) == []
    assert validate("( IsInstalled = 0 and IsHidden = 0 )") == []


def test_a_revision_number_beside_its_update_id_is_accepted() -> None:
    assert validate(f"(RevisionNumber=2 and UpdateID='{GUID}') or (IsHidden=0)") == []


@pytest.mark.parametrize("text", ["IsInstalled=1", "(IsInstalled=0) or (DeploymentAction='uninstallation' and IsHidden=0)"])
def test_what_can_never_be_installed_is_warned_about(text: str) -> None:
    assert any("cannot be installed" in warning for warning in validate(text))


def test_unknown_criteria_are_warned_about() -> None:
    assert "IsSigned" in validate("IsSigned=1")[0]


def test_update_id_unequal_is_warned_about() -> None:
    assert len(validate(f"UpdateID!='{GUID}'")) == 1


@given(st.lists(st.uuids().map(str), min_size=1, max_size=5))
def test_a_batch_query_is_of_the_grammar_and_names_every_update(ids: list[str]) -> None:
    text = batch_query(ids)

    assert validate(text) == []
    assert all(one in text for one in ids)


@pytest.mark.parametrize("ids", [[], ["x' or IsInstalled=1"]])
def test_a_batch_query_of_no_ids_or_of_something_else_is_refused(ids: list[str]) -> None:
    with pytest.raises(ValueError, match="id"):
        batch_query(ids)
