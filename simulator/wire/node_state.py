# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one node's service remembers between requests, and what every handler needs to know of it."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..cim import Caller, NodeEndpoint, TwinClock
from .answer import Answer
from .encoding import Style
from .faults import ProtocolFault
from .message import Message
from .names import ANONYMOUS, QUOTA_MAX_OPERATIONS
from .options import DEFAULT_LIMITS, WireOptions
from .resource import Target

if t.TYPE_CHECKING:
    from .enumeration import Enumerations
    from .robust import RobustOperations


@dataclass
class NodeState:
    """One node's WinRM service."""

    endpoint: NodeEndpoint
    options: WireOptions
    clock: TwinClock
    enumerations: Enumerations
    operations: RobustOperations

    @property
    def limits(self) -> Mapping[str, int]:
        """WinRM's settings on this node."""
        return {**DEFAULT_LIMITS, **self.endpoint.limits}

    def real(self, twin_seconds: float, floor: float) -> float:
        """Return how many real seconds a protocol timer lasts."""
        return self.clock.real(twin_seconds, floor)

    def check_quota(self, user: str) -> None:
        """Refuse a further operation above MaxConcurrentOperationsPerUser.

        Raises:
            ProtocolFault: as recorded from Windows (wsman-cim.md 6.2).
        """
        limit = self.limits["MaxConcurrentOperationsPerUser"]
        if self.enumerations.count(user) + self.operations.count(user) >= limit:
            raise ProtocolFault(
                QUOTA_MAX_OPERATIONS,
                f"The WS-Management service cannot process the request. The maximum number of concurrent operations for this user has been "
                f"exceeded: {limit} concurrent operations.",
                subcode="w:InternalError",
                sender=False,
            )


@dataclass
class Facts:
    """What is known of a request, filled in as it is read, for the log and for scripted faults."""

    action: str = ""
    class_name: str | None = None
    method: str | None = None
    selectors: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, object] = field(default_factory=dict)


class Liveness(t.Protocol):
    """What a waiting handler may ask about the connection it serves."""

    cancel_reason: str | None

    @property
    def is_aborted(self) -> bool:
        """True once the twin itself has cut the connection."""


@dataclass
class RequestContext:
    """One request on its way through a handler."""

    node: NodeState
    message: Message
    target: Target
    facts: Facts
    caller: Caller
    liveness: Liveness
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def style(self) -> Style:
        """How this request wants its values."""
        uses_host = self.node.options.epr_address == "host" and self.message.to
        return Style(self.target, self.message.wants_precise_arrays, self.message.to if uses_host else ANONYMOUS)

    def answer(self, action: str | None = None) -> Answer:
        """Return an empty answer to the request."""
        operation = self.message.operation_id
        return Answer(
            action or f"{self.message.action}Response",
            self.message.message_id,
            self.node.endpoint.language,
            operation_id=operation,
            sequence_id=1 if operation else None,
        )


Effect: t.TypeAlias = Callable[[], Answer]
"""What a handler has prepared: it touches the model only when it is called."""
