# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.envelope import parse_envelope
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import FaultError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.faults import Fault
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.xml_stream import parse_document

from .scripted import envelope, fault, wsman_fault

NESTED = (
    "<w:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidResourceURI</w:FaultDetail>"
    '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="1" Machine="n">'
    '<f:Message><f:ProviderFault provider="WMI Provider"><f:WSManFault Code="2150858752" Machine="n">'
    "<f:Message>inner text </f:Message></f:WSManFault>"
    "<f:ExtendedError/></f:ProviderFault></f:Message></f:WSManFault>"
)


def wmi_error(inner: str) -> str:
    uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
    binding = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
    attributes = f'xmlns:p="{uri}" xmlns:b="{binding}" b:IsCIM_Error="true" xsi:type="p:MSFT_WmiError_Type"'
    return f"<p:MSFT_WmiError {attributes}>{inner}</p:MSFT_WmiError>"


def parsed(data: bytes, status: int = 500) -> Fault:
    found = parse_envelope(parse_document(data), status).fault
    assert found is not None
    return found


def error(data: bytes, kind: Kind = Kind.ONCE_ONLY, status: int = 500) -> FaultError:
    return FaultError(parsed(data, status), kind=kind, node="node1")


def test_innermost_code_is_the_one_that_counts() -> None:
    found = parsed(fault("s:Sender", "a:DestinationUnreachable", NESTED))
    assert (found.wsman_code, found.code, found.detail, found.subcode) == (
        2150858752,
        2150858752,
        "InvalidResourceURI",
        "DestinationUnreachable",
    )
    assert found.is_sender
    assert found.is_not_found
    assert found.provider_text == "inner text"


def test_mi_error_comes_before_the_code() -> None:
    detail = wmi_error("<p:CIMStatusCode>11</p:CIMStatusCode><p:error_Code>2147749913</p:error_Code><p:error_Type>HRESULT</p:error_Type>")
    found = parsed(fault(detail=detail + wsman_fault(2150858752)))
    assert (found.cim_status, found.error_code, found.code) == (11, 0x80041019, 0x80041019)
    assert found.is_already_exists
    assert not found.is_access_denied


def test_mi_error_without_code_is_read_from_its_message_id() -> None:
    found = parsed(fault(detail=wmi_error("<p:CIMStatusCode>1</p:CIMStatusCode><p:MessageID>HRESULT 0x803381a6</p:MessageID>")))
    assert found.error_code == 0x803381A6
    assert found.is_quota


def test_code_of_an_mi_error_of_type_mi_is_a_cim_status() -> None:
    found = parsed(fault(detail=wmi_error("<p:error_Code>6</p:error_Code><p:error_Type>MI</p:error_Type>")))
    assert (found.cim_status, found.error_code) == (6, None)
    assert found.is_not_found


def test_error_instance_of_another_name_is_known_by_its_members() -> None:
    detail = '<q:OMI_Error xmlns:q="urn:q"><q:CIMStatusCode>2</q:CIMStatusCode></q:OMI_Error>'
    assert parsed(fault(detail=detail)).is_access_denied


def test_signed_code_becomes_unsigned() -> None:
    assert parsed(fault(detail=wsman_fault(-2144108544))).wsman_code == 2150858752


@pytest.mark.parametrize(
    "inner",
    ["", "<s:Code/>", "<s:Code><s:Value/></s:Code>", "<s:Reason><s:Text/></s:Reason>", "<s:Detail><x/></s:Detail>", "text"],
)
def test_fault_with_missing_parts_is_still_a_fault(inner: str) -> None:
    assert error(envelope(f"<s:Fault>{inner}</s:Fault>")).message


def test_code_that_is_no_number_is_left_out() -> None:
    detail = '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="0x5z"/>'
    assert parsed(fault(detail=detail)).wsman_code is None


def test_plain_provider_text_is_told() -> None:
    detail = (
        '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2152992672"><f:Message>'
        "<f:ProviderFault provider='x'>the provider says so </f:ProviderFault></f:Message></f:WSManFault>"
    )
    assert "the provider says so" in str(error(fault(detail=detail)))


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (5, "is_access_denied"),
        (2147942405, "is_access_denied"),
        (2150859012, "is_access_denied"),
        (2150858752, "is_not_found"),
        (2150858803, "is_already_exists"),
        (2150858793, "is_timeout"),
        (2150858815, "is_quota"),
        (2150859174, "is_quota"),
        (2150859240, "is_quota"),
        (0x80041010, "is_class_missing"),
        (2150858778, "is_class_missing"),
    ],
)
def test_code_tells_what_the_fault_means(code: int, name: str) -> None:
    assert getattr(error(fault(detail=wsman_fault(code))), name)


@pytest.mark.parametrize(
    ("subcode", "name"),
    [
        ("w:AccessDenied", "is_access_denied"),
        ("x:TimedOut", "is_timeout"),
        ("q:QuotaLimit", "is_quota"),
        ("AlreadyExists", "is_already_exists"),
    ],
)
def test_subcode_counts_where_no_number_is(subcode: str, name: str) -> None:
    assert getattr(error(fault(subcode=subcode)), name)


def test_subcode_does_not_overrule_a_number() -> None:
    assert not error(fault(subcode="w:AccessDenied", detail=wsman_fault(2150858752))).is_access_denied


@pytest.mark.parametrize(
    ("data", "kind", "outcome"),
    [
        (fault("s:Sender", "w:SchemaValidationError"), Kind.ONCE_ONLY, Outcome.FAILED),
        (fault("s:Receiver"), Kind.ONCE_ONLY, Outcome.UNKNOWN),
        (fault("s:Receiver"), Kind.IDEMPOTENT, Outcome.UNKNOWN),
        (fault("s:Receiver"), Kind.READ, Outcome.FAILED),
        (fault("s:Receiver", detail=wsman_fault(2150858793)), Kind.ONCE_ONLY, Outcome.UNKNOWN),
        (fault("s:Sender", detail=wsman_fault(2150858793)), Kind.ONCE_ONLY, Outcome.UNKNOWN),
        (fault("s:Receiver", detail=wsman_fault(2150858793)), Kind.READ, Outcome.NOT_DONE),
        (fault("s:Receiver", detail=wsman_fault(2150859174)), Kind.ONCE_ONLY, Outcome.NOT_DONE),
        (fault("s:Receiver", detail=wmi_error("<p:CIMStatusCode>6</p:CIMStatusCode>")), Kind.ONCE_ONLY, Outcome.FAILED),
        (fault("s:Receiver", detail=wmi_error("<p:CIMStatusCode>1</p:CIMStatusCode>")), Kind.ONCE_ONLY, Outcome.UNKNOWN),
        (fault("s:Receiver", detail=wsman_fault(2150858779)), Kind.READ, Outcome.NOT_DONE),
    ],
)
def test_fault_knows_its_outcome(data: bytes, kind: Kind, outcome: Outcome) -> None:
    assert error(data, kind).outcome is outcome


# What each of these says before a method has begun is that nothing was done (wsman-cim.md 6.2).
REFUSALS = {
    "quota": fault("s:Receiver", detail=wsman_fault(0x803381A6)),
    "quota by its subcode": fault("s:Sender", "w:QuotaLimit"),
    "schema": fault("s:Sender", "w:SchemaValidationError", wsman_fault(0x80338041)),
    "denied": fault("s:Sender", "w:AccessDenied", wsman_fault(5)),
    "not found": fault("s:Sender", "a:DestinationUnreachable", wsman_fault(0x80338000)),
    "exists": fault("s:Receiver", detail=wmi_error("<p:CIMStatusCode>11</p:CIMStatusCode>")),
    "no class": fault("s:Receiver", detail=wmi_error("<p:CIMStatusCode>5</p:CIMStatusCode>")),
    "sender": fault("s:Sender"),
}


@pytest.mark.parametrize("kind", [Kind.IDEMPOTENT, Kind.ONCE_ONLY])
@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_in_an_answer_that_has_begun_proves_nothing(name: str, kind: Kind) -> None:
    assert error(REFUSALS[name], kind).outcome is not Outcome.UNKNOWN
    late = error(REFUSALS[name], kind, 200)
    assert late.outcome is Outcome.UNKNOWN
    assert "look at the host's state" in str(late)


@pytest.mark.parametrize("name", REFUSALS)
def test_read_may_be_judged_by_its_fault_whenever_it_comes(name: str) -> None:
    assert error(REFUSALS[name], Kind.READ, 200).outcome is error(REFUSALS[name], Kind.READ).outcome is not Outcome.UNKNOWN


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("data", [fault("s:Sender", detail=wsman_fault(0x80338035)), fault("s:Sender", "w:EncodingLimit")])
def test_answer_that_does_not_fit_is_the_answer_of_something_that_ran(data: bytes, status: int) -> None:
    assert error(data, Kind.ONCE_ONLY, status).outcome is Outcome.UNKNOWN
    assert error(data, Kind.READ, status).outcome is Outcome.FAILED


def test_fault_on_a_connection_taken_up_again_proves_nothing() -> None:
    found = parsed(fault("s:Sender", "a:InvalidMessageInformationHeader", wsman_fault(2150858767)))
    assert FaultError(found, kind=Kind.ONCE_ONLY, is_reconnected=True).outcome is Outcome.UNKNOWN


def test_sentence_names_host_text_code_and_remedy() -> None:
    sentence = str(error(fault("s:Sender", "w:AccessDenied", wsman_fault(5), reason="Zugriff verweigert. ")))
    assert sentence.startswith("node1: said (ACCESS_DENIED)")
    assert "0x00000005" in sentence
    assert "administrator" in sentence
