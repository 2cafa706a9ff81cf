# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a robust invoke tells its caller while it runs (wsman-cim.md 7.2).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .instance import CimInstance


@dataclass(frozen=True)
class StreamedValue:
    """Elements of a streamed out array, as they arrived."""

    name: str
    output: CimInstance
    """Holds nothing but this parameter, with the values of this one event."""

    @property
    def instances(self) -> list[CimInstance]:
        """The values of an array of embedded instances."""
        return self.output.instances(self.name)

    @property
    def texts(self) -> list[str]:
        """The values of an array of scalars."""
        return self.output.texts(self.name)


@dataclass(frozen=True)
class ProgressEvent:
    """What the provider reports about its work; texts are in the host's language."""

    activity: str
    operation: str
    status: str
    percent: int | None
    seconds_remaining: int | None


@dataclass(frozen=True)
class Note:
    """A warning, verbose or debug line of the provider."""

    kind: t.Literal["warning", "verbose", "debug"]
    text: str


@dataclass(frozen=True)
class StillWorking:
    """The host said that it still works (KeepAlive), or took the connection up again (Acknowledge)."""


Event: t.TypeAlias = StreamedValue | ProgressEvent | Note | StillWorking
