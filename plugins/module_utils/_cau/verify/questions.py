# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions to an endpoint: what the papers infer, and what the endpoint says (wsman-cim.md 14, cau.md 8).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..._errors import OperationError
from ..._wmi.cluster_update import FEATURE_UPDATES_ONLY
from ..._wmi.cluster_update import NAMESPACE as CLUSTER_UPDATE
from ..._wsman.client import Client
from ..._wsman.errors import FaultError
from ..._wsman.kinds import Kind
from ..._wsman.recording import Exchange, Recorder
from ..._wsman.values import Argument
from ..fleet import never_stop

CIMV2 = "root/cimv2"
CLUSTER = "root/mscluster"
WINDOWS_UPDATE = "root/microsoft/windows/windowsupdate"

NOBODY = "00000000-0000-4000-8000-000000000000"
"""A GUID that no coordinator has."""

_HKEY_LOCAL_MACHINE = 0x80000002
_RUN_METHODS = ("ScanUpdates", "DownloadUpdates", "InstallUpdates", "RebootRequired", "RunUpdateInstaller")

CANNOT_PROCESS_FILTER = 0x8033801A
KEYS_MISSING = 0x803380FA
"""Codes of wsman-cim.md 6.2."""


class Verdict(enum.StrEnum):
    """What an answer says about an inference."""

    CONFIRMED = "confirmed"
    DIFFERS = "differs"
    SEEN = "seen"
    """Nothing was inferred; the answer is the news."""

    NOT_SEEN = "not_seen"
    """The question could not be asked, or was not answered."""


@dataclass(frozen=True)
class Answer:
    """What the endpoint said to one question.

    Args:
        text: in words.
        verdict: what that means.
    """

    text: str
    verdict: Verdict


@dataclass(frozen=True)
class Question:
    """One question.

    Args:
        name: its short name.
        source: paper and section that leave it open.
        asks: the question.
        expects: what the papers infer, None when they infer nothing.
        ask: asks it.
    """

    name: str
    source: str
    asks: str
    expects: str | None
    ask: Callable[[Client], Answer]


@dataclass(frozen=True)
class Result:
    """A question with its answer and the messages that it took."""

    question: Question
    answer: Answer
    exchanges: tuple[Exchange, ...]


def ask_all(client: Client, recorder: Recorder, questions: Iterable[Question], check: Callable[[], None] = never_stop) -> list[Result]:
    """Ask every question; one that fails does not keep the next from being asked.

    Args:
        client: the connection, made by the recorder.
        recorder: keeps the messages.
        questions: what to ask.
        check: raises when the task has to stop; called before each question.
    """
    results = []
    for question in questions:
        check()
        recorder.take()
        try:
            answer = question.ask(client)
        except OperationError as error:
            answer = Answer(f"it was not answered: {error.sentence()}", Verdict.NOT_SEEN)
        results.append(Result(question, answer, tuple(recorder.take())))
    return results


def confirmed(text: str, *, is_expected: bool) -> Answer:
    """Return an answer that is or is not what was inferred."""
    return Answer(text, Verdict.CONFIRMED if is_expected else Verdict.DIFFERS)


def fault_of(operation: Callable[[], object]) -> FaultError | None:
    """Return the fault with which an operation ends, None when it succeeds."""
    try:
        operation()
    except FaultError as fault:
        return fault
    return None


def refusal(operation: Callable[[], object], is_expected: Callable[[FaultError], bool]) -> Answer:
    """Ask for something that must be refused, and tell how it was."""
    fault = fault_of(operation)
    if fault is None:
        return Answer("it was not refused", Verdict.DIFFERS)
    return confirmed(f"refused with {numbers_of(fault)}", is_expected=is_expected(fault))


def numbers_of(fault: FaultError) -> str:
    """Return all codes of a fault, for an answer."""
    parts = {"code": fault.code, "wsman": fault.wsman_code, "wmi": fault.error_code, "cim_status": fault.cim_status}
    numbers = ", ".join(f"{name} 0x{number:08X}" for name, number in parts.items() if number is not None)
    return f"{numbers or 'no code'}, subcode {fault.subcode or 'none'}"


def _identity(client: Client) -> Answer:
    identity = client.identify()
    return Answer(f"{identity.vendor}, {identity.version}", Verdict.SEEN)


def _limits(client: Client) -> Answer:
    limits = client.configuration()
    text = f"MaxTimeoutms {limits.max_timeout_ms}, MaxEnvelopeSizekb {limits.max_envelope_kb}, MaxBatchItems {limits.max_batch_items}"
    usual = (limits.max_timeout_ms, limits.max_envelope_kb, limits.max_batch_items) == (60_000, 500, 32_000)
    return confirmed(text, is_expected=usual)


def _definition(client: Client) -> Answer:
    definition = client.get_class(CLUSTER_UPDATE, "MSFT_CAUNode")
    missing = [method for method in _RUN_METHODS if method not in definition.methods]
    text = f"it has the methods {', '.join(sorted(definition.methods))}"
    return confirmed(text, is_expected=not missing)


def _feature_updates(client: Client) -> Answer:
    takes = client.get_class(CLUSTER_UPDATE, "MSFT_CAUNode").has_parameter("InstallUpdates", FEATURE_UPDATES_ONLY)
    return Answer(f"InstallUpdates {'takes' if takes else 'does not take'} {FEATURE_UPDATES_ONLY}", Verdict.SEEN)


def _stream(client: Client) -> Answer:
    method = client.get_class(CLUSTER_UPDATE, "MSFT_CAUNode").methods.get("ScanUpdates")
    info = method.parameters.get("Info") if method else None
    if info is None:
        return Answer("ScanUpdates has no parameter Info", Verdict.DIFFERS)
    return confirmed(f"Info is {'' if info.is_stream else 'not '}marked as a stream", is_expected=info.is_stream)


def _is_held(client: Client) -> bool:
    return bool(client.enumerate(CLUSTER_UPDATE, "MSFT_CAURun"))


def _empty_list(client: Client) -> Answer:
    if _is_held(client):
        return Answer("a run lock stands on the node, so that the list is not empty", Verdict.NOT_SEEN)
    return Answer("the list ends at once, without a fault", Verdict.CONFIRMED)


def _missing_instance(client: Client) -> Answer:
    if _is_held(client):
        # Whether a question about another key counts as use of the lock that stands there is not known (cau.md 1.4).
        return Answer("a run lock stands on the node, which is left alone", Verdict.NOT_SEEN)
    keys = {"OrchestratorGuid": NOBODY}
    return refusal(lambda: client.get(CLUSTER_UPDATE, "MSFT_CAURun", keys), lambda fault: fault.is_not_found)


def _unknown_class(client: Client) -> Answer:
    wql = "SELECT * FROM CAU_NoSuchClass"
    return refusal(lambda: client.query(CIMV2, wql), lambda fault: CANNOT_PROCESS_FILTER in {fault.code, fault.wsman_code})


def _unknown_namespace(client: Client) -> Answer:
    return refusal(lambda: client.enumerate("root/cau_no_such_namespace", "Win32_Service"), _is_missing)


def _is_missing(fault: FaultError) -> bool:
    return fault.is_class_missing or fault.is_not_found


def _missing_key(client: Client) -> Answer:
    return refusal(lambda: client.get(CIMV2, "Win32_Service"), lambda fault: KEYS_MISSING in {fault.code, fault.wsman_code})


def _unknown_parameter(client: Client) -> Answer:
    arguments: dict[str, Argument] = {"hDefKey": _HKEY_LOCAL_MACHINE, "sSubKeyName": "SOFTWARE", "NoSuchParameter": "x"}
    return refusal(lambda: client.invoke(CIMV2, "StdRegProv", "EnumKey", arguments, kind=Kind.READ), lambda fault: fault.fault.is_refusal)


def _windows_update(client: Client) -> Answer:
    found = []
    for name in ("MSFT_WUOperations", "MSFT_WUOperationsSession", "MSFT_WUSettings"):
        fault = fault_of(lambda name=name: client.get_class(WINDOWS_UPDATE, name))  # type: ignore[misc]
        if fault is None:
            found.append(name)
        elif not _is_missing(fault):
            raise fault
    return Answer(f"it has {', '.join(found)}" if found else "it does not exist, or has none of the known classes", Verdict.SEEN)


QUESTIONS: tuple[Question, ...] = (
    Question("identity", "wsman-cim.md 3.1", "Who answers?", None, _identity),
    Question(
        "limits",
        "wsman-cim.md 10, 11; cau.md 8, 2",
        "What are the limits of WinRM?",
        "60000 ms, 500 kB and 32000 items, the defaults",
        _limits,
    ),
    Question(
        "class_definition",
        "wsman-cim.md 14, 4",
        "How does the node describe MSFT_CAUNode?",
        "With the methods that a run calls",
        _definition,
    ),
    Question("feature_updates", "cau.md 8, 7", "Do the update methods take FeatureUpdatesOnly?", None, _feature_updates),
    Question("stream", "wsman-cim.md 14, 3", "Is Info of ScanUpdates marked as a stream?", "Yes", _stream),
    Question("empty_list", "wsman-cim.md 14, 7", "How does a list end that holds nothing?", "At once, without a fault", _empty_list),
    Question(
        "missing_instance", "wsman-cim.md 14, 7", "How is an instance refused that does not exist?", "As not found", _missing_instance
    ),
    Question("unknown_class", "wsman-cim.md 14, 7", "How is a query on an unknown class refused?", "With 0x8033801A", _unknown_class),
    Question(
        "unknown_namespace",
        "wsman-cim.md 14, 6",
        "How is an unknown namespace refused?",
        "As not found or as a missing class",
        _unknown_namespace,
    ),
    Question("missing_key", "wsman-cim.md 14, 6", "How is a Get without its key refused?", "With 0x803380FA", _missing_key),
    Question(
        "unknown_parameter",
        "wsman-cim.md 14, 6",
        "How is a parameter refused that the method does not have?",
        "As a refusal",
        _unknown_parameter,
    ),
    Question("windows_update", "cau.md 8, 12", "Does the namespace of Windows Update exist?", None, _windows_update),
)

NOT_ASKED: Mapping[str, str] = {
    "wsman-cim.md 14, 2": "it needs a method that runs for minutes and a changed MaxTimeoutms",
    "wsman-cim.md 14, 8": "it needs minutes of silence on a connection",
    "cau.md 8, 3": "it needs a run lock of one's own and more than an hour",
    "cau.md 8, 5": "a report names people and machines throughout",
    "cau.md 8, 6": "the files stand on the node's drive, which WMI does not read",
    "cau.md 8, 9": "it needs a run of Windows' own coordinator",
    "cau.md 8, 10": "it needs a run of Windows' own coordinator",
    "cau.md 8, 11": "it needs a run of Windows' own coordinator",
    "cau.md 8, 13": "it needs a run of Windows' own coordinator",
}
"""What is left open on purpose: each of them takes what this does not have, or would not be harmless."""

ASKED_ON_REQUEST: Mapping[str, str] = {
    "wsman-cim.md 14, 1": "it needs a node session and a scan that lasts; asked with the option changing",
    "wsman-cim.md 14, 5": "it creates a node session; asked with the option changing",
    "cau.md 8, 1": "it creates run locks and node sessions; asked with the option changing",
    "cau.md 8, 4": "it needs a node session; asked with the option changing",
    "cau.md 8, 8": "it needs a node session; asked with the option changing",
}
"""What needs a change on the node, see changing.py."""
