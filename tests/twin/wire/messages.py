# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests written by hand, as other clients of the twin would write them."""

from __future__ import annotations

import base64
import http.client
import itertools
import ssl
import typing as t
from dataclasses import dataclass
from xml.etree import ElementTree

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "m": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "i": "http://schemas.microsoft.com/wbem/wsman/1/cim/interactive.xsd",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "cim": "http://schemas.dmtf.org/wbem/wscim/1/common",
    "t": "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/test/Test_Thing",
    "part": "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/test/Test_Part",
    "cfg": "http://schemas.microsoft.com/wbem/wsman/1/config",
    "wsmid": "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
    "cx": "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2",
    "e": "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError",
}
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
THING_URI = NS["t"]
ALL_URI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/test/*"
TRANSFER = NS["x"]
ENUMERATION = NS["n"]
USER, PASSWORD = "administrator", "Canary:pässword 1"
_ids = itertools.count(1)


def envelope(
    action: str,
    uri: str = THING_URI,
    body: str = "",
    *,
    selectors: t.Mapping[str, str] | None = None,
    headers: str = "",
    timeout: str | None = "PT60S",
    reply_to: str = f"{NS['a']}/role/anonymous",
    message_id: str | None = None,
) -> bytes:
    declarations = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in NS.items() if prefix in "saxnwm")
    chosen = "".join(f'<w:Selector Name="{name}">{value}</w:Selector>' for name, value in (selectors or {}).items())
    return (
        f"<s:Envelope {declarations}><s:Header><a:To>http://twin:5985/wsman</a:To>"
        f'<a:ReplyTo><a:Address s:mustUnderstand="true">{reply_to}</a:Address></a:ReplyTo>'
        f'<w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI><a:Action s:mustUnderstand="true">{action}</a:Action>'
        f"<a:MessageID>{message_id or f'uuid:0A0A0A0A-0000-4000-8000-{next(_ids):012d}'}</a:MessageID>"
        + (f"<w:OperationTimeout>{timeout}</w:OperationTimeout>" if timeout else "")
        + (f"<w:SelectorSet>{chosen}</w:SelectorSet>" if chosen else "")
        + f"{headers}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def get(name: str, **options: t.Any) -> bytes:  # noqa: ANN401
    return envelope(f"{TRANSFER}/Get", selectors={"Name": name}, **options)


def invoke(method: str, inner: str = "", *, name: str | None = "full", **options: t.Any) -> bytes:  # noqa: ANN401
    body = f'<p:{method}_INPUT xmlns:p="{THING_URI}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{inner}</p:{method}_INPUT>'
    return envelope(f"{THING_URI}/{method}", body=body, selectors={"Name": name} if name else None, **options)


def robust(method: str, operation: str, *, bits: int = 12, is_resumption: bool = False, inner: str = "", **options: t.Any) -> bytes:  # noqa: ANN401
    headers = (
        f'<m:OperationID s:mustUnderstand="{str(is_resumption).lower()}">{operation}</m:OperationID>'
        f'<m:SequenceId s:mustUnderstand="false">1</m:SequenceId>'
        f'<w:OptionSet><w:Option Name="__MI_CallbackRegistration" Type="xs:int">{bits}</w:Option></w:OptionSet>'
    )
    options.setdefault("timeout", None)
    return invoke(method, inner, headers=headers, **options)


def enumerate_wql(query: str, extra: str = "", uri: str = ALL_URI) -> bytes:
    escaped = query.replace("&", "&amp;").replace("<", "&lt;")
    body = f'<n:Enumerate>{extra}<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">{escaped}</w:Filter></n:Enumerate>'
    return envelope(f"{ENUMERATION}/Enumerate", uri, body)


def enumerate_class(extra: str = "", uri: str = THING_URI) -> bytes:
    return envelope(f"{ENUMERATION}/Enumerate", uri, f"<n:Enumerate>{extra}</n:Enumerate>")


def pull(context: str, extra: str = "", uri: str = THING_URI) -> bytes:
    return envelope(f"{ENUMERATION}/Pull", uri, f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext>{extra}</n:Pull>")


@dataclass
class Answer:
    """An HTTP answer with its envelope."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def root(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.content)

    def find(self, path: str) -> ElementTree.Element | None:
        return self.root.find(path, NS)

    def text(self, path: str) -> str | None:
        node = self.find(path)
        return None if node is None else node.text

    def all(self, path: str) -> list[ElementTree.Element]:
        return self.root.findall(path, NS)

    @property
    def payload(self) -> ElementTree.Element:
        body = self.root.find("s:Body", NS)
        assert body is not None
        return body[0]

    @property
    def code(self) -> str | None:
        """The innermost WSManFault code."""
        nodes = self.all(".//f:WSManFault")
        return nodes[-1].get("Code") if nodes else None


class RawClient:
    """Basic authentication and nothing clever, on one connection."""

    def __init__(self, address: str, port: int, *, tls: ssl.SSLContext | None = None, user: str = USER, password: str = PASSWORD) -> None:
        self.connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(address, port, timeout=10, context=tls)
            if tls
            else http.client.HTTPConnection(address, port, timeout=10)
        )
        self.authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def post(self, body: bytes, headers: t.Mapping[str, str] | None = None, path: str = "/wsman", method: str = "POST") -> Answer:
        merged = {"Content-Type": "application/soap+xml;charset=UTF-8", "Authorization": self.authorization, **(headers or {})}
        self.connection.request(method, path, body, {name: value for name, value in merged.items() if value})
        response = self.connection.getresponse()
        # A header that comes more than once is a list.
        found = {name.lower(): ", ".join(response.headers.get_all(name, [])) for name in response.headers}
        return Answer(response.status, found, response.read())

    def begin(self, body: bytes) -> http.client.HTTPResponse:
        """Send a request and return the answer with its body unread."""
        self.connection.request(
            "POST", "/wsman", body, {"Content-Type": "application/soap+xml;charset=UTF-8", "Authorization": self.authorization}
        )
        return self.connection.getresponse()

    def close(self) -> None:
        self.connection.close()


def read_envelopes(response: http.client.HTTPResponse) -> t.Iterator[ElementTree.Element]:
    """Yield the envelopes of a chunked answer; the twin sends one per chunk."""
    while piece := response.read1(1 << 20):
        while not piece.endswith(b"</s:Envelope>"):
            more = response.read1(1 << 20)
            assert more, "stream broke off"
            piece += more
        for text in piece.split(b"</s:Envelope>")[:-1]:
            yield ElementTree.fromstring(text + b"</s:Envelope>")
