# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.moments import (
    format_interval,
    format_moment,
    parse_interval,
    parse_moment,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01T10:00:00Z", datetime(2024, 3, 1, 10, tzinfo=UTC)),
        ("2024-03-01T10:00:00.5Z", datetime(2024, 3, 1, 10, 0, 0, 500000, tzinfo=UTC)),
        ("2024-03-01T10:00:00.1234567Z", datetime(2024, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2024-03-01T10:00:00+02:00", datetime(2024, 3, 1, 8, tzinfo=UTC)),
        ("2024-03-01T10:00:00-05:30", datetime(2024, 3, 1, 15, 30, tzinfo=UTC)),
        ("20240301100000.000000+120", datetime(2024, 3, 1, 8, tzinfo=UTC)),
        ("20240301100000.250000-060", datetime(2024, 3, 1, 11, 0, 0, 250000, tzinfo=UTC)),
    ],
)
def test_moment_in_each_form_is_read(text: str, expected: datetime) -> None:
    assert parse_moment(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-03-01T10:00:00",
        "2024-13-01T10:00:00Z",
        "2024-02-30T10:00:00Z",
        "20240301******.******+***",
        "0001-01-01T00:00:00+14:00",
        "٢٠٢٤-03-01T10:00:00Z",
        "2024-03-01T10:00:00Z ",
        "2024-03-01T10:00:00+99:99",
    ],
)
def test_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P0DT0H30M0S", timedelta(minutes=30)),
        ("PT1.5S", timedelta(seconds=1.5)),
        ("P2D", timedelta(days=2)),
        ("00000001020304.000005:000", timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=5)),
    ],
)
def test_interval_in_each_form_is_read(text: str, expected: timedelta) -> None:
    assert parse_interval(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "P1Y", "-PT1S", "P99999999999999D", "1"])
def test_interval_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_interval(text)


@given(st.datetimes(min_value=datetime(1602, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.timezones()))
def test_written_moment_reads_back_the_same(moment: datetime) -> None:
    assert parse_moment(format_moment(moment)) == moment.astimezone(UTC)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=99_999_999)))
def test_written_interval_reads_back_the_same(interval: timedelta) -> None:
    assert parse_interval(format_interval(interval)) == interval


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_moment, parse_interval):
        try:
            parse(text)
        except ValueError:
            continue


def test_moment_without_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_moment(datetime(2024, 1, 1))
