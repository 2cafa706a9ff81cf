# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the journal's records are written down on a node, and read.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from .errors import JournalError
from .journal_records import DEAD_AFTER_SECONDS, DIGEST_CHARACTERS, ClusterEntry, NodeEntry, Phase, RunOwner, StopRecord, digest_of

FORMAT = 1
"""The format of what is written here; a journal of another one is not interpreted."""

MAX_ENTRY_CHARACTERS = 100_000
"""A value far below the message size that hosts accept (MaxEnvelopeSizekb 500, wsman-cim.md 9)."""

MAX_REASON_CHARACTERS = 500
MAX_NAME_CHARACTERS = 256
MAX_INSTALLED = 500
MAX_RUNS = 20
MAX_HOTFIX_CHARACTERS = 60_000
MAX_FAILED_CHARACTERS = 10_000
MAX_PLUGIN_CHARACTERS = 10_000
"""What the paths of hotfixes, and the updates of plug-ins, may take of an entry; of more, the oldest are written as digests."""


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
            "undrained": entry.undrained,
            "taken_offline": list(entry.taken_offline),
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
            "hooks_open": entry.hooks_open,
            "plugin": entry.plugin,
            "plugin_updates": list(entry.plugin_updates),
            "plugin_installed": _shortened(entry.plugin_installed[-MAX_INSTALLED:], MAX_PLUGIN_CHARACTERS),
            "plugin_rounds": list(entry.plugin_rounds),
            "changed_at": None if entry.changed_at is None else encode_moment(entry.changed_at),
            "phase_since": None if entry.phase_since is None else encode_moment(entry.phase_since),
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
        undrained=_field(record, "undrained", _boolean, False),
        taken_offline=_field(record, "taken_offline", _texts, ()),
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
        # Nor had one from before there were hooks and own plug-ins any of these.
        hooks_open=_field(record, "hooks_open", _boolean, False),
        plugin=_field(record, "plugin", _optional(_text), None),
        plugin_updates=_field(record, "plugin_updates", _texts, ()),
        plugin_installed=_field(record, "plugin_installed", _texts, ()),
        plugin_rounds=_field(record, "plugin_rounds", _texts, ()),
        changed_at=_field(record, "changed_at", _optional(_moment)),
        phase_since=_field(record, "phase_since", _optional(_moment), None),
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


def _shortened(hotfixes: Sequence[str], limit: int) -> list[str]:
    """Return the paths, the oldest as digests where all of them in full would be too long."""
    written = list(hotfixes)
    lengths = [len(json.dumps(path)) for path in written]
    excess = sum(lengths) - limit
    for index, path in enumerate(hotfixes):
        if excess <= 0:
            break
        if lengths[index] > DIGEST_CHARACTERS:
            written[index] = digest_of(path)
            excess -= lengths[index] - DIGEST_CHARACTERS
    return written


def _line(text: str, limit: int) -> str:
    """Return a text on one line, without control characters, cut to its limit."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)[:limit]
