# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal's records, and how they are written down on a node.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import hashlib
import json
import re
import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .errors import JournalError

FORMAT = 1
"""The format of what is written here; a journal of another one is not interpreted."""

DEAD_AFTER_SECONDS = 900
"""What a run that keeps its heartbeats while it works promises; one that only holds the lock for others promises more."""

MAX_ENTRY_CHARACTERS = 100_000
"""A value far below the message size that hosts accept (MaxEnvelopeSizekb 500, wsman-cim.md 9)."""

MAX_REASON_CHARACTERS = 500
MAX_NAME_CHARACTERS = 256
MAX_INSTALLED = 500
MAX_RUNS = 20
MAX_HOTFIX_CHARACTERS = 60_000
MAX_FAILED_CHARACTERS = 10_000
"""What the paths of hotfixes may take of an entry; of more, the oldest are written as digests."""

_DIGEST_CHARACTERS = 16


class Phase(enum.StrEnum):
    """How far a run is with a node."""

    LOCKED = "locked"
    STAGED = "staged"
    DRAINING = "draining"
    DRAINED = "drained"
    INSTALLING = "installing"
    RESTARTING = "restarting"
    RESTARTED = "restarted"
    RESUMING = "resuming"
    RESUMED = "resumed"
    LEFT_OUT = "left_out"
    DONE = "done"


_TURN_PHASES = frozenset({Phase.DRAINING, Phase.DRAINED, Phase.INSTALLING, Phase.RESTARTING, Phase.RESTARTED, Phase.RESUMING})


@dataclass(frozen=True)
class RunOwner:
    """Who drives a run.

    Args:
        run_id: the run's id.
        controller: host name of the controller.
        user: who started it there.
        started_at: the controller's time, for people.
        process: the process on the controller that drives it, empty when nobody wrote it down.
        took_over: the dead runs whose work it goes on with.
        forced_by: who said in its stead that they are dead, None when the evidence said so.
        dead_after: for how long it may show no sign of life before others take it for dead, in seconds of a node's clock.
    """

    run_id: str
    controller: str
    user: str
    started_at: datetime
    process: str = ""
    took_over: tuple[str, ...] = ()
    forced_by: str | None = None
    dead_after: int = DEAD_AFTER_SECONDS


@dataclass(frozen=True)
class RunEntry:
    """What the journal on one node says about a run.

    Args:
        owner: who drives it.
        cluster: name of the cluster that it updates.
        heartbeat: its last sign of life, by that node's clock.
        age_seconds: how old that is by the same clock; below 0 when the clock was set back.
        is_released: whether the run has ended, and the entry stands only for nodes that it left out of service.
        is_stopped: whether its controller was stopped, by Ctrl-C for instance, and drives it no more.
    """

    owner: RunOwner
    cluster: str
    heartbeat: datetime
    age_seconds: float
    is_released: bool = False
    is_stopped: bool = False

    @property
    def read_at(self) -> datetime:
        """The time of that node's clock at which it was read."""
        return self.heartbeat + timedelta(seconds=self.age_seconds)


@dataclass(frozen=True)
class ClusterEntry:
    """What a run has done to the cluster as a whole.

    Args:
        cau_role_offline: the clustered role of Microsoft's own CAU that the run took offline, None when it did not.
    """

    cau_role_offline: str | None = None


@dataclass(frozen=True)
class StopRecord:
    """That somebody asked a run to stop at its next safe point.

    Args:
        controller: host name of the controller from which it was asked.
        user: who asked there.
        asked_at: the time of the node that it stands on, for people.
    """

    controller: str
    user: str
    asked_at: datetime

    def sentence(self) -> str:
        """Return it in words."""
        return f"{self.user} on {self.controller} asked the run to stop at {self.asked_at:%H:%M} UTC"


@dataclass(frozen=True)
class NodeEntry:
    """What a run has done to one node.

    Args:
        node: the node, as the cluster spells it.
        phase: how far the run is with it.
        was_paused_before: whether it was paused when the run came to it; None before anybody looked.
        paused_by_us: whether this run asked for the pause and has not resumed it.
        left_from: how far the run was with it when it left it out of service, None as long as it has not.
        reason: why it was left out, or what it waits for.
        boot_time: its boot time before the restart that was asked.
        batch: update ids of the batch whose outcome is open.
        installed: update ids that this run installed, oldest first.
        restart_due: whether something that this run installed asks for a restart that has not been made.
        services_before: names of the services that ran before the drain.
        online_groups_before: names of the clustered groups that were online before the drain.
        attempts: how often an attempt on this node was begun.
        rounds: how many rounds with an installation it has had.
        installer: path of the hotfix whose installer was started and is not known to have ended.
        installer_image: name of that installer's process.
        hotfixes: paths below the hotfix root folder of the hotfixes that were applied or had nothing to do, oldest first; the one whose
            installer is open is the last.
        failed_hotfixes: paths of those that failed; a run that takes this one over tries them again.
        unknown_hotfixes: paths of those whose outcome nobody knows; they are never tried again by a run that remembers them.
        changed_at: the controller's time of the last change, for people.
        sequence: counts the changes, so that the newer of two copies is known.
    """

    node: str
    phase: Phase = Phase.LOCKED
    was_paused_before: bool | None = None
    paused_by_us: bool = False
    left_from: Phase | None = None
    reason: str | None = None
    boot_time: datetime | None = None
    batch: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    restart_due: bool = False
    services_before: tuple[str, ...] = ()
    online_groups_before: tuple[str, ...] = ()
    attempts: int = 0
    rounds: int = 0
    installer: str | None = None
    installer_image: str | None = None
    hotfixes: tuple[str, ...] = ()
    failed_hotfixes: tuple[str, ...] = ()
    unknown_hotfixes: tuple[str, ...] = ()
    changed_at: datetime | None = None
    sequence: int = 0

    @property
    def holds_turn(self) -> bool:
        """Whether the node is out of service because of this run, or about to be, so that its node session is the turn."""
        return self.paused_by_us or self.phase in _TURN_PHASES

    def has_dealt_with(self, hotfix: str) -> bool:
        """Return whether this run has dealt with a hotfix.

        Args:
            hotfix: its path below the hotfix root folder.
        """
        known = {path.casefold() for path in (*self.hotfixes, *self.failed_hotfixes, *self.unknown_hotfixes)}
        return hotfix.casefold() in known or _digest(hotfix) in known


class EntryChanges(t.TypedDict, total=False):
    """The fields of a NodeEntry that a step may change."""

    phase: Phase
    was_paused_before: bool | None
    paused_by_us: bool
    reason: str | None
    boot_time: datetime | None
    batch: tuple[str, ...]
    installed: tuple[str, ...]
    restart_due: bool
    services_before: tuple[str, ...]
    online_groups_before: tuple[str, ...]
    attempts: int
    rounds: int
    installer: str | None
    installer_image: str | None
    hotfixes: tuple[str, ...]
    failed_hotfixes: tuple[str, ...]
    unknown_hotfixes: tuple[str, ...]


def age_order(entry: NodeEntry) -> tuple[int, float]:
    """Return what sorts the copies of an entry from old to new.

    The time decides between two with the same number: a change that only one place took, and another that only the other took.
    """
    return entry.sequence, entry.changed_at.timestamp() if entry.changed_at is not None else 0.0


def encode_owner(owner: RunOwner, cluster: str) -> str:
    """Return the text of a run's own entry."""
    return _dump(
        {
            "run_id": owner.run_id,
            "cluster": _line(cluster, MAX_NAME_CHARACTERS),
            "controller": _line(owner.controller, MAX_NAME_CHARACTERS),
            "user": _line(owner.user, MAX_NAME_CHARACTERS),
            "started_at": encode_moment(owner.started_at),
            "process": _line(owner.process, MAX_NAME_CHARACTERS),
            "took_over": list(owner.took_over[-MAX_RUNS:]),
            "forced_by": None if owner.forced_by is None else _line(owner.forced_by, MAX_NAME_CHARACTERS),
            "dead_after": owner.dead_after,
        }
    )


def decode_owner(text: str) -> tuple[RunOwner, str]:
    """Return who drives a run, and its cluster.

    Raises:
        JournalError: the text is no entry of a run.
    """
    record = _load(text)
    owner = RunOwner(
        run_id=_field(record, "run_id", _text),
        controller=_field(record, "controller", _text),
        user=_field(record, "user", _text),
        started_at=_field(record, "started_at", _moment),
        process=_field(record, "process", _text, ""),
        took_over=_field(record, "took_over", _texts, ()),
        forced_by=_field(record, "forced_by", _optional(_text), None),
        dead_after=_field(record, "dead_after", _count, DEAD_AFTER_SECONDS),
    )
    return owner, _field(record, "cluster", _text)


def encode_cluster(entry: ClusterEntry) -> str:
    """Return the text of what a run has done to the cluster."""
    role = entry.cau_role_offline
    return _dump({"cau_role_offline": None if role is None else _line(role, MAX_NAME_CHARACTERS)})


def decode_cluster(text: str) -> ClusterEntry:
    """Return what a run has done to the cluster.

    Raises:
        JournalError: the text is no such entry.
    """
    return ClusterEntry(cau_role_offline=_field(_load(text), "cau_role_offline", _optional(_text), None))


def encode_stop(record: StopRecord) -> str:
    """Return the text of a request to stop."""
    names = {"controller": record.controller, "user": record.user}
    return _dump({name: _line(text, MAX_NAME_CHARACTERS) for name, text in names.items()} | {"asked_at": encode_moment(record.asked_at)})


def decode_stop(text: str) -> StopRecord:
    """Return a request to stop.

    Raises:
        JournalError: the text is none.
    """
    record = _load(text)
    return StopRecord(
        controller=_field(record, "controller", _text), user=_field(record, "user", _text), asked_at=_field(record, "asked_at", _moment)
    )


def encode_entry(entry: NodeEntry) -> str:
    """Return the text of a node's entry.

    Raises:
        JournalError: it is longer than an entry may be.
    """
    text = _dump(
        {
            "node": entry.node,
            "phase": entry.phase.value,
            "was_paused_before": entry.was_paused_before,
            "paused_by_us": entry.paused_by_us,
            "left_from": None if entry.left_from is None else entry.left_from.value,
            "reason": None if entry.reason is None else _line(entry.reason, MAX_REASON_CHARACTERS),
            "boot_time": None if entry.boot_time is None else encode_moment(entry.boot_time),
            "batch": list(entry.batch),
            # An update that was installed long ago in a run and is offered again is found by the rounds of its own task.
            "installed": list(entry.installed[-MAX_INSTALLED:]),
            "restart_due": entry.restart_due,
            "services_before": list(entry.services_before),
            "online_groups_before": list(entry.online_groups_before),
            "attempts": entry.attempts,
            "rounds": entry.rounds,
            "installer": entry.installer,
            "installer_image": entry.installer_image,
            "hotfixes": _shortened(entry.hotfixes, MAX_HOTFIX_CHARACTERS),
            "failed_hotfixes": _shortened(entry.failed_hotfixes, MAX_FAILED_CHARACTERS),
            "unknown_hotfixes": list(entry.unknown_hotfixes),
            "changed_at": None if entry.changed_at is None else encode_moment(entry.changed_at),
            "sequence": entry.sequence,
        }
    )
    if len(text) > MAX_ENTRY_CHARACTERS:
        raise JournalError(
            f"the journal entry of {entry.node} would have {len(text)} characters, more than the {MAX_ENTRY_CHARACTERS} that it may have",
            node=entry.node,
            operation="journal",
            remedy="Install fewer updates in one batch, or fewer hotfixes in one run",
        )
    return text


def decode_entry(text: str) -> NodeEntry:
    """Return a node's entry.

    Raises:
        JournalError: the text is no entry of a node.
    """
    record = _load(text)
    return NodeEntry(
        node=_field(record, "node", _text),
        phase=_field(record, "phase", _phase),
        was_paused_before=_field(record, "was_paused_before", _optional(_boolean)),
        paused_by_us=_field(record, "paused_by_us", _boolean),
        left_from=_field(record, "left_from", _optional(_phase), None),
        reason=_field(record, "reason", _optional(_text)),
        boot_time=_field(record, "boot_time", _optional(_moment)),
        batch=_field(record, "batch", _texts),
        installed=_field(record, "installed", _texts),
        restart_due=_field(record, "restart_due", _boolean, False),
        services_before=_field(record, "services_before", _texts),
        online_groups_before=_field(record, "online_groups_before", _texts),
        attempts=_field(record, "attempts", _count),
        rounds=_field(record, "rounds", _count),
        # An entry from before there were hotfixes has none of these.
        installer=_field(record, "installer", _optional(_text), None),
        installer_image=_field(record, "installer_image", _optional(_text), None),
        hotfixes=_field(record, "hotfixes", _texts, ()),
        failed_hotfixes=_field(record, "failed_hotfixes", _texts, ()),
        unknown_hotfixes=_field(record, "unknown_hotfixes", _texts, ()),
        changed_at=_field(record, "changed_at", _optional(_moment)),
        sequence=_field(record, "sequence", _count),
    )


def encode_moment(moment: datetime) -> str:
    """Return a moment as the journal writes it: ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat()


def decode_moment(text: str) -> datetime:
    """Return a moment of the journal.

    Raises:
        JournalError: the text is no moment, or names no time zone.
    """
    try:
        return _moment(text)
    except (ValueError, OverflowError):
        raise JournalError(f"the journal holds something that is no time: {text[:40]!r}", operation="journal") from None


_Value = t.TypeVar("_Value")


def _dump(record: Mapping[str, object]) -> str:
    # Escaped throughout, so that no character in it is one that XML forbids.
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"))


def _load(text: str) -> Mapping[str, object]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise JournalError("the journal holds something that is no entry", operation="journal")
    return record


_REQUIRED: t.Final = object()


def _field(record: Mapping[str, object], name: str, read: Callable[[object], _Value], default: object = _REQUIRED) -> _Value:
    """Return a field; one with a default was added later, and an entry from before lacks it."""
    if default is not _REQUIRED and name not in record:
        return t.cast("_Value", default)
    try:
        return read(record[name])
    except (KeyError, ValueError, OverflowError):
        raise JournalError(f"the journal entry lacks {name}, or it is not what it should be", operation="journal") from None


def _optional(read: Callable[[object], _Value]) -> Callable[[object], _Value | None]:
    return lambda value: None if value is None else read(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _phase(value: object) -> Phase:
    return Phase(_text(value))


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError
    return tuple(_text(item) for item in value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def _digest(hotfix: str) -> str:
    return hashlib.sha256(hotfix.casefold().encode()).hexdigest()[:_DIGEST_CHARACTERS]


def _shortened(hotfixes: Sequence[str], limit: int) -> list[str]:
    """Return the paths, the oldest as digests where all of them in full would be too long."""
    written = list(hotfixes)
    lengths = [len(json.dumps(path)) for path in written]
    excess = sum(lengths) - limit
    for index, path in enumerate(hotfixes):
        if excess <= 0:
            break
        if lengths[index] > _DIGEST_CHARACTERS:
            written[index] = _digest(path)
            excess -= lengths[index] - _DIGEST_CHARACTERS
    return written


def _line(text: str, limit: int) -> str:
    """Return a text on one line, without control characters, cut to its limit."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)[:limit]
