# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first contact with a node, step by step, so that the step tells what is to be mended.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ..module_utils._clock import Clock
from ..module_utils._errors import OperationError
from ..module_utils._wmi.node_client import NodeClient
from ..module_utils._wsman import failures, libraries, transport, xml_stream
from ..module_utils._wsman.client import Client
from ..module_utils._wsman.endpoint import Endpoint
from ..module_utils._wsman.errors import AuthenticationError, FaultError, NotReachableError, RequestRefusedError, TlsError
from ._certificate import certificate_facts

Details = dict[str, t.Any]

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

STEPS = ("libraries", "name", "tcp", "tls", "authentication", "identify", "cluster", "cau_provider", "rights")
"""All steps, in order; "connection" comes before them when the options of the connection cannot work."""

_ADMINISTRATOR = "Make the account a member of the local Administrators group on every node, and sign in with it"


@dataclass(frozen=True)
class Step:
    """One step of a first contact.

    Args:
        step: its name.
        state: passed, failed or skipped.
        text: what was found, one short line.
        remedy: what to do when it failed.
        details: what else was learned.
    """

    step: str
    state: str
    text: str
    remedy: str | None = None
    details: Details = field(default_factory=dict)


class StepFailedError(OperationError):
    """A step of the first contact failed for a reason that no other layer has an error for."""


class FirstContact:
    """One first contact.

    Args:
        endpoint: where and how.
        clock: the client's clock.
        report: told each step when it is over.
        open_client: makes the client, which sends each read once, so that no failure is hidden by a second try.
    """

    def __init__(
        self, endpoint: Endpoint, clock: Clock, report: Callable[[Step], object], open_client: Callable[..., Client] = Client
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._report = report
        self._open_client = open_client
        self._proxy = urlsplit(endpoint.proxy) if endpoint.proxy else None
        self.steps: list[Step] = []

    def run(self) -> list[Step]:
        """Go through all steps; one that needs another that failed is skipped."""
        for name, work in (("libraries", self._libraries), ("name", self._name), ("tcp", self._tcp), ("tls", self._tls)):
            self._do(name, work)
        if self._has_failed:
            for name in STEPS[STEPS.index("authentication") :]:
                self._end(Step(name, SKIPPED, "not tried"))
            return self.steps
        client = self._open_client(self._endpoint, self._clock, read_tries=1)
        with contextlib.closing(client):
            self._sign_in(client)
            node = NodeClient(client, self._endpoint.name)
            for name, question in (("cluster", _cluster), ("cau_provider", _provider), ("rights", _rights)):
                self._do(name, lambda question=question: question(node), is_useless=self._failed("authentication", "identify"))  # type: ignore[misc]
        return self.steps

    @property
    def _has_failed(self) -> bool:
        return any(step.state == FAILED for step in self.steps)

    def _failed(self, *names: str) -> bool:
        return any(step.step in names and step.state != PASSED for step in self.steps)

    def _end(self, step: Step) -> None:
        self.steps.append(step)
        self._report(step)

    def _do(self, name: str, work: Callable[[], tuple[str, Details] | None], *, is_useless: bool | None = None) -> None:
        """Do one step; None as its outcome means that there is nothing to do."""
        if self._has_failed if is_useless is None else is_useless:
            self._end(Step(name, SKIPPED, "not tried"))
            return
        try:
            found = work()
        except OperationError as error:
            self._end(Step(name, FAILED, error.message, error.remedy))
        else:
            self._end(Step(name, SKIPPED, "not needed") if found is None else Step(name, PASSED, found[0], None, found[1]))

    # Below WS-Management

    def _libraries(self) -> tuple[str, Details]:
        missing = transport.MISSING or xml_stream.MISSING
        if missing is not None:
            raise libraries.missing_package(missing, self._endpoint.name)
        libraries.require_library(self._endpoint.auth, self._endpoint.name)
        return f"the Python packages that {self._endpoint.auth} needs are there", {}

    @property
    def _address(self) -> tuple[str, int]:
        """Where the TCP connection goes: to the proxy, where there is one."""
        parts = self._proxy or urlsplit(self._endpoint.url)
        default = 5986 if self._endpoint.is_https else 5985
        return parts.hostname or "", parts.port or (8080 if self._proxy else default)

    def _name(self) -> tuple[str, Details]:
        host, port = self._address
        with self._network_errors():
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        what = "the proxy " if self._proxy else ""
        return f"{what}{host} is {', '.join(addresses)}", {"host": host, "addresses": addresses}

    def _tcp(self) -> tuple[str, Details]:
        _host, port = self._address
        with self._connected() as connection:
            peer = connection.getpeername()[0]
        return f"{peer} takes connections on port {port}", {"address": peer, "port": port}

    def _tls(self) -> tuple[str, Details] | None:
        """Look at the certificate, and check it as the connection will."""
        endpoint = self._endpoint
        if not endpoint.is_https or self._proxy:
            return None
        host = urlsplit(endpoint.url).hostname or ""
        details = self._certificate(host)
        if not endpoint.verify_certificate:
            return f"{details['version']}; the certificate is not checked, as the connection says", details
        try:
            context = trusting(endpoint.ca_trust_path)
        except OSError as error:
            raise TlsError(f"the trusted certificates cannot be read: {error.strerror or error}", remedy="Check ca_trust_path") from None
        try:
            with self._network_errors(), self._connected() as connection, context.wrap_socket(connection, server_hostname=host):
                pass
        except OperationError as error:
            names, until = ", ".join(details["names"]) or "no name", details["not_after"]
            error.message += f" (it is for {names}, valid until {until}, issued by {details['issuer']})"
            raise
        return f"{details['version']}, the certificate for {host} is trusted until {details['not_after']}", details

    def _certificate(self, host: str) -> Details:
        """Return what the certificate says, trusted or not."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with self._network_errors(), self._connected() as connection, context.wrap_socket(connection, server_hostname=host) as tls:
            octets = tls.getpeercert(binary_form=True) or b""
            return {"version": tls.version(), "cipher": (tls.cipher() or ("",))[0]} | certificate_facts(octets)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        with self._network_errors():
            connection = socket.create_connection(self._address, self._clock.socket_timeout(self._endpoint.connect_timeout))
        with connection:
            yield connection

    @contextlib.contextmanager
    def _network_errors(self) -> Iterator[None]:
        """Tell failures of the network in the words that the tasks themselves have for them."""
        try:
            yield
        except TimeoutError:
            host, port = self._address
            raise NotReachableError(
                f"{host} port {port} did not answer within {self._endpoint.connect_timeout:g} s",
                remedy="Check that the host runs, and that no firewall drops the port",
            ) from None
        except OSError as error:
            known = failures.connection_failure(error, self._endpoint)
            reason = f"the connection failed ({type(error).__name__})"
            raise known or NotReachableError(reason, remedy="Check host, port and scheme") from None

    # WS-Management

    def _sign_in(self, client: Client) -> None:
        """Sign in and ask who answers, which is one exchange: its error tells which of the two failed."""
        auth = f"{self._endpoint.auth}{' as ' + self._endpoint.username if self._endpoint.username else ''}"
        try:
            identity = client.identify()
        except (AuthenticationError, NotReachableError, TlsError, RequestRefusedError) as error:
            self._end(Step("authentication", FAILED, error.message, error.remedy))
            self._end(Step("identify", SKIPPED, "not tried"))
        except OperationError as error:
            self._end(Step("authentication", SKIPPED, "the host's answer does not tell"))
            self._end(Step("identify", FAILED, error.message, error.remedy))
        else:
            self._end(Step("authentication", PASSED, f"signed in by {auth}"))
            details = {"vendor": identity.vendor, "version": identity.version, "protocol": identity.protocol}
            self._end(Step("identify", PASSED, f"{identity.vendor}, {identity.version}", None, details))


def trusting(ca_trust_path: str | None) -> ssl.SSLContext:
    """Return a TLS context that trusts what the connections of the tasks trust: the given file or folder, else requests' own list.

    Args:
        ca_trust_path: the option of the connection.

    Raises:
        OSError: it cannot be read.
    """
    path = ca_trust_path
    if path is None:
        import certifi  # noqa: PLC0415 - comes with requests, whose absence an earlier step tells

        path = certifi.where()
    is_folder = Path(path).is_dir()
    return ssl.create_default_context(cafile=None if is_folder else path, capath=path if is_folder else None)


def _cluster(node: NodeClient) -> tuple[str, Details]:
    info = node.cluster.info()
    name = node.system.computer_name()
    return f"{name} is a node of the cluster {info.name}", {"cluster": info.name, "node": name, "functional_level": info.functional_level}


def _provider(node: NodeClient) -> tuple[str, Details]:
    holder = node.cluster_update.run_lock()
    is_new = node.cluster_update.has_feature_updates_argument()
    text = "it is there, and " + (f"run {holder} holds the run lock" if holder else "nobody holds the run lock")
    return text, {"run_lock": holder, "takes_feature_updates_only": is_new}


def _rights(node: NodeClient) -> tuple[str, Details]:
    """Read the settings of the WinRM service, which it shows to administrators alone (wsman-cim.md 11)."""
    try:
        limits = node.client.configuration()
    except FaultError as fault:
        if fault.is_access_denied:
            raise StepFailedError("the account is no administrator of the node", code=fault.code, remedy=_ADMINISTRATOR) from None
        raise
    details = {"max_timeout_ms": limits.max_timeout_ms, "max_envelope_kb": limits.max_envelope_kb}
    return "the account is an administrator of the node", details
