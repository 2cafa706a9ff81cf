# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory hosts of a task: which ones may be nodes of its cluster, and how each is reached.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from dataclasses import replace

from ansible.plugins.action import ActionBase

from ..module_utils._clock import Clock
from ..module_utils._wmi.node_client import NodeClient
from ..module_utils._wsman.channel import Traffic
from ..module_utils._wsman.endpoint import Endpoint
from ._connection import endpoint_from_connection, open_node, peer_connection


class Peers:
    """The hosts of the inventory as this task reaches them.

    Args:
        action: the action that runs now.
        task_vars: its variables.
        host: the inventory host that the task works on.
        clock: the client's clock.
        secrets: where passwords are put, so that they can be taken out of results.
    """

    def __init__(self, action: ActionBase, task_vars: Mapping[str, t.Any], host: str, clock: Clock, secrets: set[str]) -> None:
        self._action = action
        self._task_vars = task_vars
        self._host = host
        self._clock = clock
        self._secrets = secrets
        self._endpoints: dict[str, Endpoint] = {}
        self._clients: list[NodeClient] = []

    def endpoint(self, host: str, name: str | None = None) -> Endpoint:
        """Return where and how to reach a host.

        Args:
            host: its name in the inventory.
            name: what to call it in messages, its name in the inventory by default.
        """
        if host not in self._endpoints:
            connection = self._action._connection if host == self._host else peer_connection(self._action, self._task_vars, host)  # noqa: SLF001 - what every action uses
            endpoint = endpoint_from_connection(connection, host)
            self._secrets.add(endpoint.password or "")
            self._endpoints[host] = endpoint
        return replace(self._endpoints[host], name=name or host)

    def opener(self, host: str, name: str | None = None) -> Callable[[], NodeClient]:
        """Return what opens a client to a host, see endpoint for the arguments."""
        return lambda: self._open(self.endpoint(host, name))

    def _open(self, endpoint: Endpoint) -> NodeClient:
        client = open_node(endpoint, self._clock)
        # Keepers open theirs in threads of their own; appending to a list is one step.
        self._clients.append(client)
        return client

    def traffic(self) -> dict[str, Traffic]:
        """Return what this task has moved so far, by the names under which hosts and nodes were opened."""
        totals: dict[str, Traffic] = {}
        for client in list(self._clients):
            moved = client.client.traffic
            total = totals.setdefault(client.name, Traffic())
            total.messages += moved.messages
            total.bytes_sent += moved.bytes_sent
            total.bytes_received += moved.bytes_received
        return totals

    def hosts(self, patterns: list[str] | None) -> list[str]:
        """Return the hosts that a list of patterns means, whatever --limit leaves and whichever host has failed.

        Args:
            patterns: host patterns; None means the hosts of the play.
        """
        play = self._action._task.get_play()  # noqa: SLF001
        wanted = patterns or (list(play.hosts) if isinstance(play.hosts, list | tuple) else [play.hosts])
        inventory = self._task_vars["hostvars"]._inventory  # noqa: SLF001 - the only way from an action to the inventory
        found = inventory.get_hosts([str(each) for each in wanted], ignore_limits=True, ignore_restrictions=True)
        return [str(each.name) for each in found]
