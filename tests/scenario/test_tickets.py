# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often a ticket is asked for, and that threads do not get each other's: by a process with pykerberos, at a real KDC."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.kdc import DOMAIN, Kdc
from tests.harness.kerberos_package import search_path
from tests.harness.processes import CHECKOUT, clean_environment

USERS = {"one": "Passw0rd-of-one", "two": "Passw0rd-of-two"}

PREPARATION = f"""
import threading, kerberos
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.tickets import choose_ticket
def endpoint(user, password, gets_ticket=True):
    return Endpoint("n", "http://n:5985/wsman", "kerberos", user, password, gets_ticket=gets_ticket)
def sign_in():
    _result, context = kerberos.authGSSClientInit("HTTP@n.{DOMAIN}", principal=None)
    kerberos.authGSSClientStep(context, "")
    return kerberos.authGSSClientResponse(context)
one, two = endpoint("one", "Passw0rd-of-one"), endpoint("two", "Passw0rd-of-two")
"""


def run(realm: Kdc, script: str) -> str:
    """Run a script in a process that has pykerberos, and return what it prints."""
    paths = f"{search_path()}:{CHECKOUT}/build/collections"
    environment = clean_environment(realm.directory, {**realm.client_environment, "PYTHONPATH": paths})
    answer = subprocess.run(
        [sys.executable, "-c", PREPARATION + script], check=False, capture_output=True, text=True, env=environment, timeout=60
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize(("life", "logins"), [("10h", 1), ("4m", 3)])
def test_ticket_is_asked_for_again_only_when_it_ends_soon(life: str, logins: int, tmp_path: Path) -> None:
    with Kdc(tmp_path, USERS, life=life) as realm:
        realm.add_services([f"n.{DOMAIN}"])
        run(realm, "for _ in range(3): choose_ticket(one); sign_in()")
        assert realm.logins() == logins


def test_each_thread_signs_in_with_its_own_ticket(tmp_path: Path) -> None:
    with Kdc(tmp_path, USERS) as realm:
        realm.add_services([f"n.{DOMAIN}"])
        script = """
def other():
    choose_ticket(two)
    sign_in()
choose_ticket(one)
thread = threading.Thread(target=other); thread.start(); thread.join()
sign_in()
"""
        run(realm, script)
        asked = [line for line in realm.log().splitlines() if f"for HTTP/n.{DOMAIN}" in line]
        assert ["one@" in line for line in asked] == [False, True]


def test_existing_ticket_counts_after_one_by_password(tmp_path: Path) -> None:
    with Kdc(tmp_path, USERS) as realm:
        realm.add_services([f"n.{DOMAIN}"])
        realm.kinit("two")
        run(realm, "choose_ticket(one); sign_in(); choose_ticket(endpoint(None, None, gets_ticket=False)); sign_in()")
        asked = [line for line in realm.log().splitlines() if f"for HTTP/n.{DOMAIN}" in line]
        assert ["two@" in line for line in asked] == [False, True]


def test_kdc_that_does_not_answer_is_named_with_a_remedy(tmp_path: Path) -> None:
    with Kdc(tmp_path, USERS) as realm:
        realm.stop()
        script = """
try:
    choose_ticket(one)
except Exception as error:
    print(error.sentence())
"""
        said = run(realm, script)
    assert "n: Kerberos gave no ticket for one: Cannot contact any KDC for realm 'REHEARSAL.TEST'. Write the user as user@REALM" in said
    assert "Passw0rd" not in said


def test_library_that_is_not_mits_is_told(tmp_path: Path) -> None:
    with Kdc(tmp_path, USERS) as realm:
        script = """
import ctypes
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman import tickets
tickets._library = lambda: ctypes.CDLL(None)
try:
    choose_ticket(one)
except Exception as error:
    print(error.sentence())
"""
        assert "is not MIT's" in run(realm, script)
