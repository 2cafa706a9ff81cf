# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape of what a plug-in of a user's own says."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import PluginShapeError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.plugins.shape import (
    MAX_UPDATES,
    PluginUpdate,
    ResultCode,
    read_found,
    read_results,
)
from hypothesis import given
from hypothesis import strategies as st

NODE, PLUGIN = "HV01-N1", "contoso.hardware.firmware"
BIOS, CARD = PluginUpdate("BIOS 1.2", "BIOS 1.2"), PluginUpdate("NIC 4", "NIC 4")
ROW: dict[str, t.Any] = {"update_id": "BIOS 1.2", "update_title": "BIOS 1.2"}
DONE: dict[str, t.Any] = {"update_id": "bios 1.2", "result_code": "SUCCEEDED", "reboot_required": True}

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def test_found_updates_are_read() -> None:
    rows = [ROW | {"node_name": "hv01-n1", "update_description": "1.0 is installed"}]
    assert read_found(PLUGIN, NODE, rows) == (PluginUpdate("BIOS 1.2", "BIOS 1.2", "1.0 is installed"),)
    assert read_found(PLUGIN, NODE, []) == ()


def test_results_are_read_and_matched_without_regard_to_case() -> None:
    (record,) = read_results(PLUGIN, NODE, [DONE | {"error_code": -2147467259}], [BIOS], is_install=True)
    assert record.update is BIOS
    assert record.result is ResultCode.SUCCEEDED
    assert record.error_code == 0x80004005
    assert record.reboot_required


def test_staging_says_nothing_of_a_restart() -> None:
    row = {"update_id": "BIOS 1.2", "result_code": "Failed", "error_code": 5}
    (record,) = read_results(PLUGIN, NODE, [row], [BIOS], is_install=False)
    assert record.sentence() == "BIOS 1.2 FAILED 0x00000005"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({}, "is no list"),
        (["BIOS"], "where a table"),
        ([{"update_id": "a"}], "has no update_title"),
        ([{"update_title": "a"}], "has no update_id"),
        ([ROW | {"update_id": ""}], "for update_id"),
        ([ROW | {"update_id": "a\nb"}], "on one line"),
        ([ROW | {"update_id": "a" * 129}], "128 characters"),
        ([ROW | {"update_title": 5}], "5 for update_title"),
        ([ROW | {"colour": "red"}], "the field 'colour'"),
        ([ROW | {"node_name": "HV01-N2"}], "speaks of the node HV01-N2"),
        ([ROW, ROW | {"update_id": "bios 1.2"}], "twice"),
        ([ROW | {"update_id": str(number)} for number in range(MAX_UPDATES + 1)], "201 updates"),
    ],
)
def test_found_updates_that_are_not_in_the_shape_are_refused(rows: object, says: str) -> None:
    with pytest.raises(PluginShapeError) as caught:
        read_found(PLUGIN, NODE, rows)
    assert says in caught.value.sentence()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "gives no result for BIOS 1.2"),
        ([DONE | {"update_id": "NIC 4"}], "a result for NIC 4, which it was not given"),
        ([DONE, DONE], "twice"),
        ([DONE | {"result_code": "Installed"}], "'Installed' for result_code"),
        ([DONE | {"result_code": None}], "no result_code"),
        ([DONE | {"reboot_required": "yes"}], "'yes' for reboot_required"),
        ([{"update_id": "BIOS 1.2", "result_code": "Succeeded"}], "no reboot_required"),
        ([DONE | {"error_code": True}], "True for error_code"),
        ([DONE | {"error_code": 2**32}], "a number of 32 bits"),
    ],
)
def test_results_that_are_not_in_the_shape_are_refused(rows: object, says: str) -> None:
    with pytest.raises(PluginShapeError) as caught:
        read_results(PLUGIN, NODE, rows, [BIOS], is_install=True)
    assert says in caught.value.sentence()


@given(ANYTHING)
def test_anything_is_read_or_refused(rows: object) -> None:
    for read in (lambda: read_found(PLUGIN, NODE, rows), lambda: read_results(PLUGIN, NODE, rows, [BIOS, CARD], is_install=True)):
        try:
            assert isinstance(read(), tuple)
        except PluginShapeError as error:
            assert error.sentence().isprintable()  # noqa: PT017 - either is right
