# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seam of the twin: what its WS-Management server asks of its Windows model, and nothing else.

`wire/` (HTTP, authentication, SOAP, chunked answers) knows classes only through these types; `model/` and `providers/` know
nothing of XML. Class and member names follow shared/reference/wmi-classes.yml.
"""

from __future__ import annotations

import enum
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class PropertySchema:
    """A property, or the type of a parameter: `type` is a CIM type name, "instance" or "reference"."""

    name: str
    type: str
    is_array: bool = False
    is_key: bool = False
    embedded_class: str | None = None


@dataclass(frozen=True)
class ParameterSchema:
    """A method parameter; `is_stream` marks an out array that the provider delivers element by element."""

    name: str
    type: str
    direction: t.Literal["in", "out"]
    is_array: bool = False
    is_stream: bool = False
    is_optional: bool = False
    embedded_class: str | None = None


@dataclass(frozen=True)
class MethodSchema:
    """A method; `returns` is a CIM type name, or None for a void method."""

    name: str
    returns: str | None
    parameters: tuple[ParameterSchema, ...] = ()
    is_static: bool = False


@dataclass(frozen=True)
class ClassSchema:
    """A class of one namespace; properties and methods include inherited ones."""

    namespace: str
    name: str
    superclass: str | None = None
    properties: tuple[PropertySchema, ...] = ()
    methods: tuple[MethodSchema, ...] = ()
    is_singleton: bool = False
    is_embedded_only: bool = False
    embedded_style: t.Literal["typed", "cim_xml"] = "typed"

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key properties."""
        return tuple(prop.name for prop in self.properties if prop.is_key)

    def method(self, name: str) -> MethodSchema | None:
        """Return the method of exactly this spelling, None when the class has none."""
        return next((method for method in self.methods if method.name == name), None)


@dataclass(frozen=True)
class Reference:
    """A reference value: the key of an instance elsewhere."""

    namespace: str
    class_name: str
    keys: Mapping[str, str]


@dataclass
class Instance:
    """An instance: values by property name; a property that is missing here is null."""

    schema: ClassSchema
    values: dict[str, Value] = field(default_factory=dict)


Scalar: t.TypeAlias = str | int | float | bool | datetime | timedelta | Instance | Reference
Value: t.TypeAlias = Scalar | Sequence[Scalar] | None


class FaultStyle(enum.Enum):
    """The two forms in which Windows reports a provider's error (wsman-cim.md 6.1)."""

    WSMAN = "wsman"
    WMI_ERROR = "wmi_error"


class CimFault(Exception):
    """An operation ends with a fault.

    Args:
        code: decimal WSManFault code or HRESULT.
        message: text as the host's language has it.
        subcode: qualified name such as "w:InvalidSelectors"; None lets the wire choose by code.
        sender: True blames the request (s:Sender), False the host (s:Receiver).
        style: which detail element carries the code.
        cim_status: CIM status code, for the WMI_ERROR style.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: str | None = None,
        sender: bool = True,
        style: FaultStyle = FaultStyle.WSMAN,
        cim_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.subcode = subcode
        self.sender = sender
        self.style = style
        self.cim_status = cim_status


@dataclass(frozen=True)
class Caller:
    """Who asks: goes into the event log as `user` and `request`."""

    user: str
    request: int


@dataclass(frozen=True)
class Reply:
    """The end of a method: out-parameters by name, and the return value (None for a void method)."""

    outputs: Mapping[str, Value]
    return_value: int | bool | None = None


@dataclass(frozen=True)
class Streamed:
    """One element of a streamed out array."""

    parameter: str
    value: Scalar


@dataclass(frozen=True)
class ProgressReport:
    """What a provider says while it works."""

    activity: str
    operation: str
    status: str
    percent: int


class Job(t.Protocol):
    """A method that runs for a while in the model, whether or not anybody still listens."""

    def next(self, real_seconds: float) -> Streamed | ProgressReport | Reply | None:
        """Return the next thing the method produced, or None when nothing came within `real_seconds`.

        A Reply is the last thing. Never called by two threads at once.

        Raises:
            CimFault: the method failed.
        """

    def cancel(self, reason: str) -> None:
        """Tell the provider that its operation was ended from outside ("timeout", "shutdown", "client"); a no-op when it is over."""


class NodeProvider(t.Protocol):
    """All classes of one node. Every method may raise CimFault; none blocks longer than the model's own lock."""

    def schema(self, namespace: str, class_name: str) -> ClassSchema | None:
        """Return the class (namespace compared without case, class name without case too, as WMI does), None when unknown."""

    def classes(self, namespace: str) -> Sequence[ClassSchema] | None:
        """Return the classes of a namespace, None when there is no such namespace."""

    def get(self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str]) -> Instance:
        """Return one instance; `keys` is empty for a singleton."""

    def enumerate(self, caller: Caller, schema: ClassSchema) -> Sequence[Instance]:
        """Return all instances of the class and its subclasses."""

    def create(self, caller: Caller, schema: ClassSchema, values: Mapping[str, Value]) -> Mapping[str, str]:
        """Create an instance and return its keys."""

    def put(self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str], values: Mapping[str, Value]) -> Instance:
        """Change the given properties and return the instance as it is now."""

    def delete(self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str]) -> None:
        """Delete an instance."""

    def invoke(
        self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str], method: MethodSchema, arguments: Mapping[str, Value]
    ) -> Reply | Job:
        """Call a method; a Job is what a long one returns at once. `keys` is empty for a static call."""


class TwinClock(t.Protocol):
    """Twin time, as the wire needs it for keep-alives, time limits and the `at` of its log."""

    def now(self) -> datetime:
        """Return twin time, UTC."""

    def real(self, seconds: float, floor: float = 0.0) -> float:
        """Return how many real seconds `seconds` twin seconds last, never less than `floor`."""


class FaultAction(enum.Enum):
    """What a scripted fault makes the wire do with one exchange."""

    REFUSE = "refuse"
    """Reset the connection at once, as a host that is going down does."""

    DROP_BEFORE = "drop_before"
    """Close the connection before the effect."""

    DROP_AFTER = "drop_after"
    """Let the effect happen, then close the connection without an answer."""

    SILENT = "silent"
    """Let the effect happen, send nothing more, keep the connection open."""

    HTTP_ERROR = "http_error"
    """Answer with `http_status` and an empty body, without effect."""

    FAULT = "fault"
    """Answer with `fault`, without effect."""

    LATE_FAULT = "late_fault"
    """Let the effect happen, then answer with `fault` inside an HTTP 200."""

    DELAY = "delay"
    """Wait `seconds` twin seconds, then go on as usual."""

    GARBLE = "garble"
    """Let the effect happen, then answer with bytes that are no envelope."""

    TRUNCATE = "truncate"
    """Let the effect happen, send half of the answer, then close the connection."""


@dataclass(frozen=True)
class WireFault:
    """A scripted fault that applies to this exchange."""

    action: FaultAction
    name: str
    http_status: int = 503
    seconds: float = 0.0
    fault: CimFault | None = None


@dataclass(frozen=True)
class Exchange:
    """One request as scripted faults, holds and the request log see it."""

    seq: int
    cluster: str
    node: str
    user: str
    action: str
    """Identify, Get, Put, Create, Delete, Enumerate, Pull, Release, Invoke, GetClass, Config."""

    class_name: str | None
    method: str | None
    selectors: Mapping[str, str]
    arguments: Mapping[str, object]

    @property
    def operation(self) -> str:
        """The name by which scenarios address it: "Create MSFT_CAURun", "Invoke MSCluster_Node.Pause"."""
        target = f"{self.class_name or '*'}.{self.method}" if self.method else self.class_name or ""
        return f"{self.action} {target}".strip()


class Interceptor(t.Protocol):
    """Scripted faults and holds, asked by the wire around each exchange. All may block (a hold)."""

    def before(self, exchange: Exchange) -> WireFault | None:
        """Called before the provider sees the request."""

    def begun(self, exchange: Exchange) -> None:
        """Called when a robust method has begun, which then goes on by itself."""

    def after(self, exchange: Exchange) -> None:
        """Called after the effect and before the answer leaves."""


@dataclass(frozen=True)
class NodeEndpoint:
    """Where one node listens, and what answers there."""

    cluster: str
    node: str
    address: str
    port: int | None
    tls_port: int | None
    provider: NodeProvider
    product_version: str
    """Of Identify, such as "OS: 10.0.20348 SP: 0.0 Stack: 3.0"."""

    limits: Mapping[str, int]
    """WinRM settings: MaxEnvelopeSizekb, MaxTimeoutms, MaxBatchItems, MaxConcurrentOperationsPerUser, EnumerationTimeoutms, ..."""

    language: str = "en-US"


class Server(t.Protocol):
    """The wire's side of the seam, as the model and the control socket use it."""

    def start(self) -> None:
        """Open every endpoint; returns when all of them answer."""

    def stop(self) -> None:
        """Close everything and end every thread."""

    def set_reachable(self, node: str, reachable: bool) -> None:
        """Close a node's listeners and reset its connections (False), or open them again (True)."""

    def reset(self) -> None:
        """Drop all connections and running operations, as after a restored snapshot."""
