# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The running table of a run: where each of its nodes is, whenever one has come to its end.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..module_utils._cau.outcome import NodeOutcome, NodeState, latest, words_of

MOST_ROWS = 6
"""Of the nodes that ended well, and of those to come, each; what has failed is always named."""

_BAD = frozenset({NodeState.FAILED, NodeState.LEFT_OUT})


def running_table(outcomes: Sequence[NodeOutcome], to_come: Mapping[str, int | None]) -> list[str]:
    """Return the table as lines without any control of the screen, so that it reads the same in a file; the heading first.

    Args:
        outcomes: how the run went so far, in the order of the nodes' turns.
        to_come: the nodes whose turn comes, in order, each with how many updates were downloaded to it, None where nobody has looked.
    """
    ended = latest(outcomes)
    bad = [outcome for outcome in ended if outcome.state in _BAD]
    good = [outcome for outcome in ended if outcome.state not in _BAD]
    shown = {outcome.node for outcome in (*bad, *good[-MOST_ROWS:])}
    width = max((len(name) for name in (*shown, *list(to_come)[:MOST_ROWS])), default=0)
    lines = [f"{len(good)} done, {len(bad)} failed, {len(to_come)} to come"]
    if len(good) > MOST_ROWS:
        lines.append(f"  {len(good) - MOST_ROWS} nodes before these are done")
    lines += [f"  {outcome.node:<{width}}  {words_of(outcome)}" for outcome in ended if outcome.node in shown]
    for number, (node, staged) in enumerate(list(to_come.items())[:MOST_ROWS]):
        known = "" if staged is None else f", {staged} update{'' if staged == 1 else 's'} staged"
        lines.append(f"  {node:<{width}}  {'next' if number == 0 else 'to come'}{known}")
    if len(to_come) > MOST_ROWS:
        lines.append(f"  {len(to_come) - MOST_ROWS} more to come")
    return lines
