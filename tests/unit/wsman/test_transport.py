# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import logging
import socket
import typing as t
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman import failures, transport
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.channel import Traffic
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import (
    AnswerError,
    AuthenticationError,
    ConnectionLostError,
    HttpStatusError,
    NotReachableError,
    RequestRefusedError,
    TlsError,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .loopback import Connection, HttpRequest, LoopbackHost
from .scripted import envelope, failure_of, fault, service, wsman_fault
from .settings import QuickClock, client, endpoint, get, invoke, sealed_answer, sealed_endpoint

Hosts = Callable[..., LoopbackHost]


def answers(body: bytes, **how: object) -> Callable[[Connection, HttpRequest], None]:
    return lambda connection, request: connection.answer(body, **how)  # type: ignore[arg-type]


def test_answer_with_length_and_in_chunks_is_read_on_one_connection(host: Hosts) -> None:
    def chunked(connection: Connection, request: HttpRequest) -> None:
        connection.begin_chunks()
        data = envelope(service())
        for start in range(0, len(data), 100):
            connection.chunk(data[start : start + 100])
        connection.end_chunks()

    started = host(answers(envelope(service())), chunked, answers(envelope(service())))
    found = client(started.url)
    for _unused in range(3):
        get(found)
    assert started.connections == 1
    assert found.messages == 3
    assert found.bytes_received == 3 * len(envelope(service()))
    assert found.bytes_sent == sum(len(request.body) for request in started.requests)
    found.close()


def test_request_is_what_windows_takes(host: Hosts) -> None:
    started = host(answers(envelope(service())))
    with client(started.url) as found:
        get(found)
    request = started.requests[0]
    assert request.line.startswith("POST /wsman ")
    assert request.headers["content-type"] == "application/soap+xml;charset=UTF-8"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["authorization"].startswith("Basic ")


STATUSES = [
    (400, HttpStatusError, "could not read"),
    (401, AuthenticationError, "LocalAccountTokenFilterPolicy"),
    (403, HttpStatusError, "forbids"),
    (404, HttpStatusError, "/wsman on Windows"),
    (405, HttpStatusError, "POST"),
    (407, HttpStatusError, "proxy"),
    (413, HttpStatusError, "MaxEnvelopeSizekb"),
    (415, HttpStatusError, "SOAP"),
    (418, HttpStatusError, "HTTP 418"),
    (500, HttpStatusError, "unencrypted"),
    (302, HttpStatusError, "elsewhere"),
    (503, HttpStatusError, "MaxConnections"),
]


@pytest.mark.parametrize(("status", "kind", "text"), STATUSES)
@pytest.mark.parametrize("body", [b"", b"<html>busy</html>"])
def test_each_status_has_its_own_sentence(host: Hosts, status: int, kind: type, text: str, body: bytes) -> None:
    found = failure_of(lambda: get(client(host(answers(body, status=status)).url)))
    assert found.__class__ is kind
    assert text in str(found)
    assert found.remedy


def test_sentences_of_the_statuses_differ(host: Hosts) -> None:
    sentences = {str(failure_of(lambda s=status: get(client(host(answers(b"", status=s)).url)))) for status, _kind, _text in STATUSES}  # type: ignore[misc]
    assert len(sentences) == len(STATUSES)


def test_redirect_is_not_followed(host: Hosts) -> None:
    other = host()
    started = host(answers(b"", status=307, extra=f"Location: {other.url}\r\n"))
    failure_of(lambda: get(client(started.url)))
    assert other.connections == 0


def test_fault_with_status_500_is_read(host: Hosts) -> None:
    found = failure_of(lambda: get(client(host(answers(fault("s:Sender", detail=wsman_fault(5)), status=500)).url)))
    assert found.code == 5


def reset(connection: Connection, request: HttpRequest) -> None:
    connection.reset()


def hang_up(connection: Connection, request: HttpRequest) -> None:
    connection.close()


def half_an_answer(connection: Connection, request: HttpRequest) -> None:
    data = envelope(service())
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: " + str(len(data)).encode() + b"\r\n\r\n" + data[:100])
    connection.close()


def half_a_chunk(connection: Connection, request: HttpRequest) -> None:
    connection.begin_chunks()
    connection.send(b"400\r\n<s:Envelope")
    connection.close()


def no_last_chunk(connection: Connection, request: HttpRequest) -> None:
    connection.begin_chunks()
    connection.chunk(b"<s:Envelope")
    connection.close()


def bad_chunk_size(connection: Connection, request: HttpRequest) -> None:
    connection.begin_chunks()
    connection.send(b"zz\r\n<s:Envelope>")


def no_http(connection: Connection, request: HttpRequest) -> None:
    connection.send(b"\x15\x03\x01garbage\r\n\r\n")
    connection.close()


@pytest.mark.parametrize("behaviour", [reset, hang_up, half_an_answer, half_a_chunk, no_last_chunk, bad_chunk_size, no_http])
def test_connection_that_breaks_after_the_request_is_a_loss(host: Hosts, behaviour: Callable[[Connection, HttpRequest], None]) -> None:
    found = failure_of(lambda: invoke(client(host(behaviour).url)))
    assert isinstance(found, ConnectionLostError)
    assert found.outcome is Outcome.UNKNOWN
    assert not found.is_silence
    found = failure_of(lambda: get(client(host(behaviour).url)))
    assert found.outcome is Outcome.NOT_DONE


@pytest.mark.parametrize("begins", [False, True])
def test_silence_is_noticed_and_told_apart(host: Hosts, begins: bool) -> None:
    def silent(connection: Connection, request: HttpRequest) -> None:
        if begins:
            connection.begin_chunks()
            connection.chunk(b"<s:Envelope")
        started.hold.wait(5)

    started = host(silent)
    found = failure_of(lambda: invoke(client(started.url, limit=0.3)))
    assert isinstance(found, ConnectionLostError)
    assert found.is_silence
    assert found.outcome is Outcome.UNKNOWN


def test_refused_connection_is_not_done() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = failure_of(lambda: invoke(client(f"http://127.0.0.1:{port}/wsman")))
    assert isinstance(found, NotReachableError)
    assert f"127.0.0.1 port {port} refused" in str(found)
    assert found.outcome is Outcome.NOT_DONE


def test_unknown_name_is_told() -> None:
    found = failure_of(lambda: get(client("http://no-such-host.invalid:5985/wsman")))
    assert isinstance(found, NotReachableError)
    assert "the name no-such-host.invalid is not known" in str(found)


def test_port_without_tls_is_told(host: Hosts) -> None:
    def bad_request(connection: Connection, request: HttpRequest) -> None:
        connection.answer(b"", 400)
        connection.close()

    started = host(bad_request, is_raw=True)
    found = failure_of(lambda: invoke(client(started.url.replace("http:", "https:"))))
    assert isinstance(found, TlsError)
    assert "does not speak TLS" in str(found)


def test_connection_cut_in_the_handshake_proves_nothing(host: Hosts) -> None:
    started = host(hang_up, is_raw=True)
    assert failure_of(lambda: invoke(client(started.url.replace("http:", "https:")))).outcome is Outcome.UNKNOWN


def test_missing_ca_file_is_told() -> None:
    found = failure_of(lambda: get(client("https://127.0.0.1:1/wsman", ca_trust_path="/no/such/ca.pem")))
    assert isinstance(found, TlsError)
    assert "/no/such/ca.pem" in str(found)


def test_clear_text_password_needs_to_be_asked_for() -> None:
    found = failure_of(lambda: get(client("http://127.0.0.1:1/wsman", message_encryption="auto")))
    assert isinstance(found, RequestRefusedError)
    assert "https" in str(found)


def test_sealing_that_the_method_cannot_do_is_refused() -> None:
    found = failure_of(lambda: get(client("http://127.0.0.1:1/wsman", message_encryption="always")))
    assert isinstance(found, AuthenticationError)


@pytest.mark.parametrize(("changes", "text"), [({"username": None}, "no user"), ({"password": None}, "no password")])
def test_missing_credentials_are_told_before_anything_is_sent(changes: dict[str, t.Any], text: str) -> None:
    found = failure_of(lambda: get(client("http://127.0.0.1:1/wsman", **changes)))
    assert isinstance(found, AuthenticationError)
    assert text in str(found)


def test_missing_package_of_a_method_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("winrm.transport.HAVE_CREDSSP", False)
    found = failure_of(lambda: get(client("https://127.0.0.1:1/wsman", auth="credssp")))
    assert isinstance(found, AuthenticationError)
    assert "requests-credssp" in str(found)


def test_missing_package_of_the_client_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.transport.MISSING", "No module named 'winrm'"
    )
    found = failure_of(lambda: get(client("https://127.0.0.1:1/wsman")))
    assert isinstance(found, RequestRefusedError)
    assert "requirements.txt" in str(found)


class KerberosExchangeError(requests.RequestException):
    """Stands for the error of pywinrm's own Kerberos package, which needs a library to be imported."""


class MutualAuthenticationError(requests.RequestException):
    """As KerberosExchangeError."""


@pytest.mark.parametrize("kind", [Kind.READ, Kind.ONCE_ONLY])
def test_ticket_that_cannot_be_had_is_told_with_its_service(kind: Kind) -> None:
    found = failures.sign_in_failure(KerberosExchangeError("no ticket"), endpoint("http://node1.example:5985/wsman", auth="kerberos"))
    assert isinstance(found, AuthenticationError)
    assert "HTTP/node1.example" in str(found)
    assert "kinit" in str(found)


def test_answer_whose_proof_fails_may_have_been_worked_for(host: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    def unproven(*args: object, **kwargs: object) -> None:
        raise MutualAuthenticationError

    monkeypatch.setattr("requests.Session.send", unproven)
    assert failure_of(lambda: invoke(client("http://127.0.0.1:1/wsman"))).outcome is Outcome.UNKNOWN


@pytest.mark.usefixtures("ntlm_users")
@pytest.mark.parametrize("is_sealed", [False, True])
def test_environment_proxies_and_netrc_are_left_alone(
    host: Hosts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_sealed: bool
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    started = host(sealed_answer(envelope(service())) if is_sealed else answers(envelope(service())), needs_ntlm=is_sealed)
    settings = sealed_endpoint(started.url) if is_sealed else endpoint(started.url)
    with Client(settings, QuickClock()) as found:
        get(found)
    assert started.requests[0].headers.get("authorization") == (None if is_sealed else "Basic YWRtaW46Y2FuYXJ5LVBhNTU=")


def test_netrc_does_not_replace_a_client_certificate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine node1.example login other password other\n")
    (tmp_path / "netrc").chmod(0o600)
    (tmp_path / "pem").touch()
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    pem = str(tmp_path / "pem")
    settings = endpoint("https://node1.example:5986/wsman", auth="certificate", cert_pem=pem, cert_key_pem=pem)
    channel = transport.open_transport_channel(settings, Clock(), Traffic())
    channel.open()
    assert channel._session is not None
    request = channel._session.prepare_request(requests.Request("POST", settings.url))
    assert request.headers["Authorization"].endswith("/secprofile/https/mutual")
    channel.close()


def test_proxy_of_the_endpoint_is_used(host: Hosts) -> None:
    proxy = host(answers(envelope(service())))
    with client("http://node1.invalid:5985/wsman", proxy=proxy.url.removesuffix("/wsman")) as found:
        get(found)
    assert proxy.requests[0].line.startswith("POST http://node1.invalid:5985/wsman ")


def test_compressed_answer_is_refused(host: Hosts) -> None:
    started = host(answers(b"\x1f\x8b", extra="Content-Encoding: gzip\r\n"))
    assert isinstance(failure_of(lambda: get(client(started.url))), AnswerError)


def test_sealed_answer_without_keys_is_refused(host: Hosts) -> None:
    started = host(answers(b"x", content_type="multipart/encrypted;protocol=x"))
    assert isinstance(failure_of(lambda: get(client(started.url))), AnswerError)


def test_libraries_stay_quiet(host: Hosts, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        failure_of(lambda: get(client(host(no_http).url)))
    assert not caught
    assert capfd.readouterr() == ("", "")
    for name in ("urllib3", "requests", "winrm", "spnego"):
        assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger(name).handlers)
