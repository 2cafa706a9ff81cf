# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The choice among the offered updates."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import SelectionError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.selection import Selection
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import OfferedUpdate

from .helpers import update_id

STACK = OfferedUpdate(update_id(1), "2025-10 Servicing Stack Update (KB5066136)")
CUMULATIVE = OfferedUpdate(update_id(2), "2025-10 Cumulative Update (KB5066782)")
DRIVER = OfferedUpdate(update_id(3), "Contoso - Net - 1.2")
OFFERED = [STACK, CUMULATIVE, DRIVER]


def accepted(selection: Selection) -> list[OfferedUpdate]:
    return list(selection.apply(OFFERED).accepted)


def test_without_a_choice_everything_is_taken() -> None:
    assert accepted(Selection()) == OFFERED


@pytest.mark.parametrize(
    "entry",
    ["KB5066136", "kb5066136", "5066136", STACK.update_id.upper(), "{" + STACK.update_id + "}", "servicing STACK", r"^2025-10 Serv"],
)
def test_every_way_to_name_an_update_finds_it(entry: str) -> None:
    assert accepted(Selection(accept=[entry])) == [STACK]


def test_a_shorter_kb_number_does_not_match() -> None:
    assert accepted(Selection(accept=["KB506613"])) == []


def test_reject_wins_and_says_which_entry_it_was() -> None:
    selected = Selection(accept=["Update"], reject=["KB5066782"]).apply(OFFERED)

    assert selected.accepted == (STACK,)
    assert [(out.update, out.reason) for out in selected.left_out] == [
        (CUMULATIVE, "in the list reject (KB5066782)"),
        (DRIVER, "not in the list accept"),
    ]


@pytest.mark.parametrize(
    "expression",
    ["[?contains(title, 'Stack')]", "[?contains(title, 'Stack')].id", "[?kb[0] == '5066136']", "[?contains(kb, '5066136')]", "[:1]"],
)
def test_an_expression_chooses_updates_or_ids(expression: str) -> None:
    selected = Selection(expression=expression).apply(OFFERED)

    assert selected.accepted == (STACK,)
    assert selected.left_out[0].reason == "not chosen by the expression select"


@pytest.mark.parametrize("expression", ["[?", "[?nosuch(title)]", "[0]", "titel", "[].title", "length(@)"])
def test_a_wrong_expression_is_found_before_anything_is_asked(expression: str) -> None:
    with pytest.raises(SelectionError, match="select"):
        Selection(expression=expression)


@pytest.mark.parametrize("entry", ["(KB5066136", "[", "", "  "])
def test_a_wrong_pattern_is_found_before_anything_is_asked(entry: str) -> None:
    with pytest.raises(SelectionError):
        Selection(reject=[entry])
