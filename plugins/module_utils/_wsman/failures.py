# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sentences for what fails below SOAP: names, sockets, TLS, sign-in and HTTP statuses (wsman-cim.md 6.3, pywinrm-streaming.md 6).

Nothing here quotes an exception's arguments unless they are known to be free of credentials. Private to this collection; it may
change at any time.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from .._errors import Outcome
from .endpoint import Endpoint
from .errors import (
    AuthenticationError,
    ConnectionLostError,
    HttpStatusError,
    NotReachableError,
    TlsError,
    WsmanError,
    outcome_of_loss,
)
from .kinds import Kind


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and everything inside it: causes and exceptions among its arguments.

    Contexts are left out: what somebody was handling when the call began must not explain how this call failed.
    """
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [*item.args, item.__cause__, getattr(item, "reason", None)]
        if type(item).__name__ == "NewConnectionError":
            # urllib3 before version 2 raises it while it handles the socket's own error.
            waiting.append(item.__context__)


def _class_names(error: BaseException) -> set[str]:
    return {type(cause).__name__ for cause in _causes(error)}


def _address(endpoint: Endpoint) -> str:
    parts = urlsplit(endpoint.url)
    port = parts.port or (5986 if endpoint.is_https else 5985)
    return f"{parts.hostname} port {port}"


def connection_failure(error: BaseException, endpoint: Endpoint) -> WsmanError | None:
    """Return the error for a connection that never came about; None when the exception does not show that."""
    causes = list(_causes(error))
    kinds = _class_names(error)
    found = _unreached(causes, kinds, endpoint)
    if found is None:
        return _tls_failure(causes, endpoint)
    message, remedy = found
    is_slow = bool(kinds & {"ConnectTimeout", "ConnectTimeoutError"})
    return NotReachableError(message, node=endpoint.name, remedy=remedy, is_worth_another_try=not is_slow)


def _unreached(causes: list[BaseException], kinds: set[str], endpoint: Endpoint) -> tuple[str, str] | None:
    """Return message and remedy for what happened before a connection stood."""
    numbers = {cause.errno for cause in causes if isinstance(cause, OSError)}
    host, address = urlsplit(endpoint.url).hostname, _address(endpoint)
    is_unknown_name = "NameResolutionError" in kinds or any(isinstance(cause, socket.gaierror) for cause in causes)
    cases = (
        (
            "ProxyError" in kinds,
            "the proxy of this connection does not answer or refuses",
            "Check the proxy option of the host's connection, or leave it out",
        ),
        (is_unknown_name, f"the name {host} is not known", "Check the host's address and the DNS settings of this machine"),
        (
            bool(kinds & {"ConnectTimeout", "ConnectTimeoutError"}),
            f"{address} did not take the connection within {endpoint.connect_timeout:g} s",
            "Check that the host runs, and that no firewall drops the port",
        ),
        (
            any(isinstance(cause, ConnectionRefusedError) for cause in causes),
            f"{address} refused the connection",
            "Check that the WinRM service runs and listens there (winrm enumerate winrm/config/listener)",
        ),
        (
            bool(numbers & {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}),
            f"there is no way to {address}",
            "Check the host's address and the routes to it",
        ),
        ("NewConnectionError" in kinds, f"no connection to {address} could be made", "Check the host's address and port"),
    )
    return next(((message, remedy) for applies, message, remedy in cases if applies), None)


_PLAIN_HTTP_SIGNS = frozenset({"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
_HANDSHAKE_SIGNS = ("ALERT", "HANDSHAKE", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS", "NO_CIPHERS", "DH_KEY_TOO_SMALL", "EE_KEY_TOO_SMALL")


def _tls_failure(causes: list[BaseException], endpoint: Endpoint) -> TlsError | None:
    """Return the error for a handshake that failed; None for a TLS error that may as well be a connection cut later."""
    failure = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if failure is None:
        return None
    if isinstance(failure, ssl.SSLCertVerificationError):
        return _certificate_failure(failure, endpoint)
    reason = failure.reason or ""
    if reason in _PLAIN_HTTP_SIGNS:
        return TlsError(
            f"{_address(endpoint)} does not speak TLS",
            node=endpoint.name,
            remedy="Port 5985 is http and 5986 https: let port and scheme agree",
        )
    if any(sign in reason for sign in _HANDSHAKE_SIGNS):
        return TlsError(
            f"TLS could not be set up ({reason})",
            node=endpoint.name,
            remedy="Check the protocol versions and ciphers that the host's HTTPS listener allows",
        )
    return None


def _certificate_failure(failure: ssl.SSLCertVerificationError, endpoint: Endpoint) -> TlsError:
    text = failure.verify_message
    remedy = "Add its issuer to the trusted certificates, or renew the certificate"
    if failure.verify_code == 10:  # X509_V_ERR_CERT_HAS_EXPIRED
        remedy = "Renew the certificate of the host's HTTPS listener"
    elif "mismatch" in text.lower():
        remedy = "Connect by a name that the certificate holds (as the host's address), or issue a certificate with this name"
    return TlsError(f"the host's certificate is not accepted: {text.rstrip('.')}", node=endpoint.name, remedy=remedy)


def sign_in_failure(error: BaseException, endpoint: Endpoint) -> WsmanError:
    """Return the error for an exception before the request was sent."""
    kinds = _class_names(error)
    if kinds & {"KerberosExchangeError", "GSSError", "MutualAuthenticationError"}:
        return kerberos_failure(error, endpoint)
    if type(error).__name__ == "InvalidCredentialsError":
        return unauthorized(endpoint)
    status = getattr(error, "code", None)
    if type(error).__name__ == "WinRMTransportError" and isinstance(status, int):
        return http_failure(status, endpoint, Kind.READ, is_context_broken=False)
    return connection_failure(error, endpoint) or _sign_in_failure_of(error, endpoint)


def _sign_in_failure_of(error: BaseException, endpoint: Endpoint) -> WsmanError:
    is_network = type(error).__module__.partition(".")[0] == "requests" or isinstance(error, OSError)
    # requests-ntlm raises PermissionError when the host does not go on with the exchange.
    if is_network and not isinstance(error, PermissionError):
        return NotReachableError(
            f"{_address(endpoint)} took the connection and did not answer the sign-in",
            node=endpoint.name,
            remedy="Check that the port belongs to the WinRM service; a host that is starting or stopping does this too",
        )
    # pywinrm's own complaints speak of settings and packages, never of credentials.
    why = str(error) if type(error).__name__ == "WinRMError" else type(error).__name__
    return AuthenticationError(
        f"signing in by {endpoint.auth} failed ({why})",
        node=endpoint.name,
        remedy=(
            "Check user, password, the methods that the host's WinRM service allows, and that the Python packages for this method are "
            "installed on the controller"
        ),
    )


def is_unproven_answer(error: BaseException) -> bool:
    """Return whether Kerberos refused an answer that the host gave after it had worked."""
    return "MutualAuthenticationError" in _class_names(error)


# What the library says of a ticket: it names principals and hosts, never a secret.
_GSS_REASON = re.compile(r"""\((?:"([^"]+)"|'([^']+)'),\s*-\d+\)""")


def kerberos_failure(error: BaseException, endpoint: Endpoint) -> AuthenticationError:
    """Return the error for a ticket that could not be had or was not accepted."""
    said = [_GSS_REASON.search(str(cause)) for cause in _causes(error)]
    reason = next((f" ({match[1] or match[2]})" for match in said if match), "")
    return AuthenticationError(
        f"Kerberos gave no ticket for {endpoint.service}/{endpoint.kerberos_hostname_override or urlsplit(endpoint.url).hostname}{reason}",
        node=endpoint.name,
        remedy="Run klist and kinit on the controller, check that both clocks agree, and use the host's full DNS name",
    )


def loss(error: BaseException, endpoint: Endpoint, kind: Kind) -> ConnectionLostError:
    """Return the error for a connection that ended or fell silent after the request was sent."""
    is_silence = bool(_class_names(error) & {"ReadTimeout", "ReadTimeoutError", "TimeoutError", "timeout"})
    if is_silence:
        message, remedy = "the host fell silent before its answer was complete", "Check the host's load and the network between"
    else:
        message = "the connection was cut before the answer was complete"
        remedy = "Check that the host did not restart, and that nothing between ends long connections"
    return ConnectionLostError(message, kind=kind, node=endpoint.name, remedy=remedy, is_silence=is_silence)


def unauthorized(endpoint: Endpoint) -> AuthenticationError:
    """Return the error for HTTP 401."""
    return AuthenticationError(
        f"the host does not accept the user by {endpoint.auth} (HTTP 401)",
        node=endpoint.name,
        remedy=(
            "Check user and password, that the method is allowed (winrm get winrm/config/service/auth), and for a local account that it is "
            "not refused by LocalAccountTokenFilterPolicy"
        ),
    )


_STATUSES: dict[int, tuple[str, str, Outcome]] = {
    400: (
        "the host could not read the request (HTTP 400)",
        "Try again; if it stays, a device in between changes requests or the sign-in",
        Outcome.FAILED,
    ),
    403: ("the host forbids the request (HTTP 403)", "Check what stands in front of the WinRM service", Outcome.FAILED),
    404: (
        "there is no WS-Management service at this path (HTTP 404)",
        "Check the path that is set for the host; it is /wsman on Windows",
        Outcome.FAILED,
    ),
    405: (
        "what answers there does not take POST requests (HTTP 405)",
        "Check host, port and path; this is no WinRM service",
        Outcome.FAILED,
    ),
    407: (
        "a proxy on the way wants a sign-in (HTTP 407)",
        "Set the proxy option of the connection, or go around the proxy",
        Outcome.FAILED,
    ),
    408: ("the host did not receive the whole request in time (HTTP 408)", "Check the network between", Outcome.NOT_DONE),
    413: (
        "the request is longer than the host allows (HTTP 413)",
        "Raise MaxEnvelopeSizekb of the host's WinRM service, or ask for less at once",
        Outcome.FAILED,
    ),
    415: (
        "what answers there does not take SOAP messages (HTTP 415)",
        "Check host, port and path; this is no WinRM service",
        Outcome.FAILED,
    ),
    503: (
        "the host's WinRM service is stopped, starting or too busy (HTTP 503)",
        "Wait, or check the WinRM service and its MaxConnections",
        Outcome.NOT_DONE,
    ),
}


def http_failure(status: int, endpoint: Endpoint, kind: Kind, *, is_context_broken: bool) -> WsmanError:
    """Return the error for an HTTP status that came without a SOAP fault.

    Args:
        status: other than 200.
        endpoint: who answered.
        kind: what a lost answer would mean.
        is_context_broken: the request went out sealed with keys that the host no longer had, so the host cannot have read it.
    """
    if is_context_broken and status in {400, 401}:
        return HttpStatusError(
            status,
            f"the sealed connection had ended (HTTP {status})",
            outcome=Outcome.NOT_DONE,
            node=endpoint.name,
            remedy="Try again on a new connection",
        )
    if status == 401:
        return unauthorized(endpoint)
    if status == 500:
        return _empty_500(endpoint, kind)
    if status in _STATUSES:
        message, remedy, outcome = _STATUSES[status]
    elif 300 <= status < 400:
        message, remedy, outcome = f"the host sends the request elsewhere (HTTP {status})", "Check port and scheme", Outcome.FAILED
    else:
        message, remedy = f"the host answered with HTTP {status} and no fault", "Check what stands between the controller and the host"
        outcome = outcome_of_loss(kind) if status >= 500 or status < 300 else Outcome.FAILED
    return HttpStatusError(status, message, outcome=outcome, node=endpoint.name, remedy=remedy)


def _empty_500(endpoint: Endpoint, kind: Kind) -> HttpStatusError:
    if not endpoint.is_https and not endpoint.seals_messages:
        return HttpStatusError(
            500,
            "the host refuses unencrypted messages (HTTP 500 without a text)",
            outcome=Outcome.FAILED,
            node=endpoint.name,
            remedy="Use ntlm or kerberos with message encryption, or https",
        )
    return HttpStatusError(
        500,
        "the host failed without saying why (HTTP 500 without a text)",
        outcome=outcome_of_loss(kind),
        node=endpoint.name,
        remedy="Look into the host's event log Microsoft-Windows-WinRM/Operational",
    )
