# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enumerate, Pull, Release, filters and associations, with the peculiarities that recordings show."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest

from simulator.wire.options import WireOptions

from .conftest import FAST, Twin, wait_for
from .fake_provider import thing
from .messages import ALL_URI, ENUMERATION, NS, THING_URI, Answer, RawClient, enumerate_class, enumerate_wql, envelope, pull, robust

OPTIMIZE = "<w:OptimizeEnumeration/>"
DMTF_ALL = "http://schemas.dmtf.org/wbem/wscim/1/*"
LINK_URI = THING_URI.replace("Test_Thing", "Test_Link")


def context(answer: Answer) -> str:
    return answer.text(".//n:EnumerationContext") or ""


def names(answer: Answer, tag: str = "Name") -> list[str | None]:
    return [node.text for node in answer.root.iter() if node.tag.rpartition("}")[2] == tag]


def pull_all(client: RawClient, first: Answer, extra: str = "<n:MaxElements>2</n:MaxElements>") -> list[Answer]:
    answers: list[Answer] = []
    token = context(first)
    while token:
        answers.append(client.post(pull(token, extra)))
        assert answers[-1].status == 200
        token = context(answers[-1])
    return answers


def test_without_optimization_the_answer_holds_only_a_context(twin: Twin) -> None:
    client = twin.client()
    answer = client.post(enumerate_class())
    assert [node.tag for node in answer.payload] == [f"{{{ENUMERATION}}}EnumerationContext"]
    assert context(answer).startswith("uuid:")
    pulls = pull_all(client, answer)
    assert [names(item) for item in pulls] == [["full", "empty"], ["special"]]


def test_context_changes_with_each_pull_and_is_absent_in_the_last(twin: Twin) -> None:
    client = twin.client()
    first = client.post(enumerate_class())
    pulls = pull_all(client, first)
    assert context(pulls[0]) not in ("", context(first))
    assert pulls[-1].find(".//n:EnumerationContext") is None
    assert [bool(item.all(".//n:EndOfSequence")) for item in pulls] == [False, True]
    assert pulls[0].find(".//n:Items") is not None


def test_optimized_single_object_has_an_empty_context(twin: Twin) -> None:
    answer = twin.client().post(enumerate_wql("SELECT * FROM Test_Thing WHERE Name = 'full'", OPTIMIZE))
    node = answer.find(".//n:EnumerationContext")
    assert node is not None
    assert node.text is None
    assert names(answer) == ["full"]
    assert answer.find(".//w:Items") is not None
    assert answer.find(".//w:EndOfSequence") is not None


def test_optimized_several_objects_come_as_one_and_a_context(twin: Twin) -> None:
    client = twin.client()
    answer = client.post(enumerate_class(f"{OPTIMIZE}<w:MaxElements>32000</w:MaxElements>"))
    assert names(answer) == ["full"]
    assert answer.find(".//w:EndOfSequence") is None
    assert [names(item) for item in pull_all(client, answer)] == [["empty", "special"]]


def test_optimized_enumeration_of_an_old_host_returns_all(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(options=WireOptions(floors=FAST, optimized_items="all"))
    answer = twin.client().post(enumerate_class(OPTIMIZE))
    assert names(answer) == ["full", "empty", "special"]
    assert answer.find(".//w:EndOfSequence") is not None


@pytest.mark.parametrize("mode", ["ended", "context"])
def test_optimized_enumeration_that_finds_nothing(make_twin: Callable[..., Twin], mode: t.Literal["ended", "context"]) -> None:
    twin = make_twin(options=WireOptions(floors=FAST, empty_enumeration=mode))
    client = twin.client()
    answer = client.post(enumerate_wql("SELECT * FROM Test_Thing WHERE Name = 'none'", OPTIMIZE))
    assert names(answer) == []
    assert (answer.find(".//w:EndOfSequence") is not None) == (mode == "ended")
    assert [names(item) for item in pull_all(client, answer)] == ([[]] if mode == "context" else [])


def test_pull_without_max_elements_returns_one(twin: Twin) -> None:
    client = twin.client()
    assert [len(names(item)) for item in pull_all(client, client.post(enumerate_class()), "")] == [1, 1, 1]


def test_batches_are_cut_by_the_envelope_size(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(limits={"MaxEnvelopeSizekb": 32})
    for number in range(20):
        twin.provider.things[f"big{number}"] = thing(f"big{number}", caption="x" * 4000)
    client = twin.client()
    pulls = pull_all(client, client.post(enumerate_class()), "<n:MaxElements>100</n:MaxElements>")
    assert sum(len(names(item)) for item in pulls) == 23
    assert len(pulls) > 2
    assert all(len(item.content) <= 32 * 1024 for item in pulls)


def test_batches_are_cut_by_max_characters(twin: Twin) -> None:
    client = twin.client()
    extra = "<n:MaxElements>100</n:MaxElements><n:MaxCharacters>2500</n:MaxCharacters>"
    assert len(pull_all(client, client.post(enumerate_class()), extra)) == 2


def test_object_above_the_envelope_size_is_an_encoding_limit(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(limits={"MaxEnvelopeSizekb": 16})
    twin.provider.things["full"].values["caption"] = "x" * 20_000
    client = twin.client()
    assert client.post(pull(context(client.post(enumerate_class())))).code == "2150858805"


def test_server_caps_the_batch(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(limits={"MaxBatchItems": 1})
    client = twin.client()
    assert [len(names(item)) for item in pull_all(client, client.post(enumerate_class()))] == [1, 1, 1]


def test_used_released_and_idle_contexts_are_invalid(twin: Twin) -> None:
    client = twin.client()
    used = context(client.post(enumerate_class()))
    client.post(pull(used))
    released = context(client.post(enumerate_class()))
    answer = client.post(release(released))
    assert answer.status == 200
    assert answer.text("s:Header/a:Action") == f"{ENUMERATION}/ReleaseResponse"
    for token in (used, released, "uuid:unknown"):
        bad = client.post(pull(token))
        assert (bad.code, bad.text(".//s:Subcode/s:Value")) == ("2150858779", "n:InvalidEnumerationContext")
        assert bad.text("s:Header/a:Action") == f"{ENUMERATION}/fault"
    idle = context(client.post(enumerate_class()))
    wait_for(lambda: twin.server._services[0]._state.enumerations.count("administrator") == 0)
    assert client.post(pull(idle)).code == "2150858779"


def release(token: str) -> bytes:
    return envelope(f"{ENUMERATION}/Release", body=f"<n:Release><n:EnumerationContext>{token}</n:EnumerationContext></n:Release>")


@pytest.mark.parametrize(
    ("mode", "objects", "references"), [("EnumerateObject", 1, 0), ("EnumerateObjectAndEPR", 1, 1), ("EnumerateEPR", 0, 1)]
)
def test_modes_choose_objects_and_references(twin: Twin, mode: str, objects: int, references: int) -> None:
    extra = f"{OPTIMIZE}<w:EnumerationMode>{mode}</w:EnumerationMode>"
    answer = twin.client().post(enumerate_wql("SELECT * FROM Test_Thing WHERE Name = 'empty'", extra))
    assert (len(names(answer)), len(answer.all(".//a:EndpointReference"))) == (objects, references)
    assert len(answer.all(".//w:Items/w:Item")) == (1 if objects and references else 0)
    if references:
        assert answer.text(".//a:EndpointReference//w:Selector") == "empty"


def test_unknown_mode_is_a_fault(twin: Twin) -> None:
    assert twin.client().post(enumerate_class("<w:EnumerationMode>All</w:EnumerationMode>")).code == "2150858818"


@pytest.mark.parametrize("extra", ["<w:MaxElements>0</w:MaxElements>", "<w:MaxElements>many</w:MaxElements>"])
def test_bad_max_elements_is_a_fault(twin: Twin, extra: str) -> None:
    assert twin.client().post(enumerate_class(OPTIMIZE + extra)).code == "2150858817"


def test_selected_columns_come_as_fragments_without_namespace(twin: Twin) -> None:
    answer = twin.client().post(enumerate_wql("SELECT When, Name, count FROM Test_Thing WHERE Name = 'full'", OPTIMIZE))
    fragment = answer.find(".//w:Items/w:XmlFragment")
    assert fragment is not None
    assert [node.tag for node in fragment] == ["Count", "Name", "When"]
    assert fragment.findtext("When/Datetime") == "2024-03-01T10:00:00.25Z"


def test_objects_of_subclasses_carry_their_own_name(twin: Twin) -> None:
    answer = twin.client().post(enumerate_wql("SELECT * FROM Test_Thing WHERE Name = 'special'", OPTIMIZE))
    items = answer.find(".//w:Items")
    assert items is not None
    assert items[0].tag == f"{{{THING_URI.replace('Test_Thing', 'Test_SpecialThing')}}}Test_SpecialThing"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("select * from test_thing where count > 7", ["special"]),
        ("SELECT * FROM Test_Thing WHERE Count >= 7 AND Count <> 9", ["full"]),
        ("SELECT * FROM Test_Thing WHERE Name = \"FULL\" OR (Count < 10 AND NOT Name='full')", ["full", "special"]),
        ("SELECT * FROM Test_Thing WHERE Count IS NULL", ["empty"]),
        ("SELECT * FROM Test_Thing WHERE Count IS NOT NULL AND Count != 7", ["special"]),
        ("SELECT * FROM Test_Thing WHERE Name LIKE '%L'", ["full", "special"]),
        ("SELECT * FROM Test_Thing WHERE Name LIKE '_[^x]%' AND NOT Name LIKE 's%'", ["full", "empty"]),
        ("SELECT * FROM Test_Thing WHERE IsOn = TRUE", ["full"]),
        ("SELECT * FROM Test_Thing WHERE When > '20240101000000.000000+000'", ["full"]),
        ("SELECT * FROM Test_Thing WHERE __CLASS ISA 'Test_SpecialThing'", ["special"]),
        ("SELECT * FROM Test_Thing WHERE 8 < Count", ["special"]),
        ("SELECT * FROM Test_SpecialThing;", ["special"]),
        ("ASSOCIATORS OF {Test_Thing.Name='full'} WHERE AssocClass=Test_Link", ["empty", "special"]),
        ("ASSOCIATORS OF {Test_Thing='full'} WHERE ResultClass = Test_SpecialThing", ["special"]),
        ('ASSOCIATORS OF {Test_SpecialThing.Name="special"} WHERE Role = Owned ResultRole = Owner', ["full"]),
        ("ASSOCIATORS OF {Test_Thing.Name='full'} WHERE Role=Owned", []),
        ("ASSOCIATORS OF {\\\\.\\root\\test:Test_Thing.Name='full'} WHERE ResultClass=Test_SpecialThing", ["special"]),
    ],
)  # fmt: skip
def test_queries_find(twin: Twin, query: str, found: list[str]) -> None:
    client = twin.client()
    pulls = pull_all(client, client.post(enumerate_wql(query)), "<n:MaxElements>50</n:MaxElements>")
    assert [name for item in pulls for name in names(item)] == found


def test_references_of_an_object_are_its_associations(twin: Twin) -> None:
    client = twin.client()
    answer = client.post(enumerate_wql("REFERENCES OF {Test_Thing.Name='full'} WHERE ResultClass=Test_Link"))
    pulls = pull_all(client, answer, "<n:MaxElements>50</n:MaxElements>")
    assert len(pulls[0].all(f".//{{{LINK_URI}}}Test_Link")) == 2
    assert pulls[0].text(f".//{{{LINK_URI}}}Owned//w:Selector") == "empty"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT",
        "",
        "SELECT * FROM Test_None",
        "SELECT * FROM Test_Thing WHERE",
        "SELECT * FROM Test_Thing WHERE Nope = 1",
        "SELECT Nope FROM Test_Thing",
        "SELECT * FROM Test_Thing WHERE Name = full",
        "SELECT * FROM Test_Thing WHERE Name ~ 'x'",
        "SELECT * FROM Test_Thing WHERE (Name = 'x'",
        "SELECT * FROM Test_Thing WHERE Name = 'x' trailing",
        "SELECT * FROM Test_Thing WHERE Name = 'unclosed",
        "SELECT * FROM Test_Thing WHERE " + "(" * 60 + "Count=1" + ")" * 60,
        "DELETE FROM Test_Thing",
        "ASSOCIATORS OF {Test_Thing.Name='none'} WHERE Foo=1",
        "ASSOCIATORS OF {}",
        "ASSOCIATORS OF {Test_None.Name='full'}",
        "ASSOCIATORS OF {Test_Thing.Other='full'}",
        "ASSOCIATORS OF {Test_Thing.Name='full'} WHERE ClassDefsOnly",
    ],
)
def test_bad_queries_cannot_be_processed(twin: Twin, query: str) -> None:
    answer = twin.client().post(enumerate_wql(query))
    assert (answer.code, answer.text(".//s:Subcode/s:Value")) == ("2150858778", "n:CannotProcessFilter")
    assert answer.find(".//f:ProviderFault") is not None


def test_query_on_a_class_uri_is_refused(twin: Twin) -> None:
    assert twin.client().post(enumerate_wql("SELECT * FROM Test_Thing", uri=THING_URI)).code == "2150859003"


def test_enumerate_with_keys_is_refused(twin: Twin) -> None:
    body = envelope(f"{ENUMERATION}/Enumerate", body="<n:Enumerate/>", selectors={"Name": "full"})
    assert twin.client().post(body).code == "2150859016"


def test_enumerate_without_its_body_is_refused(twin: Twin) -> None:
    assert twin.client().post(envelope(f"{ENUMERATION}/Enumerate")).code == "2150858817"
    assert twin.client().post(envelope(f"{ENUMERATION}/Pull")).code == "2150858817"


def test_listing_all_classes_at_once_is_refused(twin: Twin) -> None:
    assert twin.client().post(enumerate_class(uri=ALL_URI)).status == 500


def test_unknown_dialect_is_refused(twin: Twin) -> None:
    body = '<n:Enumerate><w:Filter Dialect="urn:x">a</w:Filter></n:Enumerate>'
    answer = twin.client().post(envelope(f"{ENUMERATION}/Enumerate", ALL_URI, body))
    assert answer.text(".//s:Subcode/s:Value") == "n:FilterDialectRequestedUnavailable"


def test_query_with_the_dmtf_scheme_is_served(twin: Twin) -> None:
    query = '<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">SELECT * FROM Test_Thing WHERE Count=9</w:Filter>'
    body = envelope(
        f"{ENUMERATION}/Enumerate", DMTF_ALL, f"<n:Enumerate>{OPTIMIZE}{query}</n:Enumerate>", selectors={"__cimnamespace": "root/test"}
    )
    answer = twin.client().post(body)
    assert names(answer) == ["special"]


def test_selector_filter_compares_for_equality(twin: Twin) -> None:
    filters = (
        '<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"><w:SelectorSet>'
        '<w:Selector Name="count">9</w:Selector></w:SelectorSet></w:Filter>'
    )
    answer = twin.client().post(enumerate_class(OPTIMIZE + filters))
    assert names(answer) == ["special"]
    assert twin.client().post(enumerate_class(filters.replace("count", "nope"))).code == "2150858778"


def test_association_filter_finds_the_other_ends(twin: Twin) -> None:
    source = (
        f"<b:Object><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>{THING_URI}</w:ResourceURI><w:SelectorSet>"
        '<w:Selector Name="Name">special</w:Selector></w:SelectorSet></a:ReferenceParameters></b:Object>'
    )
    body = (
        f'<n:Enumerate>{OPTIMIZE}<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter">'
        '<b:AssociatedInstances xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd">'
        f"{source}<b:AssociationClassName>Test_Link</b:AssociationClassName></b:AssociatedInstances></w:Filter></n:Enumerate>"
    )
    assert names(twin.client().post(envelope(f"{ENUMERATION}/Enumerate", ALL_URI, body))) == ["full"]


def test_open_enumerations_count_as_operations(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(limits={"MaxConcurrentOperationsPerUser": 2, "EnumerationTimeoutms": 600000000})
    client = twin.client()
    assert [client.post(enumerate_class()).code for _unused in range(3)] == [None, None, "2150859174"]
    assert client.post(robust("Work", "uuid:A")).code == "2150859174"


def test_log_names_class_and_query(twin: Twin) -> None:
    client = twin.client()
    pull_all(client, client.post(enumerate_wql("SELECT * FROM test_thing")))
    client.post(release("uuid:none"))
    lines = twin.log_lines(4)
    assert [(line["action"], line["class"]) for line in lines] == [
        ("Enumerate", "Test_Thing"), ("Pull", "Test_Thing"), ("Pull", "Test_Thing"), ("Release", "Test_Thing"),
    ]  # fmt: skip
    assert lines[0]["arguments"] == {"Filter": "SELECT * FROM test_thing"}
    assert lines[3]["outcome"] == "fault 2150858779"


def test_context_of_one_node_means_nothing_elsewhere(twin: Twin) -> None:
    assert NS["n"] == ENUMERATION
    assert twin.client().post(pull("")).code == "2150858779"
