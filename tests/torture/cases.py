# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All cases, and what plays them."""

from __future__ import annotations

import contextlib
import re
import time
import types
import typing as t
from collections.abc import Iterable
from pathlib import Path

from .case import Case, Tried
from .crash import kill_cases, moment_cases, variant_cases
from .fault_runs import fault_cases
from .lane import Lane
from .orphans import orphan_cases
from .past import Past
from .rivals import pair_cases, wrong_use_cases


def all_cases(past: Past) -> list[Case]:
    """Return the full matrices.

    Args:
        past: a run of the scene with two rounds, whose deaths are tried.
    """
    deaths = [*moment_cases(past), *variant_cases(past), *kill_cases(past), *orphan_cases()]
    return [*deaths, *fault_cases(), *pair_cases(), *wrong_use_cases()]


def key(case: Case) -> str:
    """Return a text by which a case can be named on a command line."""
    return f"{case.family}: {case.name}"


def chosen(cases: Iterable[Case], pattern: str) -> list[Case]:
    """Return the cases whose text has a match of a regular expression, without regard to case."""
    return [case for case in cases if re.search(pattern, key(case), re.IGNORECASE)]


class Player:
    """Plays cases, each on a lane of its scene; a context manager.

    Args:
        directory: where files go; `failed` holds the logs of cases that did not hold.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lanes: dict[str, Lane] = {}
        self._count = 0

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        for scene in list(self._lanes):
            self._close(scene)

    def play(self, case: Case) -> Tried:
        """Play a case; whatever it raises is a problem of the case."""
        began = time.monotonic()
        try:
            lane = self._lane(case)
            problems = case.play(lane)
            if problems:
                lane.keep(self._directory / "failed" / re.sub(r"\W+", "-", key(case)), problems)
        except Exception as error:  # the other cases are tried all the same
            problems = [f"{type(error).__name__}: {error}"]
            # What an unexpected end has left on the lane must not be the fault of the next case.
            self._close(case.scene.name)
        return Tried(case.family, case.name, tuple(problems), time.monotonic() - began)

    def _lane(self, case: Case) -> Lane:
        scene = case.scene
        if scene.name not in self._lanes:
            self._count += 1
            self._lanes[scene.name] = Lane(scene, self._directory / f"{scene.name}-{self._count}").__enter__()
        return self._lanes[scene.name]

    def _close(self, scene: str) -> None:
        lane = self._lanes.pop(scene, None)
        if lane is not None:
            with contextlib.suppress(Exception):
                lane.__exit__(None, None, None)
