# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One class that a plug-in of a user's own works with, by name.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._wsman.client import Client
from .._wsman.kinds import Kind
from .._wsman.values import Argument
from .remote_class import RemoteClass


class NamedClass:
    """A class that this collection knows nothing about.

    Args:
        client: the connection to the node.
        namespace: its namespace, with slashes or backslashes.
        name: its name in the spelling of the repository.
    """

    def __init__(self, client: Client, namespace: str, name: str) -> None:
        self._class = RemoteClass(client, namespace.replace("\\", "/").strip("/").lower(), name)

    def instances(self, condition: str | None = None) -> list[dict[str, t.Any]]:
        """Return the instances, as far as a WQL condition holds for them, with the values as text tells them."""
        found = self._class.query(condition) if condition else self._class.enumerate()
        return [instance.untyped() for instance in found]

    def call(
        self, method: str, arguments: Mapping[str, Argument], keys: Mapping[str, str] | None, seconds: float, tick: t.Callable[[], None]
    ) -> dict[str, t.Any]:
        """Call a method once, and return its output, whatever ReturnValue it holds.

        Args:
            method: its name in the spelling of the repository.
            arguments: in-parameters.
            keys: of the instance, None for a static method.
            seconds: how long it may take, in clock seconds.
            tick: called while it runs; it stops the waiting, not the method, by raising.
        """
        output = self._class.call_robust(
            method, arguments, kind=Kind.ONCE_ONLY, keys=keys, deadline_seconds=seconds, should_stop=tick
        )
        return output.untyped()
