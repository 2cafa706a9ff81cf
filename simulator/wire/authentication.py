# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is at the other end of a connection: Basic and certificates per request, all else once per TCP connection (wsman-cim.md 9)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from .contexts import (
    CREDSSP_SEALING,
    SPNEGO_SEALING,
    Acceptor,
    ContextError,
    KerberosAcceptor,
    SpnegoAcceptor,
    accepts_kerberos,
    wants_kerberos,
)
from .credentials import Credentials

_CHALLENGE = "WWW-Authenticate"

MUTUAL_TLS = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
"""What a client says in the Authorization header when its certificate is to count (wsman-cim.md 9)."""


@dataclass(frozen=True)
class Verdict:
    """What authentication makes of one request."""

    user: str | None
    """The authenticated user; None means that the request is answered with 401."""

    headers: tuple[tuple[str, str], ...] = ()
    """Headers for the answer: the challenges of a 401, or the last token of a handshake."""


class Authenticator:
    """The authentication state of one connection.

    Args:
        credentials: who may log on.
        is_tls: True on an HTTPS connection.
        allow_unencrypted: True lets Basic run over plain HTTP.
    """

    certificate_user: str | None = None
    """Whose certificate the client has shown in the TLS handshake."""

    def __init__(self, credentials: Credentials, *, is_tls: bool, allow_unencrypted: bool) -> None:
        self._credentials = credentials
        self._offers_basic = is_tls or allow_unencrypted
        self._pending: Acceptor | None = None
        self.context: Acceptor | None = None
        """The established context, None before and with Basic or a certificate."""
        self._user: str | None = None
        self.handshakes = 0
        """Requests that were part of authentication and carried out nothing."""

    def judge(self, authorization: str | None) -> Verdict:
        """Return the verdict on a request with this Authorization header."""
        if authorization is None:
            return Verdict(self._user) if self._user is not None else self._challenge()
        if authorization.strip() == MUTUAL_TLS and self.certificate_user is not None:
            return Verdict(self.certificate_user)
        scheme, _unused, value = authorization.partition(" ")
        if scheme.lower() == "basic" and self._offers_basic:
            return self._basic(value.strip())
        if scheme.lower() in ("negotiate", "ntlm", "kerberos", "credssp"):
            return self._negotiate(scheme, value.strip())
        return self._challenge()

    def forget(self) -> None:
        """Drop the context after a message that did not open: its sequence is broken for good."""
        self._pending = self.context = self._user = None

    def _challenge(self) -> Verdict:
        self.handshakes += 1
        headers = [(_CHALLENGE, "Negotiate")]
        if accepts_kerberos():
            headers.append((_CHALLENGE, "Kerberos"))
        headers.append((_CHALLENGE, "CredSSP"))
        if self._offers_basic:
            headers.append((_CHALLENGE, 'Basic realm="WSMAN"'))
        return Verdict(None, tuple(headers))

    def _basic(self, value: str) -> Verdict:
        try:
            raw = base64.b64decode(value, validate=True)
        except binascii.Error:
            return self._challenge()
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            # Older clients, requests among them, send Latin-1.
            text = raw.decode("latin-1")
        name, _unused, password = text.partition(":")
        user = self._credentials.check(name, password)
        return Verdict(user) if user is not None else self._challenge()

    def _negotiate(self, scheme: str, value: str) -> Verdict:
        try:
            token = base64.b64decode(value, validate=True)
        except binascii.Error:
            token = b""
        if not token:
            self.forget()
            return self._challenge()
        if self._pending is None:
            self.forget()
        try:
            answer, is_complete = self._step(scheme, token)
        except ContextError:
            self.forget()
            return self._challenge()
        reply = ((_CHALLENGE, f"{scheme} {base64.b64encode(answer).decode('ascii')}"),) if answer else ()
        if not is_complete:
            self.handshakes += 1
            return Verdict(None, reply)
        return Verdict(self._user, reply)

    def _step(self, scheme: str, token: bytes) -> tuple[bytes, bool]:
        with self._credentials.acceptor_environment():
            if self._pending is None:
                self._pending = self._new_context(scheme.lower(), token)
            acceptor = self._pending
            answer = acceptor.step(token)
        if not acceptor.is_complete:
            return answer, False
        user = self._credentials.known_name(acceptor.principal)
        if user is None:
            # A realm knows more users than those that may work on this node.
            raise ContextError("not a user of this node")
        self.context, self._pending, self._user = acceptor, None, user
        return answer, True

    @staticmethod
    def _new_context(scheme: str, token: bytes) -> Acceptor:
        if scheme == "credssp":
            return SpnegoAcceptor("credssp", CREDSSP_SEALING)
        if scheme == "kerberos" or wants_kerberos(token):
            if not accepts_kerberos():
                raise ContextError("no Kerberos here")
            return KerberosAcceptor()
        return SpnegoAcceptor("negotiate", SPNEGO_SEALING)
