# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The made-up vendor's tool for firmware."""

from __future__ import annotations

import typing as t

import pytest

from simulator.cim import Job, Reply
from simulator.model.firmware import BUSY, NO_SUCH_VERSION, SUCCESS, SUCCESS_REBOOT_REQUIRED

from .lab import Lab, two_nodes

HARDWARE, FIRMWARE = "root/contoso/hardware", "Contoso_Firmware"
BIOS = {"node": "N1", "device": "BIOS", "name": "BIOS", "installed": "1", "available": "2", "seconds": 20}


def opened(**changes: object) -> Lab:
    return Lab(two_nodes(firmware=[BIOS | changes]))


def begin(lab: Lab, version: str = "2") -> Job:
    job = lab._invoke("N1", HARDWARE, FIRMWARE, "Install", {"DeviceID": "bios"}, {"Version": version})
    assert not isinstance(job, Reply)
    return job


def install(lab: Lab, version: str = "2") -> int:
    return t.cast("int", lab.finish(begin(lab, version))[1].return_value)


def row(lab: Lab) -> dict[str, t.Any]:
    return lab.rows("N1", HARDWARE, FIRMWARE)[0]


def test_namespace_is_there_only_where_the_vendors_devices_are() -> None:
    lab = opened()
    assert lab.provider("N1").schema(HARDWARE, FIRMWARE) is not None
    assert lab.provider("N2").schema(HARDWARE, FIRMWARE) is None


def test_version_takes_effect_with_the_restart_that_it_asks_for() -> None:
    lab = opened()
    assert install(lab) == SUCCESS_REBOOT_REQUIRED
    assert (row(lab)["InstalledVersion"], row(lab)["IsWaitingForRestart"]) == ("1", True)
    lab.restart("N1")
    lab.model.advance(120)
    assert (row(lab)["InstalledVersion"], row(lab)["IsWaitingForRestart"]) == ("2", False)
    assert [event["exit_code"] for event in lab.events("installer_ended")] == [SUCCESS_REBOOT_REQUIRED]


def test_version_without_restart_takes_effect_at_once() -> None:
    lab = opened(needs_restart=False)
    assert install(lab) == SUCCESS
    assert row(lab)["InstalledVersion"] == "2"


@pytest.mark.parametrize("changes", [{"exit_code": 1603}, {"exit_code": 1603, "needs_restart": False}])
def test_failure_leaves_the_version(changes: dict[str, object]) -> None:
    lab = opened(**changes)
    assert install(lab) == 1603
    assert (row(lab)["InstalledVersion"], row(lab)["IsWaitingForRestart"]) == ("1", False)


def test_installation_is_seen_while_it_lasts_and_a_second_one_is_refused() -> None:
    lab = opened()
    begin(lab)
    assert row(lab)["IsInstalling"] is True
    assert [process.name for process in lab.node("N1").processes] == ["fwupdate.exe"]
    assert install(lab) == BUSY
    assert len(lab.events("installer_started")) == 1


def test_other_version_is_refused() -> None:
    lab = opened()
    assert install(lab, "3") == NO_SUCH_VERSION
    assert lab.events("installer_started") == []


def test_restart_during_an_installation_interrupts_it() -> None:
    lab = opened()
    begin(lab)
    lab.restart("N1")
    lab.model.advance(120)
    assert (row(lab)["InstalledVersion"], row(lab)["IsInstalling"]) == ("1", False)
