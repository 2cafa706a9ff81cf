# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every fault a scenario can play, and what the model, the client and the log see of it."""

from __future__ import annotations

import http.client
import threading
import time
from xml.etree import ElementTree

import pytest

from simulator.cim import CimFault, FaultAction, Reply, Streamed, WireFault

from .conftest import AT_ONCE, SOON, Twin, wait_for
from .fake_provider import FakeJob, part
from .messages import get, invoke, read_envelopes, robust

PING = "Invoke Test_Thing.Ping"
WORK = "Invoke Test_Thing.Work"
FAULT = CimFault(2150858815, "Quota.")
LOST = (http.client.HTTPException, ConnectionError)


def play(twin: Twin, operation: str, action: FaultAction, **options: object) -> None:
    twin.interceptor.faults[operation] = WireFault(action, "scripted", **options)  # type: ignore[arg-type]


def outcome(twin: Twin) -> str:
    return str(twin.log_lines(1)[0]["outcome"])


@pytest.mark.parametrize(
    ("action", "calls", "logged"),
    [
        (FaultAction.REFUSE, 0, "dropped_before"),
        (FaultAction.DROP_BEFORE, 0, "dropped_before"),
        (FaultAction.DROP_AFTER, 1, "dropped_after"),
        (FaultAction.TRUNCATE, 1, "dropped_after"),
    ],
)
def test_lost_connections(twin: Twin, action: FaultAction, calls: int, logged: str) -> None:
    play(twin, PING, action)
    with pytest.raises(LOST):
        twin.client().post(invoke("Ping"))
    assert len(twin.provider.calls) == calls
    assert outcome(twin) == logged
    assert len(twin.interceptor.after_calls) == calls


def test_http_error_has_no_effect_and_no_body(twin: Twin) -> None:
    play(twin, PING, FaultAction.HTTP_ERROR, http_status=503)
    client = twin.client()
    answer = client.post(invoke("Ping"))
    assert (answer.status, answer.content) == (503, b"")
    assert twin.provider.calls == []
    assert outcome(twin) == "fault 503"
    assert client.post(invoke("Ping")).status == 200


def test_fault_has_no_effect(twin: Twin) -> None:
    play(twin, PING, FaultAction.FAULT, fault=FAULT)
    answer = twin.client().post(invoke("Ping"))
    assert (answer.status, answer.code) == (500, "2150858815")
    assert twin.provider.calls == []
    assert outcome(twin) == "fault 2150858815"


def test_late_fault_comes_after_the_effect_in_a_200(twin: Twin) -> None:
    play(twin, PING, FaultAction.LATE_FAULT, fault=FAULT)
    answer = twin.client().post(invoke("Ping"))
    assert (answer.status, answer.code) == (200, "2150858815")
    assert len(twin.provider.calls) == 1
    assert outcome(twin) == "fault 2150858815"


def test_garbled_answer_is_no_envelope(twin: Twin) -> None:
    play(twin, PING, FaultAction.GARBLE)
    answer = twin.client().post(invoke("Ping"))
    assert answer.status == 200
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(answer.content)
    assert len(twin.provider.calls) == 1


def test_delay_lasts_twin_seconds(twin: Twin) -> None:
    play(twin, PING, FaultAction.DELAY, seconds=200.0)
    started = time.monotonic()
    assert twin.client().post(invoke("Ping")).status == 200
    assert 0.2 <= time.monotonic() - started < SOON


def test_silence_after_the_effect_until_the_client_leaves(twin: Twin) -> None:
    play(twin, PING, FaultAction.SILENT)
    client = twin.client()
    client.connection.timeout = 0.3
    with pytest.raises(TimeoutError):
        client.post(invoke("Ping"))
    assert len(twin.provider.calls) == 1
    assert outcome(twin) == "silent"
    client.close()
    wait_for(lambda: not twin.server._services[0]._connections)


def test_silent_connection_ends_with_the_server(twin: Twin) -> None:
    play(twin, PING, FaultAction.SILENT)
    client = twin.client()
    client.connection.request(
        "POST", "/wsman", invoke("Ping"), {"Authorization": client.authorization, "Content-Type": "application/soap+xml"}
    )
    wait_for(lambda: len(twin.provider.calls) == 1)
    started = time.monotonic()
    twin.server.stop()
    assert time.monotonic() - started < AT_ONCE


@pytest.fixture
def job(twin: Twin) -> FakeJob:
    twin.provider.job = FakeJob()
    return twin.provider.job


def test_robust_drop_after_the_start_can_be_resumed(twin: Twin, job: FakeJob) -> None:
    play(twin, WORK, FaultAction.DROP_AFTER)
    with pytest.raises(LOST):
        twin.client().post(robust("Work", "uuid:A"))
    job.put(Streamed("Info", part("one")), Reply({}, 0))
    answer = twin.client().begin(robust("Work", "uuid:A", is_resumption=True))
    assert len(list(read_envelopes(answer))) >= 3
    assert len(twin.provider.calls) == 1
    assert [(line["outcome"], line["replay"]) for line in twin.log_lines(2)] == [("dropped_after", False), ("answered", True)]


@pytest.mark.parametrize("action", [FaultAction.LATE_FAULT, FaultAction.GARBLE, FaultAction.TRUNCATE])
def test_robust_end_can_be_broken(twin: Twin, job: FakeJob, action: FaultAction) -> None:
    play(twin, WORK, action, fault=FAULT)
    job.put(Streamed("Info", part("one")), Reply({}, 0))
    response = twin.client().begin(robust("Work", "uuid:A"))
    assert response.status == 200
    try:
        content = response.read()
    except http.client.IncompleteRead as error:
        content = error.partial
    assert content.count(b"StreamingOutput") == 1
    assert b"Work_OUTPUT" not in content or not content.endswith(b"</s:Envelope>")
    assert (b"2150858815" in content) == (action is FaultAction.LATE_FAULT)
    assert len(twin.interceptor.after_calls) == 1


def test_robust_method_goes_on_after_a_fault_in_its_middle(twin: Twin, job: FakeJob) -> None:
    play(twin, WORK, FaultAction.LATE_FAULT, fault=FAULT, seconds=50.0)
    response = twin.client().begin(robust("Work", "uuid:A"))
    assert (response.status, b"2150858815" in response.read()) == (200, True)
    assert outcome(twin) == "fault 2150858815"
    assert twin.interceptor.after_calls == []
    job.put(Reply({}, 0))
    wait_for(lambda: len(twin.interceptor.after_calls) == 1)
    assert len(twin.provider.calls) == 1


def test_robust_silence_says_nothing_more(twin: Twin, job: FakeJob) -> None:
    play(twin, WORK, FaultAction.SILENT)
    client = twin.client()
    client.connection.timeout = 0.3
    response = client.begin(robust("Work", "uuid:A"))
    with pytest.raises(TimeoutError):
        response.read1(10)
    assert outcome(twin) == "silent"


def test_interceptor_is_asked_once_per_effect(twin: Twin, job: FakeJob) -> None:
    job.put(Reply({}, 0))
    twin.client().post(robust("Work", "uuid:A"))
    twin.client().post(robust("Work", "uuid:A", is_resumption=True))
    assert (len(twin.interceptor.before_calls), len(twin.interceptor.after_calls)) == (1, 1)


def test_hold_before_the_effect_lets_an_orphaned_request_go_on(twin: Twin) -> None:
    release, reached = threading.Event(), threading.Event()
    original = twin.interceptor.before

    def before(exchange: object) -> WireFault | None:
        reached.set()
        release.wait(5)
        return original(exchange)  # type: ignore[arg-type]

    twin.interceptor.before = before  # type: ignore[method-assign]
    client = twin.client()
    client.connection.request(
        "POST", "/wsman", invoke("Ping"), {"Authorization": client.authorization, "Content-Type": "application/soap+xml"}
    )
    assert reached.wait(5)
    assert twin.provider.calls == []
    client.close()
    release.set()
    wait_for(lambda: len(twin.provider.calls) == 1)


def test_node_that_goes_down_during_a_hold_does_nothing(twin: Twin) -> None:
    def before(_exchange: object) -> WireFault | None:
        twin.server.set_reachable("node1", False)
        return None

    twin.interceptor.before = before  # type: ignore[method-assign,assignment]
    with pytest.raises(LOST):
        twin.client().post(invoke("Ping"))
    assert twin.provider.calls == []
    assert outcome(twin) == "dropped_before"


def test_unreachable_node_refuses_and_comes_back(twin: Twin) -> None:
    client = twin.client()
    assert client.post(get("full")).status == 200
    twin.server.set_reachable("node1", False)
    with pytest.raises(LOST):
        client.post(get("full"))
    with pytest.raises(ConnectionRefusedError):
        twin.client().post(get("full"))
    twin.server.set_reachable("node1", True)
    assert twin.client().post(get("full")).status == 200
    twin.server.set_reachable("other", False)
    assert twin.client().post(get("full")).status == 200


def test_reset_drops_connections_but_keeps_listening(twin: Twin) -> None:
    client = twin.client()
    client.post(get("full"))
    twin.server.reset()
    with pytest.raises(LOST):
        client.post(get("full"))
    assert twin.client().post(get("full")).status == 200


def test_listener_survives_when_no_thread_can_be_had(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_self: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("simulator.wire.connection.Connection.start", no_thread)
        with pytest.raises(LOST):
            twin.client().post(get("full"))
    assert twin.client().post(get("full")).status == 200
    assert len(twin.server._services[0]._connections) == 1
