# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clients of one node's remote classes, over one connection.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from types import TracebackType

from .._wsman.client import Client, ServerConfiguration
from .._wsman.errors import FaultError
from .cluster import Cluster
from .cluster_update import ClusterUpdate
from .operating_system import OperatingSystem
from .registry import Registry
from .storage import Storage


class NodeClient:
    """All remote classes of one node; one operation at a time, not thread-safe.

    Args:
        client: the connection to the node; closed with this object.
        name: what to call the node in messages.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.cluster_update = ClusterUpdate(client)
        self.cluster = Cluster(client)
        self.system = OperatingSystem(client)
        self.registry = Registry(client)
        self.storage = Storage(client)

    def __enter__(self) -> NodeClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def winrm_limits(self) -> ServerConfiguration | None:
        """Return the limits of the node's WinRM service, None when it does not show them: it does to administrators (wsman-cim.md 11)."""
        try:
            return self.client.configuration()
        except FaultError:
            return None

    def close(self) -> None:
        """Close the connection."""
        self.client.close()
