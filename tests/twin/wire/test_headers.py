# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Header checks, and the shape of answers and faults."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from simulator.cim import CimFault, FaultStyle

from .conftest import Twin
from .messages import NS, THING_URI, envelope, get, invoke

GUID = re.compile(r"uuid:[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


def subcode(answer: object) -> str | None:
    return answer.text(".//s:Subcode/s:Value")  # type: ignore[attr-defined,no-any-return]


def test_answer_looks_like_windows(twin: Twin) -> None:
    answer = twin.client().post(get("full", message_id="uuid:mine"))
    text = answer.content.decode()
    assert answer.headers["content-type"] == "application/soap+xml;charset=UTF-8"
    assert not text.startswith("<?xml")
    assert not re.search(r">\s+<", text)
    assert 'xml:lang="en-US"' in text
    assert GUID.fullmatch(answer.text(".//a:MessageID") or "")
    assert answer.text(".//a:RelatesTo") == "uuid:mine"
    assert answer.text("s:Header/a:Action") == f"{NS['x']}/GetResponse"
    assert "<s:Envelope" in text
    assert 'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"' in text
    assert f'<p:Test_Thing xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="{THING_URI}"' in text


@pytest.mark.parametrize(
    ("old", "new", "code", "expected"),
    [
        ("<a:MessageID>uuid:mine</a:MessageID>", "", "2150858767", "a:InvalidMessageInformationHeader"),
        ("uuid:mine", "  ", "2150858767", "a:InvalidMessageInformationHeader"),
        ("uuid:mine", "x" * 2049, "2150858767", "a:InvalidMessageInformationHeader"),
        ("<a:ReplyTo>", "<a:From/><a:Ignored>", "2150858769", "a:MessageInformationHeaderRequired"),
        (f"{NS['a']}/role/anonymous", "http://me", "2150858818", "w:UnsupportedFeature"),
        (f"{NS['x']}/Get<", "<", "2150858769", "a:MessageInformationHeaderRequired"),
        (f"{NS['x']}/Get<", "http://x/Other<", "2150858771", "a:ActionNotSupported"),
        (THING_URI, "http://x/y", "2150858770", "a:DestinationUnreachable"),
        (THING_URI, THING_URI + "x", "2150858752", "a:DestinationUnreachable"),
        (THING_URI, THING_URI.replace("root/test", "root/none"), "2150858752", "a:DestinationUnreachable"),
        ("PT60S", "-PT60S", "2150858767", "a:InvalidMessageInformationHeader"),
        ("PT60S", "P1Y", "2150858767", "a:InvalidMessageInformationHeader"),
        ("PT60S", "soon", "2150858767", "a:InvalidMessageInformationHeader"),
    ],
)
def test_bad_headers_are_faults(twin: Twin, old: str, new: str, code: str, expected: str) -> None:
    body = get("full", message_id="uuid:mine").decode()
    body = body.replace(old, new) if "<a:Ignored>" not in new else body.replace(old, new).replace("</a:ReplyTo>", "</a:Ignored>")
    answer = twin.client().post(body.encode())
    assert (answer.status, answer.code, subcode(answer)) == (500, code, expected)


@pytest.mark.parametrize(
    ("header", "code", "expected"),
    [
        ('<w:MaxEnvelopeSize s:mustUnderstand="true">8191</w:MaxEnvelopeSize>', "2150858805", "w:EncodingLimit"),
        ("<w:MaxEnvelopeSize>many</w:MaxEnvelopeSize>", "2150858805", "w:EncodingLimit"),
        ('<w:Locale xml:lang="en-US" s:mustUnderstand="true"/>', "2150858887", "w:UnsupportedFeature"),
        ('<m:DataLocale xml:lang="en-US" mustUnderstand="1"/>', "2150858887", "w:UnsupportedFeature"),
        ("<m:OperationID/>", "2150858767", "a:InvalidMessageInformationHeader"),
        ("<a:FaultTo><a:Address>http://me</a:Address></a:FaultTo>", "2150858818", "w:UnsupportedFeature"),
    ],
)
def test_bad_optional_headers_are_faults(twin: Twin, header: str, code: str, expected: str) -> None:
    answer = twin.client().post(get("full", headers=header))
    assert (answer.status, answer.code, subcode(answer)) == (500, code, expected)


def test_unknown_header_that_must_be_understood_is_a_fault(twin: Twin) -> None:
    answer = twin.client().post(get("full", headers='<z:Odd xmlns:z="urn:z" s:mustUnderstand="true"/>'))
    assert answer.text(".//s:Code/s:Value") == "s:MustUnderstand"
    node = answer.find("s:Header/s:NotUnderstood")
    assert node is not None
    assert node.get("qname") == "u:Odd"
    assert twin.client().post(get("full", headers='<z:Odd xmlns:z="urn:z" s:mustUnderstand="false"/>')).status == 200


@pytest.mark.parametrize(
    "header", ['<w:MaxEnvelopeSize s:mustUnderstand="true">99999999999</w:MaxEnvelopeSize>', '<w:Locale xml:lang="de"/>']
)
def test_harmless_headers_are_accepted(twin: Twin, header: str) -> None:
    assert twin.client().post(get("full", headers=header)).status == 200


@pytest.mark.parametrize("timeout", ["PT60S", "PT60.000S", "P0DT0H1M0S", "P1D", None])
def test_durations_are_accepted(twin: Twin, timeout: str | None) -> None:
    assert twin.client().post(get("full", timeout=timeout)).status == 200


def test_answer_above_the_asked_size_is_an_encoding_limit(twin: Twin) -> None:
    twin.provider.things["full"].values["caption"] = "x" * 9000
    answer = twin.client().post(get("full", headers="<w:MaxEnvelopeSize>8192</w:MaxEnvelopeSize>"))
    assert answer.code == "2150858805"


def test_provider_fault_has_nested_details(twin: Twin) -> None:
    answer = twin.client().post(get("missing", message_id="uuid:mine"))
    assert answer.text("s:Header/a:Action") == f"{NS['a']}/fault"
    assert answer.text(".//a:RelatesTo") == "uuid:mine"
    assert answer.text(".//s:Reason/s:Text") == "The object was not found. "
    assert answer.text(".//w:FaultDetail") == "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidResourceURI"
    outer, inner = answer.all(".//f:WSManFault")
    assert (outer.get("Code"), inner.get("Code"), outer.get("Machine")) == ("2150858752", "2150858752", "node1")
    assert answer.find(".//f:ExtendedError/*") is not None
    assert GUID.fullmatch(answer.text(".//a:MessageID") or "")


def test_mi_error_has_the_other_details(twin: Twin) -> None:
    twin.provider.result = CimFault(0x80070005, "Access denied.", style=FaultStyle.WMI_ERROR, sender=False)
    answer = twin.client().post(invoke("Ping"))
    assert answer.text("s:Header/a:Action") == "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
    assert answer.find(".//f:WSManFault") is None
    found = {node.tag.rpartition("}")[2]: node.text for node in answer.all(".//e:MSFT_WmiError/*")}
    assert (found["CIMStatusCode"], found["error_Code"], found["error_Type"]) == ("2", str(0x80070005), "HRESULT")
    assert found["MessageID"] == "HRESULT 0x80070005"
    assert found["Message"] == "Access denied. "
    assert (answer.text(".//s:Code/s:Value"), subcode(answer)) == ("s:Receiver", "w:AccessDenied")


def test_fault_text_speaks_the_hosts_language(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(language="ja-JP")
    answer = twin.client().post(get("missing"))
    assert 'xml:lang="ja-JP"' in answer.content.decode()
    assert b'<s:Text xml:lang="ja-JP">' in answer.content


def test_crashing_provider_is_an_internal_error(twin: Twin, caplog: pytest.LogCaptureFixture) -> None:
    twin.provider.things["full"].values["Tags"] = 5
    twin.provider.get = lambda *_args: 1 / 0  # type: ignore[method-assign,assignment]
    answer = twin.client().post(get("full"))
    assert (answer.status, subcode(answer)) == (500, "w:InternalError")
    assert "failed" in caplog.text


def test_header_less_envelope_is_a_fault(twin: Twin) -> None:
    body = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>'
    answer = twin.client().post(body)
    assert (answer.status, answer.code, answer.find(".//a:RelatesTo")) == (500, "2150858767", None)


def test_missing_resource_uri_is_a_fault(twin: Twin) -> None:
    answer = twin.client().post(envelope(f"{NS['x']}/Get", ""))
    assert answer.code == "2150858770"
