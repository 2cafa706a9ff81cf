# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command as users start it: a process of its own, real sockets on loopback, the logs it leaves."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import typing as t
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.cli import main, parser

ROOT = Path(__file__).parents[3]
FIRST = "127.0.113.1"
SECOND = "127.0.113.2"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((FIRST, 0))
        return t.cast("int", probe.getsockname()[1])


class Served:
    """A twin in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = free_port()
        arguments = [sys.executable, "-m", "simulator", "serve", "minimal", "--address", FIRST, "--rate", "20"]
        arguments += ["--port", str(self.port), "--tls-port", str(free_port())]
        for name in ("events", "requests", "ready-file", "control"):
            arguments += [f"--{name}", str(folder / name)]
        self.process = subprocess.Popen([*arguments, *options], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def ready(self) -> dict[str, t.Any]:
        limit = time.monotonic() + 30
        while not (self.folder / "ready-file").exists():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise AssertionError(f"the twin did not start: {self.process.communicate()[1]}")
            # Nothing to wait on: the file appears by a rename in another process.
            os.sched_yield()
        return t.cast("dict[str, t.Any]", json.loads((self.folder / "ready-file").read_text(encoding="utf-8")))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)
        return self.process.returncode

    def lines(self, name: str) -> list[dict[str, t.Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    twin = Served(tmp_path, "--allow-unencrypted")
    yield twin
    if twin.process.poll() is None:
        twin.process.kill()
        twin.process.communicate()


def get_run_lock(twin: Served, address: str) -> int:
    """Send one Get of MSFT_CAURun with Basic and return the HTTP status."""
    uri = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/microsoft/windows/clusterupdate/MSFT_CAURun"
    body = f"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
      xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header><a:To>http://{address}/wsman</a:To>
      <a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>
      <w:ResourceURI>{uri}</w:ResourceURI><a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Get</a:Action>
      <a:MessageID>uuid:0a0a0a0a-0000-4000-8000-000000000001</a:MessageID></s:Header><s:Body/></s:Envelope>"""
    token = base64.b64encode(b"Administrator:Twin-Passw0rd").decode()
    headers = {"Content-Type": "application/soap+xml;charset=UTF-8", "Authorization": f"Basic {token}"}
    request = urllib.request.Request(f"http://{address}:{twin.port}/wsman", body.encode(), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return t.cast("int", answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_served_scenario_answers_logs_and_stops_cleanly(served: Served) -> None:
    ready = served.ready()
    assert [(node["cluster"], node["node"], node["address"]) for node in ready["nodes"]] == [
        ("MIN01", "MIN01-N1", FIRST),
        ("MIN01", "MIN01-N2", SECOND),
    ]
    assert Path(ready["certificate"]).read_text(encoding="utf-8").startswith("-----BEGIN CERTIFICATE")
    # No lock stands: the host answers with a fault.
    assert get_run_lock(served, SECOND) == 500
    assert served.stop() == 0
    events = served.lines("events")
    assert [entry["event"] for entry in events] == ["model_started", "model_stopped"]
    assert events[0]["nodes"]["MIN01-N1"]["state"] == "up"
    requests = served.lines("requests")
    assert [(entry["node"], entry["action"], entry["class"], entry["user"]) for entry in requests] == [
        ("MIN01-N2", "Get", "MSFT_CAURun", "Administrator")
    ]
    assert not any((served.folder / name).exists() for name in ("ready-file", "control"))


def test_node_that_is_down_refuses_connections_and_answers_when_it_is_back(served: Served) -> None:
    served.ready()
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(20)
        control.connect(str(served.folder / "control"))
        stream = control.makefile("rw")

        def ask(**request: object) -> dict[str, t.Any]:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            return t.cast("dict[str, t.Any]", json.loads(stream.readline()))

        def answers() -> bool:
            with socket.socket() as probe:
                probe.settimeout(5)
                return probe.connect_ex((FIRST, served.port)) == 0

        assert ask(command="act", act="power_off", node="MIN01-N1")["ok"]
        limit = time.monotonic() + 20
        while answers():
            assert time.monotonic() < limit
        assert ask(command="act", act="power_on", node="MIN01-N1")["ok"]
        while not answers():
            assert time.monotonic() < limit
    assert served.stop() == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [("--address", "192.0.2.1"), ("--address", "here"), ("--port", "0"), ("--port", "70000"), ("--rate", "0"), ("--rate", "fast")],
)
def test_option_that_cannot_be_is_refused(option: str, value: str) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(["serve", "minimal", option, value])
    assert caught.value.code == 2


def test_check_says_what_is_right_and_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("clusters: []\n", encoding="utf-8")
    assert main(["check", "minimal", str(wrong)]) == 2
    captured = capsys.readouterr()
    assert "cluster MIN01: 2 nodes" in captured.out
    assert f"{wrong}: clusters" in captured.err


def test_serve_of_a_missing_scenario_ends_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "nothing"]) == 2
    assert "there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--address", "127.255.255.255"], "loopback addresses only"),
        (["--address", FIRST, "--port", "5999", "--tls-port", "5999"], "cannot both have port 5999"),
    ],
)
def test_addresses_and_ports_that_do_not_fit_end_with_a_sentence(
    options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "minimal", *options]) == 2
    assert reason in capsys.readouterr().err


def test_port_that_is_taken_ends_the_twin_with_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((SECOND, 0))
        taken.listen()
        arguments = ["serve", "minimal", "--address", FIRST, "--port", str(taken.getsockname()[1]), "--tls-port", str(free_port())]
        arguments += ["--ready-file", str(tmp_path / "ready"), "--control", str(tmp_path / "control")]
        done = subprocess.run(
            [sys.executable, "-m", "simulator", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
        )
    assert done.returncode == 2
    assert "the twin cannot start" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "ready").exists()


def test_twin_runs_from_an_installed_collection() -> None:
    module = "ansible_collections.cluster_aware.updating.simulator"
    arguments = [sys.executable, "-m", module, "check", "minimal"]
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT / "build" / "collections")}
    done = subprocess.run(arguments, cwd="/", env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert "cluster MIN01" in done.stdout
