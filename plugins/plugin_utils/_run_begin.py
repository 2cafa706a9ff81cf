# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run is told when it begins: its nodes, their order, and which of them stay as they are.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ..module_utils._cau.errors import CauError, MembershipError
from ..module_utils._cau.fleet import Fleet
from ..module_utils._cau.membership import Membership
from ..module_utils._cau.recovery import Decision
from ..module_utils._cau.waiting import names
from ..module_utils._errors import Outcome
from ..module_utils._wmi.cluster import NodeState
from ._absent import patient_membership
from ._facts import RunFact
from ._process import controller_name, user_name
from ._reports import directory_of
from ._task import TaskRun


def new_fact(task: TaskRun) -> RunFact:
    """Return the fact of a new run, which has no id yet.

    Raises:
        CauError: an option names what is no node, or options contradict each other about nodes.
        MembershipError: the inventory lacks a node of the cluster.
    """
    found = _membership(task)
    first, only, accepted = (_nodes_named(task, option, found) for option in ("node_order", "only_nodes", "accept_down"))
    refuse_contradictions(first, only, accepted)
    return replace(
        _fact(task, found),
        order=[found.nodes[node] for node in dict.fromkeys([*first, *found.order]) if not only or node in only],
        accept_down=accepted,
        only=only,
    )


def fact_of_what_answered(task: TaskRun, error: MembershipError) -> RunFact:
    """Return the fact of a run that cannot begin because nodes gave no answer, for its report; their hosts are not known.

    Args:
        task: the task.
        error: what is known of the cluster.
    """
    nodes = dict.fromkeys(error.missing, "") | error.hosts
    me = next(node for node, host in error.hosts.items() if host == task.host)
    return _fact(task, Membership(error.cluster, me, dict(sorted(nodes.items())), []))


def _fact(task: TaskRun, found: Membership) -> RunFact:
    return RunFact(
        process=task.facts.process,
        host=task.host,
        cluster=found.cluster,
        node=found.me,
        nodes=found.nodes,
        controller=controller_name(),
        user=user_name(),
        started_at=task.clock.utc().isoformat(),
        run_began=task.clock.now(),
        stop_after=task.arguments["stop_after"],
        warn_after=task.arguments["warn_after"],
        dead_after=task.arguments["dead_after"],
        report_directory=str(directory_of(task.arguments["report_directory"])) if task.arguments["report_formats"] else "",
        report_formats=task.arguments["report_formats"],
    )


def accepting(task: TaskRun, fleet: Fleet, fact: RunFact, decision: Decision) -> RunFact:
    """Return the fact of a run that need not have all nodes online, with those in it that are not; it leaves them as they are.

    A node that a dead run of this collection has left out of service is not one of these: it is brought to its end.

    Args:
        task: the task.
        fleet: the nodes of the cluster.
        fact: the run.
        decision: what the run does about dead ones.
    """
    if task.arguments["require_all_nodes_online"]:
        return fact
    ours = {entry.node for entry in decision.adopted if entry.paused_by_us}
    members = fleet.node(fleet.names[0]).cluster.nodes()
    out = [node.name for node in members if node.state is not NodeState.UP and node.name not in ours and node.name in fact.nodes]
    if not out:
        return fact
    task.progress.say(None, "lock", f"paused or down, and left as they are because require_all_nodes_online is false: {names(out)}")
    fact = replace(fact, accept_down=out)
    return replace(fact, left_alone=is_left_alone(fleet, fact))


def is_left_alone(fleet: Fleet, fact: RunFact) -> bool:
    """Return whether nothing is done to the host's node: the run is not for it, or it is out of service with the run's consent."""
    if fact.only and fact.node not in fact.only:
        return True
    if fact.node not in fact.accept_down:
        return False
    return fleet.node(fact.node).cluster.node(fact.node).state is not NodeState.UP


def _membership(task: TaskRun) -> Membership:
    """Find the nodes; a node that may be down and cannot be asked is said to be needed all the same."""
    try:
        return patient_membership(task, 0 if task.is_check else task.arguments["takeover_wait"])
    except MembershipError as error:
        accepted = {name.casefold() for name in task.arguments["accept_down"]}
        takes_all = not task.arguments["require_all_nodes_online"]
        silent = [name for name in error.missing if takes_all or name.casefold() in accepted]
        if not silent:
            raise
        option = "require_all_nodes_online=false" if takes_all else "accept_down"
        raise MembershipError(
            f"{error.message}; {option} lets {', '.join(silent)} be out of service, but the run lock stands on every node, and a node "
            "that is down cannot carry it",
            missing=error.missing,
            no_answer=error.no_answer,
            cluster=error.cluster,
            hosts=error.hosts,
            operation=error.operation,
            remedy="Start the node and its cluster service, paused if it is not to serve, or evict it",
            outcome=Outcome.NOT_DONE,
        ) from error


def _nodes_named(task: TaskRun, option: str, found: Membership) -> list[str]:
    return nodes_named(option, task.arguments[option], found.nodes, found.cluster)


def nodes_named(option: str, given: Sequence[str], nodes: Mapping[str, str], cluster: str) -> list[str]:
    """Return the nodes that an option names, however the user called them.

    Args:
        option: name of the option, for the error.
        given: names of nodes or inventory hosts.
        nodes: the inventory host of each node.
        cluster: name of the cluster, for the error.

    Raises:
        CauError: a name is no node of the cluster.
    """
    known = {name.casefold(): node for node, host in nodes.items() for name in (host, node)}
    strange = [name for name in given if name.casefold() not in known]
    if strange:
        raise CauError(
            f"{option} names {', '.join(strange)}, which is no node of the cluster {cluster}",
            operation="lock",
            remedy=f"Its nodes are {', '.join(nodes)}",
            outcome=Outcome.NOT_DONE,
        )
    return list(dict.fromkeys(known[name.casefold()] for name in given))


def refuse_contradictions(first: Collection[str], only: Collection[str], accepted: Collection[str]) -> None:
    """Refuse options that contradict each other about a node.

    Args:
        first: the nodes of node_order.
        only: the nodes of only_nodes.
        accepted: the nodes of accept_down.

    Raises:
        CauError: they do.
    """
    both = [name for name in only if name in accepted]
    if both:
        raise _contradiction(f"only_nodes wants {names(both)} updated, and accept_down leaves a node that is out of service as it is")
    beyond = [name for name in first if only and name not in only]
    if beyond:
        raise _contradiction(f"node_order names {names(beyond)}, which only_nodes leaves out")


def _contradiction(message: str) -> CauError:
    return CauError(message, operation="lock", remedy="Take the node out of one of the two lists", outcome=Outcome.NOT_DONE)
