# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record as a table: one line per update and hotfix, and one for a node without any; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import csv
import io
import typing as t
from collections.abc import Iterator, Mapping

from .files import Record

COLUMNS = (
    "run_id",
    "cluster",
    "run_state",
    "run_started_at",
    "node",
    "node_state",
    "node_reason",
    "node_restarts",
    "node_seconds",
    "plugin",
    "id",
    "kb",
    "title",
    "state",
    "code",
    "symbol",
    "meaning",
    "exit_code",
    "reason",
    "restart_required",
    "tries",
    "at",
)

# A spreadsheet takes a cell that begins so for a formula, and would compute what a title or a file name of somebody else says.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(record: Record) -> str:
    """Return a record as comma-separated values with a line of column names.

    Args:
        record: the record.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in _rows(record):
        writer.writerow([cell(row.get(name)) for name in COLUMNS])
    return file.getvalue()


def cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet computes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    text = " ".join(str(each) for each in value) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(record: Record) -> Iterator[Mapping[str, t.Any]]:
    run = record["run"]
    common = {"run_id": run["run_id"], "cluster": run["cluster"], "run_state": run["state"], "run_started_at": run["started_at"]}
    for node in record["nodes"]:
        of_node = common | {
            "node": node["node"],
            "node_state": node["state"],
            "node_reason": node["reason"],
            "node_restarts": node["restarts"],
            "node_seconds": node["seconds"],
        }
        yield from ({**item, **of_node, "state": item["state"]} for item in [*node["items"], *node["skipped"]] or [{"state": None}])
