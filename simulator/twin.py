# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole twin: model, providers, faults and server, put together from a scenario."""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from .cim import NodeEndpoint
from .control import Control, ControlSocket
from .model import self_updating
from .model.clock import TwinClock
from .model.engine import Model
from .model.events import EventLog
from .model.full_state import emit_full_state
from .model.state import Cause
from .providers.node_provider import ModelNodeProvider
from .scenario import loader, model_faults
from .scenario.build import build
from .scenario.interception import ScenarioInterceptor
from .wire.certificate import make_certificate
from .wire.options import DEFAULT_LIMITS, Floors, WireOptions
from .wire.request_log import RequestLog
from .wire.server import WireServer


@dataclass(frozen=True)
class TwinOptions:
    """What the command line says.

    Args:
        folder: where the certificate is written.
    """

    folder: Path
    address: str = "127.0.10.1"
    port: int | None = 5985
    tls_port: int | None = 5986
    rate: float = 1.0
    seed: int = 0
    events: Path | None = None
    requests: Path | None = None
    control: Path | None = None
    allow_unencrypted: bool = False


def users_of(data: dict[str, t.Any]) -> dict[str, str]:
    """Return the passwords of a scenario by user name."""
    return dict(data.get("users") or {"Administrator": "Twin-Passw0rd"})


def start_of(data: dict[str, t.Any], file: str) -> datetime:
    """Return the twin time at which a scenario begins: its own, else now.

    Raises:
        ScenarioError: its own is no time.
    """
    value = data.get("start")
    if value is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise loader.ScenarioError(file, "start", f"'{value}' is no time such as 2026-01-15T20:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def wire_options(data: dict[str, t.Any], file: str) -> WireOptions:
    """Return the options of the wire that a scenario names.

    Raises:
        ScenarioError: one of them is unknown.
    """
    given = dict(data.get("wire", {}))
    floors = given.pop("floors", {})
    for where, names, values in (("wire", WireOptions, given), ("wire.floors", Floors, floors)):
        known = sorted(entry.name for entry in fields(names))
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise loader.ScenarioError(file, where, f"unknown key '{unknown[0]}'; known here: {', '.join(known)}")
    return WireOptions(**given, floors=Floors(**floors))


class Twin:
    """A running twin.

    Args:
        data: a checked scenario.
        options: see TwinOptions.
        name: the scenario's file, for messages.
    """

    def __init__(self, data: dict[str, t.Any], options: TwinOptions, name: str = "scenario") -> None:
        self.options = options
        chosen = wire_options(data, name)
        clock = TwinClock(options.rate, start_of(data, name))
        world = build(data, clock.now(), options.seed, name)
        self.events = EventLog(options.events)
        self.model = Model(world, clock, self.events)
        self.interceptor = ScenarioInterceptor(self.model)
        self.endpoints = self._endpoints(data)
        self.certificate = make_certificate(options.folder, [endpoint.address for endpoint in self.endpoints], self._names(data))
        self.requests = RequestLog(options.requests)
        self.server = WireServer(
            self.endpoints,
            users_of(data),
            clock,
            self.interceptor,
            self.requests,
            self.certificate,
            allow_unencrypted=options.allow_unencrypted,
            options=chosen,
        )
        self.control = Control(self.model, self.interceptor, self.server.skip_to)
        self.socket = ControlSocket(options.control, self.control) if options.control else None

    def _names(self, data: dict[str, t.Any]) -> list[str]:
        domains = {entry["name"]: entry.get("domain", "example.test") for entry in data["clusters"]}
        return [name for point in self.endpoints for name in (point.node, f"{point.node}.{domains[point.cluster]}")]

    def _endpoints(self, data: dict[str, t.Any]) -> list[NodeEndpoint]:
        """Give consecutive addresses to the nodes, in the order of the scenario."""
        first = ipaddress.ip_address(self.options.address)
        found: list[NodeEndpoint] = []
        for entry in data["clusters"]:
            cluster = self.model.world.clusters[entry["name"]]
            own_limits = {(node if isinstance(node, dict) else {}).get("name"): node for node in entry["nodes"] if isinstance(node, dict)}
            for node in cluster.nodes.values():
                limits = dict(DEFAULT_LIMITS) | entry.get("limits", {}) | own_limits.get(node.name, {}).get("limits", {})
                found.append(
                    NodeEndpoint(
                        cluster=cluster.name,
                        node=node.name,
                        address=str(first + len(found)),
                        port=self.options.port,
                        tls_port=self.options.tls_port,
                        provider=ModelNodeProvider(self.model, cluster.name, node.name),
                        product_version=f"OS: {node.version} SP: 0.0 Stack: 3.0",
                        limits=limits,
                        language=entry.get("language", "en-US"),
                    )
                )
        return found

    def start(self) -> None:
        """Open every endpoint; returns when all of them answer."""
        with self.model.acting(Cause("scenario")) as world:
            emit_full_state(self.model, "model_started")
            down = [node.name for cluster in world.clusters.values() for node in cluster.nodes.values() if not node.is_reachable]
        model_faults.install(self.model)
        self_updating.install(self.model)
        self.model.on_reachable.append(self.server.set_reachable)
        self.model.on_restored.append(self.server.reset)
        self.server.start()
        for node in down:
            self.server.set_reachable(node, False)
        self.model.start()
        if self.socket:
            self.socket.start()

    def stop(self) -> None:
        """Close everything and write the last line of each log."""
        if self.socket:
            self.socket.stop()
        self.interceptor.holds.release(drops=True)
        self.server.stop()
        self.model.stop()
        with self.model.acting(Cause("scenario")):
            emit_full_state(self.model, "model_stopped")
        self.events.close()
        self.requests.close()

    def ready(self) -> dict[str, t.Any]:
        """Return what the ready file says."""
        return {
            "certificate": str(self.certificate[0]),
            "rate": self.options.rate,
            "control": str(self.options.control) if self.options.control else None,
            "events": str(self.options.events) if self.options.events else None,
            "requests": str(self.options.requests) if self.options.requests else None,
            "nodes": [
                {
                    "cluster": point.cluster,
                    "node": point.node,
                    "address": point.address,
                    "port": point.port,
                    "tls_port": point.tls_port,
                    "certificate": str(self.certificate[0]),
                }
                for point in self.endpoints
            ],
        }
