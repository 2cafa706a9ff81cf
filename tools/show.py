# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tools that show a run have in common: following it on the screen, the table of the nodes, the verdict."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import signal
import subprocess
import sys
import time
import typing as t
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.harness.controller import Finished, Running
from tests.harness.processes import stop
from tests.harness.record import Entry, Violation, moment
from tests.harness.twin import TwinError

INTERRUPTED = 130


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that what was started is stopped on the way out."""

    def interrupt(number: int, frame: object) -> t.NoReturn:
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_in(directory: Path, work: Callable[[], int], *, interrupted: int = INTERRUPTED) -> int:
    """Do a tool's work with an empty directory of its own, and end every way out of it with a sentence.

    Args:
        directory: where its files go; what an earlier one left there is removed.
        work: returns the exit code.
        interrupted: exit code after Ctrl-C or SIGTERM.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / f"{directory.name}.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another one works in {shown_path(directory)}; stop it first.", file=sys.stderr)
            return 1
        shutil.rmtree(directory, ignore_errors=True)
        try:
            with interruptible():
                return work()
        except KeyboardInterrupt:
            print("\nStopped; nothing is left running.")
            return interrupted
        except TwinError as error:
            print(error, file=sys.stderr)
            return 1


def follow(running: Running, seconds: float) -> Finished:
    """Show what a command prints as it comes, until it ends; whatever interrupts us ends it too."""
    shown = 0

    def show() -> None:
        nonlocal shown
        text = running.screen()
        sys.stdout.write(text[shown:])
        sys.stdout.flush()
        shown = len(text)

    deadline = time.monotonic() + seconds
    try:
        while running.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(timeout=0.2)
            show()
    except BaseException:
        stop(running.process)
        raise
    finished = running.finish(1.0)
    show()
    return finished


def node_table(events: Sequence[Entry]) -> list[list[str]]:
    """Return what happened on each node, from the event log alone: a header and a row per node."""
    # A run without hotfixes is not asked for their column.
    has_hotfixes = any(event["event"] == "installer_started" for event in events)
    rows = [["node", "updates", "failed", *(["hotfixes"] if has_hotfixes else []), "restarts", "groups moved", "out of service"]]
    counted = ["update_installed", "update_failed", *(["installer_started"] if has_hotfixes else []), "node_down"]
    for node in _node_names(events):
        own = [event for event in events if event.get("node") == node]
        moved = [event for event in events if event["event"] == "group_moved" and event.get("from") == node]
        counts = [sum(event["event"] == name for event in own) for name in counted]
        rows.append([node, *map(str, counts), str(len(moved)), duration(_out_of_service(own, events[-1]["at"]))])
    return rows


def _node_names(events: Sequence[Entry]) -> list[str]:
    """Return all nodes of the model, whether or not anything happened to them."""
    started = (event for event in events if event["event"] == "model_started")
    return sorted({node for event in started for node in event["nodes"]})


def _out_of_service(events: Sequence[Entry], end: str) -> float:
    """Return for how many seconds a node was not up, until the end of the log."""
    seconds, since = 0.0, None
    for event in events:
        if event["event"] != "node_state_changed":
            continue
        if event["from"] == "up":
            since = moment(event["at"])
        elif event["to"] == "up" and since is not None:
            seconds += (moment(event["at"]) - since).total_seconds()
            since = None
    if since is not None:
        seconds += (moment(end) - since).total_seconds()
    return seconds


def duration(seconds: float) -> str:
    """Return a duration for people."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  " + "  ".join(cells).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))


def print_verdict(violations: Sequence[Violation]) -> None:
    """Print what the checker of the invariants found."""
    if not violations:
        print("The event log satisfies every invariant.")
        return
    print(f"The event log breaks invariants ({len(violations)}):")
    for violation in violations:
        print(f"  {violation}")


def shown_path(path: Path) -> str:
    """Return a path as short as it can be typed."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
