# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enumerate, Pull and Release with all their peculiarities (wsman-cim.md 3.4)."""

from __future__ import annotations

import threading
import time
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..cim import Instance
from . import names
from .answer import Answer, upper_guid
from .encoding import append_fragments, append_instance, append_reference, reference_to
from .faults import ProtocolFault
from .names import ADDRESSING, ENUMERATION, WSMAN
from .node_state import Effect, RequestContext
from .queries import Found, read_filter
from .xml import Element, child, find, serialize, text_of

# The rest of an envelope around its items: header, body and the context.
_ENVELOPE_RESERVE = 2048


@dataclass
class Enumeration:
    """Objects that were found and have not been pulled yet."""

    user: str
    class_name: str | None
    found: Found
    mode: str
    expires_at: float
    position: int = 0

    @property
    def is_exhausted(self) -> bool:
        """True when nothing is left."""
        return self.position >= len(self.found.instances)


@dataclass
class Enumerations:
    """The open enumerations of one node."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: dict[str, Enumeration] = field(default_factory=dict)

    def keep(self, enumeration: Enumeration, lifetime: float) -> str:
        """Remember an enumeration under a new context."""
        context = upper_guid()
        enumeration.expires_at = time.monotonic() + lifetime
        with self._lock:
            self._open[context] = enumeration
        return context

    def take(self, context: str, user: str) -> Enumeration:
        """Return an enumeration and invalidate its context: each Pull gets a new one.

        Raises:
            ProtocolFault: unknown, used before, idle for too long, or somebody else's.
        """
        with self._lock:
            enumeration = self._open.pop(context, None)
        if enumeration is None or enumeration.user != user or time.monotonic() >= enumeration.expires_at:
            raise ProtocolFault(
                names.INVALID_ENUMERATION_CONTEXT, "The WS-Management service cannot use the enumeration context.", sender=False
            )
        return enumeration

    def class_of(self, context: str) -> str | None:
        """Return the class an open enumeration lists."""
        with self._lock:
            enumeration = self._open.get(context)
        return enumeration.class_name if enumeration is not None else None

    def count(self, user: str) -> int:
        """Return how many enumerations of a user are open."""
        now = time.monotonic()
        with self._lock:
            for context in [context for context, item in self._open.items() if now >= item.expires_at]:
                del self._open[context]
            return sum(1 for item in self._open.values() if item.user == user)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._open.clear()


def prepare_enumerate(context: RequestContext) -> Effect:
    """List a class or the objects of a query."""
    if any(name.casefold() != "__cimnamespace" for name, _unused in context.message.selectors):
        raise ProtocolFault(names.ENUMERATE_WMI_INVALID_KEY, "Enumerate takes no keys.", subcode="w:InvalidSelectors")
    body = find(context.message.body, ENUMERATION, "Enumerate")
    if body is None:
        raise ProtocolFault(names.SCHEMA_VALIDATION_ERROR, "The body has to be one Enumerate element.")
    mode = (text_of(find(body, WSMAN, "EnumerationMode")) or "EnumerateObject").strip()
    if mode not in ("EnumerateObject", "EnumerateObjectAndEPR", "EnumerateEPR"):
        raise ProtocolFault(names.UNSUPPORTED_FEATURE, f"The enumeration mode {mode} is unknown.", detail="EnumerationMode")
    search = read_filter(context, body)
    is_optimized = find(body, WSMAN, "OptimizeEnumeration") is not None
    maximum = _max_elements(context, find(body, WSMAN, "MaxElements"))
    context.node.check_quota(context.caller.user)

    def effect() -> Answer:
        enumeration = Enumeration(context.caller.user, context.facts.class_name, search(), mode, 0.0)
        answer = context.answer()
        response = child(answer.body, ENUMERATION, "EnumerateResponse")
        token = child(response, ENUMERATION, "EnumerationContext")
        if is_optimized:
            _append_optimized(context, response, enumeration, maximum)
            if find(response, WSMAN, "EndOfSequence") is not None:
                return answer
        token.text = context.node.enumerations.keep(enumeration, _lifetime(context))
        return answer

    return effect


def prepare_pull(context: RequestContext) -> Effect:
    """Return the next batch, cut by MaxElements and by the envelope size."""
    body = find(context.message.body, ENUMERATION, "Pull")
    if body is None:
        raise ProtocolFault(names.SCHEMA_VALIDATION_ERROR, "The body has to be one Pull element.")
    token = (text_of(find(body, ENUMERATION, "EnumerationContext")) or "").strip()
    # Without MaxElements Windows returns one object (wsman-cim.md 3.4).
    maximum = _max_elements(context, find(body, ENUMERATION, "MaxElements")) or 1
    characters = _number(find(body, ENUMERATION, "MaxCharacters"))
    context.facts.class_name = context.node.enumerations.class_of(token) or context.target.class_name

    def effect() -> Answer:
        enumeration = context.node.enumerations.take(token, context.caller.user)
        answer = context.answer()
        response = child(answer.body, ENUMERATION, "PullResponse")
        # The context comes first, so its place is kept until it is known whether there is one.
        place = child(response, ENUMERATION, "EnumerationContext")
        items = child(response, ENUMERATION, "Items")
        _append_batch(context, items, enumeration, maximum, characters)
        if enumeration.is_exhausted:
            response.remove(place)
            child(response, ENUMERATION, "EndOfSequence")
        else:
            place.text = context.node.enumerations.keep(enumeration, _lifetime(context))
        return answer

    return effect


def prepare_release(context: RequestContext) -> Effect:
    """Drop an enumeration; the answer's body is empty."""
    body = find(context.message.body, ENUMERATION, "Release")
    token = (text_of(find(body, ENUMERATION, "EnumerationContext")) or "").strip() if body is not None else ""
    context.facts.class_name = context.node.enumerations.class_of(token) or context.target.class_name

    def effect() -> Answer:
        context.node.enumerations.take(token, context.caller.user)
        return context.answer()

    return effect


def _append_optimized(context: RequestContext, response: Element, enumeration: Enumeration, maximum: int | None) -> None:
    total = len(enumeration.found.instances)
    options = context.node.options
    if total == 0 and options.empty_enumeration == "context":
        child(response, WSMAN, "Items")
        return
    # Several objects: one comes at once and the rest by Pull, MaxElements notwithstanding.
    wanted = (maximum or total) if options.optimized_items == "all" else 1
    items = child(response, WSMAN, "Items")
    if total:
        _append_batch(context, items, enumeration, max(1, wanted), None)
    if enumeration.is_exhausted:
        child(response, WSMAN, "EndOfSequence")


def _append_batch(context: RequestContext, items: Element, enumeration: Enumeration, maximum: int, characters: int | None) -> None:
    room = context.message.max_envelope - _ENVELOPE_RESERVE
    if characters is not None:
        room = min(room, characters)
    instances = enumeration.found.instances
    taken = 0
    while taken < maximum and not enumeration.is_exhausted:
        before = len(items)
        _append_item(context, items, instances[enumeration.position], enumeration)
        added: Sequence[t.Any] = items[before:]
        size = sum(len(serialize(node)) for node in added)
        if size > room:
            for node in added:
                items.remove(node)
            if taken == 0:
                raise ProtocolFault(names.ENCODING_LIMIT, "An object is larger than the envelope may be.", detail="MaxEnvelopeSize")
            return
        room -= size
        taken += 1
        enumeration.position += 1


def _append_item(context: RequestContext, items: Element, instance: Instance, enumeration: Enumeration) -> None:
    style = context.style
    if enumeration.mode == "EnumerateEPR":
        append_reference(child(items, ADDRESSING, "EndpointReference"), reference_to(instance), style)
        return
    holder = child(items, WSMAN, "Item") if enumeration.mode == "EnumerateObjectAndEPR" else items
    if enumeration.found.columns:
        append_fragments(holder, instance, enumeration.found.columns)
    else:
        append_instance(holder, instance, style)
    if holder is not items:
        append_reference(child(holder, ADDRESSING, "EndpointReference"), reference_to(instance), style)


def _max_elements(context: RequestContext, node: Element | None) -> int | None:
    number = _number(node)
    return None if number is None else min(number, context.node.limits["MaxBatchItems"])


def _number(node: Element | None) -> int | None:
    if node is None:
        return None
    text = (text_of(node) or "").strip()
    if not (text.isascii() and text.isdigit()) or int(text[:12]) == 0:
        raise ProtocolFault(names.SCHEMA_VALIDATION_ERROR, "A number of elements or characters has to be positive.")
    return int(text[:12])


def _lifetime(context: RequestContext) -> float:
    limits: Mapping[str, int] = context.node.limits
    return context.node.real(limits["EnumerationTimeoutms"] / 1000, context.node.options.floors.enumeration)
