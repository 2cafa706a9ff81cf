# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Get, Put, Create and Delete (wsman-cim.md 3.2, 3.3)."""

from __future__ import annotations

from ..cim import ClassSchema, Reference, Value
from . import names
from .answer import Answer
from .decoding import Decoder, plain_arguments, selector_keys
from .encoding import append_instance, append_reference
from .faults import ProtocolFault
from .names import TRANSFER
from .node_state import Effect, RequestContext
from .request_log import without_secrets
from .resource import find_class
from .xml import child, local_name


def prepare_get(context: RequestContext) -> Effect:
    """Read one instance; singletons need no selectors."""
    schema = find_class(context.node.endpoint.provider, context.target)
    keys = _keys(context, schema)

    def effect() -> Answer:
        instance = context.node.endpoint.provider.get(context.caller, schema, keys)
        answer = context.answer()
        append_instance(answer.body, instance, context.style)
        return answer

    return effect


def prepare_put(context: RequestContext) -> Effect:
    """Change the properties that the body holds."""
    schema = find_class(context.node.endpoint.provider, context.target)
    keys = _keys(context, schema)
    values = _body_values(context, schema)

    def effect() -> Answer:
        instance = context.node.endpoint.provider.put(context.caller, schema, keys, values)
        answer = context.answer()
        append_instance(answer.body, instance, context.style)
        return answer

    return effect


def prepare_create(context: RequestContext) -> Effect:
    """Create an instance and answer with the reference to it."""
    schema = find_class(context.node.endpoint.provider, context.target)
    values = _body_values(context, schema)
    # DSP0226 lets a Create be addressed to the class only.
    extra = [name for name, _unused in context.message.selectors if name.casefold() != "__cimnamespace"]
    if extra:
        raise ProtocolFault(names.UNEXPECTED_SELECTORS, f"Create takes no selectors: {', '.join(extra)}.")

    def effect() -> Answer:
        keys = context.node.endpoint.provider.create(context.caller, schema, values)
        answer = context.answer()
        created = child(answer.body, TRANSFER, "ResourceCreated")
        append_reference(created, Reference(schema.namespace, schema.name, keys), context.style)
        return answer

    return effect


def prepare_delete(context: RequestContext) -> Effect:
    """Delete an instance; the answer's body is empty."""
    schema = find_class(context.node.endpoint.provider, context.target)
    keys = _keys(context, schema)

    def effect() -> Answer:
        context.node.endpoint.provider.delete(context.caller, schema, keys)
        return context.answer()

    return effect


def _keys(context: RequestContext, schema: ClassSchema) -> dict[str, str]:
    context.facts.class_name = schema.name
    context.facts.selectors = selector_keys(context.message.selectors, schema, needs_keys=True)
    return dict(context.facts.selectors)


def _body_values(context: RequestContext, schema: ClassSchema) -> dict[str, Value]:
    context.facts.class_name = schema.name
    nodes = list(context.message.body)
    # Element names are case-sensitive (wsman-cim.md 1.2).
    if len(nodes) != 1 or local_name(nodes[0]) != schema.name:
        raise ProtocolFault(names.SCHEMA_VALIDATION_ERROR, f"The body has to be one {schema.name} element.")
    decoder = Decoder(context.node.endpoint.provider, context.target, names.SCHEMA_VALIDATION_ERROR)
    values = decoder.members(nodes[0], schema, schema.properties)
    context.facts.arguments = without_secrets(plain_arguments(values))
    return values
