# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way to sign in that winrm and psrp offer, from a real inventory to the twin, with a real KDC, real TLS and real NTLM."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.secrets import read_tree

from .clusters import CANARY, USER
from .lab import (
    HOST,
    HTTP,
    HTTPS,
    OTHER_HOST,
    OVERRIDE,
    PASSWORD,
    PRINCIPAL,
    PRINCIPAL_PASSWORD,
    PSRP_HTTP,
    PSRP_HTTPS,
    PSRP_OVERRIDE,
    STRANGER,
    Lab,
    Variables,
    part_of,
    psrp,
    winrm,
)
from .plays import role_play


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start everything once: most of these tests only read."""
    with Lab(tmp_path_factory.mktemp("lab")) as started:
        yield started


WINRM_CASES = {
    "ntlm_sealed": winrm("ntlm", HTTP, PASSWORD, ansible_winrm_message_encryption="always"),
    "ntlm_over_https": winrm("ntlm", HTTPS, PASSWORD),
    "ntlm_sealed_over_https": winrm("ntlm", HTTPS, PASSWORD, ansible_winrm_message_encryption="always"),
    "basic": winrm("basic", HTTPS, PASSWORD),
    "ssl": winrm("ssl", HTTPS, PASSWORD),
    "any_certificate": winrm("basic", PASSWORD, ansible_winrm_scheme="https", ansible_winrm_server_cert_validation="ignore"),
    "credssp_sealed": winrm("credssp", HTTP, PASSWORD),
    "credssp_over_https": winrm("credssp", HTTPS, PASSWORD),
    "certificate": winrm("certificate", HTTPS, ansible_winrm_cert_pem="{cert}", ansible_winrm_cert_key_pem="{key}"),
    "kerberos_sealed": winrm("kerberos", HTTP, OVERRIDE, PASSWORD),
    "kerberos_principal": winrm("kerberos", HTTP, OVERRIDE, PRINCIPAL_PASSWORD),
    "kerberos_over_https": winrm("kerberos", HTTPS, OVERRIDE, PASSWORD),
    "kerberos_by_principal_alone": HTTP | OVERRIDE | PRINCIPAL_PASSWORD,
}

PSRP_CASES = {
    "negotiate_ntlm": psrp(None, PSRP_HTTP, PASSWORD),
    "negotiate_ntlm_over_https": psrp("negotiate", PSRP_HTTPS, PASSWORD),
    "negotiate_kerberos": psrp("negotiate", PSRP_HTTP, PSRP_OVERRIDE, PRINCIPAL_PASSWORD),
    "psrp_kerberos": psrp("kerberos", PSRP_HTTP, PSRP_OVERRIDE, PASSWORD),
    "psrp_ntlm": psrp("ntlm", PSRP_HTTP, PASSWORD, ansible_psrp_message_encryption="always"),
    "psrp_basic": psrp("basic", PSRP_HTTPS, PASSWORD),
    "psrp_any_certificate": psrp("basic", PASSWORD, ansible_psrp_protocol="https", ansible_psrp_cert_validation="ignore"),
    "psrp_credssp": psrp("credssp", PSRP_HTTP, PASSWORD, ansible_psrp_credssp_minimum_version=5),
    "psrp_credssp_by_ntlm": psrp("credssp", PSRP_HTTP, PASSWORD, ansible_psrp_credssp_auth_mechanism="ntlm"),
    "psrp_certificate": psrp("certificate", PSRP_HTTPS, ansible_psrp_certificate_pem="{cert}", ansible_psrp_certificate_key_pem="{key}"),
}


@pytest.fixture(scope="module")
def all_at_once(lab: Lab) -> str:
    """Return the screen of one run whose hosts are all the same node, each reached in another way."""
    return lab.run({name: lab.host(case) for name, case in (WINRM_CASES | PSRP_CASES).items()}).screen


@pytest.mark.parametrize("case", [*WINRM_CASES, *PSRP_CASES])
def test_host_is_reached(case: str, all_at_once: str) -> None:
    said = part_of(all_at_once, case)
    assert said.startswith("SUCCESS"), said
    assert "MIN01-N2" in said


def existing_ticket(lab: Lab, *options: str) -> dict[str, str]:
    """Put a ticket where a user would, and return the environment in which it counts."""
    lab.realm.kinit(USER, *options)
    return {"KRB5CCNAME": lab.realm.client_environment["KRB5CCNAME"]}


@pytest.mark.parametrize(
    "case",
    [
        winrm("kerberos", HTTP, OVERRIDE),
        winrm("kerberos", HTTP, OVERRIDE, ansible_user=PRINCIPAL),
        winrm("kerberos", HTTP, OVERRIDE, PASSWORD, ansible_password="not it", ansible_winrm_kinit_mode="manual"),
        psrp("negotiate", PSRP_HTTP, PSRP_OVERRIDE),
        psrp("kerberos", PSRP_HTTPS, PSRP_OVERRIDE),
    ],
    ids=["nobody", "principal", "manual", "negotiate", "psrp"],
)
def test_ticket_that_is_there_is_used(case: Variables, lab: Lab) -> None:
    run = lab.run({"hv1": lab.host(case)}, environment=existing_ticket(lab))
    assert run.exit_code == 0, run.screen


@pytest.mark.parametrize(("delegation", "tickets"), [(True, 1), (False, 0)])
@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
def test_ticket_is_handed_on_only_when_delegation_is_asked_for(plugin: str, delegation: bool, tickets: int, lab: Lab) -> None:
    case = winrm("kerberos", HTTP, OVERRIDE, PASSWORD, ansible_winrm_kerberos_delegation=delegation)
    if plugin == "psrp":
        case = psrp("kerberos", PSRP_HTTP, PSRP_OVERRIDE, PASSWORD, ansible_psrp_negotiate_delegate=delegation)
    before = lab.realm.forwarded()
    run = lab.run({"hv1": lab.host(case)})
    assert run.exit_code == 0, run.screen
    assert (lab.realm.forwarded() - before > 0) == bool(tickets)


WRONG = {"ansible_password": "wrong-one"}

FAILURES = {
    "kerberos_password": (winrm("kerberos", HTTP, OVERRIDE, PASSWORD, WRONG), f"no ticket for {USER}: Preauthentication failed"),
    "kerberos_user": (winrm("kerberos", HTTP, OVERRIDE, PASSWORD, ansible_user="nobody"), "not found in Kerberos database"),
    "kerberos_realm": (winrm("kerberos", HTTP, OVERRIDE, PASSWORD, ansible_user=f"{USER}@NOWHERE.TEST"), "Cannot find KDC for realm"),
    "kerberos_no_ticket": (winrm("kerberos", HTTP, OVERRIDE), f"no ticket for HTTP/{HOST} (No Kerberos credentials available"),
    "kerberos_by_address": (winrm("kerberos", HTTP, PASSWORD), "@REHEARSAL.TEST not found in Kerberos database"),
    "kerberos_stranger": (winrm("kerberos", HTTP, OVERRIDE, PASSWORD, ansible_user=STRANGER), "does not accept the user by kerberos"),
    "credssp_password": (winrm("credssp", HTTP, PASSWORD, WRONG), "signing in by credssp failed"),
    "ntlm_password": (winrm("ntlm", HTTP, PASSWORD, WRONG), "does not accept the user by ntlm"),
    "basic_password": (winrm("basic", HTTPS, PASSWORD, WRONG), "does not accept the user by basic"),
    "unknown_authority": (winrm("basic", PASSWORD, ansible_winrm_scheme="https"), "certificate is not accepted"),
    "basic_over_http": (winrm("basic", HTTP, PASSWORD), "readable for everybody"),
    "no_such_certificate": (
        winrm("certificate", HTTPS, ansible_winrm_cert_pem="/no/such.pem", ansible_winrm_cert_key_pem="{key}"),
        "/no/such.pem does not exist",
    ),
    "wrong_path": (winrm("ntlm", HTTP, PASSWORD, ansible_winrm_path="/elsewhere"), "no WS-Management service at this path"),
}
"""By the name of a host: how it is reached, and what is said of it."""


@pytest.fixture(scope="module")
def failures_at_once(lab: Lab) -> str:
    """Return the screen of one run whose hosts are all the same node, and none can be reached."""
    run = lab.run({name: lab.host(case) for name, (case, _says) in FAILURES.items()})
    assert run.exit_code == 2, run.screen
    return run.screen


@pytest.mark.parametrize("case", FAILURES)
def test_sign_in_that_fails_gets_a_sentence(case: str, failures_at_once: str) -> None:
    said = part_of(failures_at_once, case)
    assert said.startswith("FAILED"), said
    assert FAILURES[case][1] in said


def test_failed_sign_in_is_no_unreachable_host_and_shows_no_password(failures_at_once: str) -> None:
    assert "UNREACHABLE" not in failures_at_once
    assert "wrong-one" not in failures_at_once


def test_missing_package_for_kerberos_is_named(lab: Lab) -> None:
    run = lab.run({"hv1": lab.host(winrm("kerberos", HTTP, OVERRIDE, PASSWORD))}, environment={"PYTHONPATH": os.devnull})
    assert run.exit_code == 2, run.screen
    assert "the Python package pykerberos is missing" in run.screen
    assert "pip install 'pywinrm[kerberos]'" in run.screen


def test_wrong_package_for_kerberos_is_named(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "kerberos.py").write_text("class GSSError(Exception): pass\n", encoding="utf-8")
    run = lab.run({"hv1": lab.host(winrm("kerberos", HTTP, OVERRIDE, PASSWORD))}, environment={"PYTHONPATH": str(tmp_path)})
    assert run.exit_code == 2, run.screen
    assert "the Python module kerberos is not that of pykerberos" in run.screen


RUNS = {
    "kerberos": [winrm("kerberos", HTTP, PASSWORD, ansible_winrm_kerberos_hostname_override=name) for name in (HOST, OTHER_HOST)],
    "credssp": [winrm("credssp", HTTP, PASSWORD)] * 2,
    "mixed": [psrp("kerberos", PSRP_HTTP, PSRP_OVERRIDE, PRINCIPAL_PASSWORD), winrm("ntlm", HTTP, PASSWORD)],
}


@pytest.mark.parametrize("way", RUNS)
def test_whole_run_is_done(way: str, tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        hosts = {f"hv{number + 1}": lab.host(case, number) for number, case in enumerate(RUNS[way])}
        run = lab.play(hosts, role_play())
        assert run.exit_code == 0, run.screen
        assert sum(event["event"] == "update_installed" for event in lab.twin.events()) == 2
        assert {line["user"] for line in lab.twin.requests()} == {USER}
        # Neither password nor ticket is in a file of the controller, and no cache of tickets has come to be.
        assert not list(tmp_path.glob("*tickets*"))
        outputs = read_tree(tmp_path / "run1", without=frozenset({tmp_path / "run1" / "hosts.yml"}))
        assert [name for name, text in outputs.items() if CANARY in text] == []
