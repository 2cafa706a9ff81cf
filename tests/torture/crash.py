# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The crash matrix: the controller dies at every moment, the same playbook runs again, and the cluster is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tests.harness.controller import Running

from .case import Case
from .lane import DEAD_SECONDS, Lane
from .past import Mark, Past
from .scenes import TWO_ROUNDS

EXPIRED_SECONDS = 4000.0
"""The provider on the nodes drops a lock that nobody has touched for 3600 seconds."""

SAMPLES = 12
"""Moments at which each variant is tried."""


def moment_cases(past: Past) -> Iterator[Case]:
    """Return one case for each moment at which the run can die."""
    for mark in past.marks:
        yield Case("crash", name(mark), TWO_ROUNDS, partial(recovered, past=past, mark=mark))


def variant_cases(past: Past) -> Iterator[Case]:
    """Return the cases in which something else happens between death and recovery, at a sample of the moments."""
    for number, (variant, play) in enumerate(VARIANTS.items()):
        for mark in sample(past.marks, number):
            yield Case(variant, name(mark), TWO_ROUNDS, partial(play, past=past, mark=mark))


def kill_cases(past: Past) -> Iterator[Case]:
    """Return real kills of real runs: each kind of request that changes state, before, begun and after."""
    kinds = sorted({(mark["operation"], mark["when"]) for mark in past.marks})
    for operation, when in kinds:
        yield Case("SIGKILL", f"{when} {operation}", TWO_ROUNDS, partial(really_killed, operation=operation, when=when))


def name(mark: Mark) -> str:
    """Return what a moment is called."""
    return f"{mark['number']:03d} {mark['when']} {mark['operation']} on {mark['node']}"


def sample(marks: list[Mark], offset: int) -> list[Mark]:
    """Return some moments, spread over the run, other ones for another offset."""
    step = max(1, len(marks) // SAMPLES)
    return marks[(offset * step // 4) % step :: step]


def recovered(lane: Lane, past: Past, mark: Mark, *, seconds: float = DEAD_SECONDS, host_name: str | None = None) -> list[str]:
    """Let the run have died at a moment, run the playbook again and return what is wrong then.

    Args:
        lane: where.
        past: the run.
        mark: the moment.
        seconds: twin seconds between its death and the new run.
        host_name: of another controller.
    """
    lane.begin(past, mark)
    lane.send("advance", seconds=seconds)
    return finished_by_the_next(lane, host_name)


def finished_by_the_next(lane: Lane, host_name: str | None = None) -> list[str]:
    """Run the playbook, and return what is wrong afterwards."""
    controller = lane.other_controller(host_name) if host_name else None
    run = lane.play(controller=controller)
    failed = [] if run.exit_code == 0 else [f"the new run ended with {run.exit_code}"]
    return failed + lane.violations() + lane.unfinished()


def killed_again(lane: Lane, past: Past, mark: Mark) -> list[str]:
    """Kill the recovery too, at a request that differs from moment to moment."""
    lane.begin(past, mark)
    lane.send("advance", seconds=DEAD_SECONDS)
    when = "after" if mark["number"] % 2 else "before"
    hold = lane.send("hold", nth=1 + mark["number"] % 17, when=when)["hold"]
    running = lane.start()
    if not is_reached(lane, hold, running):
        return ["the recovery has never come to the request at which it was to be killed"]
    running.kill()
    lane.send("release", hold=hold, drop=True)
    lane.send("advance", seconds=DEAD_SECONDS)
    return finished_by_the_next(lane)


def really_killed(lane: Lane, operation: str, when: str) -> list[str]:
    """Kill the whole process group of a run at a request."""
    lane.begin()
    hold = lane.send("hold", operation=operation, when=when)["hold"]
    running = lane.start()
    if not is_reached(lane, hold, running):
        return [f"the run has never come to {operation}"]
    running.kill()
    lane.send("release", hold=hold, drop=True)
    lane.send("advance", seconds=DEAD_SECONDS)
    return finished_by_the_next(lane)


VARIANTS: dict[str, Callable[..., list[str]]] = {
    "lock expired meanwhile": partial(recovered, seconds=EXPIRED_SECONDS),
    "waited out by the new run": partial(recovered, seconds=0.0),
    "another controller": partial(recovered, host_name="backup"),
    "killed again": killed_again,
}
"""What else happens between death and recovery."""


def is_reached(lane: Lane, hold: int, running: Running) -> bool:
    """Wait until a request is held; False when the run has ended before."""
    while running.process.poll() is None:
        if lane.send("wait", hold=hold, timeout=1.0)["reached"]:
            return True
    return bool(lane.send("wait", hold=hold, timeout=0.0)["reached"])
