# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import pickle
import socket
import threading
import typing as t
from pathlib import Path

import pytest

from simulator.cim import Exchange
from simulator.control import Control, ControlSocket
from simulator.scenario.interception import ScenarioInterceptor

from .lab import GUID, Lab, two_nodes


@pytest.fixture
def lab() -> Lab:
    return Lab(two_nodes(updates=[{"title": "KB5000001"}]))


@pytest.fixture
def control(lab: Lab) -> Control:
    return Control(lab.model, ScenarioInterceptor(lab.model), lambda number: None)


def ask(control: Control, **request: object) -> dict[str, t.Any]:
    return control.handle(json.dumps(request).encode())


def test_state_shows_everything_as_json(control: Control) -> None:
    answer = ask(control, command="state")
    assert answer["ok"]
    assert json.loads(json.dumps(answer))["clusters"]["LAB"]["nodes"]["N1"]["state"] == "up"
    assert answer["clusters"]["LAB"]["groups"]["VM1"] == {
        "owner": "N1",
        "state": "online",
        "type": 111,
        "is_core": False,
        "is_locked": False,
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "Expecting"),
        (b"[]", "one JSON object"),
        (b"\xff", "codec"),
        (b'{"command": "dance"}', "commands: state, snapshot"),
        (b'{"command": "restore", "snapshot": "x"}', "there is no snapshot x"),
        (b'{"command": "restore", "snapshot": "x", "folder": "/nowhere"}', "No such file"),
        (b'{"command": "hold", "when": "never"}', "before, begun or after"),
        (b'{"command": "act", "act": "sing"}', "there is no act"),
        (b'{"command": "act", "act": "pause_node", "node": "N9"}', "nodes: N1, N2"),
        (b'{"command": "act", "act": "resume_node", "node": "N1"}', "not paused"),
        (b'{"command": "advance"}', "KeyError"),
        (b'{"command": "advance", "seconds": -1}', "does not go back"),
        (b'{"command": "fault", "action": "explode"}', "is not allowed"),
        (b'{"command": "fault", "model": "no_return", "node": "N9"}', "there is no node N9"),
        (b'{"command": "wait", "hold": 9}', "there is no hold 9"),
    ],
)
def test_request_that_cannot_be_done_is_answered_with_the_reason(control: Control, line: bytes, reason: str) -> None:
    answer = control.handle(line)
    assert answer["ok"] is False
    assert reason in answer["error"]


def test_advance_lets_things_happen(control: Control, lab: Lab) -> None:
    assert ask(control, command="act", act="pause_node", node="N1")["ok"]
    assert ask(control, command="advance", seconds=30)["at"] == "2026-01-15T20:00:30.000Z"
    assert lab.events("drain_completed")


def test_snapshot_is_restored_as_often_as_wanted(control: Control, lab: Lab) -> None:
    name = ask(control, command="snapshot")["snapshot"]
    for _number in range(2):
        lab.create("N1", "MSFT_CAURun", GUID)
        answer = ask(control, command="restore", snapshot=name)
        assert answer["at"] == "2026-01-15T20:00:00.000Z"
        assert lab.node("N1").run_lock is None
    assert len(lab.events("model_started")) == 2


def test_trail_keeps_every_moment_for_another_twin(control: Control, lab: Lab, tmp_path: Path) -> None:
    interceptor = control.interceptor
    create = Exchange(7, "LAB", "N1", "admin", "Create", "MSFT_CAURun", None, {}, {})
    assert ask(control, command="trail", folder=str(tmp_path)) == {"ok": True, "at": "2026-01-15T20:00:00.000Z", "marks": []}
    interceptor.before(create)
    lab.create("N1", "MSFT_CAURun", GUID)
    interceptor.before(Exchange(8, "LAB", "N1", "admin", "Get", "MSFT_CAURun", None, {}, {}))
    interceptor.after(create)
    before, after = ask(control, command="trail")["marks"]
    assert (before["when"], before["number"], before["event"], before["open"], before["last"]) == ("before", 1, 0, [], 7)
    assert (after["when"], after["number"], after["event"], after["open"], after["last"]) == ("after", 1, 1, [7, 8], 8)
    other = Lab(two_nodes(updates=[{"title": "KB5000001"}]))
    skipped: list[int] = []
    second = Control(other.model, ScenarioInterceptor(other.model), skipped.append)
    for mark, guid in ((before, None), (after, GUID)):
        numbers = {"event": mark["event"] + 10, "request": mark["last"]}
        assert ask(second, command="restore", snapshot=mark["snapshot"], folder=str(tmp_path), **numbers)["ok"]
        lock = other.node("N1").run_lock
        assert (lock.guid if lock else None) == guid
    assert skipped == [7, 8]
    assert other.model.events.last == 12


def test_trail_that_has_ended_keeps_nothing_more(control: Control, tmp_path: Path) -> None:
    ask(control, command="trail", folder=str(tmp_path))
    assert ask(control, command="trail")["marks"] == []
    control.interceptor.before(Exchange(1, "LAB", "N1", "admin", "Create", "X", None, {}, {}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [pickle.dumps(print), pickle.dumps(threading.Lock), pickle.dumps(5), b"", b"x", b"\x80\x05."])
def test_file_that_is_no_snapshot_changes_nothing(data: bytes, control: Control, lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(data)
    answer = ask(control, command="restore", snapshot="bad", folder=str(tmp_path))
    assert answer["ok"] is False
    assert "snapshot" in answer["error"]
    assert lab.events("model_started") == []


def test_fault_of_the_model_plays_at_once(control: Control, lab: Lab) -> None:
    assert ask(control, command="fault", model="clock_step", node="N1", seconds=60)["ok"]
    assert lab.node("N1").clock_offset == 60


@pytest.mark.parametrize("when", ["before", "begun", "after"])
def test_hold_is_reached_waited_for_and_released(when: str, control: Control) -> None:
    interceptor = control.interceptor
    exchange = Exchange(3, "LAB", "N1", "admin", "Create", "X", None, {}, {})
    number = ask(control, command="hold", node="N1", when=when)["hold"]

    def pass_through() -> None:
        interceptor.before(exchange)
        interceptor.begun(exchange)
        interceptor.after(exchange)

    thread = threading.Thread(target=pass_through)
    thread.start()
    answer = ask(control, command="wait", hold=number, timeout=10)
    assert (answer["reached"], answer["node"], answer["operation"], answer["seq"]) == (True, "N1", "Create X", 3)
    assert thread.is_alive()
    assert ask(control, command="release", hold=number)["released"] == 1
    thread.join(10)
    assert not thread.is_alive()


def test_socket_answers_line_by_line_and_is_its_owners_alone(control: Control, tmp_path: Path) -> None:
    server = ControlSocket(tmp_path / "control", control)
    server.start()
    try:
        assert (tmp_path / "control").stat().st_mode & 0o777 == 0o600
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(tmp_path / "control"))
            client.sendall(b'{"command": "state", "cluster": "LAB"}\n\n{"command": "advance", "seconds": 1}\n')
            stream = client.makefile()
            answers = [json.loads(stream.readline()) for _number in range(2)]
        assert [answer["ok"] for answer in answers] == [True, True]
    finally:
        server.stop()
    assert not (tmp_path / "control").exists()
