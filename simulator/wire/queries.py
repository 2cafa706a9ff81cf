# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an Enumerate looks for: a class, a WQL query, selectors or associations (wsman-cim.md 3.4, 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..cim import CimFault, ClassSchema, Instance
from . import names
from .associations import ClassTree, related_instances
from .decoding import read_reference
from .faults import ProtocolFault
from .names import ASSOCIATION_DIALECT, BINDING, SELECTOR_DIALECT, WQL_DIALECTS, WSMAN
from .node_state import RequestContext
from .request_log import without_secrets
from .resource import find_class
from .wql import ObjectPath, Related, Select, WqlError, parse_query
from .xml import Element, find, text_of


@dataclass(frozen=True)
class Found:
    """The objects found, and the columns asked for (none means whole objects)."""

    instances: Sequence[Instance]
    columns: tuple[str, ...] = ()


Search = Callable[[], Found]


def read_filter(context: RequestContext, body: Element) -> Search:
    """Return the search that an Enumerate body describes.

    Raises:
        CimFault: an unknown class or dialect, or a query that does not parse.
    """
    node = find(body, WSMAN, "Filter")
    if node is None:
        schema = find_class(context.node.endpoint.provider, context.target)
        context.facts.class_name = schema.name
        return lambda: Found(list(context.node.endpoint.provider.enumerate(context.caller, schema)))
    dialect = (node.get("Dialect") or "").strip()
    if dialect in WQL_DIALECTS:
        return _wql(context, text_of(node) or "")
    if dialect == SELECTOR_DIALECT:
        return _selector_filter(context, node)
    if dialect == ASSOCIATION_DIALECT:
        return _association_filter(context, node)
    raise ProtocolFault(
        names.CANNOT_PROCESS_FILTER, f"The filter dialect {dialect} is not supported.", subcode="n:FilterDialectRequestedUnavailable"
    )


def _wql(context: RequestContext, text: str) -> Search:
    context.facts.arguments = {"Filter": text}
    if context.target.class_name is not None:
        raise ProtocolFault(names.URI_WMI_ENUM_WQL, "A WQL query needs a resource URI that ends in an asterisk.")
    try:
        query = parse_query(text)
    except WqlError as error:
        raise _cannot_process(str(error)) from None
    provider = context.node.endpoint.provider
    if isinstance(query, Related):
        context.facts.class_name = query.path.class_name
        return lambda: Found(related_instances(provider, context.caller, context.target.namespace, query))
    schema = provider.schema(context.target.namespace, query.class_name)
    if schema is None:
        context.facts.class_name = query.class_name
        raise _cannot_process(f"The class {query.class_name} does not exist.")
    context.facts.class_name = schema.name
    _check_names(schema, query)
    return lambda: Found(_select(context, schema, query), query.columns)


def _select(context: RequestContext, schema: ClassSchema, query: Select) -> list[Instance]:
    provider = context.node.endpoint.provider
    instances = provider.enumerate(context.caller, schema)
    condition = query.condition
    if condition is None:
        return list(instances)
    tree = ClassTree(provider)
    return [instance for instance in instances if condition.matches(instance, tree)]


def _check_names(schema: ClassSchema, query: Select) -> None:
    known = {prop.name.casefold() for prop in schema.properties} | {"__class", "__namespace", "__superclass", "__this"}
    used = set(query.columns) | (query.condition.names() if query.condition is not None else set())
    unknown = sorted(name for name in used if name.casefold() not in known)
    if unknown:
        raise _cannot_process(f"The class {schema.name} has no property {unknown[0]}.")


def _selector_filter(context: RequestContext, node: Element) -> Search:
    schema = find_class(context.node.endpoint.provider, context.target)
    context.facts.class_name = schema.name
    wanted = {
        (item.get("Name") or "").casefold(): (text_of(item) or "").casefold()
        for item in node.iterfind(f"{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector")
    }
    context.facts.arguments = without_secrets(dict(wanted))
    unknown = [name for name in wanted if name not in {prop.name.casefold() for prop in schema.properties}]
    if unknown:
        raise _cannot_process(f"The class {schema.name} has no property {unknown[0]}.")

    def search() -> Found:
        instances = context.node.endpoint.provider.enumerate(context.caller, schema)
        return Found([instance for instance in instances if all(_text(instance, name) == value for name, value in wanted.items())])

    return search


def _association_filter(context: RequestContext, node: Element) -> Search:
    for tag, is_associators in (("AssociatedInstances", True), ("AssociationInstances", False)):
        body = find(node, BINDING, tag)
        if body is None:
            continue
        source = find(body, BINDING, "Object")
        if source is None:
            raise _cannot_process("The association filter names no object.")
        reference = read_reference(source, context.target)
        pairs = (("AssociationClassName", "assocclass"), ("ResultClassName", "resultclass"), ("Role", "role"), ("ResultRole", "resultrole"))
        filters = {name: value for element, name in pairs if (value := (text_of(find(body, BINDING, element)) or "").strip())}
        query = Related(is_associators, ObjectPath(reference.class_name, reference.keys), filters)
        context.facts.class_name = reference.class_name
        context.facts.selectors = dict(reference.keys)
        namespace = reference.namespace or context.target.namespace
        return lambda: Found(related_instances(context.node.endpoint.provider, context.caller, namespace, query))
    raise _cannot_process("The association filter is empty.")


def _text(instance: Instance, name: str) -> str:
    value = next((item for key, item in instance.values.items() if key.casefold() == name), None)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).casefold()


def _cannot_process(why: str) -> CimFault:
    return CimFault(names.CANNOT_PROCESS_FILTER, f"The WS-Management service cannot process the request. The filter is not valid: {why}")
