# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster of three nodes and a playbook over them."""

from __future__ import annotations

import pytest

from ..fakes.world import FakeWorld
from .playbook import Playbook


@pytest.fixture
def world() -> FakeWorld:
    """The cluster HV01 with node1, node2 and node3, and a role on node1."""
    made = FakeWorld("HV01", ["node1", "node2", "node3"])
    made.add_group("web01", "node1")
    return made


@pytest.fixture
def playbook(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> Playbook:
    """A playbook over the hosts hv-a, hv-b and hv-c, which are node1, node2 and node3."""
    return Playbook(world, {"hv-a": "node1", "hv-b": "node2", "hv-c": "node3"}, monkeypatch)
