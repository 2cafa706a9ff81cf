# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small and quick clusters for the scenario tests."""

from __future__ import annotations

import copy
import typing as t
from pathlib import Path

import yaml

CANARY = "C4nary&Pass'word"
USER = "svc-update"

Data = dict[str, t.Any]

ONE_ATTEMPT: Data = {"rolling_update_max_retries_per_node": 0}
"""For an inventory: a node that fails is not tried again, unless a test is about that."""

_TIMINGS = {
    "group_move": 2,
    "shutdown": 5,
    "down": 10,
    "services": 12,
    "join": 3,
    "scan": 2,
    "scan_per_update": 0,
    "servicing_tail": 1,
    "failover": 5,
    "jitter": 0,
}

UPDATE: Data = {
    "key": "cumulative",
    "kb": "KB5000001",
    "title": "2026-01 Cumulative Update for Microsoft server operating system (KB5000001)",
    "size_mb": 10,
    "download_seconds": 2,
    "install_seconds": 5,
    "restart": "required",
}

QUIET_UPDATE: Data = {
    "key": "framework",
    "kb": "KB5000002",
    "title": "2026-01 Cumulative Update for .NET Framework 4.8 (KB5000002)",
    "size_mb": 5,
    "download_seconds": 1,
    "install_seconds": 3,
    "restart": "never",
}


def cluster(name: str = "MIN01", size: int = 2, **changes: t.Any) -> Data:  # noqa: ANN401 - as YAML has it
    """Return a cluster with a witness, a role on each node and one update that asks for a restart."""
    names = [f"{name}-N{number}" for number in range(1, size + 1)]
    data: Data = {
        "name": name,
        "nodes": names,
        "quorum": {"witness": "file_share"},
        "timings": dict(_TIMINGS),
        "services": [{"name": "MSDTC", "start_seconds": 6}, {"name": "ClusSvc", "start_seconds": 4}],
        "groups": [{"name": f"{name}-VM{number}", "owner": owner} for number, owner in enumerate(names, 1)],
        "updates": [copy.deepcopy(UPDATE)],
    }
    return data | changes


def write(path: Path, *clusters: Data, faults: t.Sequence[Data] = (), **changes: t.Any) -> Path:  # noqa: ANN401
    """Write a scenario of these clusters, the minimal one when none is given."""
    data: Data = {"users": {USER: CANARY}, "clusters": list(clusters or (cluster(),)), "faults": list(faults)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data | changes, sort_keys=False), encoding="utf-8")
    return path
