# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists: Enumerate, Pull until the end, Release when it is left early (wsman-cim.md 3.4).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element, SubElement

from .._clock import Clock
from . import names
from .answer import Deadline
from .answers import Batch, read_batch
from .envelope import Envelope
from .errors import AnswerError, WsmanError
from .instance import CimInstance, Origin

TIME_LIMIT_SECONDS = 900.0
PULL_ELEMENTS = 1000
PULL_LIMIT = 10_000
EMPTY_PULL_LIMIT = 100
INSTANCE_LIMIT = 500_000


class Enumeration:
    """One enumeration; it may be run again from its beginning.

    Args:
        ask: sends one message (action, resource URI, body) and returns its answer.
        uri: of a class, or of a namespace with /* for a query.
        wql: the query, None for all instances of the class.
        clock: for the time limit.
        node: name of the host for messages.
    """

    def __init__(self, ask: Callable[[str, str, Element], Envelope], uri: str, wql: str | None, clock: Clock, node: str) -> None:
        self._ask = ask
        self._uri = uri
        self._wql = wql
        self._clock = clock
        self._node = node

    def run(self) -> list[CimInstance]:
        """Return everything the enumeration finds.

        Raises:
            WsmanError: a message failed; is_stale_enumeration of its fault means that running it again is worth a try.
            AnswerError: the enumeration is no enumeration, or never ends.
        """
        deadline = Deadline.for_socket(self._clock, TIME_LIMIT_SECONDS)
        batch = self._batch("Enumerate", self._opening(), None)
        found = list(batch.instances)
        pulls = empty_pulls = 0
        while batch.context is not None:
            pulls += 1
            empty_pulls = 0 if batch.instances else empty_pulls + 1
            is_endless = empty_pulls > EMPTY_PULL_LIMIT or pulls > PULL_LIMIT or len(found) > INSTANCE_LIMIT
            if is_endless or deadline.remaining(self._clock) <= 0:
                self._release(batch.context)
                raise AnswerError("the host's enumeration does not come to an end", node=self._node)
            pull = Element("n:Pull", {"xmlns:n": names.ENUMERATION})
            # Always the newest context: Windows gives another one with each answer.
            SubElement(pull, "n:EnumerationContext").text = batch.context
            SubElement(pull, "n:MaxElements").text = str(PULL_ELEMENTS)
            batch = self._batch("Pull", pull, batch.context)
            found += batch.instances
        return found

    def _opening(self) -> Element:
        body = Element("n:Enumerate", {"xmlns:n": names.ENUMERATION})
        SubElement(body, "w:OptimizeEnumeration")
        SubElement(body, "w:MaxElements").text = str(PULL_ELEMENTS)
        if self._wql is not None:
            SubElement(body, "w:Filter", {"Dialect": names.WQL_DIALECT}).text = self._wql
        return body

    def _batch(self, operation: str, body: Element, context: str | None) -> Batch:
        envelope = self._ask(f"{names.ENUMERATION}/{operation}", self._uri, body)
        try:
            return read_batch(envelope, Origin(self._node))
        except ValueError as error:
            if context is not None:
                self._release(context)
            raise AnswerError(f"the host's answer cannot be understood: {error}", node=self._node) from None

    def _release(self, context: str) -> None:
        """Give an unfinished enumeration back, since it counts against the user's quota (wsman-cim.md 10)."""
        body = Element("n:Release", {"xmlns:n": names.ENUMERATION})
        SubElement(body, "n:EnumerationContext").text = context
        try:
            self._ask(f"{names.ENUMERATION}/Release", self._uri, body)
        except WsmanError:
            # The host drops it by itself after its EnumerationTimeoutms; the error that led here is the one to tell.
            return
