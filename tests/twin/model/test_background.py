# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A twin in the background: it stays when its command has ended, and is ended by its own process id alone."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from simulator.background import PID, BackgroundError, inventory, pid_file, start, stop
from tests.harness.record import read_log

PORTS = (15985, 15986)


def begin(directory: Path, scenario: str = "minimal") -> str:
    return start(scenario, directory, rate=50.0, seed=1, address=None, ports=PORTS)


def answer_of(directory: Path) -> int:
    hosts = yaml.safe_load((directory / "inventory.yml").read_text(encoding="utf-8"))["all"]["children"]["min01"]["hosts"]
    host = hosts["min01-n2"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"http://{host['ansible_host']}:{host['ansible_port']}/wsman", b"", {}), timeout=10)
    return refused.value.code


def test_twin_serves_until_it_is_stopped_and_leaves_its_logs(tmp_path: Path) -> None:
    directory = tmp_path / "twin"
    try:
        said = begin(directory)
        assert "MIN01-N1, MIN01-N2" in said
        assert answer_of(directory) == 401
        with pytest.raises(BackgroundError, match="a twin is at work in"):
            begin(directory)
    finally:
        ended = stop(directory / PID, "twin")
    assert "has ended" in ended
    assert [event["event"] for event in read_log(directory / "events.jsonl")] == ["model_started", "model_stopped"]
    assert not (directory / PID).exists()
    assert "No twin is at work" in stop(directory / PID, "twin")


def test_twin_that_cannot_start_says_why_in_one_sentence(tmp_path: Path) -> None:
    with pid_file(tmp_path / "other"), pytest.raises(BackgroundError, match="cannot start"):
        start("minimal", tmp_path / "twin", rate=50.0, seed=1, address="127.0.0.1", ports=(1, 1))


def test_process_that_has_got_the_number_of_an_ended_one_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (tmp_path / PID).write_text(f"{other.pid}\n", encoding="utf-8")
        assert "No twin is at work" in stop(tmp_path / PID, "twin")
        assert other.poll() is None
        other.communicate(b"\n", timeout=10)
    assert other.returncode == 0


def test_file_of_a_process_that_lives_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / PID
    with pid_file(path):
        assert path.read_text(encoding="utf-8") == f"{os.getpid()}\n"
        with pytest.raises(BackgroundError, match="another process"), pid_file(path):
            pass
        assert path.exists()
    assert not path.exists()


def test_inventory_has_a_group_for_each_cluster() -> None:
    nodes = [{"cluster": cluster, "node": f"{cluster}-N1", "address": "127.1.1.1", "port": 5985} for cluster in ("HV-01", "SQL01")]
    found = inventory(nodes, "someone", "word", path="gate/wsman")["all"]
    assert set(found["children"]) == {"hv_01", "sql01"}
    assert found["children"]["hv_01"]["hosts"] == {"hv-01-n1": {"ansible_host": "127.1.1.1", "ansible_port": 5985}}
    assert found["vars"]["ansible_winrm_path"] == "/gate/wsman"
