# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs two pieces of work against one FakeWorld in a given order of their operations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .world import FakeWorld


@dataclass
class Ending:
    """How one piece of work ended."""

    error: Exception | None = None
    value: object = None

    @property
    def has_succeeded(self) -> bool:
        return self.error is None


@dataclass
class _Baton:
    """Lets exactly one of two threads run, and decides at every operation who goes on."""

    picks: list[bool]
    changed: threading.Condition = field(default_factory=threading.Condition)
    running: bool = False
    ended: set[bool] = field(default_factory=set)

    def next_pick(self) -> None:
        """Choose who runs next; the caller holds `changed`."""
        pick = self.picks.pop(0) if self.picks else self.running
        self.running = pick if pick not in self.ended else not pick
        self.changed.notify_all()

    def wait_for(self, who: bool) -> None:
        """Wait until `who` may run; the caller holds `changed`."""
        while self.running is not who:
            if not self.changed.wait(10):
                raise AssertionError("the other piece of work never gave way")


def interleave(world: FakeWorld, first: Callable[[], object], second: Callable[[], object], picks: Sequence[bool]) -> tuple[Ending, Ending]:
    """Run both, one operation at a time.

    Args:
        world: where both work.
        first: runs when a pick is False.
        second: runs when a pick is True.
        picks: who does the next operation; when they are used up, whoever ran last goes on to its end.
    """
    baton = _Baton(list(picks))
    names: dict[int, bool] = {}
    endings = (Ending(), Ending())

    def gate() -> None:
        who = names[threading.get_ident()]
        with baton.changed:
            baton.next_pick()
            baton.wait_for(who)

    def run(who: bool, work: Callable[[], object]) -> None:
        names[threading.get_ident()] = who
        with baton.changed:
            baton.wait_for(who)
        try:
            endings[who].value = work()
        except Exception as error:
            endings[who].error = error
        with baton.changed:
            baton.ended.add(who)
            baton.next_pick()

    threads = [threading.Thread(target=run, args=(False, first)), threading.Thread(target=run, args=(True, second))]
    world.before_call = gate
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    world.before_call = None
    return endings
