# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a run, the faults that are played at each of them, and what makes good afterwards."""

from __future__ import annotations

import contextlib
import enum
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.harness.control import ControlError

from .lane import Lane
from .scenes import DISK, NODES, SPARE

NODE = NODES[1]
"""The node at which things go wrong: one comes before it, one after it."""

OTHER = NODES[2]

FOREIGN = "0f0e0d0c-0b0a-4909-8807-060504030201"
"""The run of another coordinator."""

SHORT, LONG = 120.0, 10_000.0
"""Twin seconds of a repair that the run waits for, and of one that outlasts its patience."""

ATTEMPTS = 4
"""Of a node in one run: the first one and `rolling_update_max_retries_per_node` more."""

UNKNOWN_OUTCOME = 0x80338029
"""The fault of a request that ran into the host's time limit (wsman-cim.md 6)."""


class Step(enum.Enum):
    """A step of a run, with the request that is its heart."""

    LOCK = "Create MSFT_CAURun"
    SCAN = "Invoke MSFT_CAUNode.ScanUpdates"
    STAGE = "Invoke MSFT_CAUNode.DownloadUpdates"
    DRAIN = "Invoke MSCluster_Node.Pause"
    INSTALL = "Invoke MSFT_CAUNode.InstallUpdates"
    RESTART = "Invoke Win32_OperatingSystem.Win32ShutdownTracker"
    RESUME = "Invoke MSCluster_Node.Resume"
    RELEASE = "Delete MSFT_CAURun"


Keys = Mapping[str, object]

Strike = Callable[[Lane, Step], None]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Args:
        name: in an administrator's words, for the table.
        strike: lets it happen at a step: before the run starts when it waits for its moment by itself, else while the request is held.
        is_scripted: whether `strike` prepares the twin before the run starts.
        mend: what an administrator does before the playbook runs again.
        paused: nodes that an administrator has paused meanwhile, which stay so.
        late: steps at which it happens after the effect of the request, not before.
        repeats: how often the playbook runs again until everything is done: the first runs may meet it on further nodes.
    """

    name: str
    strike: Strike
    is_scripted: bool = False
    mend: Callable[[Lane], None] | None = None
    paused: frozenset[str] = frozenset()
    late: frozenset[Step] = frozenset()
    repeats: int = 1


def act(lane: Lane, act_name: str, **keys: object) -> None:
    """Do as an administrator would."""
    lane.send("act", act=act_name, **keys)


def wire(name: str, **fault: object) -> Fault:
    """Return a fault of the network or of the service that answers, at the first request of the step."""

    def strike(lane: Lane, step: Step) -> None:
        lane.send("fault", node=NODE, operation=step.value, times=1, **fault)

    return Fault(name, strike, is_scripted=True)


def model(name: str, mend: Callable[[Lane], None] | None = None, repeats: int = 1, **fault: object) -> Fault:
    """Return a fault inside Windows, which waits for its moment by itself."""

    def strike(lane: Lane, _step: Step) -> None:
        lane.send("fault", **fault)

    return Fault(name, strike, is_scripted=True, mend=mend, repeats=repeats)


def done(name: str, *acts: Keys, is_refused: bool = False, **options: t.Any) -> Fault:  # noqa: ANN401 - see Fault
    """Return what somebody does, or what happens, while the request of the step is on its way."""

    def strike(lane: Lane, _step: Step) -> None:
        for keys in acts:
            with contextlib.suppress(*((ControlError,) if is_refused else ())):
                lane.send("act", **keys)

    return Fault(name, strike, **options)


def _power_on(lane: Lane) -> None:
    act(lane, "power_on", node=NODE)
    lane.send("advance", seconds=120)


def _gone(lane: Lane, name: str) -> None:
    act(lane, "set_disk_health", disk=DISK, health=0)
    lane.write_inventory(hidden=lane.scene.hidden | {name})


def _wait(lane: Lane) -> None:
    lane.send("advance", seconds=LONG)


def _known(lane: Lane) -> None:
    lane.write_inventory(hidden=frozenset())


def _foreign_goes(lane: Lane) -> None:
    act(lane, "drop_lock")


FAULTS: dict[str, Fault] = {
    "lost_request": wire("A request does not arrive", action="drop_before"),
    "lost_answer": wire("An answer is lost", action="drop_after"),
    "silence": wire("A node falls silent after it has done what was asked", action="silent"),
    "timeout": wire("A request runs into the time limit of the host", action="late_fault", code=UNKNOWN_OUTCOME),
    "unavailable": wire("A node answers 503", action="http_error", http_status=503),
    "quota": wire("A node refuses for lack of quota", action="quota"),
    "late_fault": wire("An operation ends in a fault after it has begun", action="late_fault", code="0x80041001", style="wmi_error"),
    "no_return": model("A node does not come back from its restart", _power_on, model="no_return", node=NODE),
    "slow_restart": model("A restart takes 40 minutes", _wait, model="restart_takes", node=NODE, seconds=2400),
    "drain_fails_once": model("A role cannot leave the node at first", model="drain_fails", node=NODE, times=1),
    "drain_fails": model("A role cannot leave the node", model="drain_fails", node=NODE, times=ATTEMPTS),
    "update_fails_once": model("An update fails once", model="update_fails", node=NODE, times=1),
    "update_fails": model("An update fails again and again", model="update_fails", node=NODE, times=ATTEMPTS),
    "offered_again": model("An update is offered again after its restart", repeats=2, model="offered_again", times=1),
    "offered_at_once": model("An update is offered again at once", repeats=2, model="offered_again", times=1, when="install"),
    "storage": done("The storage is degraded for a while", {"act": "repair_storage", "disk": DISK, "node": OTHER, "seconds": SHORT}),
    "storage_long": done(
        "The storage stays degraded",
        {"act": "repair_storage", "disk": DISK, "node": OTHER, "seconds": LONG},
        mend=_wait,
    ),
    "aged_out": done("The provider drops the run lock", {"act": "expire_lock", "node": NODE}),
    "clock_forward": done("The clock of a node is set two hours forward", {"act": "step_clock", "node": NODE, "seconds": 7200}),
    "clock_back": done("The clock of a node is set two hours back", {"act": "step_clock", "node": NODE, "seconds": -7200}),
    "rival": done(
        "Another coordinator asks for the run lock, node by node",
        *({"act": "take_lock", "node": name, "guid": FOREIGN} for name in NODES),
        is_refused=True,
        mend=_foreign_goes,
    ),
    "usurper": done(
        "Another coordinator takes the run lock by force",
        {"act": "drop_lock"},
        {"act": "take_lock", "guid": FOREIGN},
        mend=_foreign_goes,
    ),
    "other_paused": done(
        "An administrator pauses another node",
        {"act": "pause_node", "node": OTHER},
        mend=lambda lane: act(lane, "resume_node", node=OTHER),
        paused=frozenset({OTHER}),
    ),
    "paused": done(
        "An administrator pauses the node",
        {"act": "pause_node", "node": NODE},
        mend=lambda lane: act(lane, "resume_node", node=NODE),
        paused=frozenset({NODE}),
    ),
    "resumed": done(
        "An administrator resumes the node",
        {"act": "resume_node", "node": NODE},
        late=frozenset({Step.DRAIN, Step.RESTART}),
    ),
    "other_evicted": done("Another node is evicted", {"act": "evict_node", "node": OTHER}, mend=lambda lane: _gone(lane, OTHER)),
    "evicted": done("The node is evicted", {"act": "evict_node", "node": NODE}, mend=lambda lane: _gone(lane, NODE)),
    "added": done("A node is added", {"act": "add_node", "node": SPARE}, mend=_known),
}
