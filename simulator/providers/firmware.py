# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The class of a made-up vendor's tool for firmware."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ..cim import Job
from ..model import firmware, jobs
from .base import Arguments, ClassProvider, Context, Keys, Method, Values, text_of


def _install(context: Context, keys: Keys, arguments: Arguments) -> Job:
    name = next(iter(keys.values())).casefold()
    device = next(each for each in firmware.devices_of(context.cluster, context.node) if each.device.casefold() == name)
    job = firmware.start(context.model, context.cluster, context.node, device, text_of(arguments, "Version"))
    return jobs.ModelJob(context.model, job.number, context.embed)


class FirmwareDevice(ClassProvider):
    """The devices of a node."""

    methods: t.ClassVar[Mapping[str, Method]] = {"Install": _install}

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        return [
            {
                "DeviceID": device.device,
                "Name": device.name,
                "InstalledVersion": device.installed,
                "AvailableVersion": device.available,
                "IsInstalling": device.is_installing,
                "IsWaitingForRestart": device.is_waiting,
            }
            for device in firmware.devices_of(context.cluster, context.node)
        ]


PROVIDERS: dict[str, ClassProvider] = {"Contoso_Firmware": FirmwareDevice()}
