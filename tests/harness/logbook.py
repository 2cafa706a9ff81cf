# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hand-made logs of a run that keeps every rule: what the tests of the checker break, one thing at a time."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from .invariants import check
from .record import Expectations, RunRecord

RUN = "5c1f0b0e-0d3a-4c55-9a51-3f1d9c0f7a11"
OTHER = "99999999-0000-4000-8000-000000000001"
SECRET = 'C4nary&Pass"word'
JOURNAL = rf"HKLM\SOFTWARE\cluster_aware.updating\journal\{RUN}"
NODES = ("NODE1", "NODE2", "NODE3")
START = datetime(2026, 3, 10, 22, 0, tzinfo=UTC)

Line = dict[str, t.Any]


def at(seconds: float) -> str:
    """Return a time of the made-up run as the logs write it."""
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def started(**changes: t.Any) -> Line:  # noqa: ANN401 - fields of a log are of any type
    """Return the state of a healthy three-node cluster."""
    node = {"state": "up", "is_member": True, "paused_by": None, "run_lock": None, "node_session": None, "updates_pending": ["kb1"]}
    state: Line = {
        "nodes": {name: dict(node) for name in NODES},
        "groups": {"vm1": {"owner": "NODE1", "state": "online"}, "vm2": {"owner": "NODE2", "state": "online"}},
        "storage": {"virtual_disks": {"volume1": 0}, "jobs": []},
        "votes": {"NODE1": 1, "NODE2": 1, "NODE3": 1},
    }
    return state | changes


@dataclass
class Logbook:
    """The logs while they are made up; `seconds` is the time of the next line."""

    events: list[Line] = field(default_factory=list)
    requests: list[Line] = field(default_factory=list)
    controller: list[Line] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def event(self, event: str, node: str | None = None, *, actor: str = "client", **fields: t.Any) -> Line:  # noqa: ANN401
        """Add an event, of the last request when a client caused it."""
        line: Line = {"seq": len(self.events) + 1, "at": at(self.seconds), "cluster": "HV01", "node": node, "event": event, "actor": actor}
        if actor == "client":
            line |= {"user": "svc", "request": self.requests[-1]["seq"] if self.requests else 0}
        self.events.append(line | fields)
        self.seconds += 1
        return self.events[-1]

    def request(self, node: str, action: str, class_name: str, method: str | None = None, **fields: t.Any) -> Line:  # noqa: ANN401
        """Add an exchange."""
        line: Line = {
            "seq": len(self.requests) + 1,
            "at": at(self.seconds),
            "cluster": "HV01",
            "node": node,
            "user": "svc",
            "replay": False,
        }
        line |= {"action": action, "class": class_name, "method": method, "selectors": {}, "arguments": {}, "outcome": "answered"}
        self.requests.append(line | fields)
        return self.requests[-1]

    def read_locks(self) -> None:
        """Read the lock on every node."""
        for name in NODES:
            self.request(name, "Enumerate", "MSFT_CAURun")

    def gate(self) -> None:
        """Look twice, and read the lock."""
        for _look in range(2):
            self.request("NODE1", "Enumerate", "MSCluster_Node")
            self.request("NODE1", "Enumerate", "MSFT_VirtualDisk")
            self.seconds += 15
        self.read_locks()

    def take(self) -> None:
        """Take the lock on every node."""
        self.event("model_started", actor="model", **started())
        self.controller.append({"seq": 1, "at": at(self.seconds), "event": "controller_started", "run": "run1"})
        for name in NODES:
            self.request(name, "Invoke", "StdRegProv", "SetStringValue")
            self.event("registry_written", name, key=JOURNAL, values={"Heartbeat": "now"})
        for name in NODES:
            self.request(name, "Create", "MSFT_CAURun")
            self.event("run_lock_taken", name, guid=RUN)

    def journal(self, name: str) -> None:
        """Write the entry of a node on it and on another one."""
        for place in (name, "NODE2" if name == "NODE1" else "NODE1"):
            self.request(place, "Invoke", "StdRegProv", "SetStringValue")
            self.event("registry_written", place, key=rf"{JOURNAL}\nodes\{name}", values={"Entry": "{}"})

    def drain(self, name: str) -> None:
        """Open the session of a node and drain it."""
        self.request(name, "Create", "MSFT_CAUNode")
        self.event("node_session_opened", name, guid=RUN)
        self.journal(name)
        self.gate()
        self.request(name, "Invoke", "MSCluster_Node", "Pause", arguments={"DrainType": 1})
        self.event("pause_requested", name, drain_type=1)
        self.event("node_state_changed", name, actor="model", **{"from": "up", "to": "paused", "reason": "paused"})
        self.event("drain_started", name, actor="model")
        self.event("group_moved", "NODE3", actor="model", group="vm1", **{"from": name, "to": "NODE3", "reason": "drain"})
        self.event("drain_completed", name, actor="model", groups_left=[])

    def install(self, name: str, update: str = "kb1") -> None:
        """Install an update."""
        self.read_locks()
        self.request(name, "Invoke", "MSFT_CAUNode", "InstallUpdates", arguments={"QueryString": update})
        self.event("install_started", name, guid=RUN, updates=[update])
        self.event("update_installed", name, update=update, revision=1)
        self.event("install_ended", name, guid=RUN, updates=[update], outcome="ended")

    def restart(self, name: str) -> None:
        """Restart a node."""
        self.gate()
        self.request(name, "Invoke", "Win32_OperatingSystem", "Win32ShutdownTracker")
        self.event("restart_requested", name, reason_code=1)
        self.event("node_state_changed", name, actor="model", **{"from": "paused", "to": "down", "reason": "restart"})
        self.event("node_down", name, actor="model")
        self.event("node_up", name, actor="model")
        self.event("node_state_changed", name, actor="model", **{"from": "down", "to": "paused", "reason": "joined"})
        self.event("node_joined", name, actor="model")

    def resume(self, name: str) -> None:
        """Scan once more, resume a node and close its session."""
        self.request(name, "Invoke", "MSFT_CAUNode", "ScanUpdates")
        self.event("scan", name, guid=RUN, query="IsInstalled=0", offered=[])
        self.read_locks()
        self.request(name, "Invoke", "MSCluster_Node", "Resume")
        self.event("resume_requested", name, failback=1)
        self.event("node_state_changed", name, actor="model", **{"from": "paused", "to": "up", "reason": "resumed"})
        self.event("resumed", name, failback=1, groups_moved=["vm1"])
        self.event("node_session_closed", name, guid=RUN)

    def give_back(self, exit_code: int = 0) -> None:
        """Release the lock, remove the journal and end the controller."""
        for name in NODES:
            self.event("run_lock_released", name, guid=RUN)
        for name in NODES:
            for node in NODES:
                self.event("registry_deleted", name, key=rf"{JOURNAL}\nodes\{node}", values=["Entry"])
            self.event("registry_deleted", name, key=JOURNAL, values=["Heartbeat"])
        self.controller.append(
            {"seq": 2, "at": at(self.seconds), "event": "controller_ended", "run": "run1", "exit_code": exit_code, "result": "screen"}
        )
        self.outputs["screen"] = "HV01  NODE1 ok 1 update 1 restart"

    def record(self, **expectations: t.Any) -> RunRecord:  # noqa: ANN401
        """Return the record to judge."""
        return RunRecord(self.events, self.requests, self.controller, self.outputs, (SECRET,), replace(Expectations(), **expectations))


Step = Callable[[Logbook], object]


def good_run(*, between: dict[str, Step] | None = None, without: frozenset[str] = frozenset()) -> Logbook:
    """Return the logs of a whole run on one node.

    Args:
        between: what else happens right before the step of that name.
        without: steps that are left out.
    """
    book = Logbook()
    steps: dict[str, Step] = {
        "take": Logbook.take,
        "drain": lambda log: log.drain("NODE1"),
        "install": lambda log: log.install("NODE1"),
        "restart": lambda log: log.restart("NODE1"),
        "resume": lambda log: log.resume("NODE1"),
        "give_back": Logbook.give_back,
    }
    for name, step in steps.items():
        (between or {}).get(name, _nothing)(book)
        if name not in without:
            step(book)
    return book


def _nothing(book: Logbook) -> None:
    del book


def rules(record: RunRecord) -> set[str]:
    """Return the rules that a record breaks."""
    return {violation.rule for violation in check(record)}


def said(record: RunRecord) -> str:
    """Return everything that the checker says about a record."""
    return "\n".join(str(violation) for violation in check(record))


def state(node: str, before: str, after: str) -> Step:
    """Return a step in which a node changes its state by itself."""
    return lambda log: log.event("node_state_changed", node, actor="scenario", **{"from": before, "to": after, "reason": "power"})


def without_event(log: Logbook, event: str, node: str) -> Logbook:
    """Take an event of a node out of the logs."""
    log.events = [entry for entry in log.events if not (entry["event"] == event and entry["node"] == node)]
    return log
