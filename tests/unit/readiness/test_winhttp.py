# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The value that holds the WinHTTP proxy."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.readiness.winhttp import WinHttpProxy, parse_settings
from hypothesis import given
from hypothesis import strategies as st

ASCII = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40)


def packed(flags: int, *texts: str) -> bytes:
    """Return the value as netsh writes it."""
    numbers = b"".join(number.to_bytes(4, "little") for number in (0x28, 0, flags))
    return numbers + b"".join(len(text).to_bytes(4, "little") + text.encode("ascii") for text in texts)


@given(ASCII.filter(bool), ASCII, st.binary(max_size=16))
def test_proxy_comes_back_as_it_was_written(server: str, bypass: str, rest: bytes) -> None:
    assert parse_settings(packed(3, server, bypass) + rest) == WinHttpProxy(server, bypass)


@pytest.mark.parametrize("data", [packed(1, "", ""), packed(1, "proxy:8080", ""), packed(3, "", "")])
def test_direct_access_is_no_proxy(data: bytes) -> None:
    assert parse_settings(data) is None


@pytest.mark.parametrize("data", [b"", packed(3, "proxy:8080"), packed(3, "proxy:8080", "<local>")[:-1], b"\xff" * 40])
def test_value_of_another_layout_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="value"):
        parse_settings(data)


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = parse_settings(data)
    except ValueError:
        return
    assert found is None or found.server
