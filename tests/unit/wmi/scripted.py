# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A WS-Management client that answers from a script and remembers what it was asked."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement

from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import ConnectionLostError, FaultError, NotReachableError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.events import Event
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.faults import Fault
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.instance import NIL, CimInstance
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.schema import (
    ClassDefinition,
    MethodDefinition,
    ParameterDefinition,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.values import Argument

GUID = "5c1f0b0e-1111-4222-8333-444455556666"
OTHER = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

Value = t.Union[None, str, bool, int, datetime, "Record", Sequence["Value"]]


@dataclass(frozen=True)
class Record:
    """An embedded instance in an answer."""

    class_name: str
    properties: Mapping[str, Value]


def instance(class_name: str, **properties: Value) -> CimInstance:
    """Return an instance as it would have come off the wire: None is nil, a list is an array."""
    return CimInstance(class_name, None, {name: _elements(name, value) for name, value in properties.items()})


def output(method: str, **properties: Value) -> CimInstance:
    """Return a method's output with ReturnValue 0 unless it is given."""
    return instance(f"{method}_OUTPUT", **{"ReturnValue": 0, **properties})


def _elements(name: str, value: Value) -> list[Element]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [element for each in value for element in _elements(name, each)]
    element = Element(name)
    if value is None:
        element.set(NIL, "true")
    elif isinstance(value, Record):
        for each, inner in value.properties.items():
            element.extend(_elements(each, inner))
    elif isinstance(value, datetime):
        SubElement(element, "Datetime").text = value.isoformat()
    else:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)
    return [element]


def fault(kind: Kind = Kind.READ, *, is_sender: bool = True, **evidence: t.Any) -> FaultError:  # noqa: ANN401
    """Return the error for a fault with this evidence."""
    return FaultError(Fault(is_sender=is_sender, **evidence), kind=kind, node="node1")


def not_found() -> FaultError:
    """Return WS-Man's own "resource not found"."""
    return fault(subcode="DestinationUnreachable", wsman_code=0x80338000)


def lost(kind: Kind) -> ConnectionLostError:
    """Return a lost answer."""
    return ConnectionLostError("the connection was reset", kind=kind, node="node1")


def unreachable() -> NotReachableError:
    """Return a host that is down."""
    return NotReachableError("connection refused", node="node1")


@dataclass(frozen=True)
class Call:
    """One thing that the client was asked."""

    operation: str
    target: str
    keys: Mapping[str, str] | None = None
    arguments: Mapping[str, object] = field(default_factory=dict)
    kind: Kind = Kind.READ


Answer = t.Union[Exception, CimInstance, list[CimInstance], dict[str, str], ClassDefinition, Callable[[Call], t.Any], None]  # noqa: UP007


class ScriptedClient(Client):
    """Answers each operation on a class or method from its script; the last answer of a line repeats."""

    def __init__(self) -> None:
        self.name = "node1"
        self.calls: list[Call] = []
        self.is_closed = False
        self._script: dict[tuple[str, str], list[Answer]] = {}

    def on(self, operation: str, target: str, *answers: Answer) -> ScriptedClient:
        """Script the answers for an operation on "Class" or "Class.Method"."""
        self._script[operation, target] = list(answers)
        return self

    def did(self) -> list[str]:
        """Return what was asked, short."""
        return [f"{call.operation} {call.target}" for call in self.calls]

    def _answer(self, call: Call) -> t.Any:  # noqa: ANN401
        self.calls.append(call)
        answers = self._script[call.operation, call.target]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(call) if callable(answer) else answer

    def close(self) -> None:
        self.is_closed = True

    def get(self, namespace: str, class_name: str, keys: Mapping[str, str] | None = None) -> CimInstance:
        return t.cast(CimInstance, self._answer(Call("get", class_name, keys)))

    def create(self, namespace: str, class_name: str, properties: Mapping[str, Argument], **_: object) -> dict[str, str]:
        return t.cast("dict[str, str]", self._answer(Call("create", class_name, None, properties, Kind.IDEMPOTENT)))

    def delete(self, namespace: str, class_name: str, keys: Mapping[str, str] | None = None) -> None:
        self._answer(Call("delete", class_name, keys, {}, Kind.IDEMPOTENT))

    def enumerate(self, namespace: str, class_name: str) -> list[CimInstance]:
        return t.cast("list[CimInstance]", self._answer(Call("enumerate", class_name)))

    def query(self, namespace: str, wql: str) -> list[CimInstance]:
        return t.cast("list[CimInstance]", self._answer(Call("query", wql)))

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        kind: Kind,
        timeout: float = 60.0,
    ) -> CimInstance:
        return t.cast(CimInstance, self._answer(Call("invoke", f"{class_name}.{method}", keys, arguments or {}, kind)))

    def invoke_robust(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        kind: Kind,
        deadline_seconds: float,
        on_event: Callable[[Event], None] | None = None,
        should_stop: Callable[[], None] | None = None,
    ) -> CimInstance:
        return t.cast(CimInstance, self._answer(Call("robust", f"{class_name}.{method}", keys, arguments or {}, kind)))

    def get_class(self, namespace: str, class_name: str) -> ClassDefinition:
        return t.cast(ClassDefinition, self._answer(Call("class", class_name)))


def cau_node_class(*, has_feature_updates: bool) -> ClassDefinition:
    """Return MSFT_CAUNode as an older or a newer node describes it."""
    names = ["QueryString", "IncludeRecommendedUpdates", *(["FeatureUpdatesOnly"] if has_feature_updates else []), "Info"]
    parameters = {name: ParameterDefinition(name, "string") for name in names}
    methods = {name: MethodDefinition(name, "uint32", parameters) for name in ("ScanUpdates", "DownloadUpdates", "InstallUpdates")}
    return ClassDefinition("MSFT_CAUNode", None, {}, methods)
