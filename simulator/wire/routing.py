# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which handler a request belongs to, by its action and resource URI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import names
from .answer import Answer
from .configuration import prepare_get_configuration
from .enumeration import prepare_enumerate, prepare_pull, prepare_release
from .faults import ProtocolFault
from .instances import prepare_create, prepare_delete, prepare_get, prepare_put
from .invoke import Call, finish_plain, read_call, time_limit
from .metadata import prepare_get_class
from .node_state import Effect, RequestContext
from .resource import NAMESPACE_SELECTOR, parse_target
from .robust import RobustOperation, Timing

_HANDLERS: Mapping[str, tuple[str, Callable[[RequestContext], Effect]]] = {
    names.GET: ("Get", prepare_get),
    names.PUT: ("Put", prepare_put),
    names.CREATE: ("Create", prepare_create),
    names.DELETE: ("Delete", prepare_delete),
    names.ENUMERATE: ("Enumerate", prepare_enumerate),
    names.PULL: ("Pull", prepare_pull),
    names.RELEASE: ("Release", prepare_release),
}
# wsman-cim.md 8.1: a keep-alive after at most 60 s, or 70 % of the request's OperationTimeout.
_KEEP_ALIVE_SECONDS = 60.0
_KEEP_ALIVE_SHARE = 0.7


@dataclass(frozen=True)
class Plan:
    """A request that has been read and checked, ready to be carried out."""

    context: RequestContext
    effect: Effect
    call: Call | None = None

    def start_robust(self, before_end: Callable[[], None]) -> RobustOperation:
        """Call the method and let its answer build up as a robust operation.

        Raises:
            CimFault: the method refused at once.
        """
        assert self.call is not None  # noqa: S101 - only invokes are started this way
        node, user = self.context.node, self.context.caller.user
        operation = RobustOperation(
            self.call,
            user,
            _timing(self.context),
            buffer_bytes=node.options.buffer_bytes,
            cancels=node.options.cancels_on_timeout,
            before_end=before_end,
        )
        result = self.call.start()
        node.operations.add(operation)
        operation.start(result)
        return operation


def plan_request(context: RequestContext, *, allow_unencrypted: bool) -> Plan:
    """Read the rest of a request and return what to do.

    Raises:
        CimFault: it cannot be done; nothing has been touched yet.
    """
    message, facts = context.message, context.facts
    action = message.action
    known = _HANDLERS.get(action)
    facts.action = known[0] if known else "Invoke"
    uri = message.resource_uri
    if not uri:
        raise ProtocolFault(names.DESTINATION_UNREACHABLE, "The ResourceURI is missing.", detail="InvalidResourceURI")
    if uri.casefold() == names.CIM_XML_CLASSES.casefold() and action == names.GET:
        facts.action = "GetClass"
        return Plan(context, prepare_get_class(context))
    if uri.casefold().startswith(names.CONFIG.casefold()):
        if action != names.GET:
            # Changing a host's settings is an administrator's decision; the twin's are part of the scenario.
            raise ProtocolFault(names.ACTION_NOT_SUPPORTED, "The twin's settings are read-only.")
        facts.action = "Config"
        return Plan(context, prepare_get_configuration(context, allow_unencrypted=allow_unencrypted))
    context.target = parse_target(uri, message.selector(NAMESPACE_SELECTOR))
    facts.class_name = context.target.class_name
    if known:
        return Plan(context, known[1](context))
    call = read_call(context)

    def effect() -> Answer:
        return finish_plain(call, call.start())

    return Plan(context, effect, call)


def _timing(context: RequestContext) -> Timing:
    node, message = context.node, context.message
    floors = node.options.floors
    asked = message.timeout_seconds
    if node.options.robust_mode == "limited":
        limit: float | None = time_limit(context)
    else:
        limit = asked
    idle = _KEEP_ALIVE_SECONDS if asked is None else min(_KEEP_ALIVE_SECONDS, _KEEP_ALIVE_SHARE * asked)
    return Timing(
        node.real(idle, floors.keep_alive),
        None if limit is None else node.real(limit, floors.operation_timeout),
        node.real(node.options.reconnect_window, floors.reconnect_window),
    )
