# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.model import criteria

ATTRIBUTES = {
    "IsInstalled": 0,
    "IsHidden": 0,
    "IsAssigned": 1,
    "BrowseOnly": 0,
    "Type": "software",
    "UpdateID": "abc",
    "RevisionNumber": 5,
    "CategoryIDs": ["one", "two"],
    "RebootRequired": 0,
    "DeploymentAction": "installation",
    "AutoSelectOnWebSites": 1,
    "IsPresent": 0,
}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ("IsInstalled=0", True),
        ("isinstalled = 0 AND type='SOFTWARE'", True),
        ("IsInstalled=1", False),
        ("Type!='Driver'", True),
        ("(IsInstalled=1) or (IsInstalled=0 and UpdateID='ABC')", True),
        ("IsInstalled=1 or IsInstalled=0", True),
        ("UpdateID='abc' and RevisionNumber=5", True),
        ("UpdateID='abc' and RevisionNumber=6", False),
        ("UpdateID!='abc'", False),
        ("CategoryIDs contains 'TWO'", True),
        ("CategoryIDs contains 'three'", False),
        ("DeploymentAction='Uninstallation'", False),
        ("RebootRequired=1", False),
    ],
)
def test_criteria_are_compared(text: str, fits: bool) -> None:
    assert criteria.matches(criteria.parse(text), ATTRIBUTES.__getitem__) is fits


@pytest.mark.parametrize(
    "text",
    [
        "IsInstalled",
        "IsInstalled=",
        "IsInstalled=2",
        "IsInstalled='0'",
        "IsInstalled!=0",
        "Type='Firmware'",
        "Type=0",
        "Colour='red'",
        "(IsInstalled=0",
        "IsInstalled=0)",
        "IsInstalled=0 and (Type='Driver' or Type='Software')",
        "IsInstalled=0 xor IsHidden=0",
        "RevisionNumber=5",
        "UpdateID!='abc' and RevisionNumber=5",
        "UpdateID='abc",
        "CategoryIDs='one'",
        "IsInstalled=0;",
        "and",
    ],
)
def test_text_outside_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(criteria.CriteriaError):
        criteria.parse(text)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(criteria.CriteriaError):
        assert criteria.parse(text)
