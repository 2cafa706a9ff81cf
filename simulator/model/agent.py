# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scan, download and installation of updates, as jobs that go on whether or not anybody listens (cau.md 1.2, 1.3, 5.2)."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from . import catalogue, criteria, jobs, registry
from .engine import Model, handler
from .state import Cluster, JobState, Node, Process, Update

SUCCEEDED, FAILED, CANCELED = 0, 1, 2
"""UpdateResultCode: CAU's numbers, not those of the Windows Update Agent."""

NOT_ALLOWED = 0x80240016
CALL_CANCELLED = 0x8024000B
EXCLUSIVE_CONFLICT = 0x80240019
SERVICING_STACK_REQUIRED = 0x800F0823

LONG_RESTART_MEGABYTES = 100
"""LongRebootHint is set above it (cau.md 1.3)."""

_PROCESS_PATHS = {
    "TrustedInstaller.exe": r"C:\Windows\servicing\TrustedInstaller.exe",
    "TiWorker.exe": r"C:\Windows\winsxs\amd64_microsoft-windows-servicingstack_31bf3856ad364e35\TiWorker.exe",
}


def signed(code: int) -> int:
    """Return an HRESULT as the signed number that UpdateErrorCode holds."""
    return code - 0x100000000 if code >= 0x80000000 else code


def _rows(updates: list[Update]) -> list[dict[str, t.Any]]:
    return [{"update": update.update_id, "revision": update.revision} for update in updates]


def start(
    model: Model, cluster: Cluster, node: Node, kind: str, guid: str, query: str, *, recommended: bool, feature_only: bool
) -> JobState:
    """Start a scan, download or installation.

    Raises:
        CriteriaError: the query is no criteria.
    """
    parsed = criteria.parse(query)
    job = jobs.begin(model, cluster, node, kind, guid)
    job.query = query
    job.detail |= {"criteria": parsed, "recommended": recommended, "feature_only": feature_only}
    timings = cluster.timings
    seconds = timings.scan + timings.scan_per_update * len(cluster.updates)
    if kind != "scan":
        # Both search first (cau.md wmi-classes: "searches, and installs"), in the agent's own cache.
        seconds = min(seconds, 5.0)
    model.schedule(model.jittered(seconds, timings.jitter), searched, job=job.number)
    jobs.progress(model, job, "Searching for updates", query, "Searching", 0)
    return job


def _alive(model: Model, number: int) -> tuple[JobState, Cluster, Node] | None:
    job = model.world.jobs.get(number)
    if job is None or job.is_over:
        return None
    cluster, node = model.node(job.cluster, job.node)
    if node.boot_number != job.boot_number:
        return None
    # What a job does is done by whoever asked for it, however much later.
    model.cause = job.cause
    return job, cluster, node


@handler
def searched(model: Model, job: int) -> None:
    """End the search of a job: a scan reports, the others begin their work."""
    alive = _alive(model, job)
    if alive is None:
        return
    state, cluster, node = alive
    detail = state.detail
    found = catalogue.offered(
        cluster, node, detail["criteria"], include_recommended=detail["recommended"], feature_only=detail["feature_only"]
    )
    if state.kind == "scan":
        model.emit("scan", cluster.name, node.name, guid=state.guid, query=state.query, offered=_rows(found))
        for update in found:
            jobs.stream(model, state, "Info", "MSFT_CAU_ScanUpdateInfo", _info(update))
        jobs.reply(model, state)
        return
    state.todo = [update.key for update in found]
    state.detail["updates"] = [update.update_id for update in found]
    if state.kind == "install":
        model.emit("install_started", cluster.name, node.name, guid=state.guid, updates=state.detail["updates"], outcome=None)
        if found and not _take_servicing(model, cluster, node, state):
            _refuse_all(model, cluster, node, state, found)
            return
    next_update(model, job)


def _take_servicing(model: Model, cluster: Cluster, node: Node, job: JobState) -> bool:
    """Get hold of the one installer of a machine; False while it works for somebody else or a restart has to come first."""
    if node.installing_job is not None or "mandatory" in node.pending_signals:
        return False
    node.installing_job = job.number
    node.servicing_until = None
    for name, path in _PROCESS_PATHS.items():
        number = 4000 + 4 * model.world.number("process")
        node.processes.append(Process(number, name, path + (" -Embedding" if name == "TiWorker.exe" else ""), path, model.now))
    return True


def _refuse_all(model: Model, cluster: Cluster, node: Node, job: JobState, updates: list[Update]) -> None:
    for update in updates:
        _result(model, cluster, node, job, update, FAILED, NOT_ALLOWED)
    _end_install(model, cluster, node, job, "refused")


@handler
def next_update(model: Model, job: int) -> None:
    """Begin with the next update of a download or installation, or end it."""
    alive = _alive(model, job)
    if alive is None:
        return
    state, cluster, node = alive
    if not state.todo:
        if state.kind == "install":
            _end_install(model, cluster, node, state, "completed")
        else:
            jobs.reply(model, state)
        return
    update = cluster.updates[state.todo[0]]
    total = len(state.detail["updates"])
    verb = "Installing" if state.kind == "install" else "Downloading"
    jobs.progress(model, state, f"{verb} updates", update.title, f"{verb} {state.done + 1} of {total}", 100 * state.done / total)
    is_stored = catalogue.status(node, update).is_downloaded
    seconds = 0.0 if is_stored else update.download_seconds
    if state.kind == "install":
        seconds += update.install_seconds
        _report_half_way(model, state, update, seconds)
    model.schedule(model.jittered(max(seconds, 0.5), cluster.timings.jitter), update_done, job=job)


def _report_half_way(model: Model, job: JobState, update: Update, seconds: float) -> None:
    total = len(job.detail["updates"])
    arguments = {"job": job.number, "title": update.title, "percent": 100 * (job.done + 0.5) / total, "step": job.done}
    model.schedule(seconds / 2, half_done, **arguments)


@handler
def half_done(model: Model, job: int, title: str, percent: float, step: int) -> None:
    """Report progress in the middle of an installation."""
    alive = _alive(model, job)
    if alive is not None and alive[0].done == step:
        jobs.progress(model, alive[0], "Installing updates", title, "Installing", percent)


@handler
def update_done(model: Model, job: int) -> None:
    """End the work on one update."""
    alive = _alive(model, job)
    if alive is None or not alive[0].todo:
        return
    state, cluster, node = alive
    update = cluster.updates[state.todo.pop(0)]
    state.done += 1
    if state.kind == "download":
        code = _failure(node, update, "download")
        catalogue.status(node, update).is_downloaded = not code
        model.emit(
            "update_downloaded", cluster.name, node.name, update=update.update_id, result=FAILED if code else SUCCEEDED, hresult=code
        )
        values = _info(update) | _outcome(model, FAILED if code else SUCCEEDED, code)
        jobs.stream(model, state, "Info", "MSFT_CAU_DownloadUpdateInfo", values)
    else:
        code = _install_code(cluster, node, state, update)
        _result(model, cluster, node, state, update, FAILED if code else SUCCEEDED, code)
    next_update(model, job)


def _failure(node: Node, update: Update, phase: str) -> int:
    if not update.failure or update.failure_phase != phase or (update.failure_nodes and node.name not in update.failure_nodes):
        return 0
    entry = catalogue.status(node, update)
    if update.failure_times is not None and entry.failures >= update.failure_times:
        return 0
    entry.failures += 1
    return update.failure


def _install_code(cluster: Cluster, node: Node, job: JobState, update: Update) -> int:
    """Return the HRESULT of an installation, 0 for success."""
    if update.is_exclusive and len(job.detail["updates"]) > 1:
        return EXCLUSIVE_CONFLICT
    for key in update.needs_at_install:
        entry = node.updates.get(key)
        if entry is None or not entry.is_installed:
            return SERVICING_STACK_REQUIRED
    return _failure(node, update, "install")


def _result(model: Model, cluster: Cluster, node: Node, job: JobState, update: Update, result: int, code: int) -> None:
    """Note and report how an installation ended."""
    needs_restart = result == SUCCEEDED and update.restart != "never"
    fields = {"update": update.update_id, "revision": update.revision, "hresult": code, "restart_required": needs_restart}
    if result == SUCCEEDED:
        model.emit("update_installed", cluster.name, node.name, **fields)
        mark_installed(model, cluster, node, update)
    else:
        model.emit("update_failed", cluster.name, node.name, **fields)
    values = _info(update) | _outcome(model, result, code)
    values |= {"RebootRequired": needs_restart, "LongRebootHint": needs_restart and update.size_mb > LONG_RESTART_MEGABYTES}
    values["CommitRequired"] = False
    jobs.stream(model, job, "Info", "MSFT_CAU_InstallUpdateInfo", values)


def mark_installed(model: Model, cluster: Cluster, node: Node, update: Update) -> None:
    """Let an update be on a node, up to the restart that it may need."""
    entry = catalogue.status(node, update)
    entry.is_downloaded = entry.is_installed = True
    entry.is_pending_restart = update.restart != "never"
    if update.restart != "never":
        registry.signal_pending(model, cluster.name, node, "wu", "cbs")
    if update.restart == "before_next":
        node.pending_signals.add("mandatory")
    if entry.offers_again < update.offered_again and update.offered_again_after == "install":
        offer_again(model, cluster, node, update)


def offer_again(model: Model, cluster: Cluster, node: Node, update: Update) -> None:
    """Let an update that was installed with success count as missing again."""
    entry = catalogue.status(node, update)
    entry.offers_again += 1
    entry.is_installed = False
    entry.is_pending_restart = False
    fields = {"update": update.update_id, "revision": update.revision, "hresult": 0, "restart_required": update.restart != "never"}
    model.emit("update_offered_again", cluster.name, node.name, **fields)


def finish_updates(model: Model, cluster: Cluster, node: Node) -> None:
    """Complete at the start of a machine what waited for it."""
    for key, entry in node.updates.items():
        update = cluster.updates[key]
        entry.is_pending_restart = False
        is_ours = entry.is_installed and not entry.was_installed_at_start
        if is_ours and update.offered_again_after == "restart" and entry.offers_again < update.offered_again:
            offer_again(model, cluster, node, update)


def _end_install(model: Model, cluster: Cluster, node: Node, job: JobState, outcome: str) -> None:
    model.emit("install_ended", cluster.name, node.name, guid=job.guid, updates=job.detail["updates"], outcome=outcome)
    if node.installing_job == job.number:
        node.installing_job = None
        tail = cluster.timings.servicing_tail
        node.servicing_until = model.now + timedelta(seconds=tail)
        model.schedule(tail, servicing_over, cluster=cluster.name, node=node.name, boot_number=node.boot_number)
    jobs.reply(model, job)


@handler
def servicing_over(model: Model, cluster: str, node: str, boot_number: int) -> None:
    """Let the servicing processes end a little after the installation."""
    _found, machine = model.node(cluster, node)
    if machine.boot_number == boot_number and machine.installing_job is None:
        machine.processes = [process for process in machine.processes if process.name not in _PROCESS_PATHS]
        machine.servicing_until = None


def cancelled(model: Model, job: JobState, reason: str) -> None:
    """Play what the provider does when its operation is ended from outside: unknown (wsman-cim.md 8.2), so the scenario says."""
    cluster, _node = model.node(job.cluster, job.node)
    if cluster.behaviour.cancel == "honoured":
        model.schedule(cluster.timings.cancel, end_cancelled, job=job.number)


@handler
def end_cancelled(model: Model, job: int) -> None:
    """Cancel what a job has not done yet."""
    alive = _alive(model, job)
    if alive is None:
        return
    state, cluster, node = alive
    left = [cluster.updates[key] for key in state.todo]
    state.todo = []
    if state.kind != "install":
        jobs.fail(model, state, CALL_CANCELLED, "The operation was cancelled. ")
        return
    rest = [update.update_id for update in left]
    model.emit("install_cancelled", cluster.name, node.name, guid=state.guid, updates=rest, outcome="cancelled")
    for update in left:
        values = _info(update) | _outcome(model, CANCELED, CALL_CANCELLED) | {"RebootRequired": False, "LongRebootHint": False}
        jobs.stream(model, state, "Info", "MSFT_CAU_InstallUpdateInfo", values)
    _end_install(model, cluster, node, state, "cancelled")


def _info(update: Update) -> dict[str, t.Any]:
    return {"UpdateId": update.update_id, "UpdateTitle": update.title, "UpdateDesc": update.description}


def _outcome(model: Model, result: int, code: int) -> dict[str, t.Any]:
    return {"UpdateResultCode": result, "UpdateErrorCode": signed(code), "UpdateTimestamp": model.now}
