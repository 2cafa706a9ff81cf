# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long work tells its caller what is happening.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t


class Progress(t.Protocol):
    """A sink for the one-line state changes of a run."""

    def say(self, node: str | None, step: str, text: str) -> None:
        """Report one thing that happened.

        Args:
            node: cluster node name, None when the whole cluster is meant.
            step: one word of the design: lock, scan, stage, drain, install, restart, resume, wait, journal.
            text: what happened, one short line without a full stop.
        """


class SilentProgress:
    """A sink that drops everything, for callers without an audience."""

    def say(self, node: str | None, step: str, text: str) -> None:
        """Drop the line."""
