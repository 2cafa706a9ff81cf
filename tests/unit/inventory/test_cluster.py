# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin with clusters that are made up: options, names, groups, what reaches the connection."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.doc_fragments import constructed, inventory_cache
from ansible_collections.cluster_aware.updating.plugins.inventory import cluster as plugin
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import ClusterInfo, ClusterNode, NodeState
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from hypothesis import given
from hypothesis import strategies as st

NAME = "cluster_aware.updating.cluster"
SECRET = "canary-S3cret"

Parse = Callable[..., InventoryData]


class FakeNode:
    """A node that tells what a test wants."""

    def __init__(self, info: ClusterInfo, nodes: list[ClusterNode]) -> None:
        self.cluster = self
        self._info = info
        self._nodes = nodes

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def info(self) -> ClusterInfo:
        return self._info

    def nodes(self) -> list[ClusterNode]:
        return self._nodes


@pytest.fixture(scope="module", autouse=True)
def documented_options() -> None:
    """Tell Ansible the plugin's options, as its loader does where the collection is installed."""
    texts = [constructed.ModuleDocFragment.DOCUMENTATION, inventory_cache.ModuleDocFragment.DOCUMENTATION, plugin.DOCUMENTATION]
    options: dict[str, t.Any] = {}
    for text in texts:
        options |= yaml.safe_load(text)["options"]
    constants.config.initialize_plugin_configuration_definitions("inventory", NAME, options)


@pytest.fixture
def asked() -> list[Endpoint]:
    """What was asked, in order."""
    return []


@pytest.fixture
def answers() -> dict[str, FakeNode | OperationError]:
    """What each address answers."""
    nodes = [ClusterNode("HV01-N1", NodeState.UP, site="Berlin", build_number=20348), ClusterNode("HV01-N2", NodeState.DOWN)]
    return {"hv01": FakeNode(ClusterInfo("HV01", fqdn="HV01.contoso.com", functional_level=11), nodes)}


@pytest.fixture
def parse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[Endpoint], answers: dict[str, FakeNode | OperationError]
) -> Parse:
    def open_node(endpoint: Endpoint, _clock: object) -> FakeNode:
        asked.append(endpoint)
        found = answers[endpoint.name]
        if isinstance(found, OperationError):
            raise found
        return found

    def parsed(refresh: bool = False, **options: t.Any) -> InventoryData:  # noqa: ANN401 - as YAML has it
        path = tmp_path / "hv.cluster.yml"
        given = {"plugin": NAME, "clusters": ["hv01"], "username": "svc", "password": SECRET, "transport": "ntlm"} | options
        path.write_text(yaml.safe_dump(given), encoding="utf-8")
        inventory = InventoryData()
        monkeypatch.setattr(plugin, "open_node", open_node)
        made = plugin.InventoryModule()
        made._load_name = made.ansible_name = NAME
        made._redirected_names = [NAME]
        made.parse(inventory, DataLoader(), str(path), not refresh)
        made.update_cache_if_changed()
        return inventory

    return parsed


def variables(inventory: InventoryData, host: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", inventory.get_host(host).get_vars())


@pytest.mark.parametrize(
    ("name", "is_meant"), [("cluster.yml", True), ("hv.cluster.yaml", True), ("hosts.yml", False), ("cluster.json", False)]
)
def test_file_is_taken_by_its_name(name: str, is_meant: bool, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("plugin: x\n", encoding="utf-8")
    assert plugin.InventoryModule().verify_file(str(path)) is is_meant


def test_hosts_have_no_user_and_no_password(parse: Parse) -> None:
    more = {"ansible_winrm_pass": SECRET, "ansible_winrm_proxy": f"http://me:{SECRET}@proxy:3128", "ansible_winrm_service": "HOST"}
    found = variables(parse(connection_variables=more), "hv01-n1.contoso.com")
    assert SECRET not in str(found)
    assert "ansible_user" not in found
    assert found["ansible_winrm_service"] == "HOST"


def test_options_reach_the_connection(parse: Parse, asked: list[Endpoint]) -> None:
    more = {"ansible_winrm_path": "/own", "ansible_winrm_kerberos_hostname_override": "n1.contoso.com"}
    parse(port=5986, ca_trust_path="/ca.pem", certificate_validation="ignore", connection_variables=more)
    endpoint = asked[0]
    assert (endpoint.url, endpoint.auth, endpoint.username, endpoint.password) == ("https://hv01:5986/own", "ntlm", "svc", SECRET)
    assert (endpoint.ca_trust_path, endpoint.verify_certificate) == ("/ca.pem", False)
    assert endpoint.kerberos_hostname_override == "n1.contoso.com"


def test_environment_fills_what_the_file_leaves_out(parse: Parse, asked: list[Endpoint], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTER_AWARE_UPDATING_USERNAME", "from-awx")
    monkeypatch.setenv("CLUSTER_AWARE_UPDATING_PASSWORD", "awx-S3cret")
    parse(username=None, password=None)
    assert (asked[0].username, asked[0].password) == ("from-awx", "awx-S3cret")


def test_password_may_be_an_expression(parse: Parse, asked: list[Endpoint]) -> None:
    parse(password="{{ 'can' ~ 'ary' }}")
    assert asked[0].password == "canary"


def test_group_and_host_names_follow_the_options(parse: Parse) -> None:
    inventory = parse(group_by=["site"], host_names="node")
    assert set(inventory.hosts) == {"hv01-n1", "hv01-n2"}
    assert set(inventory.groups) == {"all", "ungrouped", "site_berlin"}
    assert variables(inventory, "hv01-n2")["ansible_host"] == "hv01-n2.contoso.com"


def test_cluster_without_a_domain_gives_short_names(parse: Parse, answers: dict[str, FakeNode | OperationError]) -> None:
    answers["hv01"] = FakeNode(ClusterInfo("HV01"), [ClusterNode("HV01-N1", NodeState.UP)])
    assert set(parse().hosts) == {"hv01-n1"}


def test_next_name_of_an_entry_is_asked_when_the_first_fails(
    parse: Parse, answers: dict[str, FakeNode | OperationError], asked: list[Endpoint]
) -> None:
    answers["gone"] = OperationError("no answer", node="gone")
    assert len(parse(clusters=["gone, hv01"]).hosts) == 2
    assert [endpoint.name for endpoint in asked] == ["gone", "hv01"]


def test_another_list_of_clusters_is_not_answered_from_the_cache(
    parse: Parse, answers: dict[str, FakeNode | OperationError], asked: list[Endpoint], tmp_path: Path
) -> None:
    cached = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    answers["hv02"] = FakeNode(ClusterInfo("HV02"), [ClusterNode("HV02-N1", NodeState.UP)])
    parse(**cached)
    assert set(parse(clusters=["hv02"], **cached).hosts) == {"hv02-n1"}
    parse(**cached)
    assert [endpoint.name for endpoint in asked] == ["hv01", "hv02"]


def test_refresh_asks_again_although_the_cache_has_an_answer(parse: Parse, asked: list[Endpoint], tmp_path: Path) -> None:
    cached = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    parse(**cached)
    parse(refresh=True, **cached)
    assert len(asked) == 2


def test_last_reason_is_told_when_every_name_of_an_entry_fails(parse: Parse, answers: dict[str, FakeNode | OperationError]) -> None:
    answers["gone"] = OperationError("no answer at all", node="gone")
    with pytest.raises(AnsibleParserError, match="gone: no answer at all"):
        parse(clusters=["gone"])


def test_entry_without_a_name_is_refused(parse: Parse) -> None:
    with pytest.raises(AnsibleParserError, match="names no host"):
        parse(clusters=[" , "])


def test_password_in_a_message_is_hidden(parse: Parse, answers: dict[str, FakeNode | OperationError]) -> None:
    answers["hv01"] = OperationError(f"who is {SECRET}?")
    with pytest.raises(AnsibleParserError) as caught:
        parse()
    assert SECRET not in str(caught.value)


def test_wrong_expression_fails_only_where_that_is_wanted(parse: Parse) -> None:
    assert len(parse(compose={"wrong": "nothing.there"}).hosts) == 2
    with pytest.raises(AnsibleParserError, match="wrong"):
        parse(compose={"wrong": "nothing.there"}, strict=True)


@pytest.mark.parametrize("name", ["", "../up", "{{ 1 }}", "a b", "n1\n", "-n1", "n1;reboot"])
def test_node_with_an_impossible_name_is_refused(parse: Parse, answers: dict[str, FakeNode | OperationError], name: str) -> None:
    answers["hv01"] = FakeNode(ClusterInfo("HV01"), [ClusterNode(name, NodeState.UP)])
    with pytest.raises(AnsibleParserError, match="no name of a computer"):
        parse()


@given(st.text())
def test_name_is_refused_or_harmless(name: str) -> None:
    info, node = ClusterInfo("HV01"), ClusterNode(name, NodeState.UP)
    try:
        described = plugin.described(info, [node])
    except plugin.NameRefusedError:
        return
    assert described["nodes"][0]["cluster_node"] == name
    assert not set(name) & set("{}%#\\/;:'\" \n\t")
