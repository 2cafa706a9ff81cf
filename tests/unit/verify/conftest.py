# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Worlds and coordinators for the tests."""

from __future__ import annotations

import pytest

from ..cau_lock.helpers import Coordinator
from ..fakes.world import FakeWorld


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld("HV01", ["node1", "node2", "node3"])


@pytest.fixture
def ours(world: FakeWorld) -> Coordinator:
    return Coordinator(world)
