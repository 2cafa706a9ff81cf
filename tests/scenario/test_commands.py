# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands that people start from the checkout: they end truly, and leave nothing running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.processes import CHECKOUT, Child, clean_environment, kill, start

from . import clusters


@pytest.fixture
def screen(tmp_path: Path) -> Path:
    return tmp_path / "screen"


@contextlib.contextmanager
def command(module: str, *arguments: str, output: Path) -> Iterator[Child]:
    environment = clean_environment(output.parent, {"PYTHONPATH": str(CHECKOUT)})
    process = start([sys.executable, "-m", module, *arguments], environment=environment, directory=CHECKOUT, output=output)
    try:
        yield process
    finally:
        kill(process)


def wait_for(process: Child, output: Path, text: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while text not in output.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, output.read_text(encoding="utf-8")
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=0.05)
            raise AssertionError(f"it ended with {code}: {output.read_text(encoding='utf-8')}")


def quick_scenario(folder: Path, cluster: clusters.Data | None = None) -> tuple[str, ...]:
    scenario = clusters.write(folder / "scenario.yml", cluster or clusters.cluster())
    return (str(scenario), "--rate", "60", "--directory", str(folder / "files"))


def test_demo_shows_the_run_and_its_verdict(tmp_path: Path, screen: Path) -> None:
    scenario, *more = quick_scenario(tmp_path)
    with command("tools.demo", "--scenario", scenario, *more, output=screen) as process:
        assert process.wait(timeout=120) == 0, screen.read_text(encoding="utf-8")
        assert process.family() == []
    text = screen.read_text(encoding="utf-8")
    assert "The event log satisfies every invariant." in text
    assert "MIN01-N2        1       0         1" in text
    assert "Event log: " in text


def test_demo_of_a_failing_run_exits_non_zero(tmp_path: Path, screen: Path) -> None:
    failing = clusters.UPDATE | {"failure": {"hresult": "0x80240016"}}
    scenario, *more = quick_scenario(tmp_path, clusters.cluster(updates=[failing]))
    with command("tools.demo", "--scenario", scenario, *more, output=screen) as process:
        assert process.wait(timeout=120) == 2, screen.read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_leaves_no_process(number: signal.Signals, tmp_path: Path, screen: Path) -> None:
    scenario, *more = quick_scenario(tmp_path)
    with command("tools.demo", "--scenario", scenario, *more, output=screen) as process:
        wait_for(process, screen, "drain")
        process.send_signal(number)
        assert process.wait(timeout=60) == 130
        assert process.family() == []


def test_twin_says_how_to_reach_it_and_ends_on_request(tmp_path: Path, screen: Path) -> None:
    with command("tools.twin", *quick_scenario(tmp_path), output=screen) as process:
        wait_for(process, screen, "Ctrl-C ends it.")
        assert "ansible_host" in screen.read_text(encoding="utf-8")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert process.family() == []


def test_scenario_may_be_named_relative_to_where_one_stands(tmp_path: Path, screen: Path) -> None:
    scenario, *more = quick_scenario(tmp_path)
    with command("tools.twin", os.path.relpath(scenario, CHECKOUT), *more, output=screen) as process:
        wait_for(process, screen, "Ctrl-C ends it.")


@pytest.mark.parametrize("module", ["tools.twin", "tools.demo"])
def test_bad_scenario_ends_with_a_sentence(module: str, tmp_path: Path, screen: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text("clusters: 5\n", encoding="utf-8")
    options = ("--scenario", str(bad)) if module == "tools.demo" else (str(bad),)
    with command(module, *options, "--directory", str(tmp_path / "files"), output=screen) as process:
        assert process.wait(timeout=60) == 1
    text = screen.read_text(encoding="utf-8")
    assert "bad.yml" in text
    assert "Traceback" not in text


def test_second_twin_in_the_same_place_is_refused(tmp_path: Path, screen: Path) -> None:
    arguments = quick_scenario(tmp_path)
    with command("tools.twin", *arguments, output=screen) as first:
        wait_for(first, screen, "Ctrl-C ends it.")
        other = tmp_path / "other"
        with command("tools.twin", *arguments, output=other) as second:
            assert second.wait(timeout=60) == 1
        assert "stop it first" in other.read_text(encoding="utf-8")
        assert first.poll() is None
        assert (tmp_path / "files" / "inventory.yml").exists()
