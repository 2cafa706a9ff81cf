# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman import failures

from tools.cim.__main__ import main

from .loopback import PASSWORD, Connection, HttpRequest, LoopbackHost
from .scripted import CAU, CIMV2, envelope, event, fault, keep_alive, output, robust, service, streamed, wsman_fault
from .test_client import CONFIG, CREATED, GUID, IDENTITY
from .test_enumeration_and_retries import enumerated, w_items

Hosts = Callable[..., LoopbackHost]
CLASS = '<CLASS NAME="X"><METHOD NAME="M" TYPE="uint32"><PARAMETER NAME="P" TYPE="string"/></METHOD></CLASS>'


class Run(t.NamedTuple):
    code: int
    out: t.Any
    err: str


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CIM_ENDPOINT", "CIM_USER", "CIM_TRANSPORT", "CIM_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CIM_PASSWORD", PASSWORD)


@pytest.fixture
def cim(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    def run(*arguments: str) -> Run:
        code = main(arguments)
        captured = capsys.readouterr()
        assert PASSWORD not in captured.out + captured.err
        return Run(code, json.loads(captured.out) if captured.out else None, captured.err)

    return run


def connection(host: LoopbackHost) -> tuple[str, ...]:
    return ("--endpoint", host.url, "--user", "admin", "--transport", "basic", "--message-encryption", "never")


def answers(*bodies: bytes) -> list[Callable[[Connection, HttpRequest], None]]:
    return [lambda connection, request, body=body: connection.answer(body) for body in bodies]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "answer", "expected"),
    [
        (["identify"], IDENTITY, {"vendor": "Microsoft Corporation"}),
        (["get", "Win32_Service", "Name=a=b"], service("a=b"), {"class": "Win32_Service", "namespace": "root/cimv2"}),
        (["create", "X", "N:=5", "T=x"], CREATED, {"OrchestratorGuid": GUID}),
        (["invoke", "X", "M", "P=1", "L:=[1,2]", "--key", "K=v"], output("M", "<p:ReturnValue>3</p:ReturnValue>"), {"ReturnValue": "3"}),
        (["class", "X"], CLASS, {"name": "X", "superclass": None}),
        (["config"], CONFIG, {"max_timeout_ms": 60000}),
    ],
)
def test_command_prints_what_the_host_answered(
    host: Hosts, cim: Callable[..., Run], arguments: list[str], answer: str, expected: dict[str, object]
) -> None:
    started = host(*answers(envelope(answer)))
    run = cim(arguments[0], *connection(started), *arguments[1:])
    assert (run.code, run.err) == (0, "")
    assert expected.items() <= run.out.items()


def test_query_prints_a_list(host: Hosts, cim: Callable[..., Run]) -> None:
    started = host(*answers(enumerated(w_items("a", "b"), None, is_end=True)))
    run = cim("query", *connection(started), "SELECT * FROM Win32_Service")
    assert [item["properties"]["Name"] for item in run.out] == ["a", "b"]


def test_delete_prints_nothing_to_tell(host: Hosts, cim: Callable[..., Run]) -> None:
    started = host(*answers(envelope("")))
    run = cim("delete", *connection(started), "--namespace", "root/x", "X", "K=v")
    assert (run.code, run.out) == (0, None)


def test_robust_invoke_prints_streamed_values(host: Hosts, cim: Callable[..., Run]) -> None:
    started = host(*answers(keep_alive() + streamed("Info", "a", 1) + robust(output("ScanUpdates", ""), 2)))
    run = cim("invoke", *connection(started), "--robust", "X", "ScanUpdates")
    assert run.out == {"Info": "a"}


def test_failure_is_one_sentence_and_a_code(host: Hosts, cim: Callable[..., Run]) -> None:
    started = host(*answers(fault("s:Sender", detail=wsman_fault(5), reason="two\nlines")))
    run = cim("get", *connection(started), "X")
    assert run.code == 1
    assert run.out is None
    assert run.err.count("\n") == 1
    assert run.err.startswith("cim: 127.0.0.1: said (ACCESS_DENIED)")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["identify"], "CIM_ENDPOINT"),
        (["identify", "--endpoint", "h"], "CIM_USER"),
        (["identify", "--endpoint", "ftp://h", "--user", "u"], "no endpoint"),
        (["identify", "--endpoint", "http://u:p@h", "--user", "u"], "no endpoint"),
        (["identify", "--endpoint", "h:99999", "--user", "u"], "port"),
        (["get", "--endpoint", "h", "--user", "u", "X", "novalue"], "KEY=VALUE"),
        (["create", "--endpoint", "h", "--user", "u", "X", "N:=nojson"], "JSON"),
        (["create", "--endpoint", "h", "--user", "u", "X", "="], "NAME=TEXT"),
        (["create", "--endpoint", "h", "--user", "u", "X", 'N:={"a": 1}'], "type dict"),
        (["get", "--endpoint", "h", "--user", "u", "X Y"], "no valid name"),
        (["parse", "/no/such/file"], "cannot be read"),
    ],
)
def test_mistake_is_told_before_anything_is_sent(cim: Callable[..., Run], arguments: list[str], text: str) -> None:
    run = cim(*arguments)
    assert run.code == 1
    assert text in run.err


def test_password_is_missing_without_a_terminal(cim: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CIM_PASSWORD")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    run = cim("identify", "--endpoint", "h", "--user", "u")
    assert "CIM_PASSWORD" in run.err


def test_password_is_asked_for_at_a_terminal(host: Hosts, cim: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CIM_PASSWORD")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: PASSWORD)
    started = host(*answers(envelope(IDENTITY)))
    assert cim("identify", *connection(started)).code == 0


RECORDINGS = {
    "instance": envelope(service()),
    "identity": envelope(IDENTITY),
    "enumeration": enumerated(w_items("a"), "uuid:1"),
    "output": robust(output("M", "<p:ReturnValue>0</p:ReturnValue>"), 3),
    "event": event("Progress", "<i:Activity>A</i:Activity>", 1),
    "created": envelope(CREATED),
    "configuration": envelope(CONFIG),
    "class": envelope(CLASS),
    "keep-alive": keep_alive(),
    "empty": envelope(""),
    "fault": fault("s:Receiver", detail=wsman_fault(2150858793)),
}


@pytest.mark.parametrize("kind", RECORDINGS)
def test_recorded_envelope_is_understood(cim: Callable[..., Run], tmp_path: Path, kind: str) -> None:
    recording = tmp_path / "recording.xml"
    recording.write_bytes(RECORDINGS[kind])
    run = cim("parse", str(recording))
    assert run.code == 0
    assert run.out["kind"] == kind


def test_recorded_fault_tells_its_outcome(cim: Callable[..., Run], tmp_path: Path) -> None:
    recording = tmp_path / "recording.xml"
    recording.write_bytes(RECORDINGS["fault"])
    content = cim("parse", str(recording)).out["content"]
    assert content["says"] == ["is_timeout"]
    assert content["outcome"] == {"read": "not_done", "idempotent": "unknown", "once_only": "unknown"}


def test_recorded_stream_is_a_list(cim: Callable[..., Run], tmp_path: Path) -> None:
    recording = tmp_path / "recording.xml"
    recording.write_bytes(b"\n".join(RECORDINGS.values()))
    assert [item["kind"] for item in cim("parse", str(recording)).out] == list(RECORDINGS)


@pytest.mark.parametrize("data", [b"", b"junk", b"<a/>", b"<s:Envelope", b"\xff\xfe", b"<!DOCTYPE a><a/>"])
def test_file_that_is_no_recording_is_refused(cim: Callable[..., Run], tmp_path: Path, data: bytes) -> None:
    recording = tmp_path / "recording.xml"
    recording.write_bytes(data)
    run = cim("parse", str(recording))
    assert run.code == 1
    assert run.err.startswith("cim: ")


def test_recorded_fault_after_other_messages_came_in_an_answer_that_had_begun(cim: Callable[..., Run], tmp_path: Path) -> None:
    recording = tmp_path / "recording.xml"
    refusal = fault("s:Receiver", detail=wsman_fault(0x803381A6))
    for data, outcome in ((refusal, "not_done"), (keep_alive() + refusal, "unknown")):
        recording.write_bytes(data)
        shown = cim("parse", str(recording)).out
        assert (shown[-1] if isinstance(shown, list) else shown)["content"]["outcome"]["once_only"] == outcome


@pytest.mark.parametrize("arguments", [["--help"], ["parse", "recording.xml"]])
def test_reader_that_has_gone_ends_it_without_a_word(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "recording.xml").write_bytes(RECORDINGS["class"])
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "tools.cim", *arguments]
        ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path, timeout=60, check=False)
    finally:
        os.close(writing)
    assert ended.stderr == b""


def test_no_sentence_of_the_client_names_what_only_ansible_has() -> None:
    for file in Path(failures.__file__).parent.glob("*.py"):
        texts = [
            node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert [text for text in texts if "ansible" in text.lower()] == [], file.name


def test_namespaces_of_the_recordings_are_the_real_ones() -> None:
    assert CIMV2.encode() in RECORDINGS["instance"]
    assert CAU.encode() in RECORDINGS["output"]
