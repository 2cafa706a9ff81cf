# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of ansible.builtin.psrp to an endpoint, by the rules of its _build_kwargs (ansible-mechanics.md 2).

The plugin speaks through pypsrp, which cannot read an answer as it arrives; the same settings reach the same service through pywinrm
(pywinrm-streaming.md 7).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible.plugins.connection import ConnectionBase

from ..module_utils._wsman.endpoint import AuthMethod, Endpoint
from ..module_utils._wsman.libraries import trouble_with
from . import _connection_options as read
from ._connection_options import ConnectionOptionError, Given, Option

_OWN_LIMITS = "the tasks set the limit of each operation themselves"
_OWN_TRIES = "the tasks try again by themselves where that is safe"
_NO_SHELL = "no PowerShell is started"


def _refuse_key_password(_value: object, variable: str, name: str) -> str:
    raise ConnectionOptionError(
        f"{variable} is set, and a client key with a password cannot be used here",
        node=name,
        remedy="Keep the key without a password in a file for the controller's user alone (openssl pkey)",
    )


OPTIONS = (
    Option("remote_addr", "ansible_host", "url"),
    Option("port", "ansible_port", "url"),
    Option("protocol", "ansible_psrp_protocol", "url"),
    Option("path", "ansible_psrp_path", "url"),
    Option("remote_user", "ansible_user", "username", read.text),
    Option("remote_password", "ansible_password", "password", read.text),
    Option("auth", "ansible_psrp_auth", "auth"),
    Option("cert_validation", "ansible_psrp_cert_validation", "verify_certificate", read.is_validated),
    Option("ca_cert", "ansible_psrp_ca_cert", "ca_trust_path", read.text),
    Option("connection_timeout", "ansible_psrp_connection_timeout", "connect_timeout", read.seconds),
    # The plugin's default is meant for its own short operations.
    Option("read_timeout", "ansible_psrp_read_timeout", "read_timeout", read.seconds, default=30),
    Option("message_encryption", "ansible_psrp_message_encryption", "message_encryption"),
    Option("proxy", "ansible_psrp_proxy", "proxy", read.text),
    Option("ignore_proxy", "ansible_psrp_ignore_proxy", None),
    Option("certificate_pem", "ansible_psrp_certificate_pem", "cert_pem", read.text),
    Option("certificate_key_pem", "ansible_psrp_certificate_key_pem", "cert_key_pem", read.text),
    # Since ansible-core 2.21.
    Option("certificate_key_password", "ansible_psrp_certificate_key_password", "cert_key_pem", _refuse_key_password),
    Option("no_profile", "ansible_psrp_no_profile", None, why=_NO_SHELL, default=False),
    Option("credssp_auth_mechanism", "ansible_psrp_credssp_auth_mechanism", "credssp_auth_mechanism", read.credssp_mechanism),
    Option("credssp_disable_tlsv1_2", "ansible_psrp_credssp_disable_tlsv1_2", "credssp_disable_tlsv1_2", read.truth),
    Option("credssp_minimum_version", "ansible_psrp_credssp_minimum_version", "credssp_minimum_version", read.number),
    Option("negotiate_delegate", "ansible_psrp_negotiate_delegate", "kerberos_delegation", read.truth),
    Option("negotiate_hostname_override", "ansible_psrp_negotiate_hostname_override", "kerberos_hostname_override", read.text),
    Option("negotiate_send_cbt", "ansible_psrp_negotiate_send_cbt", "send_cbt", read.truth),
    Option("negotiate_service", "ansible_psrp_negotiate_service", "service", read.text),
    Option("operation_timeout", "ansible_psrp_operation_timeout", None, why=_OWN_LIMITS, default=20),
    Option("reconnection_retries", "ansible_psrp_reconnection_retries", None, why=_OWN_TRIES, default=0),
    Option("reconnection_backoff", "ansible_psrp_reconnection_backoff", None, why=_OWN_TRIES, default=2),
    Option("max_envelope_size", "ansible_psrp_max_envelope_size", None, why="the tasks ask for what the host allows", default=153600),
    Option("configuration_name", "ansible_psrp_configuration_name", None, why=_NO_SHELL, default="Microsoft.PowerShell"),
    Option("pipelining", "ansible_pipelining", None),
)
"""The options that the plugin declares. The proxies of the environment, which ignore_proxy is about, never count here."""

_METHODS: Mapping[str, AuthMethod] = {
    "basic": "basic",
    "certificate": "certificate",
    "kerberos": "kerberos",
    "ntlm": "ntlm",
    "credssp": "credssp",
}


def endpoint_of_psrp(connection: ConnectionBase, name: str) -> Endpoint:
    """Read the options of a connection; see _connection.endpoint_from_connection."""
    options = read.values_of(connection, OPTIONS)
    settings = read.settings_of(OPTIONS, options, name)
    scheme, port = _scheme_and_port(read.text(options["protocol"]), options["port"])
    given = Given(
        name=name,
        host=str(options["remote_addr"]),
        port=port,
        scheme=scheme,
        path=str(options["path"]),
        auth=_auth_method(str(options["auth"]), settings, name),
        encryption=options["message_encryption"],
        encryption_variable="ansible_psrp_message_encryption",
        is_ticket_managed=None,
    )
    return read.endpoint_of(given, settings)


def _scheme_and_port(scheme: str | None, port: object) -> tuple[str, int]:
    """Return scheme and port, each of which follows from the other when only one is set."""
    if port is None:
        return scheme or "https", 5985 if scheme == "http" else 5986
    return scheme or ("http" if int(str(port)) == 5985 else "https"), int(str(port))


def _auth_method(wanted: str, settings: Mapping[str, object], name: str) -> AuthMethod:
    """Return the method of the plugin's word for it.

    pywinrm does not negotiate between Kerberos and NTLM. What decides is what the user wrote, not what happens to work: a user principal
    name, or no password at all, means Kerberos; everything else, and a controller without a library for Kerberos, means NTLM.
    """
    if wanted != "negotiate":
        method = _METHODS.get(wanted)
        if method is None:
            raise ConnectionOptionError(
                f"there is no authentication {wanted}", node=name, remedy="Set ansible_psrp_auth to one of its choices"
            )
        return method
    if not settings.get("password"):
        return "kerberos"
    is_principal = "@" in str(settings.get("username") or "")
    return "kerberos" if is_principal and trouble_with("kerberos") is None else "ntlm"
