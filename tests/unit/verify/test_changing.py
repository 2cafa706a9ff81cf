# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions that need a change, asked of nodes that do what no paper says: whatever they do, it is undone."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.verify.changing import NODE, RUN, Changes, left_behind
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.verify.questions import Answer, Verdict
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.instance import CimInstance
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from ..cau_lock.helpers import RUN_A, RUN_B, Coordinator
from ..fakes.clock import FakeClock
from ..fakes.world import FakeWorld, Held
from ..wmi.scripted import fault, instance, lost


class Node:
    """A node that takes whatever lock and session it is asked for, or refuses a second one with one code.

    Args:
        refusal: how it refuses, None when it does not.
    """

    def __init__(self, refusal: Mapping[str, int] | None = None) -> None:
        self.refusal = refusal
        self.held: dict[str, list[str]] = {RUN: [RUN_A], NODE: []}
        self.loses_answers = 0
        self.loses_everything = False
        self.takes_any_key = False

    def enumerate(self, _namespace: str, name: str) -> list[CimInstance]:
        return [instance(name, OrchestratorGuid=guid) for guid in self.held[name]]

    def create(self, _namespace: str, name: str, properties: Mapping[str, str]) -> dict[str, str]:
        guid = properties["OrchestratorGuid"]
        if self.refusal is not None and self.held[name] and guid not in self.held[name]:
            raise fault(Kind.IDEMPOTENT, **dict[str, t.Any](self.refusal))
        if guid not in self.held[name]:
            self.held[name].append(guid)
        return {"OrchestratorGuid": guid}

    def delete(self, _namespace: str, name: str, keys: Mapping[str, str]) -> None:
        guid = keys["OrchestratorGuid"]
        if self.loses_everything:
            raise lost(Kind.IDEMPOTENT)
        if guid not in self.held[name] and not self.takes_any_key:
            raise fault(Kind.IDEMPOTENT, cim_status=6)
        self.held[name] = [] if self.takes_any_key else [one for one in self.held[name] if one != guid]
        if self.loses_answers:
            self.loses_answers -= 1
            raise lost(Kind.IDEMPOTENT)


def changes_of(node: Node) -> Changes:
    return Changes(t.cast(Client, node), FakeClock(), RUN_A, RUN_B, scan_seconds=60, check=lambda: None)


def ask(node: Node, changes: Changes, name: str) -> Answer:
    question = next(question for question in changes.questions() if question.name == name)
    return question.ask(t.cast(Client, node))


@pytest.mark.parametrize("name", ["session_conflict", "lock_conflict"])
def test_second_holder_that_is_taken_differs_and_is_removed(name: str) -> None:
    node = Node()
    changes = changes_of(node)
    ask(node, changes, "session_created")
    assert ask(node, changes, name) == Answer("it was not refused, and ours stays", Verdict.DIFFERS)
    changes.undo()
    assert node.held == {RUN: [RUN_A], NODE: []}


@pytest.mark.parametrize(("codes", "verdict"), [({"cim_status": 11}, Verdict.CONFIRMED), ({"error_code": 0x80041001}, Verdict.DIFFERS)])
def test_refusal_of_a_second_holder_is_judged_by_its_code(codes: dict[str, int], verdict: Verdict) -> None:
    node = Node(codes)
    changes = changes_of(node)
    ask(node, changes, "session_created")
    assert ask(node, changes, "session_conflict").verdict is verdict
    assert ask(node, changes, "session_reconnected").verdict is Verdict.CONFIRMED


def test_deletion_under_a_strange_key_that_removes_ours_differs() -> None:
    node = Node({"cim_status": 11})
    node.takes_any_key = True
    changes = changes_of(node)
    ask(node, changes, "session_created")
    answer = ask(node, changes, "deletion_of_nobody")
    assert (answer.text, answer.verdict) == ("it was not refused, and OUR SESSION IS GONE", Verdict.DIFFERS)
    assert ask(node, changes, "session_conflict").verdict is Verdict.NOT_SEEN


def test_session_of_somebody_else_is_left_alone() -> None:
    node = Node()
    node.held[NODE] = ["cccccccc-0000-4000-8000-00000000000c"]
    changes = changes_of(node)
    for name in ("session_created", "session_conflict", "deletion_of_nobody", "session_deleted"):
        assert ask(node, changes, name).verdict is Verdict.NOT_SEEN
    changes.undo()
    assert len(node.held[NODE]) == 1


def test_undoing_goes_on_after_a_lost_answer() -> None:
    node = Node()
    changes = changes_of(node)
    ask(node, changes, "session_created")
    node.loses_answers = 1
    changes.undo()
    assert node.held[NODE] == []


def test_what_is_left_is_told_node_by_node(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.release()
    assert left_behind(ours.fleet, ours.journal, RUN_B) == []
    world.machine("node1").run_lock = Held(RUN_B, 0.0)
    world.machine("node2").node_session = Held(RUN_A, 0.0)
    world.machine("node3").is_reachable = False
    told = left_behind(ours.fleet, ours.journal, RUN_B)
    assert told[:2] == ["the run lock is left on node1", "the node session is left on node2"]
    assert told[2].startswith("whether anything is left on node3 could not be read")


def test_undoing_that_fails_is_no_success() -> None:
    node = Node()
    changes = changes_of(node)
    ask(node, changes, "session_created")

    node.loses_everything = True
    with pytest.raises(OperationError):
        changes.undo()
