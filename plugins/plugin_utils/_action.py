# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tasks share: arguments in, progress out, and every error as one sentence with its fields.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import traceback
import typing as t
from abc import abstractmethod
from collections.abc import Mapping

from ansible.errors import AnsibleAction, AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._clock import clock_from_environment
from ..module_utils._errors import OperationError
from ..module_utils._wmi.codes import describe
from ._arguments import NOT_IN_ADVANCE, TASKS_OF_A_RUN, argument_specification, validated
from ._display import DisplayProgress
from ._recorder import TaskEnd, error_fields
from ._reports import finish_report
from ._stop import StoppedError, quiet_libraries, stop_signals
from ._task import TaskRun
from ._values import one_line, plain, scrubbed

display = Display()

# The message holds the first two; what became of each update is part of the task's own result.
_SAID_ELSEWHERE = frozenset({"message", "remedy", "results"})


class UpdatingAction(ActionBase):  # type: ignore[misc] # Ansible's own classes are not typed
    """Runs one task: subclasses name it and do its work in perform."""

    TASK: t.ClassVar[str]

    # A task works on a host through WS-Management; no shell is opened, and nothing is copied there.
    TRANSFERS_FILES = False

    @abstractmethod
    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Do the work and return the result; errors of the layers below may pass."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the task on the controller.

        Raises:
            AnsibleActionFail: whatever went wrong; never a connection failure, which would skip rescue and always
                (ansible-mechanics.md 3).
        """
        super().run(tmp, task_vars)
        secrets: set[str] = set()
        progress = DisplayProgress(None if self._task.no_log else display.display, secrets)
        work: TaskRun | None = None
        with quiet_libraries(lambda text: display.vvv(str(scrubbed(text, secrets)))), stop_signals() as stop:
            try:
                arguments, hidden = validated(self.TASK, self._task.args)
                secrets |= hidden
                with TaskRun(self, task_vars or {}, arguments, clock_from_environment(), progress, stop, secrets) as task:
                    work = task
                    result = task.with_signs(self.perform(task))
            except AnsibleAction:
                raise
            except Exception as error:  # nothing else may reach the user, least of all a traceback
                raise self._failure(error, work, progress, secrets) from None
            shown = t.cast("dict[str, t.Any]", scrubbed(plain({"changed": False, **result}), secrets))
            if (report := recorded(work, shown, None, secrets)) is not None:
                shown["report"] = report
        if not self._task.diff:
            shown.pop("diff", None)
        return shown | {"events": progress.events}

    def _failure(self, error: Exception, work: TaskRun | None, progress: DisplayProgress, secrets: set[str]) -> AnsibleActionFail:
        """Return the failure that stands for an error, with what the task has done before it."""
        fields: dict[str, t.Any] = {"outcome": "unknown"}
        if isinstance(error, OperationError):
            message, fields = error.sentence(), failure_fields(error)
        elif isinstance(error, AnsibleError | ValueError):
            message = str(error)
        else:
            message = f"{self.TASK}: {type(error).__name__}: {error}. This should not happen; run with -vvv to see where it comes from."
        display.vvv(str(scrubbed("".join(traceback.format_exception(error)), secrets)))
        result = {"changed": False, **(work.partial if work is not None else {}), **fields, "error": type(error).__name__}
        if work is not None:
            if isinstance(error, StoppedError):
                work.recorder.conclude(is_released=None)
            told = error_fields(error, str(scrubbed(one_line(message), secrets)))
            if (report := recorded(work, scrubbed(plain(result), secrets), told, secrets)) is not None:
                result["report"] = report
        if display.verbosity:
            # Otherwise the lines, which the user has just read, would stand once more in the middle of the error.
            result["events"] = progress.events
        failure = AnsibleActionFail(str(scrubbed(one_line(message), secrets)), result=scrubbed(plain(result), secrets))
        # ansible-core 2.18 adds the traceback of the error that is being handled, with whatever text that has.
        vars(failure).get("result", {}).pop("exception", None)
        return failure


def recorded(
    task: TaskRun | None, result: Mapping[str, t.Any], error: Mapping[str, t.Any] | None, secrets: set[str]
) -> dict[str, t.Any] | None:
    """Add what a task did to the record of its run, and write the report when the run has ended with it.

    Args:
        task: the task, after its work; None when it has not begun.
        result: what it returned, or did before it failed; plain and without secrets.
        error: why it failed, None when it did not.
        secrets: what must not be recorded.

    Returns:
        Where the report is; None when none is due.
    """
    if task is None:
        return None
    hidden = {name for name, option in argument_specification(task.task).items() if option.get("no_log")} | NOT_IN_ADVANCE
    given = task.arguments if task.task in TASKS_OF_A_RUN else {}
    arguments = {name: value for name, value in given.items() if name not in hidden and value is not None}
    state = task.arguments.get("state")
    task.recorder.close(TaskEnd(state, scrubbed(plain(arguments), secrets), result, error, task.peers.traffic()))
    return finish_report(task)


def failure_fields(error: OperationError) -> dict[str, t.Any]:
    """Return what an error knows, as fields of the failed task's result.

    Args:
        error: an error of any layer.
    """
    own = {name: value for name, value in vars(error).items() if not name.startswith("_") and name not in _SAID_ELSEWHERE}
    known = describe(error.code) if error.code is not None else None
    reason = f"{error.operation}: {error.message}" if error.operation else error.message
    return t.cast("dict[str, t.Any]", plain(own | {"symbol": known.symbol if known else None, "reason": one_line(reason)}))
