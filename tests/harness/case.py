# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rules share: the run that is judged, the replay so far, and the violations found."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .record import Entry, RunRecord, Violation, moment
from .replay import Replay

READS = frozenset({"Get", "Enumerate", "Pull"})

ONCE_ONLY = {
    ("mscluster_node", "pause"): "drain",
    ("mscluster_node", "resume"): "resume",
    ("msft_caunode", "installupdates"): "install",
    ("msft_caunode", "runupdateinstaller"): "install",
    ("win32_operatingsystem", "win32shutdowntracker"): "restart",
    ("win32_operatingsystem", "win32shutdown"): "restart",
    ("win32_operatingsystem", "reboot"): "restart",
}
"""The operations that are never sent twice, by class and method, and the design's word for each."""


class Case:
    """A run while it is judged.

    Args:
        run: the run.
    """

    def __init__(self, run: RunRecord) -> None:
        self.run = run
        self.replay = Replay(run.expectations.users)
        self.violations: list[Violation] = []
        self.our_guids = self._our_guids("run_lock_taken", "node_session_opened")
        self.our_runs = self._our_guids("run_lock_taken")

    def _our_guids(self, *taken: str) -> frozenset[str]:
        """Return the GUIDs under which the judged controllers took locks, or sessions."""
        return frozenset(str(event["guid"]) for event in self.run.events if event["event"] in taken and self.replay.is_ours(event))

    def blame(self, rule: str, text: str, entry: Entry | None = None, *, node: str | None = None) -> None:
        """Note a violation."""
        at = entry.get("at") if entry else None
        self.violations.append(Violation(rule, text, at, node or (entry.get("node") if entry else None)))

    def our_requests(self, cluster: str | None) -> Iterator[Entry]:
        """Return the exchanges of the judged controllers with the nodes of a cluster."""
        users = self.run.expectations.users
        for request in self.run.requests:
            if request.get("cluster") == cluster and (not users or request.get("user") in users):
                yield request

    def last_look(self, event: Entry, class_name: str, node: str | None = None) -> str | None:
        """Return when a class was last read before the request that caused an event, on any node unless one is named."""
        found = None
        for request in self.our_requests(event.get("cluster")):
            if request["seq"] >= event.get("request", 0):
                break
            if reads(request, class_name) and node in {None, request.get("node")}:
                found = str(request["at"])
        return found


def once_only(request: Entry) -> str | None:
    """Return the design's word for a once-only request, None for every other one."""
    return ONCE_ONLY.get((str(request.get("class") or "").lower(), str(request.get("method") or "").lower()))


def reads(request: Entry, class_name: str) -> bool:
    """Return whether an exchange read instances of a class, by key, by enumeration or by a query."""
    if request.get("action") not in READS or request.get("outcome") != "answered":
        return False
    if str(request.get("class") or "").lower() == class_name.lower():
        return True
    # A query names its class in its text.
    return class_name.lower() in json.dumps(request.get("arguments") or {}).lower()


def was_known(since: str | None, look: str | None) -> bool:
    """Return whether something could be known: it stood before the last look, or nobody looked."""
    return since is None or look is None or moment(since) <= moment(look)
