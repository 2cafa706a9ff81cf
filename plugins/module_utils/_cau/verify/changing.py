# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions that need a change on the node: they are asked with the run lock held, and everything is undone.

The changes are a node session of our own and attempts to create what must be refused. Nothing is installed, downloaded, drained or
restarted.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..._clock import Clock
from ..._errors import OperationError
from ..._wmi.cluster_update import FEATURE_UPDATES_ONLY
from ..._wmi.cluster_update import NAMESPACE as CLUSTER_UPDATE
from ..._wmi.guid import plain_guid
from ..._wmi.held_instance import KEY
from ..._wsman.client import Client
from ..._wsman.events import Event, StillWorking, StreamedValue
from ..._wsman.instance import CimInstance
from ..._wsman.kinds import Kind
from ..._wsman.values import Argument
from ..fleet import Fleet
from ..idempotent import twice
from ..journal import Journal
from ..waiting import duration
from .questions import NOBODY, Answer, Question, Verdict, confirmed, fault_of, numbers_of, refusal

RUN = "MSFT_CAURun"
NODE = "MSFT_CAUNode"
REPORTS = "MSFT_CAUReportHelper"

QUERY = "IsInstalled=0 and Type='Software' and IsHidden=0 and IsAssigned=1"
"""What CAU searches for by default (cau.md 5.9)."""

PLAIN_SCAN_SECONDS = 20.0
"""A scan that took longer is not asked for in the plain form, which hosts end after a minute: it might go on without us."""

REPORT_SECONDS = 300.0


class Changes:
    """The questions to one node whose cluster carries our run lock, and what undoes them.

    Args:
        client: the connection to the node, made by the recorder.
        clock: for limits.
        run_id: the run that holds the lock.
        stranger: a GUID that must be refused everything.
        scan_seconds: how long a scan may take.
        check: raises when the task has to stop.
    """

    def __init__(self, client: Client, clock: Clock, run_id: str, stranger: str, *, scan_seconds: float, check: Callable[[], None]) -> None:
        self._client = client
        self._clock = clock
        self._run_id = run_id
        self._stranger = stranger
        self._scan_limit = scan_seconds
        self._check = check
        self._took: float | None = None
        self._found = 0

    def questions(self) -> tuple[Question, ...]:
        """Return the questions, in the order in which they have to be asked."""
        return (*self._about_locks(), *self._about_methods(), *self._about_deletions())

    def _about_locks(self) -> tuple[Question, ...]:
        return (
            Question(
                "session_created",
                "wsman-cim.md 14, 5; cau.md 8, 1",
                "Is a node session created under a GUID of ours, and how is that stored?",
                "Yes, in the spelling that was given",
                lambda _client: self._created(),
            ),
            Question(
                "session_reconnected",
                "cau.md 8, 1",
                "May the holder of a session create it again?",
                "Yes",
                lambda _client: self._needing_session(self._reconnected),
            ),
            Question(
                "session_conflict",
                "wsman-cim.md 14, 5",
                "How is a second node session refused?",
                "As something that exists already, and ours stays",
                lambda _client: self._needing_session(lambda: self._conflict(NODE)),
            ),
            Question(
                "lock_conflict",
                "cau.md 8, 1",
                "How is a second run lock refused?",
                "As something that exists already, and ours stays",
                lambda _client: self._conflict(RUN),
            ),
            Question(
                "session_of_nobody",
                "cau.md 8, 8",
                "How is a method of a session refused that does not stand?",
                "As not found",
                lambda client: self._needing_session(lambda: self._of_nobody(client)),
            ),
        )

    def _about_methods(self) -> tuple[Question, ...]:
        return (
            Question(
                "scan",
                "wsman-cim.md 14, 3",
                "How does the answer of ScanUpdates come, when streams were asked for?",
                "Update by update, before the method ends",
                lambda _client: self._needing_session(self._scan),
            ),
            Question(
                "long_method",
                "wsman-cim.md 14, 1",
                "Does a method end well that takes longer than MaxTimeoutms?",
                "Yes, in the robust form",
                self._long,
            ),
            Question(
                "plain_scan",
                "wsman-cim.md 14, 3",
                "Is the answer of ScanUpdates complete without streams?",
                "Yes, in one message",
                lambda _client: self._needing_session(self._plain_scan),
            ),
            Question(
                "restart_pending",
                "cau.md 8, 8",
                "Does RebootRequired answer by its return value?",
                "Yes, a boolean",
                lambda _client: self._needing_session(self._restart_pending),
            ),
            Question(
                "reports",
                "cau.md 8, 4",
                "Are the methods of the reports called on an instance or on the class?",
                None,
                lambda _client: self._reports(),
            ),
        )

    def _about_deletions(self) -> tuple[Question, ...]:
        return (
            Question(
                "deletion_of_nobody",
                "wsman-cim.md 14, 7",
                "How is the deletion of a session refused that does not stand?",
                "As not found, and ours stays",
                lambda client: self._needing_session(lambda: self._deletion_of_nobody(client)),
            ),
            Question(
                "session_deleted",
                "cau.md 8, 1",
                "Is our session gone when it was deleted?",
                "Yes",
                lambda _client: self._needing_session(self._deleted),
            ),
        )

    def undo(self) -> None:
        """Remove whatever the questions have left on the node; the run lock itself is not theirs.

        Raises:
            OperationError: something may be left.
        """
        for name, guids in ((NODE, (self._run_id, self._stranger)), (RUN, (self._stranger,))):
            standing = self._standing(name)
            for guid in guids:
                if guid in standing:
                    twice(self._clock, lambda name=name, guid=guid: self._remove(name, guid))  # type: ignore[misc]

    def _remove(self, name: str, guid: str) -> None:
        spelled = self._standing(name).get(guid)
        if spelled is not None:
            self._client.delete(CLUSTER_UPDATE, name, {KEY: spelled})

    def _standing(self, name: str) -> dict[str, str]:
        """Return who holds a class on the node: the GUID in our spelling, and in the node's."""
        found = [instance.require_text(KEY) for instance in self._client.enumerate(CLUSTER_UPDATE, name)]
        return {plain_guid(text): text for text in found}

    def _keys(self) -> dict[str, str]:
        return {KEY: self._standing(NODE).get(self._run_id, self._run_id)}

    def _needing_session(self, ask: Callable[[], Answer]) -> Answer:
        if self._run_id not in self._standing(NODE):
            return Answer("no session of ours stands on the node", Verdict.NOT_SEEN)
        return ask()

    def _created(self) -> Answer:
        if self._standing(NODE):
            return Answer("a node session stands on the node, which is left alone", Verdict.NOT_SEEN)
        keys = self._client.create(CLUSTER_UPDATE, NODE, {KEY: self._run_id})
        stored = self._standing(NODE).get(self._run_id)
        if stored is None:
            return Answer("the node said that it was created, and does not show it", Verdict.DIFFERS)
        is_same = stored == self._run_id
        answered = f"the answer has the keys {', '.join(sorted(keys)) or 'none'}"
        return confirmed(f"stored {'as it was given' if is_same else 'in another spelling'}; {answered}", is_expected=is_same)

    def _reconnected(self) -> Answer:
        fault = fault_of(lambda: self._client.create(CLUSTER_UPDATE, NODE, {KEY: self._run_id}))
        if fault is not None:
            return Answer(f"it was refused with {numbers_of(fault)}", Verdict.DIFFERS)
        count = len(self._standing(NODE))
        return confirmed(f"it was taken, and {count} session{'' if count == 1 else 's'} stand", is_expected=count == 1)

    def _conflict(self, name: str) -> Answer:
        fault = fault_of(lambda: self._client.create(CLUSTER_UPDATE, name, {KEY: self._stranger}))
        standing = self._standing(name)
        stays = "ours stays" if self._run_id in standing else "OURS IS GONE"
        if fault is None or self._stranger in standing:
            return Answer(f"it was not refused, and {stays}", Verdict.DIFFERS)
        is_expected = fault.is_already_exists and self._run_id in standing
        return confirmed(f"refused with {numbers_of(fault)}, and {stays}", is_expected=is_expected)

    def _of_nobody(self, client: Client) -> Answer:
        return refusal(
            lambda: client.invoke(CLUSTER_UPDATE, NODE, "RebootRequired", keys={KEY: NOBODY}, kind=Kind.READ),
            lambda fault: fault.is_not_found,
        )

    def _arguments(self) -> dict[str, Argument]:
        arguments: dict[str, Argument] = {"QueryString": QUERY, "IncludeRecommendedUpdates": False}
        if self._client.get_class(CLUSTER_UPDATE, NODE).has_parameter("ScanUpdates", FEATURE_UPDATES_ONLY):
            arguments[FEATURE_UPDATES_ONLY] = False
        return arguments

    def _robust(
        self, name: str, method: str, arguments: Mapping[str, Argument], keys: Mapping[str, str] | None, seconds: float, told: list[Event]
    ) -> CimInstance:
        return self._client.invoke_robust(
            CLUSTER_UPDATE,
            name,
            method,
            arguments,
            keys=keys,
            kind=Kind.READ,
            deadline_seconds=seconds,
            on_event=told.append,
            should_stop=self._check,
        )

    def _scan(self) -> Answer:
        told: list[Event] = []
        arguments, keys = self._arguments(), self._keys()
        began = self._clock.now()
        output = self._robust(NODE, "ScanUpdates", arguments, keys, self._scan_limit, told)
        self._took = self._clock.now() - began
        self._found = len(output.instances("Info"))
        streamed = sum(isinstance(event, StreamedValue) for event in told)
        alive = sum(isinstance(event, StillWorking) for event in told)
        text = f"{self._found} updates in {streamed} streamed messages, {alive} signs of life, {duration(self._took)}"
        if not self._found:
            return Answer(f"nothing is offered to the node: {text}", Verdict.NOT_SEEN)
        return confirmed(text, is_expected=streamed > 0)

    def _long(self, client: Client) -> Answer:
        limit = client.configuration().max_timeout_ms
        if self._took is None or limit is None:
            return Answer("no scan has ended, or the limit is not known", Verdict.NOT_SEEN)
        told = f"the scan took {duration(self._took)}, MaxTimeoutms is {limit}"
        return Answer(told, Verdict.CONFIRMED if self._took * 1000 > limit else Verdict.NOT_SEEN)

    def _plain_scan(self) -> Answer:
        if self._took is None or self._took > PLAIN_SCAN_SECONDS:
            return Answer("a scan takes too long for this form", Verdict.NOT_SEEN)
        output = self._client.invoke(CLUSTER_UPDATE, NODE, "ScanUpdates", self._arguments(), keys=self._keys(), kind=Kind.READ)
        count = len(output.instances("Info"))
        return confirmed(f"{count} updates in one message, {self._found} with streams", is_expected=count == self._found)

    def _restart_pending(self) -> Answer:
        output = self._client.invoke(CLUSTER_UPDATE, NODE, "RebootRequired", keys=self._keys(), kind=Kind.READ)
        value = output.boolean("ReturnValue")
        return confirmed(f"it answered {'nothing' if value is None else value}", is_expected=value is not None)

    def _reports(self) -> Answer:
        told = []
        for what, keys in (("an instance of ours", {KEY: self._run_id}), ("the class", None)):
            try:
                output = self._robust(REPORTS, "GetReportIDs", {}, keys, REPORT_SECONDS, [])
                told.append(f"{what} answered with {len(output.instances('ReportID'))} ids")
            except OperationError as error:
                told.append(f"{what} refused: {error.message}")
        return Answer("; ".join(told), Verdict.SEEN)

    def _deletion_of_nobody(self, client: Client) -> Answer:
        answer = refusal(lambda: client.delete(CLUSTER_UPDATE, NODE, {KEY: NOBODY}), lambda fault: fault.is_not_found)
        if self._run_id not in self._standing(NODE):
            return Answer(f"{answer.text}, and OUR SESSION IS GONE", Verdict.DIFFERS)
        return Answer(f"{answer.text}, and ours stays", answer.verdict)

    def _deleted(self) -> Answer:
        self._client.delete(CLUSTER_UPDATE, NODE, self._keys())
        left = self._standing(NODE)
        return confirmed("it is gone" if not left else f"{len(left)} stand", is_expected=not left)


def left_behind(fleet: Fleet, journal: Journal, stranger: str) -> list[str]:
    """Return what still stands of the questions on the nodes, one sentence each; what cannot be read counts as standing.

    Args:
        fleet: the nodes of the cluster.
        journal: the journal of the run that held the lock.
        stranger: the other GUID that was tried.
    """
    ours = {journal.owner.run_id, stranger}
    found = []
    for name in fleet.names:
        try:
            update = fleet.node(name).cluster_update
            parts = [what for what, holder in (("run lock", update.run_lock()), ("node session", update.node_session())) if holder in ours]
            parts += ["journal"] if journal.is_open_on(name) else []
        except OperationError as error:
            found.append(f"whether anything is left on {name} could not be read: {error.message}")
            continue
        found += [f"the {what} is left on {name}" for what in parts]
    return found
