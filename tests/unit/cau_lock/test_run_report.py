# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said about the runs that were found."""

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import NodeEntry, Phase, RunOwner, StopRecord
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.recovery import FoundRun, decide
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.run_report import (
    counts,
    entry_sentence,
    next_sentences,
    questions,
    run_sentence,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import ClusterNode, NodeState

from .helpers import RUN_A, RUN_B

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
OWNER = RunOwner(RUN_A, "control1", "alice", START)


def nodes(**states: NodeState) -> list[ClusterNode]:
    return [ClusterNode(name, states.get(name, NodeState.UP), None, 0, 1, 1) for name in ("node1", "node2")]


def told(found: list[FoundRun], members: list[ClusterNode], silent: dict[str, str] | None = None) -> tuple[list[str], list[str]]:
    decision = decide(found, {node.name: node for node in members})
    return next_sentences(decision, members, silent or {}, found), questions(decision, members, silent or {}, found)


def test_idle_cluster_is_free_for_a_new_run() -> None:
    assert told([], nodes()) == (["it would begin a new run"], [])


def test_dead_run_is_told_with_what_would_be_done() -> None:
    entry = NodeEntry("node2", Phase.INSTALLING, paused_by_us=True, batch=("u1",))
    run = FoundRun(RUN_A, OWNER, ("node1",), (), ("node1",), 1200, entries=(entry,))
    assert run_sentence(run) == (
        "run aaaaaaaa of alice on control1, started 2026-03-01 20:00 UTC, holds the run lock on node1, "
        "last sign of life 20 min ago, it is dead"
    )
    then, asked = told([run], nodes(node2=NodeState.PAUSED))
    assert then == [
        "run aaaaaaaa of alice on control1 is dead, its last sign of life was 20 min ago; it is taken over",
        "it would go on with node2 (installing)",
    ]
    assert asked == []


def test_run_that_was_asked_to_stop_says_so() -> None:
    run = FoundRun(RUN_A, OWNER, ("node1",), (), ("node1",), 10, stop=StopRecord("control2", "bob", START))
    assert run_sentence(run).endswith("it may be at work, bob on control2 asked the run to stop at 20:00 UTC")


def test_node_of_an_administrator_is_asked_about() -> None:
    then, asked = told([], nodes(node2=NodeState.PAUSED))
    assert "would be refused" in then[0]
    assert asked == ["node2 is paused, and no run of this collection did that: whoever did has to bring it back"]


def test_silent_node_that_no_journal_explains_is_a_case_for_a_person() -> None:
    run = FoundRun(RUN_A, OWNER, ("node1",), (), ("node1",), 1200)
    then, asked = told([run], nodes(), {"node2": "no answer"})
    assert then == [
        "it would be refused, because node2 gives no answer, and no journal that can be read says what was done to node2",
    ]
    assert "node2 gives no answer" in asked[0]


def test_silent_node_in_its_restart_would_be_waited_for() -> None:
    entry = NodeEntry("node2", Phase.RESTARTING, paused_by_us=True)
    run = FoundRun(RUN_A, OWNER, ("node1",), (), ("node1",), 1200, entries=(entry,))
    then, asked = told([run], nodes(), {"node2": "no answer"})
    assert "it would wait for node2 to answer" in then[0]
    assert asked[0].endswith("start it")


def test_foreign_coordinator_is_asked_about() -> None:
    then, asked = told([FoundRun(RUN_B, locks=("node1",))], nodes())
    assert then == ["it would be refused by run bbbbbbbb"]
    assert "goes by itself an hour after its last use" in asked[0]


def test_entry_tells_how_far_a_node_was() -> None:
    entry = NodeEntry("node1", Phase.LEFT_OUT, paused_by_us=True, left_from=Phase.RESTARTING, installed=("a",), reason="did not come back")
    assert entry_sentence(entry) == "out of service, left while restarting, paused by the run, 1 installed, did not come back"


def test_counts_tell_how_far_a_run_is() -> None:
    entries = (
        NodeEntry("node1", Phase.DONE),
        NodeEntry("node2", Phase.DONE, reason="KB1 failed"),
        NodeEntry("node3", Phase.LEFT_OUT, reason="did not come back"),
        NodeEntry("node4", Phase.INSTALLING),
        NodeEntry("evicted", Phase.DONE),
    )
    members = [ClusterNode(f"NODE{number}", NodeState.UP) for number in range(1, 6)]
    assert counts(FoundRun(RUN_A, OWNER, entries=entries), members).sentence() == "1 done, 2 failed, 2 left"


def test_node_that_failed_and_serves_is_told_as_failed() -> None:
    entry = NodeEntry("node1", Phase.DONE, reason="KB1 failed", changed_at=START, phase_since=START.replace(hour=19))
    assert entry_sentence(entry) == "failed, since 19:00 UTC of the controller, KB1 failed"
