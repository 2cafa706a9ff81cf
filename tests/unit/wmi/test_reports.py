# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stored reports come back whole or not at all."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import ClusterUpdate
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import AnswerError, FaultError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.values import EmbeddedInstance
from hypothesis import given
from hypothesis import strategies as st

from .scripted import GUID, Record, ScriptedClient, Value, fault, not_found, output

HELPER = "MSFT_CAUReportHelper"
WHEN = datetime(2025, 10, 14, 18, 30, 5, 123456, tzinfo=UTC)
SECOND = WHEN.replace(microsecond=0)


def chunk(number: int, data: bytes) -> Record:
    properties: dict[str, Value] = {"Timestamp": SECOND, "SequenceNumber": number, "Data": base64.b64encode(data).decode()}
    return Record("MSFT_CAURun_Report_Chunk", properties)


def answering(*chunks: Record) -> ScriptedClient:
    return ScriptedClient().on("robust", f"{HELPER}.GetReport", output("GetReport", ReportChunks=chunks))


def test_ids_come_oldest_first() -> None:
    reports = [Record("MSFT_CAURun_Report_ID", {"Timestamp": SECOND.replace(year=year)}) for year in (2026, 2024)]
    client = ScriptedClient().on("robust", f"{HELPER}.GetReportIDs", output("GetReportIDs", ReportID=reports))
    assert [moment.year for moment in ClusterUpdate(client).report_ids().times] == [2024, 2026]
    assert client.calls[-1].keys == {"OrchestratorGuid": "00000000-0000-0000-0000-000000000000"}


def test_without_such_an_instance_the_class_is_asked() -> None:
    client = ScriptedClient().on("robust", f"{HELPER}.GetReportIDs", not_found(), output("GetReportIDs"))
    assert ClusterUpdate(client).report_ids(GUID) == ((), 0)
    assert [call.keys for call in client.calls] == [{"OrchestratorGuid": GUID}, None]


def test_a_report_that_is_not_there_is_told_as_such() -> None:
    needs_an_instance = fault(error_code=0x8004102F)
    client = ScriptedClient().on("robust", f"{HELPER}.GetReport", not_found(), needs_an_instance)
    with pytest.raises(FaultError) as caught:
        ClusterUpdate(client).get_report(WHEN)
    assert caught.value.is_not_found


def test_an_error_of_the_class_itself_is_told() -> None:
    client = ScriptedClient().on("robust", f"{HELPER}.GetReport", not_found(), fault(error_code=0x80041001))
    with pytest.raises(FaultError) as caught:
        ClusterUpdate(client).get_report(WHEN)
    assert caught.value.error_code == 0x80041001


def test_chunks_are_put_in_order() -> None:
    client = answering(chunk(1, b"world"), chunk(0, b"hello "))
    assert ClusterUpdate(client).get_report(WHEN) == b"hello world"
    identity = client.calls[-1].arguments["ReportId"]
    assert isinstance(identity, EmbeddedInstance)
    assert identity.properties == {"Timestamp": SECOND}


@pytest.mark.parametrize("numbers", [(), (1,), (0, 2), (0, 0)])
def test_a_missing_or_double_chunk_is_an_error(numbers: tuple[int, ...]) -> None:
    with pytest.raises(AnswerError, match="chunks"):
        ClusterUpdate(answering(*(chunk(number, b"x") for number in numbers))).get_report(WHEN)


def test_a_chunk_that_is_not_base64_is_an_error() -> None:
    broken = Record("MSFT_CAURun_Report_Chunk", {"SequenceNumber": 0, "Data": "%%%"})
    with pytest.raises(AnswerError, match="base64"):
        ClusterUpdate(answering(broken)).get_report(WHEN)


@given(data=st.binary(min_size=1, max_size=200), size=st.integers(1, 64))
def test_a_report_that_is_put_can_be_put_together_again(data: bytes, size: int) -> None:
    client = ScriptedClient().on("robust", f"{HELPER}.PutReport", output("PutReport"))
    ClusterUpdate(client).put_report(WHEN, data, GUID, size)
    sent = [call.arguments for call in client.calls]
    pieces = [each["ReportChunk"] for each in sent]
    assert all(isinstance(piece, EmbeddedInstance) for piece in pieces)
    properties = [piece.properties for piece in pieces if isinstance(piece, EmbeddedInstance)]
    assert b"".join(base64.b64decode(str(each["Data"])) for each in properties) == data
    assert [each["SequenceNumber"] for each in properties] == list(range(len(sent)))
    assert {each["Timestamp"] for each in properties} == {SECOND}
    assert [each["LastChunk"] for each in sent] == [False] * (len(sent) - 1) + [True]
    assert {each["ReportSize"] for each in sent} == {len(data)}


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(2025, 1, 1)])
def test_a_report_of_no_real_time_is_refused(moment: datetime) -> None:
    client = ScriptedClient()
    with pytest.raises(ValueError, match="aware time"):
        ClusterUpdate(client).put_report(moment, b"x", GUID)
    assert client.calls == []


def test_a_node_that_refuses_a_chunk_stops_the_rest() -> None:
    client = ScriptedClient().on("robust", f"{HELPER}.PutReport", output("PutReport", ReturnValue=112))
    with pytest.raises(MethodFailedError, match="ERROR_DISK_FULL"):
        ClusterUpdate(client).put_report(WHEN, b"xxxx", GUID, 1)
    assert len(client.calls) == 1
