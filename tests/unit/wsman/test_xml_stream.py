# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.xml_stream import (
    DEPTH_LIMIT,
    DocumentSplitter,
    XmlRefusedError,
    parse_document,
)
from hypothesis import given
from hypothesis import strategies as st

DOCUMENTS = [
    "<a/>",
    '<s:Envelope xmlns:s="urn:s"><s:Body>text &gt; <![CDATA[</s:Envelope>]]></s:Body></s:Envelope>',
    '<?xml version="1.0" encoding="utf-8"?>\r\n<b x="1>2">ä€😀</b>',
    "<!-- > --><c><d/><d></d></c>",
    '<?xml version="1.0"?><e>  </e>',
    f'<f x="{"y" * 300}>"/>',
]


def split(data: bytes, cuts: list[int]) -> list[str]:
    """Feed the bytes cut at these places and return the root tags."""
    splitter = DocumentSplitter()
    found = []
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        found += [root.tag for root in splitter.feed(data[start:end])]
    splitter.finish()
    return found


@given(st.lists(st.sampled_from(range(len(DOCUMENTS))), max_size=6), st.lists(st.integers(min_value=0, max_value=2000)))
def test_documents_are_found_whatever_the_cuts(picks: list[int], cuts: list[int]) -> None:
    data = "\r\n".join(DOCUMENTS[pick] for pick in picks).encode()
    assert split(data, cuts) == [["a", "{urn:s}Envelope", "b", "c", "e", "f"][pick] for pick in picks]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@given(cuts=st.lists(st.integers(min_value=0, max_value=2000), max_size=5))
def test_other_unicode_forms_are_read(encoding: str, cuts: list[int]) -> None:
    data = ('<?xml version="1.0" encoding="utf-16"?>' + DOCUMENTS[1]).encode(encoding)
    assert split(data, cuts) == ["{urn:s}Envelope"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document_is_given_with_its_last_byte(document: str) -> None:
    splitter = DocumentSplitter()
    data = document.encode()
    for index in range(len(data) - 1):
        assert not list(splitter.feed(data[index : index + 1]))
    assert len(list(splitter.feed(data[-1:]))) == 1


def test_finished_document_is_given_before_what_follows_is_refused() -> None:
    splitter = DocumentSplitter()
    stream = splitter.feed(b"<a/>garbage<b></c>")
    assert next(stream).tag == "a"
    with pytest.raises(XmlRefusedError):
        next(stream)


@pytest.mark.parametrize(
    "data",
    [
        b"garbage>",
        b"<a></b>",
        b"<a>&undefined;</a>",
        b"<a>\xff\xfe</a>",
        b"<a>\x01</a>",
        b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe4</a>',
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<!DOCTYPE a SYSTEM "http://x/"><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY % b SYSTEM "file:///etc/passwd">%b;]><a/>',
        b"\xff\xfe<\x00a\x00\x00\xd8>\x00",
        b"<\x00\x00\x00a\x00\x00\x00/\x00\x00\x00>\x00\x00\x00",
        b"<a:b/>",
    ],
)
def test_bytes_that_are_no_plain_xml_are_refused(data: bytes) -> None:
    with pytest.raises(XmlRefusedError):
        parse_document(data)


@pytest.mark.parametrize("data", [b"", b"  ", b"<a", b"<a>", b"<a><b/>", b"<", b"x"])
def test_unfinished_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(XmlRefusedError):
        parse_document(data)


def test_entity_bomb_is_refused() -> None:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "x">{entities}]><a>&e12;</a>'.encode()
    with pytest.raises(XmlRefusedError):
        parse_document(bomb)


def test_depth_beyond_sense_is_refused() -> None:
    deep = b"<a>" * DEPTH_LIMIT + b"</a>" * DEPTH_LIMIT
    assert parse_document(deep).tag == "a"
    with pytest.raises(XmlRefusedError, match="deep"):
        parse_document(b"<b>" + deep + b"</b>")


@pytest.mark.parametrize("piece", [b"x" * 1000, b"<b>text</b>" * 100, b"<!--" + b"y" * 996])
def test_document_beyond_the_limit_is_refused_while_it_arrives(piece: bytes) -> None:
    splitter = DocumentSplitter(limit=10_000)
    stream = (root for data in [b"<a>", *[piece] * 12] for root in splitter.feed(data))
    with pytest.raises(XmlRefusedError, match="longer"):
        next(stream)


def test_many_documents_may_be_longer_than_the_limit_together() -> None:
    splitter = DocumentSplitter(limit=1000)
    assert sum(len(list(splitter.feed(b"<a>" + b"x" * 900 + b"</a>"))) for _unused in range(20)) == 20


def test_two_documents_are_not_one() -> None:
    with pytest.raises(XmlRefusedError, match="more than one"):
        parse_document(b"<a/><b/>")


def test_type_prefix_becomes_its_namespace() -> None:
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    data = f'<p:a xmlns:p="urn:1" xmlns:xsi="{xsi}" xsi:type="p:T"><p:b xmlns:p="urn:2" xsi:type="p:U"/><p:c xsi:type="p:V"/></p:a>'
    root = parse_document(data.encode())
    assert [element.get(f"{{{xsi}}}type") for element in root.iter()] == ["{urn:1}T", "{urn:2}U", "{urn:1}V"]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse_document(data)
    except XmlRefusedError:
        return
