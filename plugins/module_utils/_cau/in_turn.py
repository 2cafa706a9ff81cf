# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking the turn for a node that goes on serving, to install before it is drained (cau.md 5.2, order dispute).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import OperationError
from .drain_plan import DrainOptions, check_gate
from .errors import CauError
from .fleet import NodeWork
from .permission import entry_of, require_run
from .resume import give_back_turn


def take_turn(work: NodeWork, options: DrainOptions) -> bool:
    """Take the turn where the cluster could do without the node, which is not paused.

    Args:
        work: the node in work.
        options: the times of the gate, and the nodes that may be down.

    Returns:
        Whether the turn was taken just now.

    Raises:
        CauError: this run has paused the node already, or the lock, the turn or the gate refused it.
    """
    ownership, _journal = require_run(work, "turn")
    ownership.verify_lock()
    entry = entry_of(work)
    if entry is not None and entry.paused_by_us:
        raise CauError(
            "the node is out of service because of this run",
            node=work.node,
            operation="turn",
            remedy="Finish it there, and resume it",
        )
    is_new = ownership.take_turn()
    try:
        check_gate(work, options)
        work.safe_point()
    except OperationError:
        give_back_turn(work)
        raise
    if is_new:
        work.say("install", "the node has the turn and goes on serving")
    return is_new
