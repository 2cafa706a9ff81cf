# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the client asks of a connection: one request at a time, the answer as it arrives.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .._clock import Clock
from .endpoint import Endpoint
from .kinds import Kind


@dataclass
class Traffic:
    """What one client has moved so far; a message is a SOAP request, sign-in round trips are not counted."""

    messages: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0


class Answer(t.Protocol):
    """One HTTP answer, its body still on the way."""

    status: int
    is_context_broken: bool
    """True when the sign-in of a sealed connection was gone and the request travelled again in a form nobody can unseal."""

    def pieces(self) -> Iterator[bytes]:
        """Yield the unsealed body as it arrives, in any cut.

        Raises:
            WsmanError: the connection was lost, or the bytes cannot be unsealed.
        """


class Channel(t.Protocol):
    """One connection to one host."""

    def open(self) -> None:
        """Connect and sign in as far as that is possible without a request.

        Raises:
            WsmanError: it failed; nothing was sent.
        """

    def post(self, body: bytes, *, kind: Kind, read_timeout: float) -> Answer:
        """Send one envelope and return the answer once its status is there.

        Args:
            body: the envelope.
            kind: what a loss would mean.
            read_timeout: clock seconds that the host may be silent.

        Raises:
            WsmanError: nothing was sent, or the connection was lost before the answer began.
        """

    def close(self) -> None:
        """Close the connection; a no-op when it is closed."""


OpenChannel: t.TypeAlias = Callable[[Endpoint, Clock, Traffic], Channel]
