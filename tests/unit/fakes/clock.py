# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock that moves only when somebody waits, and a sink that remembers progress lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)


class FakeClock(Clock):
    """Time passes by sleep() and advance() alone."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def utc(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        self.seconds += max(0.0, seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody waiting for it."""
        self.seconds += seconds


class RecordedProgress:
    """Keeps every line."""

    def __init__(self) -> None:
        self.lines: list[tuple[str | None, str, str]] = []

    def say(self, node: str | None, step: str, text: str) -> None:
        self.lines.append((node, step, text))

    @property
    def texts(self) -> list[str]:
        """The texts alone."""
        return [text for _node, _step, text in self.lines]
