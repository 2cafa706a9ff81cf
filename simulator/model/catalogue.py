# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Windows Update offers to a node: applicability, supersedence, prerequisites, criteria."""

from __future__ import annotations

from . import criteria
from .state import Cluster, Node, NodeUpdate, Update

FOREVER = 1_000_000


def status(node: Node, update: Update) -> NodeUpdate:
    """Return what the node has done with an update so far."""
    return node.updates.setdefault(update.key, NodeUpdate())


def _is_done(node: Node, key: str) -> bool:
    entry = node.updates.get(key)
    return entry is not None and entry.is_installed and not entry.is_pending_restart


def is_applicable(cluster: Cluster, node: Node, update: Update) -> bool:
    """Return whether an update is for this node at all, now: its prerequisites are in, nothing that supersedes it is."""
    if update.nodes and node.name not in update.nodes:
        return False
    if not all(_is_done(node, key) for key in update.requires):
        return False
    return not any(update.key in other.supersedes and _is_done(node, other.key) for other in cluster.updates.values())


def _is_superseded(cluster: Cluster, node: Node, update: Update) -> bool:
    """Return whether a newer update that is offered as well takes its place; a search leaves such out."""
    return any(update.key in other.supersedes and is_applicable(cluster, node, other) for other in cluster.updates.values())


def _attribute(cluster: Cluster, node: Node, update: Update, name: str) -> int | str | list[str]:
    entry = status(node, update)
    is_installed = entry.is_installed and not (entry.is_pending_restart and cluster.behaviour.pending_restart_is_offered)
    values: dict[str, int | str | list[str]] = {
        "Type": update.kind.lower(),
        "DeploymentAction": "installation",
        "IsAssigned": int(update.is_assigned),
        "BrowseOnly": int(update.is_optional),
        "AutoSelectOnWebSites": int(update.is_assigned and not update.is_optional),
        "UpdateID": update.update_id.lower(),
        "RevisionNumber": update.revision,
        "CategoryIDs": [category.lower() for category in update.categories],
        "IsInstalled": int(is_installed),
        "IsHidden": int(update.is_hidden),
        "IsPresent": int(is_installed),
        "RebootRequired": int(entry.is_pending_restart),
    }
    return values[name]


def offered(
    cluster: Cluster, node: Node, query: criteria.Criteria, *, include_recommended: bool = False, feature_only: bool = False
) -> list[Update]:
    """Return what the CAU provider works on: the matching updates but those it leaves out.

    Left out are those that want a licence accepted or a user (events 2009 and 2008), recommended ones unless wanted (2018),
    and feature updates unless they alone are wanted. That event 2017 ("optional") takes out what the query itself selects is not
    documented; here BrowseOnly is left to the query.
    """
    found = []
    for update in cluster.updates.values():
        if update.needs_licence or update.needs_user or update.is_feature != feature_only:
            continue
        if update.is_recommended and not include_recommended:
            continue
        if not is_applicable(cluster, node, update) or _is_superseded(cluster, node, update):
            continue
        if criteria.matches(query, lambda name, update=update: _attribute(cluster, node, update, name)):  # type: ignore[misc]
            found.append(update)
    return found


def needs_restart(node: Node) -> bool:
    """Return whether Windows Update or servicing waits for a restart: the answer of MSFT_CAUNode.RebootRequired."""
    return bool(node.pending_signals - {"file_rename"}) or any(entry.is_pending_restart for entry in node.updates.values())
