# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.envelope import Request
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import RequestRefusedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.instance import CimInstance, Presence, by_name
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.values import (
    Argument,
    EmbeddedInstance,
    Reference,
    append_argument,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.xml_stream import parse_document
from hypothesis import given
from hypothesis import strategies as st

XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])))
)


def sent(value: Argument, *, writes_null: bool = False) -> CimInstance:
    """Write a value into a request and read it back from its bytes."""
    body = ElementTree.Element("p:M_INPUT", {"xmlns:p": "urn:class"})
    append_argument(body, "X", value, writes_null=writes_null)
    root = parse_document(Request("http://h/wsman", "urn:a", "urn:class", body=body).to_bytes())
    return CimInstance("M_INPUT", None, by_name(root[1][0]))


@given(XML_TEXT)
def test_text_arrives_as_it_was(text: str) -> None:
    assert sent(text).text("X") == text


def test_carriage_return_survives() -> None:
    assert sent("a\r\nb\rc\n").text("X") == "a\r\nb\rc\n"


@given(st.integers(min_value=-(2**63), max_value=2**64 - 1))
def test_integer_arrives_as_it_was(number: int) -> None:
    assert sent(number).integer("X") == number


@given(st.floats(allow_nan=False))
def test_real_arrives_as_it_was(number: float) -> None:
    assert sent(number).real("X") == number


def test_not_a_number_is_written_as_xml_has_it() -> None:
    value = sent(math.nan).real("X")
    assert value is not None
    assert math.isnan(value)


@pytest.mark.parametrize("flag", [True, False])
def test_boolean_is_written_in_lower_case(flag: bool) -> None:
    assert sent(flag).text("X") == ("true" if flag else "false")


def test_moment_and_interval_stand_in_their_own_elements() -> None:
    assert sent(datetime(2024, 3, 1, 10, tzinfo=UTC)).moment("X") == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert sent(timedelta(minutes=30)).interval("X") == timedelta(minutes=30)


@given(st.lists(XML_TEXT))
def test_array_is_repeated_in_order(texts: list[str]) -> None:
    assert sent(texts).texts("X") == texts


@given(st.binary())
def test_octets_are_repeated_numbers(octets: bytes) -> None:
    assert sent(octets).octets("X") == octets


def test_none_and_empty_array_are_left_out() -> None:
    assert sent(None).presence("X") is Presence.ABSENT
    assert sent([]).presence("X") is Presence.ABSENT


def test_none_is_nil_where_null_is_written() -> None:
    assert sent(None, writes_null=True).presence("X") is Presence.NIL


def test_embedded_instance_carries_its_class() -> None:
    chunk = EmbeddedInstance("root/a", "Chunk", {"Data": "abc", "Inner": EmbeddedInstance("root/b", "Other", {"N": 5})})
    found = sent(chunk).instance("X")
    assert found is not None
    assert (found.class_name, found.namespace, found.text("Data")) == ("Chunk", "root/a", "abc")
    inner = found.instance("Inner")
    assert inner is not None
    assert (inner.class_name, inner.namespace, inner.integer("N")) == ("Other", "root/b", 5)


def test_reference_is_sent_without_a_wrapper() -> None:
    reference = Reference("root/virtualization/v2", "Msvm_VirtualDisk", {"Id": 'a"b'})
    assert sent(reference).reference("X") == reference


@pytest.mark.parametrize("text", ["a\x00", "\x01", "\x1f", "\ud800", "\ufffe", "\uffff", "\x0b"])
def test_character_that_xml_forbids_is_refused_by_its_place(text: str) -> None:
    with pytest.raises(RequestRefusedError) as caught:
        sent("secret" + text)
    assert "position 7" in str(caught.value) or "position 8" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [datetime(2024, 1, 1), timedelta(seconds=-1), object(), [None], ["a", object()], {"a": 1}],
)
def test_value_that_cim_does_not_know_is_refused(value: Argument) -> None:
    with pytest.raises(RequestRefusedError):
        sent(value)


@pytest.mark.parametrize("name", ["", "a b", "1a", "a:b", "<x>", "ä"])
def test_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(RequestRefusedError):
        append_argument(ElementTree.Element("x"), name, "text")


def test_selector_with_forbidden_character_is_refused() -> None:
    with pytest.raises(RequestRefusedError):
        Request("http://h/wsman", "urn:a", "urn:class", selectors={"Key": "a\x02"}).to_bytes()
