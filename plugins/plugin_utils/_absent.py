# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nodes that cannot be asked: what the journals on the others say about them, and the wait for one that a dead run left restarting.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib

from ..module_utils._cau.errors import MembershipError
from ..module_utils._cau.membership import Membership
from ..module_utils._cau.recovery import told_about
from ..module_utils._cau.remains import Watch, look
from ..module_utils._cau.waiting import Deadline, Heartbeat, duration
from ..module_utils._errors import OperationError
from ..module_utils._wmi.cluster import ClusterInfo, ClusterNode
from ..module_utils._wmi.errors import NotAClusterNodeError, ProviderMissingError
from ._task import TaskRun

_POLL_SECONDS = 15.0


def find_hosts(task: TaskRun, info: ClusterInfo, nodes: list[ClusterNode]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the inventory host of each node that could be asked, and why the other hosts could not be.

    Args:
        task: the task.
        info: what the cluster says about itself.
        nodes: its nodes.
    """
    spelled = {node.name.casefold(): node.name for node in nodes}
    hosts: dict[str, str] = {}
    unreachable: dict[str, str] = {}
    for host in dict.fromkeys([task.host, *task.peers.hosts(task.arguments["members"])]):
        try:
            with contextlib.closing(task.peers.opener(host)()) as client:
                name = spelled.get(client.system.computer_name().casefold())
                if name is not None and client.cluster.info().name.casefold() == info.name.casefold():
                    hosts.setdefault(name, host)
        except (NotAClusterNodeError, ProviderMissingError):
            continue
        except OperationError as error:
            unreachable[host] = error.sentence()
    return hosts, unreachable


def patient_membership(task: TaskRun, wait_seconds: float) -> Membership:
    """Find the inventory host of every node, and wait for nodes that an earlier run left out of service and that give no answer.

    Args:
        task: the task.
        wait_seconds: how long to wait, in clock seconds.

    Raises:
        MembershipError: a node has no host, or gave no answer, and what the journals say about it.
        OperationError: this host gave no answer.
    """
    limit = Deadline(task.clock, wait_seconds)
    beat = Heartbeat(task.clock, lambda text: task.progress.say(None, "lock", text), "waiting for nodes", task.stop.check)
    is_said = False
    while True:
        beat.tick()
        try:
            return task.membership()
        except MembershipError as error:
            told, is_left = _told_by_journals(task, error)
            if told:
                error.message = f"{error.message}; {told}"
                error.args = (error.message,)
            if not is_left or limit.has_passed:
                raise
            if not is_said:
                beat.say(f"{told}; waiting up to {duration(limit.remaining)} for it")
                is_said = True
            task.clock.sleep(min(_POLL_SECONDS, limit.remaining))


def _told_by_journals(task: TaskRun, error: MembershipError) -> tuple[str, bool]:
    """Return what the journals of the nodes that answer say about those that do not, and whether an earlier run left all of them so."""
    if not error.no_answer:
        return "", False
    try:
        with contextlib.closing(task.peers.opener(task.host)()) as me:
            info, nodes = me.cluster.info(), me.cluster.nodes()
        hosts, _unreachable = find_hosts(task, info, nodes)
        with task.fleet(info.name, hosts) as fleet:
            runs = Watch().runs(look(fleet))
    except OperationError:
        return "", False
    told = [told_about(name, runs) for name in error.missing]
    return "; ".join(sentence for sentence, _is_left in told if sentence), all(is_left for _sentence, is_left in told)
