# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, addresses and ids do not get into what strangers read."""

from __future__ import annotations

import uuid

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.verify.anonymous import Anonymiser
from hypothesis import given
from hypothesis import strategies as st

NAMES = [("HV01", "CLUSTER"), ("HV01-N1", "NODE1"), ("contoso.com", "example.test"), ("svc-über", "ACCOUNT")]
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F, exclude_characters="-"), max_size=30)


@pytest.fixture
def anonymiser() -> Anonymiser:
    return Anonymiser(NAMES)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("http://hv01-n1.contoso.com:5985/wsman", "http://NODE1.example.test:5985/wsman"),
        ("HV01 and hv01-N1", "CLUSTER and NODE1"),
        ("HV011 xHV01 HV01-N12", "HV011 xHV01 HV01-N12"),
        (r"CONTOSO\SVC-ÜBER", r"CONTOSO\ACCOUNT"),
        ("10.1.2.3 and 10.1.2.4 and 10.1.2.3", "192.0.2.1 and 192.0.2.2 and 192.0.2.1"),
        ("[fe80::1:2:3:4]", "[2001:db8::1]"),
        ("OS: 10.0.20348 SP: 0.0", "OS: 10.0.20348 SP: 0.0"),
        ("S-1-5-21-1-2-3-500 S-1-5-18", "S-1-5-21-0-0-0-1 S-1-5-18"),
        ("2026-03-01T20:00:00Z 12:34:56", "2026-03-01T20:00:00Z 12:34:56"),
    ],
)
def test_what_tells_who_it_is_is_replaced_and_the_rest_stays(anonymiser: Anonymiser, text: str, clean: str) -> None:
    assert anonymiser.clean(text) == clean


def test_same_guid_has_the_same_placeholder_everywhere(anonymiser: Anonymiser) -> None:
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    first = anonymiser.clean(f"uuid:{one} {other}")
    assert first == "uuid:00000000-0000-4000-8000-000000000001 00000000-0000-4000-8000-000000000002"
    assert anonymiser.clean(other.upper()) == "00000000-0000-4000-8000-000000000002"


@given(TEXT, TEXT, st.sampled_from(NAMES), st.uuids())
def test_nothing_that_was_named_is_left(before: str, after: str, name: tuple[str, str], guid: uuid.UUID) -> None:
    clean = Anonymiser(NAMES).clean(f"{before} {name[0]} {guid} {after}").casefold()
    assert f" {name[0]} ".casefold() not in clean
    assert str(guid) not in clean or str(guid).startswith("00000000-0000-4000")


def test_every_text_of_a_value_is_cleaned(anonymiser: Anonymiser) -> None:
    value = {"a": ["HV01", 1, None, {"b": "x HV01-N1"}], "c": True}
    assert anonymiser.clean_all(value) == {"a": ["CLUSTER", 1, None, {"b": "x NODE1"}], "c": True}


def test_names_too_short_to_mean_anything_are_left_alone() -> None:
    assert Anonymiser([("", "X"), ("a", "X")]).clean("a b") == "a b"
