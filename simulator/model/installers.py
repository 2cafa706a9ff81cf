# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RunUpdateInstaller: a hotfix installer with scripted exit codes (cau.md 1.2, 6)."""

from __future__ import annotations

import fnmatch

from . import jobs, processes, registry
from .engine import Model, handler
from .settings import Installer
from .state import Cluster, JobState, Node

UPDATE_TOKEN = "$update$"  # noqa: S105


def expanded(program: str) -> str:
    """Return a program path without quotation marks and with the variables that the provider expands."""
    text = program.strip().strip('"')
    for name, value in (("%systemroot%", r"C:\Windows"), ("%windir%", r"C:\Windows"), ("%systemdrive%", "C:")):
        position = text.lower().find(name)
        if position >= 0:
            text = text[:position] + value + text[position + len(name) :]
    return text


def _script(cluster: Cluster, update_path: str) -> Installer:
    for entry in cluster.installers:
        if fnmatch.fnmatch(update_path.lower(), entry.match.lower()) and entry.times != 0:
            if entry.times is not None:
                entry.times -= 1
            return entry
    return Installer()


def start(
    model: Model, cluster: Cluster, node: Node, guid: str, program: str, parameters: str, update_path: str, refusal: int = 0
) -> JobState:
    """Start an installer process, or answer with the launch result `refusal`."""
    script = _script(cluster, update_path) if not refusal else Installer(launch_hresult=refusal)
    path = expanded(program)
    # The provider puts the path of the update in double quotes (cau.md 1.2, seen in its log).
    line = parameters.replace(UPDATE_TOKEN, f'"{update_path}"')
    job = jobs.begin(model, cluster, node, "installer", guid, path=path, parameters=line)
    job.detail |= {"exit_code": script.exit_code, "launch": script.launch_hresult, "restart": script.needs_restart}
    if script.launch_hresult:
        model.schedule(0.5, installer_done, job=job.number)
        return job
    processes.begin(model, cluster, node, job)
    model.schedule(model.jittered(script.seconds, cluster.timings.jitter), installer_done, job=job.number)
    return job


@handler
def installer_done(model: Model, job: int) -> None:
    """End an installer process."""
    ended = processes.end(model, job)
    if ended is None:
        return
    cluster, node, state = ended
    detail = state.detail
    launch = detail["launch"]
    exit_code = 0 if launch else detail["exit_code"]
    if not launch:
        model.emit("installer_ended", cluster.name, node.name, path=detail["path"], parameters=detail["parameters"], exit_code=exit_code)
        if detail["restart"]:
            registry.signal_pending(model, cluster.name, node, "cbs")
    values = {"LaunchInstallerHResult": launch, "ReturnCode": exit_code}
    jobs.reply(model, state, 0, Result=("MSFT_CAU_Update_Installer_Result", values))
