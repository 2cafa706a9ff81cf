# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Robust invokes: streamed events, keep-alives, lost connections and what remains of an operation."""

from __future__ import annotations

import http.client
import threading
import typing as t
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest

from simulator.cim import CimFault, FaultStyle, ProgressReport, Reply, Streamed
from simulator.wire.options import WireOptions

from .conftest import FAST, Twin, wait_for
from .fake_provider import FakeJob, part
from .messages import NS, XSI_TYPE, RawClient, envelope, get, invoke, read_envelopes, robust

SIDE = "http://schemas.microsoft.com/wbem/wsman/1/wsman/"
DUPLEX = f"{SIDE}FullDuplex"


@pytest.fixture
def job(twin: Twin) -> FakeJob:
    twin.provider.job = FakeJob()
    return twin.provider.job


class Stream:
    """A robust answer that is read envelope by envelope."""

    def __init__(self, client: RawClient, body: bytes) -> None:
        self.client = client
        self.response: http.client.HTTPResponse = client.begin(body)
        self._envelopes: Iterator[ElementTree.Element] = read_envelopes(self.response)

    def next(self, *, skips_keep_alive: bool = True) -> ElementTree.Element:
        while True:
            found = next(self._envelopes)
            if not (skips_keep_alive and kind(found) == "KeepAlive"):
                return found

    def rest(self) -> list[ElementTree.Element]:
        return [item for item in self._envelopes if kind(item) != "KeepAlive"]

    def cut(self) -> None:
        """Lose the connection without a goodbye."""
        self.response.close()
        self.client.close()


def kind(root: ElementTree.Element) -> str:
    """KeepAlive, Acknowledge, the event type, Fault, or the name of the output element."""
    action = text(root, "s:Header/a:Action")
    if action.startswith(SIDE):
        return action[len(SIDE) :]
    event = root.find("s:Body/i:InteractiveEvent/i:EventType", NS)
    if event is not None:
        return event.text or ""
    body = root.find("s:Body", NS)
    assert body is not None
    return body[0].tag.rpartition("}")[2]


def text(root: ElementTree.Element, path: str) -> str:
    return root.findtext(path, "", NS)


def sequence(root: ElementTree.Element) -> str:
    return text(root, "s:Header/m:SequenceId")


def titles(items: t.Iterable[ElementTree.Element]) -> list[str]:
    return [node.text or "" for item in items for node in item.findall(".//part:Title", NS)]


def ping(twin: Twin) -> list[t.Any]:
    return [call for call in twin.provider.calls if call[0] == "Work"]


def test_method_has_begun_before_it_produces_anything(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    wait_for(lambda: len(twin.interceptor.begun_calls) == 1)
    assert twin.interceptor.after_calls == []
    job.put(Reply({}, 0))
    stream.rest()
    assert [call.operation for call in twin.interceptor.after_calls] == ["Invoke Test_Thing.Work"]


def test_registered_streams_arrive_as_events_and_are_not_repeated(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    job.put(Streamed("Info", part("one")))
    first = stream.next()
    job.put(ProgressReport("installing", "KB1", "half", 50), Streamed("Info", part("two")), Reply({}, 0))
    rest = stream.rest()
    assert [kind(first), *map(kind, rest)] == ["StreamingOutput", "Progress", "StreamingOutput", "Work_OUTPUT"]
    assert [sequence(item) for item in (first, *rest)] == ["1", "2", "3", "4"]
    assert titles([first, *rest]) == ["one", "two"]
    assert rest[-1].findtext(".//t:ReturnValue", None, NS) == "0"


def test_event_has_the_documented_shape(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "A", message_id="uuid:request"))
    job.put(Streamed("Info", part("one")), Reply({}, 0))
    event, last = stream.rest()
    assert stream.response.getheader("Transfer-Encoding") == "chunked"
    assert text(event, "s:Header/m:OperationID") == "uuid:A"
    assert text(event, "s:Header/a:RelatesTo") == "uuid:request"
    assert text(event, "s:Header/a:Action").endswith("/WorkResponse")
    assert text(event, "s:Header/w:OperationTimeout") == "PT120.000S"
    assert last.find("s:Header/w:OperationTimeout", NS) is None
    assert text(event, ".//i:Name") == "Info"
    assert text(event, ".//i:Type") == "15"
    value = event.find(".//i:Value/t:Info", NS)
    assert value is not None
    assert value.get(XSI_TYPE) == "p1:Test_Part_Type"


def test_progress_has_the_documented_shape(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    job.put(ProgressReport("installing", "KB1", "half", 50), Reply({}, 0))
    progress = stream.rest()[0]
    names = ("Activity", "CurrentOperation", "StatusDescription", "PercentComplete", "SecondsRemaining")
    assert [text(progress, f".//i:{name}") for name in names] == ["installing", "KB1", "half", "50", "0"]


def test_without_registration_the_output_holds_everything(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A", bits=0))
    job.put(Streamed("Info", part("one")), ProgressReport("a", "b", "c", 1), Streamed("Info", part("two")), Reply({}, 0))
    envelopes = stream.rest()
    assert [kind(item) for item in envelopes] == ["Work_OUTPUT"]
    assert titles(envelopes) == ["one", "two"]


def test_a_reply_at_once_streams_its_arrays_too(twin: Twin) -> None:
    envelopes = Stream(twin.client(), robust("Work", "uuid:A")).rest()
    assert [kind(item) for item in envelopes] == ["StreamingOutput", "StreamingOutput", "Work_OUTPUT"]
    assert titles(envelopes) == ["one", "two"]


def test_keep_alives_come_while_nothing_happens(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    alive = stream.next(skips_keep_alive=False)
    assert kind(alive) == "KeepAlive"
    assert alive.find("s:Header/m:SequenceId", NS) is None
    job.put(Reply({}, 0))
    assert [sequence(item) for item in stream.rest()] == ["1"]


def test_failure_comes_as_a_fault_within_the_200(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    job.put(Streamed("Info", part("one")), CimFault(0x80240016, "Busy.", sender=False, style=FaultStyle.WMI_ERROR, cim_status=1))
    envelopes = stream.rest()
    assert stream.response.status == 200
    assert [kind(item) for item in envelopes] == ["StreamingOutput", "Fault"]
    assert sequence(envelopes[-1]) == "2"
    assert twin.log_lines(1)[0]["outcome"] == f"fault {0x80240016}"


def test_refusal_before_the_start_is_a_500(twin: Twin) -> None:
    twin.provider.result = CimFault(2150858805, "No.")
    answer = twin.client().post(robust("Work", "uuid:A"))
    assert (answer.status, answer.code) == (500, "2150858805")


def test_lost_connection_is_resumed_with_everything_that_was_said(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    job.put(Streamed("Info", part("one")))
    stream.next()
    stream.cut()
    job.put(Streamed("Info", part("two")), Reply({}, 0))
    again = Stream(twin.client(), robust("Work", "uuid:A", is_resumption=True)).rest()
    assert [kind(item) for item in again] == ["Acknowledge", "StreamingOutput", "StreamingOutput", "Work_OUTPUT"]
    assert titles(again) == ["one", "two"]
    assert len(ping(twin)) == 1
    first, second = twin.log_lines(2)
    assert (first["outcome"], first["replay"]) == ("dropped_after", False)
    assert (second["outcome"], second["replay"]) == ("answered", True)


def test_acknowledged_messages_are_not_repeated(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    job.put(Streamed("Info", part("one")), Streamed("Info", part("two")))
    stream.next()
    stream.next()
    body = "<m:LastSequenceIdReceived>1</m:LastSequenceIdReceived>"
    wait_for(lambda: side(twin, "Acknowledge", "uuid:A", body) == 200)
    stream.cut()
    job.put(Reply({}, 0))
    again = Stream(twin.client(), robust("Work", "uuid:A", is_resumption=True)).rest()
    assert [sequence(item) for item in again] == ["", "2", "3"]


def side(twin: Twin, action: str, operation: str, body: str = "") -> int:
    headers = f'<m:OperationID s:mustUnderstand="false">{operation}</m:OperationID>'
    answer = twin.client().post(envelope(f"{SIDE}{action}", DUPLEX, body, headers=headers))
    assert answer.content == b""
    return answer.status


def test_finished_operation_is_still_there_for_a_late_resumption(twin: Twin, job: FakeJob) -> None:
    job.put(Reply({}, 0))
    Stream(twin.client(), robust("Work", "uuid:A")).rest()
    again = Stream(twin.client(), robust("Work", "uuid:A", is_resumption=True)).rest()
    assert [kind(item) for item in again] == ["Acknowledge", "Work_OUTPUT"]
    assert len(ping(twin)) == 1


def test_unknown_id_that_must_be_understood_runs_the_method(twin: Twin, job: FakeJob) -> None:
    job.put(Reply({}, 0))
    envelopes = Stream(twin.client(), robust("Work", "uuid:new", is_resumption=True)).rest()
    assert [kind(item) for item in envelopes] == ["Work_OUTPUT"]
    assert twin.log_lines(1)[0]["replay"] is False


def test_resumption_after_the_window_runs_the_method_again(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    stream.cut()
    operations = twin.server._services[0]._state.operations
    wait_for(lambda: operations.find("uuid:A", "administrator") is None)
    twin.provider.job = FakeJob()
    twin.provider.job.put(Reply({}, 0))
    Stream(twin.client(), robust("Work", "uuid:A", is_resumption=True)).rest()
    assert len(ping(twin)) == 2
    assert job.cancelled == []


def test_known_id_without_must_understand_is_a_fault(twin: Twin, job: FakeJob) -> None:
    Stream(twin.client(), robust("Work", "uuid:A"))
    wait_for(lambda: len(ping(twin)) == 1)
    answer = twin.client().post(robust("Work", "uuid:A"))
    assert (answer.status, answer.code) == (500, "2150858767")
    assert len(ping(twin)) == 1
    line = twin.log_lines(1)[0]
    assert (line["class"], line["method"], line["outcome"]) == ("Test_Thing", "Work", "fault 2150858767")


def test_resumption_takes_the_operation_from_a_half_open_connection(twin: Twin, job: FakeJob) -> None:
    first = Stream(twin.client(), robust("Work", "uuid:A"))
    second = Stream(twin.client(), robust("Work", "uuid:A", is_resumption=True))
    assert kind(second.next()) == "Acknowledge"
    job.put(Reply({}, 0))
    assert [kind(item) for item in second.rest()] == ["Work_OUTPUT"]
    with pytest.raises((http.client.IncompleteRead, ConnectionError, AssertionError, StopIteration)):
        first.next()


def test_limited_mode_times_out_and_the_job_goes_on(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(options=WireOptions(robust_mode="limited", floors=FAST))
    twin.provider.job = job = FakeJob()
    envelopes = Stream(twin.client(), robust("Work", "uuid:A")).rest()
    assert [kind(item) for item in envelopes] == ["Fault"]
    assert twin.log_lines(1)[0]["outcome"] == "fault 2150858793"
    assert job.cancelled == []


def test_own_operation_timeout_counts_in_exempt_mode(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(options=WireOptions(floors=FAST, cancels_on_timeout=True))
    twin.provider.job = job = FakeJob()
    envelopes = Stream(twin.client(), robust("Work", "uuid:A", timeout="PT10S")).rest()
    assert [kind(item) for item in envelopes] == ["Fault"]
    assert job.cancelled == ["timeout"]


def test_cancel_stops_the_provider(twin: Twin, job: FakeJob) -> None:
    Stream(twin.client(), robust("Work", "uuid:A"))
    wait_for(job.asked.is_set)
    assert side(twin, "Cancel", "A") == 200
    wait_for(lambda: job.cancelled == ["client"])


def test_end_forgets_a_finished_operation(twin: Twin, job: FakeJob) -> None:
    job.put(Reply({}, 0))
    Stream(twin.client(), robust("Work", "uuid:A")).rest()
    assert side(twin, "End", "uuid:A") == 200
    job.put(Reply({}, 0))
    Stream(twin.client(), robust("Work", "uuid:A", is_resumption=True)).rest()
    assert len(ping(twin)) == 2


def test_side_message_about_an_unknown_operation_is_answered(twin: Twin) -> None:
    assert side(twin, "Keepalive", "uuid:X") == 200


def test_node_that_goes_down_takes_its_operations_along(twin: Twin, job: FakeJob) -> None:
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    wait_for(job.asked.is_set)
    twin.server.set_reachable("NODE1", False)
    wait_for(lambda: job.cancelled == ["shutdown"])
    with pytest.raises((http.client.IncompleteRead, ConnectionError, AssertionError)):
        stream.next()
    assert twin.log_lines(1)[0]["outcome"] == "dropped_after"
    twin.server.set_reachable("node1", True)
    twin.provider.job = None
    Stream(twin.client(), robust("Work", "uuid:A", is_resumption=True)).rest()
    assert len(ping(twin)) == 2


def test_restored_snapshot_drops_operations_without_cancelling_jobs(twin: Twin, job: FakeJob) -> None:
    Stream(twin.client(), robust("Work", "uuid:A"))
    client = twin.client()
    client.connection.request(
        "POST", "/wsman", invoke("Work"), {"Authorization": client.authorization, "Content-Type": "application/soap+xml"}
    )
    wait_for(lambda: len(ping(twin)) == 2)
    twin.server.reset()
    twin.log_lines(2)
    twin.server.stop()
    assert job.cancelled == []


def test_get_with_operation_id_is_answered_as_one_chunk(twin: Twin) -> None:
    headers = '<m:OperationID s:mustUnderstand="false">uuid:G</m:OperationID><m:SequenceId>1</m:SequenceId>'
    answer = twin.client().post(get("full", headers=headers))
    assert answer.headers["transfer-encoding"] == "chunked"
    assert (answer.text(".//m:OperationID"), answer.text(".//m:SequenceId")) == ("uuid:G", "1")


def test_too_many_running_operations_are_refused(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(limits={"MaxConcurrentOperationsPerUser": 1})
    twin.provider.job = FakeJob()
    Stream(twin.client(), robust("Work", "uuid:A"))
    answer = twin.client().post(robust("Work", "uuid:B"))
    assert (answer.code, answer.text(".//s:Code/s:Value")) == ("2150859174", "s:Receiver")
    assert len(ping(twin)) == 1


def test_buffer_drops_the_oldest_sent_messages(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin(options=WireOptions(floors=FAST, buffer_bytes=4000))
    twin.provider.job = job = FakeJob()
    stream = Stream(twin.client(), robust("Work", "uuid:A"))
    job.put(*(Streamed("Info", part(str(number))) for number in range(10)))
    sent = [stream.next() for _unused in range(11)]
    stream.cut()
    job.put(Reply({}, 0))
    again = Stream(twin.client(), robust("Work", "uuid:A", is_resumption=True)).rest()
    assert 1 < len(again) < 6
    assert [kind(item) for item in sent].count("AcknowledgeRequest") == 1
    assert kind(again[-1]) == "Work_OUTPUT"


def test_operation_of_another_user_is_unknown(twin: Twin, job: FakeJob) -> None:
    Stream(twin.client(), robust("Work", "uuid:A"))
    wait_for(lambda: len(ping(twin)) == 1)
    assert twin.server._services[0]._state.operations.find("uuid:A", "somebody") is None


def test_crashing_provider_ends_the_stream_with_a_fault(twin: Twin, job: FakeJob, caplog: pytest.LogCaptureFixture) -> None:
    job.put(t.cast(Reply, ValueError("bug")))
    job.next = lambda _seconds: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    assert [kind(item) for item in Stream(twin.client(), robust("Work", "uuid:A")).rest()] == ["Fault"]
    assert "a provider failed" in caplog.text


def test_no_runner_outlives_the_server(make_twin: Callable[..., Twin]) -> None:
    twin = make_twin()
    twin.provider.job = FakeJob()
    Stream(twin.client(), robust("Work", "uuid:A"))
    wait_for(lambda: len(ping(twin)) == 1)
    twin.server.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("operation", "connection", "listener"))]
