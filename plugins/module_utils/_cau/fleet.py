# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nodes of one cluster as this controller reaches them, and what a step on one of them needs.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import types
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .._clock import Clock
from .._progress import Progress

if t.TYPE_CHECKING:
    from .._wmi.node_client import NodeClient
    from .journal import Journal
    from .ownership import Ownership

Opener: t.TypeAlias = "Callable[[], NodeClient]"


class Fleet:
    """The nodes of one cluster: one NodeClient per node, opened on first use; for one thread only.

    Args:
        cluster: name of the cluster.
        openers: per cluster node, as the cluster spells its name, what opens a client to it.
    """

    def __init__(self, cluster: str, openers: Mapping[str, Opener]) -> None:
        self.cluster = cluster
        self._openers = dict(openers)
        self._clients: dict[str, NodeClient] = {}
        self.names: tuple[str, ...] = tuple(sorted(self._openers, key=lambda name: (name.casefold(), name)))

    def node(self, name: str) -> NodeClient:
        """Return the client of a node, which it opens when this is the first use.

        Args:
            name: the node's name, in any case.

        Raises:
            KeyError: the cluster has no such node.
        """
        spelled = self.spelled(name)
        if spelled not in self._clients:
            self._clients[spelled] = self._openers[spelled]()
        return self._clients[spelled]

    def spelled(self, name: str) -> str:
        """Return a node's name as the cluster spells it.

        Raises:
            KeyError: the cluster has no such node.
        """
        if name in self._openers:
            return name
        for own in self.names:
            if own.casefold() == name.casefold():
                return own
        raise KeyError(name)

    def others(self, name: str) -> tuple[str, ...]:
        """Return the names of all nodes but this one, in name order."""
        return tuple(own for own in self.names if own.casefold() != name.casefold())

    def sibling(self) -> Fleet:
        """Return the same nodes with connections of their own, for another thread."""
        return Fleet(self.cluster, self._openers)

    def forget(self, name: str) -> None:
        """Close the connection of one node, so that the next use begins with a new one."""
        client = self._clients.pop(self.spelled(name), None)
        if client is not None:
            client.close()

    def close(self) -> None:
        """Close every connection; a later use opens it again."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        self.close()


def never_stop() -> None:
    """Find nothing to stop for: the check of work that no keeper watches."""


@dataclass
class NodeWork:
    """Everything that a step on one node needs.

    Args:
        fleet: the nodes of the cluster.
        node: the node in work, as the cluster spells it.
        run_id: the run's id, or for stand-alone work the id of its own node session.
        clock: what every wait goes through.
        progress: where lines for the user go.
        ownership: what proves that the node may be changed; None on a stand-alone host.
        journal: where the run writes what it does to the node; None on a stand-alone host.
        in_service: whether the node is worked on while it serves: it has the turn, and is not paused.
        check: raises when the keeper found that the run must stop; called wherever the work can end.
        heed: raises when somebody asked the run to stop; called only where the node serves or can be brought back at once.
    """

    fleet: Fleet
    node: str
    run_id: str
    clock: Clock
    progress: Progress
    ownership: Ownership | None = None
    journal: Journal | None = None
    in_service: bool = False
    check: Callable[[], None] = field(default=never_stop)
    heed: Callable[[], None] = field(default=never_stop)

    @property
    def client(self) -> NodeClient:
        """The client of the node in work."""
        return self.fleet.node(self.node)

    def safe_point(self) -> None:
        """End the work here when it must end, or when somebody asked the run to stop."""
        self.check()
        self.heed()

    def say(self, step: str, text: str) -> None:
        """Report one thing that happened on the node in work."""
        self.progress.say(self.node, step, text)
