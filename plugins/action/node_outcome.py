# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records how the update of a node ended, and decides whether the run and the play go on."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..module_utils._cau.cluster_view import outside_view
from ..module_utils._cau.errors import CauError
from ..module_utils._cau.fleet import NodeWork
from ..module_utils._cau.journal_records import Phase
from ..module_utils._cau.outcome import NodeOutcome, NodeState, account, decide, summary_line
from ..module_utils._cau.pending import blocking, signals
from ..module_utils._cau.permission import entry_of
from ..module_utils._cau.retry import Retry, begin, lost_groups, may_retry
from ..module_utils._cau.stop_request import heed
from ..module_utils._cau.waiting import names
from ..module_utils._errors import OperationError
from ..module_utils._wmi.cluster import NodeState as ClusterNodeState
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._facts import RunFact
from ..plugin_utils._reports import report_of, shown_file
from ..plugin_utils._table import running_table
from ..plugin_utils._task import TaskRun

BAD = frozenset({NodeState.FAILED, NodeState.LEFT_OUT})

RESTART_LEFT = "it serves with a restart pending that was left to the next run"

# Errors after which no other node may be begun, whatever the budget.
ENDS_THE_RUN = frozenset({"RunLockLostError", "RunStoppedError", "StoppedError"})


class RunFailedError(CauError):
    """A run of this playbook did not succeed on every node."""


class ActionModule(UpdatingAction):
    """The task node_outcome."""

    TASK = "node_outcome"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Do what the state asks for."""
        if task.arguments["state"] == "concluded":
            return concluded(task)
        fact = task.run_fact()
        if fact is None:
            return _not_joined(task)
        if task.arguments["state"] == "finished":
            return _recorded(task, fact, finished(task, fact))
        return failed(task, fact)


def finished(task: TaskRun, fact: RunFact) -> NodeOutcome:
    """Return the outcome of a node on which nothing is left to install."""
    if fact.left_alone:
        is_meant = not fact.only or fact.node in fact.only
        reason = "it was out of service before the run, which accepts that" if is_meant else "the run is limited to other nodes"
        return _outcome(task, fact, NodeState.LEFT_ALONE, reason)
    left: str | None = None
    is_idle = fact.updates == 0 and fact.hotfixes == 0 and fact.restarts == 0
    if fact.run_id is not None and not task.is_check:
        with task.work(fact, is_kept=False, heeds_stop=False) as work:
            unknown = _unknown_hotfix(work)
            if unknown is not None:
                _note(work, Phase.DONE, unknown)
                return _outcome(task, fact, NodeState.FAILED, unknown)
            _note(work, Phase.DONE, None)
            entry = entry_of(work)
            left = RESTART_LEFT if entry is not None and entry.restart_due else None
    return _outcome(task, fact, NodeState.NOTHING_TO_DO if is_idle and left is None else NodeState.OK, left)


def _unknown_hotfix(work: NodeWork) -> str | None:
    """Return what is to be said about a hotfix or a plug-in whose outcome no task has settled, None when there is none."""
    entry = entry_of(work)
    if entry is None:
        return None
    unknown = [*(name for name in (entry.installer, entry.plugin) if name is not None), *entry.unknown_hotfixes]
    return f"the outcome of {names(unknown)} is not known" if unknown else None


def failed(task: TaskRun, fact: RunFact) -> dict[str, t.Any]:
    """Record the outcome of a node that failed, by whether it serves again, or begin another attempt on it."""
    reason = _reason(task)
    if fact.run_id is None or task.is_check:
        return _recorded(task, fact, _outcome(task, fact, NodeState.FAILED, reason))
    with task.work(fact, is_kept=False, heeds_stop=False) as work:
        away = _why_away(work)
        if away is None:
            retry = _retried(task, fact, work)
            if retry is not None:
                return _another_attempt(task, fact, retry, reason)
            reason += _restart_due(work)
            _note(work, Phase.DONE, reason)
            return _recorded(task, fact, _outcome(task, fact, NodeState.FAILED, reason))
        reason = f"{away}; {reason}"
        _note(work, Phase.LEFT_OUT, reason)
        task.progress.say(fact.node, "resume", f"left out of service: {away}")
    return _recorded(task, fact, _outcome(task, fact, NodeState.LEFT_OUT, reason))


def _retried(task: TaskRun, fact: RunFact, work: NodeWork) -> Retry | None:
    """Begin another attempt on a node that serves, None when it has had enough, or when the run is to stop."""
    most = task.arguments["max_retries_per_node"]
    if not most:
        return None
    try:
        if not may_retry(entry_of(work), _kinds(task.arguments["error"]), most):
            return None
        lost = lost_groups(work)
        if lost:
            work.say("retry", f"not tried again: {names(lost)} was online before and is not now")
            return None
        heed(work.fleet, work.run_id, work.node)
        fact.limits().heed(task.clock)
        return begin(work)
    except OperationError as error:
        work.say("retry", f"not tried again: {error.message}")
        return None


def _another_attempt(task: TaskRun, fact: RunFact, retry: Retry, reason: str) -> dict[str, t.Any]:
    """Return the result for a node whose outcome is still open."""
    last = task.arguments["max_retries_per_node"] + 1
    task.progress.say(fact.node, "retry", f"attempt {retry.attempt - 1} failed ({reason}); attempt {retry.attempt} of {last} begins")
    outcome = _outcome(task, fact, NodeState.FAILED, reason)
    new = replace(fact, updates=outcome.updates, hotfixes=outcome.hotfixes, attempts=retry.attempt)
    return {
        "outcome": outcome,
        "outcomes": [other for other in task.facts.outcomes(fact) if other.host != task.host],
        "run_ends": False,
        "retry": True,
        "unfinished": retry.unfinished,
        "is_last": False,
        "succeeded": False,
        "reason": reason,
        "summary": "",
        "ansible_facts": new.as_facts(),
    }


def concluded(task: TaskRun) -> dict[str, t.Any]:
    """Fail when a run of this playbook has failed and no other one needs the play to go on.

    Raises:
        RunFailedError: that is so.
    """
    facts = task.facts.on(_hosts_concluded(task))
    still_open = _clusters_at_work(task, facts)
    held = {fact.cluster: fact.cau_role for fact in facts.values() if fact.run_id and fact.play and not task.facts.is_over(fact)}
    bad = _failures(facts.values())
    bad += [_not_given_back(cluster, held[cluster]) for cluster in sorted(held.keys() - still_open)]
    bad += sorted({f"{fact.cluster}: {fact.role_left}" for fact in facts.values() if fact.role_left})
    if task.arguments["turns"]:
        bad += [f"the run of {cluster} did not come to its end" for cluster in sorted(still_open)]
        bad += [] if facts else ["no run was begun"]
        still_open = set()
    summary = "; ".join(bad)
    runs = {fact.run_id: fact for fact in facts.values() if fact.run_id}
    reports = [report for fact in runs.values() if (report := report_of(fact)) is not None]
    reports += [fact.refusal for fact in facts.values() if fact.refusal]
    if bad and not still_open:
        task.partial["reports"] = reports
        where = f"; the report is {', '.join(reports)}" if reports else ""
        raise RunFailedError(summary + where, operation="run", remedy="Mend what is named, then run the same playbook again")
    return {"play_ends": not still_open, "succeeded": not bad, "summary": summary, "reports": reports}


def _hosts_concluded(task: TaskRun) -> list[str]:
    """Return the hosts whose runs are judged together: those of the play, or of one cluster when others go on beside it."""
    if task.arguments["turns"]:
        own = task.facts.of(task.host)
        return list(dict.fromkeys([task.host, *task.arguments["turns"], *(own.nodes.values() if own else ())]))
    return [*task.peers.hosts(task.arguments["members"]), *(str(host) for host in task.variables["ansible_play_hosts_all"])]


def _not_given_back(cluster: str, role: str | None) -> str:
    told = f"the run lock of {cluster} was not given back"
    return told if role is None else f"{told}, and the CAU role {role} may still be offline, which the next run brings back"


def _clusters_at_work(task: TaskRun, facts: dict[str, RunFact]) -> set[str]:
    """Return the clusters whose run has nodes of this play before it."""
    to_come = _hosts_in_work(task)
    return {
        fact.cluster
        for fact in facts.values()
        if fact.nodes and not task.facts.end_play(fact) and not task.facts.is_over(fact) and to_come & set(fact.nodes.values())
    }


def _hosts_in_work(task: TaskRun) -> set[str]:
    return set(task.arguments["turns"]) or {str(host) for host in task.variables["ansible_play_hosts"]}


def _failures(facts: Iterable[RunFact]) -> list[str]:
    """Return how hosts failed, one sentence for all nodes of a cluster with the same reason."""
    nodes: dict[tuple[str, str, str], dict[str, None]] = {}
    for fact in facts:
        outcome = fact.node_outcome()
        if outcome is not None and outcome.state in BAD:
            how = "failed" if outcome.state is NodeState.FAILED else "left out of service"
            nodes.setdefault((fact.cluster, how, (outcome.reason or "").rstrip(".")), {})[outcome.node] = None
    return [f"{cluster}{': ' if cluster else ''}{', '.join(known)} {how}: {reason}" for (cluster, how, reason), known in nodes.items()]


def _recorded(task: TaskRun, fact: RunFact, outcome: NodeOutcome) -> dict[str, t.Any]:
    """Return the result, with the verdict over all outcomes of the run so far."""
    before = [other for other in task.facts.outcomes(fact) if other.host != task.host]
    outcomes = [*before, outcome]
    in_play = _hosts_in_work(task) | {other.host for other in outcomes}
    nodes = [node for node, host in fact.nodes.items() if host in in_play]
    budget = task.arguments["max_failed_nodes"]
    verdict = decide(nodes, outcomes, budget, cluster_size=len(fact.nodes))
    is_over = verdict.run_ends or bool(_kinds(task.arguments["error"]) & ENDS_THE_RUN)
    summary = _preview_line(fact.cluster, outcomes) if fact.run_id is None else summary_line(fact.cluster, outcomes, nodes)
    if is_over:
        task.progress.announce(summary)
    elif fact.run_id is not None:
        ended = {other.host for other in outcomes}
        hosts = [host for host in fact.order if host in in_play and host not in ended]
        # The host that staged the others side by side has a fact of its own too, which does not count what it was given itself.
        alone = {host: own.staged for host, own in task.facts.on(hosts).items() if own.staged is not None}
        to_come = {fact.node_of(host) or host: alone.get(host, fact.staged_on.get(host)) for host in hosts}
        task.progress.say_block(None, "status", running_table(outcomes, to_come))
    new = replace(fact.with_outcome(outcome), play=task.play_id if is_over else None)
    return {
        "outcome": outcome,
        "outcomes": outcomes,
        "run_ends": is_over,
        "retry": False,
        "unfinished": "",
        "is_last": verdict.is_last,
        "succeeded": verdict.succeeded,
        "reason": verdict.reason,
        "summary": summary,
        "run": account(fact.cluster, fact.run_id, outcomes, nodes),
        "ansible_facts": new.as_facts(),
    }


def _kinds(error: Mapping[str, t.Any]) -> set[str]:
    """Return the kinds of an error; one that stands for several plug-ins has those of all of them."""
    return {str(error.get("error")), *(str(kind) for kind in error.get("errors") or ())}


def _preview_line(cluster: str, outcomes: Sequence[NodeOutcome]) -> str:
    """Return what a run would do, in one line."""
    return f"{cluster}  preview: {' | '.join(f'{each.node} {_preview_words(each)}' for each in outcomes)}"


def _preview_words(outcome: NodeOutcome) -> str:
    if outcome.state in BAD:
        return "could not be updated"
    found = [f"{outcome.updates} to install"] if outcome.updates else []
    found += [f"{outcome.hotfixes} hotfix{'' if outcome.hotfixes == 1 else 'es'} to apply"] if outcome.hotfixes else []
    return ", ".join(found) or "nothing to do"


def _not_joined(task: TaskRun) -> dict[str, t.Any]:
    """Return the result for a host that could not join a run, so that there is no run to end."""
    report = task.arguments["error"].get("report") or {}
    fact = RunFact(process=task.facts.process, host=task.host, node=task.host, refusal=shown_file(report.get("files") or {}))
    outcome = _outcome(task, fact, NodeState.FAILED, _reason(task))
    return {
        "outcome": outcome,
        "outcomes": [outcome],
        "run_ends": False,
        "retry": False,
        "unfinished": "",
        "is_last": False,
        "succeeded": False,
        "reason": outcome.reason,
        "summary": "",
        "run": account("", None, [outcome]),
        "ansible_facts": fact.with_outcome(outcome).as_facts(),
    }


def _outcome(task: TaskRun, fact: RunFact, state: NodeState, reason: str | None) -> NodeOutcome:
    error = task.arguments["error"]
    return NodeOutcome(
        node=fact.node,
        host=task.host,
        state=state,
        updates=fact.updates + int(error.get("installed_update_count") or 0),
        hotfixes=fact.hotfixes + int(error.get("applied_hotfix_count") or 0),
        restarts=fact.restarts,
        seconds=round(task.clock.now() - fact.began) if fact.began else 0,
        reason=reason,
        attempts=fact.attempts,
    )


def _reason(task: TaskRun) -> str:
    error = task.arguments["error"]
    return str(error.get("reason") or error.get("msg") or "the reason is not known").rstrip(".")


def _why_away(work: NodeWork) -> str | None:
    """Return why the node does not serve, None when it does; what cannot be read counts as not serving."""
    try:
        node = outside_view(work)
    except OperationError:
        return "no node could tell its state"
    if node.state is ClusterNodeState.UP and not node.status_information:
        return None
    if node.state is ClusterNodeState.PAUSED:
        return "it is paused by this run" if _is_paused_by_us(work) else "it is paused by somebody else"
    return f"it is {node.state.name.lower()}"


def _restart_due(work: NodeWork) -> str:
    """Return what is to be said about a restart that a node still waits for which serves again."""
    try:
        waiting = blocking(signals(work.client))
    except OperationError:
        return "; whether a restart is pending on it could not be read"
    return f"; it serves with a restart pending ({names(waiting)})" if waiting else ""


def _is_paused_by_us(work: NodeWork) -> bool:
    try:
        entry = work.journal.read(work.node) if work.journal else None
    except OperationError:
        return False
    return entry is not None and entry.paused_by_us


def _note(work: NodeWork, phase: Phase, reason: str | None) -> None:
    if work.journal is not None:
        work.journal.write_where_possible(work.node, phase=phase, reason=reason)
