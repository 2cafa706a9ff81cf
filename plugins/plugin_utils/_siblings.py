# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of a cluster as hosts that work at the same time share it: a fact of one task reaches the others only with their next task.

It stands in Ansible's temporary folder, which belongs to one ansible-playbook process and goes with it, so that no other process ever
reads it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

from ansible import constants

from ..module_utils._cau.errors import TimeLimitError
from ..module_utils._clock import Clock
from ..module_utils._errors import Outcome
from ._facts import RunFact, read_fact

LIMIT_SECONDS = 900.0
"""How long one host may take or release the lock while another one waits, in clock seconds."""

POLL_SECONDS = 1.0


def folder() -> Path:
    """Return the folder that only this ansible-playbook process and its workers use."""
    return Path(constants.DEFAULT_LOCAL_TMP)


class SharedRun:
    """What the hosts of one cluster know together, while nobody else of this process can change it.

    Args:
        file: where it stands, opened for reading and writing.
    """

    def __init__(self, file: t.TextIO) -> None:
        self._file = file

    def read(self, process: str) -> RunFact | None:
        """Return the run that a host of this process has begun and not released, None when there is none."""
        self._file.seek(0)
        try:
            facts = json.loads(self._file.read())
        except ValueError:
            # Nothing, or what a host that was killed meanwhile had begun to write.
            return None
        return read_fact({"ansible_facts": facts}, process)

    def write(self, fact: RunFact) -> None:
        """Tell the other hosts of a run."""
        self.forget()
        json.dump(fact.as_facts(), self._file)
        self._file.flush()

    def forget(self) -> None:
        """Tell the other hosts that there is no run any more."""
        self._file.seek(0)
        self._file.truncate()


@contextlib.contextmanager
def shared_run(cluster: str, clock: Clock, check: Callable[[], None]) -> Iterator[SharedRun]:
    """Give the run that the hosts of a cluster share; the others wait until this ends.

    Args:
        cluster: its name.
        clock: for the wait.
        check: raises when the task is to stop.

    Raises:
        TimeLimitError: another host of the same process did not come to an end.
    """
    name = hashlib.sha256(cluster.casefold().encode()).hexdigest()[:16]
    with (folder() / f"cluster_aware_updating-{name}.json").open("a+", encoding="utf-8") as file:
        _wait_for(file, clock, check)
        yield SharedRun(file)
        # Closing the file lets the next one in.


def _wait_for(file: t.TextIO, clock: Clock, check: Callable[[], None]) -> None:
    deadline = clock.now() + LIMIT_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            check()
        except OSError:
            # The file system has no locks: hosts that meet refuse each other by the run lock itself, which is safe.
            return
        else:
            return
        if clock.now() > deadline:
            raise TimeLimitError(
                "another host of this playbook has been at the run lock of this cluster all the time",
                limit_seconds=LIMIT_SECONDS,
                operation="lock",
                remedy="Add serial: 1 or run_once: true to the task",
                outcome=Outcome.NOT_DONE,
            )
        clock.sleep(POLL_SECONDS)
