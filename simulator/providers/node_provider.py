# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All classes of one node, as the WS-Management server asks for them."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ..cim import Caller, CimFault, ClassSchema, FaultStyle, Instance, Job, MethodSchema, Reply, Value
from ..model.engine import Model
from ..model.faults_win32 import RPC_UNAVAILABLE, win32_fault
from ..model.firmware import devices_of
from ..model.state import Cause, Node
from ..schemas import Namespace, namespaces
from . import cimv2, cluster_update, firmware, mscluster, std_reg_prov, storage
from .base import ClassProvider, Context

_PROVIDERS: Mapping[str, ClassProvider] = {
    name.lower(): provider
    for table in (
        cimv2.PROVIDERS,
        std_reg_prov.PROVIDERS,
        cluster_update.PROVIDERS,
        firmware.PROVIDERS,
        mscluster.PROVIDERS,
        storage.PROVIDERS,
    )
    for name, provider in table.items()
}

_CLUSTER_NAMESPACES = {"root/mscluster", "root/microsoft/windows/clusterupdate"}
"""They come with the Failover Clustering feature (cau.md 1)."""

_VENDOR_NAMESPACE = "root/contoso/hardware"
"""It comes with the tool of the vendor whose devices a node has."""

NEWER_GENERATIONS = frozenset({"2022", "23h2", "2025"})


class ModelNodeProvider:
    """A NodeProvider on top of the model.

    Args:
        model: the model.
        cluster: name of the node's cluster.
        node: name of the node.
    """

    def __init__(self, model: Model, cluster: str, node: str) -> None:
        self.model = model
        self.cluster = cluster
        self.name = node

    def _node(self) -> Node:
        return self.model.world.clusters[self.cluster].nodes[self.name]

    def _namespace(self, namespace: str) -> Namespace | None:
        node = self._node()
        name = namespace.strip("/\\").replace("\\", "/").lower()
        if name in _CLUSTER_NAMESPACES and not node.has_feature:
            return None
        if name == _VENDOR_NAMESPACE and not devices_of(self.model.world.clusters[self.cluster], node):
            return None
        return namespaces(node.generation in NEWER_GENERATIONS).get(name)

    def schema(self, namespace: str, class_name: str) -> ClassSchema | None:
        """Return the class, None when unknown."""
        found = self._namespace(namespace)
        return found.classes.get(class_name.lower()) if found else None

    def classes(self, namespace: str) -> Sequence[ClassSchema] | None:
        """Return the classes of a namespace, None when there is no such namespace."""
        found = self._namespace(namespace)
        return list(found.classes.values()) if found else None

    @contextlib.contextmanager
    def _call(self, caller: Caller, schema: ClassSchema) -> Iterator[tuple[Context, ClassProvider]]:
        with self.model.acting(Cause("client", caller.user, caller.request)) as world:
            cluster = world.clusters[self.cluster]
            node = cluster.nodes[self.name]
            if not node.is_reachable:
                raise win32_fault(RPC_UNAVAILABLE)
            found = self._namespace(schema.namespace)
            style = found.style if found else FaultStyle.WSMAN
            context = Context(self.model, cluster, node, caller, style, self._embedder(schema.namespace))
            yield context, _PROVIDERS.get(schema.name.lower(), ClassProvider())

    def _embedder(self, namespace: str) -> t.Callable[[str, dict[str, t.Any]], Instance]:
        def embed(class_name: str, values: dict[str, t.Any]) -> Instance:
            schema = self.schema(namespace, class_name)
            if schema is None:
                raise CimFault(0x80041010, f"Invalid class {class_name} ", style=FaultStyle.WMI_ERROR, cim_status=5)
            return _instance(schema, values)

        return embed

    def get(self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str]) -> Instance:
        """Return one instance."""
        with self._call(caller, schema) as (context, provider):
            return _instance(schema, provider.get(context, schema, keys))

    def enumerate(self, caller: Caller, schema: ClassSchema) -> Sequence[Instance]:
        """Return all instances of the class."""
        with self._call(caller, schema) as (context, provider):
            return [_instance(schema, row) for row in provider.rows(context)]

    def create(self, caller: Caller, schema: ClassSchema, values: Mapping[str, Value]) -> Mapping[str, str]:
        """Create an instance and return its keys."""
        with self._call(caller, schema) as (context, provider):
            return provider.create(context, values)

    def put(self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str], values: Mapping[str, Value]) -> Instance:
        """Change the given properties and return the instance as it is now."""
        with self._call(caller, schema) as (context, provider):
            provider.put(context, keys, values)
            return _instance(schema, provider.get(context, schema, keys))

    def delete(self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str]) -> None:
        """Delete an instance."""
        with self._call(caller, schema) as (context, provider):
            provider.delete(context, keys)

    def invoke(
        self, caller: Caller, schema: ClassSchema, keys: Mapping[str, str], method: MethodSchema, arguments: Mapping[str, Value]
    ) -> Reply | Job:
        """Call a method; a Job is what a long one returns at once."""
        with self._call(caller, schema) as (context, provider):
            return provider.invoke(context, schema, keys, method.name, arguments)


def _instance(schema: ClassSchema, values: Mapping[str, Value]) -> Instance:
    """Make an instance of the properties that this release of the class has."""
    return Instance(schema, {prop.name: values[prop.name] for prop in schema.properties if values.get(prop.name) is not None})
