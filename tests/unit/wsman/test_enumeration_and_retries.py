# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import (
    AnswerError,
    ConnectionLostError,
    FaultError,
    HttpStatusError,
    NotReachableError,
    WsmanError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .scripted import CIMV2, A, FakeClock, N, Step, W, body, client_for, envelope, failure_of, fault, header, output, service, wsman_fault


def enumerated(items: str, context: str | None, *, is_end: bool = False) -> bytes:
    end = "<w:EndOfSequence/>" if is_end else ""
    shown = "" if context is None else f"<n:EnumerationContext>{context}</n:EnumerationContext>"
    return envelope(f"<n:EnumerateResponse>{shown}{items}{end}</n:EnumerateResponse>")


def pulled(items: str, context: str | None) -> bytes:
    rest = "<n:EndOfSequence/>" if context is None else f"<n:EnumerationContext>{context}</n:EnumerationContext>"
    return envelope(f"<n:PullResponse>{rest}<n:Items>{items}</n:Items></n:PullResponse>")


def w_items(*names: str) -> str:
    return f"<w:Items>{''.join(service(name) for name in names)}</w:Items>"


SEVERAL = (
    Step([enumerated(w_items("a"), "uuid:1")]),
    Step([pulled(service("b") + service("c"), "uuid:2")]),
    Step([pulled(service("d"), None)]),
)


def names_of(client: Client) -> list[str | None]:
    return [found.text("Name") for found in client.enumerate("root/cimv2", "Win32_Service")]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([enumerated("", "uuid:1"), pulled(service("a"), None)], ["a"]),
        ([enumerated(w_items("a"), "", is_end=True)], ["a"]),
        ([enumerated(w_items("a"), "uuid:1"), pulled(service("b"), "uuid:2"), pulled(service("c"), None)], ["a", "b", "c"]),
        ([enumerated(w_items("a", "b", "c"), "", is_end=True)], ["a", "b", "c"]),
        ([enumerated("<w:Items/>", None, is_end=True)], []),
        ([enumerated("<w:Items></w:Items>", "uuid:1"), pulled("", None)], []),
    ],
    ids=["not optimized", "one", "several", "several of 2003", "none", "none after a pull"],
)
def test_each_recorded_form_of_a_list_is_read(answers: list[bytes], expected: list[str]) -> None:
    client, wire = client_for(*(Step([answer]) for answer in answers))
    assert names_of(client) == expected
    assert not wire.steps


def test_newest_context_is_used_for_each_pull() -> None:
    client, wire = client_for(*SEVERAL)
    assert names_of(client) == ["a", "b", "c", "d"]
    contexts = [body(root).findtext(f"{N}Pull/{N}EnumerationContext") for root in wire.requests[1:]]
    assert contexts == ["uuid:1", "uuid:2"]
    assert {header(root, f"{W}ResourceURI") for root in wire.requests} == {f"{CIMV2}/Win32_Service"}


def test_query_goes_to_the_namespace_with_its_dialect() -> None:
    client, wire = client_for(Step([enumerated("", None, is_end=True)]))
    client.query("root/cimv2", "SELECT * FROM Win32_Service WHERE Name='a<b'")
    root = wire.requests[0]
    assert header(root, f"{W}ResourceURI") == f"{CIMV2}/*"
    found = body(root).find(f"{N}Enumerate/{W}Filter")
    assert found is not None
    assert (found.text, found.get("Dialect")) == (
        "SELECT * FROM Win32_Service WHERE Name='a<b'",
        "http://schemas.microsoft.com/wbem/wsman/1/WQL",
    )


def test_objects_with_references_and_of_subclasses_are_read() -> None:
    terminal = f'<q:Win32_TerminalService xmlns:q="{CIMV2}/Win32_TerminalService"><q:Name>t</q:Name></q:Win32_TerminalService>'
    epr = "<a:EndpointReference><a:Address>x</a:Address></a:EndpointReference>"
    items = f"<w:Items><w:Item>{terminal}{epr}</w:Item><w:Item>{service('s')}{epr}</w:Item>{epr}</w:Items>"
    client, _unused = client_for(Step([enumerated(items, None, is_end=True)]))
    found = client.enumerate("root/cimv2", "Win32_Service")
    assert [(item.class_name, item.text("Name")) for item in found] == [("Win32_TerminalService", "t"), ("Win32_Service", "s")]


def test_fragments_of_a_query_for_single_properties_are_read() -> None:
    fragment = "<w:XmlFragment><Name>a</Name><Started><Datetime>2024-03-01T10:00:00Z</Datetime></Started></w:XmlFragment>"
    client, _unused = client_for(Step([enumerated(f"<w:Items>{fragment}</w:Items>", None, is_end=True)]))
    (found,) = client.query("root/cimv2", "SELECT Name, Started FROM X")
    assert (found.class_name, found.namespace, found.text("Name")) == ("XmlFragment", None, "a")
    assert found.require_moment("Started").hour == 10


def test_list_that_neither_ends_nor_goes_on_is_refused() -> None:
    client, _unused = client_for(Step([enumerated(w_items("a"), "")]))
    with pytest.raises(AnswerError, match="neither"):
        names_of(client)


def test_broken_pull_gives_the_enumeration_back() -> None:
    client, wire = client_for(Step([enumerated("", "uuid:1")]), Step([envelope(service())]), Step([envelope("")]))
    with pytest.raises(AnswerError):
        names_of(client)
    assert header(wire.requests[2], f"{A}Action") == "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Release"
    assert body(wire.requests[2]).findtext(f"{N}Release/{N}EnumerationContext") == "uuid:1"


def test_list_without_end_is_given_back_and_refused() -> None:
    pulls = [Step([pulled("", f"uuid:{number}")]) for number in range(100)]
    client, wire = client_for(Step([enumerated("", "uuid:x")]), *pulls, Step([fault()]))
    with pytest.raises(AnswerError, match="end"):
        names_of(client)
    assert not wire.steps


def test_stale_context_starts_the_list_again() -> None:
    stale = fault("s:Receiver", "n:InvalidEnumerationContext", wsman_fault(2150858779))
    client, wire = client_for(SEVERAL[0], Step([stale], status=500), *SEVERAL)
    assert names_of(client) == ["a", "b", "c", "d"]
    assert not wire.steps


def test_unknown_class_in_a_query_is_not_asked_again() -> None:
    client, wire = client_for(Step([fault("s:Sender", "n:CannotProcessFilter", wsman_fault(2150858778))], status=500))
    with pytest.raises(FaultError) as caught:
        client.query("root/cimv2", "SELECT * FROM Nothing")
    assert caught.value.is_class_missing
    assert len(wire.requests) == 1


LOST = ConnectionLostError("cut", kind=Kind.READ)
RETRYABLE = {
    "loss": Step(error=LOST),
    "loss while reading": Step([b"<s:Env", LOST]),
    "answer that breaks off": Step([envelope(service())[:-5]]),
    "refused": Step(error=NotReachableError("refused")),
    "busy": Step([], status=503),
    "quota": Step([fault("s:Receiver", detail=wsman_fault(2150859174))], status=500),
    "time limit of the host": Step([fault("s:Receiver", "w:TimedOut", wsman_fault(2150858793))], status=500),
    "silent failure": Step([], status=500),
    "broken context": Step([], status=400, is_context_broken=True),
    "broken context with 401": Step([], status=401, is_context_broken=True),
}


@pytest.mark.parametrize("name", RETRYABLE)
def test_read_is_tried_again_on_a_new_connection(name: str) -> None:
    clock = FakeClock()
    client, wire = client_for(RETRYABLE[name], RETRYABLE[name], Step([envelope(service())]), clock=clock)
    assert client.get("root/cimv2", "X").class_name == "Win32_Service"
    assert wire.on_connections == [1, 2, 3]
    assert clock.pauses == [1.0, 4.0]


@pytest.mark.parametrize("name", RETRYABLE)
def test_read_gives_up_after_three_tries(name: str) -> None:
    client, wire = client_for(*[RETRYABLE[name]] * 3)
    assert failure_of(lambda: client.get("root/cimv2", "X")).outcome is Outcome.NOT_DONE
    assert not wire.steps


@pytest.mark.parametrize("kind", [Kind.IDEMPOTENT, Kind.ONCE_ONLY])
@pytest.mark.parametrize("name", RETRYABLE)
def test_write_is_never_tried_again(name: str, kind: Kind) -> None:
    client, wire = client_for(RETRYABLE[name], Step([envelope(output("M", ""))]))
    failure_of(lambda: client.invoke("root/cimv2", "X", "M", kind=kind))
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("refused", Outcome.NOT_DONE),
        ("busy", Outcome.NOT_DONE),
        ("quota", Outcome.NOT_DONE),
        ("time limit of the host", Outcome.UNKNOWN),
        ("silent failure", Outcome.UNKNOWN),
        ("broken context", Outcome.NOT_DONE),
    ],
)
def test_write_says_what_is_known_about_its_effect(name: str, outcome: Outcome) -> None:
    client, _unused = client_for(RETRYABLE[name])
    assert failure_of(lambda: client.invoke("root/cimv2", "X", "M", kind=Kind.ONCE_ONLY)).outcome is outcome


@pytest.mark.parametrize(
    "step",
    [
        Step([fault("s:Sender")], status=500),
        Step([], status=401),
        Step([], status=413),
        Step([b"<a/>"]),
        Step([b"junk>"]),
        Step(error=NotReachableError("slow", is_worth_another_try=False)),
    ],
)
def test_definite_failure_of_a_read_is_told_at_once(step: Step) -> None:
    client, wire = client_for(step)
    with pytest.raises(WsmanError):
        client.get("root/cimv2", "X")
    assert len(wire.requests) == 1


def test_failed_sign_in_is_tried_again_for_a_read() -> None:
    client, wire = client_for(Step([envelope(service())]))
    wire.open_errors = [NotReachableError("refused"), None]
    assert client.get("root/cimv2", "X").class_name == "Win32_Service"


def test_status_of_an_http_error_is_kept() -> None:
    client, _unused = client_for(Step([], status=413))
    found = failure_of(lambda: client.create("root/cimv2", "X", {}))
    assert isinstance(found, HttpStatusError)
    assert (found.status, found.outcome) == (413, Outcome.FAILED)
    assert "MaxEnvelopeSizekb" in str(found)
