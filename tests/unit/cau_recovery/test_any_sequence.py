# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever happens between the steps of runs: the decisions of the next one keep the invariants of design.md."""

from __future__ import annotations

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.recovery import Action, Decision
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.remains import Watch
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from .cluster_model import ADMINISTRATOR, FOREIGN, ClusterModel, Machine, ModelRun, look_and_decide

NAMES = st.sampled_from(["N1", "N2", "N3"])
CLOCK_STEPS = st.sampled_from([-7200.0, -600.0, 600.0, 7200.0])

BEAT_SECONDS = 300.0
MOST_LOOKS = 20
MOST_STEPS = 70
"""About as many as a whole run has."""


class AnySequence(RuleBasedStateMachine):
    """Runs begin, work, die; administrators, clocks, machines and foreign coordinators do what they like."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = ClusterModel()
        self.run: ModelRun | None = None
        self.ours: set[str] = set()

    def machine(self, name: str) -> Machine:
        return self.cluster.machines[name]

    # --- runs ----------------------------------------------------------------------------------------------------

    @rule(looks=st.integers(1, 4))
    def another_run_begins(self, looks: int) -> None:
        watch = Watch()
        for _look in range(looks):
            decision = look_and_decide(self.cluster, watch)
            self.judge(decision)
            if decision.action is not Action.WAIT or decision.awaited:
                break
            self.time_passes(min(decision.wait_seconds, BEAT_SECONDS) if self.run is not None else decision.wait_seconds)
        if decision.action in {Action.GO_ON, Action.TAKE_OVER}:
            # Between the last look and the first step the other one may begin to work; the lock itself decides then.
            self.run = ModelRun(self.cluster, decision)
            self.ours.add(self.run.run_id)

    def judge(self, decision: Decision) -> None:
        over = {run.run_id for run in decision.over}
        paused = {name for name, machine in self.cluster.machines.items() if machine.paused_by in self.ours}
        if self.run is not None and self.run.run_id in {id_ for m in self.cluster.machines.values() for id_ in m.journal}:
            assert decision.action in {Action.REFUSE, Action.WAIT, Action.ASK}, "a run that is alive was not waited for"
        if any(machine.lock == FOREIGN for machine in self.cluster.machines.values()):
            assert decision.action is Action.REFUSE, "a foreign lock was not respected"
        assert FOREIGN not in over
        if decision.action in {Action.GO_ON, Action.TAKE_OVER}:
            known = {entry.node for entry in decision.adopted if entry.paused_by_us}
            assert paused <= known, "a node that a dead run has paused was forgotten"
            assert not {name for name in known if self.machine(name).paused_by == ADMINISTRATOR}, "an administrator's pause was adopted"
            assert len(known) <= 1

    @rule(steps=st.integers(1, MOST_STEPS))
    def a_run_comes_and_goes(self, steps: int) -> None:
        self.another_run_begins(4)
        self.the_run_works(steps)
        self.the_run_dies()

    @rule(steps=st.integers(1, MOST_STEPS))
    def the_run_works(self, steps: int) -> None:
        for _step in range(steps):
            if self.run is not None:
                self.run.go_on()
                if self.run.is_over:
                    self.run = None

    @rule()
    def the_run_dies(self) -> None:
        self.run = None

    # --- everybody else ------------------------------------------------------------------------------------------

    @rule(seconds=st.floats(1.0, BEAT_SECONDS))
    def time_passes(self, seconds: float) -> None:
        if self.run is not None:
            self.run.beat()
        self.cluster.seconds += seconds

    @precondition(lambda self: self.run is None)
    @rule()
    def the_provider_drops_old_locks(self) -> None:
        self.cluster.seconds += 4000
        for machine in self.cluster.machines.values():
            machine.lock = machine.session = None

    @rule(name=NAMES, seconds=CLOCK_STEPS)
    def a_clock_is_set(self, name: str, seconds: float) -> None:
        self.machine(name).offset += seconds
        if self.run is not None:
            self.run.beat()

    @rule(name=NAMES)
    def the_administrator_pauses_or_resumes(self, name: str) -> None:
        machine = self.machine(name)
        if machine.paused_by is None:
            # What a run has announced and not done yet looks the same as done by it: the journal speaks for the run then.
            announced = [record.entries.get(name) for each in self.cluster.machines.values() for record in each.journal.values()]
            assume(not any(entry is not None and entry.paused_by_us for entry in announced))
        machine.paused_by = ADMINISTRATOR if machine.paused_by is None else None

    @precondition(lambda self: self.run is None)
    @rule(name=NAMES)
    def a_node_goes_down_or_comes_back(self, name: str) -> None:
        self.machine(name).is_down = not self.machine(name).is_down

    @rule()
    def a_foreign_coordinator_comes_or_goes(self) -> None:
        if not self.the_foreign_coordinator_goes():
            for machine in self.cluster.machines.values():
                machine.lock = machine.lock or FOREIGN

    def the_foreign_coordinator_goes(self) -> bool:
        held = [machine for machine in self.cluster.machines.values() if machine.lock == FOREIGN]
        for machine in held:
            machine.lock = None
        return bool(held)

    # --- what holds ----------------------------------------------------------------------------------------------

    @invariant()
    def at_most_one_node_is_out_because_of_us(self) -> None:
        assert sum(machine.paused_by in self.ours for machine in self.cluster.machines.values()) <= 1

    @invariant()
    def nothing_is_installed_twice(self) -> None:
        assert len(self.cluster.installed) == len(set(self.cluster.installed))

    def teardown(self) -> None:
        """Everybody leaves, all machines come up, the administrator has resumed what was his: the next run finishes."""
        self.run = None
        self.the_foreign_coordinator_goes()
        for machine in self.cluster.machines.values():
            machine.is_down = False
            if machine.paused_by == ADMINISTRATOR:
                machine.paused_by = None
        watch = Watch()
        for _look in range(MOST_LOOKS):
            decision = look_and_decide(self.cluster, watch)
            self.judge(decision)
            if decision.action in {Action.GO_ON, Action.TAKE_OVER}:
                break
            assert decision.action is Action.WAIT, f"the last run would {decision.action.value}: {decision.reasons}"
            self.cluster.seconds += decision.wait_seconds
        last = ModelRun(self.cluster, decision)
        self.ours.add(last.run_id)
        while not last.is_over:
            last.go_on()
            self.at_most_one_node_is_out_because_of_us()
        for machine in self.cluster.machines.values():
            assert (machine.paused_by, machine.lock, machine.session, machine.missing) == (None, None, None, set())
            assert machine.journal == {}
        self.nothing_is_installed_twice()


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = settings(max_examples=200, stateful_step_count=25, deadline=None, derandomize=True)
