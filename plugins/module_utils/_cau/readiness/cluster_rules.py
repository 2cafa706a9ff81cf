# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the cluster as a whole: who answers, who serves, votes, storage, locks.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .. import quorum
from ..cau_role import AT_REST
from ..gate import not_normal
from ..run_id import is_same_guid
from .records import Problem, Severity, Snapshot, Unread, known


def nodes_answer(snapshot: Snapshot) -> list[Problem]:
    """Every node of the cluster is an inventory host that answers."""
    answered = {node.name for node in snapshot.nodes}
    missing = [member.name for member in snapshot.members if member.name not in answered]
    if not missing:
        # A host that is silent and is none of the nodes does not matter here.
        return []
    silent = [Problem(f"the host {host} gave no answer: {reason}") for host, reason in sorted(snapshot.no_answer.items())]
    why = ", or its host gave no answer" if silent else ""
    return silent + [Problem(f"no host of the inventory is this node{why}", name) for name in missing]


def nodes_serve(snapshot: Snapshot) -> list[Problem]:
    """Every node is up and normal in the eyes of the cluster."""
    return [Problem(text, member.name) for member in snapshot.members for text in not_normal(member)]


def quorum_survives(snapshot: Snapshot) -> list[Problem]:
    """The cluster keeps quorum without any one of its nodes, as it says itself and as the votes say."""
    found = []
    for member in snapshot.members:
        loses = snapshot.loses_quorum.get(member.name, Unread("nobody was asked"))
        view = quorum.votes(snapshot.members, snapshot.info.witness_dynamic_weight, member.name)
        if isinstance(loses, Unread):
            found.append(Problem(f"whether the cluster keeps quorum without the node could not be read: {loses.reason}", member.name))
        elif loses or not view.is_safe:
            says = "lose" if loses else "keep"
            found.append(Problem(f"the cluster says that it would {says} quorum without the node, and {view.sentence()}", member.name))
    return found


def storage_is_healthy(snapshot: Snapshot) -> list[Problem]:
    """The storage of a Storage Spaces Direct cluster can do without a node."""
    return [Problem(text) for text in snapshot.storage]


def locks_can_be_read(snapshot: Snapshot) -> list[Problem]:
    """The CAU provider of every node is there and shows run lock and node session."""
    _locks, no_locks = known(snapshot, lambda node: node.run_lock, "the run lock")
    _sessions, no_sessions = known(snapshot, lambda node: node.node_session, "the node session")
    without = {problem.node for problem in no_locks}
    return no_locks + [problem for problem in no_sessions if problem.node not in without]


def locks_are_free(snapshot: Snapshot) -> list[Problem]:
    """Nobody else holds a run lock or a node session; that they could be read is a rule of its own."""
    found = []
    journals = [run for node in snapshot.nodes if isinstance(node.journals, tuple) for run in node.journals]
    for node in snapshot.nodes:
        for held, what in ((node.run_lock, "run lock"), (node.node_session, "node session")):
            if isinstance(held, str) and not is_same_guid(held, snapshot.own_run):
                is_ours = any(is_same_guid(held, run) for run in journals)
                who = "a run of this collection, by the journal" if is_ours else "another coordinator"
                found.append(Problem(f"the {what} is held by {held}, {who}", node.name))
    return found


def journals_are_empty(snapshot: Snapshot) -> list[Problem]:
    """No run has left a journal without a lock behind, which means that it may have left a node out of service."""
    nodes, found = known(snapshot, lambda node: node.journals, "the journal")
    standing = {guid for node in snapshot.nodes if isinstance(guid := node.run_lock, str)} | {snapshot.own_run}
    for name, runs in nodes:
        left = [run for run in runs or () if not any(is_same_guid(run, guid) for guid in standing)]
        found += [Problem(f"run {run} has left its journal behind", name) for run in left]
    return found


def no_own_schedule(snapshot: Snapshot) -> list[Problem]:
    """No clustered CAU role is online, whose schedule could begin a run in the middle of ours."""
    if isinstance(snapshot.cau_roles, Unread):
        return [Problem(f"whether there is a CAU role could not be read: {snapshot.cau_roles.reason}")]
    return [
        Problem(f"the CAU role {role.name} is {role.state.name.lower().replace('_', ' ')}, whose own schedule can begin a run at any time")
        for role in snapshot.cau_roles
        if role.state not in AT_REST
    ]


def hotfix_share_is_right(snapshot: Snapshot) -> list[Problem]:
    """The hotfix root folder, if one was named, can be read and has the permissions that a run insists on."""
    severity = {True: Severity.ERROR, False: Severity.WARNING}
    return [Problem(each.what, severity=severity[each.is_error], mend=each.mend) for each in snapshot.share or ()]
