# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a scenario may choose about the wire where Windows' behaviour differs by version or is not documented."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .names import SCHEMA_VALIDATION_ERROR


@dataclass(frozen=True)
class Floors:
    """Real seconds below which a protocol timer never falls, however fast the twin's clock runs: a loaded machine is not a dead peer."""

    idle: float = 5.0
    header: float = 10.0
    body: float = 10.0
    keep_alive: float = 0.25
    operation_timeout: float = 1.0
    reconnect_window: float = 3.0
    enumeration: float = 5.0
    send: float = 10.0


@dataclass(frozen=True)
class WireOptions:
    """Switches of the wire, all with the behaviour that wsman-cim.md holds most likely as default."""

    robust_mode: t.Literal["exempt", "limited"] = "exempt"
    """Whether a robust operation without OperationTimeout escapes MaxTimeoutms (8.2)."""

    unknown_parameter_code: int = SCHEMA_VALIDATION_ERROR
    """What a method parameter that the class does not have is answered with (5)."""

    epr_address: t.Literal["host", "anonymous"] = "host"
    """The a:Address of returned endpoint references (3.3, 13)."""

    cancels_on_timeout: bool = False
    """Whether the provider is told to stop when an operation times out or is forgotten (8.2)."""

    empty_enumeration: t.Literal["ended", "context"] = "ended"
    """How an optimized enumeration that finds nothing answers (3.4)."""

    optimized_items: t.Literal["one", "all"] = "one"
    """How many objects an optimized enumeration of several returns at once: 2008 and later one, 2003 all (3.4)."""

    url_prefix: str = "wsman"
    """The path of the service, as the URLPrefix of a listener (6.3)."""

    header_timeout: float = 30.0
    """Twin seconds in which the header of a started request has to be complete."""

    idle_timeout: float = 120.0
    """Twin seconds after which an idle connection is closed (9)."""

    reconnect_window: float = 195.0
    """Twin seconds for which a robust operation outlives its connection (8.1)."""

    buffer_bytes: int = 3 * 1024 * 1024
    """Unacknowledged bytes that a robust operation keeps (8.1)."""

    floors: Floors = field(default_factory=Floors)


DEFAULT_LIMITS: t.Final[t.Mapping[str, int]] = {
    "MaxEnvelopeSizekb": 500,
    "MaxTimeoutms": 60000,
    "MaxBatchItems": 32000,
    "MaxProviderRequests": 4294967295,
    "MaxConcurrentOperationsPerUser": 1500,
    "EnumerationTimeoutms": 240000,
    "MaxConnections": 300,
    "MaxPacketRetrievalTimeSeconds": 120,
}
"""WinRM's settings as they ship (wsman-cim.md 10, 11)."""
