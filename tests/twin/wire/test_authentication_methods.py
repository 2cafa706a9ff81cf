# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CredSSP, client certificates, what tells Kerberos from NTLM, and where the service is."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from requests_credssp.exceptions import AuthenticationException, NTStatusException  # type: ignore[import-untyped] # it has none
from winrm.transport import Transport

from simulator.wire.authentication import MUTUAL_TLS
from simulator.wire.certificate import make_certificate, make_client_certificates, user_of_certificate
from simulator.wire.contexts import CREDSSP_SEALING, SPNEGO_SEALING, Acceptor, ContextError, Sealed, SpnegoAcceptor, wants_kerberos
from simulator.wire.credentials import Credentials
from simulator.wire.options import WireOptions
from simulator.wire.sealing import SealError, content_type, open_sealed, seal

from .conftest import FAST, Twin
from .messages import PASSWORD, USER, RawClient, get, invoke

KERBEROS_OID = bytes.fromhex("06092a864886f712010202")
NTLM_OID = bytes.fromhex("060a2b06010401823702020a")

Make = Callable[..., Twin]


def credssp(twin: Twin, *, password: str = PASSWORD) -> Transport:
    return Transport(
        endpoint=f"http://{twin.address}:{twin.port}/wsman",
        username=USER,
        password=password,
        auth_method="credssp",
        message_encryption="always",
        ca_trust_path=None,
        proxy=None,
        read_timeout_sec=10,
    )


def test_credssp_in_pairs_of_16_kb_is_opened(make_twin: Make) -> None:
    strict = make_twin(allow_unencrypted=False)
    session = credssp(strict)
    # A comment makes the request long without changing it.
    request = get("full").replace(b"<s:Body>", b"<!--" + b"x" * 40_000 + b"--><s:Body>")
    assert b"<p:Name>full</p:Name>" in session.send_message(request)
    assert b"<p:Name>full</p:Name>" in session.send_message(get("full"))
    session.close_session()
    assert [line["user"] for line in strict.log_lines(2)] == [USER, USER]


def test_credssp_with_a_wrong_password_is_refused(make_twin: Make) -> None:
    strict = make_twin(allow_unencrypted=False)
    with pytest.raises(NTStatusException):
        credssp(strict, password="wrong").send_message(get("full"))
    assert strict.log_lines(0) == []


def test_message_sealed_by_credssp_for_another_connection_does_not_open(make_twin: Make) -> None:
    strict = make_twin(allow_unencrypted=False)
    session = credssp(strict)
    session.send_message(invoke("Ping"))
    strict.server.reset()
    with pytest.raises(AuthenticationException, match="after step Credential exchange"):
        session.send_message(invoke("Ping"))
    assert len(strict.provider.calls) == 1


class Loose:
    """A context that seals nothing."""

    is_complete = True
    principal = ""

    def __init__(self, sealing: str) -> None:
        self.sealing = sealing

    def step(self, token: bytes) -> bytes:
        return token

    def seal(self, plain: bytes) -> Sealed:
        return Sealed(b"", plain)

    def unseal(self, header: bytes, data: bytes) -> bytes:
        return header + data


@example(b"x" * 16384, CREDSSP_SEALING)
@example(b"x" * 16385, CREDSSP_SEALING)
@example(b"x" * 40_000, SPNEGO_SEALING)
@given(st.binary(max_size=100_000).filter(lambda plain: b"--Encrypted" not in plain), st.sampled_from([SPNEGO_SEALING, CREDSSP_SEALING]))
def test_what_is_framed_is_read_back(plain: bytes, sealing: str) -> None:
    context: Acceptor = Loose(sealing)
    kind = content_type(context, plain)
    assert ("x-multi" in kind) == (sealing == CREDSSP_SEALING and len(plain) > 16384)
    assert open_sealed(context, kind, seal(context, plain)) == (plain, "UTF-8")


@pytest.mark.parametrize(("sealed_for", "read_by"), [(SPNEGO_SEALING, CREDSSP_SEALING), (CREDSSP_SEALING, SPNEGO_SEALING)])
def test_message_of_another_protocol_does_not_open(sealed_for: str, read_by: str) -> None:
    context = Loose(sealed_for)
    with pytest.raises(SealError):
        open_sealed(Loose(read_by), content_type(context, b"plain"), seal(context, b"plain"))


def test_two_parts_of_spnego_do_not_open() -> None:
    context = Loose(SPNEGO_SEALING)
    part = seal(context, b"plain")
    with pytest.raises(SealError):
        open_sealed(context, content_type(context, b""), part.removesuffix(b"--Encrypted Boundary--\r\n") + part)


def with_certificate(twin: Twin, user: str = USER, *, authorization: str = MUTUAL_TLS, folder: Path | None = None) -> RawClient:
    context = ssl.create_default_context(cafile=str(twin.certificate[0]))
    folder = folder or twin.certificate[0].parent
    context.load_cert_chain(folder / f"twin-{user}-certificate.pem", folder / f"twin-{user}-key.pem")
    client = twin.client(port=twin.tls_port, tls=context)
    client.authorization = authorization
    return client


def test_certificate_of_a_user_signs_in(twin: Twin) -> None:
    assert with_certificate(twin).post(get("full")).status == 200
    assert twin.log_lines(1)[0]["user"] == USER


@pytest.mark.parametrize("authorization", ["", "Basic bm9ib2R5Om5vdGhpbmc="])
def test_certificate_counts_only_when_the_request_says_so(authorization: str, twin: Twin) -> None:
    assert with_certificate(twin, authorization=authorization).post(get("full")).status == 401


def test_header_without_a_certificate_is_401(twin: Twin) -> None:
    client = twin.client(port=twin.tls_port, tls=ssl.create_default_context(cafile=str(twin.certificate[0])))
    client.authorization = MUTUAL_TLS
    answer = client.post(get("full"))
    assert answer.status == 401
    assert "Negotiate" in answer.headers["www-authenticate"]


def test_certificate_of_somebody_who_is_no_user_is_401(twin: Twin) -> None:
    make_client_certificates(*twin.certificate, ["nobody"])
    assert with_certificate(twin, "nobody").post(get("full")).status == 401


def test_certificate_of_another_authority_is_refused_by_tls(twin: Twin, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    make_client_certificates(*make_certificate(other, ["127.0.0.1"]), [USER])
    with pytest.raises(OSError, match=r"alert|reset|EOF|closed"):
        with_certificate(twin, folder=other).post(get("full"))


def test_keys_of_users_are_for_their_owner_alone(twin: Twin) -> None:
    key = twin.certificate[0].parent / f"twin-{USER}-key.pem"
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("user", ["DOMAIN\\user", "user@realm", "../user", "", "x" * 65])
def test_name_that_is_no_local_account_gets_no_certificate(user: str, tmp_path: Path) -> None:
    own = make_certificate(tmp_path, ["127.0.0.1"])
    before = sorted(tmp_path.rglob("*"))
    make_client_certificates(*own, [user])
    assert sorted(tmp_path.rglob("*")) == before


@given(st.binary(max_size=300))
def test_bytes_that_are_no_certificate_name_nobody(der: bytes) -> None:
    assert user_of_certificate(der) is None


def test_certificate_without_a_principal_names_nobody(tmp_path: Path) -> None:
    path, _unused = make_certificate(tmp_path, ["127.0.0.1"])
    assert user_of_certificate(ssl.PEM_cert_to_DER_cert(path.read_text())) is None


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (b"\x60\x10" + KERBEROS_OID, True),
        (b"\x60\x40\x06\x06\x2b\x06\x01\x05\x05\x02" + bytes.fromhex("06092a864882f712010202") + NTLM_OID, True),
        (b"\x60\x40\x06\x06\x2b\x06\x01\x05\x05\x02" + NTLM_OID + KERBEROS_OID, False),
        (b"NTLMSSP\0\1\0\0\0", False),
        (b"", False),
    ],
)
def test_first_mechanism_of_a_token_decides(token: bytes, expected: bool) -> None:
    assert wants_kerberos(token) is expected


def test_kerberos_without_its_library_is_401(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.wire.contexts.kerberos", None)
    client = twin.client()
    client.authorization = "Kerberos YBAGCSqGSIb3EgECAg=="
    assert client.post(b"").status == 401


def test_acceptor_refuses_what_is_no_token() -> None:
    with pytest.raises(ContextError):
        SpnegoAcceptor("credssp", CREDSSP_SEALING).step(b"no TLS at all")


@pytest.mark.parametrize(("principal", "known"), [("user@REALM.TEST", "user"), ("USER@realm.test", "user"), ("other@REALM.TEST", None)])
def test_principal_of_a_realm_is_the_user_of_that_name(principal: str, known: str | None) -> None:
    assert Credentials({"user": "x"}).known_name(principal) == known


def test_whole_url_in_the_first_line_is_understood(twin: Twin) -> None:
    assert twin.client().post(get("full"), path=f"http://{twin.address}:{twin.port}/wsman").status == 200


@pytest.mark.parametrize(("path", "status"), [("/proxied/wsman", 200), ("/wsman", 404)])
def test_service_is_where_its_prefix_says(path: str, status: int, make_twin: Make) -> None:
    twin = make_twin(options=WireOptions(floors=FAST, url_prefix="proxied/wsman"))
    assert twin.client().post(get("full"), path=path).status == status
