# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal on the nodes: two copies, the newer one wins, and no step without both."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import JournalError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal import ROOT, run_key
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import NodeEntry, Phase
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_view import read_all
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError

from ..fakes.clock import START, FakeClock
from ..fakes.world import FakeWorld
from .helpers import RUN_A, RUN_B, Coordinator


def fresh(world: FakeWorld) -> Coordinator:
    """The same run in another task, which remembers nothing."""
    return Coordinator(world)


@pytest.mark.parametrize(("node", "places"), [("node1", ("node1", "node2")), ("node3", ("node3", "node1")), ("NODE2", ("node2", "node3"))])
def test_copy_stands_on_the_next_node_in_name_order(ours: Coordinator, node: str, places: tuple[str, ...]) -> None:
    assert ours.journal.places(node) == places


def test_single_node_has_no_copy() -> None:
    assert Coordinator(FakeWorld("HV01", ["only"])).journal.places("only") == ("only",)


def test_entry_is_read_back_as_it_was_written(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    booted = datetime(2026, 2, 1, 3, 4, 5, tzinfo=UTC)
    ours.journal.write("node1", phase=Phase.DRAINING, was_paused_before=False, services_before=("Spooler",), online_groups_before=("VM ü",))
    written = ours.journal.write("node1", phase=Phase.RESTARTING, paused_by_us=True, boot_time=booted, installed=("u1", "u2"))
    assert fresh(world).journal.read("node1") == written
    assert written == NodeEntry(
        "node1",
        Phase.RESTARTING,
        was_paused_before=False,
        paused_by_us=True,
        boot_time=booted,
        installed=("u1", "u2"),
        services_before=("Spooler",),
        online_groups_before=("VM ü",),
        changed_at=START,
        phase_since=START,
        sequence=2,
    )


def test_node_without_entry_reads_as_none(ours: Coordinator) -> None:
    ours.acquire()
    assert ours.journal.read("node1") is None


def test_later_task_goes_on_from_the_entry(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED, paused_by_us=True)
    entry = fresh(world).journal.write("node1", phase=Phase.INSTALLING)
    assert entry.paused_by_us
    assert entry.sequence == 2


def test_one_change_costs_two_messages(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINING)
    before = len(world.log)
    ours.journal.write("node1", phase=Phase.DRAINED)
    assert len(world.log) - before == 2


def test_entry_is_read_from_both_places_once_in_a_task(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED)
    later = fresh(world).journal
    world.log.clear()
    first = later.read("node1")
    assert [(call.node, call.operation) for call in world.log] == [("node1", "text"), ("node2", "text")]
    assert later.read("NODE1") == first
    assert [later.read("node3"), later.read("node3")] == [None, None]
    assert len(world.log) == 4


def test_entry_of_which_a_place_was_silent_is_read_again(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED)
    later = fresh(world).journal
    world.machine("node2").is_reachable = False
    later.read("node1")
    world.log.clear()
    later.read("node1")
    assert len(world.calls("text")) == 2


def test_entry_that_one_place_did_not_take_is_read_again(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED)
    world.machine("node2").is_reachable = False
    ours.journal.write_where_possible("node1", phase=Phase.LEFT_OUT)
    world.machine("node2").is_reachable = True
    world.log.clear()
    entry = ours.journal.read("node1")
    assert entry is not None
    assert entry.phase is Phase.LEFT_OUT
    assert len(world.calls("text")) == 2


def test_key_that_was_read_is_not_created_again(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED)
    world.log.clear()
    fresh(world).journal.write("node1", phase=Phase.INSTALLING)
    assert not world.calls("create_key")


@pytest.mark.parametrize("place", ["node1", "node2"])
def test_step_is_refused_when_one_place_does_not_take_the_entry(world: FakeWorld, ours: Coordinator, place: str) -> None:
    ours.acquire()
    world.fault(place, "set_text", when="refuse", error=MethodFailedError("access denied", return_value=5, node=place))
    with pytest.raises(JournalError, match=place):
        ours.journal.write("node1", phase=Phase.DRAINING)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("place", ["node1", "node2"])
def test_lost_answer_is_written_again(world: FakeWorld, ours: Coordinator, place: str, when: str) -> None:
    ours.acquire()
    world.fault(place, "set_text", when="before" if when == "before" else "after")
    ours.journal.write("node1", phase=Phase.DRAINING)
    for machine in (world.machine("node1"), world.machine("node2")):
        assert "draining" in str(machine.registry[rf"{run_key(RUN_A)}\nodes\node1"]["Entry"])


def test_copy_tells_when_the_node_is_silent(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.RESTARTING, paused_by_us=True)
    world.machine("node1").is_reachable = False
    entry = fresh(world).journal.read("node1")
    assert entry is not None
    assert entry.phase is Phase.RESTARTING


def test_silent_node_is_recorded_in_the_copy_which_then_wins(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.RESTARTING, paused_by_us=True)
    world.machine("node1").is_reachable = False
    missed = fresh(world).journal.write_where_possible("node1", phase=Phase.LEFT_OUT, reason="did not come back")
    assert missed == ["node1"]
    world.machine("node1").is_reachable = True
    entry = fresh(world).journal.read("node1")
    assert entry is not None
    assert (entry.phase, entry.reason, entry.paused_by_us) == (Phase.LEFT_OUT, "did not come back", True)


def test_copy_written_after_a_refused_step_wins_over_what_the_node_took(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.RESTARTED, paused_by_us=True)
    world.fault("node2", "set_text", when="silent", count=2)
    with pytest.raises(JournalError):
        ours.journal.write("node1", phase=Phase.RESUMING)
    world.machine("node1").is_reachable = False
    clock.advance(60)
    assert ours.journal.write_where_possible("node1", phase=Phase.LEFT_OUT) == ["node1"]
    world.machine("node1").is_reachable = True
    entry = fresh(world).journal.read("node1")
    assert entry is not None
    assert entry.phase is Phase.LEFT_OUT


def test_refused_step_is_read_again_before_the_next_change(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.RESTARTED)
    world.fault("node2", "set_text", when="silent", count=2)
    with pytest.raises(JournalError):
        ours.journal.write("node1", phase=Phase.RESUMING)
    assert ours.journal.write("node1", reason="again").sequence == 3


def test_entry_that_nobody_can_read_is_not_guessed(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED, paused_by_us=True)
    world.machine("node1").is_reachable = world.machine("node2").is_reachable = False
    with pytest.raises(JournalError):
        fresh(world).journal.read("node1")


def test_missing_copy_does_not_stand_for_a_silent_node(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    world.machine("node1").is_reachable = False
    with pytest.raises(JournalError):
        ours.journal.read("node1")
    assert ours.journal.write_where_possible("node1", phase=Phase.LEFT_OUT) == ["node1", "node2"]


def test_garbled_entry_is_outweighed_by_its_copy(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.DRAINED, paused_by_us=True)
    world.machine("node1").registry[rf"{run_key(RUN_A)}\nodes\node1"]["Entry"] = '{"phase":'
    entry = fresh(world).journal.read("node1")
    assert entry is not None
    assert entry.paused_by_us


def test_entry_that_is_too_long_is_refused_before_it_is_sent(world: FakeWorld, ours: Coordinator) -> None:
    ours.acquire()
    before = len(world.calls("set_text"))
    with pytest.raises(JournalError, match="characters"):
        ours.journal.write("node1", online_groups_before=tuple(f"group {index:05}" * 5 for index in range(2000)))
    assert len(world.calls("set_text")) == before


def test_age_follows_the_clock_of_the_node(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    world.machine("node2").clock_offset = -5000
    ours.acquire()
    clock.advance(100)
    entry = ours.journal.read_run("node2")
    assert entry is not None
    assert entry.age_seconds == 100
    assert entry.cluster == "HV01"
    assert entry.owner == ours.owner


def test_run_without_entry_reads_as_none(ours: Coordinator) -> None:
    assert ours.journal.read_run("node1", RUN_B) is None


def test_runs_have_keys_of_their_own(world: FakeWorld, ours: Coordinator, theirs: Coordinator) -> None:
    ours.journal.open_on("node1")
    theirs.journal.open_on("node1")
    ours.journal.close_on("node1")
    assert [run.run_id for run in read_all(world.fleet().node("node1"))] == [RUN_B]
    assert all(key.startswith((ROOT, "SOFTWARE")) for key in world.machine("node1").registry)


def test_beat_on_a_removed_entry_is_an_error_and_writes_nothing(world: FakeWorld, ours: Coordinator) -> None:
    ours.journal.open_on("node1")
    world.machine("node1").registry.clear()
    with pytest.raises(JournalError, match="removed"):
        ours.journal.beat("node1")
    assert world.machine("node1").registry == {}


def test_report_describes_what_it_does_not_understand(world: FakeWorld, ours: Coordinator) -> None:
    ours.journal.open_on("node1")
    world.machine("node1").registry[run_key(RUN_A)]["Format"] = 9
    (run,) = read_all(world.fleet().node("node1"))
    assert run.problem is not None
    assert "format 9" in run.problem


def test_entry_that_is_left_out_tells_from_where(ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.write("node1", phase=Phase.RESTARTING, paused_by_us=True)
    ours.journal.write("node1", phase=Phase.LEFT_OUT, reason="did not come back")
    assert ours.journal.write("node1", phase=Phase.LEFT_OUT, reason="still not").left_from is Phase.RESTARTING
    assert ours.journal.write("node1", phase=Phase.RESTARTED).left_from is None


def test_controller_that_was_stopped_says_so_on_the_node(ours: Coordinator) -> None:
    ours.acquire()
    ours.journal.note_stop("node2")
    stopped = {name: entry.is_stopped for name in ours.fleet.names if (entry := ours.journal.read_run(name)) is not None}
    assert stopped == {"node1": False, "node2": True, "node3": False}


def test_phase_keeps_the_time_of_its_begin(world: FakeWorld, ours: Coordinator, clock: FakeClock) -> None:
    ours.acquire()
    began = ours.journal.write("node1", phase=Phase.INSTALLING).phase_since
    clock.advance(60)
    assert ours.journal.write("node1", installed=("u1",)).phase_since == began
    clock.advance(60)
    assert ours.journal.write("node1", phase=Phase.RESTARTING).phase_since == clock.utc()
