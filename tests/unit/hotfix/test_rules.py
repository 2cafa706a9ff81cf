# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an exit code means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.rules import (
    ExitConditions,
    HotfixState,
    Rule,
    explain_exit,
    explain_launch,
    judge,
    parse_code,
    signed32,
)
from hypothesis import given
from hypothesis import strategies as st

EXITS = ExitConditions(frozenset({0}), frozenset({3010}), frozenset({3017}), frozenset({2359302}), frozenset({-2145124329}))
RULE = Rule("msu", is_folder_rule=False, program=r"C:\x.exe", parameters="$update$", exits=EXITS)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0, HotfixState.SUCCEEDED),
        (3010, HotfixState.SUCCEEDED_REBOOT_REQUIRED),
        (3017, HotfixState.FAILED_REBOOT_REQUIRED),
        (2359302, HotfixState.ALREADY_INSTALLED),
        (-2145124329, HotfixState.NOT_APPLICABLE),
        (0x80240017, HotfixState.NOT_APPLICABLE),
        (1603, HotfixState.FAILED),
    ],
)
def test_each_list_gives_its_state(code: int, state: HotfixState) -> None:
    assert judge(RULE, code) is state


def test_always_reboot_turns_success_into_one_with_a_restart() -> None:
    assert judge(replace(RULE, always_reboot=True), 0) is HotfixState.SUCCEEDED_REBOOT_REQUIRED


@pytest.mark.parametrize("code", [1603, 2359302, -2145124329])
def test_always_reboot_asks_for_no_restart_without_success(code: int) -> None:
    assert not judge(replace(RULE, always_reboot=True), code).reboot_required


@pytest.mark.parametrize(
    ("state", "is_failure", "reboot_required"),
    [
        (HotfixState.SUCCEEDED, False, False),
        (HotfixState.SUCCEEDED_REBOOT_REQUIRED, False, True),
        (HotfixState.FAILED, True, False),
        (HotfixState.FAILED_REBOOT_REQUIRED, True, True),
        (HotfixState.ALREADY_INSTALLED, False, False),
        (HotfixState.NOT_APPLICABLE, False, False),
        (HotfixState.UNKNOWN, True, False),
    ],
)
def test_a_state_says_whether_it_failed_and_wants_a_restart(state: HotfixState, is_failure: bool, reboot_required: bool) -> None:
    assert (state.is_failure, state.reboot_required) == (is_failure, reboot_required)


@given(st.integers(min_value=-(2**31), max_value=2**32 - 1))
def test_a_code_reads_back_however_it_is_written(number: int) -> None:
    code = signed32(number)
    assert -(2**31) <= code < 2**31
    assert parse_code(str(code)) == parse_code(str(number)) == parse_code(f"0x{number & 0xFFFFFFFF:x}") == code


@pytest.mark.parametrize(
    ("number", "code"), [(0x7FFFFFFF, 2147483647), (0x80000000, -2147483648), (-2147483648, -2147483648), (0xFFFFFFFF, -1)]
)
def test_a_number_at_the_limits_has_its_sign(number: int, code: int) -> None:
    assert signed32(number) == code


@given(st.one_of(st.integers(max_value=-(2**31) - 1), st.integers(min_value=2**32)))
def test_a_number_beyond_32_bits_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="exit code"):
        parse_code(str(number))


@pytest.mark.parametrize("text", ["", "abc", "-0x1", "+1", "1.0", "0x", "1_0", "٣", " 1", "4294967296", "0x100000000", "-2147483649"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="exit code"):
        parse_code(text)


def test_a_known_code_is_explained_with_a_next_step() -> None:
    found = explain_exit(1618)
    assert (found.symbol, found.meaning) == ("ERROR_INSTALL_ALREADY_RUNNING", "another install is running: retry later")
    assert found.sentence().startswith("1618 ERROR_INSTALL_ALREADY_RUNNING: ")
    assert "Run again" in found.next_step


@pytest.mark.parametrize("code", [5, 0x80070005, -2147024891])
def test_access_denied_names_the_defender_rule(code: int) -> None:
    assert "d1e49aac-8f56-4280-b9ba-993a6d77406c" in explain_exit(code).next_step


@pytest.mark.parametrize("code", [0x80070035, 0x80070032, 0x87654321])
def test_refused_start_never_sends_anybody_to_the_exit_codes_of_the_rule(code: int) -> None:
    found = explain_launch(code)
    assert "computer account" in found.next_step
    assert "list it" not in found.next_step


def test_unknown_network_path_has_its_meaning() -> None:
    assert "0x80070035 HRESULT_FROM_WIN32(ERROR_BAD_NETPATH): network path not found" in explain_launch(0x80070035).sentence()


@pytest.mark.parametrize(
    ("code", "words"),
    [(1603, "on the node"), (1612, "complete package"), (1619, "read it"), (1620, "damaged"), (1638, "other version"), (1639, "Template")],
)
def test_a_frequent_code_has_a_next_step_of_its_own(code: int, words: str) -> None:
    assert words in explain_exit(code).next_step


def test_a_rule_is_named_by_its_kind() -> None:
    assert [replace(RULE, is_folder_rule=is_folder).label() for is_folder in (False, True)] == ["extension rule msu", "folder rule msu"]


def test_an_unknown_code_says_so_and_where_to_look() -> None:
    found = explain_exit(987654)
    assert (found.symbol, found.meaning) == ("", "meaning not known")
    assert "documentation" in found.sentence()


def test_an_unsigned_code_is_shown_signed_beside_its_usual_form() -> None:
    found = explain_exit(0x80240017)
    assert found.code == -2145124329
    assert "0x80240017" in found.sentence()
