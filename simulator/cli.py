# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of the twin: serve a scenario, in the background too, or check one."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import json
import os
import signal
import sys
import tempfile
import typing as t
from collections.abc import Sequence
from pathlib import Path

from . import background
from .scenario import loader
from .scenario.build import build
from .twin import Twin, TwinOptions, start_of, wire_options
from .wire.server import NotLoopbackError

EXIT_USAGE = 2

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no IP address") from None
    if not address.is_loopback:
        # The passwords of a scenario are no secrets; nobody else may reach what they open.
        raise argparse.ArgumentTypeError(f"{text} is no loopback address, and the twin listens on no other")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is no rate: it is a positive number of twin seconds per real second")
    return rate


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="simulator", description="A simulated failover cluster that answers over WS-Management on loopback.")
    commands = top.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the clusters of a scenario")
    _add_common(serve)
    serve.add_argument("--address", type=_address, default="127.0.10.1", help="of the first node; the others follow (default: %(default)s)")
    serve.add_argument("--events", type=Path, help="append the event log to this file")
    serve.add_argument("--requests", type=Path, help="append the request log to this file")
    serve.add_argument("--ready-file", type=Path, help="write where the nodes are to this file once all of them answer")
    serve.add_argument("--control", type=Path, help="open a control socket here")
    serve.add_argument("--pid-file", type=Path, help="keep the process id in this file, locked, and remove it at the end")
    serve.add_argument("--allow-unencrypted", action="store_true", help="serve Basic and plain bodies over HTTP")
    start = commands.add_parser("start", help="the same in the background, with an inventory; returns when all nodes answer")
    _add_common(start)
    start.add_argument("--address", type=_address, help="of the first node; the others follow (default: some that are free)")
    start.add_argument("--directory", type=Path, required=True, help="where its inventory and its logs go")
    stop = commands.add_parser("stop", help="end the twin that was started with a directory")
    stop.add_argument("directory", type=Path)
    check = commands.add_parser("check", help="say whether a scenario is right")
    check.add_argument("scenario", nargs="+")
    return top


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("scenario", help="a file, or the name of a scenario that comes with the twin")
    command.add_argument("--port", type=_port, default=5985, help="HTTP port of every node (default: %(default)s)")
    command.add_argument("--tls-port", type=_port, default=5986, help="HTTPS port of every node (default: %(default)s)")
    command.add_argument("--rate", type=_rate, default=1.0, help="twin seconds per real second (default: %(default)s)")
    command.add_argument("--seed", type=int, default=0, help="of everything that is random (default: %(default)s)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        return COMMANDS[options.command](options)
    except (loader.ScenarioError, background.BackgroundError) as error:
        print(error, file=sys.stderr)  # noqa: T201
    except (OSError, NotLoopbackError) as error:
        print(f"the twin cannot start: {error}", file=sys.stderr)  # noqa: T201
    return EXIT_USAGE


def _start(options: argparse.Namespace) -> int:
    _look_at_ports(options)
    said = background.start(
        options.scenario,
        options.directory,
        rate=options.rate,
        seed=options.seed,
        address=options.address,
        ports=(options.port, options.tls_port),
    )
    print(said)  # noqa: T201
    return 0


def _stop(options: argparse.Namespace) -> int:
    print(background.stop(options.directory.resolve() / background.PID, "twin"))  # noqa: T201
    return 0


def _look_at_ports(options: argparse.Namespace) -> None:
    if options.port == options.tls_port:
        raise background.BackgroundError(f"the twin cannot start: HTTP and HTTPS cannot both have port {options.port}")


def _check(options: argparse.Namespace) -> int:
    code = 0
    for name in options.scenario:
        try:
            path = loader.find(name)
            data = loader.load(path)
            world = build(data, start_of(data, str(path)), name=str(path))
            wire_options(data, str(path))
        except loader.ScenarioError as error:
            print(error, file=sys.stderr)  # noqa: T201
            code = EXIT_USAGE
            continue
        for cluster in world.clusters.values():
            counts = f"{len(cluster.nodes)} nodes, {len(cluster.groups)} groups, {len(cluster.updates)} updates"
            print(f"{path}: cluster {cluster.name}: {counts}")  # noqa: T201
    return code


def _serve(options: argparse.Namespace) -> int:
    _look_at_ports(options)
    path = loader.find(options.scenario)
    data = loader.load(path)
    # Blocked before the first thread starts, and so in every one of them: the main thread alone takes these signals, when it waits.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        _run(options, data, path)
    finally:
        while signal.sigtimedwait(STOP_SIGNALS, 0):
            # Whoever asks twice is not killed by it after all.
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return 0


def _run(options: argparse.Namespace, data: dict[str, t.Any], path: Path) -> None:
    with contextlib.ExitStack() as stack:
        if options.pid_file is not None:
            stack.enter_context(background.pid_file(options.pid_file))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="twin-"))
        chosen = TwinOptions(
            folder=Path(folder),
            address=options.address,
            port=options.port,
            tls_port=options.tls_port,
            rate=options.rate,
            seed=options.seed,
            events=options.events,
            requests=options.requests,
            control=options.control,
            allow_unencrypted=options.allow_unencrypted,
        )
        twin = Twin(data, chosen, str(path))
        try:
            twin.start()
            _announce(twin, options.ready_file)
            signal.sigwait(STOP_SIGNALS)
        finally:
            twin.stop()
            if options.ready_file:
                options.ready_file.unlink(missing_ok=True)


def _announce(twin: Twin, ready_file: Path | None) -> None:
    for node in twin.ready()["nodes"]:
        line = f"{node['cluster']} {node['node']}: http://{node['address']}:{node['port']}/wsman https://{node['address']}:{node['tls_port']}/wsman"
        print(line, flush=True)  # noqa: T201
    if ready_file is not None:
        # Readers see the whole file or none.
        partial = ready_file.with_name(f"{ready_file.name}.{os.getpid()}")
        partial.write_text(json.dumps(twin.ready(), indent=1) + "\n", encoding="utf-8")
        partial.replace(ready_file)


COMMANDS: t.Mapping[str, t.Callable[[argparse.Namespace], int]] = {"serve": _serve, "start": _start, "stop": _stop, "check": _check}
