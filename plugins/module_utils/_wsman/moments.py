# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM date, time and interval values in the three forms that Windows uses (wsman-cim.md 4).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_XML_MOMENT = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)T(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_DMTF_MOMENT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)\.(?P<fraction>\d{6})(?P<offset>[+-]\d{3})",
    re.ASCII,
)
_XML_INTERVAL = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.(?P<fraction>\d+))?S)?)?", re.ASCII
)
_DMTF_INTERVAL = re.compile(r"(?P<days>\d{8})(?P<hours>\d\d)(?P<minutes>\d\d)(?P<seconds>\d\d)\.(?P<fraction>\d{6}):000", re.ASCII)


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0")[:6].ljust(6, "0"))


def parse_moment(text: str) -> datetime:
    """Return the aware UTC time that an xs:dateTime with zone or a DMTF datetime string names.

    Raises:
        ValueError: it is neither, or names no time (asterisks, no zone, month 13).
    """
    match = _XML_MOMENT.fullmatch(text)
    if match:
        zone_text = match["zone"]
        minutes = 0 if zone_text == "Z" else int(zone_text[1:3]) * 60 + int(zone_text[4:6])
        sign = -1 if zone_text.startswith("-") else 1
    else:
        match = _DMTF_MOMENT.fullmatch(text)
        if not match:
            raise ValueError("no date and time with a zone")
        minutes = abs(int(match["offset"]))
        sign = -1 if match["offset"].startswith("-") else 1
    numbers = [int(match[name]) for name in ("year", "month", "day", "hour", "minute", "second")]
    zone = timezone(sign * timedelta(minutes=minutes))
    try:
        return datetime(*numbers, _microseconds(match["fraction"]), tzinfo=zone).astimezone(UTC)  # type: ignore[misc,arg-type]
    except OverflowError:
        raise ValueError("a date and time beyond the calendar") from None


def parse_interval(text: str) -> timedelta:
    """Return the length that an xs:duration without years and months, or a DMTF interval string, names.

    Raises:
        ValueError: it is neither, or is longer than can be told.
    """
    match = _XML_INTERVAL.fullmatch(text)
    if match is None or text[-1] in "PT":
        match = _DMTF_INTERVAL.fullmatch(text)
    if match is None:
        raise ValueError("no interval")
    numbers = {name: int(match[name] or 0) for name in ("days", "hours", "minutes", "seconds")}
    try:
        return timedelta(**numbers, microseconds=_microseconds(match["fraction"]))
    except OverflowError:
        raise ValueError("an interval beyond sense") from None


def format_moment(moment: datetime) -> str:
    """Return an aware time as xs:dateTime in UTC, its fraction trimmed as Windows does.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    text = utc.isoformat(timespec="microseconds" if utc.microsecond else "seconds")
    return (text.rstrip("0") if utc.microsecond else text) + "Z"


def format_interval(interval: timedelta) -> str:
    """Return an interval as xs:duration with days, hours, minutes and seconds.

    Raises:
        ValueError: the interval is negative.
    """
    if interval < timedelta():
        raise ValueError("a negative interval")
    minutes, seconds = divmod(interval.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{interval.microseconds:06d}".rstrip("0") if interval.microseconds else ""
    return f"P{interval.days}DT{hours}H{minutes}M{seconds}{fraction}S"
