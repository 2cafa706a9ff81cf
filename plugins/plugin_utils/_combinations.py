# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that contradict each other, whatever task or role they belong to.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

Options: t.TypeAlias = "Mapping[str, t.Any]"


def _warns_too_late(options: Options) -> bool:
    # Rule 19 of Test-CauSetup (cau.md 5.7).
    warn_after, stop_after = options.get("warn_after"), options.get("stop_after")
    return warn_after is not None and stop_after is not None and warn_after >= stop_after


def _accepts_twice(options: Options) -> bool:
    return bool(options.get("accept_down")) and options.get("require_all_nodes_online") is False


def _accepts_without_force(options: Options) -> bool:
    return bool(options.get("accept_offline")) and options.get("drain_mode") in {"drain", "none"}


def _forces_nothing(options: Options) -> bool:
    return options.get("drain_mode") == "forced" and options.get("accept_offline") == []


CONTRADICTIONS: tuple[tuple[Callable[[Options], bool], str], ...] = (
    (_warns_too_late, "warn_after must be less than stop_after, or the warning would never be seen"),
    (
        _accepts_twice,
        "accept_down names the nodes that may be paused or down, and require_all_nodes_online=false accepts any; use one of the two",
    ),
    (_accepts_without_force, "accept_offline names groups that may go offline, which happens with drain_mode=forced alone"),
    (_forces_nothing, "drain_mode=forced needs accept_offline, the names of the groups that may go offline"),
)
"""Each contradiction, and what is said about it."""


def contradictions(options: Options) -> list[str]:
    """Return what is wrong about options that are right one by one, one sentence each.

    Args:
        options: validated and plain; those that are missing contradict nothing.
    """
    return [sentence for is_so, sentence in CONTRADICTIONS if is_so(options)]
