# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user typed: the command line and the endpoint that it names."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.values import Argument

DESCRIPTION = """Look at one WS-Management endpoint.

Answers are JSON on stdout. A failure is one sentence on stderr and exit code 1; 141 says that nobody read the answer to its end.
The password comes from CIM_PASSWORD or a prompt, never from the command line."""

_HTTP_PORT, _HTTPS_PORT = 5985, 5986
_PASSWORDLESS = frozenset({"kerberos", "certificate"})


class UsageError(Exception):
    """What was typed cannot be done; the text is one sentence."""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed command line; exits with code 2 and usage when there is a mistake in it."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.cim", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    connection = _connection_options()

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[connection])

    command("identify", "who answers there")
    get = command("get", "one instance")
    get.add_argument("class_name", metavar="CLASS")
    get.add_argument("keys", metavar="KEY=VALUE", nargs="*", help="none for a singleton")
    query = command("query", "what a WQL query finds")
    query.add_argument("wql", metavar="WQL")
    invoke = command("invoke", "the output of a method; it is sent once, whatever happens")
    invoke.add_argument("class_name", metavar="CLASS")
    invoke.add_argument("method", metavar="METHOD")
    invoke.add_argument("arguments", metavar="NAME=TEXT|NAME:=JSON", nargs="*")
    invoke.add_argument("--key", metavar="KEY=VALUE", action="append", default=[], help="of the instance; may be repeated")
    invoke.add_argument("--robust", action="store_true", help="as a long operation with a streamed answer")
    invoke.add_argument("--seconds", type=float, default=60.0, help="how long the method may take (default: 60)")
    create = command("create", "the keys of a new instance")
    create.add_argument("class_name", metavar="CLASS")
    create.add_argument("arguments", metavar="NAME=TEXT|NAME:=JSON", nargs="*")
    delete = command("delete", "nothing; the instance is deleted")
    delete.add_argument("class_name", metavar="CLASS")
    delete.add_argument("keys", metavar="KEY=VALUE", nargs="*")
    command("class", "the definition of a class").add_argument("class_name", metavar="CLASS")
    command("config", "the limits of the WinRM service")
    parse = commands.add_parser("parse", help="what the client understands of a recorded envelope")
    parse.add_argument("file", metavar="FILE", help="- for stdin")
    return parser.parse_args(arguments)


def _connection_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    group = options.add_argument_group("connection")
    environment = os.environ.get
    group.add_argument(
        "--endpoint",
        default=environment("CIM_ENDPOINT"),
        help="host, host:port or URL (CIM_ENDPOINT); http on 5985 unless it says otherwise",
    )
    group.add_argument("--user", default=environment("CIM_USER"), help="user name (CIM_USER)")
    group.add_argument(
        "--transport",
        default=environment("CIM_TRANSPORT", "ntlm"),
        choices=("basic", "ntlm", "kerberos", "credssp"),
        help="how to sign in (CIM_TRANSPORT, default: ntlm)",
    )
    group.add_argument("--namespace", default=environment("CIM_NAMESPACE", "root/cimv2"), help="(CIM_NAMESPACE, default: root/cimv2)")
    group.add_argument("--ca", metavar="FILE", help="certificates to trust for https")
    group.add_argument("--no-verify", action="store_true", help="take any certificate")
    group.add_argument(
        "--message-encryption", default="auto", choices=("auto", "always", "never"), help="never sends clear text over http (default: auto)"
    )
    return options


def endpoint_from(options: argparse.Namespace) -> Endpoint:
    """Return the endpoint that the options name, asking for the password when it is needed and not in the environment.

    Raises:
        UsageError: endpoint, user or password is missing.
    """
    if not options.endpoint:
        raise UsageError("no endpoint: give --endpoint or set CIM_ENDPOINT")
    if not options.user and options.transport not in _PASSWORDLESS:
        raise UsageError("no user: give --user or set CIM_USER")
    url = _url(options.endpoint)
    return Endpoint(
        name=urlsplit(url).hostname or options.endpoint,
        url=url,
        auth=options.transport,
        username=options.user,
        password=None if options.transport in _PASSWORDLESS else _password(options.user),
        verify_certificate=not options.no_verify,
        ca_trust_path=options.ca,
        message_encryption=options.message_encryption,
    )


def _url(text: str) -> str:
    given = urlsplit(text if "://" in text else f"//{text}")
    try:
        port = given.port
    except ValueError:
        raise UsageError(f"{text} has no valid port") from None
    if not given.hostname or given.scheme not in {"", "http", "https"} or given.username is not None:
        raise UsageError(f"{text} is no endpoint: write host, host:port or http(s)://host:port/wsman")
    scheme = given.scheme or ("https" if port == _HTTPS_PORT else "http")
    port = port or (_HTTPS_PORT if scheme == "https" else _HTTP_PORT)
    host = f"[{given.hostname}]" if ":" in given.hostname else given.hostname
    return f"{scheme}://{host}:{port}{given.path if given.path not in {'', '/'} else '/wsman'}"


def _password(user: str) -> str:
    password = os.environ.get("CIM_PASSWORD")
    if password is not None:
        return password
    if not sys.stdin.isatty():
        raise UsageError("no password: set CIM_PASSWORD, or run this at a terminal to be asked")
    return getpass.getpass(f"Password of {user}: ")


def keys_from(pairs: Sequence[str]) -> dict[str, str]:
    """Return KEY=VALUE pairs as a mapping.

    Raises:
        UsageError: one has no equals sign.
    """
    keys = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise UsageError(f"{pair} is no KEY=VALUE")
        keys[name] = value
    return keys


def values_from(pairs: Sequence[str]) -> Mapping[str, Argument]:
    """Return NAME=TEXT and NAME:=JSON pairs as a mapping.

    Raises:
        UsageError: one is neither.
    """
    values: dict[str, Argument] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.rstrip(":"):
            raise UsageError(f"{pair} is neither NAME=TEXT nor NAME:=JSON")
        if not name.endswith(":"):
            values[name] = value
            continue
        try:
            values[name[:-1]] = json.loads(value)
        except ValueError:
            raise UsageError(f"{name[:-1]} is not followed by valid JSON") from None
    return values
