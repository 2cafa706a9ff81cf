# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for something, with a time limit, a heartbeat and a way out.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from .._clock import Clock
from .._errors import OperationError
from .._wsman.events import Event
from .errors import CauError, TimeLimitError
from .fleet import NodeWork, never_stop

T = t.TypeVar("T")

HEARTBEAT_SECONDS = 60.0


def duration(seconds: float) -> str:
    """Return a length of time as people say it: "41 s", "3 min 12 s", "1 h 5 min"."""
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def names(items: t.Iterable[str], most: int = 5) -> str:
    """Return a list of names for a sentence, cut off after `most`."""
    shown = list(items)
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {rest} more" if rest > 0 else "")


class Deadline:
    """A point in time that a wait must not pass.

    Args:
        clock: what it is measured by.
        limit_seconds: how far away it is, in clock seconds.
    """

    def __init__(self, clock: Clock, limit_seconds: float) -> None:
        self._clock = clock
        self.limit_seconds = limit_seconds
        self.began = clock.now()

    @property
    def elapsed(self) -> float:
        """Clock seconds since the beginning."""
        return self._clock.now() - self.began

    @property
    def remaining(self) -> float:
        """Clock seconds that are left, 0 when it has passed."""
        return max(0.0, self.limit_seconds - self.elapsed)

    @property
    def has_passed(self) -> bool:
        """Whether nothing is left."""
        return self.remaining <= 0


class Heartbeat:
    """Says now and then that something is still going on; silent while other lines are said.

    Args:
        clock: what silence is measured by.
        say: where lines go.
        text: what is going on, as the end of "still ...".
        check: raises when the run must stop.
        every_seconds: clock seconds of silence before it speaks.
    """

    def __init__(
        self,
        clock: Clock,
        say: Callable[[str], None],
        text: str,
        check: Callable[[], None] = never_stop,
        every_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._clock = clock
        self._say = say
        self._text = text
        self._check = check
        self._every = every_seconds
        self._began = self._last = clock.now()

    @classmethod
    def of(cls, work: NodeWork, step: str, text: str, check: Callable[[], None] | None = None) -> Heartbeat:
        """Return the heartbeat of a step on the node in work, which stops when the work must end, or where `check` says so."""
        return cls(work.clock, lambda line: work.say(step, line), text, check or work.check)

    def say(self, text: str) -> None:
        """Report a state change, which counts as a sign of life."""
        self._last = self._clock.now()
        self._say(text)

    def beat(self, detail: str = "") -> None:
        """Speak when it has been quiet for long enough."""
        now = self._clock.now()
        if now - self._last >= self._every:
            self.say(f"still {self._text} after {duration(now - self._began)}{': ' + detail if detail else ''}")

    def on_event(self, _event: Event) -> None:
        """Take what a long remote call reports as an occasion to speak."""
        self.beat()

    def tick(self) -> None:
        """Serve as the check of a long remote call: speak when due, and stop when the run must stop."""
        self._check()
        self.beat()


def wait_until(
    work: NodeWork,
    limit_seconds: float,
    poll_seconds: float,
    probe: Callable[[], T | None],
    *,
    step: str,
    what: str,
    detail: Callable[[], str] | None = None,
    heartbeat: Heartbeat | None = None,
) -> T:
    """Call `probe` until it returns something, at least once and once more at the very end.

    Args:
        work: the node in work; its check is called before every look.
        limit_seconds: how long to wait, in clock seconds.
        poll_seconds: between two looks, in clock seconds.
        probe: one look; None means not yet, and what it raises ends the wait.
        step: the step in whose name the heartbeat speaks.
        what: what is waited for, as the end of "waiting for ...".
        detail: what to add to the heartbeat and to the error, such as the last thing that was seen.
        heartbeat: one that the probe speaks through as well.

    Raises:
        TimeLimitError: it did not happen in time.
    """
    clock = work.clock
    deadline = Deadline(clock, limit_seconds)
    beat = heartbeat or Heartbeat.of(work, step, f"waiting for {what}")
    while True:
        work.check()
        is_last_look = deadline.has_passed
        found = probe()
        if found is not None:
            return found
        seen = detail() if detail else ""
        if is_last_look:
            raise TimeLimitError(
                f"waited {duration(limit_seconds)} in vain for {what}{': ' + seen if seen else ''}",
                node=work.node,
                operation=step,
                limit_seconds=limit_seconds,
            )
        beat.beat(seen)
        clock.sleep(min(poll_seconds, deadline.remaining) if poll_seconds > 0 else deadline.remaining)


class Tolerant(t.Generic[T]):
    """A look that may fail now and then, as looks at a node do that is leaving or coming; a failed look counts as not yet.

    Args:
        look: one look.
        describe: what was seen last, for the case that the look succeeded.
    """

    def __init__(self, look: Callable[[], T | None], describe: Callable[[], str] | None = None) -> None:
        self._look = look
        self._describe = describe
        self.failure: OperationError | None = None

    def look(self) -> T | None:
        """Look once."""
        try:
            found = self._look()
        except CauError:
            raise
        except OperationError as error:
            self.failure = error
            return None
        self.failure = None
        return found

    def describe(self) -> str:
        """Return what was seen last."""
        if self.failure is not None:
            return f"no answer ({self.failure.message})"
        return self._describe() if self._describe else ""
