# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A part of the torture: each request that changes state, each fault, and each way to be two. `make torture` tries all of it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from .case import Case
from .cases import Player, all_cases, key
from .crash import name, variant_cases
from .fault_runs import fault_cases
from .faults import FAULTS
from .orphans import orphan_cases
from .past import Past
from .rivals import pair_cases, wrong_use_cases

REQUESTS = (
    "Create MSFT_CAUNode",
    "Create MSFT_CAURun",
    "Delete MSFT_CAUNode",
    "Delete MSFT_CAURun",
    "Invoke MSCluster_Node.Pause",
    "Invoke MSCluster_Node.Resume",
    "Invoke MSFT_CAUNode.DownloadUpdates",
    "Invoke MSFT_CAUNode.InstallUpdates",
    "Invoke StdRegProv.CreateKey",
    "Invoke StdRegProv.DeleteKey",
    "Invoke StdRegProv.SetDWORDValue",
    "Invoke StdRegProv.SetStringValue",
    "Invoke Win32_OperatingSystem.Win32ShutdownTracker",
)
"""Everything by which a run changes a node."""

MOMENTS = [(operation, ("before", "after")[number % 2]) for number, operation in enumerate(REQUESTS)]
"""Each request once, by turns before it and after its effect; `make torture` has both of all of them."""
IN_WORK = [("Invoke MSFT_CAUNode.DownloadUpdates", "begun"), ("Invoke MSFT_CAUNode.InstallUpdates", "begun")]

WRONG_USES = (
    "role with forks 10",
    "role with strategy free",
    "tasks on all nodes at once",
    "tasks, tag drain",
    "two jobs with different limits",
)

PLAYED_IN_SCENARIOS = {
    "lost_request": "test_lost_answers.py",
    "lost_answer": "test_lost_answers.py",
    "silence": "test_lost_answers.py",
    "quota": "test_late_faults.py",
    "late_fault": "test_late_faults.py",
    "update_fails": "test_failures.py",
    "drain_fails": "test_failures.py",
    "no_return": "test_failures.py",
    "offered_again": "test_failures.py",
    "storage": "test_failures.py",
    "resumed": "test_failures.py",
}
"""Where in tests/scenario a run meets them. Runs that are really killed are in test_recovery.py there."""

CASES_OF_FAULTS = {
    "timeout": "install",
    "unavailable": "resume",
    "slow_restart": "restart",
    "drain_fails_once": "drain",
    "update_fails_once": "install",
    "offered_at_once": "install",
    "storage_long": "release",
    "aged_out": "install",
    "clock_forward": "restart",
    "clock_back": "install",
    "rival": "lock",
    "usurper": "install",
    "other_paused": "install",
    "paused": "drain",
    "other_evicted": "drain",
    "evicted": "stage",
    "added": "install",
}
"""One step for each other fault."""


def named(cases: Iterable[Case], text: str) -> Case:
    return next(case for case in cases if case.name == text)


def holds(player: Player, case: Case) -> None:
    tried = player.play(case)
    assert tried.problems == (), "\n".join((key(case), *tried.problems))


def test_every_request_that_changes_state_is_among_the_chosen(past: Past) -> None:
    assert {mark["operation"] for mark in past.marks} == set(REQUESTS)


def test_every_fault_is_among_the_chosen() -> None:
    assert set(CASES_OF_FAULTS) == set(FAULTS) - set(PLAYED_IN_SCENARIOS)


def test_full_matrices_have_enough_cases_with_names_of_their_own(past: Past) -> None:
    cases = [key(case) for case in all_cases(past)]
    assert len(set(cases)) == len(cases) >= 300


@pytest.mark.parametrize(("operation", "when"), [*MOMENTS, *IN_WORK])
def test_run_that_died_is_finished_by_the_next(operation: str, when: str, past: Past, player: Player) -> None:
    marks = [mark for mark in past.marks if (mark["operation"], mark["when"]) == (operation, when)]
    # Late in the run, so that what is left to be done is what the death has left.
    chosen = name(marks[len(marks) * 3 // 4])
    holds(player, next(case for case in all_cases(past) if (case.family, case.name) == ("crash", chosen)))


@pytest.mark.parametrize("variant", ["lock expired meanwhile", "another controller", "killed again"])
def test_something_else_between_death_and_recovery_changes_nothing(variant: str, past: Past, player: Player) -> None:
    cases = [case for case in variant_cases(past) if case.family == variant]
    holds(player, cases[len(cases) // 2])


def test_orphaned_worker_stops_by_itself(player: Player) -> None:
    holds(player, named(orphan_cases(), "wakes up late at Invoke MSFT_CAUNode.InstallUpdates"))


def test_one_of_two_coordinators_works_and_the_other_names_it(player: Player) -> None:
    holds(player, named(pair_cases(), "01"))


@pytest.mark.parametrize("use", WRONG_USES)
def test_play_that_is_used_wrongly_has_never_two_nodes_out(use: str, player: Player) -> None:
    holds(player, named(wrong_use_cases(), use))


@pytest.mark.parametrize(("fault", "step"), CASES_OF_FAULTS.items())
def test_fault_ends_as_the_table_says(fault: str, step: str, player: Player) -> None:
    holds(player, named(fault_cases(), f"{fault} at {step}"))
