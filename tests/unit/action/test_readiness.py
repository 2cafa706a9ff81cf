# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task readiness."""

from __future__ import annotations

from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.operating_system import Service

from ..fakes.world import FakeWorld, Held
from .playbook import Playbook

OTHER = "99999999-0000-4000-8000-000000000001"


def in_order(world: FakeWorld) -> None:
    """Give the nodes their services; what else a fake node lacks is no error."""
    for machine in world.machines.values():
        machine.services = [
            Service(name, name, "Running", "Auto", delayed_auto_start=False, start_name="LocalSystem")
            for name in ("ClusSvc", "WinRM", "wuauserv")
        ]
    world.fault(None, "definition", when="act")


def test_findings_come_with_the_failure(playbook: Playbook, world: FakeWorld) -> None:
    in_order(world)
    world.machine("node2").run_lock = Held(OTHER, 0)
    message, result = playbook.failure("readiness", "hv-a")
    assert message.startswith("readiness: HV01 is not ready (2 errors")
    assert result["ready"] is False
    assert result["worst"] == "error"
    locks = [finding for finding in result["findings"] if finding["rule"] == "locks_are_free"]
    assert [(finding["node"], finding["severity"], finding["cau_rule"]) for finding in locks] == [("node2", "error", None)]
    assert result["hosts"] == {"node1": "hv-a", "node2": "hv-b", "node3": "hv-c"}


def test_nothing_fails_when_that_is_asked(playbook: Playbook, world: FakeWorld) -> None:
    world.machine("node2").run_lock = Held(OTHER, 0)
    result = playbook.run("readiness", "hv-a", fail_on="never")
    assert (result["ready"], result["changed"]) == (True, False)
    assert any("[node2]" in line and OTHER in line for line in playbook.shown)


def test_run_of_this_playbook_is_no_hindrance(playbook: Playbook, world: FakeWorld) -> None:
    in_order(world)
    playbook.run("run_lock", "hv-a")
    result = playbook.run("readiness", "hv-b", fail_on="never")
    assert not {finding["rule"] for finding in result["findings"]} & {"locks_are_free", "journals_are_empty"}
