# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A twin on which one case after the other is played, each from a moment of its own."""

from __future__ import annotations

import contextlib
import json
import types
import typing as t
from pathlib import Path

from tests.harness.controller import Controller, Finished, Running
from tests.harness.invariants import check
from tests.harness.record import Entry, Expectations, RunRecord, read_log
from tests.harness.replay import JOURNAL
from tests.harness.stage import Stage
from tests.scenario.plays import PLAYBOOK

from .past import Mark, Past
from .scenes import RATE, Scene

DEAD_SECONDS = 1200.0
"""A run without heartbeat for 900 seconds counts as dead; the provider drops its lock after 3600."""

LIMIT_SECONDS = 150.0
"""Real seconds that a run may last; the longest ones wait for a client that hears nothing any more."""

_START = "start"


class Lane:
    """A twin of a scene, and controllers; a context manager.

    Args:
        scene: the cluster.
        directory: where its files go.
    """

    def __init__(self, scene: Scene, directory: Path) -> None:
        self.scene = scene
        self.directory = directory
        self.stage = Stage(scene.write(directory), directory, rate=RATE)
        self.controller = self.stage.controller
        self.inventory = ""
        self._past: tuple[Past, Mark] | None = None
        self._hidden: frozenset[str] = frozenset()
        self._others: list[Controller] = []
        self._running: list[Running] = []
        self._event_start = self._request_start = self._floor = 0

    def __enter__(self) -> t.Self:
        self.stage.__enter__()
        self.send("snapshot", snapshot=_START)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        self.stop_all()
        self.stage.__exit__(kind, error, trace)

    def send(self, command: str, **arguments: t.Any) -> dict[str, t.Any]:  # noqa: ANN401 - as JSON has it
        """Send a command to the twin's control socket."""
        return self.stage.twin.control.send(command, **arguments)

    def write_inventory(self, hidden: frozenset[str]) -> None:
        """Write the inventory, without some machines, which no run is to update then."""
        self._hidden = hidden
        nodes = [node for node in self.stage.twin.nodes if node.node not in hidden]
        self.inventory = str(self.stage.write_inventory(nodes))

    # --- a case --------------------------------------------------------------------------------------------------

    def begin(self, past: Past | None = None, mark: Mark | None = None) -> None:
        """Begin a case: at the beginning of everything, or at the moment at which a run has died."""
        self.stop_all()
        self._past = (past, mark) if past is not None and mark is not None else None
        self._others, self._running = [], []
        self.controller.forget()
        self.write_inventory(self.scene.hidden)
        twin = self.stage.twin
        self._floor = max((int(entry["seq"]) for entry in read_log(twin.requests_file, self._request_start)), default=self._floor)
        before = size(twin.events_file)
        numbers = {"request": self._floor}
        if self._past is None:
            self.send("restore", snapshot=_START, **numbers)
            self._event_start = start_lines(twin.events_file, before)[0]
        else:
            past, mark = self._past
            self._floor = max(self._floor, mark["last"])
            self.send("restore", snapshot=mark["snapshot"], folder=str(past.trail), event=mark["event"], request=self._floor)
            # The case goes on where the dead run has stopped, so that its journal and its pauses stay known to the checker.
            self._event_start = start_lines(twin.events_file, before)[1]
        self._request_start = size(twin.requests_file)

    def other_controller(self, host_name: str) -> Controller:
        """Return a controller on another machine: nothing but the inventory is carried over."""
        controller = Controller(self.stage.twin, self.directory / host_name, host_name=host_name)
        controller.forget()
        self._others.append(controller)
        return controller

    def start(self, *arguments: str, controller: Controller | None = None, **options: t.Any) -> Running:  # noqa: ANN401
        """Start the playbook, or the one that is named first."""
        chosen = controller or self.controller
        given = arguments if arguments and not arguments[0].startswith("-") else (PLAYBOOK, *arguments)
        running = chosen.begin("ansible-playbook", "-i", self.inventory, *given, **options)
        self._running.append(running)
        return running

    def play(self, *arguments: str, controller: Controller | None = None, **options: t.Any) -> Finished:  # noqa: ANN401
        """Run the playbook to its end."""
        return self.start(*arguments, controller=controller, **options).finish(LIMIT_SECONDS)

    def stop_all(self) -> None:
        """Kill whatever this case has left running, and let go what it holds."""
        for running in self._running:
            running.process.poll()
            if running.process.returncode is None or running.process.family():
                running.kill()
        if self.stage.twin.is_running:
            self.send("release", drop=True)

    # --- what the case left behind -------------------------------------------------------------------------------

    def events(self) -> list[Entry]:
        """Return the event log of the case, that of the dead run included."""
        own: list[Entry] = list(read_log(self.stage.twin.events_file, self._event_start))
        return (self._past[0].events(self._past[1]) if self._past else []) + own

    def requests(self) -> list[Entry]:
        """Return the request log of the case, that of the dead run included."""
        own = [entry for entry in read_log(self.stage.twin.requests_file, self._request_start) if entry["seq"] > self._floor]
        return (self._past[0].requests(self._past[1]) if self._past else []) + own

    def record(self, expectations: Expectations) -> RunRecord:
        """Return everything that the checker judges."""
        controllers = [self.controller, *self._others]
        lines = [line for controller in controllers for line in read_log(controller.log_file)]
        before = self._past[0].controller(self._past[1]) if self._past else []
        screens = {f"{running.output}": running.screen() for running in self._running}
        by_name = {running.output.name: running.screen() for running in self._running if running.output}
        ordered = sorted(lines, key=lambda line: str(line["at"]))
        return RunRecord(
            self.events(), self.requests(), [*before, *ordered], screens | by_name, (self.stage.password,), expectations
        )

    def violations(self, **expectations: t.Any) -> list[str]:  # noqa: ANN401 - see Expectations
        """Return the invariants that did not hold."""
        return [str(violation) for violation in check(self.record(Expectations(**expectations)))]

    def nodes(self) -> dict[str, dict[str, t.Any]]:
        """Return the state of the nodes that are members now."""
        found = self.send("state")["clusters"]
        return {name: node for cluster in found.values() for name, node in cluster["nodes"].items() if node["is_member"]}

    def unfinished(self, *, paused: t.Collection[str] = (), others: t.Collection[str] = ()) -> list[str]:
        """Return what a finished run would not have left.

        Args:
            paused: nodes that an administrator has paused, which stay so.
            others: runs of other coordinators, whose locks are theirs.
        """
        found = []
        for name, node in self.nodes().items():
            wanted = "paused" if name in paused else "up"
            if node["state"] != wanted:
                found.append(f"{name} is {node['state']} at the end, not {wanted}")
            if node["updates_pending"] and name not in self._hidden:
                found.append(f"{name} lacks {len(node['updates_pending'])} updates at the end")
            if node["updates_pending_restart"]:
                found.append(f"{name} waits for a restart at the end")
            found += [f"{name}: {text}" for text in traces(node, others)]
        return found

    def keep(self, folder: Path, problems: list[str]) -> None:
        """Keep the logs of a case that did not hold."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "problems.txt").write_text("\n".join(problems) + "\n", encoding="utf-8")
        for name, entries in (("events", self.events()), ("requests", self.requests())):
            (folder / f"{name}.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
        for running in self._running:
            with contextlib.suppress(OSError):
                (folder / f"{running.controller.directory.name}-{running.name}.screen").write_text(running.screen(), encoding="utf-8")


def traces(node: dict[str, t.Any], others: t.Collection[str] = ()) -> list[str]:
    """Return what a run has left on a node: its lock, its session, its journal; the locks of others are theirs."""
    found = []
    for lock in ("run_lock", "node_session"):
        if node[lock] and node[lock]["guid"] not in others:
            found.append(f"the {lock.replace('_', ' ')} of {node[lock]['guid']} is left")
    return found + [f"the journal {key} is left" for key in node["registry"] if JOURNAL in key.lower()]


def start_lines(path: Path, after: int) -> tuple[int, int]:
    """Return where in an event log the lines begin and end that a new start of the twin has written.

    Time goes on at once: what was due has its lines behind them when the twin answers that it has started.

    Args:
        path: the log.
        after: octets at its beginning in which they are not.
    """
    position, found = after, []
    for line in path.read_bytes()[after:].splitlines(keepends=True):
        if line.endswith(b"\n") and json.loads(line)["event"] == "model_started":
            found += [position, position + len(line)]
        position += len(line)
    return found[0], found[-1]


def size(path: Path) -> int:
    """Return the length of a file, 0 when there is none."""
    return path.stat().st_size if path.exists() else 0
