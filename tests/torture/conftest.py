# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the chosen part of the torture shares: one run whose deaths are tried, and a lane for each scene."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from .cases import Player
from .past import Past
from .scenes import TWO_ROUNDS


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Past:
    """Return the run whose deaths are tried; all workers share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "past"
    with Path(f"{folder}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Past(folder) if (folder / "marks.json").exists() else Past.play(TWO_ROUNDS, folder)


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    """Return what plays the cases of this worker."""
    with Player(tmp_path_factory.mktemp("torture")) as player:
        yield player
