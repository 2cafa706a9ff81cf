# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clusters of the torture tests: small, quick, and with everything in them that can go wrong."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

from tests.scenario import clusters

CLUSTER = "MIN01"
NODES = tuple(f"{CLUSTER}-N{number}" for number in (1, 2, 3))
SPARE = f"{CLUSTER}-N4"
DISK = "Volume1"

RATE = 60.0
"""Twin seconds per real second: what the machine does meanwhile stays small beside every timer."""


@dataclass(frozen=True)
class Scene:
    """A cluster to torture.

    Args:
        name: of its folder.
        data: the cluster of the scenario.
        hidden: machines that the inventory does not name.
    """

    name: str
    data: clusters.Data
    hidden: frozenset[str] = frozenset()

    def write(self, folder: Path) -> Path:
        """Write the scenario file and return its path."""
        return clusters.write(folder / "scenario.yml", copy.deepcopy(self.data))


TWO_ROUNDS = Scene(
    "two-rounds",
    clusters.cluster(CLUSTER, size=3, updates=[clusters.UPDATE, clusters.QUIET_UPDATE | {"requires": ["cumulative"]}]),
)
"""The second update is offered only after the restart that the first one asks for."""

ONE_ROUND = Scene(
    "one-round",
    clusters.cluster(
        CLUSTER,
        size=3,
        nodes=[*NODES, {"name": SPARE, "member": False}],
        storage={"s2d": True, "virtual_disks": [DISK], "repair_seconds": 5},
    ),
    hidden=frozenset({SPARE}),
)
"""With storage to degrade, and a machine that may be added."""
