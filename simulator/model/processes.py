# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process that an installer is while its job goes on, as Win32_Process shows it."""

from __future__ import annotations

import ntpath

from .engine import Model
from .state import Cluster, JobState, Node, Process


def begin(model: Model, cluster: Cluster, node: Node, job: JobState) -> None:
    """Show the installer of a job as a process, by the `path` and the `parameters` of the job."""
    path, parameters = job.detail["path"], job.detail["parameters"]
    number = 4000 + 4 * model.world.number("process")
    job.detail["process"] = number
    node.processes.append(Process(number, ntpath.basename(path), f'"{path}" {parameters}', path, model.now))
    model.emit("installer_started", cluster.name, node.name, path=path, parameters=parameters, exit_code=None)


def end(model: Model, job: int) -> tuple[Cluster, Node, JobState] | None:
    """Take the process of a job away and return whose it was, None when the job or the machine has ended before."""
    state = model.world.jobs.get(job)
    if state is None or state.is_over:
        return None
    cluster, node = model.node(state.cluster, state.node)
    if node.boot_number != state.boot_number:
        return None
    model.cause = state.cause
    node.processes = [process for process in node.processes if process.process_id != state.detail.get("process")]
    return cluster, node, state
