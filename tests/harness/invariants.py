# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checker of the invariants of design.md: from the twin's logs, the controller's log and the captured outputs alone."""

from __future__ import annotations

from .case import Case
from .record import RunRecord, Violation
from .rules_end import judge_end
from .rules_events import judge_event
from .rules_requests import judge_requests

__all__ = ["check"]


def check(run: RunRecord) -> list[Violation]:
    """Return every rule that did not hold in a run, in the order of the rules; an empty list is the proof.

    Args:
        run: what the run left behind.
    """
    case = Case(run)
    for event in run.events:
        judge_event(case, event)
    judge_requests(case)
    judge_end(case)
    return sorted(dict.fromkeys(case.violations), key=lambda violation: (violation.rule, violation.at or "", violation.node or ""))
