# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers as Windows writes them, and a scripted connection that gives them in order."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.channel import Traffic
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import WsmanError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

S = "{http://www.w3.org/2003/05/soap-envelope}"
A = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
W = "{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}"
M = "{http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd}"
N = "{http://schemas.xmlsoap.org/ws/2004/09/enumeration}"
CIMV2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2"
CAU = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/microsoft/windows/clusterupdate"
WSMAN_ACTION = "http://schemas.microsoft.com/wbem/wsman/1/wsman"

ENDPOINT = Endpoint(name="node1", url="http://node1.example:5985/wsman", auth="ntlm", username="admin", password="canary-Pa55")


def envelope(body: str, *, header: str = "", action: str = "urn:x/Response", relates_to: str | None = None) -> bytes:
    relates = "" if relates_to is None else f"<a:RelatesTo>{relates_to}</a:RelatesTo>"
    return (
        '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"'
        ' xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'
        ' xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common">'
        f"<s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:0B0B0B0B-0000-4000-8000-000000000002</a:MessageID>{relates}{header}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(code: str = "s:Receiver", subcode: str = "w:InternalError", detail: str = "", reason: str = "text ") -> bytes:
    return envelope(
        f"<s:Fault><s:Code><s:Value>{code}</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault>',
        action="http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
    )


def wsman_fault(code: int) -> str:
    uri = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
    return f'<f:WSManFault xmlns:f="{uri}" Code="{code}"><f:Message>said </f:Message></f:WSManFault>'


def service(name: str = "exampled", extra: str = "") -> str:
    uri = f"{CIMV2}/Win32_Service"
    return (
        f'<p:Win32_Service xmlns:p="{uri}" xsi:type="p:Win32_Service_Type"><p:AcceptStop>true</p:AcceptStop>'
        f'<p:InstallDate xsi:nil="true"/><p:Name>{name}</p:Name><p:ProcessId>4711</p:ProcessId>{extra}</p:Win32_Service>'
    )


def output(method: str, inner: str, uri: str = f"{CAU}/MSFT_CAUNode") -> str:
    return f'<p:{method}_OUTPUT xmlns:p="{uri}">{inner}</p:{method}_OUTPUT>'


def robust(body: str, sequence: int | None = None, action: str = f"{CAU}/MSFT_CAUNode/ScanUpdatesResponse") -> bytes:
    header = "" if sequence is None else f'<p:SequenceId s:mustUnderstand="false">{sequence}</p:SequenceId>'
    return envelope(body, header=header, action=action)


def event(kind: str, inner: str, sequence: int) -> bytes:
    body = (
        '<i:InteractiveEvent xmlns:i="http://schemas.microsoft.com/wbem/wsman/1/cim/interactive.xsd">'
        f"<i:EventType>{kind}</i:EventType>{inner}</i:InteractiveEvent>"
    )
    return robust(body, sequence)


def streamed(name: str, text: str, sequence: int) -> bytes:
    value = f'<i:Value xmlns:p="{CAU}/MSFT_CAUNode"><p:{name} xsi:type="cim:cimString">{text}</p:{name}></i:Value>'
    return event("StreamingOutput", f"<i:Name>{name}</i:Name><i:Type>5</i:Type>{value}", sequence)


def keep_alive(spelling: str = "KeepAlive") -> bytes:
    return envelope("", action=f"{WSMAN_ACTION}/{spelling}")


class FakeClock(Clock):
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.seconds = 1000.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


@dataclass
class Step:
    """One expected request, and what comes of it: pieces of an answer, any of which may be an error or a callable."""

    pieces: Sequence[bytes | Exception | Callable[[], None]] = ()
    check: Callable[[ElementTree.Element], None] = lambda root: None
    status: int = 200
    error: Exception | None = None
    is_context_broken: bool = False


@dataclass
class ScriptedAnswer:
    status: int
    is_context_broken: bool
    script: Sequence[bytes | Exception | Callable[[], None]]

    def pieces(self) -> Iterator[bytes]:
        for piece in self.script:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, bytes):
                yield piece
            else:
                piece()


@dataclass
class Wire:
    """All connections of one client; `steps` are used up in order."""

    steps: list[Step]
    opened: int = 0
    closed: int = 0
    open_errors: list[Exception | None] = field(default_factory=list)
    requests: list[ElementTree.Element] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    read_timeouts: list[float] = field(default_factory=list)
    on_connections: list[int] = field(default_factory=list)

    def open_channel(self, endpoint: Endpoint, clock: Clock, traffic: Traffic) -> ScriptedChannel:
        return ScriptedChannel(self, traffic)


class ScriptedChannel:
    def __init__(self, wire: Wire, traffic: Traffic) -> None:
        self.wire = wire
        self.traffic = traffic
        self.number = 0

    def open(self) -> None:
        error = self.wire.open_errors.pop(0) if self.wire.open_errors else None
        if error is not None:
            raise error
        self.wire.opened += 1
        self.number = self.wire.opened

    def post(self, body: bytes, *, kind: Kind, read_timeout: float) -> ScriptedAnswer:
        assert self.wire.steps, "a request that the script does not know"
        step = self.wire.steps.pop(0)
        root = ElementTree.fromstring(body)
        self.traffic.messages += 1
        self.traffic.bytes_sent += len(body)
        self.wire.requests.append(root)
        self.wire.kinds.append(kind)
        self.wire.read_timeouts.append(read_timeout)
        self.wire.on_connections.append(self.number)
        step.check(root)
        if step.error is not None:
            raise step.error
        return ScriptedAnswer(step.status, step.is_context_broken, step.pieces)

    def close(self) -> None:
        self.wire.closed += 1


def header(root: ElementTree.Element, tag: str) -> str | None:
    found = root.find(f"{S}Header/{tag}")
    return None if found is None else found.text


def body(root: ElementTree.Element) -> ElementTree.Element:
    return t.cast("ElementTree.Element", root.find(f"{S}Body"))


def client_for(*steps: Step, endpoint: Endpoint = ENDPOINT, clock: Clock | None = None) -> tuple[Client, Wire]:
    wire = Wire(list(steps))
    return Client(endpoint, clock or FakeClock(), open_channel=wire.open_channel), wire


def failure_of(call: Callable[[], object]) -> WsmanError:
    try:
        call()
    except WsmanError as error:
        return error
    raise AssertionError("nothing was raised")
