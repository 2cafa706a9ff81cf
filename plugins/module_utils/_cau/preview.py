# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run would do to one node now, as far as that can be known before it; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from .._wmi.cluster_update import OfferedUpdate
from .hotfix.folder import Hotfix, Ignored
from .selection import LeftOut
from .updates import label
from .waiting import names

FIRST_PASS = "first pass only: an installation can bring more to light, which the run then installs in further rounds"  # noqa: S105 - no password
UNSEEN = "updates that want a licence accepted or questions answered: the node's provider leaves them out before it answers"
"""CAU leaves them out in the provider (cau.md 5.2), so that a scan does not show them."""

_LABEL_WIDTH = 11
_INDENT = " " * 4


class RestartExpectation(enum.StrEnum):
    """Whether a run would restart a node."""

    CERTAIN = "certain"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(frozen=True)
class NodePreview:
    """What a run would begin with on a node.

    Args:
        node: the node.
        turn: its place in the order of the run, None when the run is limited to other nodes.
        count: how many nodes the run updates.
        updates: the updates to install, in order; None when the run is to install none.
        hotfixes: the hotfixes to apply after them, in order; None when no folder was named.
        own: the updates that plug-ins of the user's own would install, one line each; None when there are no such plug-ins.
        left_out: updates that are offered and not taken.
        ignored: files and folders of the hotfix root folder that are not applied.
        pending: what asks for a restart on the node already.
        in_the_way: why a run would not begin at this moment, one sentence each.
        is_order_named: whether the run was told which nodes come first.
    """

    node: str
    turn: int | None
    count: int
    updates: tuple[OfferedUpdate, ...] | None = ()
    hotfixes: tuple[Hotfix, ...] | None = None
    own: tuple[str, ...] | None = None
    left_out: tuple[LeftOut, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    pending: tuple[str, ...] = ()
    in_the_way: tuple[str, ...] = ()
    is_order_named: bool = False

    @property
    def has_work(self) -> bool:
        """Whether the run would take the node out of service."""
        return self.turn is not None and (bool(self.updates or self.hotfixes or self.own))


def expected_restart(preview: NodePreview) -> tuple[RestartExpectation, str]:
    """Return whether the run would restart the node, and why, as the end of a sentence.

    Which update asks for a restart stands in no answer before it is installed (cau.md 1.1), so that nothing more is told of updates.

    Args:
        preview: the node.
    """
    if not preview.has_work:
        waiting = f", and a restart that is pending ({names(preview.pending)}) is left to you" if preview.pending else ""
        return RestartExpectation.NONE, f"nothing is installed{waiting}"
    if preview.pending:
        return RestartExpectation.CERTAIN, f"one is pending ({names(preview.pending)}) and comes before the first installation"
    always = [hotfix.path for hotfix in preview.hotfixes or () if hotfix.rule.always_reboot]
    if always:
        return RestartExpectation.CERTAIN, f"the rule of {names(always)} asks for one"
    return RestartExpectation.POSSIBLE, "what is installed tells only afterwards whether it needs one"


def block(preview: NodePreview) -> list[str]:
    """Return what people read about a node, line by line; the first line is the heading.

    Args:
        preview: the node.
    """
    why_not = "nothing to install" if preview.turn is not None else "the run is limited to other nodes"
    what = "would be taken out of service" if preview.has_work else f"would be left alone: {why_not}"
    expectation, reason = expected_restart(preview)
    updates, hotfixes = ["not asked for"], []
    if preview.updates is not None:
        updates = _numbered(f"{label(each)}  {each.title}" for each in preview.updates)
    if preview.hotfixes is not None:
        hotfixes = _numbered(f"{each.path} ({each.rule.label()})" for each in preview.hotfixes)
    return [
        f"{what} ({FIRST_PASS})",
        *_part("turn", [_turn(preview)]),
        *_part("updates", updates),
        *_part("hotfixes", hotfixes),
        *_part("plug-ins", _numbered(preview.own) if preview.own is not None else []),
        *_part("restart", [f"{expectation.value}: {reason}"]),
        *_part("left out", [f"{label(each.update)}  {each.update.title}: {each.reason}" for each in preview.left_out]),
        *_part("ignored", [f"{each.path}: {each.reason}" for each in preview.ignored]),
        *_part("not shown", [UNSEEN] if preview.updates is not None else []),
        *_part("in the way", list(preview.in_the_way)),
    ]


def _turn(preview: NodePreview) -> str:
    if preview.turn is None:
        return "none, only_nodes does not name it"
    order = "those of node_order first, then fewest clustered roles" if preview.is_order_named else "fewest clustered roles first"
    return f"{preview.turn} of {preview.count}, {order}"


def _numbered(texts: Iterable[str]) -> list[str]:
    return [f"{number}. {text}" for number, text in enumerate(texts, 1)] or ["none"]


def _part(name: str, texts: list[str]) -> list[str]:
    labels = [name, *[""] * len(texts)]
    return [f"{_INDENT}{title:<{_LABEL_WIDTH}} {text}" for title, text in zip(labels, texts, strict=False)]
