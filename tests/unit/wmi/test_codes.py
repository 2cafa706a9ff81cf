# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Codes are found whatever form they come in, and explained."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.codes import describe, explain, unsigned, win32_code
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("code", [5987, 0x80071763, -2147018909])
def test_a_cluster_code_in_any_form_is_the_win32_number(code: int) -> None:
    assert win32_code(code) == 5987
    found = describe(code)
    assert found is not None
    assert found.symbol == "ERROR_CLUSTER_SPACE_DEGRADED"


def test_a_signed_hresult_is_explained_by_its_unsigned_form() -> None:
    assert explain(-2145124330).startswith("0x80240016 WU_E_INSTALL_NOT_ALLOWED: ")


def test_a_win32_code_is_shown_as_the_number_that_people_know() -> None:
    assert explain(1115).startswith("1115 ERROR_SHUTDOWN_IN_PROGRESS: ")


def test_an_unknown_code_says_so() -> None:
    assert explain(0xDEADBEEF) == "0xDEADBEEF (meaning not known)"
    assert describe(0xDEADBEEF) is None


def test_an_own_entry_wins_over_the_win32_code_inside() -> None:
    found = describe(0x80070BC2)
    assert found is not None
    assert found.hex == "0x80070BC2"


def test_every_entry_names_its_provenance() -> None:
    found = describe(0x80240016)
    assert found is not None
    assert found.provenance.startswith("documented")
    assert found.category == "wua-agent"


@given(st.integers(-(2**31), 2**32 - 1))
def test_any_code_has_one_text_whether_signed_or_not(code: int) -> None:
    assert explain(code) == explain(unsigned(code))
    assert win32_code(win32_code(code)) == win32_code(code)
