# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster on a clock that stands still, spoken to through its providers."""

from __future__ import annotations

import copy
import typing as t
from datetime import UTC, datetime

from simulator.cim import Caller, CimFault, Instance, Job, ProgressReport, Reply, Streamed, Value
from simulator.model import self_updating
from simulator.model.clock import TwinClock
from simulator.model.engine import Model
from simulator.model.events import EventLog
from simulator.model.state import Cluster, Node
from simulator.providers.node_provider import ModelNodeProvider
from simulator.scenario import acts, loader, model_faults
from simulator.scenario.build import build

UPDATE = "root/microsoft/windows/clusterupdate"
CLUSTER = "root/mscluster"
CIMV2 = "root/cimv2"
STORAGE = "root/microsoft/windows/storage"

GUID = "5c1f0b0e-0000-4000-8000-000000000001"
OTHER_GUID = "aaaaaaaa-0000-4000-8000-000000000002"
DEFAULT_QUERY = "IsInstalled=0 and Type='Software' and IsHidden=0 and IsAssigned=1"

START = datetime(2026, 1, 15, 20, 0, tzinfo=UTC)

QUICK: dict[str, t.Any] = {
    "group_move": 2,
    "failover": 5,
    "shutdown": 5,
    "down": 10,
    "services": 25,
    "join": 3,
    "scan": 2,
    "scan_per_update": 0,
    "servicing_tail": 1,
    "jitter": 0,
}


def two_nodes(**changes: object) -> dict[str, t.Any]:
    """Return a scenario of two nodes with a witness, one virtual machine each, changed by cluster keys."""
    cluster: dict[str, object] = {
        "name": "LAB",
        "nodes": ["N1", "N2"],
        "quorum": {"witness": "file_share"},
        "timings": dict(QUICK),
        "groups": [{"name": "VM1", "owner": "N1"}, {"name": "VM2", "owner": "N2"}],
    }
    return {"clusters": [cluster | changes]}


class Lab:
    """The model of a scenario, with short ways to what its nodes answer."""

    def __init__(self, data: dict[str, t.Any], seed: int = 0) -> None:
        self.clock = TwinClock(0, START)
        self.model = Model(build(loader.check(copy.deepcopy(data)), START, seed), self.clock, EventLog())
        model_faults.install(self.model)
        self_updating.install(self.model)
        self.requests = 0

    @property
    def cluster(self) -> Cluster:
        return next(iter(self.model.world.clusters.values()))

    def node(self, name: str) -> Node:
        return self.cluster.nodes[name]

    def provider(self, node: str) -> ModelNodeProvider:
        return ModelNodeProvider(self.model, self.cluster.name, node)

    def caller(self) -> Caller:
        self.requests += 1
        return Caller("admin", self.requests)

    def get(self, node: str, namespace: str, name: str, **keys: str) -> dict[str, t.Any]:
        provider = self.provider(node)
        schema = provider.schema(namespace, name)
        assert schema is not None
        return provider.get(self.caller(), schema, keys).values

    def rows(self, node: str, namespace: str, name: str) -> list[dict[str, t.Any]]:
        provider = self.provider(node)
        schema = provider.schema(namespace, name)
        assert schema is not None
        return [instance.values for instance in provider.enumerate(self.caller(), schema)]

    def create(self, node: str, name: str, guid: str) -> dict[str, str]:
        provider = self.provider(node)
        schema = provider.schema(UPDATE, name)
        assert schema is not None
        return dict(provider.create(self.caller(), schema, {"OrchestratorGuid": guid}))

    def delete(self, node: str, name: str, guid: str) -> None:
        provider = self.provider(node)
        schema = provider.schema(UPDATE, name)
        assert schema is not None
        provider.delete(self.caller(), schema, {"OrchestratorGuid": guid})

    def _invoke(self, node: str, namespace: str, name: str, method: str, keys: dict[str, str] | None, arguments: object) -> Reply | Job:
        provider = self.provider(node)
        schema = provider.schema(namespace, name)
        assert schema is not None
        declared = schema.method(method)
        assert declared is not None
        return provider.invoke(self.caller(), schema, keys or {}, declared, t.cast(dict[str, Value], arguments))

    def invoke(self, node: str, namespace: str, name: str, method: str, keys: dict[str, str] | None = None, **arguments: object) -> Reply:
        """Call a short method."""
        reply = self._invoke(node, namespace, name, method, keys, arguments)
        assert isinstance(reply, Reply)
        return reply

    def begin(self, node: str, name: str, method: str, keys: dict[str, str] | None = None, **arguments: object) -> Job:
        """Call a long method of the CAU provider."""
        job = self._invoke(node, UPDATE, name, method, keys, arguments)
        assert not isinstance(job, Reply)
        return job

    def pause(self, node: str, drain_type: int = 1, *, via: str | None = None, **arguments: object) -> None:
        self.invoke(via or node, CLUSTER, "MSCluster_Node", "Pause", {"Name": node}, DrainType=drain_type, **arguments)

    def resume(self, node: str, failback: int = 1) -> None:
        self.invoke(node, CLUSTER, "MSCluster_Node", "Resume", {"Name": node}, FailbackType=failback)

    def restart(self, node: str, **arguments: object) -> int:
        values: dict[str, object] = {"Timeout": 0, "Comment": "test", "ReasonCode": 0x80020011, "Flags": 6} | arguments
        return t.cast("int", self.invoke(node, CIMV2, "Win32_OperatingSystem", "Win32ShutdownTracker", None, **values).return_value)

    def start_work(self, node: str, method: str, query: str = DEFAULT_QUERY, **arguments: object) -> Job:
        values: dict[str, object] = {"QueryString": query, "IncludeRecommendedUpdates": False} | arguments
        return self.begin(node, "MSFT_CAUNode", method, {"OrchestratorGuid": GUID}, **values)

    def work(self, node: str, method: str, query: str = DEFAULT_QUERY, **arguments: object) -> list[dict[str, t.Any]]:
        """Call a long method on a session of its own if need be; return the streamed rows."""
        if self.node(node).node_session is None:
            self.create(node, "MSFT_CAUNode", GUID)
        return self.finish(self.start_work(node, method, query, **arguments))[0]

    def finish(self, job: Job, limit: int = 5000) -> tuple[list[dict[str, t.Any]], Reply]:
        rows: list[dict[str, t.Any]] = []
        for _second in range(limit):
            output = job.next(0)
            if isinstance(output, Reply):
                return rows, output
            if isinstance(output, Streamed):
                assert isinstance(output.value, Instance)
                rows.append(output.value.values)
            elif not isinstance(output, ProgressReport):
                self.model.advance(1)
        raise AssertionError("the job did not end")

    def act(self, name: str, **spec: object) -> None:
        acts.play(self.model, {"act": name} | spec)

    def events(self, *names: str) -> list[dict[str, t.Any]]:
        return [entry for entry in self.model.events.entries if not names or entry["event"] in names]


def fault_code(fault: CimFault) -> int:
    """Return the Win32 code inside the HRESULT of a fault."""
    return fault.code & 0xFFFF
