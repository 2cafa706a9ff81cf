# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is at the other end of a connection: Basic per request, Negotiate once per TCP connection (wsman-cim.md 9)."""

from __future__ import annotations

import base64
import binascii
import struct
import typing as t
from dataclasses import dataclass

import spnego
from spnego.exceptions import SpnegoError

from .credentials import Credentials

_CHALLENGE = "WWW-Authenticate"


@dataclass(frozen=True)
class Verdict:
    """What authentication makes of one request."""

    user: str | None
    """The authenticated user; None means that the request is answered with 401."""

    headers: tuple[tuple[str, str], ...] = ()
    """Headers for the answer: the challenges of a 401, or the last token of a handshake."""

    ends_connection: bool = False


class Sealed(t.Protocol):
    """A sealed message."""

    header: bytes
    data: bytes
    padding_length: int


class Context(t.Protocol):
    """A security context as message encryption uses it."""

    def wrap_winrm(self, data: bytes) -> Sealed:
        """Seal a message."""

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        """Open a sealed message."""


class Acceptor(Context, t.Protocol):
    """A context while it is being established."""

    complete: bool
    client_principal: str | None

    def step(self, in_token: bytes) -> bytes | None:
        """Take a token of the client and return the next one for it."""


class Authenticator:
    """The authentication state of one connection.

    Kerberos joins as a further acceptor in `_new_context`: everything else only sees a context with tokens in and out.

    Args:
        credentials: who may log on.
        is_tls: True on an HTTPS connection.
        allow_unencrypted: True lets Basic run over plain HTTP.
    """

    def __init__(self, credentials: Credentials, *, is_tls: bool, allow_unencrypted: bool) -> None:
        self._credentials = credentials
        self._offers_basic = is_tls or allow_unencrypted
        self._pending: Acceptor | None = None
        self.context: Context | None = None
        """The established Negotiate context, None before and with Basic."""
        self._user: str | None = None
        self.handshakes = 0
        """Requests that were part of authentication and carried out nothing."""

    def judge(self, authorization: str | None) -> Verdict:
        """Return the verdict on a request with this Authorization header."""
        if authorization is None:
            return Verdict(self._user) if self._user is not None else self._challenge()
        scheme, _unused, value = authorization.partition(" ")
        if scheme.lower() == "basic" and self._offers_basic:
            return self._basic(value.strip())
        if scheme.lower() in ("negotiate", "ntlm"):
            return self._negotiate(scheme, value.strip())
        return self._challenge()

    def forget(self) -> None:
        """Drop the context after a message that did not open: its sequence is broken for good."""
        self._pending = self.context = self._user = None

    def _challenge(self) -> Verdict:
        self.handshakes += 1
        headers = [(_CHALLENGE, "Negotiate")]
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
            answer, is_complete = self._step(token)
        # The acceptor parses whatever a client sends; besides its own errors, broken tokens surface as any of these.
        except (SpnegoError, ValueError, KeyError, IndexError, TypeError, struct.error, NotImplementedError, StopIteration, AttributeError):
            self.forget()
            return self._challenge()
        reply = ((_CHALLENGE, f"{scheme} {base64.b64encode(answer).decode('ascii')}"),) if answer else ()
        if not is_complete:
            self.handshakes += 1
            return Verdict(None, reply)
        return Verdict(self._user, reply)

    def _step(self, token: bytes) -> tuple[bytes | None, bool]:
        with self._credentials.acceptor_environment():
            if self._pending is None:
                self._pending = self._new_context()
            acceptor = self._pending
            answer = acceptor.step(token)
        if not acceptor.complete:
            return answer, False
        self.context, self._pending = acceptor, None
        self._user = self._credentials.known_name(acceptor.client_principal or "")
        return answer, True

    @staticmethod
    def _new_context() -> Acceptor:
        # The pure Python acceptor takes raw NTLM and NTLM within SPNEGO, and needs no system library.
        return t.cast(Acceptor, spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate))
