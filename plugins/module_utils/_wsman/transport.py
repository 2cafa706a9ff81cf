# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection through pywinrm's Transport: its sign-in and sealing, our reading (pywinrm-streaming.md).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import logging
import pathlib
import re
import types
import typing as t
import warnings
from collections.abc import Iterator
from urllib.parse import urlsplit

try:
    import requests
    import urllib3.exceptions
    from winrm.transport import Transport
except ImportError as missing:
    MISSING: str | None = str(missing)
else:
    MISSING = None

from .._clock import Clock
from . import failures, libraries, tickets, xml_stream
from .blocks import Block, BlockRefusedError, BlockSplitter
from .channel import Traffic
from .endpoint import Endpoint
from .errors import AnswerError, AuthenticationError, ConnectionLostError, RequestRefusedError, TlsError, WsmanError
from .kinds import Kind

_LIBRARIES = ("urllib3", "requests", "winrm", "spnego", "requests_ntlm", "requests_credssp", "requests_kerberos")
_SEALED = re.compile(r"\s*multipart/(x-multi-)?encrypted\b", re.IGNORECASE)
_PIECE_BYTES = 65536
_WITH_PASSWORD = frozenset({"basic", "plaintext", "ntlm", "credssp", "ssl"})

for _library in _LIBRARIES:
    # Without a handler the logging module prints warnings of a library on stderr, which Ansible reports as stray output.
    logging.getLogger(_library).addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", module=rf"{_library}(\.|$)")


def open_transport_channel(endpoint: Endpoint, clock: Clock, traffic: Traffic) -> TransportChannel:
    """Return a channel to the endpoint, not yet connected.

    Raises:
        WsmanError: the endpoint's settings can never work.
    """
    missing = MISSING or xml_stream.MISSING
    if missing is not None:
        raise libraries.missing_package(missing, endpoint.name)
    _require_settings(endpoint)
    libraries.require_library(endpoint.auth, endpoint.name)
    return TransportChannel(endpoint, clock, traffic)


def _require_settings(endpoint: Endpoint) -> None:
    """Check what can be known before a connection is made."""
    if not _is_url(endpoint.url):
        raise RequestRefusedError(
            "the host's address is no URL of a WS-Management service",
            node=endpoint.name,
            remedy="Check the address, port, scheme and path that are set for the host",
        )
    if not endpoint.is_https and not endpoint.seals_messages and endpoint.message_encryption != "never":
        raise RequestRefusedError(
            f"{endpoint.auth} over http would send password and messages readable for everybody",
            node=endpoint.name,
            remedy="Use https, or ntlm or kerberos; message encryption set to never allows it all the same",
        )
    if endpoint.auth in _WITH_PASSWORD and not (endpoint.auth == "ssl" and endpoint.cert_pem):
        missing = "user" if not endpoint.username else "password" if endpoint.password is None else None
        if missing is not None:
            raise AuthenticationError(
                f"no {missing} is set for signing in by {endpoint.auth}",
                node=endpoint.name,
                remedy="Set user and password for the host",
            )
    for path in filter(None, (endpoint.ca_trust_path if endpoint.verify_certificate else None, endpoint.cert_pem, endpoint.cert_key_pem)):
        if not pathlib.Path(path).exists():
            raise TlsError(
                f"the file {path} does not exist",
                node=endpoint.name,
                remedy="Check the paths of the trusted certificates, the client certificate and its key",
            )


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class TransportChannel:
    """One Transport, used for one request at a time."""

    def __init__(self, endpoint: Endpoint, clock: Clock, traffic: Traffic) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._traffic = traffic
        self._transport: t.Any = None
        self._session: requests.Session | None = None

    def open(self) -> None:
        """Build the Transport; on http with sealing this signs in."""
        endpoint = self._endpoint
        self._choose_ticket()
        connect = self._clock.socket_timeout(endpoint.connect_timeout)
        read = self._clock.socket_timeout(endpoint.read_timeout)
        try:
            self._transport = Transport(
                endpoint.url,
                username=endpoint.username,
                password=endpoint.password,
                service=endpoint.service,
                # Explicit, or the environment's proxies and CA bundles would take part (pywinrm-streaming.md 6).
                proxy=endpoint.proxy,
                ca_trust_path=endpoint.ca_trust_path,
                cert_pem=endpoint.cert_pem,
                cert_key_pem=endpoint.cert_key_pem,
                # A pair of connect and read limit goes through to requests (pywinrm-streaming.md 3).
                read_timeout_sec=t.cast("int", (connect, read)),
                server_cert_validation="validate" if endpoint.verify_certificate else "ignore",
                kerberos_delegation=endpoint.kerberos_delegation,
                kerberos_hostname_override=endpoint.kerberos_hostname_override,
                auth_method=endpoint.auth,
                message_encryption="always" if endpoint.seals_messages else "never",
                credssp_disable_tlsv1_2=endpoint.credssp_disable_tlsv1_2,
                credssp_auth_mechanism=endpoint.credssp_auth_mechanism,
                credssp_minimum_version=endpoint.credssp_minimum_version,
                send_cbt=endpoint.send_cbt,
            )
            self._session = self._transport.build_session()
        except Exception as error:
            self.close()
            raise failures.sign_in_failure(error, endpoint) from None
        # Or a netrc entry would replace the credentials (pywinrm-streaming.md 6).
        self._session.trust_env = False
        # A compressed answer could grow without limit while it is read.
        self._session.headers["Accept-Encoding"] = "identity"

    def post(self, body: bytes, *, kind: Kind, read_timeout: float) -> TransportAnswer:
        """Send one envelope, sealed when the connection is."""
        if self._session is None:
            self.open()
        session = t.cast("requests.Session", self._session)
        # Whoever uses the channel may be another thread than the one that opened it, and a new connection signs in again.
        self._choose_ticket()
        encryption = self._transport.encryption
        try:
            if encryption is not None:
                request = encryption.prepare_encrypted_request(session, self._endpoint.url, body)
            else:
                request = session.prepare_request(requests.Request("POST", self._endpoint.url, data=body))
        except Exception as error:
            raise failures.sign_in_failure(error, self._endpoint) from None
        self._traffic.messages += 1
        self._traffic.bytes_sent += len(request.body or b"")
        limits = (self._clock.socket_timeout(self._endpoint.connect_timeout), self._clock.socket_timeout(read_timeout))
        try:
            response = session.send(request, stream=True, timeout=limits, allow_redirects=False)
        except Exception as error:
            raise self._send_failure(error, kind) from None
        return TransportAnswer(response, encryption, self._endpoint, kind, self._traffic)

    def _choose_ticket(self) -> None:
        if self._endpoint.auth == "kerberos":
            tickets.choose_ticket(self._endpoint)

    def _send_failure(self, error: Exception, kind: Kind) -> WsmanError:
        refused = failures.connection_failure(error, self._endpoint)
        if refused is not None:
            return refused
        if self._transport.encryption is not None and type(error).__name__ == "AuthenticationException":
            # The keys went with a closed connection: requests-credssp signs in anew, sends what only the old keys open, and takes the
            # host's refusal of it for one of the sign-in.
            return failures.http_failure(400, self._endpoint, kind, is_context_broken=True)
        is_kerberos = type(error).__name__ == "KerberosExchangeError"
        if failures.is_unproven_answer(error) or (isinstance(error, requests.RequestException) and not is_kerberos):
            return failures.loss(error, self._endpoint, kind)
        # The handlers of the sign-in raise their own errors, and run before the one copy of the request that counts.
        return failures.sign_in_failure(error, self._endpoint)

    def close(self) -> None:
        """Close the session and forget the keys."""
        if self._transport is not None:
            self._transport.close_session()
        self._transport, self._session = None, None


class TransportAnswer:
    """An answer of requests, read as it arrives and unsealed block by block."""

    def __init__(self, response: requests.Response, encryption: t.Any, endpoint: Endpoint, kind: Kind, traffic: Traffic) -> None:  # noqa: ANN401
        self.status = response.status_code
        # On a healthy sealed connection nothing is ever asked twice (pywinrm-streaming.md 5).
        self.is_context_broken = encryption is not None and bool(response.history)
        self._response = response
        self._encryption = encryption
        self._endpoint = endpoint
        self._kind = kind
        self._traffic = traffic

    def pieces(self) -> Iterator[bytes]:
        """Yield the unsealed body."""
        content_type = self._response.headers.get("Content-Type", "")
        if self._response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise AnswerError("the host's answer is compressed, which was not asked for", kind=self._kind, node=self._endpoint.name)
        if not _SEALED.match(content_type):
            yield from self._raw()
            return
        if self._encryption is None:
            raise AnswerError("the host's answer is sealed on a connection without keys", kind=self._kind, node=self._endpoint.name)
        splitter = BlockSplitter(is_size_known="credssp" not in content_type.lower())
        try:
            for data in self._raw():
                for block in splitter.feed(data):
                    yield self._unsealed(block)
            for block in splitter.finish():
                yield self._unsealed(block)
        except BlockRefusedError as error:
            raise AnswerError(f"the host's sealed answer cannot be read: {error}", kind=self._kind, node=self._endpoint.name) from None

    def _raw(self) -> Iterator[bytes]:
        reader = self._response.raw
        try:
            if hasattr(reader, "read1"):
                while data := reader.read1(_PIECE_BYTES):
                    self._traffic.bytes_received += len(data)
                    yield data
            else:
                # urllib3 before version 2; small, since it waits for this many bytes of a chunk.
                for data in self._response.iter_content(256):
                    self._traffic.bytes_received += len(data)
                    yield data
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise self._loss(error) from None

    def _loss(self, error: Exception) -> ConnectionLostError:
        return failures.loss(error, self._endpoint, self._kind)

    def _unsealed(self, block: Block) -> bytes:
        """Return the plain text of one block, by the public way into pywinrm (pywinrm-streaming.md 2)."""
        protocol = self._encryption.protocol_string.decode("ascii")
        stand_in = types.SimpleNamespace(
            headers={"Content-Type": f'multipart/encrypted;protocol="{protocol}";boundary="Encrypted Boundary"'},
            content=block.canonical(protocol),
            request=self._response.request,
        )
        try:
            return t.cast("bytes", self._encryption.parse_encrypted_response(stand_in))
        except Exception as error:
            # NTLM, Kerberos, CredSSP and pywinrm share no base class for a block that is not genuine.
            raise AnswerError(
                f"a sealed message of the host cannot be opened ({type(error).__name__})",
                kind=self._kind,
                node=self._endpoint.name,
                remedy="Try again on a new connection; if it stays, something in between changes messages",
            ) from None
