# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the update catalogue of a cluster from a scenario."""

from __future__ import annotations

import re
import typing as t
import uuid
from collections.abc import Callable

from ..model.catalogue import FOREVER
from ..model.state import Cluster, NodeUpdate, Update
from .loader import ScenarioError

Data = dict[str, t.Any]
Refuse = Callable[[str, str], ScenarioError]

SECURITY_UPDATES = "0fa1201d-4330-4fa8-8ae9-b877473b6441"
"""Category of Windows Update, for updates that name none."""

_KB = re.compile(r"\bKB\d+\b")


def number(value: int | str) -> int:
    """Return a code that is written as a number or as 0x text, unsigned."""
    code = int(value, 16) if isinstance(value, str) else value
    return code & 0xFFFFFFFF


def _update(data: Data) -> Update:
    found = _KB.search(data["title"])
    kb = data.get("kb") or (found.group() if found else "")
    key = data.get("key") or kb or data["title"]
    failure, again = data.get("failure", {}), data.get("offered_again")
    size = float(data.get("size_mb", 50))
    return Update(
        key=key,
        update_id=data.get("id", str(uuid.uuid5(uuid.NAMESPACE_URL, f"update:{key}:{data['title']}"))),
        revision=data.get("revision", 200),
        title=data["title"],
        description=data.get("description", "Install this update to resolve issues in Windows."),
        kb=kb,
        kind=data.get("kind", "Software"),
        categories=tuple(data.get("categories", [SECURITY_UPDATES])),
        size_mb=size,
        # An optional update is not meant for Automatic Updates unless the scenario says so.
        is_assigned=data.get("assigned", not data.get("optional", False)),
        is_optional=data.get("optional", False),
        is_recommended=data.get("recommended", False),
        is_feature=data.get("feature", False),
        is_hidden=data.get("hidden", False),
        nodes=tuple(data.get("nodes", ())),
        requires=tuple(data.get("requires", ())),
        needs_at_install=tuple(data.get("needs_at_install", ())),
        supersedes=tuple(data.get("supersedes", ())),
        restart=data.get("restart", "never"),
        needs_licence=data.get("licence", False),
        needs_user=data.get("user_interaction", False),
        is_exclusive=data.get("exclusive", False),
        download_seconds=data.get("download_seconds", 5.0 + size / 10.0),
        install_seconds=data.get("install_seconds", 30.0 + size / 2.0),
        failure=number(failure.get("hresult", 0)),
        failure_times=failure.get("times"),
        failure_phase=failure.get("phase", "install"),
        failure_nodes=tuple(failure.get("nodes", ())),
        offered_again=0 if again is None else again.get("times", FOREVER),
        offered_again_after=(again or {}).get("after", "restart"),
    )


def build_updates(cluster: Cluster, entries: list[Data], refuse: Refuse) -> None:
    """Fill the catalogue and what the nodes have of it already.

    Raises:
        ScenarioError: a name is unknown or stands twice.
    """
    for index, data in enumerate(entries):
        update = _update(data)
        if update.key in cluster.updates:
            raise refuse(f"updates[{index}]", f"update {update.key} stands twice; give one of them a key of its own")
        cluster.updates[update.key] = update
    for index, data in enumerate(entries):
        update = cluster.updates[_update(data).key]
        for name in ("requires", "needs_at_install", "supersedes"):
            for key in data.get(name, []):
                if key not in cluster.updates:
                    raise refuse(f"updates[{index}].{name}", f"there is no update {key}; keys: {', '.join(sorted(cluster.updates))}")
        if update.key in _all_required(cluster, update):
            raise refuse(f"updates[{index}].requires", f"update {update.key} requires itself in the end, so it would never be offered")
        _on_nodes(cluster, update, data, f"updates[{index}]", refuse)


def _all_required(cluster: Cluster, update: Update) -> set[str]:
    """Return the keys of all updates that have to be installed before this one."""
    found: set[str] = set()
    open_keys = list(update.requires)
    while open_keys:
        key = open_keys.pop()
        if key not in found and key in cluster.updates:
            found.add(key)
            open_keys += cluster.updates[key].requires
    return found


def _on_nodes(cluster: Cluster, update: Update, data: Data, where: str, refuse: Refuse) -> None:
    for name in ("nodes", "installed_on", "downloaded_on"):
        for node in data.get(name, []):
            if node not in cluster.nodes:
                raise refuse(f"{where}.{name}", f"there is no node {node}; nodes: {', '.join(sorted(cluster.nodes))}")
    for node in data.get("installed_on", []):
        cluster.nodes[node].updates[update.key] = NodeUpdate(is_downloaded=True, is_installed=True, was_installed_at_start=True)
    for node in data.get("downloaded_on", []):
        cluster.nodes[node].updates.setdefault(update.key, NodeUpdate()).is_downloaded = True
