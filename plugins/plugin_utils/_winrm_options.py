# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of ansible.builtin.winrm to an endpoint, by the rules of its _build_winrm_kwargs (ansible-mechanics.md 2).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ..module_utils._wsman.endpoint import AuthMethod, Endpoint
from . import _connection_options as read
from ._connection_options import ConnectionOptionError, Given, Option

_PREFIX = "ansible_winrm_"
_NO_KINIT = "tickets are asked for without kinit, and krb5.conf decides about their properties"
_OWN_LIMITS = "the tasks set the limit of each operation themselves"

# Seconds by which the plugin lets the answer outlast the operation.
_READ_MARGIN = 10

METHODS: tuple[AuthMethod, ...] = ("basic", "plaintext", "ntlm", "kerberos", "credssp", "certificate", "ssl")

OPTIONS = (
    Option("remote_addr", "ansible_host", "url"),
    Option("port", "ansible_port", "url"),
    Option("scheme", "ansible_winrm_scheme", "url"),
    Option("path", "ansible_winrm_path", "url"),
    Option("remote_user", "ansible_user", "username", read.text),
    Option("remote_password", "ansible_password", "password", read.text),
    Option("transport", "ansible_winrm_transport", "auth"),
    Option("kerberos_mode", "ansible_winrm_kinit_mode", "gets_ticket"),
    Option("connection_timeout", "ansible_winrm_connection_timeout", "read_timeout"),
    Option("kerberos_command", "ansible_winrm_kinit_cmd", None, why=_NO_KINIT, default="kinit"),
    Option("kinit_args", "ansible_winrm_kinit_args", None, why=_NO_KINIT),
    Option("kinit_env_vars", "ansible_winrm_kinit_env_vars", None, why=_NO_KINIT, default=[]),
    Option("pipelining", "ansible_pipelining", None),
)
"""The options that the plugin declares."""

EXTRAS = (
    Option("ca_trust_path", "ansible_winrm_ca_trust_path", "ca_trust_path", read.text_unless_legacy),
    Option("cert_pem", "ansible_winrm_cert_pem", "cert_pem", read.text),
    Option("cert_key_pem", "ansible_winrm_cert_key_pem", "cert_key_pem", read.text),
    Option("credssp_disable_tlsv1_2", "ansible_winrm_credssp_disable_tlsv1_2", "credssp_disable_tlsv1_2", read.truth),
    Option("kerberos_delegation", "ansible_winrm_kerberos_delegation", "kerberos_delegation", read.truth),
    Option("kerberos_hostname_override", "ansible_winrm_kerberos_hostname_override", "kerberos_hostname_override", read.text),
    Option("message_encryption", "ansible_winrm_message_encryption", "message_encryption"),
    Option("proxy", "ansible_winrm_proxy", "proxy", read.text_unless_legacy),
    Option("read_timeout_sec", "ansible_winrm_read_timeout_sec", "read_timeout", read.seconds),
    Option("send_cbt", "ansible_winrm_send_cbt", "send_cbt", read.truth),
    Option("server_cert_validation", "ansible_winrm_server_cert_validation", "verify_certificate", read.is_validated),
    Option("service", "ansible_winrm_service", "service", read.text),
    Option("keytab", "ansible_winrm_keytab", None, why="a ticket is asked for with the password, or is already in the controller's cache"),
    Option("realm", "ansible_winrm_realm", None, why="pywinrm does not use it; write the user as user@REALM"),
    Option("operation_timeout_sec", "ansible_winrm_operation_timeout_sec", None, why=_OWN_LIMITS),
)
"""Arguments of pywinrm's Protocol that an inventory may set as ansible_winrm_<argument>."""

NOT_EXTRAS = frozenset({"self", "endpoint", "transport", "username", "password", "scheme", "path", "kinit_mode", "kinit_cmd"})
"""What the plugin takes out of the extras without a word."""


def endpoint_of_winrm(connection: ConnectionBase, name: str) -> Endpoint:
    """Read the options of a connection; see _connection.endpoint_from_connection."""
    options = read.values_of(connection, OPTIONS)
    extras = _extras(connection, name)
    settings = read.settings_of(EXTRAS, extras, name) | read.settings_of(OPTIONS, options, name)
    if options["connection_timeout"]:
        settings["read_timeout"] = float(str(options["connection_timeout"])) + _READ_MARGIN
    port = int(str(options["port"]))
    scheme = read.text(options["scheme"]) or ("http" if port == 5985 else "https")
    mode = read.text(options["kerberos_mode"])
    given = Given(
        name=name,
        host=str(options["remote_addr"]),
        port=port,
        scheme=scheme,
        path=str(options["path"]),
        auth=_auth_method(options["transport"], settings.get("username"), scheme, name),
        encryption=extras.get("message_encryption"),
        encryption_variable="ansible_winrm_message_encryption",
        is_ticket_managed=None if mode is None else mode == "managed",
    )
    return read.endpoint_of(given, settings)


def _extras(connection: ConnectionBase, name: str) -> dict[str, object]:
    """Return the variables ansible_winrm_* that no option has taken, by their short names; unknown ones give a warning, as in core."""
    found: dict[str, object] = {}
    known = {row.name for row in EXTRAS}
    for variable, value in connection.get_option("_extras").items():
        short = str(variable).removeprefix(_PREFIX)
        if short in known:
            found[short] = value
        elif short not in NOT_EXTRAS:
            Display().warning(f"{name}: {_PREFIX}{short} unsupported by pywinrm (is an up-to-date version of pywinrm installed?)")
    return found


def _auth_method(transports: object, username: str | None, scheme: str, name: str) -> AuthMethod:
    """Return the first of the wanted transports; without any, Kerberos for a UPN, else what the scheme allows."""
    wanted = [str(each) for each in transports if each] if isinstance(transports, list) else []
    if not wanted:
        if username and "@" in username:
            return "kerberos"
        return "ssl" if scheme == "https" else "plaintext"
    if len(wanted) > 1:
        # Core tries them by turns; an operation that must not be sent twice cannot.
        Display().warning(f"{name}: of the transports in ansible_winrm_transport only the first, {wanted[0]}, is used")
    for method in METHODS:
        if method == wanted[0]:
            return method
    raise ConnectionOptionError(
        f"there is no transport {wanted[0]}", node=name, remedy=f"Set ansible_winrm_transport to one of {', '.join(METHODS)}"
    )
