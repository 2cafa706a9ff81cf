# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security contexts of the accepting side: NTLM and CredSSP by pyspnego, Kerberos by the library of the machine (wsman-cim.md 9)."""

from __future__ import annotations

import base64
import importlib
import os
import struct
import typing as t
from dataclasses import dataclass
from pathlib import Path

import spnego
from spnego.exceptions import SpnegoError

try:
    # By its name: it has no types, and may be missing.
    kerberos: t.Any = importlib.import_module("kerberos")
except ImportError:
    kerberos = None

SPNEGO_SEALING = "application/HTTP-SPNEGO-session-encrypted"
CREDSSP_SEALING = "application/HTTP-CredSSP-session-encrypted"

# DER of the mechanisms' object identifiers: 1.2.840.113554.1.2.2, the spelling of older Windows (1.2.840.48018.1.2.2), and NTLM.
_KERBEROS_MECHANISMS = (bytes.fromhex("06092a864886f712010202"), bytes.fromhex("06092a864882f712010202"))
_NTLM_MECHANISM = bytes.fromhex("060a2b06010401823702020a")
_DEFAULT_KEYTAB = "/etc/krb5.keytab"


class ContextError(Exception):
    """A token or a sealed message that the context does not accept."""


@dataclass(frozen=True)
class Sealed:
    """A sealed message."""

    header: bytes
    data: bytes
    padding_length: int = 0


class Acceptor(t.Protocol):
    """A context while it is being established, and afterwards."""

    sealing: str
    """The protocol that sealed messages name."""

    @property
    def is_complete(self) -> bool:
        """True once both sides have the keys."""

    @property
    def principal(self) -> str:
        """The name of the client, as the mechanism spells it."""

    def step(self, token: bytes) -> bytes:
        """Take a token of the client and return the next one for it, empty when there is none.

        Raises:
            ContextError: the client is not let in.
        """

    def seal(self, plain: bytes) -> Sealed:
        """Seal a message."""

    def unseal(self, header: bytes, data: bytes) -> bytes:
        """Open a sealed message.

        Raises:
            ContextError: it does not open.
        """


class SpnegoAcceptor:
    """NTLM, bare or inside SPNEGO, or CredSSP around it, in pure Python.

    Args:
        protocol: of pyspnego.
        sealing: see Acceptor.
    """

    def __init__(self, protocol: t.Literal["negotiate", "credssp"], sealing: str) -> None:
        self.sealing = sealing
        # Without this option pyspnego would ask the machine's own Kerberos.
        self._context = spnego.server(protocol=protocol, options=spnego.NegotiateOptions.use_negotiate)

    @property
    def is_complete(self) -> bool:
        """See Acceptor."""
        return bool(self._context.complete)

    @property
    def principal(self) -> str:
        """See Acceptor."""
        return str(self._context.client_principal or "")

    def step(self, token: bytes) -> bytes:
        """See Acceptor."""
        try:
            return self._context.step(token) or b""
        # It parses whatever a client sends; besides its own errors, broken tokens surface as any of these.
        except (
            SpnegoError,
            ValueError,
            KeyError,
            IndexError,
            TypeError,
            struct.error,
            NotImplementedError,
            StopIteration,
            AttributeError,
        ) as error:
            raise ContextError(type(error).__name__) from None

    def seal(self, plain: bytes) -> Sealed:
        """See Acceptor."""
        sealed = self._context.wrap_winrm(plain)
        return Sealed(sealed.header, sealed.data, sealed.padding_length)

    def unseal(self, header: bytes, data: bytes) -> bytes:
        """See Acceptor."""
        try:
            return bytes(self._context.unwrap_winrm(header, data))
        except (SpnegoError, ValueError, struct.error) as error:
            raise ContextError(type(error).__name__) from None


class KerberosAcceptor:
    """Kerberos, bare or inside SPNEGO, with the keys of the machine's keytab (KRB5_KTNAME)."""

    sealing = SPNEGO_SEALING

    def __init__(self) -> None:
        # Without a name every key of the keytab counts: a twin has many nodes.
        _unused, self._context = kerberos.authGSSServerInit("")
        self.is_complete = False
        self.principal = ""

    def step(self, token: bytes) -> bytes:
        """See Acceptor."""
        try:
            result = kerberos.authGSSServerStep(self._context, base64.b64encode(token).decode("ascii"))
            answer = kerberos.authGSSServerResponse(self._context)
            self.is_complete = result == kerberos.AUTH_GSS_COMPLETE
            self.principal = kerberos.authGSSServerUserName(self._context) or "" if self.is_complete else ""
        except kerberos.KrbError as error:
            raise ContextError(type(error).__name__) from None
        return base64.b64decode(answer or "")

    def seal(self, plain: bytes) -> Sealed:
        """See Acceptor."""
        data, header = kerberos.authGSSWinRMEncryptMessage(self._context, plain)
        return Sealed(header, data)

    def unseal(self, header: bytes, data: bytes) -> bytes:
        """See Acceptor."""
        try:
            return bytes(kerberos.authGSSWinRMDecryptMessage(self._context, data, header))
        except kerberos.KrbError as error:
            raise ContextError(type(error).__name__) from None


def accepts_kerberos() -> bool:
    """Return whether there are a library and a keytab for Kerberos; both are extras of a twin."""
    keytab = os.environ.get("KRB5_KTNAME", _DEFAULT_KEYTAB).removeprefix("FILE:")
    return kerberos is not None and Path(keytab).is_file()


def wants_kerberos(token: bytes) -> bool:
    """Return whether the first token of a client offers Kerberos before NTLM."""
    head = token[:200]
    places = [place for mechanism in _KERBEROS_MECHANISMS if (place := head.find(mechanism)) >= 0]
    ntlm = head.find(_NTLM_MECHANISM)
    return bool(places) and (ntlm < 0 or min(places) < ntlm)
