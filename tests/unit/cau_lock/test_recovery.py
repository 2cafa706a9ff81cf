# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a new run decides about others, without any node."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import NodeEntry, Phase, RunOwner
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.recovery import (
    Action,
    FoundRun,
    Life,
    continued,
    decide,
    is_unfinished,
    is_worth_writing,
    newest_entries,
    told_about,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import ClusterNode, DrainStatus, NodeState

from .helpers import RUN_A, RUN_B

NODES = ("node1", "node2", "node3")


def owner(run_id: str = RUN_A, took_over: tuple[str, ...] = ()) -> RunOwner:
    return RunOwner(run_id, "control1", "alice", datetime(2026, 3, 1, tzinfo=UTC), took_over=took_over)


def found(*entries: NodeEntry, quiet: float | None = 1000, **changes: object) -> FoundRun:
    run = FoundRun(RUN_A, owner(), locks=NODES, journals=NODES, quiet_seconds=quiet, entries=entries)
    return replace(run, **changes)  # type: ignore[arg-type]


def members(**states: NodeState) -> dict[str, ClusterNode]:
    return {name: ClusterNode(name, states.get(name, NodeState.UP), DrainStatus.NOT_INITIATED, 0, 1, 1) for name in NODES}


@pytest.mark.parametrize(
    ("run", "life"),
    [
        (found(quiet=900), Life.QUIET),
        (found(quiet=901), Life.DEAD),
        (found(quiet=901, owner=replace(owner(), dead_after=3600)), Life.QUIET),
        (found(quiet=901, is_seen_alive=True), Life.ALIVE),
        (found(quiet=0, is_stopped=True), Life.DEAD),
        (found(quiet=0, is_ended=True, locks=()), Life.ENDED),
        (found(quiet=0, is_ended=True), Life.QUIET),
        (found(quiet=None, locks=(), owner=None), Life.QUIET),
        (found(owner=None), Life.FOREIGN),
        (found(owner=None, locks=(), sessions=("node1",)), Life.FOREIGN),
        (found(owner=None, locks=(), is_misread=True), Life.FOREIGN),
    ],
)
def test_evidence_tells_whether_a_run_lives(run: FoundRun, life: Life) -> None:
    assert run.life is life


def test_free_cluster_lets_a_run_go_on() -> None:
    assert decide([], members()).action is Action.GO_ON


def test_living_run_refuses_even_beside_a_dead_one() -> None:
    alive = replace(found(is_seen_alive=True), run_id=RUN_B)
    decision = decide([found(), alive], members())
    assert (decision.action, [run.run_id for run in decision.holders]) == (Action.REFUSE, [RUN_B])


def test_foreign_lock_refuses() -> None:
    assert decide([found(owner=None)], members()).action is Action.REFUSE


def test_journal_of_another_version_without_lock_is_left_alone() -> None:
    assert decide([found(owner=None, locks=(), is_misread=True)], members()).action is Action.GO_ON


def test_quiet_run_is_waited_for_until_it_counts_as_dead() -> None:
    decision = decide([found(quiet=300)], members())
    assert (decision.action, decision.wait_seconds) == (Action.WAIT, 601)


def test_dead_run_is_taken_over_with_its_paused_node_first() -> None:
    entries = (NodeEntry("node1", Phase.INSTALLING, batch=("u1",)), NodeEntry("node2", Phase.DRAINED, paused_by_us=True))
    decision = decide([found(*entries)], members(node2=NodeState.PAUSED))
    assert decision.action is Action.TAKE_OVER
    assert decision.away == "node2"
    assert [entry.node for entry in decision.unfinished] == ["node2", "node1"]


def test_node_that_serves_again_is_not_taken_for_ours() -> None:
    decision = decide([found(NodeEntry("node2", Phase.DRAINED, paused_by_us=True))], members())
    assert decision.away is None
    assert [entry.paused_by_us for entry in decision.adopted] == [False]


def test_node_that_an_administrator_paused_is_never_adopted_as_ours() -> None:
    decision = decide([found(NodeEntry("node2", Phase.STAGED))], members(node2=NodeState.PAUSED))
    assert decision.away is None


def test_node_that_is_being_drained_is_out_of_service_already() -> None:
    nodes = members() | {"node2": ClusterNode("node2", NodeState.UP, DrainStatus.IN_PROGRESS, 0, 1, 1)}
    assert decide([found(NodeEntry("node2", Phase.DRAINING, paused_by_us=True))], nodes).away == "node2"


def test_node_that_is_down_in_its_restart_is_waited_for() -> None:
    decision = decide([found(NodeEntry("node2", Phase.RESTARTING, paused_by_us=True))], members(node2=NodeState.DOWN))
    assert (decision.action, decision.awaited) == (Action.WAIT, ("node2",))


def test_two_nodes_out_of_service_are_a_case_for_a_person() -> None:
    entries = [NodeEntry(name, Phase.DRAINED, paused_by_us=True) for name in ("node1", "node2")]
    decision = decide([found(*entries)], members(node1=NodeState.PAUSED, node2=NodeState.PAUSED))
    assert decision.action is Action.ASK
    assert "node1 and node2" in decision.reasons[0]


def test_paused_node_whose_entry_cannot_be_read_is_a_case_for_a_person() -> None:
    run = found(problems=("node1: the journal holds something that is no entry",))
    assert decide([run], members()).action is Action.TAKE_OVER
    decision = decide([run], members(node2=NodeState.PAUSED))
    assert decision.action is Action.ASK
    assert "node2" in decision.reasons[0]
    assert decide([run], members(node2=NodeState.PAUSED), accept_down=["NODE2"]).action is Action.TAKE_OVER


def test_word_of_an_administrator_takes_over_whoever_it_is() -> None:
    runs = [found(quiet=1), FoundRun(RUN_B, locks=("node3",))]
    decision = decide(runs, members(), is_forced=True)
    assert decision.action is Action.TAKE_OVER
    assert {run.run_id for run in decision.over} == {RUN_A, RUN_B}


def test_node_that_an_ended_run_left_out_stays_when_the_new_run_accepts_that() -> None:
    left = NodeEntry("node2", Phase.LEFT_OUT, paused_by_us=True, left_from=Phase.RESTARTING)
    ended = found(left, is_ended=True, locks=())
    assert decide([ended], members(node2=NodeState.PAUSED)).away == "node2"
    assert decide([ended], members(node2=NodeState.PAUSED), accept_down=["node2"]).action is Action.GO_ON


@pytest.mark.parametrize(
    ("entry", "phase"),
    [
        (NodeEntry("n", Phase.LEFT_OUT, paused_by_us=True, left_from=Phase.RESTARTING), Phase.RESTARTING),
        (NodeEntry("n", Phase.LEFT_OUT, paused_by_us=True, left_from=Phase.RESTARTED, batch=("u",)), Phase.INSTALLING),
        (NodeEntry("n", Phase.LEFT_OUT, paused_by_us=True), Phase.DRAINING),
        (NodeEntry("n", Phase.RESTARTED, paused_by_us=True), Phase.RESTARTED),
        (NodeEntry("n", Phase.STAGED, paused_by_us=True), Phase.DRAINING),
        (NodeEntry("n", Phase.DRAINED), Phase.LOCKED),
    ],
)
def test_node_out_of_service_is_gone_on_with_where_it_was(entry: NodeEntry, phase: Phase) -> None:
    assert continued(entry, is_paused=True).phase is phase


def test_open_batch_of_a_node_that_serves_stays_open() -> None:
    entry = continued(NodeEntry("n", Phase.INSTALLING, paused_by_us=True, batch=("u",), rounds=2), is_paused=False)
    assert (entry.phase, entry.batch, entry.paused_by_us, entry.rounds) == (Phase.INSTALLING, ("u",), False, 2)


def test_node_that_waits_for_a_restart_is_unfinished_although_it_serves() -> None:
    ended = found(NodeEntry("node2", Phase.DONE, restart_due=True), is_ended=True, locks=())
    assert [entry.node for entry in decide([ended], members()).unfinished] == ["node2"]


def test_node_that_was_done_begins_with_no_rounds() -> None:
    assert continued(NodeEntry("n", Phase.DONE, rounds=4, installed=("u",)), is_paused=False).rounds == 0


def test_hotfixes_that_failed_may_be_tried_again_and_no_others() -> None:
    left = NodeEntry("n", Phase.DONE, hotfixes=("a",), failed_hotfixes=("b",), unknown_hotfixes=("c",), restart_due=True)
    entry = continued(left, is_paused=False)
    assert (entry.hotfixes, entry.failed_hotfixes, entry.unknown_hotfixes, entry.restart_due) == (("a",), (), ("c",), True)


@pytest.mark.parametrize("is_paused", [True, False])
def test_open_installer_is_gone_on_with(is_paused: bool) -> None:
    entry = continued(NodeEntry("n", Phase.RESUMED, paused_by_us=is_paused, installer="a.msu"), is_paused=is_paused)
    assert (entry.phase, is_unfinished(entry)) == (Phase.INSTALLING, True)


@pytest.mark.parametrize(
    ("entry", "is_worth"),
    [
        (NodeEntry("n"), False),
        (NodeEntry("n", failed_hotfixes=("a",)), False),
        (NodeEntry("n", hotfixes=("a",)), True),
        (NodeEntry("n", unknown_hotfixes=("a",)), True),
        (NodeEntry("n", restart_due=True), True),
    ],
)
def test_entry_that_remembers_hotfixes_is_worth_writing(entry: NodeEntry, is_worth: bool) -> None:
    assert is_worth_writing(entry) is is_worth


def test_newer_entry_is_that_of_the_run_that_took_the_other_over() -> None:
    old = FoundRun(RUN_A, owner(), entries=(NodeEntry("node1", Phase.DRAINED, sequence=4),))
    new = FoundRun(RUN_B, owner(RUN_B, (RUN_A,)), entries=(NodeEntry("node1", Phase.INSTALLING, sequence=4),))
    assert newest_entries([new, old])[0].phase is Phase.INSTALLING


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ((), ("no journal that can be read says what was done to node2", False)),
        ((NodeEntry("node2", Phase.STAGED),), ("", False)),
        (
            (NodeEntry("node2", Phase.RESTARTING, paused_by_us=True),),
            ("run aaaaaaaa of alice on control1 left node2 out of service (restarting)", True),
        ),
    ],
)
def test_journals_tell_about_a_silent_node(entries: tuple[NodeEntry, ...], told: tuple[str, bool]) -> None:
    assert told_about("node2", [found(*entries)]) == told
