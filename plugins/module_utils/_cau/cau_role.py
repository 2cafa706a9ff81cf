# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clustered role of Microsoft's own self-updating, kept offline during a run on request (cau.md 2.2, 5.1).

Its own schedule could begin a run in the middle of ours, which the run lock would refuse. While the role is offline, nothing begins at
all. What a run took offline stands in the journal of every node before, and until it is back.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable

from .._clock import Clock
from .._errors import OperationError, Outcome
from .._progress import Progress
from .._wmi.cluster import GROUP_TYPE_CLUSTER_UPDATE_AGENT, Cluster, GroupState, ResourceGroup
from . import run_lock
from .errors import CauError, TimeLimitError
from .fleet import Fleet, never_stop
from .journal import Journal
from .journal_records import ClusterEntry
from .waiting import Deadline

AT_REST = frozenset({GroupState.OFFLINE, GroupState.FAILED})
"""The states in which nothing of the role runs that could begin a run."""

LIMIT_SECONDS = 180.0
POLL_SECONDS = 2.0

_PENDING = 997
"""ERROR_IO_PENDING: the cluster service has begun and is not done."""


def find(cluster: Cluster) -> ResourceGroup | None:
    """Return the CAU role of a cluster, None when it has none.

    Raises:
        CauError: there are several, so that nobody could say which one is meant.
    """
    found = cluster.groups_of_type(GROUP_TYPE_CLUSTER_UPDATE_AGENT)
    if len(found) > 1:
        raise CauError(
            f"the cluster has {len(found)} CAU roles ({', '.join(role.name for role in found)})",
            operation="CAU role",
            remedy="Take them offline yourself, and run again without the option",
            outcome=Outcome.NOT_DONE,
        )
    return found[0] if found else None


def describe_plan(role: ResourceGroup | None) -> str:
    """Return what a run that is asked to keep the role offline would do with it."""
    if role is None:
        return "the cluster has no CAU role that could be taken offline"
    if role.state in AT_REST:
        return f"the CAU role {role.name} is {role.state.name.lower()} already and stays so"
    return f"the CAU role {role.name} would be offline until the run ends"


def take_offline(
    fleet: Fleet, journal: Journal, clock: Clock, progress: Progress, adopted: str | None = None, check: Callable[[], None] = never_stop
) -> str | None:
    """Take the role offline for the time of the run, which holds the lock.

    Args:
        fleet: the nodes of the cluster.
        journal: the run's journal.
        clock: for the wait.
        progress: for the user's line.
        adopted: the role that a dead run took offline and that this run has to bring back anyway, None when there is none.
        check: raises when the task has to stop.

    Returns:
        The role that this run has to bring back, None when it has none.

    Raises:
        OperationError: it is not offline, or that is not known; the journal says so where the run may have changed it.
    """
    run_lock.verify(fleet, journal.owner.run_id)
    cluster = fleet.node(fleet.names[0]).cluster
    role = find(cluster)
    if role is None or role.state in AT_REST:
        if adopted is None:
            progress.say(None, "lock", describe_plan(role))
        return adopted
    journal.write_cluster(ClusterEntry(role.name))
    _bring_to(GroupState.OFFLINE, cluster, role.name, clock, cluster.take_group_offline, check)
    progress.say(None, "lock", f"the CAU role {role.name} is offline until this run ends")
    return role.name


def bring_back(fleet: Fleet, journal: Journal, clock: Clock, progress: Progress, name: str) -> None:
    """Bring the role online again that this run or one before it took offline; the run still holds the lock.

    Args:
        fleet: the nodes of the cluster.
        journal: the run's journal.
        clock: for the wait.
        progress: for the user's line.
        name: the role.

    Raises:
        OperationError: it is not online, or that is not known; the journal still says that it has to be brought back.
    """
    run_lock.verify(fleet, journal.owner.run_id)
    cluster = fleet.node(fleet.names[0]).cluster
    role = _named(cluster, name)
    if role is None:
        told = f"the CAU role {name} is not there any more"
    elif role.state is GroupState.ONLINE:
        told = f"the CAU role {name} is online already"
    else:
        _bring_to(GroupState.ONLINE, cluster, name, clock, cluster.bring_group_online, never_stop)
        told = f"the CAU role {name} is online again"
    journal.write_cluster(ClusterEntry())
    progress.say(None, "lock", told)


def _named(cluster: Cluster, name: str) -> ResourceGroup | None:
    found = cluster.groups_of_type(GROUP_TYPE_CLUSTER_UPDATE_AGENT)
    return next((role for role in found if role.name.casefold() == name.casefold()), None)


def _bring_to(
    wanted: GroupState, cluster: Cluster, name: str, clock: Clock, ask: Callable[[str], None], check: Callable[[], None]
) -> None:
    """Ask for a state of the role and wait for it; asked a second time only when the answer was lost and it does not show."""
    deadline = Deadline(clock, LIMIT_SECONDS)
    asked = 0
    lost: OperationError | None = None
    while True:
        check()
        role = _named(cluster, name)
        if role is not None and role.state is wanted:
            return
        if asked == 0 or (asked == 1 and lost is not None and (role is None or role.state is not GroupState.PENDING)):
            asked += 1
            lost = _ask(ask, name)
        elif deadline.has_passed:
            raise TimeLimitError(
                f"the CAU role {name} is {role.state.name.lower() if role else 'not there any more'}, and not {wanted.name.lower()}",
                operation="CAU role",
                limit_seconds=LIMIT_SECONDS,
                remedy="Look at the role in the cluster manager",
                outcome=Outcome.UNKNOWN,
            )
        clock.sleep(POLL_SECONDS)


def _ask(ask: Callable[[str], None], name: str) -> OperationError | None:
    """Ask once and return what was lost of it, None when it was taken."""
    try:
        ask(name)
    except OperationError as error:
        if error.code == _PENDING:
            return None
        if error.outcome is Outcome.FAILED:
            raise
        return error
    return None
