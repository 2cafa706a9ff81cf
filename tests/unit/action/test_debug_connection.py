# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task debug_connection: which step fails for which reason, what is told of the controller, and what is not."""

from __future__ import annotations

import importlib
import socket
import ssl
import sys
import threading
import types
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.cluster_aware.updating.plugins.action import debug_connection
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError, Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman import transport, xml_stream
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client, Identity
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import (
    AuthenticationError,
    HttpStatusError,
    NotReachableError,
    TlsError,
    WsmanError,
)
from ansible_collections.cluster_aware.updating.plugins.plugin_utils import _certificate, _controller_facts, _first_contact
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._first_contact import FirstContact, Step
from hypothesis import given
from hypothesis import strategies as st

from .playbook import PASSWORD, Playbook

ENDPOINT = Endpoint(name="hv-a", url="http://127.0.0.1:5985/wsman", auth="ntlm", username="svc", password=PASSWORD)


class FakeClient:
    """A client whose Identify says what a test wants; nothing else is there."""

    name = "hv-a"

    def __init__(self, answer: Identity | OperationError) -> None:
        self._answer = answer

    def identify(self) -> Identity:
        if isinstance(self._answer, OperationError):
            raise self._answer
        return self._answer

    def close(self) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def endpoint(port: int, scheme: str = "http", **changes: t.Any) -> Endpoint:  # noqa: ANN401 - see Endpoint
    options = {"name": "hv-a", "url": f"{scheme}://127.0.0.1:{port}/wsman", "auth": "ntlm", "username": "svc", "password": PASSWORD}
    return Endpoint(**(options | changes))


def contact(where: Endpoint, answer: Identity | OperationError) -> dict[str, Step]:
    def open_client(_endpoint: Endpoint, _clock: Clock, *, read_tries: int) -> Client:
        assert read_tries == 1
        return t.cast(Client, FakeClient(answer))

    steps = FirstContact(where, Clock(), lambda _step: None, open_client).run()
    return {step.step: step for step in steps}


def failed(steps: dict[str, Step]) -> Step:
    return next(step for step in steps.values() if step.state == "failed")


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (AuthenticationError("no", remedy="Mend it"), "authentication"),
        (NotReachableError("took the connection and did not answer"), "authentication"),
        (TlsError("not trusted"), "authentication"),
        (HttpStatusError(404, "nothing here", outcome=Outcome.FAILED), "identify"),
        (WsmanError("garbled"), "identify"),
    ],
)
def test_error_of_the_first_exchange_belongs_to_its_step(error: OperationError, step: str, port: int) -> None:
    steps = contact(endpoint(port), error)
    assert (failed(steps).step, failed(steps).text, failed(steps).remedy) == (step, error.message, error.remedy)
    assert {steps[name].state for name in ("cluster", "cau_provider", "rights")} == {"skipped"}


def test_every_step_is_told_once_whatever_fails(port: int, closed_port: int) -> None:
    for where in (endpoint(port), endpoint(closed_port), endpoint(port, "https", connect_timeout=0.2)):
        assert tuple(contact(where, WsmanError("no"))) == _first_contact.STEPS


def test_port_that_does_not_speak_tls_fails_at_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = endpoint(server.getsockname()[1], "https")
        server.settimeout(20)

        def answer_in_plain_text() -> None:
            # The step before has its own connection.
            for _connection in range(2):
                connection, _peer = server.accept()
                with connection:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer_in_plain_text, daemon=True)
        thread.start()
        steps = contact(where, WsmanError("no"))
        thread.join(20)
    assert failed(steps).step == "tls"
    assert "does not speak TLS" in failed(steps).text


def test_missing_file_of_trusted_certificates_is_an_error() -> None:
    with pytest.raises(OSError, match="No such file"):
        _first_contact.trusting("/nowhere/ca.pem")


def test_connection_without_a_given_authority_trusts_what_requests_trusts() -> None:
    assert isinstance(_first_contact.trusting(None), ssl.SSLContext)


def test_proxy_is_what_is_connected_to(port: int) -> None:
    where = endpoint(1, "https", proxy=f"http://user:{PASSWORD}@127.0.0.1:{port}")
    steps = contact(where, AuthenticationError("no"))
    assert steps["name"].text == "the proxy 127.0.0.1 is 127.0.0.1"
    assert (steps["tcp"].state, steps["tls"].state) == ("passed", "skipped")
    assert PASSWORD not in str(steps)


def test_library_that_raises_anything_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise SystemError(f"{name} was built for another Python")

    monkeypatch.setattr(importlib, "import_module", broken)
    problems = {library["package"]: library["problem"] for library in _controller_facts.libraries("ntlm")}
    assert problems["requests-ntlm"] == "SystemError: requests_ntlm was built for another Python"


@pytest.mark.parametrize("module", [transport, xml_stream])
def test_package_without_which_nothing_works_fails_at_the_libraries(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MISSING", "No module named 'winrm'")
    steps = contact(ENDPOINT, WsmanError("no"))
    assert (failed(steps).step, failed(steps).text) == ("libraries", "the Python package pywinrm is missing")
    assert {steps[name].state for name in _first_contact.STEPS[1:]} == {"skipped"}


def test_package_of_the_method_fails_at_the_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests_ntlm", None)
    steps = contact(ENDPOINT, WsmanError("no"))
    assert failed(steps).step == "libraries"
    assert "pip install requests-ntlm" in str(failed(steps).remedy)


def test_library_of_another_method_is_not_needed() -> None:
    needed = {library["package"]: library["needed_here"] for library in _controller_facts.libraries("basic")}
    assert needed["pywinrm"] is True
    assert (needed["requests-ntlm"], needed["pywinrm[kerberos]"], needed["smbprotocol"]) == (False, False, False)


def test_endpoint_is_shown_without_password_and_credentials_of_the_proxy() -> None:
    where = Endpoint(name="hv-a", url="https://hv-a:5986/wsman", auth="basic", password=PASSWORD, proxy=f"http://me:{PASSWORD}@proxy:3128/x")
    shown = debug_connection.shown(where)
    assert PASSWORD not in str(shown)
    assert shown["has_password"] is True
    assert shown["proxy"] == "http://proxy:3128/x"


def test_task_ends_well_when_the_contact_fails(playbook: Playbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FirstContact, "run", lambda self: [Step("tcp", "failed", "refused", "Start the service")])
    result = playbook.run("debug_connection", "hv-a")
    assert (result["failed_step"], result["changed"]) == ("tcp", False)
    assert result["msg"] == "hv-a: tcp: refused. Start the service."
    assert PASSWORD not in str(result)


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"MANIFEST.json": '{"collection_info": {"version": "1.2.3"}}', "galaxy.yml": "version: 9.9.9"}, "1.2.3"),
        ({"galaxy.yml": "version: 0.2.0\n"}, "0.2.0 (checkout)"),
        ({"MANIFEST.json": "[]"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_version_of_the_collection_is_told(files: dict[str, str], version: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert _controller_facts.collection_version(tmp_path) == version


def test_heimdal_tells_tickets_in_its_own_form() -> None:
    text = (
        "Credentials cache: KCM:0\n        Principal: svc@EXAMPLE.TEST\n\n  Issued                Expires               Principal\n"
        "Nov 25 08:00:00 2026  Nov 25 18:00:00 2026  HTTP/hv-a.example.test@EXAMPLE.TEST\n"
    )
    assert _controller_facts.read_klist(text) == {
        "cache": "KCM:0",
        "principal": "svc@EXAMPLE.TEST",
        "tickets": [{"service": "HTTP/hv-a.example.test@EXAMPLE.TEST", "times": "Nov 25 08:00:00 2026 Nov 25 18:00:00 2026"}],
    }


@given(st.text())
def test_any_output_of_klist_is_read(text: str) -> None:
    assert isinstance(_controller_facts.read_klist(text)["tickets"], list)


def test_klist_that_fails_is_told_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "klist"
    script.write_text("#!/bin/sh\necho 'No credentials cache found' >&2\nexit 1\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert _controller_facts.kerberos()["problem"] == "No credentials cache found"


def test_first_configuration_that_names_a_realm_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").write_text("[libdefaults]\n", encoding="utf-8")
    (tmp_path / "two").write_text("[libdefaults]\n\tdefault_realm = TWO.TEST\n", encoding="utf-8")
    monkeypatch.setenv("KRB5_CONFIG", f"{tmp_path}/none:{tmp_path}/one:{tmp_path}/two")
    assert _controller_facts.kerberos()["default_realm"] == "TWO.TEST"


@given(st.binary())
def test_certificate_that_is_none_gives_unknown_facts(octets: bytes) -> None:
    assert _certificate.certificate_facts(octets)["not_after"] == "unknown"


def test_certificate_is_told_without_the_library_that_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_certificate, "MISSING", "No module named 'cryptography'")
    assert _certificate.certificate_facts(b"x")["names"] == []
