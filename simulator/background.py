# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A twin that stays when the command that started it has ended: everything that belongs to it is in one directory."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import typing as t
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from .scenario import loader
from .twin import users_of

START_SECONDS = 60.0
STOP_SECONDS = 30.0
ATTEMPTS = 3

PID = "twin.pid"
READY = "ready.json"
INVENTORY = "inventory.yml"
LOG = "twin.log"
LOGS = {"--events": "events.jsonl", "--requests": "requests.jsonl"}
# Named relative to the directory: a socket's path has room for 107 characters only.
CONTROL = "control.sock"


class BackgroundError(Exception):
    """A twin could not be started or ended; the message is one sentence."""


@contextlib.contextmanager
def pid_file(path: Path) -> Iterator[None]:
    """Keep our process id in a file, locked as long as we live: who ends us later knows that the number is still ours.

    Args:
        path: the file; it goes at the end.

    Raises:
        BackgroundError: a process that lives has it.
    """
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackgroundError(f"another process is at work with {path}") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def start(scenario: str, directory: Path, *, rate: float, seed: int, address: str | None, ports: tuple[int, int]) -> str:
    """Start a twin, wait until all of its nodes answer, and write an inventory of them.

    Args:
        scenario: a file, or the name of a scenario that comes with the twin.
        directory: where its files go; what an earlier twin has left there is replaced.
        rate: twin seconds per real second.
        seed: of everything that is random.
        address: of the first node; None takes some on which nobody listens.
        ports: of HTTP and HTTPS on every node.

    Returns:
        What a person wants to know of it.

    Raises:
        ScenarioError: the scenario is not right.
        BackgroundError: a twin is at work in the directory, or this one ended or was not ready in time.
    """
    path = loader.find(scenario).resolve()
    data = loader.load(path)
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    if _holder(directory / PID) is not None:
        raise BackgroundError(f"a twin is at work in {directory}; end it first: stop {directory}")
    for name in (READY, INVENTORY, LOG, CONTROL, *LOGS.values()):
        (directory / name).unlink(missing_ok=True)
    nodes = sum(len(cluster["nodes"]) for cluster in data["clusters"])
    for attempt in range(1, ATTEMPTS + 1):
        options = ["--address", address or first_free_address(nodes, ports), "--port", str(ports[0]), "--tls-port", str(ports[1])]
        try:
            _serve(directory, [str(path), *options, "--rate", str(rate), "--seed", str(seed)])
            break
        except BackgroundError as error:
            # Another twin may have taken the same addresses between the look and the start.
            if address is not None or attempt == ATTEMPTS or "ddress already in use" not in str(error):
                raise
    user, password = next(iter(users_of(data).items()))
    ready = json.loads((directory / READY).read_text(encoding="utf-8"))
    found = inventory(ready["nodes"], user, password, path=data.get("wire", {}).get("url_prefix"))
    (directory / INVENTORY).write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
    names = ", ".join(node["node"] for node in ready["nodes"])
    return f"A twin is up: {names}. Inventory: {directory / INVENTORY}. Event log: {directory / LOGS['--events']}"


def stop(path: Path, what: str) -> str:
    """End the process that keeps a file with its process id, and wait until it has ended, so that its logs are complete.

    Args:
        path: the file, as pid_file() makes it.
        what: what the process is, for people.

    Returns:
        What was done, one sentence.

    Raises:
        BackgroundError: it did not end in time.
    """
    pid = _holder(path)
    if pid is None:
        return f"No {what} is at work with {path}"
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _holder(path) is not None:
        if time.monotonic() > deadline:
            raise BackgroundError(f"the {what} with {path}, process {pid}, did not end within {STOP_SECONDS:.0f} s")
        time.sleep(0.05)
    return f"The {what} with {path} has ended"


def inventory(nodes: Sequence[dict[str, t.Any]], user: str, password: str, *, path: str | None = None) -> dict[str, t.Any]:
    """Return an inventory for Ansible: NTLM with message encryption, and a group for each cluster.

    Args:
        nodes: as the ready file has them.
        user: the account.
        password: its password.
        path: of the service's address; None for the usual one.
    """
    children: dict[str, t.Any] = {}
    for node in nodes:
        group = children.setdefault(node["cluster"].lower().replace("-", "_"), {"hosts": {}})
        group["hosts"][node["node"].lower()] = {"ansible_host": node["address"], "ansible_port": node["port"]}
    common = {
        "ansible_user": user,
        "ansible_password": password,
        "ansible_connection": "winrm",
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_message_encryption": "always",
    }
    if path is not None:
        common["ansible_winrm_path"] = f"/{path}"
    return {"all": {"vars": common, "children": children}}


def first_free_address(count: int, ports: tuple[int, int]) -> str:
    """Return the first of some consecutive loopback addresses on which nobody listens.

    Args:
        count: how many.
        ports: that are looked at on each.

    Raises:
        BackgroundError: none were found.
    """
    dice = random.SystemRandom()
    for _attempt in range(200):
        network = f"127.{dice.randint(16, 254)}.{dice.randint(0, 254)}"
        if all(_is_free(f"{network}.{last}", port) for last in range(1, count + 1) for port in ports):
            return f"{network}.1"
    raise BackgroundError("no loopback addresses are free")


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _holder(path: Path) -> int | None:
    """Return the process id of the process that keeps a file, None where there is none."""
    try:
        with path.open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0) or None
    except FileNotFoundError:
        pass
    return None


def _serve(directory: Path, arguments: list[str]) -> None:
    """Start the process, and return when it is ready."""
    package = __package__ or "simulator"
    command = [sys.executable, "-m", package, "serve", *arguments, "--pid-file", PID, "--ready-file", READY, "--control", CONTROL]
    command += [argument for option in LOGS.items() for argument in option]
    root = Path(__file__).parents[package.count(".") + 1]
    search = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    with (directory / LOG).open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=os.environ | {"PYTHONPATH": search},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not (directory / READY).exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=0.05)
            said = (directory / LOG).read_text(encoding="utf-8", errors="replace").strip()
            raise BackgroundError(said[-2000:] or f"the twin ended with {code} and said nothing")
        if time.monotonic() > deadline:
            process.terminate()
            raise BackgroundError(f"the twin was not ready after {START_SECONDS:.0f} s")
