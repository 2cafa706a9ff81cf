# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first contact with nodes of the twin, and what is told when it fails."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from tests.harness.inventory import plain_name, write_inventory
from tests.harness.stage import Stage

from . import clusters

Open = Callable[..., Stage]

ALL_STEPS = ["libraries", "name", "tcp", "tls", "authentication", "identify", "cluster", "cau_provider", "rights"]


def contact(stage: Stage, variables: Mapping[str, t.Any] | None = None, **options: t.Any) -> dict[str, t.Any]:  # noqa: ANN401
    """Run the task on the first node, and return its result."""
    run = stage.module(plain_name(stage.twin.nodes[0]), "cluster_aware.updating.debug_connection", "", *extra_vars(variables), **options)
    assert run.exit_code == 0, run.screen
    assert clusters.CANARY not in run.screen
    return t.cast("dict[str, t.Any]", json.loads(run.screen[run.screen.index("=> {") + 3 :]))


def extra_vars(variables: Mapping[str, t.Any] | None) -> tuple[str, ...]:
    return ("-e", json.dumps(dict(variables))) if variables else ()


def states(result: Mapping[str, t.Any]) -> dict[str, str]:
    return {step["step"]: step["state"] for step in result["steps"]}


def step(result: Mapping[str, t.Any], name: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", next(each for each in result["steps"] if each["step"] == name))


def over_https(stage: Stage, certificate: Path | None) -> None:
    stage.inventory = write_inventory(
        stage.directory / "https.yml",
        stage.twin.nodes,
        user=stage.user,
        password=stage.password,
        transport="basic",
        certificate=certificate,
    )


def test_good_contact_passes_every_step_and_changes_nothing(opened: Open) -> None:
    stage = opened()
    result = contact(stage)
    assert states(result) == dict.fromkeys(ALL_STEPS, "passed") | {"tls": "skipped"}
    assert result["failed_step"] is None
    assert step(result, "cluster")["details"] == {"cluster": "MIN01", "functional_level": 10, "node": "MIN01-N1"}
    assert step(result, "rights")["details"]["max_timeout_ms"] == 60000
    assert result["endpoint"]["auth"] == "ntlm"
    assert result["endpoint"]["seals_messages"] is True
    assert stage.verdict(is_check_mode=True) == []


def test_contact_over_tls_tells_names_and_dates_of_the_certificate(opened: Open) -> None:
    stage = opened()
    over_https(stage, stage.twin.certificate)
    result = contact(stage)
    assert states(result) == dict.fromkeys(ALL_STEPS, "passed")
    details = step(result, "tls")["details"]
    assert stage.twin.nodes[0].address in details["names"]
    assert details["not_before"] < details["not_after"]


def test_certificate_that_nobody_trusts_fails_at_tls_with_its_names(opened: Open) -> None:
    stage = opened()
    over_https(stage, None)
    stage.inventory.write_text(stage.inventory.read_text(encoding="utf-8").replace("ignore", "validate"), encoding="utf-8")
    result = contact(stage)
    assert result["failed_step"] == "tls"
    assert "the host's certificate is not accepted" in result["msg"]
    assert stage.twin.nodes[0].address in result["msg"]
    assert "Add its issuer to the trusted certificates" in result["msg"]
    assert states(result)["authentication"] == "skipped"


def test_wrong_port_fails_at_tcp(opened: Open) -> None:
    result = contact(opened(), {"ansible_port": 1})
    assert result["failed_step"] == "tcp"
    assert "port 1 refused the connection" in result["msg"]
    assert states(result)["name"] == "passed"


def test_unknown_name_fails_at_the_name(opened: Open) -> None:
    result = contact(opened(), {"ansible_host": "nowhere.invalid"})
    assert result["failed_step"] == "name"
    assert "the name nowhere.invalid is not known" in result["msg"]


def test_wrong_password_fails_at_authentication(opened: Open) -> None:
    result = contact(opened(), {"ansible_password": "wr0ng"})
    assert result["failed_step"] == "authentication"
    assert "does not accept the user by ntlm" in result["msg"]
    assert "wr0ng" not in json.dumps(result)


@pytest.mark.parametrize("variables", [{"ansible_connection": "local"}, {"ansible_winrm_transport": "carrier-pigeon"}])
def test_options_that_cannot_work_fail_at_the_connection(variables: dict[str, str], opened: Open) -> None:
    result = contact(opened(), variables)
    assert result["failed_step"] == "connection"
    assert result["endpoint"] is None


def test_machine_without_the_feature_has_neither_cluster_nor_provider(opened: Open) -> None:
    nodes = [{"name": "ALONE-N1", "member": False, "feature": False}]
    result = contact(opened(clusters.cluster("ALONE", nodes=nodes, groups=[])))
    assert result["failed_step"] == "cluster"
    assert (states(result)["cau_provider"], states(result)["rights"]) == ("failed", "passed")
    assert "Install the Failover Clustering feature" in step(result, "cau_provider")["remedy"]


def test_account_without_rights_fails_at_the_rights(opened: Open) -> None:
    denied = {"action": "fault", "code": "0x5", "operation": "Config*", "times": 0}
    result = contact(opened(faults=[denied]))
    assert result["failed_step"] == "rights"
    assert "Administrators" in result["msg"]


def test_path_without_a_service_fails_at_identify(opened: Open) -> None:
    result = contact(opened(), {"ansible_winrm_path": "/nothing-here"})
    assert result["failed_step"] == "identify"


def test_missing_library_is_told_with_the_command_that_installs_it(opened: Open) -> None:
    stage = opened()
    folder = stage.directory / "broken"
    folder.mkdir()
    (folder / "requests_ntlm.py").write_text("raise ImportError('broken on purpose')\n", encoding="utf-8")
    result = contact(stage, extra={"PYTHONPATH": str(folder)})
    assert result["failed_step"] == "libraries"
    assert "pip install requests-ntlm" in result["msg"]
    library = next(each for each in result["libraries"] if each["package"] == "requests-ntlm")
    assert (library["problem"], library["needed_here"]) == ("ImportError: broken on purpose", True)


def test_tickets_of_the_controller_are_told(opened: Open) -> None:
    stage = opened()
    folder = stage.directory / "bin"
    folder.mkdir()
    script = folder / "klist"
    script.write_text(
        "#!/bin/sh\ncat <<'END'\nTicket cache: FILE:/tmp/krb5cc_7\nDefault principal: svc@EXAMPLE.TEST\n\n"
        "Valid starting     Expires            Service principal\n11/25/26 08:00:00  11/25/26 18:00:00  krbtgt/EXAMPLE.TEST@EXAMPLE.TEST\n"
        "\trenew until 11/26/26 08:00:00\nEND\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    configuration = stage.directory / "krb5.conf"
    configuration.write_text("[libdefaults]\n  default_realm = EXAMPLE.TEST\n", encoding="utf-8")
    path = f"{folder}:{stage.controller.environment()['PATH']}"
    found = contact(stage, extra={"PATH": path, "KRB5_CONFIG": str(configuration)})["kerberos"]
    assert found["default_realm"] == "EXAMPLE.TEST"
    assert found["principal"] == "svc@EXAMPLE.TEST"
    assert found["tickets"] == [{"service": "krbtgt/EXAMPLE.TEST@EXAMPLE.TEST", "times": "11/25/26 08:00:00 11/25/26 18:00:00"}]
    assert found["problem"] is None


def test_each_step_is_shown_as_it_comes(opened: Open) -> None:
    stage = opened()
    play = {"hosts": "min01-n1", "gather_facts": False, "tasks": [{"cluster_aware.updating.debug_connection": None}]}
    run = stage.playbook(stage.write_playbook(yaml.safe_dump([play])), "--check")
    assert run.exit_code == 0, run.screen
    assert "contact   tcp passed: " in run.screen
    assert "contact   rights passed: the account is an administrator of the node" in run.screen
