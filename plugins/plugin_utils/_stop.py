# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends a task that is told to stop at its next safe point, and keeps libraries from writing to the terminal.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import types
import warnings
from collections.abc import Callable, Iterator

from ..module_utils._errors import OperationError, Outcome

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StoppedError(OperationError):
    """The task was told to stop, by Ctrl-C or by SIGTERM, and has done so between two steps."""


class StopRequest:
    """Whether the task was told to stop.

    A signal only leaves a note here. The work goes on to its next safe point, so that no once-only operation is cut off. The same holds
    when ansible-playbook is gone: a worker outlives it when it is killed (ansible-mechanics.md 7), and nobody would hear of its result.
    """

    def __init__(self) -> None:
        self.is_made = False
        self._parent = os.getppid()

    def note(self, _number: int, _frame: types.FrameType | None) -> None:
        """Handle the signal: a second one follows at once when ansible-playbook ends (ansible-mechanics.md 7), so both are ignored now."""
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self.is_made = True

    def is_orphan(self) -> bool:
        """Return whether ansible-playbook is gone, so that nobody goes on with the run."""
        return os.getppid() != self._parent

    def check(self) -> None:
        """Raise StoppedError when the task was told to stop."""
        is_orphan = self.is_orphan()
        if self.is_made or is_orphan:
            raise StoppedError(
                "stopped between two steps, as ansible-playbook is gone" if is_orphan else "stopped as asked, between two steps",
                remedy="Run the same playbook again, which goes on where this one stopped",
                outcome=Outcome.NOT_DONE,
            )


@contextlib.contextmanager
def stop_signals() -> Iterator[StopRequest]:
    """Take SIGTERM and SIGINT as a request to stop at the next safe point; only the main thread can."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request.note) for number in STOP_SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def quiet_libraries(report: Callable[[str], object]) -> Iterator[None]:
    """Keep warnings and log lines of libraries from the terminal, where Ansible would call them errantly sent data.

    Args:
        report: where warnings go instead.
    """
    silence = logging.NullHandler()
    root = logging.getLogger()
    root.addHandler(silence)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        for each in caught:
            report(f"{each.category.__name__}: {each.message}")
    finally:
        root.removeHandler(silence)
