# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stage for every scenario test, closed at its end whatever happened."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.samba import Samba
from tests.harness.stage import Stage

from . import clusters
from .hotfixes import HotfixShare

Open = Callable[..., Stage]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens a stage for the given clusters, faults and rate."""
    with contextlib.ExitStack() as stack:

        def open_stage(*given: clusters.Data, faults: t.Sequence[clusters.Data] = (), rate: float = 60.0, **changes: t.Any) -> Stage:  # noqa: ANN401
            scenario = clusters.write(tmp_path / "scenario.yml", *given, faults=faults, **changes)
            return stack.enter_context(Stage(scenario, tmp_path, rate=rate, variables=clusters.ONE_ATTEMPT))

        yield open_stage


@pytest.fixture(scope="module")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    """One file server for the tests of a module."""
    with Samba(tmp_path_factory.mktemp("files") / "samba") as server:
        yield server


@pytest.fixture
def share(samba: Samba) -> HotfixShare:
    """A share of its own for a test, empty."""
    return HotfixShare(samba)
