# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible commands against a twin, their captured output, and the third log: what the controller did, on twin time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .processes import CHECKOUT, Child, clean_environment, kill, start
from .secrets import argument_lists
from .twin import Twin

RATE_VARIABLE = "CLUSTER_AWARE_UPDATING_CLOCK_RATE"
"""The one documented setting of the client's clock for use against a twin (twin.md)."""

CONFIG = """[defaults]
inventory_ignore_extensions = .log
host_key_checking = False
retry_files_enabled = False
interpreter_python = auto_silent
localhost_warning = False
"""


HOST_VARIABLE = "CLUSTER_AWARE_UPDATING_HARNESS_HOST"

OTHER_NAME = f"""import os
import socket
socket.gethostname = lambda: os.environ["{HOST_VARIABLE}"]
"""
"""Python runs this before anything else: a machine of its own for a controller that is to be another one."""


@dataclass(frozen=True)
class Finished:
    """A command that has ended.

    Args:
        exit_code: as the shell sees it.
        screen: everything it printed.
        file: where that is kept.
    """

    exit_code: int
    screen: str
    file: Path


class Controller:
    """An Ansible controller with a home of its own.

    Args:
        twin: what it works against.
        directory: where its files go.
        collections: folder that holds ansible_collections; the checkout's own unless another one is tested.
        host_name: what it takes for the name of its machine; None for the real one.
    """

    def __init__(self, twin: Twin, directory: Path, *, collections: Path | None = None, host_name: str | None = None) -> None:
        self.twin = twin
        self.directory = directory
        self.collections = collections or CHECKOUT / "build" / "collections"
        self.host_name = host_name
        self.argument_lists: dict[str, str] = {}
        self._runs = 0
        self._lines = 0
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "ansible.cfg").write_text(CONFIG, encoding="utf-8")

    @property
    def log_file(self) -> Path:
        """The controller's log."""
        return self.directory / "controller.jsonl"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of its commands."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        settings = {
            "ANSIBLE_CONFIG": str(self.directory / "ansible.cfg"),
            "ANSIBLE_HOME": str(home / "ansible"),
            "ANSIBLE_LOCAL_TEMP": str(home / "ansible" / "tmp"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            # The environment of the tests has the checkout on its path; only the named folder counts.
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "no",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": "8",
            RATE_VARIABLE: f"{self.twin.rate:g}",
        }
        if self.host_name is not None:
            (home / "sitecustomize.py").write_text(OTHER_NAME, encoding="utf-8")
            settings |= {"PYTHONPATH": str(home), HOST_VARIABLE: self.host_name}
        return clean_environment(home, settings | dict(extra or {}))

    def note(self, event: str, **fields: t.Any) -> None:  # noqa: ANN401 - as JSON has it
        """Write a line of the third log."""
        self._lines += 1
        line = {"seq": self._lines, "at": self.twin.now() if self.twin.is_running else None, "event": event, **fields}
        with self.log_file.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def forget(self) -> None:
        """Begin a new log and new captures, as for another case on the same machine."""
        for path in self.directory.glob("*.screen"):
            path.unlink()
        self.log_file.unlink(missing_ok=True)
        self.argument_lists.clear()
        self._runs = self._lines = 0

    def begin(self, program: str, *arguments: str, extra: Mapping[str, str] | None = None, shown: bool = False) -> Running:
        """Start a command of Ansible.

        Args:
            program: ansible-playbook, ansible, ansible-doc ...
            arguments: its arguments.
            extra: further environment.
            shown: let it print to our own screen instead of into a file.
        """
        self._runs += 1
        name = f"{self.host_name or 'run'}{self._runs}"
        output = None if shown else self.directory / f"{name}.screen"
        command = [str(Path(sys.executable).parent / program), *arguments]
        process = start(command, environment=self.environment(extra), directory=self.directory, output=output)
        self.note("controller_started", run=name, pid=process.pid, command=[program, *arguments])
        return Running(self, name, process, output)

    def run(
        self, program: str, *arguments: str, extra: Mapping[str, str] | None = None, seconds: float = 120.0, watched: bool = False
    ) -> Finished:
        """Run a command of Ansible to its end.

        Args:
            program: see begin().
            arguments: see begin().
            extra: see begin().
            seconds: real seconds after which it is killed and the test fails.
            watched: collect the argument lists of all processes meanwhile.
        """
        running = self.begin(program, *arguments, extra=extra)
        return running.finish(seconds, watched=watched)

    def playbook(self, *arguments: str, seconds: float = 120.0, extra: Mapping[str, str] | None = None, watched: bool = False) -> Finished:
        """Run ansible-playbook to its end; see run()."""
        return self.run("ansible-playbook", *arguments, seconds=seconds, extra=extra, watched=watched)


class Running:
    """A command that was started.

    Args:
        controller: whose it is.
        name: its name in the third log.
        process: the process.
        output: what it prints goes there; None for our own screen.
    """

    def __init__(self, controller: Controller, name: str, process: Child, output: Path | None) -> None:
        self.controller = controller
        self.name = name
        self.process = process
        self.output = output

    def screen(self) -> str:
        """Return what it has printed so far."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output and self.output.exists() else ""

    def finish(self, seconds: float, *, watched: bool = False) -> Finished:
        """Wait for its end.

        Raises:
            AssertionError: it did not end in time.
        """
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), daemon=True)
        if watched:
            watcher.start()
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {seconds:.0f} s:\n{self.screen()[-4000:]}") from None
        except BaseException:
            kill(self.process)
            raise
        finally:
            over.set()
            if watched:
                watcher.join()
        result = self.output.name if self.output else None
        self.controller.note("controller_ended", run=self.name, exit_code=code, result=result)
        return Finished(code, self.screen(), self.output or Path())

    def kill(self) -> None:
        """Kill it and all of its workers at once, as an AWX that cancels does."""
        kill(self.process)
        self.controller.note("controller_killed", run=self.name, signal="SIGKILL")

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(0.02):
            self.controller.argument_lists.update({f"{name}: {text[:80]}": text for name, text in argument_lists().items()})
