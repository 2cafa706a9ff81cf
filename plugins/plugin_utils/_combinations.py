# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that contradict each other, whatever task or role they belong to.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ..module_utils._cau.plugins.plan import own_names

MOST_TRIES = 60
"""How often a blocker may be tried."""

Options: t.TypeAlias = "Mapping[str, t.Any]"


def _warns_too_late(options: Options) -> bool:
    # Rule 19 of Test-CauSetup (cau.md 5.7).
    warn_after, stop_after = options.get("warn_after"), options.get("stop_after")
    return warn_after is not None and stop_after is not None and warn_after >= stop_after


def _accepts_twice(options: Options) -> bool:
    return bool(options.get("accept_down")) and options.get("require_all_nodes_online") is False


def _tries_too_often(options: Options) -> bool:
    # Each try of a file of tasks lies inside the one before it, and Ansible takes only so many.
    interval = options.get("blocker_interval")
    return interval is not None and (options.get("blocker_timeout") or 0) > MOST_TRIES * interval


def _accepts_without_force(options: Options) -> bool:
    return bool(options.get("accept_offline")) and options.get("drain_mode") in {"drain", "none"}


def _forces_nothing(options: Options) -> bool:
    return options.get("drain_mode") == "forced" and options.get("accept_offline") == []


def _restarts_never_but_apart(options: Options) -> bool:
    return options.get("drain_mode") == "none" and options.get("separate_reboots") is True


def _drains_never_but_later(options: Options) -> bool:
    return options.get("drain_mode") == "none" and options.get("install_order") == "install_first"


def _installs_own_in_service(options: Options) -> bool:
    # CAU's plug-in interface promises that install always runs on a drained node (cau.md 5.5).
    return options.get("install_order") == "install_first" and bool(own_names(options.get("plugins") or ()))


def _serves_no_cluster(options: Options) -> bool:
    return options.get("stand_alone") is True and options.get("in_service") is True


ROLE_OPTIONS: Mapping[str, dict[str, t.Any]] = {
    "install_order": {"type": "str", "choices": ["drain_first", "install_first"]},
    "separate_reboots": {"type": "bool"},
}
"""The options of the role rolling_update that no task has, as they say which task comes when."""

CONTRADICTIONS: tuple[tuple[Callable[[Options], bool], str], ...] = (
    (_warns_too_late, "warn_after must be less than stop_after, or the warning would never be seen"),
    (
        _accepts_twice,
        "accept_down names the nodes that may be paused or down, and require_all_nodes_online=false accepts any; use one of the two",
    ),
    (_tries_too_often, f"blocker_timeout may be {MOST_TRIES} times blocker_interval at most, so that no more tries come together"),
    (_accepts_without_force, "accept_offline names groups that may go offline, which happens with drain_mode=forced alone"),
    (_restarts_never_but_apart, "separate_reboots has no restart to separate with drain_mode=none, which never restarts a node"),
    (
        _drains_never_but_later,
        "install_order=install_first drains a node for its restart alone, and drain_mode=none never restarts one; use one of the two",
    ),
    (
        _installs_own_in_service,
        "install_order=install_first installs while the node serves, and a plug-in of your own installs on a drained node alone",
    ),
    (_serves_no_cluster, "in_service is about a node of a cluster, and stand_alone says that the host is in none"),
    (_forces_nothing, "drain_mode=forced needs accept_offline, the names of the groups that may go offline"),
)
"""Each contradiction, and what is said about it."""


def contradictions(options: Options) -> list[str]:
    """Return what is wrong about options that are right one by one, one sentence each.

    Args:
        options: validated and plain; those that are missing contradict nothing.
    """
    return [sentence for is_so, sentence in CONTRADICTIONS if is_so(options)]
