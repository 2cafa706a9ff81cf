# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plug-ins of a run did on a node, added up; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..._errors import Outcome
from ..errors import CauError, Context

Result: t.TypeAlias = Mapping[str, t.Any]
"""What a task of a plug-in gave back, a failed one included."""

_COUNTS = ("found_update_count", "installed_update_count", "applied_hotfix_count")


class PluginsFailedError(CauError):
    """Plug-ins of a run failed on a node.

    Args:
        message: which ones, and why.
        errors: the kinds of their errors.
        plugins: their names.
        context: see OperationError.
    """

    def __init__(self, message: str, *, errors: Sequence[str] = (), plugins: Sequence[str] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.errors = tuple(errors)
        self.plugins = tuple(plugins)


@dataclass(frozen=True)
class PluginResult:
    """What one plug-in did.

    Args:
        plugin: its name.
        result: what its task gave back; empty or skipped when it had nothing to do.
    """

    plugin: str
    result: Result

    @property
    def is_failed(self) -> bool:
        """Whether it failed."""
        return bool(self.result.get("failed"))


def added_up(results: Sequence[PluginResult]) -> dict[str, t.Any]:
    """Return what all plug-ins together found, did and ask for.

    Args:
        results: of each plug-in, in order.
    """
    total: dict[str, t.Any] = {name: sum(int(each.result.get(name) or 0) for each in results) for name in _COUNTS}
    for name in ("reboot_required", "resume_first", "another_round"):
        total[name] = any(bool(each.result.get(name)) for each in results)
    total["changed"] = any(bool(each.result.get("changed")) for each in results)
    total["updates"] = {key: value for each in results for key, value in (each.result.get("updates") or {}).items()}
    return total


def failure(results: Sequence[PluginResult], node: str) -> PluginsFailedError | None:
    """Return the error of plug-ins of which one has failed, None when none has.

    Args:
        results: of each plug-in, in order.
        node: the node, or the host when the node is not known.
    """
    failed = [each for each in results if each.is_failed]
    if not failed:
        return None
    outcomes = {str(each.result.get("outcome") or Outcome.UNKNOWN.value) for each in failed}
    worst = next(outcome for outcome in (Outcome.UNKNOWN, Outcome.FAILED, Outcome.NOT_DONE) if outcome.value in outcomes)
    return PluginsFailedError(
        "; ".join(f"{each.plugin}: {_reason(each.result)}" for each in failed),
        errors=[str(each.result.get("error") or "") for each in failed],
        plugins=[each.plugin for each in failed],
        node=node,
        code=next((each.result["code"] for each in failed if each.result.get("code") is not None), None),
        remedy=next((str(each.result["remedy"]) for each in failed if each.result.get("remedy")), None),
        outcome=worst,
    )


def _reason(result: Result) -> str:
    return str(result.get("reason") or result.get("msg") or "the reason is not known").rstrip(".")
