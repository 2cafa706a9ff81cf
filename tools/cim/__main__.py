# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one command against one endpoint: see `python -m tools.cim --help`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import sys
from collections.abc import Callable, Sequence

from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import clock_from_environment
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .arguments import UsageError, endpoint_from, keys_from, parse_arguments, values_from
from .output import show_class, show_instance, show_recording

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130
EXIT_CLOSED_PIPE = 141


def _identify(client: Client, options: argparse.Namespace) -> object:
    return dataclasses.asdict(client.identify())


def _get(client: Client, options: argparse.Namespace) -> object:
    return show_instance(client.get(options.namespace, options.class_name, keys_from(options.keys)))


def _query(client: Client, options: argparse.Namespace) -> object:
    return [show_instance(instance) for instance in client.query(options.namespace, options.wql)]


def _invoke(client: Client, options: argparse.Namespace) -> object:
    target = (options.namespace, options.class_name, options.method, values_from(options.arguments))
    keys = keys_from(options.key)
    if options.robust:
        output = client.invoke_robust(*target, keys=keys, kind=Kind.ONCE_ONLY, deadline_seconds=options.seconds)
    else:
        output = client.invoke(*target, keys=keys, kind=Kind.ONCE_ONLY, timeout=options.seconds)
    return output.untyped()


def _create(client: Client, options: argparse.Namespace) -> object:
    return client.create(options.namespace, options.class_name, values_from(options.arguments))


def _delete(client: Client, options: argparse.Namespace) -> object:
    client.delete(options.namespace, options.class_name, keys_from(options.keys))
    return None


def _class(client: Client, options: argparse.Namespace) -> object:
    return show_class(client.get_class(options.namespace, options.class_name))


def _config(client: Client, options: argparse.Namespace) -> object:
    return dataclasses.asdict(client.configuration())


COMMANDS: dict[str, Callable[[Client, argparse.Namespace], object]] = {
    "identify": _identify,
    "get": _get,
    "query": _query,
    "invoke": _invoke,
    "create": _create,
    "delete": _delete,
    "class": _class,
    "config": _config,
}


def _parse(name: str) -> object:
    try:
        data = sys.stdin.buffer.read() if name == "-" else pathlib.Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or type(error).__name__}") from None
    try:
        shown = show_recording(data)
    except ValueError as error:
        raise UsageError(f"{name} is no recorded envelope: {error}") from None
    return shown[0] if len(shown) == 1 else shown


def _run(options: argparse.Namespace) -> object:
    if options.command == "parse":
        return _parse(options.file)
    with Client(endpoint_from(options), clock_from_environment()) as client:
        return COMMANDS[options.command](client, options)


def _write(text: str) -> bool:
    """Write to stdout and return whether anybody reads it; with a reader like head that has gone, Python ends without a word too."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        options = parse_arguments(arguments)
    except SystemExit:
        _write("")
        raise
    try:
        result = _run(options)
    except (OperationError, UsageError, ValueError) as error:
        print(f"cim: {' '.join(str(error).split())}", file=sys.stderr)
        return EXIT_FAILURE
    except KeyboardInterrupt:
        print("cim: interrupted; what was sent may still be at work", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0 if _write(json.dumps(result, indent=2, ensure_ascii=False) + "\n") else EXIT_CLOSED_PIPE


if __name__ == "__main__":
    sys.exit(main())
