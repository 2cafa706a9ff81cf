# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workers that go on although their parent was killed: they have no lock any more, see that, and stop by themselves."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable, Iterator
from functools import partial

from tests.harness.controller import Running

from .case import Case
from .crash import finished_by_the_next, is_reached
from .lane import DEAD_SECONDS, LIMIT_SECONDS, Lane
from .scenes import TWO_ROUNDS

OPERATIONS = ("Invoke MSCluster_Node.Pause", "Invoke MSFT_CAUNode.InstallUpdates", "Invoke MSCluster_Node.Resume")

RESTART = "Invoke Win32_OperatingSystem.Win32ShutdownTracker"

CHANGES = frozenset(
    {
        "run_lock_taken",
        "run_lock_released",
        "node_session_opened",
        "node_session_closed",
        "update_downloaded",
        "pause_requested",
        "install_started",
        "restart_requested",
        "resume_requested",
    }
)
"""What an orphan could still do; the heartbeat of the new run goes on meanwhile and is left out."""


def orphan_cases() -> Iterator[Case]:
    """Return cases in which a worker goes on although its parent was killed."""
    plays: dict[str, Callable[..., list[str]]] = {"goes on at": goes_on, "wakes up late at": wakes_up}
    for operation in OPERATIONS:
        for what, play in plays.items():
            yield Case("orphaned worker", f"{what} {operation}", TWO_ROUNDS, partial(play, operation=operation))


def goes_on(lane: Lane, operation: str) -> list[str]:
    """Let a worker finish its task after the parent is gone, while a new run begins."""
    lane.begin()
    hold = lane.send("hold", operation=operation)["hold"]
    running = lane.start()
    if not is_reached(lane, hold, running):
        return [f"the run has never come to {operation}"]
    kill_parent(running)
    lane.send("release", hold=hold)
    return finished_by_the_next(lane)


def wakes_up(lane: Lane, operation: str) -> list[str]:
    """Freeze a worker, let a new run take over, and wake it up in the middle of that run."""
    lane.begin()
    hold = lane.send("hold", operation=operation)["hold"]
    running = lane.start()
    if not is_reached(lane, hold, running):
        return [f"the run has never come to {operation}"]
    kill_parent(running)
    orphans = running.process.family()
    tell(orphans, signal.SIGSTOP)
    # The request itself is lost: what the orphan does next begins with looking at what it owns.
    lane.send("release", hold=hold, drop=True)
    lane.send("advance", seconds=DEAD_SECONDS)
    second = lane.start()
    middle = lane.send("hold", operation=RESTART)["hold"]
    is_there = is_reached(lane, middle, second)
    before = len(lane.events())
    tell(orphans, signal.SIGCONT)
    is_over = have_ended(orphans)
    done = [f"the orphan has done {event['event']} on {event['node']}" for event in lane.events()[before:] if event["event"] in CHANGES]
    lane.send("release", hold=middle)
    run = second.finish(LIMIT_SECONDS)
    failed = [] if run.exit_code == 0 else [f"the new run ended with {run.exit_code}"]
    failed += [] if is_there else ["the new run has never come to a restart"]
    failed += [] if is_over else ["the orphan has not stopped by itself"]
    return failed + done + lane.violations() + lane.unfinished()


def kill_parent(running: Running) -> None:
    """Kill ansible-playbook alone: its worker is left without a parent."""
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()
    running.controller.note("controller_killed", run=running.name, signal="SIGKILL of the parent alone")


def tell(processes: list[int], number: signal.Signals) -> None:
    """Send a signal to processes that a case has started."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def have_ended(processes: list[int]) -> bool:
    """Wait until processes have ended; False when one of them has not within the limit of a run."""
    for process in processes:
        try:
            descriptor = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        try:
            if not select.select([descriptor], [], [], LIMIT_SECONDS)[0]:
                return False
        finally:
            os.close(descriptor)
    return True
