# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Staging updates on one node, or on several nodes of a cluster side by side while all of them serve.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ..module_utils._cau.errors import MembershipError
from ..module_utils._cau.fleet import Fleet
from ..module_utils._cau.query import validate
from ..module_utils._cau.updates import UpdateOptions, download
from ..module_utils._errors import OperationError, Outcome
from ._arguments import validated
from ._facts import RunFact
from ._run_begin import is_left_alone
from ._stop import StoppedError
from ._task import TaskRun
from ._updates import mark, preview, scan_result, update_options
from ._values import plain


def staged(task: TaskRun, fact: RunFact, options: UpdateOptions) -> dict[str, t.Any]:
    """Scan a node, download what was selected, and return the result; in check mode scan alone.

    Args:
        task: the task.
        fact: the run as the node's host knows it.
        options: which updates are meant.
    """
    if task.is_check:
        return preview(task, options, "stage", "downloaded", fact) | {"downloaded_update_count": 0, "failed_update_count": 0}
    with task.work(fact) as work:
        done = download(work, options)
    result = scan_result(done.scan)
    downloaded = mark(result["updates"], done.results, "downloaded")
    return result | {
        "changed": bool(downloaded),
        "downloaded_update_count": downloaded,
        "failed_update_count": len(done.scan.accepted) - downloaded,
    }


def staged_side_by_side(task: TaskRun, hosts: Mapping[str, Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """Stage several nodes of the run's cluster at the same time, and return a result for each host that was staged.

    A node that cannot be staged does not end the task: it is tried again before it is drained.

    Args:
        task: the task, which holds the run lock.
        hosts: per inventory host, the options that it has for itself.

    Raises:
        ArgumentError: an option of a host cannot work; nothing was sent.
        MembershipError: a host is no node of the cluster; nothing was sent.
        StoppedError: the task was told to stop.
    """
    run = task.require_run()
    works = [(_fact_of(task, run, host), _options(task, own)) for host, own in hosts.items()]
    # Before any other thread needs them: the endpoints of all nodes, which work() asks for.
    fleet = task.fleet(run.cluster, run.nodes)
    with ThreadPoolExecutor(max(1, len(works))) as pool:
        results = list(pool.map(lambda each: _result(task, fleet, *each), works))
    facts = [fact for fact, _given in works]
    for fact, result in zip(facts, results, strict=True):
        if isinstance(result, dict) and not task.is_check:
            task.recorder.part(fact.host, fact.node, plain(result))
    task.stop.check()
    told = {fact.host: result for fact, result in zip(facts, results, strict=True)}
    done = {host: result for host, result in told.items() if isinstance(result, dict)}
    return {
        "changed": any(result.get("changed") for result in done.values()),
        "hosts": done,
        "not_staged": {host: reason for host, reason in told.items() if isinstance(reason, str)},
    }


def _fact_of(task: TaskRun, run: RunFact, host: str) -> RunFact:
    fact = task.facts.run_of(host, [task.host]) if run.node_of(host) is not None else None
    if fact is None:
        raise MembershipError(
            f"the host {host} is no node of cluster {run.cluster}",
            operation="stage",
            remedy="Name hosts of one cluster",
            outcome=Outcome.NOT_DONE,
        )
    return fact


def _options(task: TaskRun, own: Mapping[str, t.Any]) -> UpdateOptions:
    general = {name: value for name, value in task.arguments.items() if name != "hosts" and value is not None}
    arguments, _secrets = validated("wua_download", general | dict(own))
    options = update_options(arguments)
    validate(options.query)
    return options


def _result(task: TaskRun, fleet: Fleet, fact: RunFact, options: UpdateOptions) -> dict[str, t.Any] | str:
    """Return the result of a node, or why it was not staged."""
    try:
        with fleet.sibling() as own:
            if is_left_alone(own, fact):
                return "the run leaves it as it is"
        return staged(task, fact, options)
    except StoppedError as error:
        # What has been asked for goes on, and the task raises it once every node has come to its end.
        return error.sentence()
    except OperationError as error:
        task.progress.say(fact.node, "stage", f"tried again before the node is drained: {error.message}")
        return error.sentence()
