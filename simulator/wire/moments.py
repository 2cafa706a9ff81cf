# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dates, intervals and durations in the forms of this wire (wsman-cim.md 2, 4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_DURATION = re.compile(
    r"(?P<sign>-)?P(?=[\dT])(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_DMTF_MOMENT = re.compile(r"(\d{14})\.(\d{6})([+-])(\d{3})")
_DMTF_INTERVAL = re.compile(r"(\d{8})(\d{2})(\d{2})(\d{2})\.(\d{6}):000")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?")


def parse_duration(text: str) -> timedelta:
    """Return an xs:duration.

    Raises:
        ValueError: garbled, negative, with years or months (which Windows does not support), or too long.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or match["sign"] or match["years"] or match["months"]:
        raise ValueError(f"not a usable duration: {text!r}")
    try:
        return timedelta(
            days=int(match["days"] or 0),
            hours=int(match["hours"] or 0),
            minutes=int(match["minutes"] or 0),
            seconds=float(match["seconds"] or 0),
        )
    except OverflowError:
        raise ValueError("duration too long") from None


def format_interval(value: timedelta) -> str:
    """Return an interval as cim:Interval has it, such as P0DT0H30M0S."""
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    return f"P{value.days}DT{hours}H{minutes}M{seconds}{fraction}S"


def format_moment(value: datetime) -> str:
    """Return a date as cim:Datetime has it: fraction trimmed, Z for UTC."""
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    offset = moment.strftime("%z")
    zone = "Z" if not moment.utcoffset() else f"{offset[:3]}:{offset[3:5]}"
    return moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + fraction + zone


def parse_moment(text: str) -> datetime:
    """Return a date given as xs:dateTime or in the DMTF string form.

    Raises:
        ValueError: neither of the two.
    """
    cleaned = text.strip()
    dmtf = _DMTF_MOMENT.fullmatch(cleaned)
    if dmtf:
        offset = timedelta(minutes=int(dmtf[4]) * (1 if dmtf[3] == "+" else -1))
        return datetime.strptime(dmtf[1] + dmtf[2], "%Y%m%d%H%M%S%f").replace(tzinfo=timezone(offset)).astimezone(UTC)
    plain = _MOMENT.fullmatch(cleaned)
    if plain is None:
        raise ValueError(f"not a date: {text!r}")
    # A date without zone is the host's local time; the twin's hosts live in UTC.
    zone = plain[3] if plain[3] and plain[3] != "Z" else "+00:00"
    return datetime.fromisoformat(f"{plain[1]}.{(plain[2] or '0')[:6].ljust(6, '0')}{zone}").astimezone(UTC)


def parse_interval(text: str) -> timedelta:
    """Return an interval given as cim:Interval or in the DMTF string form.

    Raises:
        ValueError: neither of the two.
    """
    dmtf = _DMTF_INTERVAL.fullmatch(text.strip())
    if dmtf:
        days, hours, minutes, seconds, micros = (int(part) for part in dmtf.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)
    return parse_duration(text)


def dmtf_moment(value: datetime) -> str:
    """Return a date in the DMTF string form, which CIM-XML and WQL use."""
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    offset = moment.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    return f"{moment:%Y%m%d%H%M%S}.{moment.microsecond:06d}{'-' if minutes < 0 else '+'}{abs(minutes):03d}"


def dmtf_interval(value: timedelta) -> str:
    """Return an interval in the DMTF string form."""
    hours, rest = divmod(value.seconds, 3600)
    return f"{value.days:08d}{hours:02d}{rest // 60:02d}{rest % 60:02d}.{value.microseconds:06d}:000"
