# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from simulator.cim import CimFault, FaultStyle

from .lab import GUID, OTHER_GUID, UPDATE, Lab, two_nodes

LOCKS = ["MSFT_CAURun", "MSFT_CAUNode"]


@pytest.fixture
def lab() -> Lab:
    return Lab(two_nodes())


@pytest.mark.parametrize("name", LOCKS)
def test_create_of_a_free_lock_stands_on_that_node_alone(lab: Lab, name: str) -> None:
    assert lab.create("N1", name, GUID) == {"OrchestratorGuid": GUID}
    assert lab.rows("N1", UPDATE, name) == [{"OrchestratorGuid": GUID}]
    assert lab.rows("N2", UPDATE, name) == []


@pytest.mark.parametrize("name", LOCKS)
def test_create_with_another_guid_is_refused_and_logged_with_the_holder(lab: Lab, name: str) -> None:
    lab.create("N1", name, GUID)
    with pytest.raises(CimFault) as caught:
        lab.create("N1", name, OTHER_GUID)
    assert (caught.value.code, caught.value.style, caught.value.cim_status) == (0x80041019, FaultStyle.WMI_ERROR, 11)
    refused = lab.events("run_lock_refused", "node_session_refused")
    assert [(entry["guid"], entry["holder"]) for entry in refused] == [(OTHER_GUID, GUID)]
    assert lab.rows("N1", UPDATE, name) == [{"OrchestratorGuid": GUID}]


def test_create_with_the_same_guid_reconnects(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAURun", GUID)
    assert lab.create("N1", "MSFT_CAURun", GUID.upper()) == {"OrchestratorGuid": GUID}
    assert [entry["event"] for entry in lab.events()] == ["run_lock_taken", "run_lock_touched"]


def test_create_with_no_guid_is_an_invalid_parameter(lab: Lab) -> None:
    with pytest.raises(CimFault) as caught:
        lab.create("N1", "MSFT_CAURun", "mine")
    assert caught.value.cim_status == 4


def test_lock_without_access_ages_out_after_an_hour(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAURun", GUID)
    lab.model.advance(3599)
    assert lab.rows("N1", UPDATE, "MSFT_CAURun")
    lab.model.advance(2)
    assert lab.rows("N1", UPDATE, "MSFT_CAURun") == []
    assert lab.events("run_lock_expired")[0]["last_access"] == "2026-01-15T20:00:00.000Z"


def test_keyed_get_touches_and_enumeration_does_not(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAURun", GUID)
    lab.create("N2", "MSFT_CAURun", GUID)
    lab.model.advance(3000)
    lab.get("N1", UPDATE, "MSFT_CAURun", OrchestratorGuid=GUID)
    lab.rows("N2", UPDATE, "MSFT_CAURun")
    lab.model.advance(1000)
    assert lab.rows("N1", UPDATE, "MSFT_CAURun")
    assert lab.rows("N2", UPDATE, "MSFT_CAURun") == []


def test_method_of_the_session_touches_it(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAUNode", GUID)
    lab.model.advance(3000)
    lab.invoke("N1", UPDATE, "MSFT_CAUNode", "RebootRequired", {"OrchestratorGuid": GUID})
    lab.model.advance(3000)
    assert lab.rows("N1", UPDATE, "MSFT_CAUNode")


def test_get_with_another_guid_finds_nothing(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAURun", GUID)
    with pytest.raises(CimFault) as caught:
        lab.get("N1", UPDATE, "MSFT_CAURun", OrchestratorGuid=OTHER_GUID)
    assert caught.value.cim_status == 6


def test_delete_by_the_observed_guid_releases_and_a_second_one_finds_nothing(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAURun", GUID)
    lab.delete("N1", "MSFT_CAURun", GUID)
    assert [entry["event"] for entry in lab.events()] == ["run_lock_taken", "run_lock_released"]
    with pytest.raises(CimFault) as caught:
        lab.delete("N1", "MSFT_CAURun", GUID)
    assert caught.value.cim_status == 6


def test_delete_with_another_guid_leaves_the_lock(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAURun", GUID)
    with pytest.raises(CimFault):
        lab.delete("N1", "MSFT_CAURun", OTHER_GUID)
    assert lab.rows("N1", UPDATE, "MSFT_CAURun")


def test_locks_survive_a_restart(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAURun", GUID)
    lab.restart("N1")
    lab.model.advance(60)
    assert lab.rows("N1", UPDATE, "MSFT_CAURun") == [{"OrchestratorGuid": GUID}]


def test_lock_of_a_machine_that_is_off_ages_out_when_it_is_back(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAURun", GUID)
    lab.act("power_off", node="N1")
    lab.model.advance(4000)
    assert lab.node("N1").run_lock is not None
    lab.act("power_on", node="N1")
    lab.model.advance(60)
    assert lab.node("N1").run_lock is None


def test_method_without_selectors_has_invalid_parameters(lab: Lab) -> None:
    lab.create("N1", "MSFT_CAUNode", GUID)
    with pytest.raises(CimFault) as caught:
        lab.invoke("N1", UPDATE, "MSFT_CAUNode", "RebootRequired")
    assert caught.value.code == 0x8004102F
