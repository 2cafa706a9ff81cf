# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import typing as t
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cim import CimFault, Instance, Reply

from .lab import CIMV2, STORAGE, UPDATE, Lab, fault_code, two_nodes

S2D = {"nodes": ["N1", "N2", "N3"], "storage": {"s2d": True, "virtual_disks": ["V1"], "repair_seconds": 60}}


def disk(lab: Lab) -> tuple[int, list[int]]:
    row = lab.rows("N1", STORAGE, "MSFT_VirtualDisk")[0]
    return row["HealthStatus"], row["OperationalStatus"]


def test_absent_node_degrades_the_disks_and_its_return_repairs_them() -> None:
    lab = Lab(two_nodes(**S2D))
    lab.restart("N3")
    lab.model.advance(10)
    assert disk(lab) == (1, [3, 0xD003])
    lab.model.advance(40)
    assert disk(lab) == (1, [11])
    job = lab.rows("N1", STORAGE, "MSFT_StorageJob")[0]
    assert (job["JobState"], job["Name"]) == (4, "Repair")
    lab.model.advance(60)
    assert disk(lab) == (0, [2])
    assert lab.rows("N1", STORAGE, "MSFT_StorageJob") == []
    assert [entry["health"] for entry in lab.events("virtual_disk_health_changed")] == [1, 0]


def test_administrator_brings_the_disks_into_order_without_a_node_that_is_gone() -> None:
    lab = Lab(two_nodes(**S2D))
    lab.act("evict_node", node="N3")
    assert disk(lab) == (1, [3, 0xD003])
    lab.act("set_disk_health", disk="V1", health=0)
    assert disk(lab) == (0, [2])


def test_pause_is_refused_while_a_repair_runs() -> None:
    lab = Lab(two_nodes(**S2D))
    lab.act("repair_storage", node="N3", seconds=30)
    with pytest.raises(CimFault) as caught:
        lab.pause("N1")
    assert fault_code(caught.value) == 5987
    lab.model.advance(31)
    lab.pause("N1")


def test_two_absent_nodes_make_the_disks_unhealthy() -> None:
    lab = Lab(two_nodes(**S2D, quorum={"witness": "cloud"}))
    for node in ("N2", "N3"):
        lab.act("power_off", node=node)
    assert disk(lab)[0] == 2


def test_disks_of_a_paused_node_are_in_maintenance_where_the_release_does_so() -> None:
    lab = Lab(two_nodes(nodes=["N1", "N2", "N3"], storage={"s2d": True, "auto_maintenance": True}))
    lab.pause("N1")
    rows = lab.rows("N2", STORAGE, "MSFT_PhysicalDisk")
    assert [0xD016 in row["OperationalStatus"] for row in rows] == [True, True, False, False, False, False]
    lab.model.advance(30)
    lab.resume("N1")
    assert not any(0xD016 in row["OperationalStatus"] for row in lab.rows("N2", STORAGE, "MSFT_PhysicalDisk"))


def test_cluster_without_spaces_direct_has_no_virtual_disks() -> None:
    lab = Lab(two_nodes())
    assert lab.rows("N1", STORAGE, "MSFT_VirtualDisk") == []
    assert len(lab.rows("N1", STORAGE, "MSFT_StorageSubSystem")) == 1


def registry(lab: Lab, method: str, **arguments: object) -> Reply:
    return lab.invoke("N1", CIMV2, "StdRegProv", method, None, hDefKey=0x80000002, **arguments)


def test_key_is_made_with_its_parents_and_logged_once() -> None:
    lab = Lab(two_nodes())
    for _twice in range(2):
        assert registry(lab, "CreateKey", sSubKeyName=r"SOFTWARE\a\b").return_value == 0
    assert [entry["key"] for entry in lab.events("registry_written")] == [r"HKLM\SOFTWARE\a\b"]
    assert registry(lab, "EnumKey", sSubKeyName=r"software\A").outputs == {"sNames": ["b"]}


def test_key_with_subkeys_cannot_be_deleted() -> None:
    lab = Lab(two_nodes())
    registry(lab, "CreateKey", sSubKeyName=r"SOFTWARE\a\b")
    assert registry(lab, "DeleteKey", sSubKeyName=r"SOFTWARE\a").return_value == 5
    assert registry(lab, "DeleteKey", sSubKeyName=r"SOFTWARE\a\b").return_value == 0
    assert registry(lab, "DeleteKey", sSubKeyName=r"SOFTWARE\a\b").return_value == 2


@pytest.mark.parametrize(
    ("kind", "parameter", "value", "number"),
    [
        ("String", "sValue", "text", 1),
        ("ExpandedString", "sValue", "%systemroot%", 2),
        ("Binary", "uValue", [1, 255], 3),
        ("DWORD", "uValue", 4294967295, 4),
        ("MultiString", "sValue", ["a", "b"], 7),
        ("QWORD", "uValue", 2**63, 11),
    ],
)
def test_value_of_each_type_comes_back(kind: str, parameter: str, value: object, number: int) -> None:
    lab = Lab(two_nodes())
    registry(lab, "CreateKey", sSubKeyName=r"SOFTWARE\a")
    assert registry(lab, f"Set{kind}Value", sSubKeyName=r"SOFTWARE\a", sValueName="V", **{parameter: value}).return_value == 0
    reply = registry(lab, f"Get{kind}Value", sSubKeyName=r"SOFTWARE\a", sValueName="v")
    assert (reply.return_value, reply.outputs) == (0, {parameter: value})
    assert registry(lab, "EnumValues", sSubKeyName=r"SOFTWARE\a").outputs == {"sNames": ["V"], "Types": [number]}
    assert registry(lab, "DeleteValue", sSubKeyName=r"SOFTWARE\a", sValueName="V").return_value == 0
    assert registry(lab, "EnumValues", sSubKeyName=r"SOFTWARE\a").outputs == {}


def test_missing_key_and_foreign_hive_are_told_apart() -> None:
    lab = Lab(two_nodes())
    assert registry(lab, "EnumKey", sSubKeyName=r"SOFTWARE\none").return_value == 2
    assert registry(lab, "SetStringValue", sSubKeyName=r"SOFTWARE\none", sValueName="V", sValue="x").return_value == 2
    assert lab.invoke("N1", CIMV2, "StdRegProv", "EnumKey", hDefKey=0x80000001, sSubKeyName="x").return_value == 6


def test_triggered_service_has_its_registry_key() -> None:
    lab = Lab(two_nodes())
    path = r"SYSTEM\CurrentControlSet\Services\W32Time"
    assert registry(lab, "EnumKey", sSubKeyName=path).outputs == {"sNames": ["TriggerInfo"]}


STAMP = datetime(2026, 1, 15, 20, 0, 1, tzinfo=UTC)


def put_chunk(lab: Lab, data: bytes, sequence: int, size: int, *, last: bool) -> int:
    schema = lab.provider("N1").schema(UPDATE, "MSFT_CAURun_Report_Chunk")
    assert schema is not None
    values: dict[str, t.Any] = {"Timestamp": STAMP, "SequenceNumber": sequence, "Data": base64.b64encode(data).decode()}
    chunk = Instance(schema, values)
    reply = lab.invoke("N1", UPDATE, "MSFT_CAUReportHelper", "PutReport", ReportSize=size, ReportChunk=chunk, LastChunk=last)
    return t.cast("int", reply.return_value)


@given(data=st.binary(min_size=1, max_size=400), size=st.integers(min_value=1, max_value=100))
def test_report_comes_back_in_chunks_as_it_was_stored(data: bytes, size: int) -> None:
    lab = Lab(two_nodes())
    half = len(data) // 2
    assert put_chunk(lab, data[:half], 0, len(data), last=False) == 0
    assert put_chunk(lab, data[half:], 1, len(data), last=True) == 0
    ids, _reply = lab.finish(lab.begin("N1", "MSFT_CAUReportHelper", "GetReportIDs"))
    assert ids == [{"Timestamp": STAMP}]
    schema = lab.provider("N1").schema(UPDATE, "MSFT_CAURun_Report_ID")
    assert schema is not None
    report = Instance(schema, {"Timestamp": STAMP})
    rows, _reply = lab.finish(lab.begin("N1", "MSFT_CAUReportHelper", "GetReport", ReportId=report, ChunkSize=size))
    assert b"".join(base64.b64decode(row["Data"]) for row in rows) == data
    assert [row["SequenceNumber"] for row in rows] == list(range(len(rows)))


def test_report_of_another_size_than_announced_is_not_stored() -> None:
    lab = Lab(two_nodes())
    assert put_chunk(lab, b"abc", 0, 4, last=True) != 0
    assert lab.finish(lab.begin("N1", "MSFT_CAUReportHelper", "GetReportIDs"))[0] == []
