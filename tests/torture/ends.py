# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run ends for each fault at each step: the one table, which docs/trouble.md shows in the same words."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .faults import FAULTS, Step


class End(enum.Enum):
    """How a run can end."""

    DONE = "succeeds"
    SERVES = "fails, no node is out of service because of it"
    LEFT_OUT = "fails, a node is left out of service and named"
    ASIDE = "fails, and leaves the cluster to the other one"
    UNCLEAR = "fails, and leaves something behind that it does not name"
    """What must never be."""


@dataclass(frozen=True)
class Row:
    """A fault at some steps.

    Args:
        fault: key of the fault.
        steps: the steps.
        end: how the run ends.
        does: what the run does about it, in an administrator's words.
        then: what the administrator does.
    """

    fault: str
    steps: tuple[Step, ...]
    end: End
    does: str
    then: str = "Nothing."

    def line(self) -> str:
        """Return the row as the documentation has it."""
        steps = "any" if self.steps == EVERY else ", ".join(step.name.lower() for step in self.steps)
        return f"| {FAULTS[self.fault].name} | {steps} | {self.does} | {self.end.value} | {self.then} |"


EVERY = tuple(Step)
BEFORE_DRAIN = (Step.LOCK, Step.SCAN, Step.STAGE)
OUT = (Step.DRAIN, Step.INSTALL, Step.RESTART)

AGAIN = "Run the playbook again."
WAIT = "Wait until it has ended. "
REJECT = "Find out why the node does not keep it, or name it in `rolling_update_reject`."
BACK = "When the node is back, run the playbook again."
GONE = "Take the node out of the inventory, and bring the storage into order. Run the playbook again."
CHANGED = "It drains, installs and restarts nothing more in a cluster that has changed."
NEW = "Add the node to the inventory. "
IN_ORDER = "Bring the storage into order, then run the playbook again."
ITS_OWNER = "Ask whoever paused it. When it is resumed, run the playbook again."

ROWS = (
    Row("lost_request", EVERY, End.DONE, "It looks at the node, sees that nothing has happened, and asks again."),
    Row("lost_answer", EVERY, End.DONE, "It looks at the node, sees what has happened, and goes on from there."),
    Row("silence", EVERY, End.DONE, "It gives up listening, looks at the node, and goes on from there."),
    Row("timeout", EVERY, End.DONE, "It waits until nothing works on the node any more, looks at it, and goes on."),
    Row("unavailable", EVERY, End.DONE, "It asks again where that is safe, and looks at the node first where it is not."),
    Row("quota", EVERY, End.DONE, "It waits a little and asks again."),
    Row("late_fault", EVERY, End.DONE, "What stands on the node decides, not what the fault says."),
    Row("clock_forward", EVERY, End.DONE, "A node's time is compared with that node's time alone."),
    Row("clock_back", EVERY, End.DONE, "A node's time is compared with that node's time alone."),
    Row("storage", EVERY, End.DONE, "It waits for the repair before it drains or restarts a node."),
    Row("drain_fails_once", (Step.DRAIN,), End.DONE, "It resumes the node, and tries the whole node again."),
    Row("drain_fails", (Step.DRAIN,), End.SERVES, "It does so up to its limit, and names the role.", "Let the role move. " + AGAIN),
    Row("update_fails_once", (Step.INSTALL,), End.DONE, "It resumes the node, and tries the whole node again."),
    Row("update_fails", (Step.INSTALL,), End.SERVES, "It does so up to its limit, and names the update with its code.", AGAIN),
    Row("offered_again", (Step.INSTALL,), End.SERVES, "It installs nothing twice, and names the update.", REJECT),
    Row("offered_at_once", (Step.INSTALL,), End.SERVES, "It installs nothing twice, and names the update.", REJECT),
    Row("no_return", (Step.RESTART,), End.LEFT_OUT, "It waits for `rolling_update_reboot_timeout`, then ends.", "Start the node. " + BACK),
    Row("slow_restart", (Step.RESTART,), End.LEFT_OUT, "It waits for `rolling_update_reboot_timeout`, then ends.", BACK),
    Row("storage_long", (*BEFORE_DRAIN, *OUT, Step.RESUME), End.SERVES, "It waits for `rolling_update_suspend_timeout`.", IN_ORDER),
    Row("storage_long", (Step.RELEASE,), End.DONE, "Nothing is left to drain."),
    Row("aged_out", (*BEFORE_DRAIN, Step.RESUME, Step.RELEASE), End.DONE, "It looks at the whole cluster, and takes the lock again."),
    Row("aged_out", OUT, End.LEFT_OUT, "Without the lock it changes nothing more; the node stays drained.", AGAIN),
    Row("rival", (Step.LOCK,), End.ASIDE, "It gives back the locks that it has taken and names the other one.", WAIT + AGAIN),
    Row("rival", EVERY[1:], End.DONE, "The other one is refused."),
    Row("usurper", EVERY, End.ASIDE, "It changes nothing more, and names a node that it has drained.", WAIT + AGAIN),
    Row("other_paused", BEFORE_DRAIN, End.SERVES, "It drains no node while another one is paused.", ITS_OWNER),
    Row("other_paused", (*OUT, Step.RESUME), End.LEFT_OUT, "It resumes its own node, and leaves the paused one as it is.", ITS_OWNER),
    Row("other_paused", (Step.RELEASE,), End.DONE, "The node stays paused."),
    Row("paused", (*BEFORE_DRAIN, Step.DRAIN), End.LEFT_OUT, "It leaves the node as it is.", ITS_OWNER),
    Row("paused", (Step.RELEASE,), End.DONE, "The node stays paused."),
    Row("resumed", (Step.DRAIN, Step.INSTALL), End.SERVES, "The node is theirs; it is neither drained nor restarted again.", AGAIN),
    Row("resumed", (Step.RESTART,), End.SERVES, "The node is theirs when it is back; nothing more is done to it.", AGAIN),
    Row("resumed", (Step.RESUME,), End.DONE, "The node serves, which was to be."),
    Row("other_evicted", BEFORE_DRAIN, End.SERVES, "It drains no node of a cluster that has changed.", GONE),
    Row("other_evicted", (*OUT, Step.RESUME), End.LEFT_OUT, "It resumes its own node, and names the one that is gone.", GONE),
    Row("other_evicted", (Step.RELEASE,), End.DONE, "The lock is given back on the others."),
    Row("evicted", (*BEFORE_DRAIN, *OUT, Step.RESUME), End.LEFT_OUT, "It ends, as nobody can tell the state of the node.", GONE),
    Row("evicted", (Step.RELEASE,), End.DONE, "The lock is given back on the others."),
    Row("added", (*BEFORE_DRAIN, *OUT, Step.RESUME), End.SERVES, CHANGED, NEW + AGAIN),
    Row("added", (Step.RELEASE,), End.DONE, "The new node is updated by the next run."),
)

EXPECTED: dict[tuple[str, Step], End] = {(row.fault, step): row.end for row in ROWS for step in row.steps}


def table() -> list[str]:
    """Return the table of the documentation."""
    return ["| what goes wrong | at | what the run does | the run | what you do |", "| --- | --- | --- | --- | --- |", *map(Row.line, ROWS)]
