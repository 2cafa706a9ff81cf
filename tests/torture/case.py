# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A case of the torture tests: what is tried, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .lane import Lane
from .scenes import Scene

Play = Callable[[Lane], list[str]]
"""Plays a case on a lane, and returns what did not hold."""


@dataclass(frozen=True)
class Case:
    """Something to try.

    Args:
        family: the row of the table that counts it.
        name: unique within its family.
        scene: the cluster on which it is played.
        play: plays it.
    """

    family: str
    name: str
    scene: Scene
    play: Play


@dataclass(frozen=True)
class Tried:
    """What came of a case.

    Args:
        family: see Case.
        name: see Case.
        problems: what did not hold.
        seconds: real seconds that it took.
    """

    family: str
    name: str
    problems: tuple[str, ...]
    seconds: float
