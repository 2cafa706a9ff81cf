# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who gets in: Basic, NTLM with and without message encryption, and everybody else."""

from __future__ import annotations

import base64
import ssl
import tempfile
import types
from collections.abc import Callable
from pathlib import Path

import pytest
import spnego
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError
from winrm.transport import Transport

from simulator.cim import FaultAction, Reply, Streamed, WireFault

from .conftest import Twin
from .fake_provider import FakeJob, part
from .messages import PASSWORD, USER, RawClient, get, invoke, robust

IDENTIFY = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    b"<s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>"
)


@pytest.fixture
def strict(make_twin: Callable[..., Twin]) -> Twin:
    """A twin as Windows ships: no clear text over HTTP."""
    return make_twin(allow_unencrypted=False)


def transport(
    twin: Twin, auth: str = "ntlm", *, tls: bool = False, user: str = USER, password: str = PASSWORD, encryption: str = "auto"
) -> Transport:
    url = f"https://{twin.address}:{twin.tls_port}/wsman" if tls else f"http://{twin.address}:{twin.port}/wsman"
    return Transport(
        endpoint=url,
        username=user,
        password=password,
        auth_method=auth,
        message_encryption=encryption,
        ca_trust_path=str(twin.certificate[0]),
        proxy=None,
        read_timeout_sec=10,
    )


def tls_context(twin: Twin) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(twin.certificate[0]))


@pytest.mark.parametrize(
    ("auth", "tls", "encryption"),
    [
        ("ntlm", False, "always"),
        ("ntlm", True, "auto"),
        ("ntlm", True, "always"),
        ("basic", True, "never"),
        ("credssp", False, "always"),
        ("credssp", True, "auto"),
    ],
)
def test_pywinrm_logs_on_and_gets_answers(strict: Twin, auth: str, tls: bool, encryption: str) -> None:
    session = transport(strict, auth, tls=tls, encryption=encryption)
    for _unused in range(3):
        assert b"<p:Name>full</p:Name>" in session.send_message(get("full"))
    session.close_session()
    assert strict.provider.calls == []


def test_sealed_messages_carry_no_clear_text(strict: Twin) -> None:
    session = transport(strict)
    session.send_message(get("full"))
    prepared = session.encryption.prepare_encrypted_request(session.session, session.endpoint, get("full"))
    assert b"Test_Thing" not in prepared.body
    answer = session.session.send(prepared)
    assert b"Test_Thing" not in answer.content
    assert b"Test_Thing" in session.encryption.parse_encrypted_response(answer)
    session.close_session()


def test_faults_and_streams_are_sealed_too(strict: Twin) -> None:
    session = transport(strict)
    with pytest.raises(WinRMTransportError) as caught:
        session.send_message(get("missing"))
    assert "2150858752" in caught.value.response_text
    assert session.send_message(robust("Work", "uuid:1")).count(b"</s:Envelope>") == 3
    session.close_session()


@pytest.mark.parametrize("tls", [False, True])
def test_wrong_password_is_401(strict: Twin, tls: bool) -> None:
    with pytest.raises(InvalidCredentialsError):
        transport(strict, tls=tls, password="wrong").send_message(get("full"))
    assert strict.log_lines(0) == []


@pytest.mark.parametrize("user", ["nobody", "OTHER\\administrator", ""])
def test_unknown_user_is_401(strict: Twin, user: str) -> None:
    client = strict.client(port=strict.tls_port, tls=tls_context(strict), user=user)
    assert client.post(get("full")).status == 401


@pytest.mark.parametrize("user", ["Administrator", ".\\administrator", "NODE1\\administrator"])
def test_local_user_may_qualify_its_name(strict: Twin, user: str) -> None:
    session = transport(strict, user=user)
    session.send_message(get("full"))
    session.close_session()
    assert strict.log_lines(1)[0]["user"] == USER


def test_401_names_the_mechanisms(strict: Twin) -> None:
    plain = strict.client()
    plain.authorization = ""
    answer = plain.post(b"")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Negotiate, CredSSP")
    secure = strict.client(port=strict.tls_port, tls=tls_context(strict))
    secure.authorization = ""
    assert secure.post(b"").status == 401


def test_basic_over_http_is_401_unless_allowed(strict: Twin) -> None:
    assert strict.client().post(get("full")).status == 401


@pytest.mark.parametrize("value", ["Basic !!!", "Negotiate", "Negotiate !!!", "Negotiate TlRMTVNTUAAD", "Kerberos YII=", "NTLM AAAA"])
def test_broken_tokens_are_401(strict: Twin, value: str) -> None:
    client = strict.client()
    client.authorization = value
    assert [client.post(b"").status for _unused in range(3)] == [401] * 3


def test_clear_body_with_negotiate_over_http_is_500_and_empty(strict: Twin) -> None:
    with pytest.raises(WinRMTransportError) as caught:
        transport(strict, encryption="never").send_message(get("full"))
    assert (caught.value.code, caught.value.response_text) == (500, "")
    assert strict.provider.calls == []


def test_clear_body_with_negotiate_is_served_when_allowed(twin: Twin) -> None:
    assert b"full" in transport(twin, encryption="never").send_message(get("full"))


def test_message_sealed_for_another_connection_is_400(strict: Twin) -> None:
    session = transport(strict)
    session.send_message(invoke("Ping"))
    strict.server.reset()
    with pytest.raises(WinRMTransportError) as caught:
        session.send_message(invoke("Ping"))
    assert caught.value.code == 400
    assert len(strict.provider.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--Encrypted Boundary\r\n",
        b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n",
        b"x" * 100,
    ],
)
def test_broken_framing_is_400_and_the_connection_can_start_over(strict: Twin, body: bytes) -> None:
    session = transport(strict)
    built = session.build_session()
    prepared = session.encryption.prepare_encrypted_request(built, session.endpoint, get("full"))
    prepared.body = body
    prepared.headers["Content-Length"] = str(len(body))
    prepared.hooks = {"response": []}
    assert built.send(prepared).status_code == (400 if body else 200)
    session.close_session()


def test_sealed_body_without_context_is_refused(twin: Twin) -> None:
    kind = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
    assert twin.client().post(b"--Encrypted Boundary", {"Content-Type": kind}).status == 400
    anonymous = twin.client()
    anonymous.authorization = ""
    assert anonymous.post(b"--Encrypted Boundary", {"Content-Type": kind}).status == 401


def test_credssp_framing_is_refused(twin: Twin) -> None:
    kind = 'multipart/x-multi-encrypted;protocol="application/HTTP-CredSSP-session-encrypted";boundary="Encrypted Boundary"'
    assert twin.client().post(b"--Encrypted Boundary", {"Content-Type": kind}).status == 400


def test_ntlm_inside_spnego_logs_on(strict: Twin) -> None:
    client = strict.client()
    context = spnego.client(USER, PASSWORD, protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
    token = context.step()
    for _unused in range(3):
        client.authorization = f"Negotiate {base64.b64encode(token or b'').decode()}"
        answer = client.post(b"")
        challenge = answer.headers.get("www-authenticate", "Negotiate ").partition(" ")[2]
        token = context.step(base64.b64decode(challenge)) if challenge else None
        if answer.status == 200:
            break
    assert answer.status == 200
    client.authorization = ""
    assert client.post(get("full")).status == 500


def test_handshakes_are_counted_at_the_first_exchange(strict: Twin) -> None:
    session = transport(strict)
    session.send_message(get("full"))
    session.send_message(get("full"))
    session.close_session()
    assert [line["handshakes"] for line in strict.log_lines(2)] == [3, 0]


def test_anonymous_identify_learns_no_version(strict: Twin) -> None:
    client = strict.client()
    client.authorization = ""
    answer = client.post(IDENTIFY, {"WSMANIDENTIFY": "unauthenticated"})
    assert answer.text(".//wsmid:ProductVersion") == "OS: 0.0.0 SP: 0.0 Stack: 3.0"
    assert answer.find(".//wsmid:SecurityProfiles") is None
    assert client.post(IDENTIFY).status == 401
    assert client.post(get("full"), {"WSMANIDENTIFY": "unauthenticated"}).status == 401
    assert client.post(b"<bad", {"WSMANIDENTIFY": "unauthenticated"}).status == 401


def test_identify_tells_the_version(twin: Twin) -> None:
    answer = twin.client().post(IDENTIFY)
    assert answer.text(".//wsmid:ProductVersion") == "OS: 10.0.20348 SP: 0.0 Stack: 3.0"
    assert answer.text(".//wsmid:ProductVendor") == "Microsoft Corporation"
    assert answer.find(".//wsmid:SecurityProfileName") is not None


def test_certificate_is_valid_for_the_address_only(twin: Twin) -> None:
    secure = twin.client(port=twin.tls_port, tls=tls_context(twin))
    assert secure.post(get("full")).status == 200
    distrusting = RawClient(twin.address, twin.tls_port, tls=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        distrusting.post(get("full"))


def test_no_password_file_is_left(make_twin: Callable[..., Twin], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    twin = make_twin()
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600]
    assert not any(PASSWORD.encode() in path.read_bytes() for path in files)
    twin.server.stop()
    assert list(folder.iterdir()) == []


def test_sealed_stream_delivers_each_envelope_as_its_own_block(strict: Twin) -> None:
    strict.provider.job = FakeJob()
    session = transport(strict)
    built = session.build_session()
    prepared = session.encryption.prepare_encrypted_request(built, session.endpoint, robust("Work", "uuid:S"))
    response = built.send(prepared, stream=True, timeout=5)
    blocks = response.iter_content(None)
    strict.provider.job.put(Streamed("Info", part("one")))

    def opened() -> bytes:
        block = types.SimpleNamespace(headers=response.headers, content=next(blocks), request=response.request)
        plain: bytes = session.encryption.parse_encrypted_response(block)
        return plain if b"/KeepAlive<" not in plain else opened()

    assert b"StreamingOutput" in opened()
    strict.provider.job.put(Reply({}, 0))
    assert b"Work_OUTPUT" in opened()
    assert list(blocks) == []
    assert b"full" in session.send_message(get("full"))
    session.close_session()


def test_wire_fault_over_a_sealed_connection_leaves_the_context_usable(strict: Twin) -> None:
    session = transport(strict)
    session.send_message(get("full"))
    strict.interceptor.faults["Get Test_Thing"] = WireFault(FaultAction.HTTP_ERROR, "busy", http_status=503)
    session.encryption, sealed = None, session.encryption
    prepared = sealed.prepare_encrypted_request(session.session, session.endpoint, get("full"))
    answer = session.session.send(prepared)
    assert (answer.status_code, answer.content, len(answer.history)) == (503, b"", 0)
    session.encryption = sealed
    assert b"full" in session.send_message(get("full"))
    session.close_session()
