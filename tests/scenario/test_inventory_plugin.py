# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin, by ansible-inventory against the twin."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Mapping

import yaml

from tests.harness.controller import Finished
from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count

Open = Callable[..., Stage]

PASSWORD = {"CLUSTER_AWARE_UPDATING_PASSWORD": clusters.CANARY}
SITES = [{"name": "MIN01-N1", "site": "Berlin"}, {"name": "MIN01-N2", "site": "Sankt Gallen"}]


def address(stage: Stage, node: str) -> str:
    return next(each.address for each in stage.twin.nodes if each.node == node)


def write_source(stage: Stage, *asked: str, **options: t.Any) -> str:  # noqa: ANN401 - as YAML has it
    """Write a source over NTLM; the twin's names are in no DNS, so that compose gives the addresses."""
    addresses = {each.node: each.address for each in stage.twin.nodes}
    source = {
        "plugin": "cluster_aware.updating.cluster",
        "clusters": list(asked),
        "username": stage.user,
        "port": 5985,
        "transport": "ntlm",
        "connection_variables": {"ansible_winrm_message_encryption": "always"},
        "compose": {"ansible_host": f"{addresses}[cluster_node]"},
    }
    path = stage.directory / "hv.cluster.yml"
    path.write_text(yaml.safe_dump(source | options, sort_keys=False), encoding="utf-8")
    return str(path)


def listed(stage: Stage, source: str, extra: Mapping[str, str] | None = None) -> tuple[Finished, dict[str, t.Any]]:
    output = stage.directory / "listed.json"
    environment = PASSWORD if extra is None else extra
    run = stage.controller.run("ansible-inventory", "-i", source, "--list", "--output", str(output), extra=environment)
    # Texts of nodes come marked, so that nobody who reads the list takes them for templates.
    marked = output.read_text(encoding="utf-8") if output.exists() else "{}"
    return run, json.loads(marked, object_hook=lambda found: found.get("__ansible_unsafe", found))


def members(found: Mapping[str, t.Any]) -> dict[str, list[str]]:
    return {name: group["hosts"] for name, group in found.items() if name != "_meta" and "hosts" in group}


def test_nodes_become_hosts_in_groups_by_cluster_state_site_and_level(opened: Open) -> None:
    stage = opened(clusters.cluster(nodes=SITES))
    run, found = listed(stage, write_source(stage, address(stage, "MIN01-N1")))
    assert run.exit_code == 0, run.screen
    first, second = "min01-n1.example.test", "min01-n2.example.test"
    assert members(found) == {
        "cluster_min01": [first, second],
        "state_up": [first, second],
        "site_berlin": [first],
        "site_sankt_gallen": [second],
        "functional_level_10": [first, second],
    }
    assert found["_meta"]["hostvars"][first] == {
        "ansible_connection": "winrm",
        "ansible_host": address(stage, "MIN01-N1"),
        "ansible_port": 5985,
        "ansible_winrm_message_encryption": "always",
        "ansible_winrm_server_cert_validation": "validate",
        "ansible_winrm_transport": "ntlm",
        "cluster_fqdn": "MIN01.example.test",
        "cluster_functional_level": 10,
        "cluster_name": "MIN01",
        "cluster_node": "MIN01-N1",
        "cluster_node_build": 20348,
        "cluster_node_drain_status": "not_initiated",
        "cluster_node_site": "Berlin",
        "cluster_node_state": "up",
    }
    assert stage.verdict(is_check_mode=True) == []


def test_source_composes_variables_and_groups(opened: Open) -> None:
    stage = opened()
    composed = {
        "groups": {"serving": "cluster_node_state == 'up'"},
        "keyed_groups": [{"key": "cluster_node_build | string", "prefix": "build"}],
        "group_by": ["cluster"],
        "host_names": "node",
        "set_connection": False,
    }
    run, found = listed(stage, write_source(stage, address(stage, "MIN01-N2"), **composed))
    assert run.exit_code == 0, run.screen
    hosts = ["min01-n1", "min01-n2"]
    assert members(found) == {"cluster_min01": hosts, "serving": hosts, "build_20348": hosts}
    assert "ansible_connection" not in found["_meta"]["hostvars"]["min01-n1"]


def test_source_may_use_the_options_of_psrp(opened: Open) -> None:
    stage = opened()
    options = {"connection": "psrp", "connection_variables": {"ansible_psrp_protocol": "http"}, "host_names": "node"}
    run, found = listed(stage, write_source(stage, address(stage, "MIN01-N1"), **options))
    assert run.exit_code == 0, run.screen
    shown = found["_meta"]["hostvars"]["min01-n2"]
    assert (shown["ansible_connection"], shown["ansible_psrp_auth"]) == ("psrp", "ntlm")


def test_two_clusters_stand_side_by_side_and_one_that_is_asked_twice_once(opened: Open) -> None:
    stage = opened(clusters.cluster("ONE"), clusters.cluster("TWO", size=3))
    source = write_source(stage, address(stage, "ONE-N1"), address(stage, "TWO-N3"), address(stage, "ONE-N2"), host_names="node")
    run, found = listed(stage, source)
    assert run.exit_code == 0, run.screen
    assert members(found)["cluster_one"] == ["one-n1", "one-n2"]
    assert members(found)["cluster_two"] == ["two-n1", "two-n2", "two-n3"]


def test_node_that_is_down_is_a_host_all_the_same_and_another_one_is_asked(opened: Open) -> None:
    stage = opened(clusters.cluster(size=3, nodes=[{"name": "MIN01-N1", "state": "down"}, "MIN01-N2", "MIN01-N3"]))
    source = write_source(stage, f"{address(stage, 'MIN01-N1')}, {address(stage, 'MIN01-N2')}", host_names="node")
    run, found = listed(stage, source)
    assert run.exit_code == 0, run.screen
    assert members(found)["state_down"] == ["min01-n1"]
    assert members(found)["state_up"] == ["min01-n2", "min01-n3"]


def test_cluster_without_an_answer_fails_the_source(opened: Open) -> None:
    stage = opened(clusters.cluster("ONE"), clusters.cluster("TWO", nodes=[{"name": "TWO-N1", "state": "down"}, "TWO-N2"]))
    source = write_source(stage, address(stage, "ONE-N1"), address(stage, "TWO-N1"))
    run, found = listed(stage, source, PASSWORD | {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1"})
    assert run.exit_code != 0
    assert "refused the connection" in run.screen
    assert found == {}


def test_cluster_without_an_answer_is_left_out_when_that_is_wanted(opened: Open) -> None:
    stage = opened(clusters.cluster("ONE"), clusters.cluster("TWO", nodes=[{"name": "TWO-N1", "state": "down"}, "TWO-N2"]))
    source = write_source(stage, address(stage, "ONE-N1"), address(stage, "TWO-N1"), skip_unreachable=True)
    run, found = listed(stage, source)
    assert run.exit_code == 0, run.screen
    assert "A cluster is left out of the inventory" in run.screen
    assert set(members(found)) == {"cluster_one", "state_up", "functional_level_10"}


def test_wrong_password_is_a_sentence_without_the_password(opened: Open) -> None:
    stage = opened()
    wrong = "n0t-the-right-0ne"
    run, _found = listed(stage, write_source(stage, address(stage, "MIN01-N1")), {"CLUSTER_AWARE_UPDATING_PASSWORD": wrong})
    assert "the host does not accept the user by ntlm" in run.screen
    assert "Traceback" not in run.screen
    assert wrong not in run.screen


def test_cache_answers_without_the_cluster_and_holds_no_password(opened: Open) -> None:
    stage = opened()
    folder = stage.directory / "cache"
    cached = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(folder)}
    source = write_source(stage, address(stage, "MIN01-N1"), **cached)
    _run, first = listed(stage, source)
    asked = len(stage.twin.requests())
    run, second = listed(stage, source, {})
    assert run.exit_code == 0, run.screen
    assert first == second
    assert members(second)["cluster_min01"]
    assert len(stage.twin.requests()) == asked
    kept = [path.read_text(encoding="utf-8") for path in folder.iterdir()]
    assert kept
    assert not any(clusters.CANARY in text or stage.user in text for text in kept)


def test_text_of_a_node_is_never_a_template(opened: Open) -> None:
    stage = opened(clusters.cluster(nodes=[{"name": "MIN01-N1", "site": "{{ 6 * 7 }}"}, "MIN01-N2"]))
    source = write_source(stage, address(stage, "MIN01-N1"), host_names="node")
    tasks = [{"ansible.builtin.debug": {"msg": "site={{ cluster_node_site }}"}}]
    play = {"hosts": "min01-n1", "gather_facts": False, "tasks": tasks}
    run = stage.controller.playbook("-i", source, stage.write_playbook([play]), extra=PASSWORD)
    assert run.exit_code == 0, run.screen
    assert "site={{ 6 * 7 }}" in run.screen


def test_role_runs_with_this_inventory(opened: Open) -> None:
    stage = opened()
    source = write_source(stage, address(stage, "MIN01-N1"))
    secret = stage.directory / "password"
    secret.write_text(clusters.CANARY, encoding="utf-8")
    arguments = ("-i", source, PLAYBOOK, "-u", stage.user, "--connection-password-file", str(secret))
    run = stage.controller.playbook(*arguments, extra=PASSWORD)
    assert run.exit_code == 0, run.screen
    assert count(stage.twin.events(), "update_installed") == 2
    assert stage.verdict() == []


def test_password_of_vault_opens_the_source(opened: Open) -> None:
    stage = opened()
    secret = stage.directory / "vault-password"
    secret.write_text("key of the vault", encoding="utf-8")
    arguments = ("encrypt_string", "--vault-password-file", str(secret), "--name", "password", clusters.CANARY)
    sealed = stage.controller.run("ansible-vault", *arguments)
    source = write_source(stage, address(stage, "MIN01-N1"))
    with open(source, "a", encoding="utf-8") as file:  # noqa: PTH123 - the path is a text for Ansible
        file.write(sealed.screen[sealed.screen.index("password:") :].partition("Encryption")[0])
    run, found = listed(stage, source, {"ANSIBLE_VAULT_PASSWORD_FILE": str(secret)})
    assert run.exit_code == 0, run.screen
    assert members(found)["cluster_min01"]
