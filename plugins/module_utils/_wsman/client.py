# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The WS-Management client: one host, one connection at a time, one operation at a time.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .._clock import Clock
from .endpoint import Endpoint
from .events import Event
from .instance import CimInstance
from .kinds import Kind
from .schema import ClassDefinition
from .values import Argument


@dataclass(frozen=True)
class Identity:
    """Who answers: vendor, product version and protocol of wsman-cim.md 3.1."""

    vendor: str
    version: str
    protocol: str


@dataclass(frozen=True)
class ServerConfiguration:
    """The limits of the host's WinRM service (wsman-cim.md 11); `settings` has everything by path, such as "Service/MaxConnections"."""

    max_timeout_ms: int | None
    max_envelope_kb: int | None
    max_batch_items: int | None
    settings: Mapping[str, str] = field(default_factory=dict)


class Client:
    """Speaks WS-Management with one host; not thread-safe.

    Args:
        endpoint: where the host is and how to sign in.
        clock: every wait and time limit counts by it.
    """

    messages: int
    bytes_sent: int
    bytes_received: int

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self.endpoint = endpoint
        self.name = endpoint.name
        self._clock = clock

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next operation opens another."""
        raise NotImplementedError

    def identify(self) -> Identity:
        """Ask the host who it is."""
        raise NotImplementedError

    def get(self, namespace: str, class_name: str, keys: Mapping[str, str] | None = None) -> CimInstance:
        """Return one instance; without keys the class must be a singleton."""
        raise NotImplementedError

    def put(
        self, namespace: str, class_name: str, keys: Mapping[str, str] | None, properties: Mapping[str, Argument]
    ) -> CimInstance | None:
        """Change properties of an instance; returns it when the host sends it back."""
        raise NotImplementedError

    def create(
        self, namespace: str, class_name: str, properties: Mapping[str, Argument], *, kind: Kind = Kind.IDEMPOTENT
    ) -> dict[str, str]:
        """Create an instance and return its keys."""
        raise NotImplementedError

    def delete(self, namespace: str, class_name: str, keys: Mapping[str, str] | None = None) -> None:
        """Delete an instance."""
        raise NotImplementedError

    def enumerate(self, namespace: str, class_name: str) -> list[CimInstance]:
        """Return all instances of a class and its subclasses."""
        raise NotImplementedError

    def query(self, namespace: str, wql: str) -> list[CimInstance]:
        """Return what a WQL query finds, ASSOCIATORS OF and REFERENCES OF included."""
        raise NotImplementedError

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        kind: Kind,
        timeout: float = 60.0,
    ) -> CimInstance:
        """Call a short method and return its output; a ReturnValue other than 0 is no error here."""
        raise NotImplementedError

    def invoke_robust(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        kind: Kind,
        deadline_seconds: float,
        on_event: Callable[[Event], None] | None = None,
        should_stop: Callable[[], None] | None = None,
    ) -> CimInstance:
        """Call a long method; streamed values are in the output as if it had repeated them."""
        raise NotImplementedError

    def get_class(self, namespace: str, class_name: str) -> ClassDefinition:
        """Return the definition of a class as this host has it."""
        raise NotImplementedError

    def configuration(self) -> ServerConfiguration:
        """Return the limits of the host's WinRM service; only administrators may read them."""
        raise NotImplementedError
