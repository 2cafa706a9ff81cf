# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for the storage after a node was out of service."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import StorageNotRepairedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.repair import wait_for_repair
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import Health, VirtualDisk

from .helpers import Bench

WHOLE = VirtualDisk("Volume1", Health.HEALTHY, (2,))
DAMAGED = VirtualDisk("Volume1", Health.WARNING, (11,))


@pytest.fixture
def damaged(bench: Bench) -> Bench:
    bench.world.info = replace(bench.world.info, s2d_enabled=True)
    bench.world.virtual_disks = [DAMAGED]
    return bench


def repaired_at(bench: Bench, seconds: float) -> None:
    def repair() -> None:
        if bench.clock.now() >= seconds:
            bench.world.virtual_disks = [WHOLE]

    bench.world.fault(None, "virtual_disks", when="act", count=99, then=repair)


def test_repair_is_waited_for(damaged: Bench) -> None:
    began = damaged.clock.now()
    repaired_at(damaged, began + 90)
    wait_for_repair(damaged.work, 600)
    assert 90 <= damaged.clock.now() - began < 150


def test_repair_that_takes_too_long_is_an_error_with_its_reason(damaged: Bench) -> None:
    with pytest.raises(StorageNotRepairedError, match="not repaired within 10 min: virtual disk Volume1 is warning"):
        wait_for_repair(damaged.work, 600)


def test_nothing_is_looked_at_unless_asked_for(damaged: Bench) -> None:
    damaged.world.log.clear()
    wait_for_repair(damaged.work, 0)
    assert not damaged.world.log


def test_storage_that_cannot_be_read_is_not_whole(damaged: Bench) -> None:
    damaged.world.fault(None, "info", when="silent", count=99)
    with pytest.raises(StorageNotRepairedError, match="no answer"):
        wait_for_repair(damaged.work, 60)
