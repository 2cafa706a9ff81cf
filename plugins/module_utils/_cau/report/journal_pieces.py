# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the journal on the nodes tells of a run, in the form of pieces: it completes the record of a run that was killed.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from ..journal_records import NodeEntry
from ..recovery import FoundRun
from .pieces import Kind, Piece, Pieces


def entry_fields(entry: NodeEntry) -> dict[str, t.Any]:
    """Return a journal entry as plain data.

    Args:
        entry: the entry.
    """
    plain: dict[str, t.Any] = {}
    for part in fields(entry):
        value = getattr(entry, part.name)
        if isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, str):
            value = str(value)
        plain[part.name] = value
    return plain


def begin_piece(found: FoundRun | None, nodes: Mapping[str, str], cluster: str) -> Piece:
    """Return who drove a run as the piece that this controller lacks.

    Args:
        found: what the journal says.
        nodes: the inventory host of each node.
        cluster: its name.

    Raises:
        ValueError: the journal does not say who drove it.
    """
    if found is None or found.owner is None:
        raise ValueError("nothing says who drove the run")
    owner = found.owner
    return {
        "kind": Kind.RUN,
        "at": owner.started_at.isoformat(),
        "clock": None,
        "run_id": owner.run_id,
        "cluster": cluster,
        "nodes": dict(nodes),
        "controller": owner.controller,
        "user": owner.user,
        "process": owner.process,
        "took_over": list(owner.took_over),
        "forced_by": owner.forced_by,
    }


def entry_pieces(found: FoundRun, pieces: Pieces) -> list[Piece]:
    """Return the entries of the journal that are newer than what this controller remembers of the same nodes.

    Args:
        found: what the journal says.
        pieces: what the controller remembers.
    """
    known = {piece["entry"]["node"].casefold(): int(piece["entry"]["sequence"]) for piece in pieces.of(Kind.ENTRY)}
    newer = [entry for entry in found.entries if entry.sequence > known.get(entry.node.casefold(), -1)]
    return [
        {"kind": Kind.ENTRY, "at": entry.changed_at.isoformat(), "clock": None, "entry": entry_fields(entry)}
        for entry in newer
        if entry.changed_at is not None
    ]


def read_alone(pieces: Pieces) -> bool:
    """Return whether the journal is all that is known."""
    return pieces.run is None
