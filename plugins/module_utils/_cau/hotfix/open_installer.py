# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An installer that was started and is not known to have ended: the node stays as it is until its processes show that it has.

Private to this collection; it may change at any time.
"""

# pylint: disable=bad-exception-cause  # pylint loses the base class of our errors on its way through the relative imports

from __future__ import annotations

from ..errors import OutcomeUnknownError, TimeLimitError
from ..fleet import NodeWork
from ..journal_records import NodeEntry
from ..permission import entry_of
from ..quiet import QUIET_SECONDS, wait_until_quiet
from ..waiting import duration

SHORT_LOOK_SECONDS = QUIET_SECONDS + 60
"""How long a step looks that has not started the installer itself."""


def wait_for_open_installer(work: NodeWork, operation: str, limit_seconds: float = SHORT_LOOK_SECONDS) -> NodeEntry | None:
    """Wait until the installer that the journal names has ended; does nothing where it names none.

    The journal is not changed: that the installer has ended says nothing about its success.

    Args:
        work: the node in work.
        operation: what waits for it, in the user's words.
        limit_seconds: how long to wait, in clock seconds.

    Returns:
        The node's entry, which names the installer; None where there is none.

    Raises:
        OutcomeUnknownError: it may still be running, or a plug-in of a user's own has begun something of which nobody knows the end.
        CauError: the run has to stop, or the journal cannot be read.
    """
    entry = entry_of(work)
    if entry is not None and entry.plugin is not None:
        raise OutcomeUnknownError(
            f"what became of the installation that the plug-in {entry.plugin} has begun is not known, so the node stays as it is",
            node=work.node,
            operation=operation,
            remedy="Run the playbook with this plug-in in its list, whose scan then decides",
        )
    if entry is None or entry.installer is None:
        return None
    work.say("install", f"whether the installer of {entry.installer} has ended is not known; looking for up to {duration(limit_seconds)}")
    try:
        wait_until_quiet(work, limit_seconds, image=entry.installer_image)
    except TimeLimitError as error:
        raise OutcomeUnknownError(
            f"the installer of {entry.installer} may still be running, so the node stays as it is: {error.message}",
            node=work.node,
            operation=operation,
            remedy="Wait until it has ended, or end it by hand, then run it again",
        ) from error
    return entry
