# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pieces of a made-up run: a node after the other, one of which may fail or be left."""

from __future__ import annotations

import json
import typing as t
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.report.pieces import Kind, Piece, Pieces
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.report.record import Ending, build

RUN = "5c1f0b0e-0d3a-4c55-9a51-3f1d9c0f7a11"
START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs" / "run_report.schema.json").read_text(encoding="utf-8"))

Any: t.TypeAlias = t.Any


def stamp(seconds: float) -> dict[str, Any]:
    return {"at": (START + timedelta(seconds=seconds)).isoformat(), "clock": 1000.0 + seconds}


def begin(**changes: Any) -> Piece:
    piece = {
        **stamp(0),
        "kind": Kind.RUN,
        "rate": 1.0,
        "taken": stamp(2),
        "run_id": RUN,
        "cluster": "HV01",
        "nodes": {"node1": "hv-a", "node2": "hv-b"},
        "controller": "control1",
        "user": "alice",
        "process": "control1/boot/1/1",
        "took_over": [],
        "forced_by": None,
        "options": {"failback": "immediate"},
        "versions": {"collection": "0.2.0"},
    }
    return piece | changes


def entry(node: str, seconds: float, phase: str, **changes: Any) -> Piece:
    fields: dict[str, Any] = {"node": node, "phase": phase, "paused_by_us": phase in AWAY, "sequence": int(seconds)}
    fields |= {"reason": None, "rounds": 0, "attempts": 0, "restart_due": False}
    return {**stamp(seconds), "kind": Kind.ENTRY, "entry": fields | changes}


AWAY = frozenset({"drained", "installing", "restarting", "restarted", "resuming"})


def task(name: str, seconds: float, node: str = "node1", *, took: float = 1, error: Any = None, **result: Any) -> Piece:
    began = stamp(seconds - took)
    piece = {**stamp(seconds), "kind": Kind.TASK, "began_at": began["at"], "began": began["clock"], "task": name, "state": None}
    where = {"host": {"node1": "hv-a", "node2": "hv-b"}.get(node, "hv-a"), "node": node, "arguments": {}}
    return piece | where | {"result": result, "error": error, "traffic": {node: {"messages": 3, "bytes_sent": 30, "bytes_received": 60}}}


def failure(message: str = "it failed", kind: str = "UpdatesFailedError", **changes: Any) -> dict[str, Any]:
    fields = {"type": kind, "message": message, "operation": "install", "remedy": None, "code": None, "symbol": None, "meaning": None}
    return fields | changes


def outcome(node: str, seconds: float, state: str, reason: str | None = None, *, last: bool = False) -> Piece:
    told = {"node": node, "state": state, "reason": reason, "seconds": 60, "restarts": 1, "updates": 1}
    is_good = state not in {"failed", "left_out"}
    verdict: dict[str, Any] = {"succeeded": is_good, "is_last": last, "run_ends": last, "reason": reason, "summary": "HV01  x"}
    return task("node_outcome", seconds, node, outcome=told, **verdict)


def turn(node: str, seconds: float) -> list[Piece]:
    """Return the journal of a node whose turn lasts 50 seconds."""
    steps = ("draining", "drained", "installing", "resuming", "resumed")
    return [entry(node, seconds + 10 * number, phase) for number, phase in enumerate(steps)]


def end(seconds: float, *, is_released: bool = True) -> Piece:
    return {**stamp(seconds), "kind": Kind.END, "is_released": is_released}


def good() -> list[Piece]:
    """Return the pieces of a run in which all went well."""
    update = {"u1": {"title": "Update (KB1)", "kb": ["1"], "installed": True, "state": "installed", "reboot_required": True}}
    lines = [begin(), *turn("node1", 10), task("wua_install", 40, updates=update), outcome("node1", 51, "ok")]
    return [*lines, *turn("node2", 60), outcome("node2", 101, "ok", last=True), end(110)]


def built(lines: t.Sequence[Piece], damaged: tuple[int, ...] = (), **ending: Any) -> dict[str, Any]:
    """Return the record of some pieces, which fits the published schema."""
    record = build(Pieces(tuple(lines), damaged), Ending(**ending), {"node1": "hv-a", "node2": "hv-b"}, "HV01", "0.2.0")
    plain: dict[str, Any] = json.loads(json.dumps(record))
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(plain)
    return plain
