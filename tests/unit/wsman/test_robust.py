# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.channel import Traffic
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import (
    AnswerError,
    AuthenticationError,
    ConnectionLostError,
    FaultError,
    NotReachableError,
    StreamLossError,
    TimeLimitError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.events import (
    Event,
    Note,
    ProgressEvent,
    StillWorking,
    StreamedValue,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.instance import CimInstance
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from hypothesis import given
from hypothesis import strategies as st

from .scripted import (
    CAU,
    A,
    FakeClock,
    M,
    S,
    ScriptedChannel,
    Step,
    W,
    client_for,
    envelope,
    event,
    failure_of,
    fault,
    header,
    keep_alive,
    output,
    robust,
    streamed,
    wsman_fault,
)

DONE = output("ScanUpdates", "<p:ReturnValue>0</p:ReturnValue>")
CUT = ConnectionLostError("cut", kind=Kind.ONCE_ONLY)
SILENCE = ConnectionLostError("silent", kind=Kind.ONCE_ONLY, is_silence=True)


def call(
    client: Client,
    kind: Kind = Kind.ONCE_ONLY,
    seconds: float = 3600,
    on_event: Callable[[Event], None] | None = None,
    should_stop: Callable[[], None] | None = None,
) -> CimInstance:
    return client.invoke_robust(
        "root/microsoft/windows/clusterupdate",
        "MSFT_CAUNode",
        "ScanUpdates",
        {"QueryString": "IsInstalled=0"},
        keys={"OrchestratorGuid": "g"},
        kind=kind,
        deadline_seconds=seconds,
        on_event=on_event,
        should_stop=should_stop,
    )


def passes(clock: FakeClock, seconds: float) -> Callable[[], None]:
    def advance() -> None:
        clock.seconds += seconds

    return advance


def test_request_registers_for_streams_and_progress_without_time_limit() -> None:
    client, wire = client_for(Step([robust(DONE, 1)]))
    assert call(client).integer("ReturnValue") == 0
    root = wire.requests[0]
    assert header(root, f"{W}OperationTimeout") is None
    operation = root.find(f"{S}Header/{M}OperationID")
    assert operation is not None
    assert (operation.text or "").startswith("uuid:")
    assert operation.get(f"{S}mustUnderstand") == "false"
    assert header(root, f"{M}SequenceId") == "1"
    assert header(root, f"{M}SessionId")
    options = {(item.get("Name"), item.get("Type")): item.text for item in root.iterfind(f"{S}Header/{W}OptionSet/{W}Option")}
    assert options == {("__MI_CallbackRegistration", "xs:int"): "12", ("msftwinrm:UsePreciseArrays", "xs:boolean"): "true"}
    assert wire.read_timeouts == [120.0]
    assert wire.closed == 1


def test_streamed_values_and_repeated_output_are_put_together() -> None:
    last = output("ScanUpdates", "<p:Info>c</p:Info><p:Info>d</p:Info><p:ReturnValue>0</p:ReturnValue>")
    client, _unused = client_for(Step([keep_alive(), streamed("Info", "a", 1) + streamed("Info", "b", 2), robust(last, 3)]))
    assert call(client).texts("Info") == ["a", "b", "c", "d"]


def test_nil_in_the_output_does_not_undo_streamed_values() -> None:
    last = output("ScanUpdates", '<p:Info xsi:nil="true" p:IsNullArray="true"/><p:Other xsi:nil="true"/>')
    client, _unused = client_for(Step([streamed("Info", "a", 1), robust(last, 2)]))
    found = call(client)
    assert found.text("Info") == "a"
    assert found.texts("Other") == []


def test_output_that_was_not_streamed_is_enough() -> None:
    client, _unused = client_for(Step([robust(output("ScanUpdates", "<p:Info>a</p:Info><p:Info>b</p:Info>"))]))
    assert call(client).texts("Info") == ["a", "b"]


def test_several_elements_and_plain_text_in_one_event_are_appended() -> None:
    several = event("StreamingOutput", f'<i:Name>Info</i:Name><i:Value xmlns:p="{CAU}/X"><p:Info>a</p:Info><p:Info>b</p:Info></i:Value>', 1)
    plain = event("StreamingOutput", "<i:Name>Info</i:Name><i:Value>c</i:Value>", 2)
    client, _unused = client_for(Step([several, plain, robust(DONE, 3)]))
    assert call(client).texts("Info") == ["a", "b", "c"]


def test_caller_hears_of_everything() -> None:
    heard: list[Event] = []
    progress = event(
        "Progress",
        "<i:Activity>A</i:Activity><i:CurrentOperation>O</i:CurrentOperation><i:StatusDescription>S</i:StatusDescription>"
        "<i:PercentComplete>40</i:PercentComplete><i:SecondsRemaining>x</i:SecondsRemaining>",
        2,
    )
    notes = [
        event(kind, f"<i:Description>{kind} text</i:Description>", number)
        for number, kind in ((3, "Warning"), (4, "Verbose"), (5, "Debug"))
    ]
    prompt = event("Confirm", "", 6)
    client, _unused = client_for(Step([streamed("Info", "a", 1), progress, *notes, prompt, keep_alive("KEEPALIVE"), robust(DONE, 7)]))
    call(client, on_event=heard.append)
    assert isinstance(heard[0], StreamedValue)
    assert (heard[0].name, heard[0].texts) == ("Info", ["a"])
    assert heard[1:] == [
        ProgressEvent("A", "O", "S", 40, None),
        Note("warning", "Warning text"),
        Note("verbose", "Verbose text"),
        Note("debug", "Debug text"),
        StillWorking(),
    ]


def test_replay_is_ignored_and_loss_is_an_error() -> None:
    client, _unused = client_for(Step([streamed("Info", "a", 1), streamed("Info", "a", 1), streamed("Info", "b", 2), robust(DONE, 3)]))
    assert call(client).texts("Info") == ["a", "b"]
    client, wire = client_for(Step([streamed("Info", "a", 1), streamed("Info", "c", 3)]))
    found = failure_of(lambda: call(client))
    assert isinstance(found, StreamLossError)
    assert found.outcome is Outcome.UNKNOWN
    assert "messages 2 to 2" in str(found)
    assert wire.closed == 1


def test_lost_message_before_the_final_one_is_an_error() -> None:
    client, _unused = client_for(Step([robust(DONE, 2)]))
    assert isinstance(failure_of(lambda: call(client)), StreamLossError)


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "9" * 30])
def test_sequence_that_is_no_number_is_refused(number: str) -> None:
    client, _unused = client_for(Step([robust(DONE).replace(b"</s:Header>", f"<p:SequenceId>{number}</p:SequenceId></s:Header>".encode())]))
    assert isinstance(failure_of(lambda: call(client)), AnswerError)


def test_late_fault_inside_http_200_is_found() -> None:
    client, wire = client_for(Step([keep_alive(), streamed("Info", "a", 1), fault("s:Receiver", "w:TimedOut", wsman_fault(2150858793))]))
    found = failure_of(lambda: call(client))
    assert isinstance(found, FaultError)
    assert found.is_timeout
    assert found.outcome is Outcome.UNKNOWN
    assert wire.closed == 1


def test_answer_of_another_operation_is_refused() -> None:
    answer = robust(DONE, 1).replace(b"</s:Header>", b"<p:OperationID>uuid:other</p:OperationID></s:Header>")
    client, _unused = client_for(Step([answer]))
    assert isinstance(failure_of(lambda: call(client)), AnswerError)


def test_lost_operation_is_taken_up_with_the_same_message() -> None:
    client, wire = client_for(
        Step([streamed("Info", "a", 1), streamed("Info", "b", 2), CUT]),
        Step([keep_alive("Acknowledge"), streamed("Info", "b", 2), streamed("Info", "c", 3), robust(DONE, 4)]),
    )
    assert call(client).texts("Info") == ["a", "b", "c"]
    first, second = wire.requests
    assert header(first, f"{M}OperationID") == header(second, f"{M}OperationID")
    assert header(first, f"{A}MessageID") == header(second, f"{A}MessageID")
    operation = second.find(f"{S}Header/{M}OperationID")
    assert operation is not None
    assert operation.get(f"{S}mustUnderstand") == "true"
    assert header(second, f"{M}SequenceId") == "1"
    assert wire.on_connections == [1, 2]


def test_end_of_the_stream_without_a_final_message_is_a_loss() -> None:
    client, wire = client_for(Step([streamed("Info", "a", 1)]), Step([keep_alive("Acknowledge"), robust(DONE, 2)]))
    assert call(client).texts("Info") == ["a"]
    assert len(wire.requests) == 2


def test_operation_is_not_asked_for_after_the_window() -> None:
    clock = FakeClock()
    client, wire = client_for(Step([streamed("Info", "a", 1), CUT]), clock=clock)
    wire.open_errors = [None, *[NotReachableError("refused") for _unused in range(60)]]
    found = failure_of(lambda: call(client))
    assert isinstance(found, ConnectionLostError)
    assert found.outcome is Outcome.UNKNOWN
    assert "refused" in str(found)
    assert 140 <= clock.seconds - 1000 < 150
    assert len(wire.requests) == 1


def test_slow_sign_in_cannot_carry_the_request_beyond_the_window() -> None:
    clock = FakeClock()
    client, wire = client_for(Step([CUT]), clock=clock)
    channel_of = wire.open_channel

    def open_slowly(endpoint: Endpoint, clock_: Clock, traffic: Traffic) -> ScriptedChannel:
        if wire.opened:
            clock.seconds += 149
        return channel_of(endpoint, clock_, traffic)

    client._open_channel = open_slowly
    assert failure_of(lambda: call(client)).outcome is Outcome.UNKNOWN
    assert len(wire.requests) == 1


def test_silence_counts_from_the_last_sign_of_life() -> None:
    clock = FakeClock()
    client, wire = client_for(Step([keep_alive(), passes(clock, 120), SILENCE]), Step([robust(DONE, 1)]), clock=clock)
    assert call(client).integer("ReturnValue") == 0
    client, wire = client_for(Step([keep_alive(), passes(clock, 148), SILENCE]), clock=clock)
    assert failure_of(lambda: call(client)).outcome is Outcome.UNKNOWN
    assert len(wire.requests) == 1


def test_each_loss_has_its_own_window() -> None:
    clock = FakeClock()
    steps = [Step([keep_alive("Acknowledge"), passes(clock, 100), streamed("Info", str(number), number), CUT]) for number in range(1, 5)]
    client, wire = client_for(*steps, Step([robust(DONE, 5)]), clock=clock)
    assert call(client).texts("Info") == ["1", "2", "3", "4"]
    assert not wire.steps


def test_loss_without_a_sign_of_the_host_keeps_the_first_window() -> None:
    clock = FakeClock()
    client, wire = client_for(*(Step([passes(clock, 60), CUT]) for _unused in range(5)), clock=clock)
    assert failure_of(lambda: call(client)).outcome is Outcome.UNKNOWN
    assert len(wire.requests) == 4


@pytest.mark.parametrize("step", [Step([], status=503), Step([fault("s:Receiver", detail=wsman_fault(2150859174))], status=500)])
def test_busy_host_is_asked_again_within_the_window(step: Step) -> None:
    client, wire = client_for(Step([CUT]), step, Step([robust(DONE, 1)]))
    assert call(client).integer("ReturnValue") == 0
    assert not wire.steps


@pytest.mark.parametrize(
    "step",
    [
        Step([], status=401),
        Step([], status=400),
        Step([fault("s:Sender", "a:InvalidMessageInformationHeader", wsman_fault(2150858767))], status=500),
    ],
)
def test_refusal_to_take_an_operation_up_leaves_its_outcome_unknown(step: Step) -> None:
    client, wire = client_for(Step([CUT]), step)
    assert failure_of(lambda: call(client)).outcome is Outcome.UNKNOWN
    assert not wire.steps


def test_fault_of_an_operation_that_was_taken_up_leaves_its_outcome_unknown() -> None:
    client, _unused = client_for(Step([CUT]), Step([keep_alive("Acknowledge"), fault("s:Sender", "w:SchemaValidationError")]))
    assert failure_of(lambda: call(client)).outcome is Outcome.UNKNOWN


def test_busy_host_in_an_answer_that_has_begun_is_not_asked_again() -> None:
    client, wire = client_for(Step([CUT]), Step([fault("s:Receiver", detail=wsman_fault(2150859174))]), Step([robust(DONE, 1)]))
    assert failure_of(lambda: call(client)).outcome is Outcome.UNKNOWN
    assert len(wire.steps) == 1


@pytest.mark.parametrize(
    "error", [NotReachableError("refused"), AuthenticationError("401"), ConnectionLostError("sign-in cut", kind=Kind.READ)]
)
def test_failure_before_the_first_request_is_told_as_it_is(error: Exception) -> None:
    client, wire = client_for()
    wire.open_errors = [error]
    assert failure_of(lambda: call(client)) is error
    assert not wire.requests


def test_host_that_could_not_start_the_operation_is_told_at_once() -> None:
    client, wire = client_for(Step([], status=503))
    assert failure_of(lambda: call(client)).outcome is Outcome.NOT_DONE
    assert len(wire.requests) == 1


def test_time_limit_of_the_caller_ends_the_wait() -> None:
    clock = FakeClock()
    client, wire = client_for(Step([keep_alive(), passes(clock, 60)] * 100), clock=clock)
    found = failure_of(lambda: call(client, seconds=600))
    assert isinstance(found, TimeLimitError)
    assert found.outcome is Outcome.UNKNOWN
    assert clock.seconds - 1000 <= 720
    assert wire.closed == 1


def test_silence_is_never_waited_for_beyond_the_time_limit() -> None:
    client, wire = client_for(Step([robust(DONE, 1)]))
    call(client, seconds=30)
    assert wire.read_timeouts[0] <= 30


def test_caller_can_stop_between_messages() -> None:
    class Stop(Exception):
        pass

    calls: list[int] = []

    def should_stop() -> None:
        calls.append(1)
        if len(calls) > 2:
            raise Stop

    client, wire = client_for(Step([keep_alive()] * 10))
    with pytest.raises(Stop):
        call(client, should_stop=should_stop)
    assert wire.closed == 1


def test_harmless_method_is_not_blindly_repeated() -> None:
    client, wire = client_for(Step([fault("s:Receiver", detail=wsman_fault(2150859174))], status=500))
    assert failure_of(lambda: call(client, kind=Kind.READ)).outcome is Outcome.NOT_DONE
    assert len(wire.requests) == 1


def test_plain_connection_is_closed_before_the_stream_and_made_anew_after() -> None:
    plain = envelope(output("M", ""))
    client, wire = client_for(Step([plain]), Step([robust(DONE, 1)]), Step([plain]))
    client.invoke("root/cimv2", "X", "M", kind=Kind.READ)
    call(client)
    client.invoke("root/cimv2", "X", "M", kind=Kind.READ)
    assert wire.on_connections == [1, 2, 3]


@given(st.lists(st.integers(min_value=1, max_value=6), max_size=5))
def test_any_order_of_losses_gives_the_whole_list_once(cuts: list[int]) -> None:
    """Each connection replays from the first message, as a host does that heard nothing back, and breaks after some."""
    messages = [streamed("Info", str(number), number) for number in range(1, 6)]
    steps = [Step([keep_alive("Acknowledge"), *messages[:cut], CUT]) for cut in cuts]
    client, _unused = client_for(*steps, Step([*messages, robust(DONE, 6)]))
    assert call(client).texts("Info") == ["1", "2", "3", "4", "5"]
