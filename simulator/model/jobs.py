# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long methods in flight: plain state in the world, and the handle by which the wire listens to one."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from datetime import timedelta

from ..cim import CimFault, FaultStyle, Instance, ProgressReport, Reply, Streamed
from .engine import Model
from .state import Cluster, JobState, Node

Embed = Callable[[str, dict[str, t.Any]], Instance]

_KEPT_SECONDS = 1800.0
"""How long the outputs of a finished job stay for a listener that reconnects; the wire's own buffer is shorter."""


def begin(model: Model, cluster: Cluster, node: Node, kind: str, guid: str, **detail: object) -> JobState:
    """Make a job of a node."""
    number = model.world.number("job")
    limit = model.now - timedelta(seconds=_KEPT_SECONDS)
    for old in [job.number for job in model.world.jobs.values() if job.is_over and job.detail.get("ended", model.now) < limit]:
        del model.world.jobs[old]
    job = JobState(number, cluster.name, node.name, node.boot_number, kind, guid, model.cause, detail=detail)
    model.world.jobs[number] = job
    return job


def stream(model: Model, job: JobState, parameter: str, class_name: str, values: dict[str, t.Any]) -> None:
    """Deliver one element of a streamed array."""
    _push(model, job, ("stream", (parameter, class_name, values)))


def progress(model: Model, job: JobState, activity: str, operation: str, status: str, percent: float) -> None:
    """Deliver a progress report."""
    _push(model, job, ("progress", (activity, operation, status, int(min(max(percent, 0), 100)))))


def reply(model: Model, job: JobState, value: int = 0, **instances: tuple[str, dict[str, t.Any]]) -> None:
    """End a job with its return value and its out-parameters that are embedded instances (class name, values)."""
    _end(model, job, ("reply", (value, instances)))


def fail(model: Model, job: JobState, code: int, message: str, cim_status: int = 1) -> None:
    """End a job with an error of the provider."""
    _end(model, job, ("fault", (code, message, cim_status)))


def _end(model: Model, job: JobState, output: tuple[str, t.Any]) -> None:
    if not job.is_over:
        _push(model, job, output)
        job.is_over = True
        job.detail["ended"] = model.now


def _push(model: Model, job: JobState, output: tuple[str, t.Any]) -> None:
    if not job.is_over:
        job.outputs.append(output)
        model.changed.notify_all()


def interrupt(model: Model, cluster: Cluster, node: Node) -> None:
    """End everything that runs on a machine that goes off."""
    for job in list(model.world.jobs.values()):
        if job.cluster == cluster.name and job.node == node.name and not job.is_over:
            if job.kind == "install":
                model.emit(
                    "install_ended", cluster.name, node.name, guid=job.guid, updates=job.detail.get("updates", []), outcome="interrupted"
                )
            elif job.kind == "installer":
                detail = job.detail
                model.emit("installer_ended", cluster.name, node.name, path=detail["path"], parameters=detail["parameters"], exit_code=None)
            fail(model, job, 0x8007045B, "A system shutdown is in progress. ", cim_status=28)
    node.installing_job = None


class ModelJob:
    """The wire's handle on a job; the job itself lives in the model and goes on without it.

    Args:
        embed: makes an instance of an embedded class.
        on_cancel: what the provider does when its operation is ended from outside.
    """

    def __init__(self, model: Model, number: int, embed: Embed, on_cancel: Callable[[Model, JobState, str], None] | None = None) -> None:
        self._model = model
        self._number = number
        self._embed = embed
        self._on_cancel = on_cancel

    def next(self, real_seconds: float) -> Streamed | ProgressReport | Reply | None:
        """Return the next thing the method produced, or None when nothing came within `real_seconds`.

        Raises:
            CimFault: the method failed.
        """
        model = self._model
        with model.changed:
            model.run_due(model.clock.now())
            job = self._job()
            if job.read >= len(job.outputs):
                model.changed.wait_for(self._has_more, timeout=max(real_seconds, 0.0))
            job = self._job()
            if job.read >= len(job.outputs):
                return None
            kind, payload = job.outputs[job.read]
            job.read += 1
        return self._output(kind, payload)

    def _has_more(self) -> bool:
        job = self._model.world.jobs.get(self._number)
        return job is None or job.read < len(job.outputs)

    def _job(self) -> JobState:
        job = self._model.world.jobs.get(self._number)
        if job is None:
            raise CimFault(0x80041032, "The operation was cancelled. ", sender=False, style=FaultStyle.WMI_ERROR, cim_status=1)
        return job

    def _output(self, kind: str, payload: tuple[t.Any, ...]) -> Streamed | ProgressReport | Reply:
        if kind == "stream":
            parameter, class_name, values = payload
            return Streamed(parameter, self._embed(class_name, values))
        if kind == "progress":
            return ProgressReport(*payload)
        if kind == "fault":
            code, message, status = payload
            raise CimFault(code, message, sender=False, style=FaultStyle.WMI_ERROR, cim_status=status)
        value, instances = payload
        return Reply({name: self._embed(class_name, values) for name, (class_name, values) in instances.items()}, value)

    def cancel(self, reason: str) -> None:
        """Tell the provider that its operation was ended from outside; a no-op when it is over."""
        with self._model.changed:
            job = self._model.world.jobs.get(self._number)
            if job is None or job.is_over or job.cancelled is not None:
                return
            job.cancelled = reason
            if self._on_cancel is not None:
                with self._model.acting(job.cause):
                    self._on_cancel(self._model, job, reason)
