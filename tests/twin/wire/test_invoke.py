# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain invokes, class definitions and the configuration."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from simulator.cim import CimFault, ProgressReport, Reply, Streamed
from simulator.wire.options import WireOptions

from .conftest import FAST, SOON, Twin, wait_for
from .fake_provider import FakeJob, part
from .messages import NS, THING_URI, Answer, envelope, get, invoke, robust


def outputs(answer: Answer) -> dict[str, str | None]:
    return {node.tag.rpartition("}")[2]: node.text for node in answer.payload}


def test_method_answers_with_its_output(twin: Twin) -> None:
    answer = twin.client().post(invoke("Echo", "<p:Text>hi</p:Text><p:Numbers>1</p:Numbers><p:Numbers>2</p:Numbers>"))
    assert answer.text("s:Header/a:Action") == f"{THING_URI}/EchoResponse"
    assert answer.payload.tag == f"{{{THING_URI}}}Echo_OUTPUT"
    assert [node.tag.rpartition("}")[2] for node in answer.payload] == ["Copies", "Copies", "Reply", "ReturnValue"]
    assert outputs(answer)["ReturnValue"] == "0"
    assert twin.provider.calls == [("Echo", {"Name": "full"}, {"Text": "hi", "Numbers": [1, 2]}, "administrator")]


def test_missing_argument_arrives_as_missing_and_empty_text_as_empty(twin: Twin) -> None:
    client = twin.client()
    client.post(invoke("Echo"))
    client.post(invoke("Echo", "<p:Text/>"))
    assert [call[2] for call in twin.provider.calls] == [{}, {"Text": ""}]


def test_static_method_without_return_value(twin: Twin) -> None:
    answer = twin.client().post(invoke("Create", "<p:Name>x</p:Name>", name=None))
    assert outputs(answer) == {}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (invoke("Nothing"), "2150858771"),
        (invoke("ping"), "2150858771"),
        (invoke("Echo", "<p:text>x</p:text>"), "2150858817"),
        (invoke("Echo", "<p:Unknown>x</p:Unknown>"), "2150858817"),
        (invoke("Echo", "<p:Numbers>x</p:Numbers>"), "2150858817"),
        (invoke("Echo", name=None), str(0x8004102F)),
        (envelope(f"{THING_URI}/Ping", selectors={"Name": "full"}), "2150858817"),
        (envelope(f"{THING_URI}/Ping", body="<Ping_INPUT/>", selectors={"Nix": "full"}), "2150858843"),
        (envelope("http://other/Ping", body="<Ping_INPUT/>", selectors={"Name": "full"}), "2150858771"),
    ],
)
def test_calls_that_do_not_fit_are_faults_and_call_nothing(twin: Twin, body: bytes, code: str) -> None:
    answer = twin.client().post(body)
    assert (answer.status, answer.code) == (500, code)
    assert twin.provider.calls == []


def test_code_for_an_unknown_parameter_can_be_chosen(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(options=WireOptions(floors=FAST, unknown_parameter_code=2150858837))
    assert twin.client().post(invoke("Echo", "<p:Unknown/>")).code == "2150858837"


def test_job_of_a_plain_call_answers_when_it_ends(twin: Twin) -> None:
    twin.provider.job = FakeJob()
    twin.provider.job.put(Streamed("Info", part("one")), ProgressReport("a", "b", "c", 1), Streamed("Info", part("two")), Reply({}, 0))
    answer = twin.client().post(invoke("Work"))
    assert [node.text for node in answer.all(".//part:Title")] == ["one", "two"]
    assert "transfer-encoding" not in answer.headers


def test_failing_job_of_a_plain_call_is_a_500(twin: Twin) -> None:
    twin.provider.job = FakeJob()
    twin.provider.job.put(CimFault(2150858805, "No."))
    assert (twin.client().post(invoke("Work")).code) == "2150858805"


@pytest.mark.parametrize(("cancels", "expected"), [(False, []), (True, ["timeout"])])
def test_plain_call_times_out(make_twin: Callable[..., Twin], cancels: bool, expected: list[str]) -> None:
    twin = make_twin(options=WireOptions(floors=FAST, cancels_on_timeout=cancels))
    twin.provider.job = FakeJob()
    answer = twin.client().post(invoke("Work", timeout="PT7200S"))
    assert (answer.code, answer.text(".//s:Subcode/s:Value"), answer.text(".//s:Code/s:Value")) == (
        "2150858793",
        "w:TimedOut",
        "s:Receiver",
    )
    assert twin.provider.job.cancelled == expected


def test_a_talkative_job_times_out_too(twin: Twin) -> None:
    twin.provider.job = FakeJob()
    twin.provider.job.put(*(ProgressReport("a", "b", "c", 1) for _unused in range(100_000)))
    started = time.monotonic()
    assert twin.client().post(invoke("Work")).code == "2150858793"
    assert time.monotonic() - started < SOON


def test_node_down_during_a_plain_call_cancels_the_job(twin: Twin) -> None:
    twin.provider.job = FakeJob()
    client = twin.client()
    client.connection.request(
        "POST", "/wsman", invoke("Work"), {"Authorization": client.authorization, "Content-Type": "application/soap+xml"}
    )
    wait_for(twin.provider.job.asked.is_set)
    twin.server.set_reachable("HV01/node1", False)
    wait_for(lambda: twin.provider.job is not None and twin.provider.job.cancelled == ["shutdown"])
    assert twin.log_lines(1)[0]["outcome"] == "dropped_after"


def class_request(name: str | None, namespace: str = "root/test") -> bytes:
    options = '<w:OptionSet><w:Option Name="IncludeQualifiers" Type="xs:boolean">true</w:Option></w:OptionSet>'
    selectors = {"__cimnamespace": namespace} | ({"ClassName": name} if name else {})
    return envelope(f"{NS['x']}/Get", "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*", selectors=selectors, headers=options)


def test_class_definition_tells_methods_and_streams(twin: Twin) -> None:
    answer = twin.client().post(class_request("test_thing"))
    node = answer.find(".//cx:CLASS")
    assert node is not None
    assert node.get("NAME") == "Test_Thing"
    info = answer.find(".//cx:METHOD[@NAME='Work']/cx:PARAMETER.ARRAY[@NAME='Info']")
    assert info is not None
    assert [item.get("NAME") for item in info] == ["Out", "Stream", "EmbeddedInstance"]
    assert answer.find(".//cx:METHOD[@NAME='Echo']/cx:PARAMETER.REFERENCE[@NAME='Ref']") is not None
    line = twin.log_lines(1)[0]
    assert (line["action"], line["class"]) == ("GetClass", "test_thing")


@pytest.mark.parametrize(("name", "namespace", "status"), [("None", "root/test", "5"), ("Test_Thing", "root/none", "3")])
def test_unknown_class_definition_is_a_fault(twin: Twin, name: str, namespace: str, status: str) -> None:
    assert twin.client().post(class_request(name, namespace)).text(".//e:CIMStatusCode") == status


def test_class_definition_without_a_name_is_a_fault(twin: Twin) -> None:
    assert twin.client().post(class_request(None)).code == "2150859254"


@pytest.mark.parametrize("uri", [NS["cfg"], f"{NS['cfg']}/service"])
def test_configuration_is_readable(make_twin: Callable[..., Twin], uri: str) -> None:
    twin = make_twin(limits={"MaxTimeoutms": 1800000})
    answer = twin.client().post(envelope(f"{NS['x']}/Get", uri))
    assert answer.text(".//cfg:EnumerationTimeoutms") == "240000"
    assert answer.text(".//cfg:Auth/cfg:Negotiate") == "true"
    if uri == NS["cfg"]:
        assert answer.text(".//cfg:MaxTimeoutms") == "1800000"
        assert answer.text(".//cfg:MaxEnvelopeSizekb") == "500"
    assert twin.log_lines(1)[0]["action"] == "Config"


@pytest.mark.parametrize(("action", "uri"), [("Put", NS["cfg"]), ("Get", f"{NS['cfg']}/plugin")])
def test_other_uses_of_the_configuration_are_refused(twin: Twin, action: str, uri: str) -> None:
    assert twin.client().post(envelope(f"{NS['x']}/{action}", uri)).status == 500


def test_log_tells_the_whole_exchange(twin: Twin) -> None:
    client = twin.client()
    body = robust("Work", "uuid:A", message_id="uuid:m")
    answer = client.post(body)
    line = twin.log_lines(1)[0]
    assert list(line) == [
        "seq", "at", "cluster", "node", "user", "connection", "message_id", "operation_id", "replay", "action", "class", "method",
        "selectors", "arguments", "outcome", "bytes_in", "bytes_out", "handshakes",
    ]  # fmt: skip
    assert (line["cluster"], line["node"], line["user"], line["action"]) == ("HV01", "node1", "administrator", "Invoke")
    assert (line["message_id"], line["operation_id"], line["at"]) == ("uuid:m", "uuid:A", "2026-01-01T00:00:00Z")
    assert (line["bytes_in"], line["bytes_out"], line["outcome"]) == (len(body), len(answer.content), "answered")


def test_interceptor_sees_operation_and_arguments(twin: Twin) -> None:
    client = twin.client()
    client.post(invoke("Echo", "<p:Text>hi</p:Text>"))
    client.post(get("full"))
    assert [item.operation for item in twin.interceptor.before_calls] == ["Invoke Test_Thing.Echo", "Get Test_Thing"]
    assert [item.operation for item in twin.interceptor.after_calls] == ["Invoke Test_Thing.Echo", "Get Test_Thing"]
    assert twin.interceptor.before_calls[0].arguments == {"Text": "hi"}
