# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults and holds around each exchange: the Interceptor of the wire."""

from __future__ import annotations

import fnmatch
import threading
import typing as t
from dataclasses import dataclass, field

from ..cim import CimFault, Exchange, FaultAction, FaultStyle, WireFault
from ..model.engine import Model
from ..model.state import Cause
from .catalogue import number
from .model_faults import Fault, name_of
from .trail import Trail

QUOTA = 2150859174

_READS = {"Identify", "Get", "Enumerate", "Pull", "Release", "GetClass", "Config"}

_READING_METHODS = frozenset(
    {"WillOfflineLoseQuorum", "WillEvictLoseQuorum", "RebootRequired", "ScanUpdates", "GetReportIDs", "GetReport", "CheckAccess"}
)


def changes_state(exchange: Exchange) -> bool:
    """Return whether a request changes anything on the host, keep-alives of locks apart."""
    if exchange.action in _READS:
        return False
    if exchange.method is None:
        return True
    is_registry_read = exchange.class_name == "StdRegProv" and exchange.method.startswith(("Enum", "Get"))
    return not is_registry_read and exchange.method not in _READING_METHODS


def fits(spec: dict[str, t.Any], exchange: Exchange) -> bool:
    """Return whether the cluster, node, user and operation of a fault or hold are those of an exchange."""
    names = {"cluster": exchange.cluster, "node": exchange.node, "user": exchange.user}
    if any(spec.get(key) not in {None, value} for key, value in names.items()):
        return False
    return fnmatch.fnmatchcase(exchange.operation, spec.get("operation", "*"))


@dataclass
class Hold:
    """A stop at the n-th fitting request: before its effect, when its work has begun, or after its effect."""

    number: int
    spec: dict[str, t.Any]
    left: int
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    exchange: Exchange | None = None
    drops: bool = False


class Holds:
    """All holds that were set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holds: dict[int, Hold] = {}
        self._later: dict[tuple[int, str], Hold] = {}
        self._count = 0

    def set(self, spec: dict[str, t.Any]) -> Hold:
        """Set a hold; `nth` counts state-changing requests, or all of them with `reads`."""
        with self._lock:
            self._count += 1
            hold = self._holds[self._count] = Hold(self._count, spec, int(spec.get("nth", 1)))
            return hold

    def get(self, number: int) -> Hold | None:
        """Return a hold by its number."""
        return self._holds.get(number)

    def release(self, number: int | None = None, *, drops: bool = False) -> int:
        """Let held requests go on, all of them without a number; returns how many holds there were."""
        with self._lock:
            chosen = [hold for hold in self._holds.values() if number in {None, hold.number}]
            for hold in chosen:
                hold.drops = drops
                hold.released.set()
                self._holds.pop(hold.number)
            return len(chosen)

    def before(self, exchange: Exchange) -> bool:
        """Wait if a hold says so; returns whether the request is to be dropped."""
        with self._lock:
            hold = self._match(exchange)
            if hold is None:
                return False
            hold.exchange = exchange
            if hold.spec.get("when", "before") != "before":
                self._later[exchange.seq, hold.spec["when"]] = hold
                return False
        hold.reached.set()
        hold.released.wait()
        return hold.drops

    def _match(self, exchange: Exchange) -> Hold | None:
        for hold in self._holds.values():
            if hold.left > 0 and fits(hold.spec, exchange) and (hold.spec.get("reads") or changes_state(exchange)):
                hold.left -= 1
                if hold.left == 0:
                    return hold
        return None

    def later(self, exchange: Exchange, when: str) -> None:
        """Wait, when its work has begun or after its effect, if a hold says so."""
        with self._lock:
            hold = self._later.pop((exchange.seq, when), None)
        if hold is not None:
            hold.reached.set()
            hold.released.wait()


class ScenarioInterceptor:
    """Scripted faults and holds, asked by the wire around each exchange."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.holds = Holds()
        self.trail: Trail | None = None

    def before(self, exchange: Exchange) -> WireFault | None:
        """Wait for a hold, then return the fault that applies to this exchange."""
        if self.trail is not None:
            self.trail.before(exchange, is_change=changes_state(exchange))
        if self.holds.before(exchange):
            return WireFault(FaultAction.DROP_BEFORE, "hold")
        with self.model.acting(Cause("scenario")) as world:
            for index, fault in enumerate(world.faults):
                if "action" in fault and fits(fault, exchange) and self._plays(index, fault):
                    fields = {"fault": name_of(fault), "operation": exchange.operation}
                    self.model.emit("fault_played", exchange.cluster, exchange.node, **fields, exchange=exchange.seq)
                    return wire_fault(fault)
        return None

    def _plays(self, index: int, fault: Fault) -> bool:
        hits = self.model.world.fault_hits[index] = self.model.world.fault_hits.get(index, 0) + 1
        first, times = fault.get("after", 0), fault.get("times", 1)
        return bool(hits > first and (times == 0 or hits <= first + times))

    def begun(self, exchange: Exchange) -> None:
        """Wait for a hold when the work of a robust method has begun."""
        if self.trail is not None:
            self.trail.begun(exchange)
        self.holds.later(exchange, "begun")

    def after(self, exchange: Exchange) -> None:
        """Wait for a hold after the effect."""
        if self.trail is not None:
            self.trail.after(exchange)
        self.holds.later(exchange, "after")


def wire_fault(fault: Fault) -> WireFault:
    """Return what the wire makes of a scripted fault."""
    action = fault["action"]
    if action == "quota":
        text = "The WS-Management service cannot process the request. This user is allowed a maximum number of 15 concurrent operations. "
        quota = CimFault(QUOTA, text, subcode="w:InternalError", sender=False)
        return WireFault(FaultAction.FAULT, name_of(fault), fault=quota)
    cim = None
    if action in {"fault", "late_fault"}:
        style = FaultStyle.WMI_ERROR if fault.get("style") == "wmi_error" else FaultStyle.WSMAN
        message = fault.get("message", "The operation failed. ")
        options = {"subcode": fault.get("subcode"), "sender": fault.get("sender", False), "cim_status": fault.get("cim_status")}
        cim = CimFault(number(fault.get("code", 0x80041001)), message, style=style, **options)
    seconds = float(fault.get("seconds") or 0.0)
    return WireFault(FaultAction(action), name_of(fault), http_status=fault.get("http_status", 503), seconds=seconds, fault=cim)
