# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to sign in beyond NTLM and Basic, at a twin; and the packages that they need."""

from __future__ import annotations

import sys
import types
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman import failures, libraries
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import AuthMethod, Endpoint
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import AuthenticationError, RequestRefusedError

from .scripted import failure_of
from .test_with_twin import RATE, twin

__all__ = ["twin"]

USER, PASSWORD = "Administrator", "Twin-Passw0rd"


def endpoint(twin: dict[str, t.Any], auth: AuthMethod, scheme: str, **changes: t.Any) -> Endpoint:  # noqa: ANN401
    port = twin["tls_port" if scheme == "https" else "port"]
    settings = {"username": USER, "password": PASSWORD, "ca_trust_path": str(twin["certificate"])} | changes
    return Endpoint("n", f"{scheme}://{twin['address']}:{port}/wsman", auth, **settings)


def pem(twin: dict[str, t.Any], part: str) -> str:
    return str(Path(twin["certificate"]).parent / f"twin-{USER}-{part}.pem")


@pytest.fixture(params=["credssp sealed", "credssp over TLS", "certificate"])
def client(request: pytest.FixtureRequest, twin: dict[str, t.Any]) -> Iterator[Client]:
    certificate = {"username": None, "password": None, "cert_pem": pem(twin, "certificate"), "cert_key_pem": pem(twin, "key")}
    settings = {
        "credssp sealed": lambda: endpoint(twin, "credssp", "http"),
        "credssp over TLS": lambda: endpoint(twin, "credssp", "https"),
        "certificate": lambda: endpoint(twin, "certificate", "https", **certificate),
    }[request.param]()
    with Client(settings, Clock(RATE)) as found:
        yield found


def test_answers_short_and_long_are_read(client: Client) -> None:
    assert client.get("root/cimv2", "Win32_OperatingSystem").require_moment("LastBootUpTime")
    assert len(client.query("root/mscluster", "SELECT * FROM MSCluster_Node")) == 4
    # Longer than the pieces that CredSSP cuts messages into.
    assert client.get_class("root/cimv2", "Win32_OperatingSystem").name == "Win32_OperatingSystem"


@pytest.mark.parametrize("auth", ["ntlm", "credssp"])
def test_read_on_a_connection_whose_keys_are_gone_is_asked_again(auth: AuthMethod, twin: dict[str, t.Any]) -> None:
    with Client(endpoint(twin, auth, "http"), Clock(RATE)) as found:
        found.get("root/cimv2", "Win32_OperatingSystem")
        t.cast("t.Any", found)._channel._session.close()
        assert found.get("root/cimv2", "Win32_OperatingSystem").require_moment("LastBootUpTime")


def test_credssp_with_a_wrong_password_is_a_sentence(twin: dict[str, t.Any]) -> None:
    found = failure_of(lambda: Client(endpoint(twin, "credssp", "http", password="Canary-4711"), Clock(RATE)).identify())
    assert isinstance(found, AuthenticationError)
    assert "credssp" in str(found)
    assert "Canary-4711" not in found.sentence()


def test_host_below_the_demanded_version_of_credssp_is_refused(twin: dict[str, t.Any]) -> None:
    found = failure_of(lambda: Client(endpoint(twin, "credssp", "http", credssp_minimum_version=7), Clock(RATE)).identify())
    assert isinstance(found, AuthenticationError)


@pytest.mark.parametrize(
    ("auth", "module", "package"),
    [
        ("kerberos", "kerberos", "pip install 'pywinrm[kerberos]'"),
        ("credssp", "requests_credssp", "pip install 'pywinrm[credssp]'"),
        ("ntlm", "requests_ntlm", "pip install requests-ntlm"),
    ],
)
def test_missing_package_is_named_with_how_to_install_it(
    auth: AuthMethod, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [])
    with pytest.raises(RequestRefusedError, match=f"package {libraries.LIBRARIES[auth].package} is missing") as caught:
        libraries.require_library(auth, "n")
    assert package in caught.value.sentence()


def test_package_of_the_same_name_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kerberos", types.ModuleType("kerberos"))
    with pytest.raises(RequestRefusedError, match="not that of pykerberos") as caught:
        libraries.require_library("kerberos", "n")
    assert "remove it before" in caught.value.sentence()


@pytest.mark.parametrize("text", ["libgssapi_krb5.so.2: cannot open shared object file", "No module named '_cffi'"])
def test_package_that_does_not_load_says_why(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError(text, name="_cffi") if "named" in text else ImportError(text)

    monkeypatch.setattr("importlib.import_module", fail)
    trouble = libraries.trouble_with("kerberos")
    assert trouble is not None
    assert "pykerberos" in trouble[0]
    assert text in trouble[0]


def test_basic_needs_no_package() -> None:
    libraries.require_library("basic", "n")


@pytest.mark.parametrize(
    ("text", "said"), [("No module named 'winrm'", "package pywinrm is missing"), ("bad magic", "does not work (bad magic)")]
)
def test_package_without_which_nothing_works_is_named(text: str, said: str) -> None:
    found = libraries.missing_package(text, "n")
    assert said in str(found)
    assert "pip install pywinrm" in found.sentence()


class KerberosExchangeError(Exception):
    """As pywinrm's."""


def test_what_kerberos_says_about_a_ticket_is_told() -> None:
    said = (
        "authGSSClientInit() failed: (('No credentials were supplied', 458752), "
        '("Can\'t find client principal a@B in cache collection", -1765328243))'
    )
    found = failures.sign_in_failure(KerberosExchangeError(said), Endpoint("n", "http://n1.example:5985/wsman", "kerberos"))
    assert "HTTP/n1.example (Can't find client principal a@B in cache collection)" in str(found)
