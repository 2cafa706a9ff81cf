# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import (
    AnswerError,
    FaultError,
    HttpStatusError,
    RequestRefusedError,
    TimeLimitError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .scripted import (
    CAU,
    CIMV2,
    ENDPOINT,
    A,
    FakeClock,
    M,
    S,
    Step,
    W,
    body,
    client_for,
    envelope,
    failure_of,
    fault,
    header,
    keep_alive,
    output,
    service,
    wsman_fault,
)

GUID = "0a0a0a0a-0000-4000-8000-00000000000c"
CAU_NAMESPACE = "root/microsoft/windows/clusterupdate"
IDENTITY = (
    '<wsmid:IdentifyResponse xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
    "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
    "<wsmid:ProductVersion>OS: 10.0.20348 SP: 0.0 Stack: 3.0</wsmid:ProductVersion></wsmid:IdentifyResponse>"
)
CREATED = (
    "<x:ResourceCreated><a:Address>http://n/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>u</w:ResourceURI>"
    f'<w:SelectorSet><w:Selector Name="OrchestratorGuid">{GUID}</w:Selector>'
    '<w:Selector Name="__cimnamespace">root/x</w:Selector></w:SelectorSet>'
    "</a:ReferenceParameters></x:ResourceCreated>"
)


def selectors(root: Element) -> dict[str, str | None]:
    return {item.get("Name", ""): item.text for item in root.iterfind(f"{S}Header/{W}SelectorSet/{W}Selector")}


def test_identify_has_an_empty_header() -> None:
    client, wire = client_for(Step([envelope(IDENTITY)]))
    identity = client.identify()
    assert (identity.vendor, identity.version) == ("Microsoft Corporation", "OS: 10.0.20348 SP: 0.0 Stack: 3.0")
    assert len(wire.requests[0][0]) == 0


def test_get_sends_every_header_that_windows_wants() -> None:
    client, wire = client_for(Step([envelope(service())]))
    found = client.get("root/cimv2", "Win32_Service", {"Name": "exampled"})
    assert found.integer("ProcessId") == 4711
    root = wire.requests[0]
    assert header(root, f"{A}Action") == "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
    assert header(root, f"{W}ResourceURI") == f"{CIMV2}/Win32_Service"
    assert header(root, f"{A}To") == ENDPOINT.url
    assert header(root, f"{A}ReplyTo/{A}Address") == "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
    assert (header(root, f"{A}MessageID") or "").startswith("uuid:")
    assert header(root, f"{W}MaxEnvelopeSize") == "512000"
    assert header(root, f"{W}OperationTimeout") == "PT60S"
    assert header(root, f"{M}OperationID") is None
    assert selectors(root) == {"Name": "exampled"}
    assert len(body(root)) == 0
    for tag, must in ((f"{W}ResourceURI", "true"), (f"{A}Action", "true"), (f"{W}Locale", "false"), (f"{M}DataLocale", "false")):
        element = root.find(f"{S}Header/{tag}")
        assert element is not None
        assert element.get(f"{S}mustUnderstand") == must


def test_singleton_is_asked_without_selectors() -> None:
    client, wire = client_for(Step([envelope(service())]))
    client.get("root/cimv2", "Win32_OperatingSystem")
    assert selectors(wire.requests[0]) == {}


def test_put_sends_only_the_changes_and_nil_for_none() -> None:
    client, wire = client_for(Step([envelope(service("after"))]), Step([envelope("")]))
    changed = client.put("root/cimv2", "Win32_Service", {"Name": "a"}, {"Name": "after", "InstallDate": None})
    assert changed is not None
    assert changed.text("Name") == "after"
    sent = body(wire.requests[0])[0]
    assert sent.tag == f"{{{CIMV2}/Win32_Service}}Win32_Service"
    assert [child.get("{http://www.w3.org/2001/XMLSchema-instance}nil") for child in sent] == [None, "true"]
    assert client.put("root/cimv2", "Win32_Service", {"Name": "a"}, {}) is None
    assert wire.kinds == [Kind.IDEMPOTENT, Kind.IDEMPOTENT]


def test_create_returns_the_keys_of_the_answer() -> None:
    client, wire = client_for(Step([envelope(CREATED)]))
    assert client.create(CAU_NAMESPACE, "MSFT_CAURun", {"OrchestratorGuid": GUID}) == {"OrchestratorGuid": GUID}
    assert wire.kinds == [Kind.IDEMPOTENT]
    assert selectors(wire.requests[0]) == {}


@pytest.mark.parametrize("answer", ["", "<x:ResourceCreated><a:Address>u</a:Address></x:ResourceCreated>"])
def test_create_falls_back_to_the_keys_that_were_sent(answer: str) -> None:
    client, _unused = client_for(Step([envelope(answer)]))
    assert client.create(CAU_NAMESPACE, "MSFT_CAURun", {"OrchestratorGuid": GUID, "Number": 1}) == {"OrchestratorGuid": GUID}


def test_delete_sends_the_keys() -> None:
    client, wire = client_for(Step([envelope("")]))
    client.delete(CAU_NAMESPACE, "MSFT_CAURun", {"OrchestratorGuid": GUID})
    assert header(wire.requests[0], f"{A}Action") == "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"
    assert selectors(wire.requests[0]) == {"OrchestratorGuid": GUID}


def test_invoke_sends_input_selectors_and_action() -> None:
    client, wire = client_for(Step([envelope(output("RebootRequired", "<p:ReturnValue>false</p:ReturnValue>"))]))
    found = client.invoke(CAU_NAMESPACE, "MSFT_CAUNode", "RebootRequired", {}, keys={"OrchestratorGuid": GUID}, kind=Kind.READ, timeout=90)
    assert found.boolean("ReturnValue") is False
    root = wire.requests[0]
    assert header(root, f"{A}Action") == f"{CAU}/MSFT_CAUNode/RebootRequired"
    assert header(root, f"{W}OperationTimeout") == "PT90S"
    assert selectors(root) == {"OrchestratorGuid": GUID}
    assert body(root)[0].tag == f"{{{CAU}/MSFT_CAUNode}}RebootRequired_INPUT"
    assert wire.read_timeouts == [105.0]


def test_return_value_other_than_zero_is_no_error() -> None:
    client, _unused = client_for(Step([envelope(output("M", "<p:ReturnValue>5</p:ReturnValue>"))]))
    assert client.invoke("root/cimv2", "X", "M", kind=Kind.ONCE_ONLY).integer("ReturnValue") == 5


@pytest.mark.parametrize(("kind", "outcome"), [(Kind.READ, Outcome.FAILED), (Kind.ONCE_ONLY, Outcome.UNKNOWN)])
@pytest.mark.parametrize("is_robust", [False, True])
def test_output_that_lacks_a_value_does_not_prove_that_nothing_happened(kind: Kind, outcome: Outcome, is_robust: bool) -> None:
    client, _unused = client_for(Step([envelope(output("M", "<p:Info><p:N>x</p:N></p:Info>"))]))
    if is_robust:
        found = client.invoke_robust("root/cimv2", "X", "M", kind=kind, deadline_seconds=60)
    else:
        found = client.invoke("root/cimv2", "X", "M", kind=kind)
    for read in (lambda: found.require_integer("ReturnValue"), lambda: found.instances("Info")[0].integer("N")):
        error = failure_of(read)
        assert (error.outcome, error.node) == (outcome, "node1")


def test_void_method_may_answer_with_nothing() -> None:
    client, _unused = client_for(Step([envelope("")]))
    assert client.invoke("root/mscluster", "MSCluster_Node", "Pause", kind=Kind.ONCE_ONLY).names() == []


def test_answer_of_another_kind_is_refused() -> None:
    client, _unused = client_for(Step([envelope(service())]))
    found = failure_of(lambda: client.invoke("root/cimv2", "X", "M", kind=Kind.ONCE_ONLY))
    assert isinstance(found, AnswerError)
    assert found.outcome is Outcome.UNKNOWN


def test_answer_to_another_request_is_refused() -> None:
    client, wire = client_for(Step([envelope(service(), relates_to="uuid:OTHER")]))
    with pytest.raises(AnswerError, match="another request"):
        client.get("root/cimv2", "Win32_Service", {"Name": "x"})
    assert wire.closed


def test_relates_to_is_compared_without_case() -> None:
    client, wire = client_for(Step())

    def answer(root: Element) -> None:
        wire_step.pieces = [envelope(service(), relates_to=(header(root, f"{A}MessageID") or "").upper())]

    wire_step = wire.steps[0]
    wire_step.check = answer
    assert client.get("root/cimv2", "Win32_Service", {"Name": "x"}).class_name == "Win32_Service"


def test_side_messages_before_the_answer_are_skipped() -> None:
    client, _unused = client_for(Step([keep_alive(), keep_alive("Acknowledge"), envelope(service())]))
    assert client.get("root/cimv2", "Win32_Service").class_name == "Win32_Service"


def test_get_class_reads_methods_and_parameters() -> None:
    answer = (
        '<c:Anything xmlns:c="urn:c"><CLASS NAME="MSFT_CAUNode" SUPERCLASS="Base"><PROPERTY NAME="OrchestratorGuid" TYPE="string">'
        '<QUALIFIER NAME="key" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER></PROPERTY><METHOD NAME="ScanUpdates" TYPE="uint32">'
        '<PARAMETER NAME="QueryString" TYPE="string"><QUALIFIER NAME="In" TYPE="boolean"><VALUE>true</VALUE></QUALIFIER></PARAMETER>'
        '<PARAMETER.ARRAY NAME="Info" TYPE="string"><QUALIFIER NAME="Out" TYPE="boolean"><VALUE>true</VALUE></QUALIFIER>'
        '<QUALIFIER NAME="Stream" TYPE="boolean"/>'
        '<QUALIFIER NAME="EmbeddedInstance" TYPE="string"><VALUE>MSFT_CAU_ScanUpdateInfo</VALUE></QUALIFIER></PARAMETER.ARRAY></METHOD>'
        '<METHOD NAME="Void"><PARAMETER.REFERENCE NAME="Node"/></METHOD></CLASS></c:Anything>'
    )
    client, wire = client_for(Step([envelope(answer)]))
    found = client.get_class(CAU_NAMESPACE, "MSFT_CAUNode")
    assert (found.name, found.superclass, found.properties["OrchestratorGuid"].is_key) == ("MSFT_CAUNode", "Base", True)
    query, info = (found.methods["ScanUpdates"].parameters[name] for name in ("QueryString", "Info"))
    assert (query.type, query.is_in, query.is_out, query.is_array) == ("string", True, False, False)
    assert (info.type, info.is_in, info.is_out, info.is_array, info.is_stream) == ("instance", False, True, True, True)
    assert info.embedded_class == "MSFT_CAU_ScanUpdateInfo"
    assert found.methods["Void"].returns is None
    assert found.methods["Void"].parameters["Node"].type == "reference"
    assert found.has_parameter("ScanUpdates", "Info")
    assert not found.has_parameter("ScanUpdates", "FeatureUpdatesOnly")
    assert selectors(wire.requests[0]) == {"__cimnamespace": CAU_NAMESPACE, "ClassName": "MSFT_CAUNode"}
    options = {item.get("Name"): item.text for item in wire.requests[0].iterfind(f"{S}Header/{W}OptionSet/{W}Option")}
    assert options == {"IncludeQualifiers": "true", "IncludeInheritedElements": "true"}


def test_class_in_text_is_found_too() -> None:
    client, _unused = client_for(Step([envelope('<r>&lt;CIM&gt;&lt;CLASS NAME="X"/&gt;&lt;/CIM&gt;</r>')]))
    assert client.get_class("root/cimv2", "X").name == "X"


def test_class_answer_without_a_class_is_refused() -> None:
    client, _unused = client_for(Step([envelope("<r>&lt;CLASS</r>")]))
    with pytest.raises(AnswerError, match="class definition"):
        client.get_class("root/cimv2", "X")


CONFIG = (
    '<cfg:Config xmlns:cfg="http://schemas.microsoft.com/wbem/wsman/1/config"><cfg:MaxEnvelopeSizekb>1</cfg:MaxEnvelopeSizekb>'
    "<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms><cfg:Service><cfg:MaxConnections>300</cfg:MaxConnections></cfg:Service></cfg:Config>"
)


def test_configuration_is_read_with_its_paths() -> None:
    client, _unused = client_for(Step([envelope(CONFIG)]))
    found = client.configuration()
    assert (found.max_timeout_ms, found.max_envelope_kb, found.max_batch_items) == (60000, 1, None)
    assert found.settings["Service/MaxConnections"] == "300"


def test_request_beyond_the_known_envelope_limit_is_not_sent() -> None:
    client, wire = client_for(Step([envelope(CONFIG)]))
    client.configuration()
    with pytest.raises(RequestRefusedError, match="bytes"):
        client.invoke("root/cimv2", "X", "M", {"P": "x" * 2000}, kind=Kind.ONCE_ONLY)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get("root\\cimv2", "X"),
        lambda client: client.get("root/cimv2", "X/Y"),
        lambda client: client.get("root/cimv2", "X", {"K": "\x00"}),
        lambda client: client.query("root/cimv2", "SELECT * FROM X WHERE A='\x01'"),
        lambda client: client.invoke("root/cimv2", "X", "M N", kind=Kind.READ),
        lambda client: client.invoke("root/cimv2", "X", "M", {"P": "\ud800"}, kind=Kind.READ),
        lambda client: client.invoke_robust("root/cimv2", "X", "M", {"P": "\ufffe"}, kind=Kind.READ, deadline_seconds=5),
        lambda client: client.create("root/cimv2", "X", {"P": "\x0b"}),
        lambda client: client.get_class("root/cimv2", "X Y"),
    ],
)
def test_request_that_cannot_travel_is_never_sent(call: Callable[[Client], object]) -> None:
    client, wire = client_for()
    assert isinstance(failure_of(lambda: call(client)), RequestRefusedError)
    assert wire.opened == 0


def test_fault_inside_http_200_is_found() -> None:
    client, _unused = client_for(Step([fault("s:Sender", detail=wsman_fault(2150858752))]))
    with pytest.raises(FaultError) as caught:
        client.get("root/cimv2", "X")
    assert caught.value.is_not_found
    assert caught.value.node == "node1"


def test_connection_stays_in_use_after_a_fault() -> None:
    client, wire = client_for(Step([fault("s:Sender")], status=500), Step([envelope(service())]))
    failure_of(lambda: client.get("root/cimv2", "X"))
    client.get("root/cimv2", "X")
    assert wire.on_connections == [1, 1]


@pytest.mark.parametrize("pieces", [[], [b""], [b"<html><p>busy</html>"], [b"<!DOCTYPE html><html></html>"], [b"\x00\x01"], [envelope("")]])
def test_status_without_fault_is_told_as_a_status(pieces: list[bytes]) -> None:
    client, wire = client_for(Step(pieces, status=404))
    found = failure_of(lambda: client.get("root/cimv2", "X"))
    assert isinstance(found, HttpStatusError)
    assert found.status == 404
    assert "/wsman" in str(found)
    assert wire.closed


def test_empty_answer_is_refused() -> None:
    client, _unused = client_for(Step([]))
    found = failure_of(lambda: client.delete("root/cimv2", "X", {"K": "1"}))
    assert isinstance(found, AnswerError)
    assert found.outcome is Outcome.UNKNOWN


def test_what_follows_the_answer_cannot_undo_it_but_ends_the_connection() -> None:
    client, wire = client_for(Step([envelope(service()), b"garbage>"]), Step([envelope(service())]))
    assert client.get("root/cimv2", "X").class_name == "Win32_Service"
    client.get("root/cimv2", "X")
    assert wire.on_connections == [1, 2]


def test_answer_that_trickles_beyond_its_time_is_ended() -> None:
    clock = FakeClock()

    def wait() -> None:
        clock.seconds += 60

    client, wire = client_for(Step([b"<", wait, b"a", wait, b">", wait, b"x"] * 3), clock=clock)
    assert isinstance(failure_of(lambda: client.get("root/cimv2", "X")), TimeLimitError)
    assert wire.closed


def test_answer_of_endless_side_messages_is_ended() -> None:
    client, _unused = client_for(Step([keep_alive()] * 1100))
    with pytest.raises(AnswerError, match="more than"):
        client.get("root/cimv2", "X")


def test_answer_that_is_too_long_is_ended() -> None:
    long_side_message = keep_alive().replace(b"<s:Body>", b"<s:Body><a>" + b"x" * 70_000 + b"</a>")
    client, _unused = client_for(Step([long_side_message] * 300))
    with pytest.raises(AnswerError, match="longer"):
        client.get("root/cimv2", "X")


def test_once_only_call_has_a_connection_of_its_own_making() -> None:
    answers = [Step([envelope(output("M", ""))]) for _unused in range(4)]
    client, wire = client_for(*answers)
    for kind in (Kind.READ, Kind.ONCE_ONLY, Kind.READ, Kind.ONCE_ONLY):
        client.invoke("root/cimv2", "X", "M", kind=kind)
    assert wire.on_connections == [1, 2, 2, 3]


def test_connection_that_idled_is_replaced() -> None:
    clock = FakeClock()
    client, wire = client_for(*(Step([envelope(service())]) for _unused in range(3)), clock=clock)
    client.get("root/cimv2", "X")
    clock.seconds += 49
    client.get("root/cimv2", "X")
    clock.seconds += 51
    client.get("root/cimv2", "X")
    assert wire.on_connections == [1, 1, 2]


def test_sign_in_on_https_happens_before_a_once_only_call() -> None:
    endpoint = replace(ENDPOINT, url="https://node1.example:5986/wsman")
    client, wire = client_for(Step([envelope(IDENTITY)]), Step([envelope(output("M", ""))]), endpoint=endpoint)
    client.invoke("root/cimv2", "X", "M", kind=Kind.ONCE_ONLY)
    assert wire.kinds == [Kind.READ, Kind.ONCE_ONLY]
    assert wire.on_connections == [1, 1]


def test_traffic_is_counted() -> None:
    client, _unused = client_for(Step([envelope(service())]))
    client.get("root/cimv2", "X")
    assert client.messages == 1
    assert client.bytes_sent > 500


def test_client_closes_with_its_context() -> None:
    client, wire = client_for(Step([envelope(service())]))
    with client:
        client.get("root/cimv2", "X")
    assert wire.closed == 1
    client.close()
    assert wire.closed == 1
