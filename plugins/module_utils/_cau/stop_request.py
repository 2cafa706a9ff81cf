# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking a run to stop at its next safe point, from another controller: a value beside its journal on every node.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable

from .._clock import Clock
from .._errors import OperationError, Outcome
from .errors import JournalError, RunStoppedError
from .fleet import Fleet
from .idempotent import twice
from .journal import run_key
from .journal_format import decode_stop, encode_stop
from .journal_records import StopRecord

_NAME = "Stop"

MOST_MISSED = 1
"""On how many nodes a request may be missing; the run looks at one more."""


def ask_to_stop(fleet: Fleet, run_id: str, nodes: Iterable[str], controller: str, user: str, clock: Clock) -> dict[str, str]:
    """Ask a run to stop, wherever its journal stands.

    Args:
        fleet: the nodes that can be reached.
        run_id: the run.
        nodes: the nodes whose journal has it.
        controller: host name of the controller that asks.
        user: who asks there.
        clock: for the pause after a lost answer.

    Returns:
        The nodes that did not take the request, each with the reason; all of them means that the run will not hear of it.
    """
    failed = {}
    for name in nodes:
        client = fleet.node(name)
        try:
            text = encode_stop(StopRecord(controller, user, client.system.utc_now()))
            twice(clock, lambda client=client, text=text: client.registry.set_text(run_key(run_id), _NAME, text))  # type: ignore[misc]
        except OperationError as error:
            failed[name] = error.message
    return failed


def heed(fleet: Fleet, run_id: str, node: str | None = None) -> None:
    """Raise when the run was asked to stop, by the first two nodes that can tell: one may have been down when it was asked.

    Args:
        fleet: the nodes of the cluster.
        run_id: the run.
        node: the node in work, which is asked last as it may be restarting.

    Raises:
        RunStoppedError: it was.
    """
    answers = 0
    for name in (*fleet.others(node), node) if node is not None else fleet.names:
        try:
            text = fleet.node(name).registry.text(run_key(run_id), _NAME)
        except OperationError:
            continue
        if text is not None:
            raise stopped(text)
        answers += 1
        if answers > MOST_MISSED:
            return


def stopped(text: str) -> RunStoppedError:
    """Return the error for a request to stop as it stands in the registry; one that cannot be read is one all the same."""
    try:
        sentence = decode_stop(text).sentence()
    except JournalError:
        sentence = "somebody asked the run to stop"
    return RunStoppedError(
        sentence, operation="stop", remedy="Run the same playbook again to update what is left", outcome=Outcome.NOT_DONE
    )
