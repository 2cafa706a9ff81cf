# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record as a page: one file of HTML without scripts and without anything from a network.

Jinja2 comes with ansible-core, so that the page is made here and not in module_utils.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import math
import typing as t
from collections.abc import Mapping
from pathlib import Path

import jinja2

from ..module_utils._cau.report.files import Record
from ..module_utils._cau.report.moments import moment
from ..module_utils._cau.waiting import duration

_TEMPLATE = "_report_page.html.j2"

# What takes the node out of service is drawn high and in colours of its own, everything else as a thin line.
_AWAY = ("draining", "drained", "installing", "restarting", "restarted", "resuming", "left_out")

_BAD_NODES = ("left_out", "failed", "unfinished", "not_reached")

# Steps of the axis that people count in, in seconds.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_TICKS = 6

_BAD_ITEMS = frozenset({"failed", "canceled", "unknown"})


def to_html(record: Record) -> str:
    """Return a record as a page.

    Args:
        record: the record.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": _duration, "moment": _moment, "words": _words, "clock": _clock, "size": _size}
    nodes = sorted(record["nodes"], key=_severity)
    return environment.get_template(_TEMPLATE).render(
        record=record,
        run=record["run"],
        bad=[node for node in nodes if node["state"] in _BAD_NODES],
        good=[node for node in nodes if node["state"] not in _BAD_NODES],
        rows=timeline(record),
        ticks=ticks(_length(record)),
        bad_items=_BAD_ITEMS,
        bad_nodes=_BAD_NODES,
        codes=_codes(record),
    )


def timeline(record: Record) -> list[dict[str, t.Any]]:
    """Return the bars of each node, in the order of their turns, with begin and width in percent of the run.

    Args:
        record: the record.
    """
    length = _length(record)
    rows = []
    for node in sorted(record["nodes"], key=_turn):
        bars = []
        for phase in node["phases"]:
            end = phase["after_seconds"] + phase["seconds"] if phase["seconds"] is not None else _end(record, phase)
            if phase["phase"] not in _AWAY and phase["phase"] != "staged":
                continue
            left = 100 * phase["after_seconds"] / length
            bars.append(
                {
                    "phase": phase["phase"],
                    "is_away": phase["phase"] in _AWAY,
                    "is_open": phase["seconds"] is None,
                    "left": round(left, 3),
                    "width": round(max(0.4, 100 * (end - phase["after_seconds"]) / length), 3),
                    "begin": phase["after_seconds"],
                    "seconds": phase["seconds"],
                }
            )
        rows.append({"node": node["node"], "state": node["state"], "bars": bars, "is_out": node["is_out_of_service"]})
    return rows


def ticks(length: float) -> list[dict[str, t.Any]]:
    """Return the marks of the axis: round times after the begin of the run.

    Args:
        length: of the run, in seconds.
    """
    step = next((each for each in _STEPS if length / each <= _TICKS), 86400 * max(1, math.ceil(length / 86400 / _TICKS)))
    return [{"left": round(100 * at / length, 3), "text": _clock(at)} for at in range(0, math.floor(length) + 1, step)]


def _length(record: Record) -> float:
    return max(1.0, float(record["run"]["seconds"]))


def _end(record: Record, phase: Mapping[str, t.Any]) -> float:
    """Return where an open phase ends on the page: one in which the node serves has no length, any other lasts until the end."""
    return _length(record) if phase["phase"] in _AWAY else float(phase["after_seconds"])


def _turn(node: Mapping[str, t.Any]) -> tuple[bool, float, str]:
    away = node["out_of_service"]
    return not away, away[0]["after_seconds"] if away else 0.0, str(node["node"])


def _severity(node: Mapping[str, t.Any]) -> tuple[int, tuple[bool, float, str]]:
    return _BAD_NODES.index(node["state"]) if node["state"] in _BAD_NODES else len(_BAD_NODES), _turn(node)


def _codes(record: Record) -> list[dict[str, t.Any]]:
    """Return every code of the report once, with its symbol and meaning."""
    found: dict[str, dict[str, t.Any]] = {}
    for node in record["nodes"]:
        for each in [*node["items"], *node["errors"]]:
            if each["code"]:
                found.setdefault(each["code"], {name: each[name] for name in ("code", "symbol", "meaning")})
    return [found[code] for code in sorted(found)]


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def _moment(text: str | None) -> str:
    return f"{moment(text):%Y-%m-%d %H:%M:%S} UTC" if text else ""


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def _size(count: int) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count = count / 1000  # type: ignore[assignment] # a size in a larger unit
    raise AssertionError
