# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the installers of hotfixes, judged from the event log (design.md, invariants 3 and 4)."""

from __future__ import annotations

from .case import Case
from .record import Entry
from .replay import ClusterView, NodeView


def judge_installer(case: Case, event: Entry, cluster: ClusterView, node: NodeView) -> None:
    """An installer is started on a node that this run has taken out of service alone, and the same one once in a run."""
    if event["event"] != "installer_started" or not node.is_member or cluster.name is None:
        return
    if node.paused_by != "us" or not (node.was_drained or case.run.expectations.may_not_drain):
        case.blame("3", "an installer was started on a node that this run has not drained", event)
    if (cluster.run(), str(event.get("path")), str(event.get("parameters"))) in node.installers:
        case.blame("4", f"the installer {event.get('path')} {event.get('parameters')} was started twice in one run", event)
