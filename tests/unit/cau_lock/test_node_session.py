# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node session: opened and closed around work, never somebody else's."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import NodeSessionHeldError, TurnLostError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.fleet import NodeWork
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.node_session import NodeSession, session_for
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError

from ..fakes.world import FakeWorld, Held
from .helpers import RUN_A, RUN_B, Coordinator


@pytest.fixture
def session(world: FakeWorld) -> NodeSession:
    return NodeSession(world.fleet().node("node1"), RUN_A, world.clock)


def holder(world: FakeWorld) -> str | None:
    held = world.machine("node1").node_session
    return held.guid if held else None


def test_session_stands_while_the_work_runs(world: FakeWorld, session: NodeSession) -> None:
    with session:
        assert holder(world) == RUN_A
    assert holder(world) is None


def test_session_is_closed_after_an_error(world: FakeWorld, session: NodeSession) -> None:
    with pytest.raises(ZeroDivisionError), session:
        raise ZeroDivisionError
    assert holder(world) is None


def test_session_of_another_refuses_and_stays(world: FakeWorld, session: NodeSession) -> None:
    world.machine("node1").node_session = Held(RUN_B, 0)
    with pytest.raises(NodeSessionHeldError) as caught:
        session.open()
    assert caught.value.holder == RUN_B
    assert not session.close()
    assert holder(world) == RUN_B


def test_found_session_is_closed_unless_it_is_the_turn(world: FakeWorld, session: NodeSession) -> None:
    world.machine("node1").node_session = Held(RUN_A, 0)
    with session:
        pass
    assert holder(world) is None


def test_found_session_of_the_turn_stays(world: FakeWorld) -> None:
    world.machine("node1").node_session = Held(RUN_A, 0)
    with NodeSession(world.fleet().node("node1"), RUN_A, world.clock, is_kept_when_found=lambda: True):
        pass
    assert holder(world) == RUN_A


@pytest.mark.parametrize(("phase", "stays"), [(Phase.DRAINED, True), (Phase.LOCKED, False)])
def test_journal_tells_whether_a_found_session_is_the_turn(world: FakeWorld, ours: Coordinator, phase: Phase, stays: bool) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=phase)
    world.machine("node1").node_session = Held(RUN_A, 0)
    with session_for(NodeWork(ours.fleet, "node1", RUN_A, world.clock, ours.progress, journal=ours.journal)):
        pass
    assert (holder(world) == RUN_A) is stays


def test_new_session_is_closed_even_when_the_node_holds_the_turn(world: FakeWorld, ours: Coordinator) -> None:
    with session_for(NodeWork(ours.fleet, "node1", RUN_A, world.clock, ours.progress)):
        pass
    assert holder(world) is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_lost_answer_to_opening_is_decided_by_what_stands(world: FakeWorld, session: NodeSession, when: str) -> None:
    world.fault("node1", "create_node_session", when="before" if when == "before" else "after")
    assert session.open()
    assert holder(world) == RUN_A


def test_lost_answer_while_another_opened_it_refuses(world: FakeWorld, session: NodeSession) -> None:
    world.fault("node1", "create_node_session", then=lambda: setattr(world.machine("node1"), "node_session", Held(RUN_B, 0)))
    with pytest.raises(NodeSessionHeldError):
        session.open()


def test_opening_gives_up_after_the_second_lost_answer(world: FakeWorld, session: NodeSession) -> None:
    world.fault("node1", "create_node_session", count=2)
    with pytest.raises(OperationError):
        session.open()
    assert len(world.calls("create_node_session")) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_lost_answer_to_closing_is_closed_again(world: FakeWorld, session: NodeSession, when: str) -> None:
    session.open()
    world.fault("node1", "delete_node_session", when="before" if when == "before" else "after")
    assert session.close()
    assert holder(world) is None


def test_failure_to_close_does_not_hide_the_error_of_the_work(world: FakeWorld, session: NodeSession) -> None:
    world.fault("node1", "delete_node_session", when="silent", count=9)
    with pytest.raises(ZeroDivisionError), session:
        raise ZeroDivisionError


def test_failure_to_close_after_good_work_is_said(world: FakeWorld, session: NodeSession) -> None:
    with pytest.raises(OperationError), session:
        world.machine("node1").is_reachable = False


def test_touch_of_a_session_that_is_gone_is_an_error(session: NodeSession) -> None:
    with pytest.raises(TurnLostError):
        session.touch()


def test_touch_of_a_session_of_another_names_it(world: FakeWorld, session: NodeSession) -> None:
    world.machine("node1").node_session = Held(RUN_B, 0)
    with pytest.raises(NodeSessionHeldError, match=RUN_B):
        session.touch()
