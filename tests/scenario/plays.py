# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays that users write, and what the tests ask about their outcome."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from tests.harness.record import Entry

PLAYBOOK = "cluster_aware.updating.rolling_update"


def role_play(hosts: str = "all", **changes: t.Any) -> list[dict[str, t.Any]]:  # noqa: ANN401 - as YAML has it
    """Return the short use of the role."""
    play: dict[str, t.Any] = {"hosts": hosts, "gather_facts": False, "serial": 1, "roles": ["cluster_aware.updating.rolling_update"]}
    return [{name: value for name, value in (play | changes).items() if value is not None}]


def task_play(*tasks: dict[str, t.Any], hosts: str = "all", **changes: t.Any) -> dict[str, t.Any]:  # noqa: ANN401
    """Return a play of tasks, node by node."""
    return {"hosts": hosts, "gather_facts": False, "serial": 1, "tasks": list(tasks)} | changes


def count(events: Iterable[Entry], event: str, node: str | None = None) -> int:
    """Return how often something happened."""
    return sum(entry["event"] == event and node in {None, entry.get("node")} for entry in events)


def nodes_of(events: Iterable[Entry], event: str) -> list[str]:
    """Return the nodes to which something happened, in order."""
    return [str(entry["node"]) for entry in events if entry["event"] == event]
