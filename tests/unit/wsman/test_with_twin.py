# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client and the twin, written apart from the same papers, understand each other."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import Client
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import AuthenticationError, FaultError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .scripted import failure_of

CHECKOUT = Path(__file__).parents[3]
NAMESPACE = "root/microsoft/windows/clusterupdate"
GUID = "0a0a0a0a-0000-4000-8000-00000000000c"
RATE = 100


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """Start a small twin and return what it says about its first node."""
    folder = tmp_path_factory.mktemp("twin")
    address = f"127.77.{os.getpid() % 200 + 1}.1"
    ports = ["--address", address, "--port", str(_free_port(address)), "--tls-port", str(_free_port(address))]
    command = [sys.executable, "-m", "simulator", "serve", "hyperv-four-nodes", *ports, "--rate", str(RATE)]
    with subprocess.Popen([*command, "--ready-file", str(folder / "told.json")], cwd=CHECKOUT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            told = folder / "told.json"
            limit = time.monotonic() + 30
            while not told.exists():
                assert process.poll() is None
                assert time.monotonic() < limit
                select.select([process.stdout], [], [], 0.1)
            yield json.loads(told.read_text())["nodes"][0]
        finally:
            process.terminate()


@pytest.fixture(params=["ntlm sealed", "ntlm over TLS", "basic over TLS"])
def client(request: pytest.FixtureRequest, twin: dict[str, object]) -> Iterator[Client]:
    sealed = Endpoint("n", f"http://{twin['address']}:{twin['port']}/wsman", "ntlm", "Administrator", "Twin-Passw0rd")
    tls = replace(sealed, url=f"https://{twin['address']}:{twin['tls_port']}/wsman", ca_trust_path=str(twin["certificate"]))
    endpoint = {"ntlm sealed": sealed, "ntlm over TLS": tls, "basic over TLS": replace(tls, auth="basic")}[request.param]
    with Client(endpoint, Clock(RATE)) as found:
        yield found


def test_short_operations_work(client: Client) -> None:
    assert client.identify().vendor == "Microsoft Corporation"
    assert client.configuration().max_timeout_ms == 60000
    assert client.get("root/cimv2", "Win32_OperatingSystem").require_moment("LastBootUpTime")
    assert len(client.query("root/mscluster", "SELECT * FROM MSCluster_Node")) == 4
    assert len(client.enumerate("root/mscluster", "MSCluster_Node")) == 4
    assert client.get_class(NAMESPACE, "MSFT_CAUNode").has_parameter("ScanUpdates", "Info")


def test_node_session_and_streamed_scan_work(client: Client) -> None:
    keys = {"OrchestratorGuid": GUID}
    assert client.create(NAMESPACE, "MSFT_CAUNode", keys) == keys
    found = client.invoke_robust(
        NAMESPACE,
        "MSFT_CAUNode",
        "ScanUpdates",
        {"QueryString": "IsInstalled=0 and Type='Software' and IsHidden=0", "IncludeRecommendedUpdates": False},
        keys=keys,
        kind=Kind.READ,
        deadline_seconds=3600,
    )
    assert found.require_integer("ReturnValue") == 0
    assert all(info.require_text("UpdateId") for info in found.instances("Info"))
    assert len(found.instances("Info")) > 1
    client.delete(NAMESPACE, "MSFT_CAUNode", keys)
    error = failure_of(lambda: client.delete(NAMESPACE, "MSFT_CAUNode", keys))
    assert isinstance(error, FaultError)
    assert error.is_not_found


def test_unknown_class_is_a_fault(client: Client) -> None:
    error = failure_of(lambda: client.query("root/cimv2", "SELECT * FROM NoSuchClass"))
    assert isinstance(error, FaultError)
    assert error.is_class_missing


def test_wrong_password_is_refused(client: Client) -> None:
    with Client(replace(client.endpoint, password="wrong"), Clock(RATE)) as stranger:
        assert isinstance(failure_of(stranger.identify), AuthenticationError)
