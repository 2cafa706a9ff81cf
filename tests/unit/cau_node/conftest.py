# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster of three nodes whose run lock is ours, and the work on node1."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.fleet import NodeWork

from ..fakes.clock import FakeClock, RecordedProgress
from ..fakes.world import FakeMachine, FakeWorld
from .helpers import Bench, fake_update, make_bench


@pytest.fixture
def bench() -> Bench:
    return make_bench()


@pytest.fixture
def world(bench: Bench) -> FakeWorld:
    return bench.world


@pytest.fixture
def work(bench: Bench) -> NodeWork:
    return bench.work


@pytest.fixture
def node1(bench: Bench) -> FakeMachine:
    return bench.world.machine("node1")


@pytest.fixture
def clock(bench: Bench) -> FakeClock:
    return bench.clock


@pytest.fixture
def progress(bench: Bench) -> RecordedProgress:
    return bench.progress


@pytest.fixture
def offered(bench: Bench, node1: FakeMachine) -> Bench:
    """The cluster, with three updates for node1."""
    node1.offered = [fake_update(1), fake_update(2, "Servicing Stack Update (KB5000002)"), fake_update(3)]
    return bench


@pytest.fixture
def drained(offered: Bench) -> Bench:
    """The same with node1 drained and nothing in the log."""
    offered.drained()
    offered.world.log.clear()
    return offered
