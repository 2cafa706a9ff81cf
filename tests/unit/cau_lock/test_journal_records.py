# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How journal entries are written down."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import JournalError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_format import (
    MAX_ENTRY_CHARACTERS,
    MAX_INSTALLED,
    MAX_REASON_CHARACTERS,
    decode_cluster,
    decode_entry,
    decode_moment,
    decode_owner,
    decode_stop,
    encode_cluster,
    encode_entry,
    encode_moment,
    encode_owner,
    encode_stop,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.journal_records import (
    ClusterEntry,
    NodeEntry,
    Phase,
    RunOwner,
    StopRecord,
)
from hypothesis import given
from hypothesis import strategies as st

LINES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
NAMES = st.lists(st.text(max_size=30), max_size=5).map(tuple)
ENTRIES = st.builds(
    NodeEntry,
    node=st.text(min_size=1, max_size=15),
    phase=st.sampled_from(Phase),
    was_paused_before=st.none() | st.booleans(),
    paused_by_us=st.booleans(),
    left_from=st.none() | st.sampled_from(Phase),
    reason=st.none() | LINES,
    boot_time=st.none() | MOMENTS,
    batch=NAMES,
    installed=NAMES,
    restart_due=st.booleans(),
    services_before=NAMES,
    online_groups_before=NAMES,
    attempts=st.integers(0, 99),
    rounds=st.integers(0, 99),
    installer=st.none() | LINES,
    installer_image=st.none() | LINES,
    hotfixes=NAMES,
    failed_hotfixes=NAMES,
    unknown_hotfixes=NAMES,
    hooks_open=st.booleans(),
    plugin=st.none() | LINES,
    plugin_updates=NAMES,
    plugin_installed=NAMES,
    plugin_rounds=NAMES,
    changed_at=st.none() | MOMENTS,
    sequence=st.integers(0, 10**6),
)


@given(ENTRIES)
def test_entry_survives_writing_and_reading(entry: NodeEntry) -> None:
    assert decode_entry(encode_entry(entry)) == entry


@given(ENTRIES)
def test_entry_holds_printable_ascii_only(entry: NodeEntry) -> None:
    assert all(" " <= character <= "~" for character in encode_entry(entry))


@given(LINES, LINES, LINES, MOMENTS)
def test_owner_survives_writing_and_reading(controller: str, user: str, cluster: str, moment: datetime) -> None:
    owner = RunOwner("5c1f0b0e-0000-4000-8000-000000000000", controller, user, moment)
    assert decode_owner(encode_owner(owner, cluster)) == (owner, cluster)


@given(LINES, NAMES, st.none() | LINES, st.integers(900, 10**6))
def test_owner_that_took_over_survives_writing_and_reading(process: str, runs: tuple[str, ...], forced_by: str | None, limit: int) -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    owner = RunOwner("5c1f0b0e-0000-4000-8000-000000000000", "c", "u", moment, process, runs, forced_by, limit)
    assert decode_owner(encode_owner(owner, "HV01")) == (owner, "HV01")


def test_records_of_an_earlier_version_get_their_defaults() -> None:
    owner = json.loads(encode_owner(RunOwner("5c1f0b0e-0000-4000-8000-000000000000", "c", "u", datetime(2026, 3, 1, tzinfo=UTC)), "HV01"))
    entry = json.loads(encode_entry(NodeEntry("node1")))
    for name in ("process", "took_over", "forced_by", "dead_after"):
        del owner[name]
    del entry["left_from"], entry["restart_due"]
    decoded, _cluster = decode_owner(json.dumps(owner))
    assert (decoded.process, decoded.took_over, decoded.forced_by, decoded.dead_after) == ("", (), None, 900)
    assert decode_entry(json.dumps(entry)) == NodeEntry("node1")


@given(st.builds(ClusterEntry, st.none() | LINES))
def test_what_was_done_to_the_cluster_survives_writing_and_reading(entry: ClusterEntry) -> None:
    assert decode_cluster(encode_cluster(entry)) == entry


@given(st.builds(StopRecord, LINES, LINES, MOMENTS))
def test_request_to_stop_survives_writing_and_reading(record: StopRecord) -> None:
    assert decode_stop(encode_stop(record)) == record


@given(st.text())
def test_any_text_is_a_record_or_a_journal_error(text: str) -> None:
    for decode in (decode_cluster, decode_stop, decode_owner):
        with contextlib.suppress(JournalError):
            decode(text)


@given(st.text(max_size=200) | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_an_entry_or_a_journal_error(text: str) -> None:
    for decode in (decode_entry, decode_owner, decode_moment):
        with pytest.raises(JournalError):
            decode(text)


@given(ENTRIES, st.data())
def test_entry_with_one_wrong_value_is_a_journal_error_or_an_entry(entry: NodeEntry, data: st.DataObject) -> None:
    record = json.loads(encode_entry(entry))
    name = data.draw(st.sampled_from(sorted(record)))
    record[name] = data.draw(st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers(), min_size=1))
    with contextlib.suppress(JournalError):
        assert isinstance(decode_entry(json.dumps(record)), NodeEntry)


def test_deeply_nested_text_is_a_journal_error() -> None:
    with pytest.raises(JournalError):
        decode_entry("[" * 100_000)


def test_newer_fields_are_read_past() -> None:
    record = json.loads(encode_entry(NodeEntry("node1")))
    record["mood"] = "fine"
    assert decode_entry(json.dumps(record)) == NodeEntry("node1")


def test_reason_is_one_bounded_line() -> None:
    entry = decode_entry(encode_entry(NodeEntry("node1", reason="first\r\nsecond\x00" + "x" * 1000)))
    assert entry.reason is not None
    assert entry.reason.startswith("first second x")
    assert len(entry.reason) == MAX_REASON_CHARACTERS


def test_oldest_installed_updates_are_forgotten_first() -> None:
    ids = tuple(str(number) for number in range(MAX_INSTALLED + 10))
    assert decode_entry(encode_entry(NodeEntry("node1", installed=ids))).installed == ids[10:]


def test_moment_is_written_in_utc() -> None:
    moment = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert encode_moment(moment) == "2026-02-28T23:30:00+00:00"
    assert decode_moment(encode_moment(moment)) == moment


@pytest.mark.parametrize("phase", [Phase.DRAINING, Phase.DRAINED, Phase.INSTALLING, Phase.RESTARTING, Phase.RESTARTED, Phase.RESUMING])
def test_node_out_of_service_holds_the_turn(phase: Phase) -> None:
    assert NodeEntry("node1", phase).holds_turn


def test_node_that_stays_paused_by_us_holds_the_turn() -> None:
    assert NodeEntry("node1", Phase.LEFT_OUT, paused_by_us=True).holds_turn


@pytest.mark.parametrize("phase", [Phase.LOCKED, Phase.STAGED, Phase.RESUMED, Phase.DONE])
def test_node_in_service_does_not_hold_the_turn(phase: Phase) -> None:
    assert not NodeEntry("node1", phase).holds_turn


def test_entry_from_before_there_were_hotfixes_has_none() -> None:
    record = json.loads(encode_entry(NodeEntry("N1", hotfixes=("a.msu",), installer="x", installer_image="y")))
    for name in ("installer", "installer_image", "hotfixes", "failed_hotfixes", "unknown_hotfixes", "restart_due"):
        del record[name]
    assert decode_entry(json.dumps(record)) == NodeEntry("N1")


@pytest.mark.parametrize(
    ("name", "value"),
    [("installer", 5), ("installer_image", []), ("hotfixes", "a.msu"), ("hotfixes", [1]), ("restart_due", 1)],
)
def test_hotfix_field_that_is_not_what_it_should_be_is_refused(name: str, value: object) -> None:
    record = json.loads(encode_entry(NodeEntry("N1"))) | {name: value}
    with pytest.raises(JournalError, match=name):
        decode_entry(json.dumps(record))


def test_thousands_of_hotfixes_fit_into_an_entry_and_are_remembered() -> None:
    hotfixes = tuple(rf"CAUHotfix_All\Ünnötig langer Name des Herstellers {number:05}.msu" for number in range(2500))
    text = encode_entry(NodeEntry("N1", hotfixes=hotfixes))
    entry = decode_entry(text)
    assert len(text) <= MAX_ENTRY_CHARACTERS
    assert all(entry.has_dealt_with(path.upper()) for path in hotfixes)
    assert entry.hotfixes[-1] == hotfixes[-1]
    assert not entry.has_dealt_with("another.msu")
