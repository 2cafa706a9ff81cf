# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hotfix root folder as readiness sees it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..module_utils._cau.hotfix.errors import HotfixPermissionError
from ..module_utils._cau.hotfix.findings import Finding
from ..module_utils._cau.readiness.records import ShareProblem
from ..module_utils._errors import OperationError
from ._hotfix import checked_root
from ._task import TaskRun

_NO_COMMAND = "Look at the permissions of that path; whoever is named must be trusted with the nodes"


def share_problems(task: TaskRun, nodes: Sequence[str]) -> tuple[ShareProblem, ...]:
    """Return what is wrong with the hotfix root folder that a task names.

    Args:
        task: the task.
        nodes: the nodes of the cluster.
    """
    try:
        with checked_root(task, nodes) as (_share, root):
            findings: Sequence[Finding] = root.findings
            notes = tuple(ShareProblem(note, "Rename it, or leave it as it is if that is meant", is_error=False) for note in root.warnings)
    except HotfixPermissionError as error:
        findings, notes = error.findings, ()
    except OperationError as error:
        return (ShareProblem(error.message.rstrip("."), error.remedy or "Check the path and who reads it", is_error=True),)
    return tuple(_problem(each) for each in findings) + notes


def _problem(finding: Finding) -> ShareProblem:
    mend = f"Run on the file server: {'; '.join(finding.commands)}" if finding.commands else _NO_COMMAND
    return ShareProblem(finding.fact, mend, is_error=finding.is_error)
