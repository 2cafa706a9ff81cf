# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A made-up vendor's tool for firmware: devices with a version, and an installation that runs as a process of its own."""

from __future__ import annotations

from . import jobs, processes
from .engine import Model, handler
from .settings import Firmware
from .state import Cluster, JobState, Node

PATH = r"C:\Program Files\Contoso\fwupdate.exe"

SUCCESS, SUCCESS_REBOOT_REQUIRED, NO_SUCH_VERSION, BUSY = 0, 3010, 87, 170


def devices_of(cluster: Cluster, node: Node) -> list[Firmware]:
    """Return the devices of a node."""
    return [device for device in cluster.firmware if device.node == node.name]


def start(model: Model, cluster: Cluster, node: Node, device: Firmware, version: str) -> JobState:
    """Install a version on a device, or answer at once that it cannot be done."""
    parameters = f"/device {device.device} /version {version}"
    job = jobs.begin(model, cluster, node, "installer", "", path=PATH, parameters=parameters, device=device.device)
    refusal = BUSY if device.is_installing else NO_SUCH_VERSION if version != device.available else 0
    if refusal:
        job.kind = "refusal"
        jobs.reply(model, job, refusal)
        return job
    device.is_installing = True
    processes.begin(model, cluster, node, job)
    model.schedule(device.seconds, firmware_done, job=job.number)
    return job


@handler
def firmware_done(model: Model, job: int) -> None:
    """End the installation of a version."""
    ended = processes.end(model, job)
    if ended is None:
        return
    cluster, node, state = ended
    detail = state.detail
    device = next(device for device in devices_of(cluster, node) if device.device == detail["device"])
    device.is_installing = False
    if device.exit_code == SUCCESS:
        device.is_waiting = device.needs_restart
        if not device.is_waiting:
            device.installed = device.available
    exit_code = SUCCESS_REBOOT_REQUIRED if device.is_waiting else device.exit_code
    model.emit("installer_ended", cluster.name, node.name, path=detail["path"], parameters=detail["parameters"], exit_code=exit_code)
    jobs.reply(model, state, exit_code)


def finish(cluster: Cluster, node: Node) -> None:
    """Let what waits for a restart take effect; an installation that the machine interrupted has had none."""
    for device in devices_of(cluster, node):
        if device.is_waiting:
            device.installed = device.available
        device.is_waiting = device.is_installing = False
