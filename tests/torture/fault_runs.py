# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault matrix: each fault at each step, the end that the table names, and the same playbook again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.harness.controller import Finished

from .case import Case
from .crash import is_reached
from .ends import EXPECTED, End
from .faults import FAULTS, FOREIGN, NODE, Fault, Step
from .lane import LIMIT_SECONDS, Lane, traces
from .scenes import ONE_ROUND

PATIENCE = ("-e", '{"rolling_update_suspend_timeout": 300, "rolling_update_reboot_timeout": 300}')
"""Less than the defaults, so that a run that waits in vain does so in seconds."""

LEFT_OUT = "LEFT OUT OF SERVICE"
"""The summary's words for a node that the run leaves as it is."""


def fault_cases() -> Iterator[Case]:
    """Return a case for each fault at each step."""
    for (fault, step), end in EXPECTED.items():
        yield Case("fault", f"{fault} at {step.name.lower()}", ONE_ROUND, partial(struck, fault=FAULTS[fault], step=step, end=end))


def struck(lane: Lane, fault: Fault, step: Step, end: End) -> list[str]:
    """Let a fault happen at a step, judge the end of that run, mend what is to be mended, and run the playbook again."""
    lane.begin()
    run = run_with(lane, fault, step)
    if run is None:
        return [f"the fault at {step.value} was never played"]
    found = observed(lane, run, fault)
    problems = [] if found is end else [f"the run {found.value}; the table says that it {end.value}"]
    # A node that somebody pauses when nothing is left to do is nobody's fault; while there is, it refuses the next drain.
    accepted = fault.paused if run.exit_code == 0 else frozenset()
    problems += lane.violations(may_leave_lock=found is End.ASIDE, accepted_down=accepted)
    if run.exit_code == 0:
        return problems + lane.unfinished(paused=fault.paused, others={FOREIGN})
    if fault.mend is not None:
        fault.mend(lane)
    for _run in range(fault.repeats):
        again = lane.play(*PATIENCE)
    failed = [] if again.exit_code == 0 else [f"the same playbook ended with {again.exit_code} when it ran again"]
    return problems + failed + lane.violations() + lane.unfinished()


def run_with(lane: Lane, fault: Fault, step: Step) -> Finished | None:
    """Run the playbook with a fault; None when the fault was never played."""
    if fault.is_scripted:
        fault.strike(lane, step)
        run = lane.play(*PATIENCE)
        return run if any(event["event"] == "fault_played" for event in lane.events()) else None
    when = "after" if step in fault.late else "before"
    hold = lane.send("hold", operation=step.value, node=NODE, reads=True, when=when)["hold"]
    running = lane.start(*PATIENCE)
    if not is_reached(lane, hold, running):
        return None
    fault.strike(lane, step)
    lane.send("release", hold=hold)
    return running.finish(LIMIT_SECONDS)


def observed(lane: Lane, run: Finished, fault: Fault) -> End:
    """Return how a run has ended, from the state of the cluster and what it said."""
    if run.exit_code == 0:
        return End.DONE
    nodes = lane.nodes()
    if any((node["run_lock"] or {}).get("guid") == FOREIGN for node in nodes.values()):
        return End.ASIDE
    # A node that is off keeps what it has until it is started again.
    if any(node["run_lock"] or node["node_session"] for node in nodes.values() if node["state"] != "down"):
        return End.UNCLEAR
    if LEFT_OUT in run.screen:
        return End.LEFT_OUT
    is_serving = all(node["state"] == "up" for name, node in nodes.items() if name not in fault.paused)
    # The journal remembers a restart that is due.
    is_clean = any(node["updates_pending_restart"] for node in nodes.values()) or not any(traces(node) for node in nodes.values())
    return End.SERVES if is_serving and is_clean else End.UNCLEAR
