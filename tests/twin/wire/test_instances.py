# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Get, Put, Create, Delete, values in both directions, and the two URI schemes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from simulator.cim import Instance
from simulator.wire.options import WireOptions

from .conftest import FAST, Twin
from .fake_provider import thing
from .messages import NIL, NS, THING_URI, TRANSFER, XSI_TYPE, Answer, envelope, get, invoke

DMTF = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/Test_Thing"


def names(answer: Answer) -> list[str]:
    return [node.tag.rpartition("}")[2] for node in answer.payload]


def instance(inner: str) -> str:
    return f'<p:Test_Thing xmlns:p="{THING_URI}" xmlns:cim="{NS["cim"]}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{inner}</p:Test_Thing>'


def put(inner: str, name: str = "full") -> bytes:
    return envelope(f"{TRANSFER}/Put", body=instance(inner), selectors={"Name": name})


def create(inner: str) -> bytes:
    return envelope(f"{TRANSFER}/Create", body=instance(inner))


def delete(name: str) -> bytes:
    return envelope(f"{TRANSFER}/Delete", selectors={"Name": name})


def test_properties_come_in_alphabetical_order_without_case(twin: Twin) -> None:
    found = names(twin.client().post(get("full")))
    assert found == sorted(found, key=str.casefold)
    assert found.count("Tags") == 2


def test_values_have_the_forms_of_the_wire(twin: Twin) -> None:
    answer = twin.client().post(get("full"))
    expected = {"Big": "-1099511627776", "IsOn": "true", "Ratio": "0.5", "caption": "  two  ", "Count": "7"}
    assert {name: answer.text(f".//t:{name}") for name in expected} == expected
    assert answer.text(".//t:When/cim:Datetime") == "2024-03-01T10:00:00.25Z"
    assert answer.text(".//t:Wait/cim:Interval") == "P0DT0H30M0S"
    assert [node.text for node in answer.all(".//t:Octets")] == ["0", "255"]
    assert [node.text for node in answer.all(".//t:Tags")] == ["b", "a"]
    part = answer.find(".//t:Part")
    assert part is not None
    assert part.get(XSI_TYPE) == "p1:Test_Part_Type"
    assert answer.text(".//t:Part/part:Title") == "inner"
    assert answer.payload.get(XSI_TYPE) == "p:Test_Thing_Type"


def test_reference_holds_address_and_parameters_directly(twin: Twin) -> None:
    answer = twin.client().post(get("full"))
    assert answer.text(".//t:Parent/a:Address") == "http://twin:5985/wsman"
    assert answer.text(".//t:Parent/a:ReferenceParameters/w:ResourceURI") == THING_URI
    assert answer.text(".//t:Parent/a:ReferenceParameters/w:SelectorSet/w:Selector") == "empty"


def test_address_can_be_anonymous(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(options=WireOptions(floors=FAST, epr_address="anonymous"))
    assert twin.client().post(get("full")).text(".//t:Parent/a:Address") == f"{NS['a']}/role/anonymous"


def test_null_scalars_are_nil_and_null_arrays_are_absent(twin: Twin) -> None:
    answer = twin.client().post(get("empty"))
    assert "Tags" not in names(answer)
    assert {node.get(NIL) for node in answer.payload if not node.tag.endswith("}Name")} == {"true"}


def test_precise_arrays_mark_the_null_array(twin: Twin) -> None:
    option = '<w:OptionSet><w:Option Name="msftwinrm:UsePreciseArrays" Type="xs:boolean">true</w:Option></w:OptionSet>'
    answer = twin.client().post(get("empty", headers=option))
    node = answer.find(".//t:Tags")
    assert node is not None
    assert (node.get(NIL), node.get(f"{{{NS['m']}}}IsNullArray")) == ("true", "true")
    twin.provider.things["empty"].values["Tags"] = []
    assert twin.client().post(get("empty", headers=option)).find(".//t:Tags") is None


def test_forbidden_characters_become_question_marks(twin: Twin) -> None:
    twin.provider.things["full"].values["caption"] = "a\x01b\tc\ud800d\ufffe"
    assert twin.client().post(get("full")).text(".//t:caption") == "a?b\tc?d?"


def test_embedded_instances_can_come_as_cim_xml(twin: Twin) -> None:
    source = twin.provider.things["full"]
    schema = dataclasses.replace(source.schema, embedded_style="cim_xml")
    twin.provider.things["full"] = Instance(schema, source.values)
    text = twin.client().post(get("full")).text(".//t:Part") or ""
    assert text.startswith('<INSTANCE CLASSNAME="Test_Part"><PROPERTY NAME="Title" TYPE="string"><VALUE>inner</VALUE></PROPERTY>')


def test_selectors_and_uri_compare_without_case(twin: Twin) -> None:
    answer = twin.client().post(envelope(f"{TRANSFER}/Get", THING_URI.upper().replace("HTTP:", "http:"), selectors={"nAME": "FULL"}))
    assert answer.status == 200
    assert answer.payload.tag == f"{{{THING_URI}}}Test_Thing"


@pytest.mark.parametrize(
    ("selectors", "code"),
    [
        ({}, "2150859002"),
        ({"Name": "full", "Other": "x"}, "2150858843"),
        ({"Name": "full", "__cimnamespace": "root/other"}, "2150859067"),
        ({"Name": "full", "name": "full"}, "2150858847"),
    ],
)
def test_wrong_selectors_are_faults(twin: Twin, selectors: dict[str, str], code: str) -> None:
    answer = twin.client().post(envelope(f"{TRANSFER}/Get", selectors=selectors))
    assert (answer.status, answer.code) == (500, code)


def test_equal_namespace_selector_is_accepted(twin: Twin) -> None:
    assert twin.client().post(envelope(f"{TRANSFER}/Get", selectors={"Name": "full", "__cimnamespace": "ROOT\\test"})).status == 200


def test_singleton_needs_no_selectors(twin: Twin) -> None:
    answer = twin.client().post(envelope(f"{TRANSFER}/Get", THING_URI.replace("Test_Thing", "Test_One")))
    assert names(answer) == ["Guid"]


def test_dmtf_uri_types_its_scalars(twin: Twin) -> None:
    answer = twin.client().post(envelope(f"{TRANSFER}/Get", DMTF, selectors={"__cimnamespace": "root/test", "Name": "full"}))
    assert answer.status == 200
    assert answer.payload.tag == f"{{{DMTF}}}Test_Thing"
    found = {node.tag.rpartition("}")[2]: node.get(XSI_TYPE) for node in answer.payload}
    assert (found["Count"], found["IsOn"], found["caption"]) == ("cim:cimUnsignedInt", "cim:cimBoolean", "cim:cimString")
    selectors = {node.get("Name"): node.text for node in answer.all(".//w:Selector")}
    assert selectors == {"__cimnamespace": "root/test", "Name": "empty"}


def test_dmtf_uri_without_namespace_means_root_hardware(twin: Twin) -> None:
    assert twin.client().post(envelope(f"{TRANSFER}/Get", DMTF, selectors={"Name": "full"})).code == "2150858752"


def test_put_changes_what_it_holds_and_returns_the_instance(twin: Twin) -> None:
    answer = twin.client().post(put("<p:Count>8</p:Count><p:Tags>x</p:Tags>"))
    assert (answer.text(".//t:Count"), answer.text(".//t:IsOn")) == ("8", "true")
    assert twin.provider.things["full"].values["Tags"] == ["x"]


def test_create_answers_with_the_reference(twin: Twin) -> None:
    answer = twin.client().post(create("<p:Name>new</p:Name><p:Count>3</p:Count>"))
    assert answer.text("s:Header/a:Action") == f"{TRANSFER}/CreateResponse"
    assert answer.text(".//x:ResourceCreated/a:ReferenceParameters/w:ResourceURI") == THING_URI
    assert answer.text(".//x:ResourceCreated//w:Selector") == "new"
    assert twin.provider.things["new"].values == {"Name": "new", "Count": 3}


def test_create_of_an_existing_instance_is_a_fault(twin: Twin) -> None:
    client = twin.client()
    client.post(create("<p:Name>new</p:Name>"))
    answer = client.post(create("<p:Name>new</p:Name>"))
    assert (answer.status, answer.text(".//e:CIMStatusCode")) == (500, "11")


def test_create_with_selectors_is_a_fault(twin: Twin) -> None:
    body = envelope(f"{TRANSFER}/Create", body=instance("<p:Name>n</p:Name>"), selectors={"Name": "n"})
    assert twin.client().post(body).code == "2150858843"


def test_delete_has_an_empty_body(twin: Twin) -> None:
    client = twin.client()
    answer = client.post(delete("empty"))
    body = answer.find("s:Body")
    assert body is not None
    assert len(body) == 0
    assert client.post(delete("empty")).code == "2150858752"


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("<p:count>1</p:count>", "2150858817"),
        ("<Count>1</Count>", "2150858840"),
        ("<p:Count>one</p:Count>", "2150858817"),
        ("<p:Count>-1</p:Count>", "2150858817"),
        ("<p:Count>4294967296</p:Count>", "2150858817"),
        ("<p:Count>1,000</p:Count>", "2150858817"),
        ("<p:Count>0x10</p:Count>", "2150858817"),
        ("<p:Count>1</p:Count><p:Count>2</p:Count>", "2150858817"),
        ("<p:IsOn>maybe</p:IsOn>", "2150858817"),
        ("<p:When><cim:Datetime>yesterday</cim:Datetime></p:When>", "2150858817"),
        ("<p:Wait><cim:Interval>long</cim:Interval></p:Wait>", "2150858817"),
        ("<p:Ratio>half</p:Ratio>", "2150858817"),
        ("<p:Octets>256</p:Octets>", "2150858817"),
        ("<p:caption><b/></p:caption>", "2150858817"),
        ("<p:Parent>x</p:Parent>", "2150858817"),
        ("<p:Part><p:Title>x</p:Title></p:Part>", "2150858817"),
    ],
)
def test_bodies_that_do_not_fit_are_schema_faults(twin: Twin, inner: str, code: str) -> None:
    answer = twin.client().post(put(inner))
    assert (answer.status, answer.code) == (500, code)
    assert twin.provider.things["full"].values["Count"] == 7


@pytest.mark.parametrize("body", ["", "<other/>", "<a/><b/>"])
def test_body_of_another_class_is_a_schema_fault(twin: Twin, body: str) -> None:
    assert twin.client().post(envelope(f"{TRANSFER}/Put", body=body, selectors={"Name": "full"})).code == "2150858817"


def test_values_survive_the_way_in_and_out(twin: Twin) -> None:
    inner = (
        "<p:caption> &lt;ä&gt; </p:caption><p:IsOn>TRUE</p:IsOn><p:Tags/><p:Tags>z</p:Tags>"
        "<p:When><cim:Datetime>2025-02-03T04:05:06.5+02:00</cim:Datetime></p:When><p:Wait><cim:Interval>P1DT2H3M4S</cim:Interval></p:Wait>"
        '<p:Count xsi:nil="true"/>'
    )
    answer = twin.client().post(put(inner))
    assert answer.text(".//t:caption") == " <ä> "
    assert [node.text or "" for node in answer.all(".//t:Tags")] == ["", "z"]
    assert answer.text(".//t:When/cim:Datetime") == "2025-02-03T02:05:06.5Z"
    assert answer.text(".//t:Wait/cim:Interval") == "P1DT2H3M4S"
    count = answer.find(".//t:Count")
    assert count is not None
    assert count.get(NIL) == "true"


def test_embedded_instance_and_reference_come_in(twin: Twin) -> None:
    part = f'<p:Part xmlns:q="{NS["part"]}" xsi:type="q:Test_Part_Type"><q:Title>in</q:Title></p:Part>'
    reference = (
        f"<p:Ref><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>{THING_URI}</w:ResourceURI>"
        '<w:SelectorSet><w:Selector Name="Name">empty</w:Selector></w:SelectorSet></a:ReferenceParameters></p:Ref>'
    )
    assert twin.client().post(invoke("Echo", part + reference)).status == 200
    arguments = twin.provider.calls[-1][2]
    assert arguments["Part"].values == {"Title": "in"}
    assert (arguments["Ref"].class_name, arguments["Ref"].keys) == ("Test_Thing", {"Name": "empty"})
    assert twin.log_lines(1)[0]["arguments"]["Ref"] == {"class": "Test_Thing", "keys": {"Name": "empty"}}


def test_embedded_instance_as_cim_xml_comes_in(twin: Twin) -> None:
    text = '&lt;INSTANCE CLASSNAME="Test_Part"&gt;&lt;PROPERTY NAME="Id"&gt;&lt;VALUE&gt;5&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;'
    assert twin.client().post(invoke("Echo", f"<p:Part>{text}</p:Part>")).status == 200
    assert twin.provider.calls[-1][2]["Part"].values == {"Id": 5}


def test_other_things_are_left_alone(twin: Twin) -> None:
    twin.provider.things["odd"] = thing("odd & <end>")
    assert twin.client().post(get("odd")).text(".//t:Name") == "odd & <end>"
