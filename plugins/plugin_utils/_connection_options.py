# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tables of the connection plugins' options are made of: one row per option, and the readers of their values.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import ipaddress
import typing as t
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlunsplit

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ..module_utils._errors import OperationError
from ..module_utils._wsman.endpoint import ENCRYPTING_METHODS, AuthMethod, CredSspMechanism, Endpoint, MessageEncryption

W = t.TypeVar("W", bound=str)


class ConnectionTypeError(OperationError):
    """The host's `ansible_connection` is none that this collection can read."""


class ConnectionOptionError(OperationError):
    """A connection option of the host has a value that cannot work."""


Read: t.TypeAlias = Callable[[object, str, str], object]
"""Makes a setting of a value: given the value, the variable that sets it and the host, both for the error."""


class Option(t.NamedTuple):
    """One option of a connection plugin.

    A row with `read` gives its setting by itself; a row without takes part in one that several options make together. A row without
    setting has no effect, for the reason in `why`; the user hears so when the value is not the default, unless `why` is empty.
    """

    name: str
    variable: str
    setting: str | None
    read: Read | None = None
    why: str = ""
    default: object = None


class Given(t.NamedTuple):
    """What several options together decide about, read from a host's connection by the table of its plugin."""

    name: str
    host: str
    port: int
    scheme: str
    path: str
    auth: AuthMethod
    encryption: object
    encryption_variable: str
    is_ticket_managed: bool | None
    """Whether Kerberos asks for a ticket by password; None means when there is a password."""


def values_of(connection: ConnectionBase, rows: Iterable[Option]) -> dict[str, object]:
    """Return the values of options by their names; one that this release of Ansible does not have is not set."""
    found: dict[str, object] = {}
    for row in rows:
        with contextlib.suppress(KeyError):
            found[row.name] = connection.get_option(row.name)
    return found


def settings_of(rows: Iterable[Option], values: Mapping[str, object], name: str) -> dict[str, t.Any]:
    """Return the settings that single options give, and warn about options that are set and have no effect.

    Args:
        rows: the table.
        values: by the name of each option, None or missing where it is not set.
        name: of the host.

    Raises:
        ConnectionOptionError: one of the values cannot work.
    """
    found: dict[str, t.Any] = {}
    for row in rows:
        value = values.get(row.name)
        if row.setting is None:
            if row.why and value not in (None, row.default):
                # The same words for every host, as Ansible shows the same warning once.
                Display().warning(f"{row.variable} has no effect on the tasks of cluster_aware.updating: {row.why}")
        elif row.read is not None and value is not None and value != row.default:
            found[row.setting] = row.read(value, row.variable, name)
    return found


def endpoint_of(given: Given, settings: Mapping[str, t.Any]) -> Endpoint:
    """Return the endpoint of a host, once everything about it is known.

    Args:
        given: see Given.
        settings: fields of the endpoint.

    Raises:
        ConnectionOptionError: credentials are missing, or message encryption is demanded where there is none.
    """
    username, password = settings.get("username"), settings.get("password")
    has_certificate = _has_certificate(given.auth, settings, given.name)
    gets_ticket = given.is_ticket_managed if given.is_ticket_managed is not None else bool(username and password)
    gets_ticket = gets_ticket and given.auth == "kerberos"
    if not has_certificate and (given.auth != "kerberos" or gets_ticket):
        _require_credentials(given.auth, username, password, given.name)
    return Endpoint(
        name=given.name,
        url=service_url(given.scheme, given.host, given.port, given.path),
        auth=given.auth,
        message_encryption=_encryption(given),
        gets_ticket=gets_ticket,
        **settings,
    )


def _has_certificate(auth: AuthMethod, settings: Mapping[str, t.Any], name: str) -> bool:
    parts = [settings.get("cert_pem"), settings.get("cert_key_pem")]
    if auth not in {"certificate", "ssl"} or (auth == "ssl" and not any(parts)):
        return False
    if not all(parts):
        raise ConnectionOptionError(
            "a client certificate needs two files, the certificate and its key",
            node=name,
            remedy="Set both ansible_winrm_cert_pem and ansible_winrm_cert_key_pem, or for psrp ansible_psrp_certificate_pem and "
            "ansible_psrp_certificate_key_pem",
        )
    return True


def _require_credentials(auth: AuthMethod, username: str | None, password: str | None, name: str) -> None:
    missing = "user name" if not username else "password" if password is None else None
    if missing:
        variable = "ansible_user" if not username else "ansible_password"
        raise ConnectionOptionError(f"the transport {auth} needs a {missing}", node=name, remedy=f"Set {variable}, or use -u and -k")


def _encryption(given: Given) -> MessageEncryption:
    """Return when messages are sealed: always on http where the method can, unless the user said never."""
    asked = t.cast("MessageEncryption", word("auto", "always", "never")(given.encryption or "auto", given.encryption_variable, given.name))
    can_seal = given.auth in ENCRYPTING_METHODS
    if asked == "always" and not can_seal:
        raise ConnectionOptionError(
            f"message encryption is demanded, but the transport {given.auth} has none",
            node=given.name,
            remedy=f"Use the transport ntlm, kerberos or credssp, or https without {given.encryption_variable}",
        )
    return "always" if asked == "auto" and can_seal and given.scheme == "http" else asked


def service_url(scheme: str, host: str, port: int, path: str) -> str:
    """Return the URL of a WS-Management service; an IPv6 address gets its brackets."""
    try:
        is_v6 = ipaddress.ip_address(host).version == 6
    except ValueError:
        is_v6 = False
    return urlunsplit((scheme, f"[{host}]:{port}" if is_v6 else f"{host}:{port}", f"/{path.lstrip('/')}", "", ""))


def text(value: object, _variable: str = "", _name: str = "") -> str | None:
    """Return an option as a plain str without Ansible's tags, None when it is not set."""
    return None if value is None else str(value)


def text_unless_legacy(value: object, _variable: str = "", _name: str = "") -> str | None:
    """Return an option as text; pywinrm's word for "look into the environment" is the same as leaving it out."""
    return None if str(value) == "legacy_requests" else str(value)


def truth(value: object, variable: str, name: str) -> bool:
    """Return an option that must be true or false."""
    try:
        return bool(boolean(value))
    except TypeError:
        raise ConnectionOptionError(f"{variable} must be true or false, not {value}", node=name) from None


def seconds(value: object, variable: str, name: str) -> float:
    """Return an option that must be a time above 0."""
    try:
        found = float(str(value))
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise ConnectionOptionError(f"{variable} must be a number of seconds above 0, not {value}", node=name)
    return found


def number(value: object, variable: str, name: str) -> int:
    """Return an option that must be a whole number."""
    try:
        return int(str(value))
    except ValueError:
        raise ConnectionOptionError(f"{variable} must be a whole number, not {value}", node=name) from None


def word(*choices: W) -> Callable[[object, str, str], W]:
    """Return the reader of an option that must be one of few words."""

    def read(value: object, variable: str, name: str) -> W:
        for choice in choices:
            if str(value) == choice:
                return choice
        raise ConnectionOptionError(f"{variable} must be one of {', '.join(choices)}, not {value}", node=name)

    return read


def is_validated(value: object, variable: str, name: str) -> bool:
    """Return whether the host's certificate must be valid."""
    return word("validate", "ignore")(value, variable, name) == "validate"


credssp_mechanism: Callable[[object, str, str], CredSspMechanism] = word("auto", "kerberos", "ntlm")
