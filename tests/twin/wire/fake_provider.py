# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An in-memory node for the tests of the wire: a few classes with every shape of value, and jobs that tests drive by hand."""

from __future__ import annotations

import queue
import threading
import typing as t
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from simulator.cim import (
    Caller,
    CimFault,
    ClassSchema,
    Exchange,
    FaultStyle,
    Instance,
    Job,
    MethodSchema,
    ParameterSchema,
    ProgressReport,
    PropertySchema,
    Reference,
    Reply,
    Streamed,
    Value,
    WireFault,
)

SPACE = "root/test"

PART = ClassSchema(
    SPACE, "Test_Part", properties=(PropertySchema("Title", "string"), PropertySchema("Id", "uint32")), is_embedded_only=True
)
THING = ClassSchema(
    SPACE,
    "Test_Thing",
    properties=(
        PropertySchema("Name", "string", is_key=True),
        PropertySchema("Count", "uint32"),
        PropertySchema("Big", "sint64"),
        PropertySchema("IsOn", "boolean"),
        PropertySchema("Ratio", "real64"),
        PropertySchema("When", "datetime"),
        PropertySchema("Wait", "interval"),
        PropertySchema("Tags", "string", is_array=True),
        PropertySchema("Octets", "uint8", is_array=True),
        PropertySchema("Part", "instance", embedded_class="Test_Part"),
        PropertySchema("Parent", "reference", embedded_class="Test_Thing"),
        PropertySchema("caption", "string"),
    ),
    methods=(
        MethodSchema("Ping", "uint32"),
        MethodSchema(
            "Echo",
            "uint32",
            (
                ParameterSchema("Text", "string", "in", is_optional=True),
                ParameterSchema("Password", "string", "in", is_optional=True),
                ParameterSchema("Numbers", "uint32", "in", is_array=True, is_optional=True),
                ParameterSchema("Part", "instance", "in", is_optional=True, embedded_class="Test_Part"),
                ParameterSchema("Ref", "reference", "in", is_optional=True),
                ParameterSchema("When", "datetime", "in", is_optional=True),
                ParameterSchema("Reply", "string", "out"),
                ParameterSchema("Copies", "uint32", "out", is_array=True),
            ),
        ),
        MethodSchema(
            "Work", "uint32", (ParameterSchema("Info", "instance", "out", is_array=True, is_stream=True, embedded_class="Test_Part"),)
        ),
        MethodSchema("Create", None, (ParameterSchema("Name", "string", "in"),), is_static=True),
    ),
)
SPECIAL = ClassSchema(SPACE, "Test_SpecialThing", superclass="Test_Thing", properties=THING.properties, methods=THING.methods)
SINGLETON = ClassSchema(
    SPACE, "Test_One", properties=(PropertySchema("Guid", "string", is_key=True),), is_singleton=True, methods=THING.methods[:1]
)
LINK = ClassSchema(
    SPACE, "Test_Link", properties=(PropertySchema("Owner", "reference", is_key=True), PropertySchema("Owned", "reference", is_key=True))
)
CLASSES = (PART, THING, SPECIAL, SINGLETON, LINK)

WHEN = datetime(2024, 3, 1, 10, 0, 0, 250000, tzinfo=UTC)


class FakeJob:
    """A job whose products a test puts in."""

    def __init__(self) -> None:
        self._products: queue.Queue[Streamed | ProgressReport | Reply | CimFault] = queue.Queue()
        self.cancelled: list[str] = []
        self.asked = threading.Event()

    def put(self, *products: Streamed | ProgressReport | Reply | CimFault) -> None:
        for product in products:
            self._products.put(product)

    def next(self, real_seconds: float) -> Streamed | ProgressReport | Reply | None:
        self.asked.set()
        try:
            product = self._products.get(timeout=max(real_seconds, 0.001))
        except queue.Empty:
            return None
        if isinstance(product, CimFault):
            raise product
        return product

    def cancel(self, reason: str) -> None:
        self.cancelled.append(reason)


def part(title: str, number: int = 1) -> Instance:
    return Instance(PART, {"Title": title, "Id": number})


def thing(name: str, schema: ClassSchema = THING, **values: Value) -> Instance:
    return Instance(schema, {"Name": name, **values})


class FakeProvider:
    """Implements NodeProvider; tests look at what it was called with."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.things: dict[str, Instance] = {
            "full": thing(
                "full",
                Count=7,
                Big=-(2**40),
                IsOn=True,
                Ratio=0.5,
                When=WHEN,
                Wait=timedelta(minutes=30),
                Tags=["b", "a"],
                Octets=[0, 255],
                Part=part("inner"),
                Parent=Reference(SPACE, "Test_Thing", {"Name": "empty"}),
                caption="  two  ",
            ),
            "empty": thing("empty"),
            "special": thing("special", SPECIAL, Count=9),
        }
        self.calls: list[tuple[t.Any, ...]] = []
        self.job: FakeJob | None = None
        self.result: Reply | CimFault | None = None

    def schema(self, namespace: str, class_name: str) -> ClassSchema | None:
        if namespace.casefold() != SPACE:
            return None
        return next((item for item in CLASSES if item.name.casefold() == class_name.casefold()), None)

    def classes(self, namespace: str) -> Sequence[ClassSchema] | None:
        return CLASSES if namespace.casefold() == SPACE else None

    def get(self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str]) -> Instance:
        if schema is SINGLETON:
            return Instance(SINGLETON, {"Guid": "g"})
        instance = next((item for name, item in self.things.items() if name.casefold() == keys["Name"].casefold()), None)
        if instance is None:
            raise CimFault(2150858752, "The object was not found.")
        return instance

    def enumerate(self, caller: Caller, schema: ClassSchema) -> Sequence[Instance]:
        if schema is LINK:
            ends = [Reference(SPACE, item.schema.name, {"Name": name}) for name, item in self.things.items()]
            return [Instance(LINK, {"Owner": ends[0], "Owned": end}) for end in ends[1:]]
        if schema is SINGLETON:
            return [Instance(SINGLETON, {"Guid": "g"})]
        return [item for item in self.things.values() if schema is THING or item.schema is schema]

    def create(self, caller: Caller, schema: ClassSchema, values: Mapping[str, Value]) -> Mapping[str, str]:
        name = str(values["Name"])
        with self.lock:
            self.calls.append(("create", caller.user, dict(values)))
            if name in self.things:
                raise CimFault(0x80041019, "It exists already.", style=FaultStyle.WMI_ERROR, cim_status=11)
            self.things[name] = Instance(schema, dict(values))
        return {"Name": name}

    def put(self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str], values: Mapping[str, Value]) -> Instance:
        instance = self.get(caller, schema, keys)
        instance.values.update(values)
        return instance

    def delete(self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str]) -> None:
        self.get(caller, schema, keys)
        del self.things[keys["Name"]]

    def invoke(
        self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str], method: MethodSchema, arguments: Mapping[str, Value]
    ) -> Reply | Job:
        with self.lock:
            self.calls.append((method.name, dict(keys), dict(arguments), caller.user))
        match self.result:
            case CimFault() as fault:
                raise fault
        if method.name == "Work":
            return self.job if self.job is not None else self.result or Reply({"Info": [part("one"), part("two")]}, 0)
        if method.name == "Echo":
            return Reply({"Reply": arguments.get("Text"), "Copies": arguments.get("Numbers")}, 0)
        return Reply({}, None if method.returns is None else 0)


class FakeClock:
    """Twin time that stands still, at a rate."""

    def __init__(self, rate: float = 100.0) -> None:
        self.rate = rate

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def real(self, seconds: float, floor: float = 0.0) -> float:
        return max(seconds / self.rate, floor)


class FakeInterceptor:
    """Plays the faults that a test lays out by operation, and remembers what it was asked."""

    def __init__(self) -> None:
        self.faults: dict[str, WireFault] = {}
        self.before_calls: list[Exchange] = []
        self.begun_calls: list[Exchange] = []
        self.after_calls: list[Exchange] = []

    def before(self, exchange: Exchange) -> WireFault | None:
        self.before_calls.append(exchange)
        return self.faults.pop(exchange.operation, None)

    def begun(self, exchange: Exchange) -> None:
        self.begun_calls.append(exchange)

    def after(self, exchange: Exchange) -> None:
        self.after_calls.append(exchange)
