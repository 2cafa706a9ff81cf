# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes, renews and releases the run lock of the cluster that the host belongs to."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping
from dataclasses import replace

from ..module_utils._cau import cau_role, gate, run_lock, takeover
from ..module_utils._cau.errors import CauError, MembershipError, RunLockLostError
from ..module_utils._cau.fleet import Fleet
from ..module_utils._cau.lock_view import require_free
from ..module_utils._cau.outcome import NodeState as NodeOutcomeState
from ..module_utils._cau.recovery import Action, Decision
from ..module_utils._cau.run_id import new_run_id
from ..module_utils._cau.stop_request import heed
from ..module_utils._errors import OperationError, Outcome
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._arguments import NOT_IN_ADVANCE, check_in_advance, secret_options
from ..plugin_utils._facts import RunFact
from ..plugin_utils._giving_back import give_back, role_kept_offline
from ..plugin_utils._process import controller_name, is_running, user_name
from ..plugin_utils._reports import complete_earlier, versions
from ..plugin_utils._run_begin import accepting, fact_of_what_answered, is_left_alone, new_fact
from ..plugin_utils._siblings import SharedRun, shared_run
from ..plugin_utils._stop import StoppedError
from ..plugin_utils._task import TaskRun
from ..plugin_utils._values import plain

# What the role calls an option, before the option's own name.
ROLE_PREFIX = "rolling_update_"

LINEAR = frozenset({"linear", "ansible.builtin.linear"})


class BatchError(CauError):
    """The play would work on several nodes of one cluster at the same time."""


class ActionModule(UpdatingAction):
    """The task run_lock."""

    TASK = "run_lock"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Do what the state asks for."""
        work = {"acquired": acquired, "renewed": renewed, "released": released}
        return work[task.arguments["state"]](task)


def acquired(task: TaskRun) -> dict[str, t.Any]:
    """Take the lock, or join the run of this playbook that holds it."""
    check_in_advance(task.arguments["later_options"])
    ended = task.facts.ended_in(task.play_id, task.host, task.peers.hosts(task.arguments["members"]))
    if ended is not None:
        return {"run": _view(ended, has_ended=True), "holders": []}
    known = task.run_fact()
    is_new = known is None or (known.run_id is None and not task.is_check)
    if is_new:
        _check_other_hosts(task)
    fact = _fact_or_refusal(task) if known is None or is_new else known
    if task.arguments["one_node_per_batch"]:
        _require_one_node_per_batch(task, fact)
    fleet = task.fleet(fact.cluster, fact.nodes)
    left_alone = is_left_alone(fleet, fact)
    fact = _at_its_beginning(task, replace(fact, left_alone=left_alone))
    if task.is_check:
        return _previewed(task, fleet, fact, is_new=is_new)
    with shared_run(fact.cluster, task.clock, task.stop.check) as shared:
        return _joined_or_taken(task, fleet, fact, shared, is_new=is_new)


def _fact_or_refusal(task: TaskRun) -> RunFact:
    try:
        return new_fact(task)
    except MembershipError as error:
        # Nodes that give no answer refuse a run; what the inventory or an option has wrong is no run yet.
        if error.no_answer and error.hosts:
            _refuse(task, fact_of_what_answered(task, error))
        raise


def _refuse(task: TaskRun, fact: RunFact) -> None:
    """Leave a report of a run that was meant to begin and cannot."""
    if not task.is_check:
        own = replace(fact, run_id=fact.run_id or new_run_id(), took_over=[], forced_by=None)
        task.recorder.refuse(own, _options(task), versions())


def _at_its_beginning(task: TaskRun, fact: RunFact) -> RunFact:
    """Return the fact of a host whose turn begins; what was done to a node that a dead run left half-way, before its turn, counts."""
    before = fact.node_outcome()
    if before is not None and before.state is NodeOutcomeState.OK and task.host in fact.unfinished:
        return replace(fact, play=None, outcome=None)
    return replace(fact, began=task.clock.now(), play=None, outcome=None, updates=0, hotfixes=0, restarts=0, attempts=1)


def _check_other_hosts(task: TaskRun) -> None:
    """Check what other hosts have of their own for the later options: a mistake found at their turn would find the lock taken."""
    options = task.arguments["later_options"]
    if not options:
        return
    for host in task.peers.hosts(task.arguments["members"]):
        variables = task.variables["hostvars"][host]
        try:
            check_in_advance({name: variables[ROLE_PREFIX + name] for name in options if ROLE_PREFIX + name in variables})
        except OperationError as error:
            error.node = host
            raise


def _joined_or_taken(task: TaskRun, fleet: Fleet, fact: RunFact, shared: SharedRun, *, is_new: bool) -> dict[str, t.Any]:
    """Join the run that this host or one beside it has begun, or take the lock, also wherever it aged out."""
    # A host that works at the same time may have begun the run since this task was given its variables.
    begun = shared.read(task.facts.process) if is_new else None
    if begun is not None:
        fact = replace(begun, host=task.host, node=fact.node, left_alone=fact.left_alone, began=fact.began)
    elif is_new:
        fact = replace(fact, run_id=new_run_id())
    if begun is not None or not is_new:
        if _stands(fleet, fact):
            heed(fleet, str(fact.run_id))
            fact.limits().heed(task.clock)
            unfinished = task.facts.unfinished(fact)
            fact = replace(fact, left_alone=fact.left_alone and task.host not in unfinished)
            return {"run": _view(fact, unfinished), "holders": [], "ansible_facts": fact.as_facts()}
        takeover.require_own_journal(fleet, task.journal(fleet, fact))
    if begun is None and is_new:
        return _begun(task, fleet, fact, shared)
    fact, result = _taken(task, fleet, fact, Decision(Action.GO_ON), _takeover_options(task, fact), is_begun=False)
    shared.write(fact)
    return result


def _begun(task: TaskRun, fleet: Fleet, fact: RunFact, shared: SharedRun) -> dict[str, t.Any]:
    """Begin a run: decide about dead ones, take the lock, and open the record; a run that is refused leaves a record too."""
    options = _takeover_options(task, fact)
    try:
        decision = takeover.find_way(fleet, str(fact.run_id), task.clock, task.progress, options, task.stop.check)
        fact = replace(fact, took_over=[run.run_id for run in decision.over], forced_by=_forced_by(task) if decision.over else None)
        fact = accepting(task, fleet, fact, decision)
        fact, result = _taken(task, fleet, fact, decision, options, is_begun=True)
    except StoppedError:
        raise
    except OperationError:
        _refuse(task, fact)
        raise
    shared.write(fact)
    task.recorder.begin(fact, _options(task), versions())
    return result | {"completed_reports": complete_earlier(task, decision.over)}


def _options(task: TaskRun) -> dict[str, t.Any]:
    """Return the options of a run for its record: those of this task, and those that later ones will be given."""
    secret = secret_options()
    given = task.arguments | task.arguments["later_options"]
    return {name: plain(value) for name, value in given.items() if name not in NOT_IN_ADVANCE | secret and value is not None}


def _takeover_options(task: TaskRun, fact: RunFact) -> takeover.TakeoverOptions:
    return takeover.TakeoverOptions(
        wait_seconds=0 if task.is_check else task.arguments["takeover_wait"],
        accept_down=frozenset(fact.accept_down),
        is_forced=task.arguments["force_recovery"],
        is_running=lambda owner: is_running(owner.process),
    )


def _forced_by(task: TaskRun) -> str | None:
    return f"{user_name()} on {controller_name()}" if task.arguments["force_recovery"] else None


def _previewed(task: TaskRun, fleet: Fleet, fact: RunFact, *, is_new: bool) -> dict[str, t.Any]:
    """Look at everything that taking the lock looks at, and write nothing."""
    decision = Decision(Action.GO_ON)
    if is_new:
        decision = takeover.find_way(fleet, "", task.clock, task.progress, _takeover_options(task, fact), task.stop.check)
    views = require_free(fleet, fact.run_id, [run.run_id for run in decision.over])
    if is_new:
        fact = accepting(task, fleet, fact, decision)
        _gate(task, fleet, fact.accept_down, decision.away)
        free = sum(view.guid is None for view in views)
        task.progress.say(None, "lock", f"free on {free} of {len(views)} nodes, would be taken")
        for run in decision.over:
            if line := takeover.over_sentence(run, _forced_by(task)):
                task.progress.say(None, "lock", f"{line} (not in check mode)")
        if task.arguments["take_cau_role_offline"]:
            task.progress.say(None, "lock", cau_role.describe_plan(cau_role.find(fleet.node(fact.node).cluster)))
    return {"changed": is_new, "run": _view(fact), "holders": views, "ansible_facts": fact.as_facts()}


def _taken(
    task: TaskRun, fleet: Fleet, fact: RunFact, decision: Decision, options: takeover.TakeoverOptions, *, is_begun: bool
) -> tuple[RunFact, dict[str, t.Any]]:
    """Take the lock wherever it does not stand, and what dead runs left; a run that begins also deals with the CAU role."""
    journal = task.journal(fleet, fact)
    began = task.clock.now()
    state, taken = takeover.take(
        fleet,
        journal,
        task.clock,
        task.progress,
        lambda: _gate(task, fleet, fact.accept_down, decision.away),
        decision,
        options,
    )
    if len(state.taken) in {0, len(state.nodes)}:
        # Both ways set every heartbeat; taking some locks again sets only theirs.
        fact = replace(fact, beaten_at=began)
    fact = _with_unfinished(fact, taken)
    if is_begun:
        fact = replace(fact, cau_role=role_kept_offline(task, fleet, journal, taken))
    before = {view.node: view.guid for view in state.before}
    return fact, {
        "changed": state.is_changed,
        "run": _view(fact, fact.unfinished),
        "holders": state.before,
        "diff": _diff(before, before | dict.fromkeys(state.taken, fact.run_id)) if state.is_changed else [],
        "ansible_facts": fact.as_facts(),
    }


def _with_unfinished(fact: RunFact, taken: Decision) -> RunFact:
    """Return the fact of a run that goes on with the nodes that a dead run left half-way: they come first."""
    if not taken.over:
        return fact
    unfinished = {fact.nodes[entry.node]: entry.phase.value for entry in taken.unfinished}
    return replace(
        fact,
        unfinished=unfinished,
        away=None if taken.away is None else fact.nodes[taken.away],
        order=list(dict.fromkeys([*unfinished, *fact.order])),
        left_alone=fact.left_alone and fact.host not in unfinished,
    )


def renewed(task: TaskRun) -> dict[str, t.Any]:
    """Touch the lock on every node."""
    fact = task.require_run()
    if fact.run_id is not None and not task.is_check:
        fleet = task.fleet(fact.cluster, fact.nodes)
        run_lock.renew(fleet, fact.run_id, task.journal(fleet, fact))
    return {"run": _view(fact), "holders": []}


def released(task: TaskRun) -> dict[str, t.Any]:
    """Give the lock back on every node, and keep the journal where a node is left out of service."""
    fact = task.run_fact()
    if fact is None:
        return _nothing_of_ours(task)
    if fact.run_id is None or task.is_check:
        return {"changed": fact.run_id is not None, "run": _view(fact), "holders": []}
    task.recorder.conclude(is_released=False)
    with shared_run(fact.cluster, task.clock, task.stop.check) as shared:
        result = _given_back(task, fact)
        shared.forget()
    task.recorder.conclude(is_released=True)
    return result


def _nothing_of_ours(task: TaskRun) -> dict[str, t.Any]:
    """Tell who holds the lock that this playbook has not taken, or has given back already."""
    facts = task.facts.on([task.host, *task.peers.hosts(task.arguments["members"])])
    for fact in facts.values():
        if fact.node_of(task.host) is not None and task.facts.is_over(fact):
            return {"run": _view(fact, has_ended=True), "holders": []}
    try:
        found = task.membership()
        views = run_lock.inspect(task.fleet(found.cluster, found.nodes))
    except OperationError as error:
        task.progress.say(None, "lock", f"warning: not this playbook's, and who holds it could not be read: {error.message}")
        return {"run": None, "holders": []}
    held: dict[str, list[str]] = {}
    for view in views:
        if view.guid is not None:
            held.setdefault(view.description, []).append(view.node)
    for holder, nodes in held.items():
        task.progress.say(
            None,
            "lock",
            f"warning: stays on {', '.join(nodes)}, it is not this playbook's but held by {holder}; it ages out an hour after its last use",
        )
    return {"run": None, "holders": views}


def _given_back(task: TaskRun, fact: RunFact) -> dict[str, t.Any]:
    fleet = task.fleet(fact.cluster, fact.nodes)
    is_changed, role_left = give_back(task, fact, fleet)
    fact = replace(fact, released=True, role_left=role_left)
    return {
        "changed": is_changed,
        "run": _view(fact, has_ended=True),
        "holders": [],
        "diff": _diff(dict.fromkeys(fleet.names, fact.run_id), dict.fromkeys(fleet.names)) if is_changed else [],
        "ansible_facts": fact.as_facts(),
    }


def _stands(fleet: Fleet, fact: RunFact) -> bool:
    """Return whether the lock of a run stands on every node; one that aged out may be taken again, which is for acquire to decide."""
    try:
        run_lock.verify(fleet, str(fact.run_id))
    except RunLockLostError:
        return False
    return True


def _gate(task: TaskRun, fleet: Fleet, accept_down: Collection[str], away: str | None = None) -> None:
    if away is not None:
        gate.require_others(fleet, away, accept_down)
        return
    gate.check(
        fleet,
        None,
        clock=task.clock,
        progress=task.progress,
        settle_seconds=task.arguments["settle_time"],
        accept_down=accept_down,
        check=task.stop.check,
    )


def _require_one_node_per_batch(task: TaskRun, fact: RunFact) -> None:
    """Refuse a play that would work on several nodes of the cluster at the same time."""
    if task.play.strategy not in LINEAR and not task.is_pinned:
        raise BatchError(
            f"the strategy of the play is {task.play.strategy}",
            operation="lock",
            remedy="Use the strategy linear, which is the default, or host_pinned with one host of each cluster",
            outcome=Outcome.NOT_DONE,
        )
    batch = {str(host) for host in task.variables["ansible_play_batch"]}
    at_once = [node for node, host in fact.nodes.items() if host in batch]
    if len(at_once) > 1:
        raise BatchError(
            f"the play works on {len(at_once)} nodes of the cluster {fact.cluster} at the same time ({', '.join(at_once)})",
            operation="lock",
            remedy="Add serial: 1 to the play",
            outcome=Outcome.NOT_DONE,
        )


def _view(fact: RunFact, unfinished: Mapping[str, str] | None = None, *, has_ended: bool = False) -> dict[str, t.Any]:
    left = dict(unfinished or {})
    return {
        "run_id": fact.run_id,
        "cluster": fact.cluster,
        "nodes": fact.nodes,
        "order": fact.order,
        "ended": has_ended,
        "left_alone": fact.left_alone,
        "took_over": fact.took_over,
        "unfinished": left,
        "away": fact.away if fact.away in left else None,
        "cau_role_offline": fact.role_left and fact.cau_role if has_ended else fact.cau_role,
    }


def _diff(before: dict[str, str | None], after: dict[str, str | None]) -> list[dict[str, t.Any]]:
    nodes: Collection[str] = before or after
    return [{"before": {"run_lock": {node: before.get(node) for node in nodes}}, "after": {"run_lock": after}}]
