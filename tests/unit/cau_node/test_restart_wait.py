# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.restart_wait import Boot

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moved", "uptime", "is_restart"),
    [
        (0, 1100, False),
        (3, 1097, False),
        (60, 1100, False),  # the clock was set: the boot time moved, the uptime went on
        (-3600, 1100, False),
        (1060, 40, True),
        (-9000, 40, True),
    ],
)
def test_a_restart_needs_a_new_boot_time_and_a_short_uptime(moved: float, uptime: float, is_restart: bool) -> None:
    before = Boot(START, 1000, 0)

    assert before.is_before(Boot(START + timedelta(seconds=moved), uptime, 100)) is is_restart
