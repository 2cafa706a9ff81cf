# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to a host and sources of its password: proxies, IPv6, other ports and paths, -k, vault; become and delegate_to."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.proxy import Proxy
from tests.harness.twin import free_block

from .clusters import CANARY, USER
from .lab import HTTP, HTTPS, OVERRIDE, PASSWORD, PSRP_HTTP, PSRP_HTTPS, Lab, Variables, psrp, winrm
from .plays import task_play

NTLM = winrm("ntlm", HTTP, PASSWORD)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start everything once: these tests only read."""
    with Lab(tmp_path_factory.mktemp("lab")) as started:
        yield started


@pytest.mark.parametrize(
    ("case", "option", "method"),
    [
        (NTLM, "ansible_winrm_proxy", "POST http://"),
        (winrm("basic", HTTPS, PASSWORD), "ansible_winrm_proxy", "CONNECT "),
        (winrm("kerberos", HTTP, OVERRIDE, PASSWORD), "ansible_winrm_proxy", "POST http://"),
        (psrp("ntlm", PSRP_HTTP, PASSWORD), "ansible_psrp_proxy", "POST http://"),
        (psrp("basic", PSRP_HTTPS, PASSWORD), "ansible_psrp_proxy", "CONNECT "),
    ],
    ids=["ntlm", "https", "kerberos", "psrp", "psrp https"],
)
def test_proxy_of_the_connection_is_used(case: Variables, option: str, method: str, lab: Lab) -> None:
    with Proxy() as proxy:
        run = lab.run({"hv1": lab.host(case | {option: proxy.url})})
    assert run.exit_code == 0, run.screen
    assert proxy.asked
    assert all(each.startswith(f"{method}{lab.twin.nodes[0].address}") for each in proxy.asked)


@pytest.mark.parametrize("case", [NTLM, psrp("ntlm", PSRP_HTTP, PASSWORD)], ids=["winrm", "psrp"])
def test_proxies_of_the_environment_do_not_count(case: Variables, lab: Lab) -> None:
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:1")
    run = lab.run({"hv1": lab.host(case)}, environment=nowhere)
    assert run.exit_code == 0, run.screen


def test_password_of_a_proxy_is_shown_nowhere(lab: Lab) -> None:
    run = lab.run({"hv1": lab.host(NTLM | {"ansible_winrm_proxy": f"http://user:{'Canary-of-proxy'}@127.0.0.1:1"})}, "-vvvvv")
    assert run.exit_code == 2, run.screen
    assert "the proxy of this connection does not answer" in run.screen
    assert "Canary-of-proxy" not in run.screen


def test_ipv6_address_is_reached_at_other_ports(tmp_path: Path) -> None:
    with Lab(tmp_path, size=1, address="::1", ports=(free_port(), free_port())) as lab:
        cases = {"plain": NTLM, "secure": winrm("basic", HTTPS, PASSWORD), "psrp": psrp(None, PSRP_HTTPS, PASSWORD)}
        run = lab.run({name: lab.host(case) for name, case in cases.items()})
    assert run.exit_code == 0, run.screen
    assert run.screen.count("SUCCESS") == 3


def free_port() -> int:
    """Return a port of the IPv6 loopback address on which nobody listens."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        return int(listener.getsockname()[1])


def test_other_ports_and_another_path_are_reached(tmp_path: Path) -> None:
    with Lab(tmp_path, wire={"url_prefix": "gate/wsman"}, address=free_block(), ports=(15985, 15986)) as lab:
        hosts = {
            "winrm": lab.host(NTLM | {"ansible_winrm_path": "/gate/wsman"}),
            "psrp": lab.host(psrp("ntlm", PSRP_HTTPS, PASSWORD) | {"ansible_psrp_path": "gate/wsman"}),
        }
        run = lab.run(hosts)
        assert {host["ansible_port"] for host in hosts.values()} == {15985, 15986}
    assert run.exit_code == 0, run.screen
    assert run.screen.count("SUCCESS") == 2


def without_credentials(case: Variables) -> Variables:
    return {name: value for name, value in case.items() if name not in PASSWORD}


@pytest.mark.parametrize("case", [NTLM, winrm("kerberos", HTTP, OVERRIDE), psrp("ntlm", PSRP_HTTP)], ids=["ntlm", "kerberos", "psrp"])
def test_user_and_password_of_the_command_line_as_awx_gives_them(case: Variables, lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(CANARY, encoding="utf-8")
    hosts = {f"hv{number + 1}": lab.host(without_credentials(case), number) for number in (0, 1)}
    hosts["hv2"] = lab.host(without_credentials(NTLM), 1)
    before = len(lab.twin.requests())
    run = lab.run(hosts, "-u", USER, "--connection-password-file", str(tmp_path / "password"), "-a", "members=all", pattern="hv1")
    assert run.exit_code == 0, run.screen
    assert CANARY not in run.screen
    # The other node is reached with them too.
    assert {line["node"] for line in lab.twin.requests()[before:]} == {"MIN01-N1", "MIN01-N2"}


def test_password_in_a_vault_is_used(lab: Lab, tmp_path: Path) -> None:
    key = tmp_path / "vault-password"
    key.write_text("key of the vault", encoding="utf-8")
    variables = tmp_path / "credentials.yml"
    variables.write_text(f"ansible_user: {USER}\nansible_password: {json.dumps(CANARY)}\n", encoding="utf-8")
    controller, _unused = lab.controller({})
    assert controller.run("ansible-vault", "encrypt", "--vault-password-file", str(key), str(variables)).exit_code == 0
    assert CANARY not in variables.read_text(encoding="utf-8")
    run = lab.run({"hv1": lab.host(without_credentials(NTLM))}, "-e", f"@{variables}", "--vault-password-file", str(key))
    assert run.exit_code == 0, run.screen
    assert CANARY not in run.screen


@pytest.mark.parametrize("case", [NTLM, psrp("ntlm", PSRP_HTTP, PASSWORD)], ids=["winrm", "psrp"])
def test_become_has_no_effect_and_says_so(case: Variables, lab: Lab) -> None:
    run = lab.run({"hv1": lab.host(case)}, "--become", "--become-user", "somebody")
    assert run.exit_code == 0, run.screen
    assert "become has no effect on the tasks of" in " ".join(run.screen.split())


INFO: Variables = {"cluster_aware.updating.cluster_info": {}}


def test_delegated_task_works_by_the_connection_of_the_other_node(lab: Lab) -> None:
    hosts = {"hv1": lab.host(NTLM | {"ansible_password": "not used"}), "hv2": lab.host(NTLM, 1)}
    before = len(lab.twin.requests())
    run = lab.play(hosts, [task_play(INFO | {"delegate_to": "hv2"}, hosts="hv1")])
    assert run.exit_code == 0, run.screen
    assert {line["node"] for line in lab.twin.requests()[before:]} == {"MIN01-N2"}


def test_task_delegated_to_localhost_is_refused(lab: Lab) -> None:
    before = len(lab.twin.requests())
    run = lab.play({"hv1": lab.host(NTLM)}, [task_play(INFO | {"delegate_to": "localhost"}, hosts="hv1")])
    assert run.exit_code == 2, run.screen
    assert "the connection type is local" in run.screen
    assert len(lab.twin.requests()) == before
