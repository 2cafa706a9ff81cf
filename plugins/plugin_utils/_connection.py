# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a host's Ansible connection to its WS-Management service: options are read, the connection itself is never opened.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlunsplit

from ansible.constants import MAGIC_VARIABLE_MAPPING
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader
from ansible.utils.display import Display

from ..module_utils._clock import Clock
from ..module_utils._errors import OperationError
from ..module_utils._wmi.node_client import NodeClient
from ..module_utils._wsman.client import Client
from ..module_utils._wsman.endpoint import ENCRYPTING_METHODS, AuthMethod, Endpoint, MessageEncryption

_EXTRAS_PREFIX = "ansible_winrm_"

# Arguments of pywinrm's Protocol that an inventory may set as ansible_winrm_<argument> (ansible-mechanics.md 2); those that have no
# meaning here are known all the same, so that they give no warning.
_KNOWN_EXTRAS = frozenset(
    {
        "ca_trust_path",
        "cert_key_pem",
        "cert_pem",
        "credssp_disable_tlsv1_2",
        "kerberos_delegation",
        "kerberos_hostname_override",
        "keytab",
        "message_encryption",
        "operation_timeout_sec",
        "proxy",
        "read_timeout_sec",
        "realm",
        "send_cbt",
        "server_cert_validation",
        "service",
    }
)

# Known to pywinrm, and without any meaning for tasks that open no shell and ask for no ticket of their own.
_WITHOUT_EFFECT = frozenset({"keytab", "operation_timeout_sec"})

# What the connection plugin takes out of the extras without a word.
_NOT_EXTRAS = frozenset({"self", "endpoint", "transport", "username", "password", "scheme", "path", "kinit_mode", "kinit_cmd"})

# Seconds by which the winrm connection plugin lets the answer outlast the operation.
_READ_MARGIN = 10

_ENCRYPTIONS: tuple[MessageEncryption, ...] = ("auto", "always", "never")

_METHODS: tuple[AuthMethod, ...] = ("basic", "plaintext", "ntlm", "kerberos", "credssp", "certificate", "ssl")


W = t.TypeVar("W", bound=str)


class ConnectionTypeError(OperationError):
    """The host's `ansible_connection` is none that this collection can read."""


class ConnectionOptionError(OperationError):
    """A connection option of the host has a value that cannot work."""


def endpoint_from_connection(connection: ConnectionBase, name: str) -> Endpoint:
    """Return where and how to reach the host of a configured connection object.

    Args:
        connection: built and configured by Ansible, not connected.
        name: what to call the host in messages.

    Raises:
        ConnectionTypeError: the connection is not of a type with WS-Management behind it.
        ConnectionOptionError: one of its options cannot work.
    """
    connection_type = str(connection._load_name).removeprefix("ansible.builtin.")  # noqa: SLF001 - the only place that has it
    read = _READERS.get(connection_type)
    if read is None:
        raise ConnectionTypeError(
            f"the connection type is {connection_type}, and only {' and '.join(sorted(_READERS))} leads to WS-Management",
            node=name,
            remedy="Set ansible_connection to winrm for this host",
        )
    return read(connection, name)


def peer_connection(action: ActionBase, task_vars: Mapping[str, t.Any], host: str) -> ConnectionBase:
    """Return the configured connection object of another inventory host, as Ansible would build it for a task there.

    Keywords of the task and the password of -k apply to the peer too, as they would if the task ran there (task_executor.py).

    Args:
        action: the action that runs now.
        task_vars: its variables.
        host: inventory name of the peer.

    Raises:
        ConnectionTypeError: Ansible has no such connection plugin.
    """
    variables = dict(task_vars["hostvars"][host])
    templar = action._templar  # noqa: SLF001 - what every action uses
    play_context = action._play_context  # noqa: SLF001
    task = action._task  # noqa: SLF001
    connection_type = str(templar.template(variables.get("ansible_connection", task.connection)))
    connection = connection_loader.get(connection_type, play_context, None)
    if connection is None:
        raise ConnectionTypeError(f"there is no connection plugin {connection_type}", node=host)
    keywords = dict(task.dump_attrs())
    keywords.pop("retries", None)
    keywords["timeout"] = play_context.timeout
    password = _command_line_password(action, task_vars)
    if password:
        keywords["password"] = password
    options = connection._resolve_option_variables(variables, templar)  # noqa: SLF001 - what core itself calls
    connection.set_options(task_keys=keywords, var_options=options)
    return t.cast(ConnectionBase, connection)


def _command_line_password(action: ActionBase, task_vars: Mapping[str, t.Any]) -> str | None:
    """Return the password of -k, None when there is none or the host of this task hides it by one of its own.

    Core writes a host's own password over the one of -k in the play context, and that one must never travel to another host.
    """
    delegate = action._task.delegate_to  # noqa: SLF001
    variables = task_vars.get("ansible_delegated_vars", {}).get(delegate, {}) if delegate else task_vars
    if any(name in variables for name in MAGIC_VARIABLE_MAPPING["password"]):
        return None
    return _text(action._play_context.password) or None  # noqa: SLF001


def open_node(endpoint: Endpoint, clock: Clock) -> NodeClient:
    """Return the clients of a node's remote classes; the connection is made by the first call."""
    return NodeClient(Client(endpoint, clock), endpoint.name)


def _endpoint_of_winrm(connection: ConnectionBase, name: str) -> Endpoint:
    """Read the options of ansible.builtin.winrm by the rules of its _build_winrm_kwargs (ansible-mechanics.md 2)."""
    extras = _extras(connection, name)
    username = _text(connection.get_option("remote_user"))
    password = _text(connection.get_option("remote_password"))
    port = int(connection.get_option("port"))
    scheme = _text(connection.get_option("scheme")) or ("http" if port == 5985 else "https")
    auth = _auth_method(connection.get_option("transport"), username, scheme, name)
    cert_pem, cert_key_pem = _text(extras.get("cert_pem")), _text(extras.get("cert_key_pem"))
    has_certificate = auth == "certificate" or (auth == "ssl" and bool(cert_pem or cert_key_pem))
    _require_credentials(auth, has_certificate, username, password, name)
    timeout = connection.get_option("connection_timeout")
    read_timeout = int(timeout) + _READ_MARGIN if timeout else extras.get("read_timeout_sec")
    return Endpoint(
        name=name,
        url=_url(scheme, str(connection.get_option("remote_addr")), port, str(connection.get_option("path"))),
        auth=auth,
        username=username,
        password=password,
        verify_certificate=_choice(extras, "server_cert_validation", ("validate", "ignore"), name) == "validate",
        ca_trust_path=_unless_legacy(extras.get("ca_trust_path")),
        message_encryption=_encryption(extras, auth, scheme, name),
        proxy=_unless_legacy(extras.get("proxy")),
        send_cbt=_boolean(extras, "send_cbt", name, default=True),
        realm=_text(extras.get("realm")),
        service=_text(extras.get("service")) or "HTTP",
        kerberos_delegation=_boolean(extras, "kerberos_delegation", name, default=False),
        kerberos_hostname_override=_text(extras.get("kerberos_hostname_override")),
        cert_pem=cert_pem,
        cert_key_pem=cert_key_pem,
        credssp_disable_tlsv1_2=_boolean(extras, "credssp_disable_tlsv1_2", name, default=False),
        read_timeout=_seconds(read_timeout, "read_timeout_sec", name) or Endpoint.read_timeout,
    )


_READERS: Mapping[str, Callable[[ConnectionBase, str], Endpoint]] = {"winrm": _endpoint_of_winrm}


def _extras(connection: ConnectionBase, name: str) -> dict[str, object]:
    """Return the variables ansible_winrm_* that no option has taken, by their short names; unknown ones give a warning, as in core."""
    found: dict[str, object] = {}
    for variable, value in connection.get_option("_extras").items():
        short = str(variable).removeprefix(_EXTRAS_PREFIX)
        if short in _NOT_EXTRAS:
            continue
        if short not in _KNOWN_EXTRAS:
            Display().warning(f"{name}: {_EXTRAS_PREFIX}{short} unsupported by pywinrm (is an up-to-date version of pywinrm installed?)")
            continue
        if short in _WITHOUT_EFFECT:
            # The same words for every host, as Ansible shows the same warning once.
            Display().warning(f"{_EXTRAS_PREFIX}{short} has no effect on the tasks of cluster_aware.updating")
        found[short] = value
    return found


def _auth_method(transports: Iterable[object] | None, username: str | None, scheme: str, name: str) -> AuthMethod:
    """Return the first of the wanted transports; without any, Kerberos for a UPN, else what the scheme allows."""
    wanted = [str(each) for each in transports or () if each]
    if not wanted:
        if username and "@" in username:
            return "kerberos"
        return "ssl" if scheme == "https" else "plaintext"
    if len(wanted) > 1:
        # Core tries them by turns; an operation that must not be sent twice cannot.
        Display().warning(f"{name}: of the transports in ansible_winrm_transport only the first, {wanted[0]}, is used")
    for method in _METHODS:
        if method == wanted[0]:
            return method
    raise ConnectionOptionError(
        f"there is no transport {wanted[0]}", node=name, remedy=f"Set ansible_winrm_transport to one of {', '.join(_METHODS)}"
    )


def _require_credentials(auth: AuthMethod, has_certificate: bool, username: str | None, password: str | None, name: str) -> None:
    if auth == "kerberos" or has_certificate:
        return
    missing = "user name" if not username else "password" if password is None else None
    if missing:
        variable = "ansible_user" if not username else "ansible_password"
        raise ConnectionOptionError(f"the transport {auth} needs a {missing}", node=name, remedy=f"Set {variable}, or use -u and -k")


def _encryption(extras: Mapping[str, object], auth: AuthMethod, scheme: str, name: str) -> MessageEncryption:
    """Return when messages are sealed: always on http where the method can, unless the user said never."""
    asked = _choice(extras, "message_encryption", _ENCRYPTIONS, name)
    can_seal = auth in ENCRYPTING_METHODS
    if asked == "always" and not can_seal:
        raise ConnectionOptionError(
            f"message encryption is demanded, but the transport {auth} has none",
            node=name,
            remedy="Use the transport ntlm, kerberos or credssp, or https without ansible_winrm_message_encryption",
        )
    return "always" if asked == "auto" and can_seal and scheme == "http" else asked


def _url(scheme: str, host: str, port: int, path: str) -> str:
    try:
        is_v6 = ipaddress.ip_address(host).version == 6
    except ValueError:
        is_v6 = False
    return urlunsplit((scheme, f"[{host}]:{port}" if is_v6 else f"{host}:{port}", path, "", ""))


def _choice(extras: Mapping[str, object], option: str, choices: tuple[W, ...], name: str) -> W:
    """Return an extra that must be one of few words, the first when it is not set."""
    value = _text(extras.get(option)) or choices[0]
    for choice in choices:
        if value == choice:
            return choice
    raise ConnectionOptionError(f"{_EXTRAS_PREFIX}{option} must be one of {', '.join(choices)}, not {value}", node=name)


def _boolean(extras: Mapping[str, object], option: str, name: str, *, default: bool) -> bool:
    value = extras.get(option)
    if value is None:
        return default
    try:
        return bool(boolean(value))
    except TypeError:
        raise ConnectionOptionError(f"{_EXTRAS_PREFIX}{option} must be true or false, not {value}", node=name) from None


def _seconds(value: object, option: str, name: str) -> float | None:
    if value is None:
        return None
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ConnectionOptionError(f"{_EXTRAS_PREFIX}{option} must be a number of seconds above 0, not {value}", node=name)
    return seconds


def _unless_legacy(value: object) -> str | None:
    """Return an extra as text; pywinrm's word for "look into the environment" is the same as leaving it out."""
    text = _text(value)
    return None if text == "legacy_requests" else text


def _text(value: object) -> str | None:
    """Return an option as a plain str without Ansible's tags, None when it is not set."""
    return None if value is None else str(value)
