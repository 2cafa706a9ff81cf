# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lock, turn and journal under any few faults: what is left on the nodes is what the error says, and nothing else."""

from __future__ import annotations

import typing as t

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau import turn
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import JournalError, RunLockFailedError, RunLockHeldError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError
from hypothesis import given, settings
from hypothesis import strategies as st

from ..fakes.world import FakeWorld, Held
from .helpers import RUN_A, RUN_B, Coordinator, journals, locks

NODES = ["node1", "node2", "node3"]
WHEN: tuple[t.Literal["before", "after", "refuse", "silent"], ...] = ("before", "after", "refuse", "silent")


class Plan(t.NamedTuple):
    """One fault to play."""

    node: str
    operation: str
    when: t.Literal["before", "after", "refuse", "silent"]
    after: int
    times: int


def plans(*operations: str) -> st.SearchStrategy[list[Plan]]:
    named = st.sampled_from([*operations, "*"])
    one = st.builds(Plan, st.sampled_from(NODES), named, st.sampled_from(WHEN), st.integers(0, 4), st.sampled_from([1, 2, 50]))
    return st.lists(one, max_size=3)


def play(world: FakeWorld, chosen: list[Plan]) -> None:
    for plan in chosen:
        error = MethodFailedError("not now", return_value=5, node=plan.node)
        world.fault(plan.node, plan.operation, when=plan.when, skip=plan.after, count=plan.times, error=error)


def copies(world: FakeWorld, text: str) -> int:
    """How many entries of node2 hold a text."""
    entries = [values for machine in world.machines.values() for key, values in machine.registry.items() if key.endswith("node2")]
    return sum(text in str(values.get("Entry")) for values in entries)


@settings(max_examples=300, deadline=None)
@given(plans("create_run_lock", "delete_run_lock", "set_text", "run_lock", "create_key", "delete_tree", "text"))
def test_failed_taking_leaves_no_lock_but_those_it_names(chosen: list[Plan]) -> None:
    world = FakeWorld("HV01", NODES)
    play(world, chosen)
    coordinator = Coordinator(world)
    named: set[str] = set()
    try:
        coordinator.acquire()
    except (RunLockFailedError, RunLockHeldError) as error:
        named = set(error.may_be_left)
        assert {name for name, holder in locks(world).items() if holder} <= named
        # Where a lock is left its entry is, too, so that nobody takes it for a foreign one.
        assert {f"{name}/{RUN_A}" for name, holder in locks(world).items() if holder} <= journals(world)
    except OperationError:
        assert not world.calls("create_run_lock")
    else:
        assert set(locks(world).values()) == {RUN_A}
        assert journals(world) == {f"{name}/{RUN_A}" for name in NODES}


@settings(max_examples=200, deadline=None)
@given(plans("delete_run_lock", "delete_node_session", "delete_tree", "run_lock"), st.booleans())
def test_release_can_always_be_finished_later(chosen: list[Plan], is_lost_on_one: bool) -> None:
    world = FakeWorld("HV01", NODES)
    coordinator = Coordinator(world)
    coordinator.acquire()
    if is_lost_on_one:
        world.machine("node2").run_lock = Held(RUN_B, 0)
    play(world, chosen)
    try:
        coordinator.release()
    except OperationError:
        pass
    else:
        assert RUN_A not in locks(world).values()
    world.clear_faults()
    try:
        coordinator.release()
    except OperationError:
        assert is_lost_on_one
    assert locks(world) == {"node1": None, "node2": RUN_B if is_lost_on_one else None, "node3": None}
    assert journals(world) == set()


@settings(max_examples=200, deadline=None)
@given(plans("create_node_session", "delete_node_session", "node_session", "touch_node_session"), st.booleans())
def test_turn_that_was_not_taken_leaves_no_session_but_one_it_names(chosen: list[Plan], has_rival: bool) -> None:
    world = FakeWorld("HV01", NODES)
    if has_rival:
        world.machine("node3").node_session = Held(RUN_A, 0)
    play(world, chosen)
    failure: OperationError | None = None
    try:
        turn.take(world.fleet(), "node1", RUN_A, world.clock)
    except OperationError as error:
        failure = error
    if failure is None:
        assert not has_rival
        assert world.machine("node1").node_session is not None
    else:
        assert world.machine("node1").node_session is None or "session on node1 may be left" in failure.message


@settings(max_examples=200, deadline=None)
@given(plans("set_text", "create_key", "text"), st.integers(1, 3))
def test_step_begins_only_with_both_copies_written(chosen: list[Plan], writes: int) -> None:
    world = FakeWorld("HV01", NODES)
    coordinator = Coordinator(world)
    coordinator.acquire()
    play(world, chosen)
    written = 0
    for _unused in range(writes):
        try:
            coordinator.journal.write("node2", phase=Phase.DRAINING, attempts=written + 1)
        except JournalError:
            continue
        written += 1
        assert copies(world, f'"attempts":{written}') == 2
    world.clear_faults()
    entry = Coordinator(world).journal.read("node2")
    assert (entry.attempts if entry else 0) >= written
