# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import AnswerError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.instance import CimInstance, Presence, instance_from_element
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.values import Reference
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.xml_stream import parse_document

from .scripted import CAU

NAMESPACES = (
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'
    ' xmlns:m="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"'
)
CLASS = f"{CAU}/MSFT_CAUNode"
INFO = f"{CAU}/MSFT_CAU_InstallUpdateInfo"
INSTANCE_XML = (
    '&lt;INSTANCE CLASSNAME="Msvm_Thing"&gt;&lt;PROPERTY NAME="UpdateId" TYPE="string"&gt;&lt;VALUE&gt;u1&lt;/VALUE&gt;&lt;/PROPERTY&gt;'
    '&lt;PROPERTY NAME="Empty" TYPE="string"&gt;&lt;/PROPERTY&gt;'
    '&lt;PROPERTY NAME="When" TYPE="datetime"&gt;&lt;VALUE&gt;20240301100000.000000+000&lt;/VALUE&gt;&lt;/PROPERTY&gt;'
    '&lt;PROPERTY.ARRAY NAME="Codes" TYPE="uint16"&gt;&lt;VALUE.ARRAY&gt;&lt;VALUE&gt;1&lt;/VALUE&gt;&lt;VALUE&gt;2&lt;/VALUE&gt;'
    "&lt;/VALUE.ARRAY&gt;&lt;/PROPERTY.ARRAY&gt;"
    '&lt;PROPERTY.REFERENCE NAME="Node"&gt;&lt;VALUE.REFERENCE&gt;&lt;LOCALINSTANCEPATH&gt;&lt;LOCALNAMESPACEPATH&gt;'
    '&lt;NAMESPACE NAME="root"/&gt;'
    '&lt;NAMESPACE NAME="mscluster"/&gt;&lt;/LOCALNAMESPACEPATH&gt;'
    '&lt;INSTANCENAME CLASSNAME="MSCluster_Node"&gt;&lt;KEYBINDING NAME="Name"&gt;'
    "&lt;KEYVALUE&gt;n1&lt;/KEYVALUE&gt;&lt;/KEYBINDING&gt;&lt;/INSTANCENAME&gt;&lt;/LOCALINSTANCEPATH&gt;&lt;/VALUE.REFERENCE&gt;&lt;/PROPERTY.REFERENCE&gt;"
    "&lt;/INSTANCE&gt;"
)


def instance(inner: str) -> CimInstance:
    document = f'<p:MSFT_CAUNode xmlns:p="{CLASS}" {NAMESPACES} xsi:type="p:MSFT_CAUNode_Type">{inner}</p:MSFT_CAUNode>'
    return instance_from_element(parse_document(document.encode()))


def test_class_and_namespace_come_from_the_type() -> None:
    found = instance("")
    assert (found.class_name, found.namespace) == ("MSFT_CAUNode", "root/microsoft/windows/clusterupdate")


def test_namespace_in_other_case_is_the_same() -> None:
    found = instance_from_element(parse_document(f'<p:X xmlns:p="{CAU.replace("root/microsoft", "Root/Microsoft")}/X"/>'.encode()))
    assert found.namespace == "root/microsoft/windows/clusterupdate"


def test_absent_nil_and_empty_are_kept_apart() -> None:
    found = instance('<p:A/><p:B xsi:nil="true"/><p:C m:IsNullArray="true" xsi:nil="true"/>')
    assert [found.presence(name) for name in "ABCD"] == [Presence.PRESENT, Presence.NIL, Presence.NIL, Presence.ABSENT]
    assert [found.text(name) for name in "ABD"] == ["", None, None]
    assert found.texts("C") == []


def test_white_space_is_a_value() -> None:
    assert instance("<p:A>  \n </p:A>").text("A") == "  \n "


def test_array_is_decided_by_who_asks() -> None:
    found = instance("<p:A>5</p:A><p:B>1</p:B><p:B>2</p:B>")
    assert (found.integer("A"), found.integers("A"), found.integers("B")) == (5, [5], [1, 2])
    with pytest.raises(AnswerError, match=r"MSFT_CAUNode\.B .* array of 2"):
        found.integer("B")


def test_name_is_found_in_another_case_when_no_exact_one_exists() -> None:
    found = instance("<p:name>a</p:name><p:Name>b</p:Name><p:OTHER>c</p:OTHER>")
    assert (found.text("Name"), found.text("name"), found.text("Other")) == ("b", "a", "c")


@pytest.mark.parametrize("word", ["true", "TRUE", "True", " true ", "1"])
def test_boolean_is_read_in_any_case(word: str) -> None:
    assert instance(f"<p:A>{word}</p:A>").boolean("A") is True


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("integer", "0x10"),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("integer", ""),
        ("integer", "9" * 40),
        ("boolean", "yes"),
        ("real", "1,5"),
        ("real", "nan"),
        ("moment", "yesterday"),
        ("interval", "5"),
        ("octets", "not*base64"),
        ("octets", "256"),
        ("instance", "text"),
        ("reference", "text"),
    ],
)
def test_value_of_the_wrong_type_is_an_answer_error_with_its_name(method: str, text: str) -> None:
    with pytest.raises(AnswerError, match=r"MSFT_CAUNode\.A"):
        getattr(instance(f"<p:A>{text}</p:A>"), method)("A")


def test_element_where_text_belongs_is_an_answer_error() -> None:
    with pytest.raises(AnswerError):
        instance("<p:A><p:B/></p:A>").text("A")


@pytest.mark.parametrize("method", ["require_text", "require_integer", "require_boolean", "require_moment"])
@pytest.mark.parametrize("inner", ["", '<p:A xsi:nil="true"/>'])
def test_required_value_that_is_missing_is_an_answer_error(method: str, inner: str) -> None:
    with pytest.raises(AnswerError, match=r"lacks MSFT_CAUNode\.A"):
        getattr(instance(inner), method)("A")


def test_times_are_read_with_and_without_their_element() -> None:
    found = instance(
        "<p:A><cim:Datetime>2024-03-01T10:00:00+01:00</cim:Datetime></p:A><p:B>20240301100000.000000+060</p:B>"
        "<p:C><cim:Interval>P0DT0H30M0S</cim:Interval></p:C>"
    )
    assert found.moment("A") == found.moment("B") == datetime(2024, 3, 1, 9, tzinfo=UTC)
    assert found.interval("C") == timedelta(minutes=30)


def test_octets_come_as_numbers_or_base64() -> None:
    found = instance('<p:A>1</p:A><p:A>255</p:A><p:B xsi:type="cim:cimBase64Binary">AQ8=</p:B><p:C>AP8=</p:C><p:D>7</p:D>')
    assert [found.octets(name) for name in "ABCDE"] == [b"\x01\xff", b"\x01\x0f", b"\x00\xff", b"\x07", b""]


EMBEDDED = {
    "typed": f'<p:Info xmlns:p1="{INFO}" xsi:type="p1:MSFT_CAU_InstallUpdateInfo_Type"><p1:UpdateId>u1</p1:UpdateId></p:Info>',
    "rebound prefix": f'<p:Info><p:UpdateId xmlns:p="{INFO}">u1</p:UpdateId></p:Info>',
    "outer namespace": "<p:Info><p:UpdateId>u1</p:UpdateId><p:Other>2</p:Other></p:Info>",
    "outer namespace, one property": "<p:Info><p:UpdateId>u1</p:UpdateId></p:Info>",
    "wrapped": f'<p:Info><p1:MSFT_CAU_InstallUpdateInfo xmlns:p1="{INFO}"><p1:UpdateId>u1</p1:UpdateId>'
    "</p1:MSFT_CAU_InstallUpdateInfo></p:Info>",
    "wrapped in outer namespace": "<p:Info><p:MSFT_CAU_InstallUpdateInfo><p:UpdateId>u1</p:UpdateId>"
    "</p:MSFT_CAU_InstallUpdateInfo></p:Info>",
    "wrapped with type": '<p:Info><p:I xsi:type="p:I_Type"><p:UpdateId>u1</p:UpdateId></p:I></p:Info>',
    "CIM-XML": f"<p:Info>{INSTANCE_XML}</p:Info>",
    "CIM-XML in CDATA": f"<p:Info><![CDATA[{INSTANCE_XML.replace('&lt;', '<').replace('&gt;', '>')}]]></p:Info>",
    "CIM-XML with declaration": f"<p:Info>&lt;?xml version=&quot;1.0&quot;?&gt;{INSTANCE_XML}</p:Info>",
}


@pytest.mark.parametrize("form", EMBEDDED)
def test_embedded_instance_is_read_in_each_form(form: str) -> None:
    found = instance(EMBEDDED[form] * 2)
    assert [item.text("UpdateId") for item in found.instances("Info")] == ["u1", "u1"]


def test_embedded_instance_tells_its_class_where_the_wire_does() -> None:
    for form in ("typed", "rebound prefix", "wrapped"):
        found = instance(EMBEDDED[form]).instance("Info")
        assert found is not None
        assert (found.class_name, found.namespace) == ("MSFT_CAU_InstallUpdateInfo", "root/microsoft/windows/clusterupdate")


def test_embedded_instance_with_a_single_time_is_no_wrapper() -> None:
    found = instance("<p:Id><p:Timestamp><cim:Datetime>2024-03-01T10:00:00Z</cim:Datetime></p:Timestamp></p:Id>").instance("Id")
    assert found is not None
    assert found.moment("Timestamp") == datetime(2024, 3, 1, 10, tzinfo=UTC)


def test_cim_xml_keeps_nil_arrays_times_and_references() -> None:
    found = instance(EMBEDDED["CIM-XML"]).instance("Info")
    assert found is not None
    assert found.class_name == "Msvm_Thing"
    assert found.presence("Empty") is Presence.NIL
    assert found.integers("Codes") == [1, 2]
    assert found.moment("When") == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert found.reference("Node") == Reference("root/mscluster", "MSCluster_Node", {"Name": "n1"})


@pytest.mark.parametrize("text", ["&lt;INSTANCE", "&lt;OTHER/&gt;", "&lt;!DOCTYPE a [&lt;!ENTITY b 'c'&gt;]&gt;&lt;INSTANCE/&gt;"])
def test_cim_xml_that_is_none_is_an_answer_error(text: str) -> None:
    with pytest.raises(AnswerError, match="embedded instance"):
        instance(f"<p:A>{text}</p:A>").instance("A")


def test_reference_is_read_without_and_with_its_wrapper() -> None:
    epr = (
        "<a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{CAU}/MSFT_CAUNode</w:ResourceURI>"
        '<w:SelectorSet><w:Selector Name="OrchestratorGuid">g</w:Selector></w:SelectorSet></a:ReferenceParameters>'
    )
    found = instance(f"<p:A>{epr}</p:A><p:B><a:EndpointReference>{epr}</a:EndpointReference></p:B>")
    expected = Reference("root/microsoft/windows/clusterupdate", "MSFT_CAUNode", {"OrchestratorGuid": "g"})
    assert found.reference("A") == found.reference("B") == expected
    assert found.references("A") == [expected]


def test_reference_with_dmtf_uri_takes_its_namespace_from_the_selector() -> None:
    epr = (
        "<a:ReferenceParameters><w:ResourceURI>http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/X</w:ResourceURI><w:SelectorSet>"
        '<w:Selector Name="__cimnamespace">root/CIMV2</w:Selector><w:Selector Name="K"><a:EndpointReference><a:ReferenceParameters>'
        '<w:ResourceURI>http://x/Y</w:ResourceURI><w:SelectorSet><w:Selector Name="N">1</w:Selector></w:SelectorSet>'
        "</a:ReferenceParameters></a:EndpointReference></w:Selector></w:SelectorSet></a:ReferenceParameters>"
    )
    assert instance(f"<p:A>{epr}</p:A>").reference("A") == Reference("root/cimv2", "X", {"K": 'Y.N="1"'})


def test_untyped_shows_what_the_wire_alone_tells() -> None:
    found = instance(
        '<p:A>1</p:A><p:B xsi:nil="true"/><p:C>x</p:C><p:C>y</p:C><p:D><cim:Datetime>2024-03-01T10:00:00Z</cim:Datetime></p:D>'
        + EMBEDDED["typed"]
        + EMBEDDED["CIM-XML"].replace("Info", "Text")
    )
    plain = found.untyped()
    assert plain["A"] == "1"
    assert plain["B"] is None
    assert plain["C"] == ["x", "y"]
    assert plain["D"] == "2024-03-01T10:00:00Z"
    assert plain["Info"] == {"UpdateId": "u1"}
    assert isinstance(plain["Text"], dict)
    assert plain["Text"]["Codes"] == ["1", "2"]
