# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a host's WS-Management service is, and how to sign in there.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

AuthMethod: t.TypeAlias = t.Literal["basic", "plaintext", "ntlm", "kerberos", "credssp", "certificate", "ssl"]
MessageEncryption: t.TypeAlias = t.Literal["auto", "always", "never"]
CredSspMechanism: t.TypeAlias = t.Literal["auto", "kerberos", "ntlm"]

ENCRYPTING_METHODS = frozenset({"ntlm", "kerberos", "credssp"})
"""Methods that authenticate a TCP connection and can seal messages on it (wsman-cim.md 9)."""


@dataclass(frozen=True)
class Endpoint:
    """One host's WS-Management service, with everything that pywinrm's Transport needs to reach it.

    `message_encryption` "auto" means: sealed messages on http, none on https; clear text on http only when "never" asks for it.
    `gets_ticket` says that Kerberos asks for a ticket with user and password, instead of taking one that is there.
    `connect_timeout` and `read_timeout` are clock seconds.
    """

    name: str
    url: str
    auth: AuthMethod
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    verify_certificate: bool = True
    ca_trust_path: str | None = None
    message_encryption: MessageEncryption = "auto"
    proxy: str | None = field(default=None, repr=False)
    send_cbt: bool = True
    gets_ticket: bool = False
    service: str = "HTTP"
    kerberos_delegation: bool = False
    kerberos_hostname_override: str | None = None
    cert_pem: str | None = None
    cert_key_pem: str | None = None
    credssp_disable_tlsv1_2: bool = False
    credssp_auth_mechanism: CredSspMechanism = "auto"
    credssp_minimum_version: int = 2
    connect_timeout: float = 30.0
    read_timeout: float = 75.0

    @property
    def is_https(self) -> bool:
        """True when TLS protects the connection."""
        return urlsplit(self.url).scheme == "https"

    @property
    def authenticates_connections(self) -> bool:
        """True when the sign-in belongs to one TCP connection, so that a new connection needs a new one."""
        return self.auth in ENCRYPTING_METHODS

    @property
    def seals_messages(self) -> bool:
        """True when messages travel encrypted inside HTTP."""
        if self.message_encryption == "auto":
            return not self.is_https and self.authenticates_connections
        return self.message_encryption == "always"
