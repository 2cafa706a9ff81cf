# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ASSOCIATORS OF and REFERENCES OF, found by looking through the association classes of a namespace (wsman-cim.md 3.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..cim import Caller, CimFault, ClassSchema, Instance, NodeProvider, Reference
from . import names
from .encoding import key_text, reference_to
from .wql import ObjectPath, Related


class ClassTree:
    """Which class derives from which."""

    def __init__(self, provider: NodeProvider) -> None:
        self._provider = provider

    def is_a(self, namespace: str, class_name: str, ancestor: str) -> bool:
        """Return True when the class is the ancestor or derives from it."""
        seen: set[str] = set()
        current: str | None = class_name
        while current is not None and current.casefold() not in seen:
            if current.casefold() == ancestor.casefold():
                return True
            seen.add(current.casefold())
            schema = self._provider.schema(namespace, current)
            current = schema.superclass if schema is not None else None
        return False


def related_instances(provider: NodeProvider, caller: Caller, namespace: str, query: Related) -> list[Instance]:
    """Return the association instances that refer to an object, or the objects at their other ends.

    Raises:
        CimFault: the object's class or the object does not exist.
    """
    tree = ClassTree(provider)
    source = _source(provider, caller, namespace, query.path)
    found: dict[tuple[str, str, tuple[tuple[str, str], ...]], Instance] = {}
    for association, role in _links(provider, caller, namespace, query, source, tree):
        if not query.is_associators:
            _add(found, association)
            continue
        for name, other in _references(association):
            wanted = query.filters.get("resultrole")
            if name == role or (wanted and name.casefold() != wanted.casefold()):
                continue
            instance = _follow(provider, caller, namespace, other)
            wanted_class = query.filters.get("resultclass")
            if instance is None or (wanted_class and not tree.is_a(instance.schema.namespace, instance.schema.name, wanted_class)):
                continue
            _add(found, instance)
    return list(found.values())


def _links(
    provider: NodeProvider, caller: Caller, namespace: str, query: Related, source: Reference, tree: ClassTree
) -> Iterator[tuple[Instance, str]]:
    """Yield each association instance that refers to the source, with the role that the source plays in it.

    A superclass lists the instances of its subclasses again: the caller drops repeats.
    """
    wanted_class = query.filters.get("assocclass" if query.is_associators else "resultclass")
    wanted_role = query.filters.get("role")
    for schema in provider.classes(namespace) or ():
        if sum(1 for prop in schema.properties if prop.type == "reference") < 2:
            continue
        if wanted_class and not tree.is_a(schema.namespace, schema.name, wanted_class):
            continue
        for instance in provider.enumerate(caller, schema):
            for name, reference in _references(instance):
                if _is_same(reference, source, tree) and (not wanted_role or name.casefold() == wanted_role.casefold()):
                    yield instance, name


def _references(instance: Instance) -> Iterator[tuple[str, Reference]]:
    for prop in instance.schema.properties:
        value = instance.values.get(prop.name)
        if prop.type == "reference" and isinstance(value, Reference):
            yield prop.name, value


def _source(provider: NodeProvider, caller: Caller, namespace: str, path: ObjectPath) -> Reference:
    schema = provider.schema(namespace, path.class_name)
    if schema is None:
        raise CimFault(names.CANNOT_PROCESS_FILTER, f"The class {path.class_name} does not exist.")
    keys = _spelled_keys(schema, path.keys)
    # WMI looks the object up first, and reports one that does not exist.
    return reference_to(provider.get(caller, schema, keys))


def _spelled_keys(schema: ClassSchema, given: Mapping[str, str]) -> dict[str, str]:
    if "" in given and len(schema.keys) == 1:
        return {schema.keys[0]: given[""]}
    spelled = {name.casefold(): name for name in schema.keys}
    unknown = [name for name in given if name.casefold() not in spelled]
    if unknown or len(given) != len(schema.keys):
        raise CimFault(names.CANNOT_PROCESS_FILTER, f"The object path does not name the keys of {schema.name}.")
    return {spelled[name.casefold()]: value for name, value in given.items()}


def _is_same(left: Reference, right: Reference, tree: ClassTree) -> bool:
    if left.class_name.casefold() != right.class_name.casefold() and not (
        tree.is_a(right.namespace, right.class_name, left.class_name) or tree.is_a(left.namespace, left.class_name, right.class_name)
    ):
        return False
    return _folded(left.keys) == _folded(right.keys)


def _folded(keys: Mapping[str, str]) -> dict[str, str]:
    return {name.casefold(): value.casefold() for name, value in keys.items()}


def _follow(provider: NodeProvider, caller: Caller, namespace: str, reference: Reference) -> Instance | None:
    schema = provider.schema(reference.namespace or namespace, reference.class_name)
    if schema is None:
        return None
    try:
        return provider.get(caller, schema, _spelled_keys(schema, reference.keys))
    except CimFault:
        # The other end went away meanwhile.
        return None


def _add(found: dict[tuple[str, str, tuple[tuple[str, str], ...]], Instance], instance: Instance) -> None:
    keys = tuple(sorted((prop.name, key_text(instance, prop)) for prop in instance.schema.properties if prop.is_key))
    # An association without declared keys is told apart by its references.
    if not keys:
        keys = tuple((name, repr(reference)) for name, reference in _references(instance))
    found.setdefault((instance.schema.namespace.casefold(), instance.schema.name, keys), instance)
