# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run would do to a node, in words; pure functions."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.folder import Hotfix, Ignored
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.rules import ExitConditions, Rule
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.preview import (
    FIRST_PASS,
    UNSEEN,
    NodePreview,
    RestartExpectation,
    block,
    expected_restart,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.selection import LeftOut
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import OfferedUpdate

STACK = OfferedUpdate("a", "Servicing Stack Update (KB5000001)")
ROLLUP = OfferedUpdate("b", "Cumulative Update (KB5000002)")
RULE = Rule("MSU", is_folder_rule=False, program="wusa.exe", parameters="$update$", exits=ExitConditions(success=frozenset({0})))
HOTFIX = Hotfix(r"CAUHotfix_All\a.msu", "a.msu", RULE, "CAUHotfix_All", r"\\files\hotfixes\CAUHotfix_All\a.msu", 1)
ALWAYS = replace(HOTFIX, rule=replace(RULE, always_reboot=True))
IDLE = NodePreview("node1", turn=1, count=3)


@pytest.mark.parametrize(
    ("changes", "expected", "says"),
    [
        ({}, RestartExpectation.NONE, "nothing is installed"),
        ({"pending": ("Automatic Updates",)}, RestartExpectation.NONE, "a restart that is pending (Automatic Updates) is left to you"),
        ({"updates": (ROLLUP,)}, RestartExpectation.POSSIBLE, "tells only afterwards"),
        ({"hotfixes": (HOTFIX,)}, RestartExpectation.POSSIBLE, "tells only afterwards"),
        ({"hotfixes": (ALWAYS,)}, RestartExpectation.CERTAIN, r"the rule of CAUHotfix_All\a.msu asks for one"),
        ({"updates": (ROLLUP,), "pending": ("Automatic Updates",)}, RestartExpectation.CERTAIN, "comes before the first installation"),
        ({"updates": None, "hotfixes": ()}, RestartExpectation.NONE, "nothing is installed"),
    ],
)
def test_restart_is_expected_as_far_as_it_can_be_known(changes: dict[str, t.Any], expected: RestartExpectation, says: str) -> None:
    found, reason = expected_restart(replace(IDLE, **changes))
    assert found is expected
    assert says in reason


def test_block_of_a_node_with_everything() -> None:
    preview = NodePreview(
        "node1",
        turn=2,
        count=4,
        updates=(STACK, ROLLUP),
        hotfixes=(HOTFIX,),
        left_out=(LeftOut(OfferedUpdate("c", "Driver"), "in the list reject (Driver)"),),
        ignored=(Ignored("readme.txt", "no rule for the extension txt"),),
        in_the_way=("node3 is paused", "node4 is down"),
    )
    assert block(preview) == [
        f"would be taken out of service ({FIRST_PASS})",
        "    turn        2 of 4, fewest clustered roles first",
        "    updates     1. KB5000001  Servicing Stack Update (KB5000001)",
        "                2. KB5000002  Cumulative Update (KB5000002)",
        r"    hotfixes    1. CAUHotfix_All\a.msu (extension rule MSU)",
        "    restart     possible: what is installed tells only afterwards whether it needs one",
        "    left out    Driver  Driver: in the list reject (Driver)",
        "    ignored     readme.txt: no rule for the extension txt",
        f"    not shown   {UNSEEN}",
        "    in the way  node3 is paused",
        "                node4 is down",
    ]


def test_block_of_an_idle_node_has_no_empty_parts() -> None:
    assert block(IDLE) == [
        f"would be left alone: nothing to install ({FIRST_PASS})",
        "    turn        1 of 3, fewest clustered roles first",
        "    updates     none",
        "    restart     none: nothing is installed",
        f"    not shown   {UNSEEN}",
    ]


def test_updates_that_are_not_asked_for_are_told_apart_from_none() -> None:
    lines = block(replace(IDLE, updates=None, hotfixes=()))
    assert "    updates     not asked for" in lines
    assert "    hotfixes    none" in lines
    assert not any(UNSEEN in line for line in lines)


def test_first_line_says_that_it_is_the_first_pass_only() -> None:
    assert "first pass only" in block(IDLE)[0]
