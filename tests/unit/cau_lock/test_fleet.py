# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet, run ids and errors."""

from __future__ import annotations

import re

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import OutcomeUnknownError, RunLockHeldError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.fleet import Fleet, NodeWork, never_stop
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.run_id import is_same_guid, new_run_id, normal_guid, short_id
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._progress import SilentProgress
from hypothesis import given
from hypothesis import strategies as st

from ..fakes.world import FakeWorld
from .helpers import RUN_A, RUN_B


def test_client_is_opened_on_first_use_and_kept(world: FakeWorld) -> None:
    fleet = world.fleet()
    assert world.opened == 0
    assert fleet.node("node1") is fleet.node("NODE1")
    assert world.opened == 1


def test_sibling_has_connections_of_its_own(world: FakeWorld) -> None:
    fleet = world.fleet()
    sibling = fleet.sibling()
    assert sibling.node("node1") is not fleet.node("node1")
    assert sibling.names == fleet.names


def test_leaving_the_fleet_closes_what_was_opened(world: FakeWorld) -> None:
    with world.fleet() as fleet:
        fleet.node("node1")
        fleet.node("node2")
    assert world.closed == 2


def test_forgotten_node_is_opened_anew(world: FakeWorld) -> None:
    fleet = world.fleet()
    first = fleet.node("node1")
    fleet.forget("node1")
    fleet.forget("node1")
    assert world.closed == 1
    assert fleet.node("node1") is not first


def test_names_are_sorted_without_regard_to_case() -> None:
    assert FakeWorld("C", ["b", "C", "A"]).fleet().names == ("A", "b", "C")


def test_others_leave_out_the_node_in_any_case(world: FakeWorld) -> None:
    assert world.fleet().others("NODE2") == ("node1", "node3")


def test_unknown_node_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Fleet("C", {}).node("node1")


def test_work_speaks_in_the_name_of_its_node(world: FakeWorld) -> None:
    work = NodeWork(world.fleet(), "node1", RUN_A, world.clock, SilentProgress())
    work.say("scan", "nothing")
    assert work.check is never_stop
    assert work.client.name == "node1"


def test_new_run_ids_differ_and_are_plain() -> None:
    one, other = new_run_id(), new_run_id()
    assert one != other
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one)


@given(st.uuids(), st.sampled_from(["{}", "  {}  ", "{{{}}}"]), st.booleans())
def test_guid_is_the_same_in_any_spelling(guid: object, form: str, is_upper: bool) -> None:
    text = form.format(str(guid).upper() if is_upper else guid)
    assert normal_guid(text) == str(guid)
    assert is_same_guid(text, str(guid))


def test_nothing_is_the_same_as_nothing() -> None:
    assert not is_same_guid(None, None)
    assert not is_same_guid(RUN_A, None)
    assert not is_same_guid(RUN_A, RUN_B)


def test_short_id_is_the_first_group() -> None:
    assert short_id(RUN_A) == "aaaaaaaa"


def test_unknown_outcome_is_the_default_of_its_error() -> None:
    assert OutcomeUnknownError("no answer").outcome is Outcome.UNKNOWN


def test_error_says_node_operation_and_remedy() -> None:
    error = RunLockHeldError("the run lock is held", node="node1", operation="run lock", remedy="Wait", holder=RUN_B)
    assert str(error) == "node1: run lock: the run lock is held. Wait."
