# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invoke: reading the input, calling the method, and the plain answer (wsman-cim.md 3.6, 8.1)."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..cim import CimFault, ClassSchema, Job, MethodSchema, ParameterSchema, Reply, Streamed, Value
from . import names
from .answer import Answer
from .decoding import Decoder, plain_arguments, selector_keys
from .encoding import append_value, append_values
from .faults import ProtocolFault
from .message import STREAM_BIT
from .names import CIM, XSI
from .node_state import RequestContext
from .request_log import without_secrets
from .resource import find_class
from .xml import Element, child, local_name

_POLL_SECONDS = 0.1


class AbortedError(Exception):
    """The twin cut the connection while a method ran."""


@dataclass(frozen=True)
class Call:
    """A method call that has been read and checked."""

    context: RequestContext
    schema: ClassSchema
    method: MethodSchema
    keys: Mapping[str, str]
    arguments: Mapping[str, Value]

    def start(self) -> Reply | Job:
        """Call the method."""
        return self.context.node.endpoint.provider.invoke(self.context.caller, self.schema, self.keys, self.method, self.arguments)

    @property
    def streams(self) -> bool:
        """True when the client registered for streamed output."""
        return bool(self.context.message.callback_bits & STREAM_BIT)

    @property
    def outputs(self) -> tuple[ParameterSchema, ...]:
        """The out-parameters."""
        return tuple(parameter for parameter in self.method.parameters if parameter.direction == "out")

    def append_output(self, body: Element, reply: Reply, collected: Mapping[str, Sequence[Value]], *, leaves_streams_out: bool) -> None:
        """Append the _OUTPUT element.

        Args:
            body: of the answer.
            reply: the end of the method.
            collected: elements of streamed arrays that did not go out as events.
            leaves_streams_out: arrays that went out as events are not repeated (wsman-cim.md 7.2).
        """
        style = self.context.style
        space = style.target.class_uri(self.schema.namespace, self.schema.name)
        node = child(body, space, f"{self.method.name}_OUTPUT", nsmap={"xsi": XSI, "p": space, "cim": CIM})
        members = [item for item in self.outputs if not (leaves_streams_out and item.is_stream)]
        values: dict[str, Value] = dict(reply.outputs)
        values.update({name: t.cast(Value, list(items)) for name, items in collected.items()})
        if self.method.returns is not None:
            members.append(ParameterSchema("ReturnValue", self.method.returns, "out"))
            values["ReturnValue"] = reply.return_value
        append_values(node, space, self.schema, members, values, style)

    def append_output_value(self, parent: Element, parameter: ParameterSchema, value: Value) -> None:
        """Append one element of a streamed array."""
        style = self.context.style
        space = style.target.class_uri(self.schema.namespace, self.schema.name)
        append_value(parent, space, self.schema, parameter, t.cast(Value, [value]), style)


def read_call(context: RequestContext) -> Call:
    """Return the call that a request asks for.

    Raises:
        CimFault: no such class or method, or selectors or input that do not fit.
    """
    schema = find_class(context.node.endpoint.provider, context.target)
    context.facts.class_name = schema.name
    method = _method(context, schema)
    keys = selector_keys(context.message.selectors, schema, needs_keys=False)
    context.facts.selectors = dict(keys)
    if not method.is_static and schema.keys and not keys:
        # wsman-cim.md 3.6: Windows wants the keys even where the class can have one instance only.
        raise CimFault(
            names.WBEM_INVALID_METHOD_PARAMETERS, f"{method.name} is a method of an instance.", subcode="w:InternalError", sender=False
        )
    nodes = list(context.message.body)
    if len(nodes) != 1 or local_name(nodes[0]) != f"{method.name}_INPUT":
        raise ProtocolFault(names.SCHEMA_VALIDATION_ERROR, f"The body has to be one {method.name}_INPUT element.")
    decoder = Decoder(context.node.endpoint.provider, context.target, context.node.options.unknown_parameter_code)
    inputs = [parameter for parameter in method.parameters if parameter.direction == "in"]
    arguments = decoder.members(nodes[0], schema, inputs)
    context.facts.arguments = without_secrets(plain_arguments(arguments))
    return Call(context, schema, method, keys, arguments)


def finish_plain(call: Call, result: Reply | Job) -> Answer:
    """Wait for a plain call to end and return its answer.

    Raises:
        CimFault: the method failed, or the operation timed out; then the method may go on.
        AbortedError: the node went down meanwhile.
    """
    collected: dict[str, list[Value]] = {}
    reply = result if isinstance(result, Reply) else _wait(call, result, collected)
    answer = call.context.answer()
    # A plain request has no channel for events: what it registered for comes with the result.
    call.append_output(answer.body, reply, collected, leaves_streams_out=False)
    return answer


def time_limit(context: RequestContext) -> float:
    """Return the twin seconds a plain operation may take: OperationTimeout, at most MaxTimeoutms (wsman-cim.md 8.1)."""
    maximum = context.node.limits["MaxTimeoutms"] / 1000
    asked = context.message.timeout_seconds
    return maximum if asked is None else min(asked, maximum)


def timed_out() -> ProtocolFault:
    """Return the fault of an operation whose time is over."""
    return ProtocolFault(
        names.OPERATION_TIMEDOUT,
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
        sender=False,
    )


def _wait(call: Call, job: Job, collected: dict[str, list[Value]]) -> Reply:
    node = call.context.node
    deadline = time.monotonic() + node.real(time_limit(call.context), node.options.floors.operation_timeout)
    while True:
        if call.context.liveness.is_aborted:
            if call.context.liveness.cancel_reason is not None:
                job.cancel(call.context.liveness.cancel_reason)
            raise AbortedError
        left = deadline - time.monotonic()
        item = job.next(max(0.0, min(left, _POLL_SECONDS)))
        if isinstance(item, Reply):
            return item
        if isinstance(item, Streamed):
            collected.setdefault(item.parameter, []).append(item.value)
        if left <= 0:
            if node.options.cancels_on_timeout:
                job.cancel("timeout")
            raise timed_out()


def _method(context: RequestContext, schema: ClassSchema) -> MethodSchema:
    base, _unused, name = context.message.action.rpartition("/")
    context.facts.method = name
    method = schema.method(name)
    if base.casefold() != context.message.resource_uri.casefold() or method is None:
        raise ProtocolFault(names.ACTION_NOT_SUPPORTED, f"The class {schema.name} has no method {name}.")
    return method
